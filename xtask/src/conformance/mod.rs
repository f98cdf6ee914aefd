//! Conformance: our reader beside each Go release's own, on the traces that Go ships and on
//! traces recorded on the spot. The same verdict, the same events to the last one, the same
//! text formats, except for listed divergences with reasons.

mod dump;
mod inputs;
mod pair;
mod raw;
mod texts;

use crate::fault::Result;
use crate::provision::{self, Sdk};
use crate::tally::Tally;
use inputs::Input;
use pair::{Finding, Pair};
use raw::Raw;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use tracehound_oracle::readers::go::Toolchain;

/// The release whose raw text our Go style writes.
const TEXT_RELEASE: &str = "1.27";
/// The release whose dump is compared for large traces too.
const DUMP_RELEASE: &str = "1.27";

/// Checks our reader against the reader of every SDK given, which are installed if need be.
///
/// # Errors
/// What the environment does not allow; differences are counted, not errors.
pub fn run(sdks: &[Sdk], large: bool) -> Result<Tally> {
    let mut tally = Tally::default();
    for toolchain in provision::provide(sdks)? {
        tally += check(&toolchain, large)?;
    }
    Ok(tally)
}

/// The traces that a toolchain's sources bring along for its own tests.
///
/// # Errors
/// A worker that does not build, test data that cannot be read.
pub fn shipped(toolchain: &Toolchain) -> Result<Vec<Arc<[u8]>>> {
    let inputs = inputs::shipped(toolchain, &mut Raw::start(toolchain)?)?;
    Ok(inputs.into_iter().map(|input| input.bytes).collect())
}

/// The seeds of the toolchain's own fuzz tests.
///
/// # Errors
/// If they cannot be read.
pub fn fuzzed(toolchain: &Toolchain) -> Result<Vec<Arc<[u8]>>> {
    Ok(inputs::fuzzed(toolchain)?.into_iter().map(|input| input.bytes).collect())
}

fn check(toolchain: &Toolchain, large: bool) -> Result<Tally> {
    let started = Instant::now();
    let mut raw = Raw::start(toolchain)?;
    let mut session = Session {
        toolchain,
        pair: Pair::start(toolchain, large)?,
        large,
        tally: Tally::default(),
        skipped: BTreeMap::new(),
        bytes: 0,
        events: 0,
    };
    if !large {
        for input in inputs::shipped(toolchain, &mut raw)? {
            session.check(&input, &mut raw)?;
        }
    }
    let (paths, unrecorded) = inputs::recorded(toolchain, large)?;
    for reason in unrecorded {
        println!("Go {}: not recorded: {reason}", toolchain.version());
    }
    for path in &paths {
        let input = inputs::load(path)?;
        let before = (session.events, Instant::now());
        session.check(&input, &mut raw)?;
        match session.pair.strictly(&input.bytes) {
            None => session.tally.count(true),
            Some(how) => session.fail(&input, "strict mode", &how),
        }
        if large && toolchain.release() == DUMP_RELEASE {
            match dump::compare(toolchain, path)? {
                None => session.tally.count(true),
                Some(how) => session.fail(&input, "dump", &how),
            }
        }
        if large {
            let (events, seconds) = (session.events - before.0, before.1.elapsed().as_secs_f64());
            println!("Go {:8} {}: {events} events alike, {seconds:.0} s", toolchain.version(), input.name);
        }
    }
    session.report(started);
    Ok(session.tally)
}

/// One SDK's checks in progress.
struct Session<'a> {
    toolchain: &'a Toolchain,
    pair: Pair,
    large: bool,
    tally: Tally,
    skipped: BTreeMap<String, u64>,
    bytes: u64,
    events: u64,
}

impl Session<'_> {
    fn check(&mut self, input: &Input, raw: &mut Raw) -> Result<()> {
        self.bytes += input.bytes.len() as u64;
        let comparable = match self.pair.events(&input.bytes) {
            Finding::Agree { events } => {
                self.events += events;
                self.tally.count(true);
                true
            }
            Finding::Skipped(reason) => {
                *self.skipped.entry(reason).or_default() += 1;
                false
            }
            Finding::Differ(how) => {
                self.fail(input, "events", &how);
                true
            }
        };
        if comparable && !self.large && self.pair.has_same_text() {
            match self.pair.text(&input.bytes) {
                None => self.tally.count(true),
                Some(how) => self.fail(input, "dump", &how),
            }
        }
        let as_go = !self.large && self.toolchain.release() == TEXT_RELEASE;
        for (what, outcome) in texts::check(input, raw, as_go) {
            match outcome {
                Ok(()) => self.tally.count(true),
                Err(how) => self.fail(input, what, &how.to_string()),
            }
        }
        Ok(())
    }

    fn fail(&mut self, input: &Input, what: &str, how: &str) {
        self.tally.count(false);
        println!("Go {}: {}: {what}:\n{how}", self.toolchain.version(), input.name);
    }

    fn report(&self, started: Instant) {
        println!(
            "Go {:8} {:4} checks passed, {} failed; {:.1} MB, {} events alike, {:.1} s",
            self.toolchain.version(),
            self.tally.passed,
            self.tally.failed,
            self.bytes as f64 / 1e6,
            self.events,
            started.elapsed().as_secs_f64(),
        );
        for (reason, count) in &self.skipped {
            println!("            {count} not compared: {reason}");
        }
    }
}
