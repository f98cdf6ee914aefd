//! What a reader said about a trace, and the comparison of what two readers said.

mod compare;
mod vector;

pub use compare::{Comparison, Difference, EventDifference, NotComparable, compare, compare_events};
pub(crate) use compare::{ends_callback, is_status};
pub use vector::VerdictVector;

use crate::canonical::Digest;
use serde::Serialize;
use std::fmt;
use tracehound_wire::RejectRule;

/// A reader's judgement of a trace, or what became of the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The whole trace was read.
    Accepted,
    /// The trace was refused.
    Rejected(Rejection),
    /// The reader panicked and could say so.
    Panicked {
        /// Its words.
        message: String,
    },
    /// The reader's process ended without an answer.
    Died {
        /// How it ended, and the last lines of its standard error.
        report: String,
    },
    /// The reader's process ended, or said nothing, before it had introduced itself.
    DiedOnStart {
        /// What happened instead, and the last lines of its standard error.
        report: String,
    },
    /// An answer came, but too late.
    Late {
        /// The deadline, seconds.
        seconds: u64,
    },
    /// No answer came in time.
    Hung {
        /// The deadline, seconds.
        seconds: u64,
    },
    /// The reader wanted more memory than it may have.
    OutOfMemory {
        /// The limit, MiB.
        mib: u64,
    },
    /// The reader answered something that is not an answer.
    BrokeProtocol {
        /// What is wrong with it.
        what: String,
    },
}

/// Why and where a trace was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Whether the reader refused to open the trace at all.
    pub opening: bool,
    /// The rule, if the reader names it or its message gives it away.
    pub rule: Option<RejectRule>,
    /// The reader's own words.
    pub message: String,
    /// Byte offset in the trace, if the reader tells it.
    pub place: Option<u64>,
}

impl Verdict {
    /// Whether the trace was accepted.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Verdict::Accepted)
    }

    /// The rule by which the trace was refused, if there is one and it is known.
    pub fn rule(&self) -> Option<RejectRule> {
        match self {
            Verdict::Rejected(r) => r.rule,
            _ => None,
        }
    }

    /// Whether the reader did what a reader has to do: accept or refuse.
    pub fn is_judgement(&self) -> bool {
        matches!(self, Verdict::Accepted | Verdict::Rejected(_))
    }

    /// Whether the reader's process has to be started again after this.
    pub fn is_failure(&self) -> bool {
        !self.is_judgement() && !matches!(self, Verdict::Panicked { .. })
    }

    /// One word (with the rule, if there is one) by which verdicts are counted and grouped.
    pub fn label(&self) -> String {
        match self {
            Verdict::Accepted => "accepted".into(),
            Verdict::Rejected(Rejection { rule: Some(rule), .. }) => format!("rejected:{rule}"),
            Verdict::Rejected(_) => "rejected".into(),
            Verdict::Panicked { .. } => "panicked".into(),
            Verdict::Died { .. } => "died".into(),
            Verdict::DiedOnStart { .. } => "died-on-start".into(),
            Verdict::Late { .. } => "late".into(),
            Verdict::Hung { .. } => "hung".into(),
            Verdict::OutOfMemory { .. } => "out-of-memory".into(),
            Verdict::BrokeProtocol { .. } => "broke-protocol".into(),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Accepted => f.write_str("accepted"),
            Verdict::Rejected(r) => r.fmt(f),
            Verdict::Panicked { message } => write!(f, "panicked: {}", first_line(message)),
            Verdict::Died { report } => write!(f, "died: {}", first_line(report)),
            Verdict::DiedOnStart { report } => {
                let lines: Vec<&str> = report.lines().map(str::trim).filter(|l| !l.is_empty()).take(2).collect();
                write!(f, "died on start: {}", lines.join("; "))
            }
            Verdict::Late { seconds } => write!(f, "answered, but later than after {seconds} s"),
            Verdict::Hung { seconds } => write!(f, "gave no answer within {seconds} s"),
            Verdict::OutOfMemory { mib } => write!(f, "wanted more than {mib} MiB of memory"),
            Verdict::BrokeProtocol { what } => write!(f, "answered against the protocol: {what}"),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.opening { "rejected at opening" } else { "rejected" })?;
        if let Some(rule) = self.rule {
            write!(f, " ({rule})")?;
        }
        if let Some(place) = self.place {
            write!(f, " at byte {place}")?;
        }
        write!(f, ": {}", first_line(&self.message))
    }
}

fn first_line(s: &str) -> &str {
    s.lines().find(|l| !l.trim().is_empty()).unwrap_or("(no words)")
}

/// A reader's answer to one trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its judgement.
    pub verdict: Verdict,
    /// Digest of the events that it delivered, those before a refusal included.
    pub digest: Digest,
    /// Events on which an accessor panicked after they had been delivered.
    pub accessor_panics: u64,
    /// The events in canonical form, if they were asked for.
    pub events: Option<Vec<u8>>,
    /// The events in the reader's own words, if they were asked for.
    pub text: Option<Vec<u8>>,
}

impl Answer {
    /// An answer without any events.
    pub fn bare(verdict: Verdict) -> Answer {
        Answer { verdict, digest: Digest::default(), accessor_panics: 0, events: None, text: None }
    }
}

/// How much an answer has to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[repr(u8)]
pub enum Mode {
    /// Verdict and digest.
    Digest = 0,
    /// Verdict, digest and the events in canonical form.
    Events = 1,
    /// Verdict, digest and the events as the reader's own text.
    Text = 2,
}
