//! How soon libFuzzer finds mistakes that readers make: faults that are planted in ours, ten of them or as asked,
//! from the committed corpus.
//!
//! What each fault is about is said where it is planted.

use super::build::{Build, build, on_core};
use super::engine::{self, median};
use super::run::arguments;
use super::{Places, named};
use crate::fault::{Doing, Fault, Result};
use crate::tally::Tally;
use std::path::Path;
use tempfile::TempDir;
use tracehound_fuzz::Target;
use tracehound_fuzz::targets::compare_go;
use tracehound_parser::{FAULTS_ENV, Fault as Planted};

/// A planted fault and the target that has to find it.
pub type Sought = (Planted, &'static Target);

/// The faults, each of another rule or event, and the target that has to find it.
const CHOSEN: [(&str, &str); 10] = [
    ("no-self-steal", "mutated"),
    ("create-any-state", "compare_go"),
    ("go-start-with-g", "compare_go"),
    ("gc-seq-ignored", "compare_go"),
    ("region-name-unchecked", "compare_go"),
    ("create-syscall-with-g", "compare_go"),
    ("syscall-end-any-proc", "compare_go"),
    ("range-active-unchecked", "compare_go"),
    ("metric-truncated", "compare_go"),
    ("unknown-experiment-panics", "compare_go"),
];

/// The median of a fault's seeds has to be below this, in seconds of processor time with the start, which runs the
/// whole corpus, counted in.
const MOST: f64 = 60.0;

/// A campaign is given up after so many seconds on the clock: other work may take half of the processor.
const PATIENCE: u64 = 150;

/// What was asked for: the faults with these names or all there are, each looked for by `target`; the ten that are
/// measured every night if none is named.
///
/// # Errors
/// If there is no fault with such a name.
pub fn asked(names: &[String], all: bool, target: &'static Target) -> Result<Vec<Sought>> {
    if all {
        return Ok(Planted::ALL.iter().map(|&fault| (fault, target)).collect());
    }
    if names.is_empty() {
        return CHOSEN.iter().map(|&(fault, target)| Ok((planted(fault)?, named(target)?))).collect();
    }
    names.iter().map(|name| Ok((planted(name)?, target))).collect()
}

fn planted(name: &str) -> Result<Planted> {
    Planted::from_name(name)
        .ok_or_else(|| Fault::new(format!("there is no planted fault {name}; docs/faults.md has their names")))
}

/// Fuzzes with each fault armed and prints what it took.
///
/// # Errors
/// If a target does not build, or crashes on what it has found without the fault too.
pub fn measure(sought: &[Sought], seeds: u32, core: usize) -> Result<Tally> {
    let programs = build(Build::Faulty)?;
    compare_go::prepare().doing("build Go's reader")?;
    let mut tally = Tally::default();
    println!("Seconds of processor time until the fault was found, by seed.\n");
    println!("| fault | target | by seed | median |\n| --- | --- | --- | --- |");
    for &(fault, target) in sought {
        let fault = fault.name();
        let places = Places::of(target)?;
        places.unpack(target)?;
        let campaign = Campaign { target, program: &programs.join(target.name), seeds: &places.seeds, core, fault };
        let took = (1..=seeds).map(|seed| campaign.until_found(seed)).collect::<Result<Vec<_>>>()?;
        let median = median(&took);
        let all: Vec<String> = took.iter().map(|&t| shown(t)).collect();
        println!("| {fault} | {} | {} | {} |", target.name, all.join(", "), shown(median));
        tally.count(median.is_some_and(|seconds| seconds < MOST));
    }
    Ok(tally)
}

fn shown(seconds: Option<f64>) -> String {
    seconds.map_or("never".to_owned(), |s| format!("{s:.1}"))
}

/// A fuzzer that looks for one fault.
struct Campaign<'a> {
    target: &'a Target,
    program: &'a Path,
    seeds: &'a Path,
    core: usize,
    fault: &'a str,
}

impl Campaign<'_> {
    /// Seconds of processor time until the fault was found; `None` if it was not.
    fn until_found(&self, seed: u32) -> Result<Option<f64>> {
        // Nothing that an earlier campaign has learnt.
        let scratch = TempDir::new().doing("make a folder")?;
        let crash = scratch.path().join("crash");
        let mut command = on_core(self.program, self.core);
        command
            .args(arguments(self.target))
            .args([format!("-seed={seed}"), "-timeout=20".to_owned()])
            .arg(format!("-max_total_time={PATIENCE}"))
            .arg(format!("-exact_artifact_path={}", crash.display()))
            .env(FAULTS_ENV, self.fault);
        let working = TempDir::new_in(scratch.path()).doing("make a folder")?;
        let ended = engine::run(command.arg(working.path()).arg(self.seeds), |_| ())?;
        if ended.well {
            return Ok(None);
        }
        // It has to be the fault that was found.
        let mut again = on_core(self.program, self.core);
        if !crash.is_file() || !engine::run(again.arg(&crash), |_| ())?.well {
            return Err(Fault::new(format!(
                "{} fails without {} too:\n{}",
                self.target.name, self.fault, ended.output
            )));
        }
        Ok(Some(ended.cpu))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_faults_are_different_and_exist() {
        let mut all: Vec<_> = asked(&[], false, &compare_go::TARGET)
            .expect("they exist")
            .into_iter()
            .map(|(fault, _)| fault.about())
            .collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), CHOSEN.len(), "each is about something else");
    }

    #[test]
    fn faults_are_looked_for_by_name() {
        let sought = asked(&["no-self-steal".to_owned()], false, &compare_go::TARGET).expect("it exists");
        assert_eq!(
            sought.iter().map(|(fault, target)| (fault.name(), target.name)).collect::<Vec<_>>(),
            [("no-self-steal", "compare_go")]
        );
        let fault = asked(&["no-such".to_owned()], false, &compare_go::TARGET).expect_err("none has that name");
        assert!(fault.to_string().contains("no-such"), "{fault}");
    }
}
