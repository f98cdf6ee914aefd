//! `tracehound hunt`: the campaign, as people see it.

use super::Outcome;
use super::table;
use crate::args::Hunt;
use crate::failure::Failure;
use crate::output;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tracehound_oracle::hunt::{self, Bound, Finding, Progress, Setup};

/// Time between two lines where nobody is watching.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// How many findings are shrunk and written.
const MOST_FINDINGS: usize = 40;

pub fn run(a: &Hunt) -> Result<Outcome, Failure> {
    let setup = a.setup()?;
    let bound = match (a.cases, a.time) {
        (_, Some(time)) => Bound::Time(time),
        (Some(cases), None) => Bound::Cases(cases),
        (None, None) => Bound::Cases(10_000),
    };
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = stopped.clone();
    // Without a handler Ctrl-C still ends the program, only without its summary.
    let _ = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    });
    let mut shown = Shown::new(bound);
    let progress = hunt::hunt(&setup, bound, |p| {
        shown.update(p);
        !stopped.load(Ordering::SeqCst)
    })?;
    shown.end();

    let mut out = output::stdout();
    table::write(&mut out, &progress, &setup)?;
    if stopped.load(Ordering::SeqCst) {
        writeln!(out, "stopped before the end")?;
    }
    out.flush()?;
    if progress.groups.is_empty() {
        return Ok(Outcome::Fine);
    }
    findings(&mut out, a, &setup, &progress)?;
    out.flush()?;
    Ok(Outcome::Finding)
}

fn findings(out: &mut impl Write, a: &Hunt, setup: &Setup, progress: &Progress) -> Result<(), Failure> {
    for (n, (breach, count)) in progress.groups.iter().enumerate() {
        if n == MOST_FINDINGS {
            writeln!(out, "\n{} more findings are not written", progress.groups.len() - n)?;
            break;
        }
        writeln!(out, "\nfinding {}: {} breaks {} ({count} times, {})", n + 1, breach.reader, breach.law, breach.key)?;
        out.flush()?;
        let finding = Finding::shrink(setup, breach, *count)?;
        write_finding(out, &finding)?;
        let folder = hunt::write(Path::new(&a.out), &finding, &a.replay_command())
            .map_err(Failure::file("write the finding into", &a.out))?;
        let page = super::report::of_finding(&folder)?;
        let name = folder.join("report.html");
        std::fs::write(&name, page).map_err(Failure::file("write", &name.display().to_string()))?;
        writeln!(out, "  in {}", folder.display())?;
        writeln!(out, "  again: {} '{}'", a.replay_command(), finding.breach.case)?;
        out.flush()?;
    }
    Ok(())
}

/// A finding in a few lines.
pub fn write_finding(out: &mut impl Write, finding: &Finding) -> std::io::Result<()> {
    if let Some(edit) = &finding.edit {
        writeln!(out, "  edited: {edit}")?;
    }
    for line in finding.breach.words.lines() {
        writeln!(out, "  {line}")?;
    }
    writeln!(out, "  verdicts: {}", finding.verdicts)?;
    writeln!(out, "  reproducer: {} events, {} bytes", finding.events, finding.bytes.len())
}

/// What can be seen while the campaign runs.
struct Shown {
    bar: Option<ProgressBar>,
    bound: Bound,
    last_line: Instant,
}

impl Shown {
    fn new(bound: Bound) -> Shown {
        let bar = output::watched().then(|| {
            let (len, template) = match bound {
                Bound::Cases(n) => (n, "{bar:30} {pos}/{len} cases  {msg}"),
                Bound::Time(t) => (t.as_secs(), "{bar:30} {pos}/{len} s  {msg}"),
            };
            let bar = ProgressBar::new(len);
            // The template is a constant that is known to be right.
            bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Shown { bar, bound, last_line: Instant::now() }
    }

    fn update(&mut self, p: &Progress) {
        let words = format!(
            "{} cases/s, {} findings",
            (p.stats.cases() as f64 / p.elapsed.as_secs_f64().max(0.001)) as u64,
            p.groups.len()
        );
        match &self.bar {
            Some(bar) => {
                bar.set_position(match self.bound {
                    Bound::Cases(_) => p.stats.cases(),
                    Bound::Time(_) => p.elapsed.as_secs(),
                });
                bar.set_message(words);
            }
            None if self.last_line.elapsed() >= LINE_EVERY => {
                output::note(&format!("{} s: {} cases, {words}", p.elapsed.as_secs(), p.stats.cases()));
                self.last_line = Instant::now();
            }
            None => {}
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
