//! The order of events: which event may happen next, and what it changes.
//!
//! Each rule looks at the state of its thread, P and goroutine. An event either happens,
//! has to wait for another thread's event, or breaks a rule. Rules come from
//! `internal/trace/order.go` (Go 1.27.3; the same since 1.22).
//!
//! It knows nothing about files or batches; the frontier decides who is asked next.

mod annotations;
mod blocked;
mod goroutines;
mod names;
mod procs;
mod ranges;
mod state;
mod syscalls;
mod waits;

use crate::cursor::Cursor;
use crate::event::{Emitted, Scene};
use crate::fault::{FaultSet, fault};
use crate::threads::{NONE, Threads};
use blocked::Blocked;
use names::Names;
use rustc_hash::FxHashMap;
use state::{Gors, Procs};
use tracehound_wire::{EventType, RejectRule};

/// A rule that an event breaks, and the sentence that says how.
#[derive(Debug)]
pub(crate) struct Reject {
    pub rule: RejectRule,
    pub message: String,
}

/// Whether the event happened (`true`) or has to wait.
type Advance = Result<bool, Box<Reject>>;

#[cold]
fn reject<T>(rule: RejectRule, message: String) -> Result<T, Box<Reject>> {
    Err(Box::new(Reject { rule, message }))
}

/// What the garbage collector is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gc {
    Undetermined,
    NotRunning,
    Running,
}

/// An open task.
#[derive(Clone, Copy, Debug)]
struct OpenTask {
    parent: u64,
    name: u32,
    /// Its name's string id, which only a planted fault looks at.
    name_id: u64,
}

/// The state of the traced program.
#[derive(Debug)]
pub(crate) struct Order {
    pub threads: Threads,
    procs: Procs,
    gors: Gors,
    names: Names,
    tasks: FxHashMap<u64, OpenTask>,
    gc: Gc,
    gc_seq: u64,
    /// Number of the generation of the first event that was ever tried.
    initial: Option<u64>,
    /// Events that the last one brought with it, the next one last; at most two.
    extra: Vec<Emitted>,
    blocked: Blocked,
    faults: FaultSet,
}

/// The event that is tried, with its thread's context.
#[derive(Clone, Copy)]
struct Try<'c> {
    ty: EventType,
    args: &'c [u64; 4],
    /// The thread's place.
    t: u32,
    m: i64,
    p: i64,
    g: i64,
    generation: u64,
    /// Whether the generation is the first one, or has its number.
    first: bool,
}

/// What an event needs of its thread's P or goroutine.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Must,
    MustNot,
    May,
}

impl Order {
    pub fn new(faults: FaultSet) -> Order {
        Order {
            threads: Threads::default(),
            procs: Procs::default(),
            gors: Gors::default(),
            names: Names::default(),
            tasks: FxHashMap::default(),
            gc: Gc::Undetermined,
            gc_seq: 0,
            initial: None,
            extra: Vec::with_capacity(2),
            blocked: Blocked::default(),
            faults,
        }
    }

    /// Forgets what only meant something in the generation that ended. The next one has
    /// this many cursors.
    pub fn next_generation(&mut self, cursors: usize) {
        self.names.next_generation();
        self.blocked.reset(cursors);
    }

    /// Whether this cursor's event has been tried, had to wait, and nothing that it waits
    /// for has changed since.
    #[inline]
    pub fn is_blocked(&self, cursor: u32) -> bool {
        self.blocked.has(cursor)
    }

    /// An event that the last one brought with it.
    #[inline]
    pub fn take_extra(&mut self, out: &mut Emitted) -> bool {
        match self.extra.pop() {
            Some(e) => {
                *out = e;
                true
            }
            None => false,
        }
    }

    /// Tries the event of the cursor with this index; if it happens, `out` is what to deliver.
    ///
    /// Any attempt, even one that waits, makes the thread known (Go keeps an entry for it
    /// from then on, and some rules ask whether there is one).
    #[inline]
    pub fn advance(
        &mut self,
        index: u32,
        cursor: &Cursor,
        scene: &mut Scene,
        data: &[u8],
        offset: u64,
        out: &mut Emitted,
    ) -> Advance {
        let generation = scene.tables.number;
        let initial = *self.initial.get_or_insert(generation);
        let thread = self.threads.get_mut(cursor.thread);
        thread.known |= thread.m != -1;
        let e = Try {
            ty: cursor.ty,
            args: &cursor.args,
            t: cursor.thread,
            m: thread.m,
            p: thread.p,
            g: thread.g,
            generation,
            first: generation == initial,
        };
        *out = Emitted {
            time: cursor.time,
            m: e.m,
            p: e.p,
            g: e.g,
            args: cursor.args,
            offset,
            ty: Some(cursor.ty),
            has_tables: true,
            ..Emitted::EMPTY
        };
        let done = self.dispatch(&e, scene, data, out)?;
        if !done {
            if let Some(key) = blocked::key(&e) {
                self.blocked.add(index, key);
            }
        } else if !self.blocked.is_empty() {
            self.blocked.event_happened(&e);
        }
        if fault!(self.faults, ContextAfter) && done && out.m == e.m {
            let thread = self.threads.get(cursor.thread);
            (out.p, out.g) = (thread.p, thread.g);
        }
        Ok(done)
    }

    #[inline]
    fn dispatch(&mut self, e: &Try<'_>, scene: &mut Scene, data: &[u8], out: &mut Emitted) -> Advance {
        use EventType::*;
        match e.ty {
            ProcStatus => self.proc_status(e, out),
            ProcStart => self.proc_start(e),
            ProcStop => self.proc_stop(e),
            ProcSteal => self.proc_steal(e, out),
            GoStatus | GoStatusStack => self.go_status(e, out),
            GoCreate | GoCreateBlocked => self.go_create(e),
            GoCreateSyscall => self.go_create_syscall(e),
            GoStart => self.go_start(e),
            GoStop | GoBlock | GoDestroy => self.go_stop(e),
            GoUnblock => self.go_unblock(e),
            GoSwitch | GoSwitchDestroy => self.go_switch(e, out),
            GoSyscallBegin => self.syscall_begin(e),
            GoSyscallEnd => self.syscall_end(e),
            GoSyscallEndBlocked => self.syscall_end_blocked(e),
            GoDestroySyscall => self.destroy_syscall(e, scene.switches.steal_before_destroy, out),
            GCActive => self.gc_active(e),
            GCBegin => self.gc_begin(e),
            GCEnd => self.gc_end(e),
            GCSweepBegin => self.sweep_begin(e),
            GCSweepActive => self.sweep_active(e),
            GCSweepEnd => self.sweep_end(e),
            STWBegin | GCMarkAssistBegin => self.range_begin(e),
            GCMarkAssistActive => self.assist_active(e),
            STWEnd | GCMarkAssistEnd => self.range_end(e, out),
            HeapAlloc | HeapGoal => self.need(e, Need::Must, Need::May),
            ProcsChange | GoLabel | UserLog => self.full(e),
            UserTaskBegin => self.task_begin(e, scene, data),
            UserTaskEnd => self.task_end(e, scene, data, out),
            UserRegionBegin => self.region_begin(e, scene, data),
            UserRegionEnd => self.region_end(e, scene, data),
            Span | SpanAlloc | SpanFree | HeapObject | HeapObjectAlloc | HeapObjectFree | GoroutineStack
            | GoroutineStackAlloc | GoroutineStackFree => self.need(e, Need::May, Need::May),
            EventBatch | Stacks | Stack | Strings | String | CPUSamples | CPUSample | Frequency | ExperimentalBatch
            | Sync | ClockSnapshot | EndOfGeneration => reject(
                RejectRule::EventUnorderable,
                format!("expected an event that happens on a thread, found {}", e.ty),
            ),
        }
    }

    /// Checks that the event has a thread, and its P and goroutine, in Go's order.
    #[inline]
    fn need(&self, e: &Try<'_>, p: Need, g: Need) -> Advance {
        let fits = |id: i64, need: Need| match need {
            Need::Must => id != -1,
            Need::MustNot => id == -1,
            Need::May => true,
        };
        if e.m != -1 && fits(e.p, p) && fits(e.g, g) { Ok(true) } else { lacking(e, p) }
    }

    /// The event needs a thread, a P and a goroutine.
    #[inline]
    fn full(&self, e: &Try<'_>) -> Advance {
        self.need(e, Need::Must, Need::Must)
    }

    /// Binds P `p` (at `slot`) to the event's thread; lost if it has none.
    #[inline]
    fn bind_p(&mut self, t: u32, p: i64, slot: u32) {
        let thread = self.threads.get_mut(t);
        if thread.m != -1 {
            (thread.p, thread.p_slot) = (p, slot);
        }
    }

    #[inline]
    fn unbind_p(&mut self, t: u32) {
        self.bind_p(t, -1, NONE);
    }

    /// Binds goroutine `g` (at `slot`) to the event's thread; lost if it has none.
    #[inline]
    fn bind_g(&mut self, t: u32, g: i64, slot: u32) {
        let thread = self.threads.get_mut(t);
        if thread.m != -1 {
            (thread.g, thread.g_slot) = (g, slot);
        }
    }

    #[inline]
    fn unbind_g(&mut self, t: u32) {
        self.bind_g(t, -1, NONE);
    }

    /// The place of the P that the event's thread holds.
    #[inline]
    fn own_p(&self, e: &Try<'_>) -> Option<u32> {
        if e.p == -1 { self.procs.find(-1) } else { Some(self.threads.get(e.t).p_slot) }
    }

    /// The place of the goroutine that the event's thread has.
    #[inline]
    fn own_g(&self, e: &Try<'_>) -> Option<u32> {
        self.gors.find_at(e.g, self.threads.get(e.t).g_slot)
    }

    /// The place of the event's own goroutine, which must exist.
    #[inline(always)]
    fn known_g(&self, e: &Try<'_>) -> Result<u32, Box<Reject>> {
        match self.own_g(e) {
            Some(at) => Ok(at),
            None => gone(e),
        }
    }
}

#[cold]
fn gone<T>(e: &Try<'_>) -> Result<T, Box<Reject>> {
    let message = format!("{} needs goroutine {}, but it does not exist any more", e.ty, e.g);
    reject(RejectRule::GoUnknown, message)
}

#[cold]
fn lacking(e: &Try<'_>, p: Need) -> Advance {
    let (rule, message) = if e.m == -1 {
        (RejectRule::CtxWantThread, format!("{} needs a thread, but its batch belongs to none", e.ty))
    } else if e.p == -1 && p == Need::Must {
        (RejectRule::CtxWantProc, format!("{} needs thread {} to hold a P, but it holds none", e.ty, e.m))
    } else if e.g == -1 {
        (RejectRule::CtxWantGoroutine, format!("{} needs thread {} to have a goroutine, but it has none", e.ty, e.m))
    } else {
        (
            RejectRule::CtxUnwantedGoroutine,
            format!("{} needs thread {} to have no goroutine, but it has {}", e.ty, e.m, e.g),
        )
    };
    reject(rule, message)
}
