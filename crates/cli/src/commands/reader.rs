//! `tracehound reader`: tries out an adapter, step by step.

use super::Outcome;
use crate::args::{Reader, ReaderCommand};
use crate::failure::Failure;
use crate::output;
use std::io::Write;
use tracehound_oracle::readers::{ReaderError, trial};
use tracehound_parser::Options;

pub fn run(a: &Reader) -> Result<Outcome, Failure> {
    let ReaderCommand::Check(a) = &a.command;
    let mut out = output::stdout();
    let mut reader = match a.reader.open(a.limits.into(), Options::default()) {
        Ok(reader) => reader,
        Err(ReaderError::NoHello(why)) => {
            writeln!(out, "FAILED  starts and introduces itself\n        {why}")?;
            writeln!(out, "        see \"Hello\" in docs/protocol.md")?;
            out.flush()?;
            return Ok(Outcome::Finding);
        }
        Err(e) => return Err(e.into()),
    };
    let mut outcome = Outcome::Fine;
    for tried in trial(&mut *reader) {
        let (word, text) = match &tried.outcome {
            Ok(text) => ("ok    ", text),
            Err(text) => {
                outcome = Outcome::Finding;
                ("FAILED", text)
            }
        };
        writeln!(out, "{word}  {}", tried.what)?;
        for line in text.lines() {
            writeln!(out, "        {line}")?;
        }
    }
    match outcome {
        Outcome::Fine => writeln!(out, "ready: tracehound hunt --reader {:?}", a.reader.to_string())?,
        Outcome::Finding => writeln!(out, "mend this, and try again; the steps behind it were not tried")?,
    }
    out.flush()?;
    Ok(outcome)
}
