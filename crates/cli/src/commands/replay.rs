//! `tracehound replay`: one case again.

use super::Outcome;
use crate::args::Replay;
use crate::failure::Failure;
use crate::input::read_bytes;
use crate::output;
use std::io::Write;
use tracehound_oracle::hunt::{Examiner, HuntCase};
use tracehound_oracle::laws::Law;

pub fn run(a: &Replay) -> Result<Outcome, Failure> {
    let text = match a.case.as_str() {
        "-" => String::from_utf8_lossy(&read_bytes("-")?).into_owned(),
        case => case.to_owned(),
    };
    let case: HuntCase = text.parse().map_err(|e| Failure::Usage(format!("{e}")))?;
    let made = case.make().ok_or_else(|| {
        Failure::Usage("the edit of this case finds no place in its history: was the string cut?".into())
    })?;
    let mut out = output::stdout();
    match a.trace.as_deref() {
        Some("-") => {
            out.write_all(&made.bytes)?;
            out.flush()?;
            return Ok(Outcome::Fine);
        }
        Some(file) => std::fs::write(file, &made.bytes).map_err(Failure::file("write", file))?,
        None => {}
    }
    match &made.history {
        Some(history) => writeln!(out, "{} bytes, {} steps", made.bytes.len(), history.steps())?,
        None => writeln!(out, "{} bytes", made.bytes.len())?,
    }
    if let Some(edit) = &made.edit {
        writeln!(out, "edited by {}: {} ({:?})", edit.operator, edit.what, edit.label)?;
    }
    let setup = a.setup()?;
    let mut examiner = Examiner::new(&setup)?;
    writeln!(out, "verdicts: {}", examiner.verdicts(&made.bytes))?;
    let cases = [(case, made)];
    let mut breaches = examiner.examine(&cases);
    // The laws that take turns in a hunt are all asked here.
    for law in Law::ALL {
        examiner.only_law(law);
        for breach in examiner.examine(&cases) {
            if breaches.iter().all(|b| b.group() != breach.group()) {
                breaches.push(breach);
            }
        }
    }
    for breach in &breaches {
        writeln!(out, "{} breaks {} ({})", breach.reader, breach.law, breach.key)?;
        for line in breach.words.lines() {
            writeln!(out, "  {line}")?;
        }
    }
    if breaches.is_empty() {
        writeln!(out, "no law is broken")?;
    }
    out.flush()?;
    Ok(if breaches.is_empty() { Outcome::Fine } else { Outcome::Finding })
}
