//! Tests of the program that take minutes: they are ignored by `cargo test`, and run from here.

use crate::cargo::{cargo, succeeds};
use crate::fault::Result;
use crate::tally::Tally;

/// Kills a campaign at 50 moments: what comes of it has to be what comes of one that is left alone.
///
/// # Errors
/// If the test cannot be started.
pub fn kills() -> Result<Tally> {
    ignored("resume")
}

/// Hunts with every fault, and holds each finding's folder to what it promises.
///
/// # Errors
/// If the test cannot be started.
pub fn findings() -> Result<Tally> {
    ignored("findings")
}

/// The ignored tests of one of the program's test programs.
fn ignored(name: &str) -> Result<Tally> {
    let mut tally = Tally::default();
    let test = ["test", "--release", "--features", "faults", "-p", "tracehound", "--test", name, "--"];
    tally.count(succeeds(cargo(&test).args(["--ignored", "--nocapture"]))?);
    Ok(tally)
}
