//! `tracehound compare`: what several readers say about one trace, side by side.

use super::Outcome;
use crate::args::Compare;
use crate::failure::Failure;
use crate::input::Input;
use crate::output;
use std::io::Write;
use tracehound_oracle::laws::agree;

use tracehound_oracle::readers::go::Toolchain;
use tracehound_oracle::readers::{Builtin, ReaderSpec, ReaderUnderTest};
use tracehound_oracle::verdict::{Comparison, Mode};
use tracehound_parser::Release;

pub fn run(a: &Compare) -> Result<Outcome, Failure> {
    let input = Input::read(&a.file)?;
    let specs = if a.readers.is_empty() { default_readers()? } else { a.readers.clone() };
    if specs.len() < 2 {
        return Err(Failure::Usage("comparing takes two readers: give --reader twice".into()));
    }
    let options = a.strict.options(&specs)?;
    let mut readers = Vec::new();
    for spec in &specs {
        readers.push(spec.open(a.limits.into(), options)?);
    }
    let mut out = output::stdout();
    for reader in &mut readers {
        let answer = reader.read(&input.bytes, Mode::Digest);
        let hello = reader.hello();
        writeln!(
            out,
            "{:<14} {} ({} {}): {} events, {}",
            reader.name(),
            input.name,
            hello.name,
            hello.version,
            answer.digest.events,
            answer.verdict
        )?;
    }
    let mut outcome = Outcome::Fine;
    let (first, others) = readers.split_at_mut(1);
    for other in others {
        // The built-in reader takes the other one's release, so that releases are compared
        // with what they mean to do.
        let mut like = match specs[0] {
            ReaderSpec::Builtin(release) if release == Release::default() => {
                Some(Builtin::like(other.hello(), options))
            }
            _ => None,
        };
        let a: &mut dyn ReaderUnderTest = match &mut like {
            Some(like) => like,
            None => &mut *first[0],
        };
        let names = format!("{} and {}", a.name(), other.name());
        match agree(a, &mut **other, &input.bytes) {
            Comparison::Agree => writeln!(out, "{names} agree")?,
            Comparison::NotComparable(why) => writeln!(out, "{names} are not comparable here: {why}")?,
            Comparison::Differ(d) => {
                writeln!(out, "{names} differ: {d}")?;
                outcome = Outcome::Finding;
            }
        }
    }
    out.flush()?;
    Ok(outcome)
}

fn default_readers() -> Result<Vec<ReaderSpec>, Failure> {
    let newest = Toolchain::all().pop().ok_or_else(|| {
        Failure::Environment(
            "no Go toolchain found to compare with: put go on PATH, or name its folder in TRACEHOUND_GO_SDKS, \
             or give --reader twice"
                .into(),
        )
    })?;
    Ok(vec![ReaderSpec::Builtin(Release::default()), ReaderSpec::Go(newest.version().to_owned())])
}
