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
mod rules;
mod state;
mod syscalls;
mod waits;

use crate::event::Emitted;
use crate::fault::{FaultSet, fault};
use crate::threads::{NONE, Threads};
use blocked::{Blocked, Key, Thing};
use ids::Places;
use names::Names;
use rules::RULES;
pub(crate) use rules::World;
use rustc_hash::FxHashMap;
use state::{Gors, Procs};
use tracehound_wire::{EventType, RejectRule};

/// A rule that an event breaks, and the sentence that says how.
#[derive(Debug)]
pub(crate) struct Reject {
    pub rule: RejectRule,
    pub message: String,
}

/// Why an event does not happen.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It has to wait for another thread's.
    Waits,
    /// It breaks a rule.
    Breaks(Box<Reject>),
}

/// Whether the event happens.
type Advance = Result<(), Refusal>;

#[cold]
#[inline(never)]
fn reject<T>(rule: RejectRule, message: String) -> Result<T, Refusal> {
    Err(Refusal::Breaks(Box::new(Reject { rule, message })))
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
    /// Whether something is to be done about the event that happened last before the next one is
    /// tried: it brought others with it, names something that is missing, or refers to what the
    /// next one may change.
    notable: bool,
    blocked: Blocked,
    /// With a fault: the Ps of threads whose syscall's end waits.
    stale_ps: FxHashMap<i64, i64>,
    faults: FaultSet,
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
///
/// Each field has a list of its own: side by side, what was stored one by one would be read at once, which has to wait until
/// all of the stores have reached the memory.
#[derive(Debug)]
struct ExtraEvents {
    ty: [EventType; 2],
    first: [u64; 2],
    second: [u64; 2],
    g: [i64; 2],
    old: [u8; 2],
    synthetic: [bool; 2],
    len: u8,
}

impl Default for ExtraEvents {
    fn default() -> ExtraEvents {
        ExtraEvents {
            ty: [EventType::Sync; 2],
            first: [0; 2],
            second: [0; 2],
            g: [-1; 2],
            old: [0; 2],
            synthetic: [true; 2],
            len: 0,
        }
    }
}

impl ExtraEvents {
    /// Adds one, of at most two.
    #[inline(always)]
    fn push(&mut self, extra: Extra) {
        let at = usize::from(self.len & 1);
        (self.ty[at], self.g[at], self.old[at], self.synthetic[at]) = (extra.ty, extra.g, extra.old, extra.synthetic);
        [self.first[at], self.second[at]] = extra.args;
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
            notable: false,
            blocked: Blocked::default(),
            stale_ps: FxHashMap::default(),
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

    /// Whether to keep a list of the cursors that need not wait any more; an empty one at first.
    pub fn record_woken(&mut self, record: bool) {
        self.blocked.record(record);
    }

    /// The cursors that need not wait any more, since the last time that this was asked.
    pub fn take_woken(&mut self) -> Vec<u32> {
        self.blocked.take_woken()
    }

    /// Whether something is to be done about the event that happened last before another one is
    /// tried. Does not say so twice.
    #[inline(always)]
    pub fn take_notable(&mut self) -> bool {
        let notable = self.notable;
        if notable {
            self.notable = false;
        }
        notable
    }

    /// Whether the event that happened last brought others with it that have not been taken.
    #[inline(always)]
    pub fn has_extra(&self) -> bool {
        self.extra.len != 0
    }

    /// Writes the next one that event `of` brought with it to `out`, but for its time.
    #[inline(always)]
    pub fn take_extra(&mut self, of: &Emitted, out: &mut Emitted) {
        self.extra.len -= 1;
        let (at, extra) = (usize::from(self.extra.len & 1), &self.extra);
        (out.m, out.p, out.g, out.offset) = (of.m, of.p, extra.g[at], of.offset);
        (out.ty, out.old, out.new, out.synthetic) = (extra.ty[at], extra.old[at], of.new, extra.synthetic[at]);
        (out.has_tables, out.rewritten, out.dangling) = (true, of.rewritten, false);
        out.args = [extra.first[at], extra.second[at], 0, 0];
    }

    /// The next event that is tried is one of the thread in this hand.
    ///
    /// Any attempt, even one that waits, makes the thread known (Go keeps an entry for it
    /// from then on, and some rules ask whether there is one).
    #[inline(always)]
    pub fn give_turn(&mut self, hand: usize) {
        self.threads.give_turn(hand);
    }

    /// Tries the decoded event `out` of the cursor with this index, whose thread has the
    /// [turn](Order::give_turn); if it happens, `out` is what to deliver.
    #[inline(always)]
    pub fn advance(&mut self, cursor: u32, out: &mut Emitted, world: &mut World<'_>) -> Advance {
        let thread = self.threads.own();
        (out.m, out.p, out.g) = (thread.m, thread.p, thread.g);
        (out.old, out.new, out.synthetic) = (0, 0, false);
        (out.has_tables, out.rewritten, out.dangling) = (true, false, false);
        if let Err(refusal) = RULES[usize::from(out.ty.byte())](self, out, world) {
            return self.refused(cursor, out, refusal);
        }
        if !self.blocked.is_empty() {
            self.wake(out);
        }
        let thread = self.threads.own();
        if fault!(self.faults, ContextAfter) && out.m == thread.m {
            (out.p, out.g) = (thread.p, thread.g);
        }
        Ok(())
    }

    /// Notes what a refused event waits for, if it does.
    #[cold]
    fn refused(&mut self, cursor: u32, e: &Emitted, refusal: Refusal) -> Advance {
        if let Refusal::Waits = &refusal {
            let numbers_count = self.numbers_count();
            let coarse = |key| match key {
                Key::Next(thing, _) if !numbers_count => Key::Change(thing),
                key => key,
            };
            self.blocked.add(cursor, blocked::keys(e).map(coarse));
        }
        Err(refusal)
    }

    /// Whether an event cannot but wait as long as its sequence number is not the next one: not so where a planted
    /// fault lets numbers pass.
    fn numbers_count(&self) -> bool {
        self.faults == FaultSet::default()
    }

    /// Wakes all that wait for something that the event, which has happened, can have changed.
    #[inline(never)]
    fn wake(&mut self, e: &Emitted) {
        for thing in blocked::changed(e).into_iter().flatten() {
            self.blocked.wake(Key::Change(thing));
            let number = match thing {
                Thing::Go(id) => self.gors.find(id).map(|at| self.gors.get(at).seq.n),
                Thing::Proc(id) => self.procs.find(id).map(|at| self.procs.get(at).seq.n),
                Thing::Gc => Some(self.gc_seq),
            };
            if let Some(number) = number {
                self.blocked.wake(Key::Next(thing, number.wrapping_add(1)));
            }
        }
    }

    /// Looks for the ids that an event names, if they are not where they mostly are.
    #[cold]
    fn look_for(&mut self, e: &mut Emitted, places: &Places, world: &World<'_>) -> Advance {
        if !ids::exist(places, &world.scene.tables, &e.args, self.faults) {
            (e.dangling, self.notable) = (true, true);
        }
        Ok(())
    }

    /// An event that this one brings with it.
    #[inline(always)]
    fn brings(&mut self, extra: Extra) {
        self.extra.push(extra);
        self.notable = true;
    }

    /// Checks that the event has a thread, and its P and goroutine, in Go's order.
    #[inline(always)]
    fn need(&self, e: &Emitted, p: Need, g: Need) -> Advance {
        if has(e, p, g, self.faults) { Ok(()) } else { lacking(e, p) }
    }

    /// The event needs a thread, a P and a goroutine.
    #[inline(always)]
    fn full(&self, e: &Emitted) -> Advance {
        self.need(e, Need::Must, Need::Must)
    }

    /// Binds P `p` (at `slot`) to the event's thread; lost if it has none.
    #[inline(always)]
    fn bind_p(&mut self, p: i64, slot: u32) {
        let p = if fault!(self.faults, ProcIds32Bits) && p != -1 { i64::from(p as u32) } else { p };
        self.threads.own_mut().bind_p(p, slot);
    }

    #[inline(always)]
    fn unbind_p(&mut self) {
        self.threads.own_mut().bind_p(-1, NONE);
    }

    /// Binds goroutine `g` (at `slot`) to the event's thread; lost if it has none.
    #[inline(always)]
    fn bind_g(&mut self, g: i64, slot: u32) {
        self.threads.own_mut().bind_g(g, slot);
    }

    #[inline(always)]
    fn unbind_g(&mut self) {
        self.threads.own_mut().bind_g(-1, NONE);
    }

    /// The place of the P that the event's thread holds.
    #[inline(always)]
    fn own_p(&self, e: &Emitted) -> Option<u32> {
        if e.p == -1 { self.procs.find(-1) } else { Some(self.threads.own().p_slot) }
    }
}

/// Whether the event has a thread, and its P and goroutine as needed.
#[inline(always)]
fn has(e: &Emitted, p: Need, g: Need, faults: FaultSet) -> bool {
    let fits = |id: i64, need: Need| match need {
        Need::Must => id != -1,
        Need::MustNot => id == -1,
        Need::May => true,
    };
    (e.m != -1 || fault!(faults, NeedsNoThread))
        && (fits(e.p, p) || fault!(faults, NeedsNoProc))
        && (fits(e.g, g) || fault!(faults, NeedsNoGoroutine) && g == Need::Must)
}

#[cold]
fn unorderable(e: &Emitted) -> Advance {
    let message = format!("expected an event that happens on a thread, found {}", e.ty);
    reject(RejectRule::EventUnorderable, message)
}

#[cold]
#[inline(never)]
fn gone<T>(e: &Emitted) -> Result<T, Refusal> {
    let message = format!("{} needs goroutine {}, but it does not exist any more", e.ty, e.g);
    reject(RejectRule::GoUnknown, message)
}

#[cold]
#[inline(never)]
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
