//! Readers under test: our own in process, Go's readers, and any program that speaks the
//! protocol of `docs/protocol.md`. The oracles see only the trait.

mod answer;
mod builtin;
mod command;
pub mod go;
mod hello;
mod link;
mod never;
mod patient;
mod serve;
mod spec;
mod trial;

pub use answer::{Classify, parse as parse_answer};
pub use builtin::Builtin;
pub use command::{CommandReader, Limits};
pub use hello::{Hello, PROTOCOL, Reports};
pub use patient::Patient;
pub use serve::serve;
pub use spec::{ReaderError, ReaderSpec};
pub use trial::{Tried, trial};

use never::NeverStarts;

use crate::verdict::{Answer, Mode};
use std::sync::Arc;

/// A reader under test.
pub trait ReaderUnderTest: Send {
    /// The name under which it stands in tables and findings.
    fn name(&self) -> &str;

    /// What it said of itself.
    fn hello(&self) -> &Hello;

    /// Lets it read one trace. Whatever the reader does, there is an answer: a reader that
    /// dies, hangs or grows too large is started again for the next trace.
    fn read(&mut self, trace: &[u8], mode: Mode) -> Answer;

    /// Lets it read several traces, one answer each. Readers in other processes have
    /// several of them under way at once. A trace on which one hung may be the last that is answered, as
    /// whether the rest is worth as much time is for the caller to say.
    fn read_all(&mut self, traces: &[Arc<[u8]>], mode: Mode) -> Vec<Answer> {
        traces.iter().map(|t| self.read(t, mode)).collect()
    }

    /// Lets it read one trace that comes in pieces of these lengths, again and again; `None`
    /// from a reader that is given traces whole. The answer has no events.
    fn read_in_pieces(&mut self, _trace: &[u8], _sizes: &[usize]) -> Option<Answer> {
        None
    }

    /// How often it had to be started again.
    fn restarts(&self) -> u64 {
        0
    }
}
