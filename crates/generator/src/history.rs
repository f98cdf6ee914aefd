//! A legal history as a value: the trace that was written, and what happened.
//!
//! The truth is kept beside the trace and not derived from it. It says what any reader has to report for each
//! written event; what it cannot know, because the clock and the order rules leave several
//! legal orders, is marked [`Field::ANY`].

use crate::swarm::Swarm;
use std::fmt;
use tracehound_wire::{EventType, NONE_ID, Trace};

/// A history: what was drawn, what was written, what happened.
#[derive(Clone, Debug)]
pub struct History {
    pub(crate) swarm: Swarm,
    pub(crate) trace: Trace,
    pub(crate) expected: Expected,
    pub(crate) steps: u32,
    pub(crate) fault_hits: u32,
}

impl History {
    /// What was drawn for this case before its first step.
    pub fn swarm(&self) -> &Swarm {
        &self.swarm
    }

    /// The trace, in file order.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The trace, taken out.
    pub fn into_trace(self) -> Trace {
        self.trace
    }

    /// The trace's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.trace.to_bytes()
    }

    /// What happened, and so what a reader has to report.
    pub fn expected(&self) -> &Expected {
        &self.expected
    }

    /// Steps of the model.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// How often the armed emission fault changed what was written. 0 means that the trace
    /// is legal although a fault was armed.
    pub fn fault_hits(&self) -> u32 {
        self.fault_hits
    }
}

/// What happened, in an order in which it can have happened.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Every event that a reader delivers except `Sync`s and CPU samples, generation after
    /// generation. Within a generation the order is the one in which the model wrote them.
    pub events: Vec<ExpectedEvent>,
    /// One entry per generation.
    pub generations: Vec<ExpectedGeneration>,
    /// Contents of strings; event arguments that name strings are indexes into this. 0 is empty.
    pub strings: &'static [&'static [u8]],
    /// Contents of stacks; event arguments that name stacks are indexes into this. 0 is none.
    pub stacks: &'static [Vec<ExpectedFrame>],
    /// Whether the times alone already lead to the order of [`Expected::events`] within each
    /// generation (an exact clock and no event written later than what depended on it). Where
    /// not, only the sequences of each M, P, G and of the GC can be compared.
    pub total_order: bool,
}

/// What a reader has to say about a generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedGeneration {
    /// Its number.
    pub number: u64,
    /// Timestamp units per second.
    pub frequency: u64,
    /// Its clock snapshot (wire 1.25 and later).
    pub clock: Option<ExpectedClock>,
    /// Index in [`Expected::events`] of its first event.
    pub first_event: usize,
    /// Its CPU samples, in no order.
    pub samples: Vec<ExpectedSample>,
    /// Payloads of its experimental batches: experiment number, thread, data, in file order.
    pub experiments: Vec<(u8, u64, Vec<u8>)>,
}

/// One moment on three clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedClock {
    /// Trace time, in timestamp units.
    pub trace: u64,
    /// Monotonic clock, ns.
    pub mono: u64,
    /// Wall clock, seconds since 1970.
    pub sec: u64,
    /// Wall clock, nanoseconds of the second.
    pub nsec: u64,
}

/// A CPU sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedSample {
    /// Timestamp units.
    pub time: u64,
    /// Thread; [`NONE_ID`] is none.
    pub m: u64,
    /// Proc; [`NONE_ID`] is none.
    pub p: u64,
    /// Goroutine; [`NONE_ID`] is none.
    pub g: u64,
    /// Index into [`Expected::stacks`].
    pub stack: u64,
}

/// A stack frame by content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExpectedFrame {
    /// Program counter.
    pub pc: u64,
    /// Function name: index into [`Expected::strings`].
    pub func: u32,
    /// File name: index into [`Expected::strings`].
    pub file: u32,
    /// Line.
    pub line: u64,
}

/// A fact, where there is only one.
///
/// One word, since every event has three: what no reader can know is an id that nothing has.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Field(u64);

impl Field {
    /// None of anything.
    pub const NONE: Field = Field(NONE_ID);

    /// Several values are right, depending on an order that nothing fixes.
    pub const ANY: Field = Field(NONE_ID - 1);

    /// This id; [`NONE_ID`] is "none".
    #[inline]
    pub const fn is(id: u64) -> Field {
        Field(id)
    }

    /// The only right value ([`NONE_ID`] is "none"), if there is only one.
    pub fn id(self) -> Option<u64> {
        (self != Field::ANY).then_some(self.0)
    }

    /// Whether `id` is a right value ([`NONE_ID`] is "none").
    pub fn allows(self, id: u64) -> bool {
        self == Field::ANY || self.0 == id
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Field::ANY => f.write_str("any"),
            Field::NONE => f.write_str("none"),
            Field(id) => id.fmt(f),
        }
    }
}

/// Where an event happened, before its own effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Context {
    /// Thread.
    pub m: Field,
    /// Proc bound to the thread.
    pub p: Field,
    /// Goroutine bound to the thread.
    pub g: Field,
}

/// What has states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// A P.
    Proc(u64),
    /// A goroutine.
    Goroutine(u64),
}

/// States of Ps and goroutines as a reader reports them. Ps use only the first four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Visible {
    /// The trace began before it could be known.
    Undetermined,
    /// It does not exist.
    NotExist,
    /// It runs (a P in a syscall counts as running).
    Running,
    /// An idle P.
    Idle,
    /// A runnable goroutine.
    Runnable,
    /// A blocked goroutine.
    Waiting,
    /// A goroutine in a syscall.
    Syscall,
}

impl Visible {
    /// The state in a word, for tables.
    pub fn name(self) -> &'static str {
        match self {
            Visible::Undetermined => "undetermined",
            Visible::NotExist => "none",
            Visible::Running => "running",
            Visible::Idle => "idle",
            Visible::Runnable => "runnable",
            Visible::Waiting => "waiting",
            Visible::Syscall => "syscall",
        }
    }
}

/// A change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Transition {
    /// Of what.
    pub resource: Resource,
    /// From.
    pub old: Visible,
    /// To.
    pub new: Visible,
}

/// One event that a reader has to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedEvent {
    /// The generation that it belongs to.
    pub generation: u64,
    /// Thread id of the stream that carries it; [`NONE_ID`] for the tracer's own.
    pub stream: u64,
    /// Its type. For what a reader derives from another event (`GoSwitch` becomes three), the
    /// type that it looks like.
    pub ty: EventType,
    /// Whether a reader derives it from the event before it.
    pub derived: bool,
    /// Whether it may be missing or come with another old state, depending on an order that nothing fixes.
    pub racy: bool,
    /// Where it happened.
    pub context: Context,
    /// Its arguments; ids of strings and stacks are indexes into [`Expected`]'s tables.
    pub args: [u64; 4],
    /// The change of state that it reports.
    pub transition: Option<Transition>,
}

impl Expected {
    /// The events of one thread's stream, in order.
    pub fn stream(&self, m: u64) -> impl Iterator<Item = &ExpectedEvent> {
        self.events.iter().filter(move |e| e.stream == m)
    }

    /// The changes of state of one resource, in order.
    pub fn changes_of(&self, resource: Resource) -> impl Iterator<Item = &ExpectedEvent> {
        self.events.iter().filter(move |e| e.transition.is_some_and(|t| t.resource == resource))
    }
}
