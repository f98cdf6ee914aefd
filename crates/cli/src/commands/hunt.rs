//! `tracehound hunt`: the campaign, as people see it.

use super::view::View;
use super::{Outcome, table};
use crate::args::{Args, Command, Hunt};
use crate::failure::Failure;
use crate::output;
use clap::Parser;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tracehound_oracle::hunt::{self, Bound, Finding, Place, Presentation, Progress, Setup};

/// Cases of a hunt that says nothing of its end.
const CASES: u64 = 10_000;

pub fn run(a: &Hunt) -> Result<Outcome, Failure> {
    let resumed = match &a.resume {
        Some(out) => Some(asked_before(a, out)?),
        None => None,
    };
    let a = resumed.as_ref().unwrap_or(a);
    let setup = a.setup()?;
    let bound = match (a.cases, a.time, a.endless) {
        (_, _, true) => Bound::Never,
        (_, Some(time), _) => Bound::Time(time),
        (cases, None, _) => Bound::Cases(cases.unwrap_or(CASES)),
    };
    let place = Place {
        out: a.out.clone().into(),
        resume: resumed.is_some(),
        arguments: std::env::args().skip(1).collect(),
        presentation: Presentation { command: a.replay_command(), page: Some(page) },
    };
    std::fs::create_dir_all(&a.out).map_err(Failure::file("make the folder", &a.out))?;
    let stopped = stop_on_interrupt();
    let mut view = View::new(bound, a.json, &setup, &a.out);
    let progress = hunt::campaign(&setup, bound, &place, |p| {
        view.update(p);
        !stopped.load(Ordering::SeqCst)
    })?;
    let stopped = stopped.load(Ordering::SeqCst);
    view.end(&progress, stopped);
    if !a.json {
        summary(a, &setup, &progress, stopped)?;
    }
    Ok(if progress.groups.is_empty() { Outcome::Fine } else { Outcome::Finding })
}

/// The arguments of a campaign that is gone on with; those that change nothing about it are taken from now.
fn asked_before(now: &Hunt, out: &str) -> Result<Hunt, Failure> {
    let arguments = hunt::arguments(Path::new(out)).map_err(hunt::HuntError::from)?;
    let words = ["tracehound".to_owned()].into_iter().chain(arguments);
    let wrong =
        || Failure::Environment(format!("{out}/campaign/setup.json is not that of a hunt: start the hunt anew"));
    let Ok(Args { command: Command::Hunt(before) }) = Args::try_parse_from(words) else { return Err(wrong()) };
    let threads = now.threads.or(before.threads);
    let corners = now.corners || before.corners;
    Ok(Hunt { out: out.to_owned(), threads, corners, json: now.json, resume: None, ..*before })
}

/// A flag that Ctrl-C sets; the second time it ends the program.
pub(super) fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = stopped.clone();
    // Without a handler Ctrl-C still ends the program, only without its summary.
    let _ = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    });
    stopped
}

fn page(folder: &Path) -> Result<String, String> {
    super::report::of_finding(folder).map_err(|e| e.to_string())
}

fn summary(a: &Hunt, setup: &Setup, progress: &Progress, stopped: bool) -> Result<(), Failure> {
    let mut out = output::stdout();
    table::write(&mut out, progress, setup)?;
    if a.corners {
        table::corners(&mut out, &progress.stats)?;
    }
    if stopped {
        writeln!(out, "stopped before the end: tracehound hunt --resume {} goes on", a.out)?;
    }
    for (n, group) in progress.groups.iter().enumerate() {
        let b = &group.breach;
        writeln!(out, "\nfinding {}: {} breaks {} ({} times, {})", n + 1, b.reader, b.law, group.count, b.key)?;
        match progress.written.iter().find(|w| w.finding.breach.group() == b.group()) {
            Some(written) => {
                write_finding(&mut out, &written.finding)?;
                writeln!(out, "  in {}", written.folder.display())?;
                writeln!(out, "  again: {}", written.finding.record.command)?;
            }
            // It was shown by the process that wrote it.
            None => {
                let folder = group.folder(Path::new(&a.out));
                if folder.is_dir() {
                    writeln!(out, "  in {}", folder.display())?;
                }
            }
        }
    }
    if progress.left_out > 0 {
        writeln!(out, "\nnot shrunk and written: {} more", progress.left_out)?;
    }
    out.flush()?;
    Ok(())
}

/// A finding in a few lines.
fn write_finding(out: &mut impl Write, finding: &Finding) -> std::io::Result<()> {
    let record = &finding.record;
    if let Some(edit) = &record.edit {
        writeln!(out, "  edited: {edit}")?;
    }
    for line in record.words.lines() {
        writeln!(out, "  {line}")?;
    }
    let verdicts: Vec<String> = record.verdicts.iter().map(|(reader, word)| format!("{reader} {word}")).collect();
    writeln!(out, "  verdicts: {}", verdicts.join(", "))?;
    if !record.suspicion.who.is_empty() {
        writeln!(out, "  likely wrong: {}", record.suspicion.who.join(", "))?;
    }
    let whole = if record.shrunk { "" } else { ", not shrunk to the end" };
    writeln!(out, "  reproducer: {} events, {} bytes{whole}", record.events, record.bytes)
}
