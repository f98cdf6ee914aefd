//! The canonical form of the events that a reader delivered (`docs/protocol.md`): the one
//! shape in which all readers are compared, whatever their own types look like.
//!
//! Readers send the form as bytes with a CRC-32C over them. Equal digests mean equal
//! events; only when digests part are events decoded and looked at one by one. This
//! module knows nothing of how any reader works.

mod decode;
mod encode;
mod print;
mod windows;

pub use decode::{CanonError, decode};
pub use encode::{Digest, Encoder};
pub(crate) use windows::SyscallWindows;

use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// Bytes that are mostly text: Go strings, which need not be UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(pub Vec<u8>);

impl Text {
    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Text {
    fn from(s: &str) -> Text {
        Text(s.as_bytes().to_vec())
    }
}

impl From<&[u8]> for Text {
    fn from(s: &[u8]) -> Text {
        Text(s.to_vec())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => s.serialize_str(text),
            Err(_) => s.collect_str(self),
        }
    }
}

/// A frame of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct CanonFrame {
    /// Program counter.
    pub pc: u64,
    /// Function name.
    pub func: Text,
    /// File name.
    pub file: Text,
    /// Line number.
    pub line: u64,
}

/// A stack, innermost frame first; shared by the events that carry it.
pub type CanonStack = Arc<[CanonFrame]>;

/// What a state, range or label belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resource {
    /// Nothing, that is the whole program.
    None,
    /// A goroutine.
    Goroutine(i64),
    /// A P.
    Proc(i64),
    /// A thread.
    Thread(i64),
}

/// The state of a goroutine or a P.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[repr(u8)]
pub enum State {
    /// Not known (the first generation only).
    Undetermined,
    /// It does not exist yet, or any more.
    NotExist,
    /// A goroutine that waits for a P.
    Runnable,
    /// On a thread, executing.
    Running,
    /// A goroutine that is blocked.
    Waiting,
    /// A goroutine in a syscall.
    Syscall,
    /// A P without a thread.
    Idle,
}

impl State {
    /// All states, by their number in the protocol.
    pub const ALL: [State; 7] = [
        State::Undetermined,
        State::NotExist,
        State::Runnable,
        State::Running,
        State::Waiting,
        State::Syscall,
        State::Idle,
    ];
}

/// One moment on three clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Snapshot {
    /// Trace time, ns.
    pub trace: i64,
    /// Monotonic clock, ns.
    pub mono: u64,
    /// Wall clock, seconds since 1970.
    pub wall_sec: i64,
    /// Wall clock, nanoseconds of the second.
    pub wall_nsec: u64,
}

/// Batches of one experiment's own data, as a Sync event carries them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ExperimentData {
    /// The experiment's name.
    pub name: Text,
    /// Thread and payload of each batch, in file order.
    pub batches: Vec<(i64, Text)>,
}

/// Which end of a range, task or region an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Edge {
    /// It begins here.
    Begin,
    /// It was already under way (ranges only).
    Active,
    /// It ends here.
    End,
}

/// What an event says, by kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Details {
    /// The begin of a generation, or the end of the trace.
    Sync {
        /// Its number, 0 if the reader does not number them.
        n: u64,
        /// The generation's clocks.
        snapshot: Option<Snapshot>,
        /// Experiments' own data, by name.
        experiments: Vec<ExperimentData>,
    },
    /// A value that changed.
    Metric {
        /// Name as in `runtime/metrics`.
        name: Text,
        /// The new value.
        value: u64,
    },
    /// A label put on a resource.
    Label {
        /// The label.
        label: Text,
        /// What it is put on.
        resource: Resource,
    },
    /// A CPU profile sample.
    StackSample,
    /// An end of a range.
    Range {
        /// Which end.
        edge: Edge,
        /// The range's name.
        name: Text,
        /// What it belongs to.
        scope: Resource,
        /// Values that come with its end.
        attributes: Vec<(Text, u64)>,
    },
    /// An end of a user task.
    Task {
        /// Which end.
        edge: Edge,
        /// Its id.
        id: u64,
        /// Its parent's id.
        parent: u64,
        /// Its type.
        name: Text,
    },
    /// An end of a user region.
    Region {
        /// Which end.
        edge: Edge,
        /// The task it belongs to.
        task: u64,
        /// Its type.
        name: Text,
    },
    /// A user's log message.
    Log {
        /// The task it belongs to.
        task: u64,
        /// Its category.
        category: Text,
        /// The message.
        message: Text,
    },
    /// A goroutine or P changed its state, or its state is told.
    StateTransition {
        /// Whose state.
        resource: Resource,
        /// The state before.
        old: State,
        /// The state after.
        new: State,
        /// Why, in the runtime's words; may be empty.
        reason: Text,
        /// The stack of the goroutine that changed, if it is told.
        #[serde(rename = "transition_stack")]
        stack: Option<CanonStack>,
    },
    /// An event of an experiment.
    Experimental {
        /// Its name.
        name: Text,
        /// The experiment's name.
        experiment: Text,
        /// Arguments by name.
        args: Vec<(Text, u64)>,
    },
    /// The reader delivered an event and then panicked when asked what it says.
    AccessorPanic {
        /// Name of the event's kind.
        name: Text,
        /// The panic's message; never compared.
        message: Text,
    },
}

/// An event in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct CanonEvent {
    /// Time, ns; 0 from a reader that does not report times.
    pub time: i64,
    /// Thread of the context, -1 for none.
    pub m: i64,
    /// Proc of the context, -1 for none.
    pub p: i64,
    /// Goroutine of the context, -1 for none.
    pub g: i64,
    /// The event's own stack.
    pub stack: Option<CanonStack>,
    /// What it says.
    #[serde(flatten)]
    pub details: Details,
}

impl CanonEvent {
    /// The event's number in the protocol.
    pub fn kind(&self) -> u8 {
        match &self.details {
            Details::Sync { .. } => 1,
            Details::Metric { .. } => 2,
            Details::Label { .. } => 3,
            Details::StackSample => 4,
            Details::Range { edge, .. } => match edge {
                Edge::Begin => 5,
                Edge::Active => 6,
                Edge::End => 7,
            },
            Details::Task { edge, .. } => 8 + u8::from(*edge == Edge::End),
            Details::Region { edge, .. } => 10 + u8::from(*edge == Edge::End),
            Details::Log { .. } => 12,
            Details::StateTransition { .. } => 13,
            Details::Experimental { .. } => 14,
            Details::AccessorPanic { .. } => PANIC_KIND,
        }
    }

    /// The name of the event's kind; of an accessor panic, the name that the reader gave.
    pub fn kind_name(&self) -> String {
        match &self.details {
            Details::AccessorPanic { name, .. } => name.to_string(),
            _ => kind_name(self.kind()).to_owned(),
        }
    }

    /// Whether this is a Sync event.
    pub fn is_sync(&self) -> bool {
        matches!(self.details, Details::Sync { .. })
    }
}

/// The kind number of an accessor panic.
pub const PANIC_KIND: u8 = 255;

/// The name of a kind in Go's own words, "?" if there is none with this number.
pub fn kind_name(kind: u8) -> &'static str {
    const NAMES: [&str; 15] = [
        "Bad",
        "Sync",
        "Metric",
        "Label",
        "StackSample",
        "RangeBegin",
        "RangeActive",
        "RangeEnd",
        "TaskBegin",
        "TaskEnd",
        "RegionBegin",
        "RegionEnd",
        "Log",
        "StateTransition",
        "Experimental",
    ];
    NAMES.get(usize::from(kind)).copied().unwrap_or("?")
}

/// A few events with everything that the form can say, for tests here and elsewhere.
#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    /// One event of every kind; two share a stack.
    pub(crate) fn one_of_each() -> Vec<CanonEvent> {
        let frame = |pc, f: &str| CanonFrame { pc, func: f.into(), file: "a.go".into(), line: pc + 1 };
        let stack: CanonStack = vec![frame(16, "main.f"), frame(32, "main.main")].into();
        let empty: CanonStack = Vec::new().into();
        let event = |time, details| CanonEvent { time, m: 7, p: 0, g: -1, stack: None, details };
        let mut all = vec![
            event(
                5,
                Details::Sync {
                    n: 1,
                    snapshot: Some(Snapshot { trace: -3, mono: 9, wall_sec: -1, wall_nsec: 5 }),
                    experiments: vec![ExperimentData {
                        name: "AllocFree".into(),
                        batches: vec![(3, Text(vec![0, 255])), (-1, Text::default())],
                    }],
                },
            ),
            event(6, Details::Metric { name: "/sched/gomaxprocs:threads".into(), value: u64::MAX }),
            event(7, Details::Label { label: "x".into(), resource: Resource::Thread(i64::MIN) }),
            event(8, Details::StackSample),
        ];
        for edge in [Edge::Begin, Edge::Active, Edge::End] {
            let attributes = if edge == Edge::End { vec![("bytes swept".into(), 5)] } else { Vec::new() };
            let name = "GC incremental sweep".into();
            all.push(event(9, Details::Range { edge, name, scope: Resource::Proc(2), attributes }));
        }
        for edge in [Edge::Begin, Edge::End] {
            all.push(event(10, Details::Task { edge, id: 1, parent: u64::MAX, name: "t".into() }));
            all.push(event(11, Details::Region { edge, task: 1, name: "r".into() }));
        }
        all.push(event(12, Details::Log { task: 1, category: "c".into(), message: Text(vec![0xff]) }));
        all.push(event(
            13,
            Details::StateTransition {
                resource: Resource::Goroutine(4),
                old: State::Running,
                new: State::Waiting,
                reason: "chan receive".into(),
                stack: Some(stack.clone()),
            },
        ));
        all.push(event(
            14,
            Details::Experimental { name: "Span".into(), experiment: "AllocFree".into(), args: vec![("id".into(), 2)] },
        ));
        all.push(event(15, Details::AccessorPanic { name: "Sync".into(), message: "boom".into() }));
        all[3].stack = Some(stack);
        all[4].stack = Some(empty);
        all
    }
}
