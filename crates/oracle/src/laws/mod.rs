//! The laws: equations that hold for every sound reader. Each is one function over any
//! reader that declares what the law needs; `docs/laws.md` states them.
//!
//! A law never skips silently: what it does not look at is told as a reason.

mod agree;
mod base;
mod change;
mod context;
mod edit;
mod page;
mod rename;
mod roundtrip;
mod stable;
mod transform;
mod truth;

pub(crate) use agree::unjudged;
pub use agree::{agree, resolve};
pub use base::{accept, bounded, reject};
pub(crate) use change::{CHOICES, changed, how, is_of_change, of_change};
pub use context::context;
pub use page::laws_page;
pub use rename::rename;
pub use roundtrip::round_trip;
pub(crate) use roundtrip::round_trip_through;
pub use stable::{prefix, split, twice};
pub use transform::{permute, rebatch, shift};
pub use truth::truth;

use crate::canonical::{CanonEvent, decode};
use crate::readers::{ReaderUnderTest, Reports};
use crate::verdict::{Answer, Mode, NotComparable, Verdict};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// Every legal history is accepted.
    Accept,
    /// What comes out is what happened.
    Truth,
    /// An edit that is illegal with certainty is refused, by the rule that it breaks.
    Reject,
    /// All readers say the same.
    Agree,
    /// Every context and every old state follow from the transitions before.
    Context,
    /// Bytes to trace to bytes is the identity.
    RoundTrip,
    /// Reading twice gives the same.
    Twice,
    /// The bytes may come in any pieces.
    Split,
    /// Other ids give the same events, renamed.
    Rename,
    /// Later times give the same events, later.
    Shift,
    /// A thread's stream may be cut into other batches.
    Rebatch,
    /// Batches of different threads may come in any order.
    Permute,
    /// A trace that is cut gives a beginning of every thread's events.
    Prefix,
    /// Every trace is judged, within bounds of time and memory.
    Bounded,
    /// The judge confirms the label of every edit: a law for tracehound itself.
    Label,
}

impl Law {
    /// Every law.
    pub const ALL: [Law; 15] = [
        Law::Accept,
        Law::Truth,
        Law::Reject,
        Law::Agree,
        Law::Context,
        Law::RoundTrip,
        Law::Twice,
        Law::Split,
        Law::Rename,
        Law::Shift,
        Law::Rebatch,
        Law::Permute,
        Law::Prefix,
        Law::Bounded,
        Law::Label,
    ];

    /// The stable kebab-case name.
    pub fn name(self) -> &'static str {
        match self {
            Law::Accept => "accept",
            Law::Truth => "truth",
            Law::Reject => "reject",
            Law::Agree => "agree",
            Law::Context => "context",
            Law::RoundTrip => "round-trip",
            Law::Twice => "twice",
            Law::Split => "split",
            Law::Rename => "rename",
            Law::Shift => "shift",
            Law::Rebatch => "rebatch",
            Law::Permute => "permute",
            Law::Prefix => "prefix",
            Law::Bounded => "bounded",
            Law::Label => "label",
        }
    }

    /// The law with this name.
    pub fn from_name(name: &str) -> Option<Law> {
        Law::ALL.into_iter().find(|l| l.name() == name)
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What came of holding a reader to a law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The law holds here.
    Holds,
    /// The law says nothing here.
    NotComparable(NotComparable),
    /// The law is broken; says how.
    Broken(String),
}

impl Outcome {
    /// A law that does not apply here.
    pub(crate) fn not_applicable(why: &'static str) -> Outcome {
        Outcome::NotComparable(NotComparable::LawNotApplicable(why.into()))
    }

    /// Whether the law is broken.
    pub fn is_broken(&self) -> bool {
        matches!(self, Outcome::Broken(_))
    }

    /// How the law is broken, if it is.
    pub(crate) fn broken(self) -> Option<String> {
        match self {
            Outcome::Broken(words) => Some(words),
            _ => None,
        }
    }
}

/// Lets a reader read, and decodes what it delivered.
pub(crate) fn read_events(
    reader: &mut dyn ReaderUnderTest,
    trace: &[u8],
) -> Result<(Answer, Vec<CanonEvent>), Outcome> {
    if !reader.hello().reports.has(Reports::EVENTS) {
        return Err(Outcome::not_applicable("the reader delivers no events"));
    }
    let answer = reader.read(trace, Mode::Events);
    match &answer.verdict {
        Verdict::Accepted | Verdict::Rejected(_) => {}
        other => return Err(Outcome::Broken(format!("the reader {other}"))),
    }
    match answer.events.as_deref().map(decode) {
        Some(Ok(events)) => Ok((answer, events)),
        Some(Err(e)) => Err(Outcome::Broken(e.to_string())),
        None => Err(Outcome::not_applicable("the reader delivers no events")),
    }
}

/// How two verdicts on what has to be the same differ, if they do: by acceptance or by rule.
pub(crate) fn verdicts_differ(was: &Verdict, is: &Verdict) -> bool {
    was.is_accepted() != is.is_accepted() || was.rule() != is.rule() || was.is_judgement() != is.is_judgement()
}

/// The first place at which two lists part, told for people.
pub(crate) fn events_differ(want: &[CanonEvent], got: &[CanonEvent]) -> Option<String> {
    let i = (0..want.len().max(got.len())).find(|&i| want.get(i) != got.get(i))?;
    let side = |e: Option<&CanonEvent>| e.map_or_else(|| "(no more events)".to_owned(), |e| format!("{e:#}"));
    Some(format!("event {i} should be\n{}\nbut is\n{}", side(want.get(i)), side(got.get(i))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readers::Builtin;
    use tracehound_generator::{Case, Config};

    #[test]
    fn laws_that_take_turns_hold() {
        let mut reader = Builtin::default();
        let mut asked = std::collections::BTreeMap::new();
        for seed in 0..60 {
            let trace = Case::from_seed(seed, Config::default()).generate().into_trace();
            let bytes = trace.to_bytes();
            let r = &mut reader;
            for (law, outcome) in [
                (Law::RoundTrip, round_trip(&bytes)),
                (Law::Twice, twice(r, &bytes)),
                (Law::Split, split(r, &bytes, &[1, 7, 500])),
                (Law::Rename, rename(r, &trace, seed)),
                (Law::Shift, shift(r, &trace, 1 + seed)),
                (Law::Rebatch, rebatch(r, &trace, seed)),
                (Law::Permute, permute(r, &trace)),
                (Law::Prefix, prefix(r, &bytes, bytes.len() * seed as usize / 60)),
            ] {
                assert!(!outcome.is_broken(), "{law} for seed {seed}: {outcome:?}");
                *asked.entry(law).or_insert(0) += u32::from(outcome == Outcome::Holds);
            }
        }
        assert!(asked.values().all(|&n| n > 5), "{asked:?}");
    }

    /// A reader that loses what each law would notice.
    #[test]
    fn laws_that_take_turns_can_fail() {
        use crate::readers::{Hello, ReaderUnderTest};
        struct Odd(Builtin, u64);
        impl ReaderUnderTest for Odd {
            fn name(&self) -> &str {
                "odd"
            }
            fn hello(&self) -> &Hello {
                self.0.hello()
            }
            fn read(&mut self, trace: &[u8], mode: Mode) -> Answer {
                self.1 += 1;
                let mut answer = self.0.read(trace, mode);
                let Some(Ok(mut events)) = answer.events.as_deref().map(decode) else {
                    answer.digest.events += self.1;
                    return answer;
                };
                // Every other time it forgets the thread of an event.
                if self.1.is_multiple_of(2)
                    && let Some(e) = events.iter_mut().find(|e| e.m != -1)
                {
                    e.m += 1;
                }
                let mut encoder = crate::canonical::Encoder::new(true);
                events.iter().for_each(|e| encoder.event(e));
                answer.events = Some(encoder.bytes().to_vec());
                answer
            }
            fn read_in_pieces(&mut self, trace: &[u8], _: &[usize]) -> Option<Answer> {
                Some(self.read(trace, Mode::Digest))
            }
        }
        let exact = Config { clock: Some(tracehound_generator::Clock::Exact), ..Config::default() };
        let trace = Case::from_seed(1, exact).generate().into_trace();
        let bytes = trace.to_bytes();
        let mut r = Odd(Builtin::default(), 0);
        assert!(twice(&mut r, &bytes).is_broken());
        assert!(split(&mut r, &bytes, &[3]).is_broken());
        for (law, outcome) in [
            (Law::Rename, rename(&mut r, &trace, 1)),
            (Law::Shift, shift(&mut r, &trace, 5)),
            (Law::Rebatch, rebatch(&mut r, &trace, 1)),
            (Law::Permute, permute(&mut r, &trace)),
        ] {
            assert!(outcome.is_broken(), "{law}: {outcome:?}");
        }
    }
}
