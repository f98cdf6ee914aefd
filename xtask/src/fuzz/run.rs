//! Campaigns: libFuzzer on a target, its figures, and what it found.

use super::build::{build, on_core};
use super::cpu::Meter;
use super::dictionary::DICTIONARY;
use super::findings;
use super::yardstick::{self, Rate};
use super::{Options, Places};
use crate::fault::{Doing, Fault, Result, repository};
use crate::tally::Tally;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tracehound_fuzz::{Input, TARGETS, Target};

/// How many times Go's own FuzzReader a target has to be, where that was promised.
const PROMISED: [(&str, f64); 3] = [("bytes", 10.0), ("legal", 3.0), ("compare_go", 1.5)];

/// What came of a campaign.
pub struct Campaign {
    /// How many inputs were run, and how fast.
    pub rate: Rate,
    /// Inputs that are new in the working corpus.
    pub new: usize,
    /// Inputs on which the target crashed in this campaign.
    pub crashes: Vec<PathBuf>,
    /// Whether the engine ended as it should.
    pub ended_well: bool,
}

/// One target.
pub fn one(target: &Target, options: Options, runs: Option<u64>, fork: Option<usize>) -> Result<Tally> {
    let programs = build()?;
    let mut more = Vec::new();
    if let Some(runs) = runs {
        more.push(format!("-runs={runs}"));
    }
    if let Some(n) = fork {
        more.extend([format!("-fork={n}"), "-ignore_crashes=1".to_owned()]);
    }
    let campaign = campaign(target, &programs, options, &more, true)?;
    let mut tally = Tally::default();
    report(target, &campaign, &mut tally)?;
    println!("{:12} {}", target.name, campaign.rate);
    Ok(tally)
}

/// Every target, and the yardstick.
pub fn all(options: Options) -> Result<Tally> {
    let programs = build()?;
    let mut tally = Tally::default();
    let yardstick = yardstick::go_fuzz_reader(options.time, options.core)?;
    println!("{:12} {yardstick}", "FuzzReader");
    let mut rows = Vec::new();
    for target in TARGETS {
        let campaign = campaign(target, &programs, options, &[], false)?;
        report(target, &campaign, &mut tally)?;
        println!("{:12} {}", target.name, campaign.rate);
        rows.push((target, campaign));
    }
    println!("\n{:12} {:>12} {:>10} {:>8} {:>9}  promised", "target", "runs", "runs/cpu s", "ratio", "new");
    println!("{:12} {:>12} {:>10.0} {:>8} {:>9}", "FuzzReader", yardstick.runs, yardstick.per_second(), "1.0", "");
    for (target, campaign) in rows {
        let ratio = campaign.rate.per_second() / yardstick.per_second();
        let promised = PROMISED.iter().find(|(name, _)| *name == target.name).map(|(_, ratio)| *ratio);
        let kept = promised.map_or(String::new(), |least| {
            tally.count(ratio >= least);
            format!("{least} {}", if ratio >= least { "kept" } else { "NOT KEPT" })
        });
        let Rate { runs, .. } = campaign.rate;
        let speed = campaign.rate.per_second();
        println!("{:12} {runs:>12} {speed:>10.0} {ratio:>8.1} {:>9}  {kept}", target.name, campaign.new);
    }
    Ok(tally)
}

/// Minimises working corpora, the committed seeds counted in.
pub fn minimise(targets: &[&Target]) -> Result<Tally> {
    let programs = build()?;
    for target in targets {
        let places = Places::of(target)?;
        places.unpack(target)?;
        let before = count(&places.working)?;
        let merged = tempfile::tempdir().doing("make a folder")?;
        merge(&programs, target, merged.path(), &[&places.seeds, &places.working])?;
        fs::remove_dir_all(&places.working).doing("replace the working corpus")?;
        copy_all(merged.path(), &places.working)?;
        println!("{:12} {before} to {}", target.name, count(&places.working)?);
    }
    Ok(Tally::default())
}

/// Merges corpora into an empty folder: a small set of inputs that together reach all that the whole reaches.
/// Gives the number of features that the result reaches.
///
/// # Errors
/// If the engine fails.
pub fn merge(programs: &Path, target: &Target, into: &Path, from: &[&Path]) -> Result<u64> {
    let mut command = Command::new(programs.join(target.name));
    command.arg("-set_cover_merge=1").arg(format!("-max_len={}", target.max_len)).arg(into).args(from);
    // The engine goes on after a crash; what it leaves behind is found again by a campaign.
    let scratch = tempfile::tempdir().doing("make a folder")?;
    let output = command
        .current_dir(scratch.path())
        .stderr(Stdio::piped())
        .output()
        .doing(format!("merge the corpus of {}", target.name))?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return Err(Fault::new(format!("merging the corpus of {} failed:\n{}", target.name, last_lines(&text, 12))));
    }
    // MERGE-OUTER: 3 new files with 70 new features added; 64 new coverage edges
    let features = text.lines().rev().find(|l| l.contains("new features added")).and_then(|l| {
        let before = l.split(" new features added").next()?;
        before.rsplit(' ').next()?.parse().ok()
    });
    Ok(features.unwrap_or(0))
}

/// Runs the engine. `loud` shows its own output.
pub fn campaign(target: &Target, programs: &Path, options: Options, more: &[String], loud: bool) -> Result<Campaign> {
    let places = Places::of(target)?;
    places.unpack(target)?;
    let (had, crashed) = (count(&places.working)?, count(&places.crashes)?);
    let mut command = on_core(&programs.join(target.name), options.core);
    command
        .arg(format!("-max_total_time={}", options.time.as_secs()))
        .arg(format!("-max_len={}", target.max_len))
        .arg(format!("-artifact_prefix={}/", places.crashes.display()))
        .args(["-print_final_stats=1", "-timeout=20", "-rss_limit_mb=2048"])
        .args(more);
    if matches!(target.input, Input::Trace) {
        command.arg(format!("-dict={}", repository().join(DICTIONARY).display()));
    }
    command.arg(&places.working).arg(&places.seeds);
    command.current_dir(repository().join("target")).stdout(Stdio::null()).stderr(Stdio::piped());
    let meter = Meter::start();
    let mut child = command.spawn().doing(format!("start {}", target.name))?;
    let mut rate = Rate::default();
    let mut tail = Vec::new();
    for line in child.stderr.take().into_iter().flat_map(|e| BufReader::new(e).split(b'\n')) {
        let line = String::from_utf8_lossy(&line.doing("read the engine's output")?).into_owned();
        if loud {
            eprintln!("{line}");
        }
        rate.note(&line);
        tail.push(line);
        if tail.len() > 200 {
            tail.drain(..100);
        }
    }
    let status = child.wait().doing("wait for the engine")?;
    rate.cpu = meter.stop();
    let crashes = newest(&places.crashes, count(&places.crashes)?.saturating_sub(crashed))?;
    if !status.success() && !loud {
        eprintln!("{}", last_lines(&tail.join("\n"), 25));
    }
    let new = count(&places.working)?.saturating_sub(had);
    Ok(Campaign { rate, new, crashes, ended_well: status.success() })
}

/// Turns crashes into findings, and counts the campaign.
fn report(target: &Target, campaign: &Campaign, tally: &mut Tally) -> Result<()> {
    for crash in &campaign.crashes {
        findings::finding(target, crash)?;
    }
    tally.count(campaign.ended_well && campaign.crashes.is_empty());
    Ok(())
}

/// The number of files in a folder.
pub fn count(folder: &Path) -> Result<usize> {
    Ok(fs::read_dir(folder).doing(format!("read {}", folder.display()))?.count())
}

fn newest(folder: &Path, n: usize) -> Result<Vec<PathBuf>> {
    let mut all = tracehound_fuzz::replay::files(folder).doing("list crashes")?;
    all.sort_by_key(|p| std::cmp::Reverse(p.metadata().and_then(|m| m.modified()).ok()));
    all.truncate(n);
    Ok(all)
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).doing(format!("make {}", to.display()))?;
    for path in tracehound_fuzz::replay::files(from).doing("list a corpus")? {
        fs::copy(&path, to.join(path.file_name().unwrap_or_default())).doing("copy a corpus")?;
    }
    Ok(())
}

fn last_lines(text: &str, n: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(n)..].join("\n")
}
