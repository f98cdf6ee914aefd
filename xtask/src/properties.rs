//! The property tests with many cases and a seed of one's own.

use crate::cargo::{cargo, succeeds};
use crate::fault::Result;
use crate::tally::Tally;

/// How many, and from where.
#[derive(clap::Args)]
pub struct Options {
    /// Cases for each property
    #[arg(long, default_value_t = 5_000)]
    cases: u32,
    /// Seed of proptest's random numbers
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Runs every test of the workspace with them; those that are no properties run as ever.
///
/// # Errors
/// If cargo does not start.
pub fn properties(options: &Options) -> Result<Tally> {
    println!("PROPTEST_CASES={} PROPTEST_RNG_SEED={}", options.cases, options.seed);
    let mut tests = cargo(&["test", "--workspace", "--release", "--quiet"]);
    tests.env("PROPTEST_CASES", options.cases.to_string()).env("PROPTEST_RNG_SEED", options.seed.to_string());
    let mut tally = Tally::default();
    tally.count(succeeds(&mut tests)?);
    Ok(tally)
}
