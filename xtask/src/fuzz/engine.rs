//! The engines, libFuzzer and Go's own: running one to its end, and how fast it was.

use super::cpu::{self, Meter};
use crate::fault::{Doing, Result};
use std::cmp::Ordering;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

/// How many of the last lines are kept at least.
const TAIL: usize = 100;

/// How many inputs in what time, once the start is over: the seeds have all been run by then.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Inputs run.
    pub runs: u64,
    /// Seconds that they took.
    pub seconds: f64,
    /// Seconds of processor time that they took; 0 if not measured.
    pub cpu: f64,
}

impl Rate {
    /// Inputs for each second of processor time.
    pub fn per_second(&self) -> f64 {
        let seconds = if self.cpu > 0.0 { self.cpu } else { self.seconds.max(0.001) };
        self.runs as f64 / seconds
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rate { runs, seconds, cpu } = self;
        let speed = self.per_second();
        write!(
            f,
            "{runs} runs in {seconds:.0} s behind the start, {cpu:.1} s of them on a processor: {speed:.0} a second"
        )
    }
}

/// How a run of an engine ended.
pub struct Ended {
    /// Whether it ended as it should.
    pub well: bool,
    /// Its rate once the start was over.
    pub rate: Rate,
    /// All its runs, the start counted in.
    pub runs: u64,
    /// All its seconds of processor time, the start counted in.
    pub cpu: f64,
    /// The last lines that it printed.
    pub output: String,
}

/// Runs an engine to its end, shows each line of its standard error to `show`, and measures.
///
/// # Errors
/// If it cannot be started or its output cannot be read.
pub fn run(command: &mut Command, mut show: impl FnMut(&str)) -> Result<Ended> {
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let whole = Meter::start();
    let mut child = command.spawn().doing(format!("start {}", command.get_program().display()))?;
    let (mut start, mut runs) = (None, 0);
    let begun = Instant::now();
    let mut tail = Vec::new();
    for line in child.stderr.take().into_iter().flat_map(|e| BufReader::new(e).split(b'\n')) {
        let line = String::from_utf8_lossy(&line.doing("read the engine's output")?).into_owned();
        show(&line);
        match Note::of(&line) {
            Some(Note::Started(runs)) => start = Some((runs, cpu::spent_by(child.id()), Instant::now())),
            Some(Note::Runs(n)) => runs = u64::max(runs, n),
            None => {}
        }
        tail.push(line);
        if tail.len() > 2 * TAIL {
            tail.drain(..TAIL);
        }
    }
    let well = child.wait().doing("wait for the engine")?.success();
    let (skipped, cpu, since): (u64, f64, Instant) = start.unwrap_or((0, 0.0, begun));
    let (seconds, all) = (since.elapsed().as_secs_f64(), whole.stop());
    let rate = Rate { runs: u64::saturating_sub(runs, skipped), seconds, cpu: (all - cpu).max(0.0) };
    Ok(Ended { well, rate, runs, cpu: all, output: tail.join("\n") })
}

/// The middle of what several seeds took, where not to have found it is more than anything.
pub fn median<T: Copy + PartialOrd>(found: &[Option<T>]) -> Option<T> {
    let mut sorted: Vec<T> = found.iter().flatten().copied().collect();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    sorted.get(found.len() / 2).copied()
}

/// What a line of an engine's output says about its rate.
#[derive(Debug, PartialEq)]
enum Note {
    /// The start is over; so many runs it took.
    Started(u64),
    /// So many runs so far.
    Runs(u64),
}

impl Note {
    /// libFuzzer: "#465 INITED cov: ..." and "stat::number_of_executed_units: 83550".
    /// Go: "fuzz: elapsed: 0s, gathering baseline coverage: 17/17 completed, now fuzzing with 1 workers" and
    /// "fuzz: elapsed: 12s, execs: 361000 (16000/sec), ...".
    fn of(line: &str) -> Option<Note> {
        if let Some(rest) = line.strip_prefix('#')
            && let Some((runs, what)) = rest.split_once(char::is_whitespace)
        {
            return what.trim_start().starts_with("INITED").then(|| runs.parse().ok().map(Note::Started))?;
        }
        if let Some(runs) = line.strip_prefix("stat::number_of_executed_units:") {
            return Some(Note::Runs(runs.trim().parse().ok()?));
        }
        let number = |what: &str| line.split_once(what)?.1.split([' ', '/']).next()?.parse().ok();
        if line.contains("now fuzzing with") {
            return number("baseline coverage: ").map(Note::Started);
        }
        number("execs: ").map(Note::Runs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read() {
        assert_eq!(Note::of("#465\tINITED cov: 1 ft: 2"), Some(Note::Started(465)));
        assert_eq!(Note::of("#465\tNEW    cov: 1 ft: 2"), None);
        assert_eq!(Note::of("stat::number_of_executed_units: 83550"), Some(Note::Runs(83550)));
        let go = "fuzz: elapsed: 3s, execs: 48123 (16041/sec), new interesting: 3 (total: 20)";
        assert_eq!(Note::of(go), Some(Note::Runs(48123)));
        let start = "fuzz: elapsed: 0s, gathering baseline coverage: 17/17 completed, now fuzzing with 1 workers";
        assert_eq!(Note::of(start), Some(Note::Started(17)));
        assert_eq!(Note::of("fuzz: elapsed: 0s, gathering baseline coverage: 0/17 completed"), None);
    }

    #[test]
    fn not_found_is_more_than_any_number() {
        assert_eq!(median(&[Some(5), None, Some(1)]), Some(5));
        assert_eq!(median(&[None, None, Some(1)]), None);
        assert_eq!(median::<f64>(&[]), None);
    }

    #[test]
    fn the_start_is_not_in_the_rate() {
        let _alone = cpu::alone();
        let words = "echo '#5\tINITED' >&2; echo 'stat::number_of_executed_units: 12' >&2; exit 3";
        let mut shown = 0;
        let ended = run(Command::new("sh").arg("-c").arg(words), |_| shown += 1).unwrap();
        assert_eq!((ended.runs, ended.rate.runs, shown, ended.well), (12, 7, 2, false));
        assert!(ended.output.ends_with("units: 12"));
    }
}
