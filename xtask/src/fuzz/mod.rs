//! `cargo xtask fuzz`: the targets of `fuzz/` under libFuzzer.
//!
//! Everything that a campaign writes is below `target/`; what is worth keeping gets into
//! `corpus/fuzz-seeds` by `cargo xtask corpus` and by nothing else.

mod build;
mod clusterfuzz;
mod cover;
mod cpu;
mod dictionary;
mod engine;
mod faults;
mod findings;
mod guidance;
mod llvm;
mod oss;
mod places;
mod rates;
mod run;
mod unreached;
mod yardstick;

pub use build::{Build, build};
pub use places::Places;
pub use run::merge;

use crate::fault::{Doing, Fault, Result};
use crate::tally::Tally;
use clap::Subcommand;
use std::time::Duration;
use tracehound_fuzz::targets::compare_go;
use tracehound_fuzz::{TARGETS, Target};

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// List the targets and the laws that they hold
    List,
    /// Fuzz one target on one core
    Run {
        /// The target's name
        target: String,
        #[command(flatten)]
        options: Options,
        /// Stop after this many runs
        #[arg(long, value_name = "N")]
        runs: Option<u64>,
        /// Processes, by libFuzzer's fork mode (for one large machine)
        #[arg(long, value_name = "N")]
        fork: Option<usize>,
        /// The Go whose reader compare_go follows, the newest release unless told otherwise
        #[arg(long, value_name = "VERSION|GOROOT")]
        go: Option<String>,
    },
    /// Fuzz every target in turn, with Go's own FuzzReader beside them in the same run
    All {
        #[command(flatten)]
        options: Options,
    },
    /// Drop what adds no coverage from a target's working corpus (or from all)
    Min {
        /// The target's name
        target: Option<String>,
    },
    /// Which lines of parser and wire, and which statements of Go's reader, the committed corpus reaches
    Cover {
        /// Also list the lines that are not reached for a known reason
        #[arg(long)]
        lines: bool,
        /// The least share of the lines of the parser, and of wire, in percent
        #[arg(long, value_name = "PERCENT", default_value_t = cover::LEAST)]
        least: f64,
        /// Only Go's reader, which needs no build of ours with coverage
        #[arg(long, conflicts_with = "lines")]
        go: bool,
    },
    /// Write the dictionary from the event table (or, with --check, compare)
    Dict {
        /// Only say whether the committed one is up to date
        #[arg(long)]
        check: bool,
    },
    /// Prove that Go's coverage guides: planted conditions, found with it and not without
    Guidance {
        /// Runs that a fuzzer gets for each condition
        #[arg(long, value_name = "N", default_value_t = 1_000_000)]
        runs: u64,
        /// Seeds for each condition
        #[arg(long, value_name = "N", default_value_t = 3)]
        seeds: u32,
    },
    /// Time until libFuzzer finds planted faults of the reader, from the committed corpus
    Faults {
        /// Only this fault (may be repeated), in place of the ten that are measured every night
        #[arg(long = "fault", value_name = "NAME")]
        faults: Vec<String>,
        /// Every planted fault
        #[arg(long, conflicts_with = "faults")]
        all: bool,
        /// The target that looks for faults asked for by name or all together
        #[arg(long, value_name = "TARGET", default_value = "compare_go")]
        target: String,
        /// Seeds for each fault, whose median counts
        #[arg(long, value_name = "N", default_value_t = 5)]
        seeds: u32,
        /// The core to run on
        #[arg(long, value_name = "N", default_value_t = 0)]
        core: usize,
    },
    /// Run oss-fuzz/build.sh here, with OSS-Fuzz's variables, and check what it puts out
    OssCheck {
        /// Build with this sanitizer: address needs the nightly toolchain, none does not
        #[arg(long, value_name = "NAME", default_value = "address")]
        sanitizer: String,
    },
}

/// How long, and where.
#[derive(clap::Args, Clone, Copy)]
pub struct Options {
    /// Time for each target: seconds, or with s, m, h behind the number
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    time: Duration,
    /// The core to run on; fuzzer and Go child on the same one are several times faster
    #[arg(long, value_name = "N", default_value_t = 0)]
    core: usize,
    /// Build with debug assertions, checks for overflow, and comparisons shown to the engine: slower, and sees more
    #[arg(long)]
    checks: bool,
}

impl Options {
    fn build(self) -> Build {
        if self.checks { Build::Checked } else { Build::Fast }
    }
}

/// Performs a command; counts what was checked.
///
/// # Errors
/// If something could not be done at all.
pub fn perform(command: &Command) -> Result<Tally> {
    match command {
        Command::List => list(),
        Command::Run { target, options, runs, fork, go } => {
            if let Some(go) = go {
                compare_go::follow(&from_here(go)?);
            }
            run::one(named(target)?, *options, *runs, *fork)
        }
        Command::All { options } => rates::all(*options),
        Command::Min { target: Some(target) } => run::minimise(&[named(target)?]),
        Command::Min { target: None } => run::minimise(&TARGETS.iter().collect::<Vec<_>>()),
        Command::Cover { go: true, .. } => cover::of_go(),
        Command::Cover { lines, least, .. } => cover::cover(*lines, *least),
        Command::Dict { check } => dictionary::dictionary(*check),
        Command::Guidance { runs, seeds } => guidance::prove(*runs, *seeds),
        Command::Faults { faults, all, target, seeds, core } => {
            faults::measure(&faults::asked(faults, *all, named(target)?)?, *seeds, *core)
        }
        Command::OssCheck { sanitizer } => oss::check(sanitizer),
    }
}

/// A Go root as it is called in any folder; a version as it is.
fn from_here(go: &str) -> Result<String> {
    if !go.contains(std::path::MAIN_SEPARATOR) {
        return Ok(go.to_owned());
    }
    Ok(std::path::absolute(go).doing(format!("find {go}"))?.display().to_string())
}

fn list() -> Result<Tally> {
    for target in TARGETS {
        println!("{:12} {}", target.name, target.law);
    }
    Ok(Tally::default())
}

fn named(name: &str) -> Result<&'static Target> {
    let names = || TARGETS.iter().map(|t| t.name).collect::<Vec<_>>().join(", ");
    Target::named(name).ok_or_else(|| Fault::new(format!("there is no fuzz target {name}; there are {}", names())))
}

fn duration(text: &str) -> std::result::Result<Duration, String> {
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let n: u64 = number.parse().map_err(|_| "a time is a number, with s, m or h behind it".to_owned())?;
    let seconds = match unit {
        "s" => n,
        "m" => n * 60,
        "h" => n * 3600,
        _ => return Err(format!("{unit} is no unit of time; use s, m or h")),
    };
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("1h"), Ok(Duration::from_secs(3600)));
        assert!(duration("1d").is_err() && duration("m").is_err());
    }
}
