//! `tracehound check`: is a trace sound, and if not, what is wrong with it and where?

use super::Outcome;
use crate::args::Check;
use crate::failure::Failure;
use crate::input::Input;
use crate::output;
use std::io::Write;
use tracehound_oracle::argument::Argument;
use tracehound_oracle::readers::ReaderSpec;
use tracehound_oracle::verdict::Mode;
use tracehound_parser::{Error, Options, Outcome as Ending, Reader};

/// Lines of the argument that are shown without `--verbose`.
const LINES_SHOWN: usize = 24;

pub fn run(a: &Check) -> Result<Outcome, Failure> {
    let mut out = output::stdout();
    let options = a.strict.options([&a.reader])?.on_threads(a.threads.threads.into());
    let mut outcome = Outcome::Fine;
    let mut reader = None;
    for file in &a.files {
        let input = Input::read(file)?.of_generations(a.generations.as_ref())?;
        let sound = if let ReaderSpec::Builtin(release) = a.reader {
            explain(&mut out, &input, options.of_release(release), a.verbose)?
        } else {
            let reader = match &mut reader {
                Some(reader) => reader,
                none => none.insert(a.reader.open(a.limits.into(), options)?),
            };
            let answer = reader.read(&input.bytes, Mode::Digest);
            writeln!(out, "{}: {}, {} events", input.name, answer.verdict, answer.digest.events)?;
            answer.verdict.is_accepted()
        };
        if !sound {
            outcome = Outcome::Finding;
        }
        out.flush()?;
    }
    Ok(outcome)
}

/// Reads a trace with the built-in reader, which can say more than a verdict.
fn explain(out: &mut impl Write, input: &Input, options: Options, verbose: bool) -> Result<bool, Failure> {
    let mut events = 0u64;
    let read = Reader::with_options(&input.bytes, options).and_then(|mut reader| {
        let ending = reader.for_each(|_| events += 1)?;
        Ok((reader.version(), ending))
    });
    match read {
        Ok((version, Ending::SilentEnd)) => {
            writeln!(
                out,
                "{}: accepted, {events} events, wire version {version}, but not read to its end",
                input.name
            )?;
            writeln!(
                out,
                "  a record of a table is cut between two numbers; Go's reader takes that for the end of the trace"
            )?;
            writeln!(out, "  next: what follows is lost without an error; record the trace again")?;
            Ok(true)
        }
        Ok((version, _)) => {
            writeln!(out, "{}: sound, {events} events, wire version {version}", input.name)?;
            Ok(true)
        }
        Err(e) => {
            let argument = Argument::of(&input.bytes, options, &e);
            write_error(out, &input.name, &e, &argument, verbose)?;
            Ok(false)
        }
    }
}

fn write_error(out: &mut impl Write, name: &str, e: &Error, argument: &Argument, verbose: bool) -> std::io::Result<()> {
    writeln!(out, "{name}: {e}")?;
    if let Some(rule) = e.rule() {
        writeln!(out, "  rule: {} ({})", rule.class(), rule.condition())?;
    }
    for line in argument.to_string().lines().take(if verbose { usize::MAX } else { LINES_SHOWN }) {
        writeln!(out, "  {line}")?;
    }
    if let Some(explain) = e.explain().filter(|_| verbose) {
        let count = match explain.waits.len() {
            1 => "1 thread waits".to_owned(),
            n => format!("{n} threads wait"),
        };
        writeln!(out, "  generation {}: {count}", explain.generation)?;
        for wait in &explain.waits {
            writeln!(out, "    {wait}")?;
        }
    }
    writeln!(out, "  next: {}", e.help())
}
