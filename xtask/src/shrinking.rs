//! How small a finding gets, and how soon: for each fault of the emission, the first finding of several campaigns.

use crate::fault::{Doing, Result, repository};
use crate::tally::Tally;
use rayon::prelude::*;
use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use tracehound_generator::{Config, EmissionFault};
use tracehound_oracle::hunt::{Bound, Finding, Setup, hunt};

/// Events that half of a fault's findings may have at most, all of the trace's.
const EVENTS: usize = 15;
/// How long half of them may take.
const TIME: Duration = Duration::from_secs(2);
/// Two campaigns' seeds are this far apart, so that they share no history.
const APART: u64 = 1 << 32;
/// Cases after which a campaign has found nothing.
const PATIENCE: u64 = 30_000;

/// What is measured.
#[derive(clap::Args)]
pub struct Options {
    /// Campaigns for each fault, from seeds of their own
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// Only this emission fault (may be repeated); docs/shrinking.md is then left alone
    #[arg(long = "fault", value_name = "NAME")]
    faults: Vec<EmissionFault>,
}

/// A finding, shrunk.
struct Shrunk {
    /// Timed events of its first trace.
    before: usize,
    /// Those of the smallest.
    after: usize,
    /// What it took, with the search for the nearest trace without the finding, and its explanation.
    time: Duration,
}

/// Shrinks them and writes `docs/shrinking.md`; a fault whose findings stay too large, or take too long, fails.
///
/// # Errors
/// If a campaign cannot be run, or the page not be written.
pub fn shrinking(options: &Options) -> Result<Tally> {
    let faults = if options.faults.is_empty() { EmissionFault::ALL } else { &options.faults };
    let mut page = format!(
        "# How small findings get\n\n\
         For each fault of the emission, the first finding of {} campaigns with seeds of their own: the events of its trace as it was\n\
         found, those of the smallest trace that is kept, and the time for shrinking it, for the search for the nearest trace on which all\n\
         agree, and for the explanation, on one core. Half of a fault's findings must have {EVENTS} events at most, all of the trace's counted, and take\n\
         {} seconds at most.\n\n\
         Written by `cargo xtask shrinking`; do not edit it.\n\n\
         | fault | findings | events found, median | events left, median | most | ms, median | most |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
        options.seeds,
        TIME.as_secs(),
    );
    let mut tally = Tally::default();
    for &fault in faults {
        let found = findings(fault, options.seeds)?;
        let [before, after, most] = [
            median(found.iter().map(|s| s.before).collect()),
            median(found.iter().map(|s| s.after).collect()),
            found.iter().map(|s| s.after).max().unwrap_or_default(),
        ];
        let time = median(found.iter().map(|s| s.time).collect());
        let longest = found.iter().map(|s| s.time).max().unwrap_or_default();
        let row = format!(
            "| `{fault}` | {} | {before} | {after} | {most} | {} | {} |",
            found.len(),
            time.as_millis(),
            longest.as_millis()
        );
        println!("{row}");
        // Writing to a string cannot fail.
        let _ = writeln!(page, "{row}");
        tally.count(found.len() as u64 == options.seeds && after <= EVENTS && time <= TIME);
    }
    if options.faults.is_empty() {
        fs::write(repository().join("docs/shrinking.md"), page).doing("docs/shrinking.md")?;
    }
    Ok(tally)
}

/// The first finding of each campaign, on all cores.
fn findings(fault: EmissionFault, seeds: u64) -> Result<Vec<Shrunk>> {
    let found: Vec<Option<Shrunk>> =
        (0..seeds).into_par_iter().map(|n| finding(fault, n * APART)).collect::<Result<_>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// The first finding of one campaign; none if there is none in time.
fn finding(fault: EmissionFault, seed: u64) -> Result<Option<Shrunk>> {
    let config = Config { fault: Some(fault), ..Config::default() };
    let setup = Setup { seed, config, threads: 1, first: true, known: Vec::new(), ..Setup::default() };
    let end = hunt(&setup, Bound::Cases(PATIENCE), |_| true).doing(fault)?;
    let Some(group) = end.groups.first() else { return Ok(None) };
    let before = group.breach.case.make().map_or(0, |made| events(&made.bytes));
    let start = Instant::now();
    let finding = Finding::shrink(&setup, &group.breach, 1, &Arc::new(AtomicBool::new(false))).doing(fault)?;
    let time = start.elapsed();
    Ok(Some(Shrunk { before, after: events(&finding.bytes), time }))
}

/// Timed events of a trace.
fn events(bytes: &[u8]) -> usize {
    tracehound_wire::Trace::decode(bytes).map_or(0, |trace| trace.event_count())
}

/// The middle one, the lower of two.
fn median<T: Ord + Copy + Default>(mut all: Vec<T>) -> T {
    all.sort_unstable();
    all.get(all.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}
