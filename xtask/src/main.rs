//! Everything that CI runs, as one program.
//!
//! CI and people call the same commands. Nothing here knows how traces are read or made;
//! that is the workspace's crates.

#![forbid(unsafe_code)]

mod bench;
mod fault;
mod provision;
mod record;

use clap::{Args, Parser, Subcommand};
use fault::Result;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Everything that CI runs")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
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
    match command {
        Command::Bench { save, against } => bench::bench(save.as_deref(), against.as_deref())?,
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
    }
    Ok(ExitCode::SUCCESS)
}
