//! Every target in turn, and how fast each is beside Go's own fuzz test of its reader.
//!
//! How long an input takes depends on its size and on how far a reader gets with it, so both are given the same
//! seeds: ours, which are whole traces, and, for the targets that read traces, Go's, which are far smaller.

use super::build::build;
use super::engine::Rate;
use super::run::{campaign, campaign_in, report};
use super::{Options, Places, named, yardstick};
use crate::fault::{Doing, Result};
use crate::tally::Tally;
use std::fs;
use tracehound_fuzz::{Input, TARGETS, Target};

/// How many times Go's own FuzzReader, from our seeds, a target has to be, where that was promised.
const PROMISED: [(&str, f64); 3] = [("bytes", 10.0), ("legal", 3.0), ("compare_go", 1.5)];

/// The target whose seeds Go's FuzzReader gets.
const SAME_SEEDS: &str = "bytes";

/// Every target, and the yardstick.
///
/// # Errors
/// If something cannot be built or started.
pub fn all(options: Options) -> Result<Tally> {
    let programs = build(options.build())?;
    let mut tally = Tally::default();
    let target = named(SAME_SEEDS)?;
    let ours = Places::of(target)?;
    ours.unpack(target)?;
    let scratch = tempfile::tempdir().doing("make a folder")?;
    let theirs = scratch.path().join("seeds");
    fs::create_dir(&theirs).doing("make a folder")?;
    yardstick::seeds_of_go(&theirs)?;

    let mut rows = Rows::default();
    let ours = yardstick::go_fuzz_reader(options.time, options.core, &ours.seeds)?;
    rows.add("FuzzReader", "ours", ours, ours, None);
    let on_theirs = yardstick::go_fuzz_reader(options.time, options.core, &theirs)?;
    rows.add("FuzzReader", "Go's", on_theirs, on_theirs, None);
    for target in TARGETS {
        let campaign = campaign(target, &programs, options, &[], false)?;
        report(target, &campaign, &mut tally)?;
        // With checks a target is for finding and not for measuring.
        let least = promised(target).filter(|_| !options.checks);
        rows.add(target.name, "ours", campaign.rate, ours, least);
        if let Some(least) = least {
            tally.count(campaign.rate.per_second() >= least * ours.per_second());
        }
    }
    for target in TARGETS.iter().filter(|t| promised(t).is_some() && matches!(t.input, Input::Trace)) {
        let places = Places::of(target)?;
        let places = Places { seeds: theirs.clone(), working: scratch.path().join(target.name), ..places };
        fs::create_dir(&places.working).doing("make a folder")?;
        let campaign = campaign_in(&places, target, &programs, options, &[], false)?;
        report(target, &campaign, &mut tally)?;
        rows.add(target.name, "Go's", campaign.rate, on_theirs, None);
    }
    rows.print();
    Ok(tally)
}

fn promised(target: &Target) -> Option<f64> {
    PROMISED.iter().find(|(name, _)| *name == target.name).map(|(_, least)| *least)
}

/// The table.
#[derive(Default)]
struct Rows(Vec<String>);

impl Rows {
    /// Adds a row, and prints what it is made of.
    fn add(&mut self, name: &str, seeds: &str, rate: Rate, yardstick: Rate, least: Option<f64>) {
        println!("{name:12} {rate}");
        let (speed, ratio) = (rate.per_second(), rate.per_second() / yardstick.per_second());
        let kept = least.map_or("".to_owned(), |least| {
            format!("at least {least}: {}", if ratio >= least { "kept" } else { "NOT KEPT" })
        });
        self.0.push(format!("| {name} | {seeds} | {} | {speed:.0} | {ratio:.1} | {kept} |", rate.runs));
    }

    fn print(&self) {
        println!("\nInputs for each second of processor time behind the start, which runs the seeds.\n");
        println!("| target | seeds | inputs | a second | times FuzzReader from the same seeds | promised |");
        println!("| --- | --- | --- | --- | --- | --- |");
        self.0.iter().for_each(|row| println!("{row}"));
        println!();
    }
}
