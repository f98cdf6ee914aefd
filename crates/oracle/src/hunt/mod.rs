//! The campaign: cases by the thousand, all readers, all laws, and what was found.

mod campaign;
mod case;
mod examine;
mod finding;
mod probe;
mod stats;

pub use campaign::{Bound, Progress, hunt};
pub use case::{Edit, HuntCase, Made, MadeEdit, ReplayError};
pub use examine::Examiner;
pub use finding::{Finding, write};
pub use stats::Stats;

use crate::laws::Law;
use crate::readers::{Limits, ReaderSpec};
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
    /// Threads, each with readers of its own.
    pub threads: usize,
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
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            known: crate::known::entries().unwrap_or_default(),
        }
    }
}

/// A law that a reader broke on a case.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// What it shares with breaches that are the same finding.
    pub fn group(&self) -> (Law, &str, &str) {
        (self.law, &self.reader, &self.key)
    }
}
