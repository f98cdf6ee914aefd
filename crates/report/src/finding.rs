//! What a finding adds to a trace: who said what, which law is broken, and how to see it again.

use crate::Focus;
use serde::{Deserialize, Serialize};

/// A finding's story. Every string is shown as text, whatever is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FindingInfo {
    /// Its name, such as that of its folder.
    pub id: String,
    /// The law that is broken, such as `accept` or `agree`.
    pub law: String,
    /// What is wrong, in one sentence.
    pub summary: String,
    /// The rule that the trace breaks or is said to break; empty if there is none.
    pub rule: String,
    /// What each reader said.
    pub verdicts: Vec<ReaderVerdict>,
    /// Where it goes wrong and what came before, in a few sentences; empty if that is not known.
    pub place: String,
    /// Why the suspected reader is likely wrong; empty if nobody is suspected.
    pub suspicion: String,
    /// The command that shows it again.
    pub replay: String,
    /// What was edited in a legal trace to get here.
    pub edits: Vec<Edit>,
    /// The first event on which the readers part, one entry a reader: its name and its words.
    pub parting: Vec<(String, String)>,
    /// The nearest trace on which all readers agree, as a difference of text lines: each
    /// begins with `+`, `-` or a blank.
    pub neighbour: Vec<String>,
    /// Further facts: name and value.
    pub facts: Vec<(String, String)>,
}

impl FindingInfo {
    /// The first event that some reader did not deliver: what a report on a trace that the
    /// built-in reader accepts should show the surroundings of.
    pub fn focus(&self) -> Option<Focus> {
        self.verdicts.iter().filter(|v| v.outcome.gave_up()).map(|v| v.events).min().map(Focus::Index)
    }
}

/// What one reader said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReaderVerdict {
    /// The reader.
    pub reader: String,
    /// Its version.
    pub version: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The rule's class, if known.
    pub class: String,
    /// The reader's own words.
    pub message: String,
    /// Events that it delivered.
    pub events: u64,
    /// Whether it is likely the one that is wrong.
    pub suspect: bool,
}

/// How a reader ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It read the trace to the end.
    #[default]
    Accepted,
    /// It refused it.
    Refused,
    /// It panicked or crashed.
    Crashed,
    /// It did not answer in time.
    Hung,
    /// It ate more memory than it may.
    OutOfMemory,
    /// It was not asked, or said nothing that can be compared.
    Skipped,
}

impl Outcome {
    /// Whether it stopped before the end of the trace.
    pub fn gave_up(self) -> bool {
        !matches!(self, Outcome::Accepted | Outcome::Skipped)
    }

    /// The word that the page shows.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Refused => "refused",
            Outcome::Crashed => "crashed",
            Outcome::Hung => "no answer",
            Outcome::OutOfMemory => "out of memory",
            Outcome::Skipped => "not compared",
        }
    }
}

/// One edit of a legal trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Edit {
    /// The operator's name.
    pub operator: String,
    /// Byte offset in the edited trace: of the event that was changed or put in, or of the
    /// one that now stands where another was taken out.
    pub offset: Option<u64>,
    /// What stood there before; empty if the event was put in.
    pub before: String,
    /// What stands there now; empty if the event was taken out.
    pub after: String,
}
