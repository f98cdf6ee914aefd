//! Tests of the program that take minutes: they are ignored by `cargo test`, and run from here.

use crate::cargo::{cargo, succeeds};
use crate::fault::{Result, repository};
use crate::tally::Tally;
use std::path::Path;

/// Kills a campaign at 50 moments: what comes of it has to be what comes of one that is left alone.
///
/// # Errors
/// If the test cannot be started.
pub fn kills() -> Result<Tally> {
    ignored("resume", &[])
}

/// Hunts with every fault, holds each finding's folder to what it promises and its explanation to what the fault is
/// about, and writes `docs/explanations.md`.
///
/// # Errors
/// If the test cannot be started.
pub fn findings() -> Result<Tally> {
    let page = repository().join("docs/explanations.md");
    ignored("explained", &[("TRACEHOUND_PAGE", &page)])
}

/// The ignored tests of one of the program's test programs.
fn ignored(name: &str, variables: &[(&str, &Path)]) -> Result<Tally> {
    let mut tally = Tally::default();
    let test = ["test", "--release", "--features", "faults", "-p", "tracehound", "--test", name, "--"];
    let mut command = cargo(&test);
    command.args(["--ignored", "--nocapture"]).envs(variables.iter().copied());
    tally.count(succeeds(&mut command)?);
    Ok(tally)
}
