//! `tracehound known`: the known divergences, and whether they still are.

use super::Outcome;
use crate::args::Known;
use crate::failure::Failure;
use crate::output;
use std::io::Write;
use tracehound_oracle::known::{Checked, entries};
use tracehound_oracle::readers::ReaderSpec;
use tracehound_parser::{Options, Release};

pub fn run(a: &Known) -> Result<Outcome, Failure> {
    let entries = entries().map_err(|e| Failure::Environment(format!("the list of known divergences: {e}")))?;
    let mut out = output::stdout();
    if entries.is_empty() {
        writeln!(out, "no divergence is known")?;
    }
    for e in &entries {
        let releases: Vec<_> = e.releases.iter().map(String::as_str).collect();
        writeln!(out, "{} (law {}, Go {})\n  {}", e.id, e.law, releases.join(", "), e.sentence)?;
        if let Some(link) = &e.link {
            writeln!(out, "  {link}")?;
        }
    }
    if !a.check {
        out.flush()?;
        return Ok(Outcome::Fine);
    }
    let specs = match a.readers.as_slice() {
        [] => Release::ALL.map(ReaderSpec::Builtin).to_vec(),
        some => some.to_vec(),
    };
    let mut outcome = Outcome::Fine;
    for spec in specs {
        let mut reader = spec.open(a.limits.into(), Options::default())?;
        for e in &entries {
            // What only Go's own readers do says nothing about the built-in one.
            if matches!(spec, ReaderSpec::Builtin(_)) && e.law == "agree" {
                continue;
            }
            let path = format!("{}/{}", a.corpus, e.reproducer);
            let file = std::fs::read(&path).map_err(Failure::file("read", &path))?;
            match e.check(&file, &mut *reader) {
                Checked::NotConcerned => {}
                Checked::Diverges => writeln!(out, "{spec}: {} still diverges", e.id)?,
                Checked::Agrees(instead) => {
                    writeln!(out, "{spec}: {} no longer diverges: {instead}; remove it from the list", e.id)?;
                    outcome = Outcome::Finding;
                }
            }
        }
    }
    out.flush()?;
    Ok(outcome)
}
