//! Hunts with Go's readers beside the built-in one.

use crate::cargo::{cargo, release, succeeds};
use crate::fault::{Fault, Result, repository};
use crate::provision;
use crate::tally::Tally;
use std::process::Command;

/// How large, and from where.
#[derive(clap::Args)]
pub struct Options {
    /// Only this SDK, by version or release (may be repeated; default: all of the list)
    #[arg(long = "sdk", value_name = "VERSION")]
    sdk: Vec<String>,
    /// Cases for each SDK
    #[arg(long, default_value_t = 20_000)]
    cases: u64,
    /// Seed of the first history; the others follow
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// One hunt for each SDK, which are installed if need be. Findings go to the folder `findings`.
///
/// # Errors
/// If the program does not build or an SDK is not to be had.
pub fn hunt(options: &Options) -> Result<Tally> {
    let toolchains = provision::provide(&provision::chosen(&options.sdk)?)?;
    if !succeeds(&mut cargo(&["build", "--release", "-p", "tracehound"]))? {
        return Err(Fault::new("the program does not build"));
    }
    let mut tally = Tally::default();
    for toolchain in toolchains {
        println!("Go {}, seed {}", toolchain.version(), options.seed);
        tally.count(succeeds(&mut command(toolchain.version(), options.cases, options.seed))?);
    }
    Ok(tally)
}

/// The hunt with the reader of one SDK.
pub fn command(version: &str, cases: u64, seed: u64) -> Command {
    let mut hunt = Command::new(release("tracehound"));
    hunt.current_dir(repository()).args(["hunt", "--cases", &cases.to_string(), "--seed", &seed.to_string()]).args([
        "--reader",
        "builtin",
        "--reader",
        &format!("go:{version}"),
    ]);
    hunt
}
