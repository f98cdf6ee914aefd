//! Instructions that fixed work takes, counted by valgrind, and their history in the repository.
//!
//! Times of the same program differ by a third on a busy machine; its instructions hardly differ at all. So a change of
//! a few percent can be told from nothing. The history is a file of lines, each of which is one count of everything;
//! who accepts a change for the worse commits the line that says so.

use crate::cargo::{cargo, release};
use crate::fault::{Doing, Fault, Result, capture, repository};
use crate::tally::Tally;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// The history's file.
const HISTORY: &str = "benches/history.jsonl";
/// More instructions than this, in percent of the last line's, fail.
const MOST_MORE: u64 = 5;
/// The program that does the work, and the function in which it is counted.
const WORKER: &str = "tracehound-work";
const COUNTED: &str = "--toggle-collect=*work::counted*";

/// What a command says.
fn told(command: &mut Command) -> Result<String> {
    capture(command).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Counts, compares with the history's last line, and appends a line if asked.
///
/// # Errors
/// No valgrind, or work that fails.
pub fn count(append: bool) -> Result<Tally> {
    let valgrind = told(Command::new("valgrind").arg("--version")).map_err(|e| {
        Fault::new(format!("{e}; counting needs valgrind: `apt-get install valgrind`, or a package of your system"))
    })?;
    build()?;
    let worker = release(WORKER);
    let history = repository().join(HISTORY);
    let lines = fs::read_to_string(&history).unwrap_or_default();
    let before = last(&lines)?;
    let mut now = Map::new();
    let mut tally = Tally::default();
    println!("{:<28} {:>16} {:>16} {:>8}", "work", "instructions", "before", "change");
    for name in told(&mut Command::new(&worker))?.lines() {
        let count = instructions(&worker, name)?;
        let (line, fine) = compare(name, count, before.get(name).and_then(Value::as_u64));
        println!("{line}");
        tally.count(fine);
        now.insert(name.to_owned(), count.into());
    }
    if append {
        let git = |format: &str| told(here("git").args(["log", "-1", format]));
        let (commit, date) = (git("--format=%h")?, git("--format=%cs")?);
        let rustc = told(here("rustc").arg("--version"))?;
        let line = json!({
            "commit": commit.trim(),
            "date": date.trim(),
            "rustc": rustc.trim(),
            "valgrind": valgrind.trim(),
            "instructions": now,
        });
        let mut file = fs::OpenOptions::new().append(true).create(true).open(&history).doing("open the history")?;
        writeln!(file, "{line}").doing("write the history")?;
        println!("a line more in {HISTORY}");
    }
    Ok(tally)
}

fn here(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(repository());
    command
}

/// Builds the worker as the benches are built.
fn build() -> Result<()> {
    let mut build = cargo(&["build", "--profile", "bench", "--package", "tracehound-benches", "--bin", WORKER]);
    let status = build.status().doing("cargo build")?;
    if status.success() { Ok(()) } else { Err(Fault::new(format!("cargo build: {status}"))) }
}

/// The instructions of one kind of work.
fn instructions(worker: &Path, name: &str) -> Result<u64> {
    let folder = tempfile::tempdir().doing("make a folder")?;
    let out = folder.path().join("counts");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--quiet", COUNTED]).arg(format!("--callgrind-out-file={}", out.display()));
    told(valgrind.arg(worker).arg(name))?;
    let counts = fs::read_to_string(&out).doing("read valgrind's counts")?;
    match total(&counts) {
        Some(count) if count > 0 => Ok(count),
        _ => Err(Fault::new(format!(
            "valgrind has counted nothing of `{name}`: was the worker stripped of its symbols?"
        ))),
    }
}

/// The sum in what callgrind writes.
fn total(counts: &str) -> Option<u64> {
    let line = counts.lines().find_map(|l| l.strip_prefix("totals:").or_else(|| l.strip_prefix("summary:")))?;
    line.trim().parse().ok()
}

/// The counts of the history's last line; none if there is no line.
fn last(history: &str) -> Result<Map<String, Value>> {
    let Some(line) = history.lines().rfind(|l| !l.trim().is_empty()) else { return Ok(Map::new()) };
    let value: Value = serde_json::from_str(line).doing(format!("read the last line of {HISTORY}"))?;
    let counts = value.get("instructions").and_then(Value::as_object).cloned();
    counts.ok_or_else(|| Fault::new(format!("the last line of {HISTORY} has no instructions")))
}

/// A line of the table, and whether the count is as it may be.
fn compare(name: &str, now: u64, before: Option<u64>) -> (String, bool) {
    let mut line = format!("{name:<28} {now:>16}");
    let Some(before) = before else {
        let _ = write!(line, " {:>16} {:>8}", "-", "new");
        return (line, true);
    };
    let change = 100.0 * (now as f64 / before as f64 - 1.0);
    let fine = now * 100 <= before * (100 + MOST_MORE);
    let _ = write!(line, " {before:>16} {change:>+7.2}%{}", if fine { "" } else { "  FAIL" });
    (line, fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_five_percent_fail() {
        for (now, before, fine) in
            [(1_050, Some(1_000), true), (1_051, Some(1_000), false), (1, Some(9), true), (7, None, true)]
        {
            assert_eq!(compare("work", now, before).1, fine, "{now} {before:?}");
        }
    }

    #[test]
    fn the_last_line_counts() {
        let history = "{\"instructions\":{\"a\":1}}\n{\"instructions\":{\"a\":2,\"b\":3}}\n\n";
        let counts = last(history).unwrap();
        assert_eq!((counts["a"].as_u64(), counts["b"].as_u64()), (Some(2), Some(3)));
        assert!(last("").unwrap().is_empty());
        assert!(last("{}").is_err() && last("no line").is_err());
    }

    #[test]
    fn the_repository_s_history_can_be_read() {
        let history = fs::read_to_string(repository().join(HISTORY)).unwrap();
        assert!(last(&history).unwrap().len() >= 10);
    }

    #[test]
    fn callgrind_s_sum_is_found() {
        assert_eq!(total("events: Ir\nfn=(1) x\n5 9\n\ntotals: 4711\n"), Some(4711));
        assert_eq!(total("events: Ir\n"), None);
    }
}
