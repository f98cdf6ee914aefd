//! The strict mode: refuses what Go's reader accepts although no runtime can have written it.
//!
//! It watches the events in the order in which the ordering let them happen, and keeps
//! its own picture of threads, Ps and goroutines: the reader's picture follows Go's, which
//! overwrites silently what contradicts it. Every rule here holds for what the tracer of
//! the runtime writes (`runtime/trace*.go`, Go 1.22 to 1.27), whatever order the clock leaves
//! open; what runtimes get wrong without a reader noticing is let pass where it occurs.
//!
//! It must not know how events are decoded or ordered, and costs nothing when it is off.

mod container;
mod goroutines;
mod procs;
mod ranges;
mod state;

use crate::order::Reject;
use rustc_hash::FxHashSet;
use state::State;
use tracehound_wire::event::go_status;
use tracehound_wire::{EventType, RejectRule, Version};

pub(crate) use container::header_is_canonical;

/// Nothing, or the strict rule that is broken.
type Check = Result<(), Box<Reject>>;

#[cold]
fn reject<T>(rule: RejectRule, message: String) -> Result<T, Box<Reject>> {
    Err(Box::new(Reject { rule, message }))
}

/// An event that has happened. Its numbers are those of the wire.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Happened<'a> {
    /// The thread in whose batch it stands, -1 for none.
    pub m: i64,
    pub ty: EventType,
    pub args: &'a [u64; 4],
}

impl Happened<'_> {
    fn id(&self) -> i64 {
        self.args[0] as i64
    }
}

/// What the strict mode knows of the trace so far.
#[derive(Debug)]
pub(crate) struct Strict {
    version: Version,
    /// Counts generations, whatever numbers they have.
    generation: u64,
    state: State,
    gc: ranges::Gc,
    /// Every task that ever began.
    tasks: FxHashSet<u64>,
    /// What the first thread of each generation writes.
    start: Start,
}

#[derive(Debug, Default)]
struct Start {
    proc_status: bool,
    go_status: bool,
    procs_change: bool,
}

impl Strict {
    pub fn new(version: Version) -> Strict {
        Strict {
            version,
            generation: 0,
            state: State::default(),
            gc: ranges::Gc::default(),
            tasks: FxHashSet::default(),
            start: Start::default(),
        }
    }

    /// A generation begins.
    pub fn begin_generation(&mut self) {
        self.generation += 1;
        self.start = Start::default();
    }

    /// All events of a generation have happened.
    pub fn end_generation(&mut self) -> Check {
        if let Some((m, p)) = self.state.abandoning() {
            return not_stolen(m, p, "the generation ends");
        }
        let Start { proc_status, go_status, procs_change } = self.start;
        let lacking = match (proc_status, go_status, procs_change) {
            (true, true, true) => return Ok(()),
            (false, ..) => "the status of a P",
            (_, false, _) => "the status of a goroutine",
            _ => "the number of Ps",
        };
        reject(
            RejectRule::GenerationWithoutStart,
            format!("the generation lacks {lacking}, which the thread that begins it writes"),
        )
    }

    /// An event has happened that Go's rules let pass.
    pub fn event(&mut self, e: &Happened<'_>) -> Check {
        use EventType::*;
        self.written_by_a_runtime(e)?;
        match e.ty {
            ProcStatus => self.proc_status(e)?,
            ProcStart => self.state.give_p(e.m, e.id()),
            ProcStop => self.proc_stop(e)?,
            ProcSteal => self.proc_steal(e)?,
            GoStatus | GoStatusStack => self.go_status(e)?,
            GoCreate | GoCreateBlocked => {
                self.proc_told(e)?;
                self.go_create(e)?;
            }
            GoCreateSyscall => {
                self.go_create(e)?;
                self.state.give_g(e.m, e.id());
            }
            GoStart => {
                self.proc_told(e)?;
                self.state.give_g(e.m, e.id());
            }
            GoStop | GoBlock | GoDestroy | GoSwitch | GoSwitchDestroy => self.go_stop(e)?,
            GoSyscallBegin => self.syscall_begin(e)?,
            GoSyscallEnd => {
                self.told(e)?;
                self.state.syscall_end(e.m);
            }
            GoSyscallEndBlocked => {
                self.go_told(e)?;
                self.state.take_g(e.m);
            }
            GoDestroySyscall => self.destroy_syscall(e)?,
            GCActive | GCBegin | GCEnd => self.gc(e)?,
            GCSweepBegin | GCSweepActive | GCSweepEnd => self.sweep(e)?,
            GCMarkAssistBegin | GCMarkAssistActive | GCMarkAssistEnd => self.assist(e)?,
            STWBegin | STWEnd => self.stw(e)?,
            HeapAlloc | HeapGoal => self.proc_told(e)?,
            ProcsChange => {
                self.told(e)?;
                self.start.procs_change = true;
            }
            GoLabel => self.label(e)?,
            UserTaskBegin => {
                self.told(e)?;
                self.task_begin(e)?;
            }
            UserTaskEnd | UserRegionBegin | UserRegionEnd | UserLog => self.told(e)?,
            _ => {}
        }
        self.state.thread(e.m).last = Some((e.ty, e.id()));
        Ok(())
    }

    /// What holds of every event, whatever it says.
    fn written_by_a_runtime(&self, e: &Happened<'_>) -> Check {
        use EventType::*;
        let since = e.ty.spec().since;
        if since > self.version {
            return reject(
                RejectRule::EventNotInVersion,
                format!("{} came with wire {since}, but the trace says that it is {}", e.ty, self.version),
            );
        }
        if e.m == -1 && !matches!(e.ty, GoStatus | GoStatusStack | GCMarkAssistActive) {
            return reject(
                RejectRule::EventWithoutThread,
                format!("{} is something that a thread does, but its batch belongs to none", e.ty),
            );
        }
        let status = matches!(e.ty, ProcStatus | GoStatus | GoStatusStack | GCSweepActive | GCMarkAssistActive);
        match self.state.get(e.m).and_then(|t| t.abandoning) {
            Some(p) if !status && (e.ty, e.id()) != (ProcSteal, p) => not_stolen(e.m, p, &format!("{} follows", e.ty)),
            _ => Ok(()),
        }
    }

    /// The event uses its thread's P and goroutine: their statuses have been told.
    fn told(&self, e: &Happened<'_>) -> Check {
        self.proc_told(e)?;
        self.go_told(e)
    }

    fn label(&mut self, e: &Happened<'_>) -> Check {
        self.told(e)?;
        match self.state.get(e.m).and_then(|t| t.last) {
            Some((EventType::GoStart, _)) => Ok(()),
            _ => reject(
                RejectRule::LabelMisplaced,
                format!("thread {} labels a goroutine that it did not start just before", e.m),
            ),
        }
    }

    fn task_begin(&mut self, e: &Happened<'_>) -> Check {
        let (id, parent) = (e.args[0], e.args[1]);
        if id == 0 || id == u64::MAX {
            return reject(RejectRule::TaskIdReserved, format!("a task begins as {id}, which stands for no task"));
        }
        if parent >= id {
            return reject(
                RejectRule::TaskParentYounger,
                format!("task {id} says that task {parent} is its parent, but ids are given in turn"),
            );
        }
        if !self.tasks.insert(id) {
            return reject(RejectRule::TaskIdReused, format!("task {id} begins, but a task of this id began before"));
        }
        Ok(())
    }
}

#[cold]
fn not_stolen(m: i64, p: i64, instead: &str) -> Check {
    reject(
        RejectRule::ProcAbandonedNotStolen,
        format!("thread {m} reports P {p} abandoned, which is said right before it is stolen, but {instead}"),
    )
}

/// Whether a status code means that a thread has the goroutine.
fn is_on_thread(status: u64) -> bool {
    matches!(status, go_status::RUNNING | go_status::SYSCALL)
}
