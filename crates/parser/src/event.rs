//! An event as it is delivered: who, when, what, with typed access to its details.
//!
//! An [`Event`] borrows from the reader and is valid until the next one is asked for.
//! Where an accessor of Go's reader panics, ours gives what there is, and
//! [`Event::accessor_panic`] says that Go's would have panicked.

use crate::details::{Details, Stack};
use crate::fault::{FaultSet, fault};
use crate::ids::{GoId, ProcId, ThreadId};
use crate::release::Switches;
use crate::tables::Tables;
use tracehound_wire::EventType;

/// The kinds of events, as Go's reader has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Boundary of a generation, with its clocks and experimental data.
    Sync,
    /// A runtime metric changed.
    Metric,
    /// A goroutine got a label.
    Label,
    /// A CPU profile sample.
    StackSample,
    /// A range begins.
    RangeBegin,
    /// A range was open when tracing or the generation began.
    RangeActive,
    /// A range ends.
    RangeEnd,
    /// A user task begins.
    TaskBegin,
    /// A user task ends.
    TaskEnd,
    /// A user region begins.
    RegionBegin,
    /// A user region ends.
    RegionEnd,
    /// A user log message.
    Log,
    /// A goroutine or P changes its state.
    StateTransition,
    /// An experiment's event.
    Experimental,
}

impl Kind {
    /// The name that Go prints.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Sync => "Sync",
            Kind::Metric => "Metric",
            Kind::Label => "Label",
            Kind::StackSample => "StackSample",
            Kind::RangeBegin => "RangeBegin",
            Kind::RangeActive => "RangeActive",
            Kind::RangeEnd => "RangeEnd",
            Kind::TaskBegin => "TaskBegin",
            Kind::TaskEnd => "TaskEnd",
            Kind::RegionBegin => "RegionBegin",
            Kind::RegionEnd => "RegionEnd",
            Kind::Log => "Log",
            Kind::StateTransition => "StateTransition",
            Kind::Experimental => "Experimental",
        }
    }

    /// The kind of a wire event's public form.
    pub(crate) const fn of(ty: EventType) -> Kind {
        use EventType::*;
        match ty {
            ProcsChange | HeapAlloc | HeapGoal => Kind::Metric,
            GoLabel => Kind::Label,
            CPUSample => Kind::StackSample,
            STWBegin | GCBegin | GCSweepBegin | GCMarkAssistBegin => Kind::RangeBegin,
            GCActive | GCSweepActive | GCMarkAssistActive => Kind::RangeActive,
            STWEnd | GCEnd | GCSweepEnd | GCMarkAssistEnd => Kind::RangeEnd,
            UserTaskBegin => Kind::TaskBegin,
            UserTaskEnd => Kind::TaskEnd,
            UserRegionBegin => Kind::RegionBegin,
            UserRegionEnd => Kind::RegionEnd,
            UserLog => Kind::Log,
            Span | SpanAlloc | SpanFree | HeapObject | HeapObjectAlloc | HeapObjectFree | GoroutineStack
            | GoroutineStackAlloc | GoroutineStackFree => Kind::Experimental,
            EventBatch | Stacks | Stack | Strings | String | CPUSamples | Frequency | ExperimentalBatch | Sync
            | ClockSnapshot | EndOfGeneration => Kind::Sync,
            _ => Kind::StateTransition,
        }
    }
}

/// The kinds by type byte: a look-up, where a match would be a jump to one of many places.
static KINDS: [Kind; 256] = {
    let mut table = [Kind::Sync; 256];
    let mut i = 0;
    while i < EventType::ALL.len() {
        table[EventType::ALL[i].byte() as usize] = Kind::of(EventType::ALL[i]);
        i += 1;
    }
    table
};

/// An accessor of Go's reader that panics on this event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessorPanic {
    /// `Sync()`: an experimental batch names an experiment that Go does not know.
    UnknownExperiment(u8),
    /// `StateTransition()`: a status code beyond Go's table of states.
    StatusOutOfTable(u64),
    /// `Stack().Frames()`: a CPU sample names a stack that does not exist.
    DanglingStack(u64),
    /// `Range()`: the kind of a stop-the-world was a string of an earlier generation.
    DanglingString(u64),
}

/// An event between the ordering and the caller: plain values only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Emitted {
    pub time: i64,
    pub m: i64,
    pub p: i64,
    pub g: i64,
    /// The arguments as on the wire; for a Sync its number.
    pub args: [u64; 4],
    /// What the ordering remembered: a task's parent, a stop-the-world's kind.
    pub aux: u64,
    /// File offset of the event's type byte.
    pub offset: u64,
    /// The wire event; [`EventType::Sync`] for Syncs, which no event of a thread can be.
    pub ty: EventType,
    /// State before, for status events and steals: a state's or a status's number.
    pub old: u8,
    /// Status of a status event after the ordering's rewriting.
    pub new: u8,
    /// Made by the reader from another event, not on the wire itself.
    pub synthetic: bool,
    /// Whether the tables of a generation belong to it: false for Syncs without one.
    pub has_tables: bool,
    /// A status code that the ordering replaced, so that the wire's value does not count.
    pub rewritten: bool,
    /// Whether it names a string or stack that is missing.
    pub dangling: bool,
}

impl Emitted {
    pub(crate) const EMPTY: Emitted = Emitted {
        time: 0,
        m: -1,
        p: -1,
        g: -1,
        args: [0; 4],
        aux: 0,
        offset: 0,
        ty: EventType::Sync,
        old: 0,
        new: 0,
        synthetic: false,
        has_tables: false,
        rewritten: false,
        dangling: false,
    };
}

/// What an event's ids refer to.
#[derive(Debug)]
pub(crate) struct Scene {
    pub tables: Tables,
    /// Name of the task that the current event ends.
    pub ended_task: Vec<u8>,
    pub switches: Switches,
    pub faults: FaultSet,
}

/// One event. Cheap to copy; borrows from the reader until the next event is asked for.
#[derive(Clone, Copy)]
pub struct Event<'r> {
    pub(crate) e: &'r Emitted,
    pub(crate) scene: &'r Scene,
    pub(crate) data: &'r [u8],
}

impl<'r> Event<'r> {
    /// What kind of event this is.
    #[inline]
    pub fn kind(&self) -> Kind {
        KINDS[usize::from(self.e.ty.byte())]
    }

    /// Time in nanoseconds on the trace's clock; strictly increasing, except after 2^63-1.
    #[inline]
    pub fn time(&self) -> i64 {
        self.e.time
    }

    /// The thread (M) that it happened on.
    #[inline]
    pub fn thread(&self) -> ThreadId {
        ThreadId(self.e.m)
    }

    /// The P that its thread held right before it.
    #[inline]
    pub fn proc(&self) -> ProcId {
        ProcId(self.e.p)
    }

    /// The goroutine that its thread had right before it.
    #[inline]
    pub fn goroutine(&self) -> GoId {
        GoId(self.e.g)
    }

    /// The stack at the moment of the event, if it has one. For a CPU sample always
    /// present, if only with [`Stack::is_dangling`].
    pub fn stack(&self) -> Option<Stack<'r>> {
        let ty = self.e.ty;
        if ty == EventType::CPUSample {
            return Some(Stack::new(self.scene, self.data, self.e.args[0]));
        }
        let stacks = ty.spec().stacks;
        let own = if fault!(self.scene.faults, WrongStack) { stacks.last() } else { stacks.first() };
        match own {
            Some(&i) if self.e.args[i] != 0 => Some(Stack::new(self.scene, self.data, self.e.args[i])),
            _ => None,
        }
    }

    /// What the event tells beyond who and when.
    pub fn details(&self) -> Details<'r> {
        Details::of(self)
    }

    /// The event on the wire that this comes from; `None` for a Sync.
    #[inline]
    pub fn wire_type(&self) -> Option<EventType> {
        (self.e.ty != EventType::Sync).then_some(self.e.ty)
    }

    /// The arguments as they stand on the wire, the time delta left out. For a CPU sample
    /// its stack id; for a Sync its number.
    pub fn args(&self) -> &'r [u64] {
        match self.e.ty {
            EventType::Sync | EventType::CPUSample => &self.e.args[..1],
            ty => &self.e.args[..ty.arg_count().min(4)],
        }
    }

    /// Whether the reader made this event to complete another one (the block and start of
    /// a coroutine switch, the steal before the end of a cgo callback); it shares that
    /// event's offset.
    pub fn is_synthetic(&self) -> bool {
        self.e.synthetic
    }

    /// Offset in the file of the event's type byte, of a sample's record; for a Sync of
    /// the generation's first batch. `None` for a Sync without generation.
    pub fn offset(&self) -> Option<u64> {
        self.e.has_tables.then_some(self.e.offset)
    }

    /// The generation's number as written in the trace; `None` for a Sync without
    /// generation.
    pub fn generation(&self) -> Option<u64> {
        self.e.has_tables.then_some(self.scene.tables.number)
    }

    /// How many generations were loaded before this event's; with a stack's id, it
    /// identifies the stack within the trace.
    pub fn generation_index(&self) -> u64 {
        self.scene.tables.index
    }

    /// The accessor of Go's reader, of the release that is followed, that panics on this
    /// event, if any does.
    pub fn accessor_panic(&self) -> Option<AccessorPanic> {
        let t = &self.scene.tables;
        match self.e.ty {
            EventType::Sync if self.e.has_tables && self.scene.switches.sync_holds_experiments => {
                t.experimental.iter().map(|b| b.experiment).find(|&e| e > 1).map(AccessorPanic::UnknownExperiment)
            }
            EventType::ProcStatus if self.e.args[1] > 4 && !self.e.rewritten => {
                Some(AccessorPanic::StatusOutOfTable(self.e.args[1]))
            }
            EventType::GoStatus | EventType::GoStatusStack
                if self.e.args[2] > 4 && !self.scene.switches.masks_go_status =>
            {
                Some(AccessorPanic::StatusOutOfTable(self.e.args[2]))
            }
            EventType::CPUSample if !t.stacks.contains(self.e.args[0]) => {
                Some(AccessorPanic::DanglingStack(self.e.args[0]))
            }
            EventType::STWEnd if !t.strings.contains(self.e.aux) => Some(AccessorPanic::DanglingString(self.e.aux)),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Event")
            .field("time", &self.time())
            .field("thread", &self.thread())
            .field("proc", &self.proc())
            .field("goroutine", &self.goroutine())
            .field("details", &self.details())
            .finish()
    }
}
