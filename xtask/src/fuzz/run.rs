//! Campaigns: libFuzzer on a target, its figures, and what it found.

use super::build::{Build, build, on_core};
use super::dictionary::DICTIONARY;
use super::engine::{self, Rate};
use super::findings;
use super::places::copy_all;
use super::{Options, Places};
use crate::fault::{Doing, Fault, Result, repository};
use crate::tally::Tally;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;
use tracehound_fuzz::targets::compare_go;
use tracehound_fuzz::{Input, Target};

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
    let programs = build(options.build())?;
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
    println!("{:12} {}; {} inputs are new", target.name, campaign.rate, campaign.new);
    Ok(tally)
}

/// Minimises working corpora, the committed seeds counted in.
pub fn minimise(targets: &[&Target]) -> Result<Tally> {
    let programs = build(Build::Fast)?;
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

/// Runs the engine from the committed seeds. `loud` shows its own output.
pub fn campaign(target: &Target, programs: &Path, options: Options, more: &[String], loud: bool) -> Result<Campaign> {
    let places = Places::of(target)?;
    places.unpack(target)?;
    campaign_in(&places, target, programs, options, more, loud)
}

/// Runs the engine from what lies in these places.
pub fn campaign_in(
    places: &Places,
    target: &Target,
    programs: &Path,
    options: Options,
    more: &[String],
    loud: bool,
) -> Result<Campaign> {
    let compares = target.name == compare_go::TARGET.name;
    if compares {
        compare_go::prepare().doing("build Go's reader")?;
    }
    let (had, begun) = (count(&places.working)?, SystemTime::now());
    let mut command = on_core(&programs.join(target.name), options.core);
    command
        .arg(format!("-max_total_time={}", options.time.as_secs()))
        .arg(format!("-artifact_prefix={}/", places.crashes.display()))
        .args(["-print_final_stats=1", "-timeout=20", "-rss_limit_mb=2048"])
        .args(more);
    command.args(arguments(target)).arg(&places.working).arg(&places.seeds);
    command.current_dir(repository().join("target"));
    if compares {
        command.env(compare_go::GO_ENV, compare_go::followed());
    }
    let ended = engine::run(&mut command, |line| {
        if loud {
            eprintln!("{line}");
        }
    })?;
    let crashes = written_since(begun, &places.crashes)?;
    if !ended.well && !loud {
        eprintln!("{}", last_lines(&ended.output, 25));
    }
    let new = count(&places.working)?.saturating_sub(had);
    Ok(Campaign { rate: ended.rate, new, crashes, ended_well: ended.well })
}

/// What the engine is told about a target.
pub fn arguments(target: &Target) -> Vec<String> {
    let mut all = vec![format!("-max_len={}", target.max_len)];
    // The engine's count of rare edges takes about as long as a case, and as many inputs without it reach as many
    // edges. What other processes find is looked for now and then.
    all.extend(["-entropic=0", "-reload=30"].map(str::to_owned));
    if matches!(target.input, Input::Trace) {
        all.push(format!("-dict={}", repository().join(DICTIONARY).display()));
    }
    all
}

/// Turns crashes into findings, and counts the campaign.
pub fn report(target: &Target, campaign: &Campaign, tally: &mut Tally) -> Result<()> {
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

/// The files that were written since then. One that an earlier campaign has written too is among them.
fn written_since(begun: SystemTime, folder: &Path) -> Result<Vec<PathBuf>> {
    let mut all = tracehound_fuzz::replay::files(folder).doing("list crashes")?;
    all.retain(|p| p.metadata().and_then(|m| m.modified()).is_ok_and(|written| written >= begun));
    Ok(all)
}

fn last_lines(text: &str, n: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(n)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_crash_that_is_met_again_is_reported_again() {
        let folder = tempfile::tempdir().unwrap();
        let hour_ago = SystemTime::now() - Duration::from_secs(3600);
        let crash = |name: &str| fs::File::create(folder.path().join(name)).unwrap();
        crash("old").set_modified(hour_ago).unwrap();
        crash("again").set_modified(hour_ago).unwrap();
        let begun = hour_ago + Duration::from_secs(60);
        crash("again");
        crash("new");
        let mut names: Vec<_> = written_since(begun, folder.path()).unwrap();
        names.sort();
        assert_eq!(names, ["again", "new"].map(|n| folder.path().join(n)));
    }
}
