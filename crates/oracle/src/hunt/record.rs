//! What is known of a finding, as `finding.json` keeps it. All other files of its folder follow from
//! this and from the trace.

use super::suspicion::Suspicion;
use crate::laws::Law;
use serde::{Deserialize, Serialize};

/// A finding in words and numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The law that is broken.
    pub law: Law,
    /// The reader that breaks it.
    pub reader: String,
    /// How, for grouping.
    pub key: String,
    /// The class of the rule by which the trace was refused, if it was.
    pub rule: Option<String>,
    /// How often it was seen.
    pub count: u64,
    /// Timed events of the smallest trace.
    pub events: usize,
    /// Bytes of the smallest trace.
    pub bytes: usize,
    /// Each reader and its verdict on the smallest trace, as one word.
    pub verdicts: Vec<(String, String)>,
    /// The readers, with their versions and what they say to the smallest trace.
    pub readers: Vec<Witness>,
    /// How the law is broken, for people.
    pub words: String,
    /// The operator and what it did, if the trace is an edited one.
    pub edit: Option<String>,
    /// What the judge says to the smallest trace.
    pub judge: Judged,
    /// Who is likely wrong.
    pub suspicion: Suspicion,
    /// Where it goes wrong: the rule, or the event and what came before it.
    pub place: Option<String>,
    /// The nearest trace on which all agree, if one was found.
    pub neighbour: Option<NeighbourRecord>,
    /// The smallest case, as a string.
    pub replay: String,
    /// The command that runs it again.
    pub command: String,
    /// The case in which it was found first, as a string; it may be long.
    pub found_in: String,
    /// The smallest case's choices, if it is a history's.
    pub tape: Option<Vec<u32>>,
    /// How the campaign was set up.
    pub configuration: Configuration,
    /// Version of this program.
    pub tracehound: String,
    /// Whether shrinking came to its end.
    pub shrunk: bool,
}

/// One reader and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// The name it has on the command line.
    pub name: String,
    /// What it calls itself.
    pub program: String,
    /// Its version, in its own words.
    pub version: String,
    /// Its verdict, as one word.
    pub verdict: String,
    /// Its verdict, for people.
    pub words: String,
    /// Events that it delivered.
    pub events: u64,
}

impl Witness {
    /// What it calls itself, with its version if it tells one.
    pub fn version(&self) -> String {
        format!("{} {}", self.program, self.version).trim_end().to_owned()
    }
}

/// What the judge says to a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judged {
    /// Some order of the events is legal.
    Legal,
    /// None is, for these rules.
    Illegal(Vec<String>),
    /// It was not decided.
    Undecided,
}

/// The nearest trace on which all agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeighbourRecord {
    /// How it comes out of the smallest trace.
    pub edit: String,
    /// What all readers say to it.
    pub verdict: String,
    /// The lines of both traces' texts: each begins with `-` if only the finding has it, with `+` if only the
    /// neighbour has it, or with a blank.
    pub difference: Vec<String>,
}

/// How a campaign was set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// Seed of the first history.
    pub seed: u64,
    /// Edits of each history.
    pub edits: usize,
    /// What histories may do, as in a replay string.
    pub histories: String,
    /// The fault of the runtime's emission, if one is armed.
    pub emission_fault: Option<String>,
    /// Seconds that a reader may take.
    pub deadline: u64,
    /// MiB that a reader may have.
    pub memory: u64,
    /// Files that traces were taken from.
    pub seeds: Vec<String>,
}
