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
pub(crate) mod ids;
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
use ids::Places;
use names::Names;
use rustc_hash::FxHashMap;
use state::{Gors, Procs};
use tracehound_wire::event::EventSpec;
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
    generation: u64,
    /// Whether the generation is the first one, or has its number.
    first: bool,
    extra: ExtraEvents,
    blocked: Blocked,
    faults: FaultSet,
}

/// Where an event is tried: its thread's place, the places of what that has, and the generation.
#[derive(Clone, Copy)]
struct Cx {
    t: u32,
    p_slot: u32,
    g_slot: u32,
    /// Whether the generation is the first one, or has its number.
    first: bool,
    generation: u64,
}

/// What is different about an event that another one brought with it.
#[derive(Clone, Copy, Debug)]
struct Extra {
    ty: EventType,
    args: [u64; 2],
    g: i64,
    old: u8,
    synthetic: bool,
}

/// The events that the last one brought with it, the next one last.
#[derive(Debug)]
struct ExtraEvents {
    list: [Extra; 2],
    len: u8,
}

impl Default for ExtraEvents {
    fn default() -> ExtraEvents {
        let none = Extra { ty: EventType::Sync, args: [0; 2], g: -1, old: 0, synthetic: true };
        ExtraEvents { list: [none; 2], len: 0 }
    }
}

impl ExtraEvents {
    /// Adds one, of at most two.
    #[inline(always)]
    fn push(&mut self, extra: Extra) {
        self.list[usize::from(self.len & 1)] = extra;
        self.len += 1;
    }
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
            generation: 0,
            first: true,
            extra: ExtraEvents::default(),
            blocked: Blocked::default(),
            faults,
        }
    }

    /// Forgets what only meant something in the generation that ended. The next one has
    /// this number and as many cursors, and events or none.
    pub fn next_generation(&mut self, number: u64, cursors: usize, events: bool) {
        self.names.next_generation();
        self.blocked.reset(cursors);
        self.generation = number;
        if events {
            self.initial.get_or_insert(number);
        }
        self.first = self.initial.is_none_or(|initial| initial == number);
    }

    /// Whether this cursor's event has been tried, had to wait, and nothing that it waits
    /// for has changed since.
    #[inline]
    pub fn is_blocked(&self, cursor: u32) -> bool {
        self.blocked.has(cursor)
    }

    /// Whether any event had to wait and nothing has changed for it since.
    #[inline]
    pub fn has_blocked(&self) -> bool {
        !self.blocked.is_empty()
    }

    /// Turns the event that was delivered last into the next one that it brought with it.
    #[inline(always)]
    pub fn take_extra(&mut self, out: &mut Emitted) -> bool {
        if self.extra.len == 0 {
            return false;
        }
        self.extra.len -= 1;
        let Extra { ty, args, g, old, synthetic } = self.extra.list[usize::from(self.extra.len & 1)];
        (out.ty, out.g, out.old, out.synthetic, out.dangling) = (ty, g, old, synthetic, false);
        (out.args[0], out.args[1]) = (args[0], args[1]);
        (out.args[2], out.args[3]) = (0, 0);
        true
    }

    /// Notes that Go's reader has an entry for a thread from now on, as one of its events
    /// is tried.
    #[inline]
    pub fn make_known(&mut self, thread: u32) {
        let thread = self.threads.get_mut(thread);
        thread.known |= thread.m != -1;
    }

    /// Tries the event of the cursor with this index; if it happens, `out` is what to deliver.
    ///
    /// Any attempt, even one that waits, makes the thread known (Go keeps an entry for it
    /// from then on, and some rules ask whether there is one): see [`Order::make_known`].
    #[inline(always)]
    pub fn advance<const PEXT: bool>(
        &mut self,
        index: u32,
        cursor: &Cursor,
        scene: &mut Scene,
        data: &[u8],
        offset: u64,
        out: &mut Emitted,
    ) -> Advance {
        let thread = self.threads.get(cursor.thread);
        let cx = Cx {
            t: cursor.thread,
            p_slot: thread.p_slot,
            g_slot: thread.g_slot,
            first: self.first,
            generation: self.generation,
        };
        let (m, p, g) = (thread.m, thread.p, thread.g);
        // Not all at once: arguments that the event has not are left as they are.
        (out.time, out.m, out.p, out.g, out.offset) = (cursor.time, m, p, g, offset);
        (out.ty, out.old, out.new, out.synthetic) = (cursor.ty, 0, 0, false);
        (out.has_tables, out.rewritten, out.dangling) = (true, false, false);
        let done = self.dispatch::<PEXT>(out, cx, cursor, scene, data)?;
        if !done {
            if let Some(key) = blocked::key(out) {
                self.blocked.add(index, key);
            }
        } else if !self.blocked.is_empty() {
            self.blocked.event_happened(out, p, g);
        }
        if fault!(self.faults, ContextAfter) && done && out.m == m {
            let thread = self.threads.get(cx.t);
            (out.p, out.g) = (thread.p, thread.g);
        }
        Ok(done)
    }

    /// Decodes the event's arguments and does what its type asks for.
    #[inline(always)]
    fn dispatch<const PEXT: bool>(
        &mut self,
        e: &mut Emitted,
        cx: Cx,
        cursor: &Cursor,
        scene: &mut Scene,
        data: &[u8],
    ) -> Advance {
        // Each type has an arm of its own, in which the number of its arguments is a constant.
        macro_rules! rules {
            ($($($ty:ident)|+ => $rule:expr,)+) => {
                match cursor.ty {
                    $($(EventType::$ty => {
                        const SPEC: &EventSpec = EventType::$ty.spec();
                        cursor.args::<{ SPEC.args.len() }, PEXT>(data, &mut e.args);
                        let done = $rule;
                        e.dangling |= !ids::exist(const { Places::of(SPEC) }, &scene.tables, &e.args, self.faults);
                        done
                    })+)+
                }
            };
        }
        rules! {
            ProcStatus => self.proc_status(e, cx),
            ProcStart => self.proc_start(e, cx),
            ProcStop => self.proc_stop(e, cx),
            ProcSteal => self.proc_steal(e, cx),
            GoStatus | GoStatusStack => self.go_status(e, cx),
            GoCreate | GoCreateBlocked => self.go_create(e, cx),
            GoCreateSyscall => self.go_create_syscall(e, cx),
            GoStart => self.go_start(e, cx),
            GoStop => self.go_stop(e, cx),
            GoBlock => self.go_block(e, cx),
            GoDestroy => self.go_destroy(e, cx),
            GoUnblock => self.go_unblock(e, cx),
            GoSwitch | GoSwitchDestroy => self.go_switch(e, cx),
            GoSyscallBegin => self.syscall_begin(e, cx),
            GoSyscallEnd => self.syscall_end(e, cx),
            GoSyscallEndBlocked => self.syscall_end_blocked(e, cx),
            GoDestroySyscall => self.destroy_syscall(e, cx, scene.switches.steal_before_destroy),
            GCActive => self.gc_active(e, cx),
            GCBegin => self.gc_begin(e),
            GCEnd => self.gc_end(e),
            GCSweepBegin => self.sweep_begin(e, cx),
            GCSweepActive => self.sweep_active(e, cx),
            GCSweepEnd => self.sweep_end(e, cx),
            STWBegin | GCMarkAssistBegin => self.range_begin(e, cx),
            GCMarkAssistActive => self.assist_active(e, cx),
            STWEnd | GCMarkAssistEnd => self.range_end(e, cx),
            HeapAlloc | HeapGoal => self.need(e, Need::Must, Need::May),
            ProcsChange | GoLabel | UserLog => self.full(e),
            UserTaskBegin => self.task_begin(e, scene, data),
            UserTaskEnd => self.task_end(e, scene, data),
            UserRegionBegin => self.region_begin(e, cx, scene, data),
            UserRegionEnd => self.region_end(e, cx, scene, data),
            Span | SpanAlloc | SpanFree | HeapObject | HeapObjectAlloc | HeapObjectFree | GoroutineStack
            | GoroutineStackAlloc | GoroutineStackFree => self.need(e, Need::May, Need::May),
            EventBatch | Stacks | Stack | Strings | String | CPUSamples | CPUSample | Frequency | ExperimentalBatch
            | Sync | ClockSnapshot | EndOfGeneration => unorderable(e),
        }
    }

    /// Checks that the event has a thread, and its P and goroutine, in Go's order.
    #[inline]
    fn need(&self, e: &Emitted, p: Need, g: Need) -> Advance {
        let fits = |id: i64, need: Need| match need {
            Need::Must => id != -1,
            Need::MustNot => id == -1,
            Need::May => true,
        };
        let thread = e.m != -1 || fault!(self.faults, NeedsNoThread);
        let proc = fits(e.p, p) || fault!(self.faults, NeedsNoProc);
        let goroutine = fits(e.g, g) || fault!(self.faults, NeedsNoGoroutine) && g == Need::Must;
        if thread && proc && goroutine { Ok(true) } else { lacking(e, p) }
    }

    /// The event needs a thread, a P and a goroutine.
    #[inline]
    fn full(&self, e: &Emitted) -> Advance {
        self.need(e, Need::Must, Need::Must)
    }

    /// Binds P `p` (at `slot`) to the event's thread; lost if it has none.
    #[inline]
    fn bind_p(&mut self, t: u32, p: i64, slot: u32) {
        let p = if fault!(self.faults, ProcIds32Bits) && p != -1 { i64::from(p as u32) } else { p };
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
    fn own_p(&self, e: &Emitted, cx: Cx) -> Option<u32> {
        if e.p == -1 { self.procs.find(-1) } else { Some(cx.p_slot) }
    }

    /// The place of the goroutine that the event's thread has.
    #[inline]
    fn own_g(&self, e: &Emitted, cx: Cx) -> Option<u32> {
        self.gors.find_at(e.g, cx.g_slot)
    }

    /// The place of the event's own goroutine, which must exist.
    #[inline(always)]
    fn known_g(&self, e: &Emitted, cx: Cx) -> Result<u32, Box<Reject>> {
        match self.own_g(e, cx) {
            Some(at) => Ok(at),
            None => gone(e),
        }
    }
}

#[cold]
fn unorderable(e: &Emitted) -> Advance {
    let message = format!("expected an event that happens on a thread, found {}", e.ty);
    reject(RejectRule::EventUnorderable, message)
}

#[cold]
fn gone<T>(e: &Emitted) -> Result<T, Box<Reject>> {
    let message = format!("{} needs goroutine {}, but it does not exist any more", e.ty, e.g);
    reject(RejectRule::GoUnknown, message)
}

#[cold]
fn lacking(e: &Emitted, p: Need) -> Advance {
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
