//! `tracehound events`: the events of a trace, for people, for programs, or as Go prints them.

use super::Outcome;
use crate::args::Events;
use crate::failure::Failure;
use crate::input::Input;
use crate::output;
use std::io::Write;
use tracehound_oracle::canonical;
use tracehound_oracle::readers::ReaderSpec;
use tracehound_oracle::verdict::{Mode, Verdict};
use tracehound_parser::{Options, Reader};

pub fn run(a: &Events) -> Result<Outcome, Failure> {
    let input = Input::read(&a.file)?.of_generations(a.generations.as_ref())?;
    let options = a.strict.options([&a.reader])?.on_threads(a.threads.threads.into());
    let mut out = output::stdout();
    if let (ReaderSpec::Builtin(release), true) = (&a.reader, a.go) {
        return dump(&mut out, &input, options.of_release(*release));
    }
    let mut reader = a.reader.open(a.limits.into(), options)?;
    let answer = reader.read(&input.bytes, if a.go { Mode::Text } else { Mode::Events });
    if let Some(text) = &answer.text {
        out.write_all(text)?;
    }
    if let Some(bytes) = &answer.events {
        let events = canonical::decode(bytes).map_err(|e| Failure::Environment(format!("{}: {e}", reader.name())))?;
        for event in &events {
            if a.json {
                serde_json::to_writer(&mut out, event).map_err(std::io::Error::from)?;
                writeln!(out)?;
            } else if a.stacks {
                writeln!(out, "{event:#}")?;
            } else {
                writeln!(out, "{event}")?;
            }
        }
    }
    out.flush()?;
    end(&input, &answer.verdict)
}

/// The text of Go's dump, as it is read, without holding the events.
fn dump(out: &mut impl Write, input: &Input, options: Options) -> Result<Outcome, Failure> {
    let mut text = Vec::new();
    let mut failed = Ok(());
    let read = Reader::with_options(&input.bytes, options).and_then(|mut reader| {
        reader.for_each(|event| {
            text.clear();
            tracehound_parser::dump::write(&mut text, event);
            text.push(b'\n');
            if failed.is_ok() {
                failed = out.write_all(&text);
            }
        })
    });
    failed?;
    out.flush()?;
    match read {
        Ok(_) => Ok(Outcome::Fine),
        Err(e) => {
            output::note(&format!("{}: {e}", input.name));
            Ok(Outcome::Finding)
        }
    }
}

fn end(input: &Input, verdict: &Verdict) -> Result<Outcome, Failure> {
    if verdict.is_accepted() {
        return Ok(Outcome::Fine);
    }
    output::note(&format!("{}: {verdict}", input.name));
    Ok(Outcome::Finding)
}
