//! The subcommands.

mod check;
mod compare;
mod convert;
mod events;
mod faults;
mod generate;
mod hunt;
mod index;
mod known;
mod lift;
mod manual;
mod reader;
mod replay;
mod report;
mod serve;
mod shrink;
mod table;
mod view;

use crate::args::{Args, Command};
use crate::failure::Failure;

/// What came of a command that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Agreement, acceptance, nothing found.
    Fine,
    /// A refusal, a difference, a finding.
    Finding,
}

/// Runs what the command line asks for.
///
/// # Errors
/// If there is no answer.
pub fn run(args: Args) -> Result<Outcome, Failure> {
    match args.command {
        Command::Check(a) => check::run(&a),
        Command::Events(a) => events::run(&a),
        Command::Index(a) => index::run(&a),
        Command::Compare(a) => compare::run(&a),
        Command::Convert(a) => convert::run(&a),
        Command::Hunt(a) => hunt::run(&a),
        Command::Faults(a) => faults::run(&a),
        Command::Replay(a) => replay::run(&a),
        Command::Gen(a) => generate::run(&a),
        Command::Lift(a) => lift::run(&a),
        Command::Known(a) => known::run(&a),
        Command::Shrink(a) => shrink::run(&a),
        Command::Reader(a) => reader::run(&a),
        Command::Report(a) => report::run(&a),
        Command::Completions(a) => manual::completions(&a),
        Command::Man(a) => manual::page(&a),
        Command::Serve(a) => serve::run(&a),
    }
}
