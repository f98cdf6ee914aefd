//! Our reader and a Go release's own, side by side.

use crate::fault::{Doing, Result};
use std::process::Command;
use std::time::Duration;
use tracehound_oracle::readers::go::{Toolchain, classify};
use tracehound_oracle::readers::{Builtin, CommandReader, Limits, ReaderUnderTest, Reports};
use tracehound_oracle::verdict::{Answer, Comparison, Mode, compare};
use tracehound_parser::Options;
use tracehound_wire::header::parse_header;
use tracehound_wire::mishap::Mishap;

/// The two readers, and ours once more in its strict mode.
pub struct Pair {
    ours: Builtin,
    strict: Builtin,
    theirs: CommandReader,
    common: Reports,
}

/// What came of one trace.
pub enum Finding {
    /// The same verdict and the same events, this many of them.
    Agree {
        /// Events delivered.
        events: u64,
    },
    /// Nothing can be concluded, for this reason.
    Skipped(String),
    /// They part here.
    Differ(String),
}

impl Pair {
    /// Starts the toolchain's reader, and ours as that release's reader behaves.
    pub fn start(toolchain: &Toolchain, large: bool) -> Result<Pair> {
        let worker = toolchain.worker().doing("build the worker")?;
        // Wall clocks in dumps are in local time.
        let command = move || {
            let mut command = Command::new(&worker);
            command.env("TZ", "UTC");
            command
        };
        let limits = if large {
            Limits { memory: 16 << 30, ..Limits::of(Duration::from_secs(300)) }
        } else {
            Limits::of(Duration::from_secs(60))
        };
        let name = format!("go:{}", toolchain.version());
        let theirs = CommandReader::start(&name, Box::new(command), classify, limits).doing("start the worker")?;
        let ours = Builtin::like(theirs.hello(), Options::default());
        let strict = Builtin::like(theirs.hello(), Options::default().strictly());
        let common = ours.hello().reports.common(theirs.hello().reports);
        Ok(Pair { ours, strict, theirs, common })
    }

    /// Whether equal times come in the same order in both, so that dumps can be compared.
    pub fn has_same_text(&self) -> bool {
        self.common.has(Reports::TIES)
    }

    /// Compares verdicts and events: digests first, the events themselves only if those part.
    pub fn events(&mut self, trace: &[u8]) -> Finding {
        if let Err(refusal) = parse_header(trace)
            && matches!(refusal.mishap, Mishap::V1Trace { .. })
        {
            return Finding::Skipped("v1 traces are not ours to read".to_owned());
        }
        let mut answers = self.ask(trace, Mode::Digest);
        if answers.0.digest != answers.1.digest {
            answers = self.ask(trace, Mode::Events);
        }
        let (ours, theirs) = answers;
        match compare(&ours, &theirs, self.common) {
            Comparison::Agree => Finding::Agree { events: ours.digest.events },
            Comparison::NotComparable(why) => Finding::Skipped(why.to_string()),
            Comparison::Differ(how) => Finding::Differ(how.to_string()),
        }
    }

    /// Compares the dumps line by line; gives the first difference. For traces whose dump fits
    /// into memory many times over; see [`super::dump`] for others.
    pub fn text(&mut self, trace: &[u8]) -> Option<String> {
        let (ours, theirs) = self.ask(trace, Mode::Text);
        let (ours, theirs) = (ours.text.unwrap_or_default(), theirs.text.unwrap_or_default());
        if ours == theirs {
            return None;
        }
        let lines = |text: &[u8]| text.split(|c| *c == b'\n').map(<[u8]>::to_vec).map(Some).collect::<Vec<_>>();
        let (mut a, mut b) = (lines(&ours), lines(&theirs));
        let longest = a.len().max(b.len());
        a.resize(longest, None);
        b.resize(longest, None);
        let at = (0..longest).find(|&i| a[i] != b[i])?;
        let shown =
            |l: &Option<Vec<u8>>| l.as_ref().map_or("(ended)".into(), |l| String::from_utf8_lossy(l).into_owned());
        Some(format!("line {}:\n  ours: {}\n  Go's: {}", at + 1, shown(&a[at]), shown(&b[at])))
    }

    /// What our strict reader has against a trace that a runtime wrote, if it has something.
    pub fn strictly(&mut self, trace: &[u8]) -> Option<String> {
        let verdict = self.strict.read(trace, Mode::Digest).verdict;
        (!verdict.is_accepted()).then(|| verdict.to_string())
    }

    fn ask(&mut self, trace: &[u8], mode: Mode) -> (Answer, Answer) {
        (self.ours.read(trace, mode), self.theirs.read(trace, mode))
    }
}
