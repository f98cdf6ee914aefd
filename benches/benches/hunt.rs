//! A hunt from end to end: cases a second and core, with none, one and two readers in other processes beside the built-in one.
//!
//! Every case is generated, written, read, and held to the laws; each history has one edit. On one thread, whose time counts
//! alone: what readers in other processes take is beside it, on other cores if there are any. With these a hunt begins with many
//! probes, which are not among the cases but among the round trips.

use std::time::{Duration, Instant};
use tracehound_generator::Config;
use tracehound_oracle::hunt::{Bound, Setup, Stats, hunt};
use tracehound_oracle::readers::ReaderSpec;

/// Cases of a pass, and passes, of which the best one counts.
const CASES: u64 = 6_000;
const PASSES: u32 = 3;
/// The readers in other processes, the first ones of which take part.
const READERS: [&str; 2] = ["go:1.27", "go:1.22"];

/// What a history may do: a name, and the configuration.
fn sizes() -> [(&'static str, Config); 2] {
    [("small", Config { steps: 24, ..Config::default() }), ("default", Config::default())]
}

/// What the fastest pass counted, and its time; the reason if there is a reader that cannot be had.
fn best(config: &Config, others: usize) -> Result<(Stats, Duration), String> {
    let spec = |name: &&str| name.parse::<ReaderSpec>().map_err(|e| e.to_string());
    let readers = READERS[..others].iter().map(spec).collect::<Result<Vec<_>, _>>()?;
    let setup = Setup { readers, threads: 1, config: config.clone(), ..Setup::default() };
    let mut best: Option<(Stats, Duration)> = None;
    for _ in 0..PASSES {
        let start = Instant::now();
        let progress = hunt(&setup, Bound::Cases(CASES), |_| true).map_err(|e| e.to_string())?;
        let took = start.elapsed();
        if best.as_ref().is_none_or(|(_, least)| took < *least) {
            best = Some((progress.stats, took));
        }
    }
    best.ok_or_else(|| "no passes".to_owned())
}

fn main() {
    println!(
        "{:<10} {:>8} {:>10} {:>12} {:>16} {:>16}",
        "histories", "readers", "cases", "cases/s", "events/history", "round trips/s"
    );
    for (name, config) in sizes() {
        for others in 0..=READERS.len() {
            match best(&config, others) {
                Ok((stats, took)) => println!(
                    "{name:<10} {:>8} {:>10} {:>12.0} {:>16.1} {:>16.0}",
                    1 + others,
                    stats.cases(),
                    stats.cases() as f64 / took.as_secs_f64(),
                    stats.events.values().sum::<u64>() as f64 / stats.legal.max(1) as f64,
                    stats.round_trips as f64 / took.as_secs_f64(),
                ),
                Err(reason) => println!("{name:<10} {:>8} {reason}", 1 + others),
            }
        }
    }
}
