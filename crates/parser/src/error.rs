//! Why a trace was refused: a stable class, a place, and words for people.

use std::fmt;
use std::io;
use tracehound_wire::{EventType, Mishap, RejectRule};

/// What went wrong.
#[derive(Debug)]
pub enum Cause {
    /// The trace breaks this rule.
    Rule(RejectRule),
    /// The bytes could not be read.
    Io(io::Error),
}

/// Where in the trace it went wrong. Absent parts are not known or do not apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Byte offset in the file: of the offending byte, event or batch.
    pub offset: Option<u64>,
    /// Generation number as written in the trace.
    pub generation: Option<u64>,
    /// Thread (M) whose stream it is.
    pub thread: Option<i64>,
    /// Number of events that were delivered before.
    pub events: u64,
    /// Type of the offending event.
    pub event_type: Option<EventType>,
}

#[derive(Debug)]
struct Inner {
    cause: Cause,
    place: Place,
    message: String,
    mishap: Option<Mishap>,
    explain: Option<Box<crate::Explain>>,
}

/// The first error of a trace, which is also the last: the reader stops there.
#[derive(Debug)]
pub struct Error(Box<Inner>);

impl Error {
    #[cold]
    pub(crate) fn new(cause: Cause, place: Place, message: String) -> Error {
        Error(Box::new(Inner { cause, place, message, mishap: None, explain: None }))
    }

    #[cold]
    pub(crate) fn rule_at(rule: RejectRule, place: Place, message: String) -> Error {
        Error::new(Cause::Rule(rule), place, message)
    }

    pub(crate) fn with_mishap(mut self, mishap: Mishap) -> Error {
        self.0.mishap = Some(mishap);
        self
    }

    pub(crate) fn after(mut self, events: u64) -> Error {
        self.0.place.events = events;
        self
    }

    pub(crate) fn with_explain(mut self, explain: crate::Explain) -> Error {
        self.0.explain = Some(Box::new(explain));
        self
    }

    /// What went wrong.
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// The rule that the trace breaks; `None` if the bytes could not be read.
    pub fn rule(&self) -> Option<RejectRule> {
        match self.0.cause {
            Cause::Rule(rule) => Some(rule),
            Cause::Io(_) => None,
        }
    }

    /// The stable class: the rule's, or `io`.
    pub fn class(&self) -> &'static str {
        self.rule().map_or("io", RejectRule::class)
    }

    /// Where it went wrong.
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// The sentence alone, without class and place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// For a trace that is stuck: what every waiting thread waits for.
    pub fn explain(&self) -> Option<&crate::Explain> {
        self.0.explain.as_deref()
    }

    /// For a file that could not be opened: what it seems to be instead.
    pub fn mishap(&self) -> Option<&Mishap> {
        self.0.mishap.as_ref()
    }

    /// What to do next.
    pub fn help(&self) -> &'static str {
        help(self.rule())
    }
}

fn help(rule: Option<RejectRule>) -> &'static str {
    use RejectRule::*;
    use tracehound_wire::rule::RuleGroup;
    let Some(rule) = rule else { return "check that the file can be read to its end, and try again" };
    if rule.is_strict() {
        return "Go's reader accepts this, though no runtime writes it: look for who edited or cut the trace, or for a bug \
                in the runtime; without --strict it is read";
    }
    match rule {
        BatchBodyTruncated | GenIncomplete | FreqMissing | BatchHeaderVarint => {
            "the trace looks cut short: record it again and make sure that trace.Stop ran and the file was closed"
        }
        BatchExpected => {
            "something other than trace data stands in the file at this offset: check that nothing else writes to the same output"
        }
        Stuck => "an event that others wait for is missing or out of order: --verbose lists every waiting thread",
        _ => match rule.group() {
            RuleGroup::Header => "check that this is the file that runtime/trace wrote, unpacked and complete",
            RuleGroup::Container | RuleGroup::Tables | RuleGroup::Events => {
                "the bytes are damaged or were edited: compare with the original file at this offset"
            }
            _ => {
                "the trace tells a history that no scheduler can have had: either the runtime that wrote it has a bug, or it was edited"
            }
        },
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class(), self.0.message)?;
        let Place { offset, generation, thread, events, event_type } = self.0.place;
        f.write_str(" (")?;
        if let Some(ty) = event_type {
            write!(f, "{ty}, ")?;
        }
        if let Some(offset) = offset {
            write!(f, "at byte {offset}, ")?;
        }
        if let Some(generation) = generation {
            write!(f, "generation {generation}, ")?;
        }
        if let Some(thread) = thread {
            write!(f, "M {thread}, ")?;
        }
        write!(f, "after {events} events)")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.cause {
            Cause::Rule(_) => None,
            Cause::Io(e) => Some(e),
        }
    }
}
