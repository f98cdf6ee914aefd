//! The typed details of events, in the terms of Go's public reader.
//!
//! Strings are bytes: the runtime cuts long strings in the middle of a character, so
//! they need not be UTF-8. An id that refers to nothing gives a value that says so
//! ([`Text::Dangling`], [`Stack::is_dangling`]).

use crate::event::{Event, Scene};
use crate::fault::fault;
use crate::ids::{GoId, GoState, ProcId, ProcState, TaskId, ThreadId};
use std::fmt;
use tracehound_wire::{EventType, Experiment};

/// A string of the generation's table.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Text<'r> {
    /// Its bytes.
    Bytes(&'r [u8]),
    /// An id that the generation's table does not have; Go's accessor panics.
    Dangling(u64),
}

impl<'r> Text<'r> {
    /// The bytes; empty if dangling.
    pub fn bytes(self) -> &'r [u8] {
        match self {
            Text::Bytes(b) => b,
            Text::Dangling(_) => b"",
        }
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Text::Bytes(b) => write!(f, "\"{}\"", b.escape_ascii()),
            Text::Dangling(id) => write!(f, "Dangling({id})"),
        }
    }
}

/// What an event tells.
#[derive(Clone, Copy, Debug)]
pub enum Details<'r> {
    /// Boundary of a generation.
    Sync(Sync<'r>),
    /// A metric's new value.
    Metric(Metric),
    /// A label for the current goroutine.
    Label(Label<'r>),
    /// A CPU sample: everything is in the context and the stack.
    StackSample,
    /// A range: begins, is open, or ends, as the event's kind says.
    Range(Range<'r>),
    /// A task: begins or ends.
    Task(Task<'r>),
    /// A region: begins or ends.
    Region(Region<'r>),
    /// A log message.
    Log(Log<'r>),
    /// A change of state.
    StateTransition(StateTransition<'r>),
    /// An experiment's event.
    Experimental(Experimental<'r>),
}

/// Boundary of a generation.
#[derive(Clone, Copy)]
pub struct Sync<'r> {
    /// Number of this Sync, from 1; 0 for releases before Go 1.25, which do not number them.
    pub n: u64,
    /// One moment on three clocks, from wire 1.25 on.
    pub clock: Option<ClockSnapshot>,
    scene: Option<&'r Scene>,
    data: &'r [u8],
}

/// One moment on three clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSnapshot {
    /// The trace's clock, ns; not adjusted to be after the events before it.
    pub trace: i64,
    /// The monotonic clock, ns.
    pub mono: u64,
    /// The wall clock: seconds since 1970 UTC, wrapping.
    pub wall_sec: i64,
    /// The wall clock: nanoseconds of the second, below 10^9.
    pub wall_nsec: u32,
}

/// A batch of an experiment's own data, as it stands in the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExperimentalBatch<'r> {
    /// The experiment's number.
    pub experiment: u8,
    /// The thread that wrote it.
    pub thread: ThreadId,
    /// Its data.
    pub data: &'r [u8],
}

impl<'r> Sync<'r> {
    /// The generation's experimental batches, in file order.
    pub fn experimental_batches(&self) -> impl Iterator<Item = ExperimentalBatch<'r>> + use<'r> {
        let data = self.data;
        self.scene.into_iter().flat_map(|s| s.tables.experimental.iter()).map(move |b| ExperimentalBatch {
            experiment: b.experiment,
            thread: ThreadId(b.m),
            data: &data[b.start..b.end],
        })
    }

    /// Whether a generation begins (or, before Go 1.25, ends) here; false at the end of the
    /// trace and before an error.
    pub fn has_generation(&self) -> bool {
        self.scene.is_some()
    }
}

impl fmt::Debug for Sync<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sync").field("n", &self.n).field("clock", &self.clock).finish()
    }
}

/// A metric's new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name in `runtime/metrics`.
    pub name: &'static str,
    /// Its value.
    pub value: u64,
}

/// A label for a goroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label<'r> {
    /// The label.
    pub label: Text<'r>,
    /// The goroutine.
    pub goroutine: GoId,
}

/// The name of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RangeName<'r> {
    /// `stop-the-world (` kind `)`.
    StopTheWorld(Text<'r>),
    /// `GC concurrent mark phase`.
    GcMark,
    /// `GC incremental sweep`.
    GcSweep,
    /// `GC mark assist`.
    GcMarkAssist,
}

impl<'r> RangeName<'r> {
    /// The name in parts, to be written one after the other: what comes before the kind of
    /// a stop-the-world, the kind, and what comes after it.
    pub fn parts(self) -> [&'r [u8]; 3] {
        match self {
            RangeName::StopTheWorld(kind) => [b"stop-the-world (", kind.bytes(), b")"],
            RangeName::GcMark => [b"GC concurrent mark phase", b"", b""],
            RangeName::GcSweep => [b"GC incremental sweep", b"", b""],
            RangeName::GcMarkAssist => [b"GC mark assist", b"", b""],
        }
    }
}

/// What a range belongs to or a transition happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Nothing in particular.
    None,
    /// A P.
    Proc(ProcId),
    /// A goroutine.
    Goroutine(GoId),
}

/// A range of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<'r> {
    /// Its name.
    pub name: RangeName<'r>,
    /// What it belongs to.
    pub scope: Resource,
    /// For the end of a sweep: bytes swept and bytes reclaimed.
    pub swept: Option<(u64, u64)>,
}

/// A user task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task<'r> {
    /// Its id.
    pub id: TaskId,
    /// Its parent's id. At an end without begin: none.
    pub parent: TaskId,
    /// Its type. At an end: that of its begin, or empty.
    pub name: Text<'r>,
}

/// A user region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region<'r> {
    /// Its task.
    pub task: TaskId,
    /// Its type.
    pub name: Text<'r>,
}

/// A user log message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log<'r> {
    /// Its task.
    pub task: TaskId,
    /// Its category.
    pub category: Text<'r>,
    /// Its text.
    pub message: Text<'r>,
}

/// Which resource changes from which state to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A goroutine's.
    Goroutine {
        /// Which.
        id: GoId,
        /// Before.
        old: GoState,
        /// After.
        new: GoState,
    },
    /// A P's.
    Proc {
        /// Which.
        id: ProcId,
        /// Before.
        old: ProcState,
        /// After.
        new: ProcState,
    },
}

/// A change of state.
#[derive(Clone, Copy, Debug)]
pub struct StateTransition<'r> {
    /// Of what, from where to where.
    pub change: Change,
    /// Why; empty where the event does not say.
    pub reason: Text<'r>,
    /// The stack of the resource that changes; for a creation, where the new goroutine
    /// starts.
    pub stack: Option<Stack<'r>>,
}

/// An experiment's event.
#[derive(Clone, Copy, Debug)]
pub struct Experimental<'r> {
    /// The event's name.
    pub name: &'static str,
    /// The experiment.
    pub experiment: Experiment,
    /// The names of the arguments.
    pub arg_names: &'static [(&'static str, tracehound_wire::ArgKind)],
    /// The arguments.
    pub args: &'r [u64],
}

/// A stack of the generation's table.
#[derive(Clone, Copy)]
pub struct Stack<'r> {
    scene: &'r Scene,
    data: &'r [u8],
    id: u64,
}

/// A frame of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackFrame<'r> {
    /// Program counter.
    pub pc: u64,
    /// Function.
    pub func: &'r [u8],
    /// File.
    pub file: &'r [u8],
    /// Line.
    pub line: u64,
}

impl<'r> Stack<'r> {
    pub(crate) fn new(scene: &'r Scene, data: &'r [u8], id: u64) -> Stack<'r> {
        Stack { scene, data, id }
    }

    /// Its id in the generation's stack table; 0 is the empty stack.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Whether the table has no such stack: Go panics when it is asked for the frames.
    pub fn is_dangling(&self) -> bool {
        !self.scene.tables.stacks.contains(self.id)
    }

    /// Its frames, innermost first.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = StackFrame<'r>> + use<'r> {
        let (tables, data) = (&self.scene.tables, self.data);
        tables.stacks.frames(self.id).iter().map(move |&i| {
            let f = tables.stacks.frame(i);
            StackFrame {
                pc: f.pc,
                func: tables.strings.get(data, f.func).unwrap_or(b""),
                file: tables.strings.get(data, f.file).unwrap_or(b""),
                line: f.line,
            }
        })
    }
}

impl fmt::Debug for Stack<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stack({})", self.id)
    }
}

impl<'r> Details<'r> {
    pub(crate) fn of(ev: &Event<'r>) -> Details<'r> {
        use EventType::*;
        let (e, scene) = (ev.e, ev.scene);
        let faults = scene.faults;
        let text = |id: u64| match lookup(scene, ev.data, id) {
            Some(b) => Text::Bytes(b),
            None => Text::Dangling(id),
        };
        let metric = |name| {
            let value = if fault!(faults, MetricTruncated) { e.args[0] & 0xffff_ffff } else { e.args[0] };
            Details::Metric(Metric { name, value })
        };
        let range = |name, scope| Details::Range(Range { name, scope, swept: None });
        let (of_g, of_p) = (Resource::Goroutine(GoId(e.g)), Resource::Proc(ProcId(e.p)));
        let arg_g = Resource::Goroutine(GoId(e.args[0] as i64));
        let ty = e.ty;
        if ty == EventType::Sync {
            return Details::Sync(self::Sync {
                n: e.args[0],
                clock: if e.has_tables { scene.tables.clock } else { None },
                scene: e.has_tables.then_some(scene),
                data: ev.data,
            });
        };
        match ty {
            ProcsChange => metric("/sched/gomaxprocs:threads"),
            HeapAlloc => metric("/memory/classes/heap/objects:bytes"),
            HeapGoal => metric("/gc/heap/goal:bytes"),
            GoLabel => Details::Label(Label { label: text(e.args[0]), goroutine: GoId(e.g) }),
            CPUSample => Details::StackSample,
            STWBegin => range(RangeName::StopTheWorld(text(e.args[0])), of_g),
            STWEnd => range(RangeName::StopTheWorld(text(e.aux)), of_g),
            GCBegin | GCActive | GCEnd => range(RangeName::GcMark, Resource::None),
            GCSweepBegin => range(RangeName::GcSweep, of_p),
            GCSweepActive if scene.switches.sweep_scope_from_arg && !fault!(faults, SweepScopeContext) => {
                range(RangeName::GcSweep, Resource::Proc(ProcId(e.args[0] as i64)))
            }
            GCSweepActive => range(RangeName::GcSweep, of_p),
            GCSweepEnd => {
                Details::Range(Range { name: RangeName::GcSweep, scope: of_p, swept: Some((e.args[0], e.args[1])) })
            }
            GCMarkAssistActive => range(RangeName::GcMarkAssist, arg_g),
            GCMarkAssistBegin | GCMarkAssistEnd => range(RangeName::GcMarkAssist, of_g),
            UserTaskBegin => Details::Task(Task {
                id: TaskId(e.args[0]),
                parent: if e.args[1] == 0 { TaskId::NONE } else { TaskId(e.args[1]) },
                name: text(e.args[2]),
            }),
            UserTaskEnd => Details::Task(Task {
                id: TaskId(e.args[0]),
                parent: TaskId(e.aux),
                name: Text::Bytes(&scene.ended_task),
            }),
            UserRegionBegin | UserRegionEnd => {
                Details::Region(Region { task: TaskId(e.args[0]), name: text(e.args[1]) })
            }
            UserLog => {
                Details::Log(Log { task: TaskId(e.args[0]), category: text(e.args[1]), message: text(e.args[2]) })
            }
            _ => match ty.spec().experiment {
                Some(experiment) => Details::Experimental(Experimental {
                    name: ty.name(),
                    experiment,
                    arg_names: ty.spec().args,
                    args: if fault!(faults, ExperimentalArgsShifted) { &ev.args()[1..] } else { ev.args() },
                }),
                None => Details::StateTransition(StateTransition {
                    change: change(ev, ty),
                    reason: match ty {
                        GoStop | GoBlock => text(e.args[0]),
                        _ => Text::Bytes(b""),
                    },
                    stack: transition_stack(ev, ty),
                }),
            },
        }
    }
}

fn lookup<'r>(scene: &'r Scene, data: &'r [u8], id: u64) -> Option<&'r [u8]> {
    let strings = &scene.tables.strings;
    if fault!(scene.faults, StringOffByOne) && id > 1 && strings.contains(id - 1) {
        return strings.get(data, id - 1);
    }
    strings.get(data, id)
}

fn change(ev: &Event<'_>, ty: EventType) -> Change {
    use EventType::*;
    let e = ev.e;
    let own_g = |old, new| Change::Goroutine { id: GoId(e.g), old, new };
    let arg_g = |old, new| Change::Goroutine { id: GoId(e.args[0] as i64), old, new };
    let arg_p = |old, new| Change::Proc { id: ProcId(e.args[0] as i64), old, new };
    match ty {
        ProcStart => arg_p(ProcState::Idle, ProcState::Running),
        ProcStop => Change::Proc { id: ProcId(e.p), old: ProcState::Running, new: ProcState::Idle },
        ProcSteal => {
            let abandoned = u64::from(e.old) == tracehound_wire::event::proc_status::SYSCALL_ABANDONED;
            arg_p(if abandoned { ProcState::Idle } else { ProcState::Running }, ProcState::Idle)
        }
        ProcStatus => {
            let old = match e.old {
                0 => ProcState::Undetermined,
                1 => ProcState::NotExist,
                2 => ProcState::Running,
                _ => ProcState::Idle,
            };
            arg_p(old, ProcState::of_status(e.new))
        }
        GoCreate => arg_g(GoState::NotExist, GoState::Runnable),
        GoCreateBlocked => arg_g(GoState::NotExist, GoState::Waiting),
        GoCreateSyscall => arg_g(GoState::NotExist, GoState::Syscall),
        GoStart => arg_g(GoState::Runnable, GoState::Running),
        GoDestroy => own_g(GoState::Running, GoState::NotExist),
        GoDestroySyscall => own_g(GoState::Syscall, GoState::NotExist),
        GoStop => own_g(GoState::Running, GoState::Runnable),
        GoBlock => own_g(GoState::Running, GoState::Waiting),
        GoSyscallBegin => own_g(GoState::Running, GoState::Syscall),
        GoSyscallEnd => own_g(GoState::Syscall, GoState::Running),
        GoSyscallEndBlocked => own_g(GoState::Syscall, GoState::Runnable),
        GoStatus | GoStatusStack => {
            let new = GoState::of_status(e.new);
            arg_g(if e.old == 0 { GoState::Undetermined } else { new }, new)
        }
        // GoUnblock, and the first event of a coroutine switch, which reads like one.
        _ => arg_g(GoState::Waiting, GoState::Runnable),
    }
}

fn transition_stack<'r>(ev: &Event<'r>, ty: EventType) -> Option<Stack<'r>> {
    use EventType::*;
    match ty {
        GoCreate | GoCreateBlocked => Some(self::Stack::new(ev.scene, ev.data, ev.e.args[1])),
        GoStop | GoBlock | GoSyscallBegin => ev.stack(),
        GoStatus | GoStatusStack if ev.scene.switches.status_transition_stack => ev.stack(),
        _ => None,
    }
}
