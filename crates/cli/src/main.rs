//! The program `tracehound`.
//!
//! Each subcommand is one file under `commands`; this one reads the command line, and turns
//! what came of it into an exit status: 0 fine, 1 a finding or a refusal, 2 misuse, 3 the
//! environment is at fault.

#![forbid(unsafe_code)]

mod args;
mod commands;
mod failure;
mod input;
mod output;
mod seeds;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(e) => {
            // A closed pipe must not turn help into a panic.
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { 2 } else { 0 });
        }
    };
    // Without it the program is killed then, which is no reason not to begin.
    let _ = tracehound_mapped::explain_shrinking();
    match commands::run(args) {
        Ok(commands::Outcome::Fine) => ExitCode::SUCCESS,
        Ok(commands::Outcome::Finding) => ExitCode::from(1),
        Err(failure) => {
            if !failure.is_closed_pipe() {
                output::complain(&failure);
            }
            ExitCode::from(failure.status())
        }
    }
}
