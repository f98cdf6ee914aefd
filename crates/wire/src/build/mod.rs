//! Traces made by hand, for tests and reproducers: generations, batches, and events by
//! name with typed arguments, in the manner of Go's `internal/trace/internal/testgen`.
//!
//! It keeps the tedious part right (sizes, string and stack tables, sync data, end markers)
//! and knows nothing of legality: it writes any event in any order into any version. What it
//! does check is the program that calls it: an argument of the wrong kind panics at once, because a
//! test about goroutine 5 that was meant for thread 5 would otherwise pass for the wrong reason.
//!
//! A thread whose goroutine enters a syscall steals its own P:
//! ```
//! use tracehound_wire::Version;
//! use tracehound_wire::build::{G, GoStatus, M, NO_STACK, P, ProcStatus, Seq, TraceBuilder};
//!
//! let mut t = TraceBuilder::new(Version::Go122);
//! t.timestamps(false);
//! t.generation(1).batch(M(0), 0)
//!     .event("ProcStatus", (P(0), ProcStatus::Running))
//!     .event("GoStatus", (G(1), M(0), GoStatus::Running))
//!     .event("GoSyscallBegin", (Seq(1), NO_STACK))
//!     .event("ProcSteal", (P(0), Seq(2), M(0)))
//!     .event("ProcStart", (P(0), Seq(3)))
//!     .event("GoSyscallEndBlocked", ());
//! let trace = t.build();
//! # assert_eq!(trace.batches().count(), 4);
//! ```

mod arg;
mod generation;

pub use arg::{
    Arg, Args, EventName, G, GoStatus, M, NO_STACK, P, ProcStatus, Seq, StackFrame, StackId, StringId, Task,
};
pub use generation::{Batch, ClockSync, Generation};

use crate::testfile::{Expect, TestFile};
use crate::trace::{Item, Trace};
use crate::version::Version;
use generation::GenerationState;

/// Builds a [`Trace`] or a [`TestFile`].
#[derive(Clone, Debug)]
pub struct TraceBuilder {
    version: Version,
    parts: Vec<Part>,
    clock: Clock,
    expect: Expect,
}

#[derive(Clone, Debug)]
enum Part {
    Generation(Box<GenerationState>),
    Item(Item),
}

/// Times of what is built from now on.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// Off: everything happens at 0.
    on: bool,
    /// The latest time that has been given out, in timestamp units.
    last: u64,
}

impl Clock {
    /// `time`, or 0 if timestamps are off.
    fn batch_time(&mut self, time: u64) -> u64 {
        if self.on {
            self.last = time;
        }
        if self.on { time } else { 0 }
    }

    /// `dt`, or 0 if timestamps are off.
    fn delta(&mut self, dt: u64) -> u64 {
        if self.on {
            self.last = self.last.wrapping_add(dt);
        }
        if self.on { dt } else { 0 }
    }
}

impl TraceBuilder {
    /// An empty trace of this version, with timestamps on.
    pub fn new(version: Version) -> TraceBuilder {
        TraceBuilder { version, parts: Vec::new(), clock: Clock { on: true, last: 0 }, expect: Expect::Success }
    }

    /// The wire version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Switches timestamps off or on for batches and events added from now on. When they are
    /// off all times and deltas are 0, so that only what the events say can order them.
    pub fn timestamps(&mut self, on: bool) -> &mut TraceBuilder {
        self.clock.on = on;
        self
    }

    /// Expects readers to refuse the trace with an error that this regular expression (RE2) matches.
    pub fn expect_failure(&mut self, pattern: &str) -> &mut TraceBuilder {
        self.expect = Expect::Failure(pattern.to_owned());
        self
    }

    /// Adds a generation. Numbers may repeat, have gaps, or be 0.
    pub fn generation(&mut self, number: u64) -> Generation<'_> {
        let nth = self.parts.iter().filter(|p| matches!(p, Part::Generation(_))).count() as u64;
        self.parts.push(Part::Generation(Box::new(GenerationState::new(number, nth))));
        let TraceBuilder { parts, clock, .. } = self;
        match parts.last_mut() {
            Some(Part::Generation(state)) => Generation::new(state, clock),
            _ => unreachable!("a generation has just been added"),
        }
    }

    /// Adds an item as it is, after the generations so far.
    pub fn item(&mut self, item: Item) -> &mut TraceBuilder {
        self.parts.push(Part::Item(item));
        self
    }

    /// The trace.
    pub fn build(&self) -> Trace {
        let mut trace = Trace::new(self.version);
        for part in &self.parts {
            match part {
                Part::Generation(state) => state.build_into(self.version, &mut trace.items),
                Part::Item(item) => trace.items.push(item.clone()),
            }
        }
        trace
    }

    /// The trace's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.build().to_bytes()
    }

    /// The trace with its expectation.
    ///
    /// # Panics
    /// Never: the trace has a readable header.
    pub fn test_file(&self) -> TestFile {
        TestFile::from_binary(&self.to_bytes(), self.expect.clone()).expect("the builder writes canonical headers")
    }
}
