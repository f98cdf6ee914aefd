//! The campaign: cases by the thousand, all readers, all laws, and what was found.

mod agenda;
mod campaign;
mod case;
mod desk;
mod examine;
mod finding;
mod fixed;
mod folder;
mod groups;
mod journal;
mod keeps;
mod merge;
mod neighbour;
mod opening;
mod place;
mod probe;
mod record;
mod small;
mod stats;
mod suspicion;

pub use agenda::Shard;
pub use campaign::{Bound, HuntError, Place, Progress, campaign, hunt};
pub(crate) use case::all_cases;
pub use case::{Edit, HuntCase, Made, MadeEdit, Origin, ReplayError, beginning};
pub use desk::Written;
pub use examine::Examiner;
pub use finding::Finding;
pub use fixed::traces as fixed_traces;
pub use folder::{Page, Presentation, read, write};
pub use groups::Group;
pub use journal::{JournalError, arguments};
pub use neighbour::Neighbour;
pub use record::{Configuration, Judged, NeighbourRecord, Record, Witness};
pub use stats::{Name, Stats};
pub use suspicion::Suspicion;

use crate::laws::Law;
use crate::readers::{Limits, ReaderSpec};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tracehound_generator::Config;
use tracehound_wire::RejectRule;

/// What a campaign consists of, its bound apart.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The readers that are held against the built-in one.
    pub readers: Vec<ReaderSpec>,
    /// What each of them may take for a case.
    pub limits: Limits,
    /// How the built-in reader behaves.
    pub options: tracehound_parser::Options,
    /// What histories may do.
    pub config: Config,
    /// The first history's seed.
    pub seed: u64,
    /// Edits for each history.
    pub edits: usize,
    /// Traces from outside: read as they are, and edited.
    pub seeds: Vec<Seed>,
    /// The part of the campaign that is done here.
    pub shard: Shard,
    /// Threads, each with readers of its own.
    pub threads: usize,
    /// Whether the first finding is enough.
    pub first: bool,
    /// How long each finding may be shrunk, in each of two ways.
    pub shrink_time: Duration,
    /// Divergences that are no findings.
    pub known: Vec<crate::known::Entry>,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            readers: Vec::new(),
            limits: Limits::default(),
            options: tracehound_parser::Options::default(),
            config: Config::default(),
            seed: 0,
            edits: 1,
            seeds: Vec::new(),
            shard: Shard::WHOLE,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            first: false,
            shrink_time: Duration::from_secs(20),
            known: crate::known::entries().unwrap_or_default(),
        }
    }
}

impl Setup {
    /// What findings say of it.
    pub fn configuration(&self) -> Configuration {
        // The middle of a replay string is the configuration.
        let case = tracehound_generator::Case::from_tape(Vec::new(), self.config.clone()).to_string();
        let mut parts: Vec<&str> = case.split(':').skip(1).take(2).collect();
        if self.config.flavour.is_none() {
            parts[0] = "any";
        }
        Configuration {
            seed: self.seed,
            edits: self.edits,
            histories: parts.join(":"),
            emission_fault: self.config.fault.map(|f| f.name().to_owned()),
            deadline: self.limits.deadline.as_secs(),
            memory: self.limits.memory >> 20,
            seeds: self.seeds.iter().map(|s| s.name.clone()).collect(),
        }
    }

    /// What a campaign's cases and their readers depend on, as one line.
    fn fingerprint(&self, bound: Bound) -> String {
        let readers: Vec<String> = self.readers.iter().map(ToString::to_string).collect();
        let seeds = self.seeds.iter().fold(0, |sum, seed| crc32c::crc32c_append(sum, &seed.bytes));
        let Setup { limits, options, config, seed, edits, shard, .. } = self;
        let version = env!("CARGO_PKG_VERSION");
        format!("{version} {readers:?} {limits:?} {options:?} {config:?} {seed} {edits} {seeds:08x} {shard} {bound:?}")
    }
}

/// A trace from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// Its file's name.
    pub name: String,
    /// Its bytes; any bytes will do.
    pub bytes: Arc<[u8]>,
}

/// A law that a reader broke on a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "BreachText", try_from = "BreachText")]
pub struct Breach {
    /// The law.
    pub law: Law,
    /// The reader.
    pub reader: String,
    /// How, for people.
    pub words: String,
    /// How, for grouping: breaches of one law by one reader with one key are one finding.
    pub key: String,
    /// The rule by which the trace was refused, if it was.
    pub rule: Option<RejectRule>,
    /// The case.
    pub case: HuntCase,
}

impl Breach {
    /// What it shares with breaches that are the same finding: how it shows, the reader, and the key.
    pub fn group(&self) -> (&'static str, &str, &str) {
        (merge::shows_in(self.law, &self.key), &self.reader, &self.key)
    }
}

/// A breach as it is written down.
#[derive(Serialize, Deserialize)]
struct BreachText {
    law: Law,
    reader: String,
    words: String,
    key: String,
    rule: Option<String>,
    case: String,
}

impl From<Breach> for BreachText {
    fn from(b: Breach) -> BreachText {
        let Breach { law, reader, words, key, rule, case } = b;
        BreachText { law, reader, words, key, rule: rule.map(|r| r.class().to_owned()), case: case.to_string() }
    }
}

impl TryFrom<BreachText> for Breach {
    type Error = ReplayError;

    fn try_from(b: BreachText) -> Result<Breach, ReplayError> {
        let BreachText { law, reader, words, key, rule, case } = b;
        let rule = rule.and_then(|class| RejectRule::from_class(&class));
        Ok(Breach { law, reader, words, key, rule, case: case.parse()? })
    }
}
