//! `tracehound serve`: a reader behind the protocol.

use super::Outcome;
use crate::args::Serve;
use crate::failure::Failure;
use tracehound_parser::Options;

pub fn run(a: &Serve) -> Result<Outcome, Failure> {
    let mut reader = a.reader.open(a.limits.into(), Options::default())?;
    tracehound_oracle::readers::serve(&mut *reader, std::io::stdin().lock(), std::io::stdout().lock())?;
    Ok(Outcome::Fine)
}
