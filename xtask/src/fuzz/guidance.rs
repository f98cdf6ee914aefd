//! The proof that Go's coverage guides the fuzzer: conditions planted in a copy of Go's
//! reader, which ours has no code for, so that only Go's coverage and comparisons lead there.

use super::build::{Build, build, on_core};
use super::engine::{self, median};
use crate::fault::{Doing, Fault, Result, repository};
use crate::tally::Tally;
use std::fs;
use std::path::Path;
use tracehound_fuzz::plant::Plant;
use tracehound_fuzz::targets::compare_go::TARGET;

/// The trace that every fuzzer starts from, below the folder of the plants.
const START: &str = "start.test";

/// Longest input, in bytes: the fewer inputs there are that are new for other reasons, the sooner
/// the one that has met half of a condition gets its turn.
const MAX_LEN: usize = 256;

/// Fuzzes every plant of `fuzz/plants` with and without guidance, `runs` inputs each, from one small trace.
///
/// Holds for a plant if with guidance most seeds find it, and without guidance none does in as many runs as that took by the
/// median.
///
/// # Errors
/// If a plant does not fire on the trace that is made by hand for it, or a fuzzer finds something else.
pub fn prove(runs: u64, seeds: u32) -> Result<Tally> {
    let programs = build(Build::Fast)?;
    let program = programs.join(TARGET.name);
    let mut tally = Tally::default();
    let folder = repository().join("fuzz/plants");
    let start = Plant::trace(&folder.join(START)).doing("read the first trace")?;
    println!("Runs until the planted condition was met, of {runs}, for seeds from 1 on:\n");
    println!("| plant | with Go's coverage | median | without it |\n| --- | --- | --- | --- |");
    for plant in Plant::files(&folder).doing("list the plants")? {
        let name = plant.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let by_hand = Plant::trace(&plant.with_extension("test")).doing("read the trace made by hand")?;
        if until_found(&program, &plant, &by_hand, 1, 1, true)?.is_none() {
            return Err(Fault::new(format!("{name} does not fire on the trace made for it")));
        }
        let of_all = |guided| -> Result<Vec<Option<u64>>> {
            (1..=seeds).map(|seed| until_found(&program, &plant, &start, runs, seed, guided)).collect()
        };
        let guided = of_all(true)?;
        let unguided = of_all(false)?;
        let median = median(&guided);
        println!("| {name} | {} | {} | {} |", all(&guided), shown(median), all(&unguided));
        let later = |median: u64| unguided.iter().flatten().all(|&runs| runs > median);
        tally.count(median.is_some_and(later));
    }
    Ok(tally)
}

fn shown(found: Option<u64>) -> String {
    found.map_or("not found".to_owned(), |n| n.to_string())
}

fn all(found: &[Option<u64>]) -> String {
    found.iter().map(|&n| shown(n)).collect::<Vec<_>>().join(", ")
}

/// The number of runs after which the planted panic came, or `None`.
fn until_found(program: &Path, plant: &Path, start: &[u8], runs: u64, seed: u32, guided: bool) -> Result<Option<u64>> {
    // Nothing that an earlier campaign has learnt.
    let scratch = tempfile::tempdir().doing("make a folder")?;
    let (corpus, crash) = (scratch.path().join("corpus"), scratch.path().join("crash"));
    fs::create_dir(&corpus).doing("make a folder")?;
    fs::write(corpus.join("start"), start).doing("write the first trace")?;
    let mut command = on_core(program, 0);
    command
        .args([format!("-runs={runs}"), format!("-seed={seed}"), format!("-max_len={MAX_LEN}")])
        .arg(format!("-exact_artifact_path={}", crash.display()))
        .arg("-print_final_stats=1")
        .arg(&corpus)
        .env("TRACEHOUND_FUZZ_PLANT", plant);
    if !guided {
        command.env("TRACEHOUND_FUZZ_UNGUIDED", "1");
    }
    let ended = engine::run(&mut command, |_| ())?;
    if ended.well {
        return Ok(None);
    }
    if ended.output.contains("planted: ") {
        return Ok(Some(ended.runs));
    }
    let line = ended.output.lines().find(|l| l.contains("differ: ")).unwrap_or("no words");
    Err(Fault::new(format!("the fuzzer found something else than the plant: {line}")))
}
