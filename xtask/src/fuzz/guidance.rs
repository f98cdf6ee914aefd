//! The proof that Go's coverage guides the fuzzer: conditions planted in a copy of Go's
//! reader, which ours has no code for, so that only Go's coverage and comparisons lead there.

use super::Places;
use super::build::{build, on_core};
use super::yardstick::Rate;
use crate::fault::{Doing, Result, repository};
use crate::tally::Tally;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tracehound_fuzz::Target;
use tracehound_fuzz::targets::compare_go::TARGET;

/// Fuzzes every plant of `fuzz/plants` with and without guidance, `runs` inputs each.
pub fn prove(runs: u64, seeds: u32) -> Result<Tally> {
    let programs = build()?;
    let mut tally = Tally::default();
    let plants = tracehound_fuzz::replay::files(&repository().join("fuzz/plants")).doing("list the plants")?;
    println!("{:16} {:>4} {:>12} {:>12}   (runs until found, of {runs})", "plant", "seed", "guided", "unguided");
    for plant in plants {
        let name = plant.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for seed in 1..=seeds {
            let guided = until_found(&TARGET, &programs, &plant, runs, seed, true)?;
            let unguided = until_found(&TARGET, &programs, &plant, runs, seed, false)?;
            let shown = |found: Option<u64>| found.map_or("not found".to_owned(), |n| n.to_string());
            println!("{name:16} {seed:>4} {:>12} {:>12}", shown(guided), shown(unguided));
            tally.count(guided.is_some() && unguided.is_none());
        }
    }
    Ok(tally)
}

/// The number of runs after which the planted panic came, or `None`.
fn until_found(
    target: &Target,
    programs: &Path,
    plant: &Path,
    runs: u64,
    seed: u32,
    guided: bool,
) -> Result<Option<u64>> {
    let places = Places::of(target)?;
    places.unpack(target)?;
    // Nothing that an earlier campaign has learnt.
    let scratch = tempfile::tempdir().doing("make a folder")?;
    let (corpus, crash): (PathBuf, PathBuf) = (scratch.path().join("corpus"), scratch.path().join("crash"));
    std::fs::create_dir(&corpus).doing("make a folder")?;
    let mut command = on_core(&programs.join(target.name), 0);
    command
        .args([format!("-runs={runs}"), format!("-seed={seed}"), format!("-max_len={}", target.max_len)])
        .arg(format!("-exact_artifact_path={}", crash.display()))
        .arg("-print_final_stats=1")
        .args([&corpus, &places.seeds])
        .env("TRACEHOUND_FUZZ_PLANT", plant)
        .stdout(Stdio::null());
    if !guided {
        command.env("TRACEHOUND_FUZZ_UNGUIDED", "1");
    }
    let output = command.output().doing("run the fuzzer")?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut rate = Rate::default();
    text.lines().for_each(|l| rate.note(l));
    if output.status.success() {
        return Ok(None);
    }
    if text.contains("planted: ") {
        return Ok(Some(rate.runs));
    }
    let line = text.lines().find(|l| l.contains("differ: ")).unwrap_or("no words");
    Err(crate::fault::Fault::new(format!("the fuzzer found something else than the plant: {line}")))
}
