//! Edits of a legal trace, each with what has to come of it.
//!
//! An operator looks for a place where its side condition holds, edits there, and labels
//! the result: it must be rejected (with one of certain rules), it must still be accepted
//! (by a law), or nothing is said. Labels are certain by argument, not by trying; the
//! judge, which this module must not know, decides them again. Operators expect a legal
//! trace, as the generator makes them; on any other they do not panic, but their labels
//! mean nothing.

mod annotations;
mod bytes;
mod container;
#[cfg(test)]
mod coverage;
mod edit;
mod facts;
mod goroutines;
mod neutral;
mod procs;
mod ranges;
mod sequence;
mod status;
mod streams;
mod syscalls;
mod tables;

pub use facts::{At, Fact, Facts, Hold};

use crate::source::Source;
use std::fmt;
use tracehound_wire::{RejectRule, Trace};

/// What an operator edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Numbers of Ps, Gs and the GC.
    Sequence,
    /// Ps: start, stop, theft.
    Procs,
    /// Goroutines: creation, running, blocking, switching.
    Goroutines,
    /// Syscalls and C threads.
    Syscalls,
    /// Status events.
    Status,
    /// The order and the thread of events.
    Streams,
    /// The GC and ranges.
    Ranges,
    /// Tasks, regions, logs, labels.
    Annotations,
    /// Strings, stacks, samples, clocks.
    Tables,
    /// Generations and batches.
    Container,
    /// Bytes.
    Bytes,
    /// Edits that change nothing that matters.
    Neutral,
}

/// The law by which an edited trace is still accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Law {
    /// Other ids for the same things.
    Rename,
    /// Other times.
    Retime,
    /// Other batches for the same streams.
    Rebatch,
    /// Another order of batches.
    Permute,
    /// Other bytes for the same numbers.
    Encoding,
    /// Something more or less that nothing refers to, or something exactly at its limit.
    Extra,
    /// A trace that is stopped earlier.
    Truncate,
    /// The rest of the file is lost without a word (Go's readers; a known divergence for others).
    SilentEnd,
}

impl Law {
    /// Whether an edit by this law can make a reader follow another order: other times, or
    /// the same times rounded in other places, or other ties.
    fn reorders(self) -> bool {
        matches!(self, Law::Retime | Law::Permute | Law::Rebatch | Law::Extra)
    }
}

/// What has to come of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Rejected, with one of these rules; with any rule if there are none.
    MustReject(&'static [RejectRule]),
    /// Accepted.
    MustAccept(Law),
    /// Either.
    Unspecified,
}

/// What an operator made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edited {
    /// A trace.
    Trace(Trace),
    /// Bytes that need not be a trace.
    Bytes(Vec<u8>),
}

impl Edited {
    /// The bytes to feed to a reader.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Edited::Trace(trace) => trace.to_bytes(),
            Edited::Bytes(bytes) => bytes.clone(),
        }
    }
}

/// An edited trace with its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutated {
    /// The result.
    pub edited: Edited,
    /// What was done and where, in one sentence.
    pub what: String,
    /// What has to come of it.
    pub label: Label,
}

/// A kind of edit.
#[derive(Clone, Copy)]
pub struct Operator {
    /// Its stable kebab-case name.
    pub name: &'static str,
    /// What it edits.
    pub family: Family,
    /// The most that it says of a result; a single edit may say less.
    pub label: Label,
    /// Why the label is certain: the rule of the reader or of the runtime behind it.
    pub cite: &'static str,
    /// The edit at one of the places where its side condition holds.
    run: fn(&Facts<'_>, &mut dyn Source) -> Option<Edit>,
}

/// An edit as an operator's own code hands it back.
struct Edit {
    edited: Edited,
    what: String,
    /// A label other than the operator's own.
    label: Option<Label>,
}

impl Operator {
    /// Edits a trace at one of the places where the operator's side condition holds;
    /// `None` if there is none.
    pub fn apply(&self, facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Mutated> {
        let Edit { edited, what, label } = (self.run)(facts, choose)?;
        let label = match label.unwrap_or(self.label) {
            // Where some order of the unedited trace is refused, a reader can follow that order,
            // and so meet other rules on its way to the same end.
            Label::MustReject(_) if !facts.robust() => Label::MustReject(&[]),
            Label::MustAccept(law) if law.reorders() && !facts.any_order_is_found() => Label::Unspecified,
            label => label,
        };
        Some(Mutated { edited, what, label })
    }

    /// The operator with this name.
    pub fn named(name: &str) -> Option<&'static Operator> {
        operators().find(|op| op.name == name)
    }
}

/// Every operator, family by family.
pub fn operators() -> impl Iterator<Item = &'static Operator> {
    [
        sequence::OPERATORS,
        procs::OPERATORS,
        goroutines::OPERATORS,
        syscalls::OPERATORS,
        status::OPERATORS,
        streams::OPERATORS,
        ranges::OPERATORS,
        annotations::OPERATORS,
        tables::OPERATORS,
        container::OPERATORS,
        bytes::OPERATORS,
        neutral::OPERATORS,
    ]
    .into_iter()
    .flatten()
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
