//! The yardstick: Go's own fuzz test of its reader, on the same core in the same run.

use super::build::on_core;
use super::cpu::Meter;
use crate::fault::{Doing, Fault, Result};
use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tracehound_oracle::readers::go::Toolchain;

/// The release whose FuzzReader is the yardstick.
const RELEASE: &str = "1.27";

/// How many inputs in what time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Inputs run.
    pub runs: u64,
    /// Seconds that they took.
    pub seconds: u64,
    /// Seconds of processor time that they took; 0 if not measured.
    pub cpu: f64,
}

impl Rate {
    /// Inputs for each second of processor time.
    pub fn per_second(&self) -> f64 {
        let seconds = if self.cpu > 0.0 { self.cpu } else { self.seconds.max(1) as f64 };
        self.runs as f64 / seconds
    }

    /// Takes in a line of libFuzzer's output.
    pub fn note(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("Done ") {
            let numbers: Vec<u64> = rest.split(' ').filter_map(|w| w.parse().ok()).collect();
            if let [runs, seconds] = numbers[..] {
                (self.runs, self.seconds) = (runs, seconds);
            }
        } else if let Some(runs) = line.strip_prefix("stat::number_of_executed_units:") {
            self.runs = runs.trim().parse().unwrap_or(self.runs);
        } else if let (0, Some(rate)) = (self.seconds, line.strip_prefix("stat::average_exec_per_sec:")) {
            // A campaign that crashed does not say how long it ran.
            let rate: u64 = rate.trim().parse().unwrap_or(0);
            self.seconds = self.runs.checked_div(rate).unwrap_or(0);
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rate { runs, seconds, cpu } = self;
        write!(f, "{runs} runs in {seconds} s, {cpu:.1} s of them on a processor: {:.0} a second", self.per_second())
    }
}

/// Runs Go's FuzzReader with one worker for `time` on `core`, in a scratch folder: what it
/// finds must not get into the SDK.
///
/// # Errors
/// If the toolchain is missing, the test does not build, or says no figures.
pub fn go_fuzz_reader(time: Duration, core: usize) -> Result<Rate> {
    let toolchain = Toolchain::resolve(RELEASE).doing("find the yardstick")?;
    let scratch = tempfile::tempdir().doing("make a folder")?;
    let test = scratch.path().join("trace.test");
    let mut build = toolchain.command().doing("find the go command")?;
    build.args(["test", "-c", "-fuzz=FuzzReader", "-o"]).arg(&test).arg(".");
    // Only the SDK itself counts as the main module, whose packages -fuzz takes.
    build.current_dir(toolchain.trace_package());
    crate::fault::capture(&mut build)?;
    copy_tree(&toolchain.trace_package().join("testdata/fuzz"), &scratch.path().join("testdata/fuzz"))?;

    let mut run = on_core(&test, core);
    run.args(["-test.fuzz=FuzzReader", "-test.run=^$", "-test.parallel=1"])
        .arg(format!("-test.fuzztime={}s", time.as_secs()))
        .arg(format!("-test.fuzzcachedir={}", scratch.path().join("cache").display()))
        .current_dir(scratch.path());
    // It fails if it finds a panic; the figures count all the same.
    let meter = Meter::start();
    let output = run.output().doing("run Go's FuzzReader")?;
    let cpu = meter.stop();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    last_rate(&text)
        .map(|rate| Rate { cpu, ..rate })
        .ok_or_else(|| Fault::new(format!("Go's FuzzReader says no figures:\n{text}")))
}

/// The last "elapsed: 12s, execs: 361000 (16000/sec)" behind the gathering of baseline coverage.
fn last_rate(text: &str) -> Option<Rate> {
    let line = text.lines().rev().find(|l| l.contains("execs: "))?;
    let after = |what: &str| line.split(what).nth(1)?.split(['s', ' ', ',']).next()?.parse().ok();
    Some(Rate { runs: after("execs: ")?, seconds: after("elapsed: ")?, cpu: 0.0 })
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).doing(format!("make {}", to.display()))?;
    for entry in fs::read_dir(from).doing(format!("read {}", from.display()))?.flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_tree(&path, &target)?;
        } else {
            fs::copy(&path, &target).doing(format!("copy {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read() {
        let mut rate = Rate::default();
        for line in ["#1 INITED", "Done 83550 runs in 21 second(s)", "stat::number_of_executed_units: 83550"] {
            rate.note(line);
        }
        assert_eq!(rate, Rate { runs: 83550, seconds: 21, cpu: 0.0 });
        let mut crashed = Rate::default();
        for line in ["stat::number_of_executed_units: 5000", "stat::average_exec_per_sec:     2500"] {
            crashed.note(line);
        }
        assert_eq!(crashed, Rate { runs: 5000, seconds: 2, cpu: 0.0 });
        let go = "fuzz: elapsed: 3s, execs: 48123 (16041/sec), new interesting: 3 (total: 20)\nPASS\n";
        assert_eq!(last_rate(go), Some(Rate { runs: 48123, seconds: 3, cpu: 0.0 }));
    }
}
