//! `tracehound shrink`: the smallest trace to which readers say the same as to a large one.

use super::Outcome;
use crate::args::Shrink;
use crate::failure::Failure;
use crate::input::Input;
use crate::output;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tracehound_oracle::readers::{ReaderSpec, ReaderUnderTest};
use tracehound_oracle::shrink::{Budget, shrink_trace};
use tracehound_oracle::verdict::{Mode, Verdict};
use tracehound_parser::Release;
use tracehound_wire::{Expect, TestFile, Trace};

/// Time between two lines that tell how far it is.
const LINE_EVERY: Duration = Duration::from_secs(5);

pub fn run(a: &Shrink) -> Result<Outcome, Failure> {
    let input = Input::read(&a.input)?;
    let bad = |e: &dyn std::fmt::Display| Failure::Usage(format!("{}: {e}", input.name));
    let trace = Trace::decode(&input.bytes).map_err(|e| bad(&e))?;
    let specs = match a.readers.as_slice() {
        [] => vec![ReaderSpec::Builtin(Release::default())],
        some => some.to_vec(),
    };
    let options = a.strict.options(&specs)?;
    let mut readers: Vec<Box<dyn ReaderUnderTest>> = Vec::new();
    for spec in &specs {
        readers.push(spec.open(a.limits.into(), options)?);
    }
    let mut say = |bytes: &[u8]| -> Vec<String> {
        readers.iter_mut().map(|r| kept(&r.read(bytes, Mode::Digest).verdict)).collect()
    };
    let wanted = say(&input.bytes);
    if wanted.iter().all(|w| w == "accepted") {
        return Err(bad(&"every reader accepts the trace, so that nothing is there to keep: name one that refuses it"));
    }
    let (mut tries, mut smallest, mut last_line) = (0u64, input.bytes.len(), Instant::now());
    let stopped = super::hunt::stop_on_interrupt();
    let budget = Budget::new(u64::MAX, a.time).until(stopped.clone());
    let shrunk = shrink_trace(&trace, budget, |candidate| {
        let bytes = candidate.to_bytes();
        let holds = say(&bytes) == wanted;
        tries += 1;
        if holds {
            smallest = smallest.min(bytes.len());
        }
        if last_line.elapsed() >= LINE_EVERY {
            output::note(&format!("{tries} tries, {smallest} bytes"));
            last_line = Instant::now();
        }
        holds
    });
    let bytes = shrunk.map_err(|e| bad(&e))?.to_bytes();
    if stopped.load(Ordering::Relaxed) {
        output::note("stopped: what is smallest so far is kept");
    }
    output::note(&format!(
        "{} bytes to {} bytes in {tries} tries; kept: {}",
        input.bytes.len(),
        bytes.len(),
        wanted.join(", ")
    ));
    let expect = if wanted[0] == "accepted" { Expect::Success } else { Expect::Failure(String::new()) };
    let file = match a.output.as_str() {
        name if name.ends_with(".test") || name == "-" => {
            TestFile::from_binary(&bytes, expect).map_err(|e| bad(&e))?.to_bytes()
        }
        _ => bytes,
    };
    if a.output == "-" {
        use std::io::Write;
        let mut out = output::stdout();
        out.write_all(&file)?;
        out.flush()?;
    } else {
        std::fs::write(&a.output, file).map_err(Failure::file("write", &a.output))?;
    }
    Ok(Outcome::Fine)
}

/// What has to stay of a verdict: its label, and its words without their numbers, so that
/// the trace keeps its trouble and does not get another one of the same rule.
fn kept(verdict: &Verdict) -> String {
    let mut out = verdict.label();
    if let Verdict::Rejected(r) = verdict {
        let first = r.message.lines().next().unwrap_or_default();
        let words: String = first.chars().filter(|c| !c.is_ascii_digit()).collect();
        // How many threads wait besides is not what the trouble is.
        let words = words.rsplit(';').next().unwrap_or_default();
        out.push_str(": ");
        out.push_str(words.trim());
    }
    out
}
