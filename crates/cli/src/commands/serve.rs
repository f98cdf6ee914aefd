//! `tracehound serve`: a reader behind the protocol.

use super::Outcome;
use crate::args::Serve;
use crate::failure::Failure;
use tracehound_oracle::readers::{Builtin, ReaderSpec, ReaderUnderTest};

pub fn run(a: &Serve) -> Result<Outcome, Failure> {
    let options = a.strict.options([&a.reader])?;
    let mut reader: Box<dyn ReaderUnderTest> = match a.reader {
        // Whoever names a release is held to it, to the panics of its accessors.
        ReaderSpec::Builtin(release) => Box::new(Builtin::new("builtin", options.of_release(release), true)),
        _ => a.reader.open(a.limits.into(), options)?,
    };
    tracehound_oracle::readers::serve(&mut *reader, std::io::stdin().lock(), std::io::stdout().lock())?;
    Ok(Outcome::Fine)
}
