//! Trying out an adapter: does it speak the protocol, and does the reader behind it read at all?
//!
//! Each step needs the ones before it, is small, and says what is wrong in words that lead to the line
//! of the adapter. What the reader makes of rare traces is the hunt's business, not this one's.

use super::{Builtin, ReaderUnderTest, Reports};
use crate::judge::matrix;
use crate::laws::agree;
use crate::verdict::{Answer, Comparison, Mode, Verdict};
use std::sync::Arc;
use tracehound_generator::{Case, Config, Flavour};
use tracehound_parser::{Options, Release};
use tracehound_wire::Version;

/// Histories that are read in full and compared.
const COMPARED: u64 = 20;
/// Requests that are under way at once.
const PIPELINED: u64 = 64;

/// One step of the trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// What was tried.
    pub what: &'static str,
    /// What was seen, or what is wrong and where to look.
    pub outcome: Result<String, String>,
}

type Step = fn(&mut dyn ReaderUnderTest) -> Result<String, String>;

/// The steps, in order. The first is the hello, which a reader has said when it is there at all.
const STEPS: [(&str, Step); 8] = [
    ("introduces itself", hello),
    ("accepts a sound trace of each version that it reads", sound),
    ("refuses what is no trace", no_trace),
    ("refuses a trace that breaks a rule", broken),
    ("delivers events in canonical form", canonical),
    ("answers in the order of the requests", order),
    ("says the same again", twice),
    ("tells the same events as the built-in reader", events),
];

/// Tries a reader out; ends behind the first step that fails.
pub fn trial(reader: &mut dyn ReaderUnderTest) -> Vec<Tried> {
    let mut tried = Vec::new();
    for (what, step) in STEPS {
        let outcome = step(reader);
        let failed = outcome.is_err();
        tried.push(Tried { what, outcome });
        if failed {
            break;
        }
    }
    tried
}

/// A legal trace that the reader says it can read.
fn legal(reader: &dyn ReaderUnderTest, seed: u64) -> Arc<[u8]> {
    let flavours: Vec<Flavour> =
        Flavour::ALL.iter().copied().filter(|f| reader.hello().reads_version(f.wire())).collect();
    let flavour = flavours[seed as usize % flavours.len()];
    let config = Config { flavour: Some(flavour), ..Config::default() };
    Case::from_seed(seed, config).generate().trace().to_bytes().into()
}

/// A trace that breaks a rule, and the rule's class.
fn illegal(reader: &dyn ReaderUnderTest) -> Option<(Vec<u8>, &'static str)> {
    let readable = |e: &matrix::Entry| {
        let bytes = e.reject.to_bytes();
        let version = tracehound_wire::parse_header(&bytes).ok().map(|h| h.version);
        version.filter(|v| reader.hello().reads_version(*v)).map(|_| (bytes, e.rule.class()))
    };
    // One of the ordering if that is judged, for only then everything before it is read.
    let usual = tracehound_wire::RejectRule::GoNotRunning;
    let judged = |e: &&matrix::Entry| reader.hello().judges(Some(e.rule));
    let all = matrix::entries();
    let mut entries: Vec<&matrix::Entry> = all.iter().filter(judged).collect();
    entries.sort_by_key(|e| e.rule != usual);
    entries.into_iter().find_map(readable)
}

fn judged(answer: &Answer) -> Result<(), String> {
    match &answer.verdict {
        verdict if verdict.is_judgement() => Ok(()),
        Verdict::BrokeProtocol { what } => {
            Err(format!("its answer is not one: {what}; see \"Answer\" in docs/protocol.md"))
        }
        other => Err(format!("the reader {other}")),
    }
}

fn hello(reader: &mut dyn ReaderUnderTest) -> Result<String, String> {
    let hello = reader.hello();
    let known = [Version::Go122, Version::Go123, Version::Go125, Version::Go126];
    if !known.into_iter().any(|v| hello.reads_version(v)) {
        return Err(format!("\"reads\" is {:?}, but wire versions are 22, 23, 25 and 26", hello.reads));
    }
    if hello.name.trim().is_empty() {
        return Err("\"name\" is empty, and stands in every finding".to_owned());
    }
    let reads: Vec<String> = hello.reads.iter().map(u32::to_string).collect();
    Ok(format!(
        "{} {}, reads {}; tells {}",
        hello.name,
        hello.version,
        reads.join(" "),
        match hello.reports.to_string() {
            _ if hello.judges.is_some() => {
                let groups = hello.judges.iter().flatten();
                let names: Vec<&str> = groups.map(|group| group.name()).collect();
                format!("no events, but judges: {}", names.join(", "))
            }
            none if none.is_empty() => "the order of events only".to_owned(),
            some => some,
        }
    ))
}

fn sound(reader: &mut dyn ReaderUnderTest) -> Result<String, String> {
    let mut accepted = Vec::new();
    for flavour in Flavour::ALL.iter().filter(|f| reader.hello().reads_version(f.wire())).collect::<Vec<_>>() {
        let config = Config { flavour: Some(*flavour), ..Config::default() };
        let case = Case::from_seed(1, config);
        let answer = reader.read(&case.generate().trace().to_bytes(), Mode::Digest);
        judged(&answer)?;
        if !answer.verdict.is_accepted() {
            let again = format!("`tracehound replay {case} --trace sound.trace` writes it");
            return Err(format!("a sound trace of {flavour} is {}; {again}", answer.verdict));
        }
        accepted.push(format!("{flavour}: {} events", answer.digest.events));
    }
    Ok(accepted.join(", "))
}

fn no_trace(reader: &mut dyn ReaderUnderTest) -> Result<String, String> {
    for (what, bytes) in
        [("an empty file", &b""[..]), ("text", b"<html>not found</html>"), ("half a header", b"go 1.2")]
    {
        let answer = reader.read(bytes, Mode::Digest);
        judged(&answer).map_err(|e| format!("{what}: {e}"))?;
        if answer.verdict.is_accepted() {
            return Err(format!("{what} is accepted; an error at opening is verdict 1"));
        }
    }
    Ok(String::new())
}

fn broken(reader: &mut dyn ReaderUnderTest) -> Result<String, String> {
    let Some((trace, class)) = illegal(reader) else { return Ok("no example in a version that it reads".to_owned()) };
    let answer = reader.read(&trace, Mode::Digest);
    judged(&answer)?;
    match &answer.verdict {
        Verdict::Accepted => Err(format!(
            "corpus/reject/{class}.test is accepted: is the error of the reader turned into verdict 2, behind the last event?"
        )),
        refused => Ok(refused.to_string()),
    }
}

fn canonical(reader: &mut dyn ReaderUnderTest) -> Result<String, String> {
    if !reader.hello().reports.has(Reports::EVENTS) {
        return Ok("none: it only judges".to_owned());
    }
    let trace = legal(reader, 2);
    let digest = reader.read(&trace, Mode::Digest);
    let full = reader.read(&trace, Mode::Events);
    judged(&full)?;
    let bytes = full.events.as_deref().unwrap_or_default();
    let events = crate::canonical::decode(bytes)
        .map_err(|e| format!("the canonical form cannot be read: {e}; see \"Canonical form\" in docs/protocol.md"))?;
    if events.len() as u64 != full.digest.events {
        return Err(format!("{} events are counted, {} are in the canonical form", full.digest.events, events.len()));
    }
    if digest.digest != full.digest {
        return Err("mode 0 and mode 1 give different digests of the same trace".to_owned());
    }
    let text = reader.read(&trace, Mode::Text);
    judged(&text).map_err(|e| format!("mode 2: {e}"))?;
    Ok(format!("{} events in {} bytes", events.len(), bytes.len()))
}

fn order(reader: &mut dyn ReaderUnderTest) -> Result<String, String> {
    let traces: Vec<Arc<[u8]>> = (0..PIPELINED).map(|seed| legal(reader, seed)).collect();
    let one_by_one: Vec<_> = traces.iter().map(|t| reader.read(t, Mode::Digest).digest).collect();
    let together: Vec<_> = reader.read_all(&traces, Mode::Digest).into_iter().map(|a| a.digest).collect();
    match one_by_one.iter().zip(&together).position(|(a, b)| a != b) {
        None => Ok(format!("{PIPELINED} requests")),
        Some(i) => Err(format!(
            "with several requests under way, answer {i} is not that of its request: answers come in the order of requests, \
             and output is flushed before the adapter waits for input"
        )),
    }
}

fn twice(reader: &mut dyn ReaderUnderTest) -> Result<String, String> {
    for seed in 0..COMPARED {
        let trace = legal(reader, seed);
        if reader.read(&trace, Mode::Digest) != reader.read(&trace, Mode::Digest) {
            return Err(format!(
                "the trace of seed {seed} gives two answers: is state kept from one request to the next?"
            ));
        }
    }
    Ok(String::new())
}

fn events(reader: &mut dyn ReaderUnderTest) -> Result<String, String> {
    let release = reader.hello().release.as_deref().and_then(|r| r.strip_prefix("1.")).and_then(|m| m.parse().ok());
    let release = release.and_then(Release::from_minor).unwrap_or_default();
    let mut builtin = Builtin::new("builtin", Options::release(release), true);
    for seed in 0..COMPARED {
        let trace = legal(reader, seed);
        if let Comparison::Differ(difference) = agree(&mut builtin, reader, &trace) {
            return Err(format!("seed {seed}: {difference}"));
        }
    }
    Ok(format!("{COMPARED} histories"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_reader_passes_every_step() {
        let mut reader = Builtin::new("builtin", Options::default(), true);
        let tried = trial(&mut reader);
        assert_eq!(tried.len(), STEPS.len());
        assert!(tried.iter().all(|t| t.outcome.is_ok()), "{tried:?}");
    }
}
