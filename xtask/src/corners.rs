//! Whether default cases reach every rare corner often enough: too long for an ordinary test,
//! so it runs in a release build.

use crate::tally::Tally;
use std::thread;
use tracehound_generator::{Case, Config, Corner, Counts};

/// How many cases, and how often each corner has to occur.
#[derive(clap::Args)]
pub struct Options {
    /// Cases, from seed 0 on
    #[arg(long, default_value_t = 100_000)]
    cases: u64,
    /// How often each corner has to occur
    #[arg(long, default_value_t = 20)]
    least: u64,
}

/// Counts the corners of default cases and prints them, the rarest first; one that is too rare is a failure.
pub fn corners(options: &Options) -> Tally {
    let counts = count(options.cases);
    let mut rows: Vec<(u64, Corner)> = Corner::ALL.iter().map(|&c| (counts.get(c), c)).collect();
    rows.sort();
    let mut tally = Tally::default();
    for (n, corner) in rows {
        let rare = n < options.least;
        tally.count(!rare);
        println!("{n:>9}  {}{}", corner.name(), if rare { "  TOO RARE" } else { "" });
    }
    println!("{} corners in {} cases", Corner::ALL.len(), options.cases);
    tally
}

/// The corners of the first `cases` seeds, counted on all cores.
fn count(cases: u64) -> Counts {
    let threads = thread::available_parallelism().map_or(1, |n| n.get() as u64);
    thread::scope(|scope| {
        let part = |first: u64| {
            let mut counts = Counts::default();
            for seed in (first..cases).step_by(threads as usize) {
                counts.count(&Case::from_seed(seed, Config::default()).generate());
            }
            counts
        };
        let workers: Vec<_> = (0..threads).map(|first| scope.spawn(move || part(first))).collect();
        let mut sum = Counts::default();
        for worker in workers {
            // A panic in the generator is a bug that has to be seen, and its message has been.
            sum.merge(&worker.join().expect("a case that can be made"));
        }
        sum
    })
}
