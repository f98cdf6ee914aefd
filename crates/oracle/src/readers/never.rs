//! The stand-in for a reader that runs, but does not introduce itself: each trace gets that for an answer.

use super::{Hello, ReaderUnderTest, Reports};
use crate::verdict::{Answer, Mode, Verdict};
use tracehound_wire::Version;

/// A reader that is not there.
pub(super) struct NeverStarts {
    name: String,
    hello: Hello,
    report: String,
}

impl NeverStarts {
    /// `report` is what it did instead.
    pub(super) fn new(name: &str, report: String) -> NeverStarts {
        let reads = Version::ALL.iter().map(|v| v.minor()).collect();
        let hello = Hello {
            name: name.into(),
            version: String::new(),
            reads,
            reports: Reports::default(),
            release: None,
            judges: None,
        };
        NeverStarts { name: name.into(), hello, report }
    }
}

impl ReaderUnderTest for NeverStarts {
    fn name(&self) -> &str {
        &self.name
    }

    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn read(&mut self, _trace: &[u8], _mode: Mode) -> Answer {
        Answer::bare(Verdict::DiedOnStart { report: self.report.clone() })
    }
}
