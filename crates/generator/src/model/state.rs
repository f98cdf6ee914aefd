//! The state of the scheduler, as far as a tracer can tell.
//!
//! Indexes are the model's own: an M's index is not its thread id, a G's index not its
//! goroutine id. A P's index is its id.

use tracehound_wire::NONE_ID;

/// Index of an M.
pub(crate) type Mi = usize;
/// Index of a P, which is its id.
pub(crate) type Pi = usize;
/// Index of a G.
pub(crate) type Gi = usize;

/// What a P or G has of one generation: `gen` says which one (0: none yet), and that a
/// status or creation was written in it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slot {
    pub gen_: u32,
    pub seq: u32,
}

/// The two generations that can be open at a time, by parity.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slots([Slot; 2]);

impl Slots {
    /// Whether a status or creation has been written in `gen_`.
    #[inline]
    pub fn traced(&self, gen_: u32) -> bool {
        self.0[(gen_ & 1) as usize].gen_ == gen_
    }

    /// Notes that one has been written; the sequence starts over.
    #[inline]
    pub fn set_traced(&mut self, gen_: u32) {
        self.0[(gen_ & 1) as usize] = Slot { gen_, seq: 0 };
    }

    /// The latest number of the sequence.
    pub fn seq(&self, gen_: u32) -> u32 {
        self.0[(gen_ & 1) as usize].seq
    }

    /// The next number of the sequence.
    #[inline]
    pub fn next(&mut self, gen_: u32) -> u64 {
        let slot = &mut self.0[(gen_ & 1) as usize];
        slot.seq += 1;
        u64::from(slot.seq)
    }
}

/// Where a P is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PPlace {
    /// Taken away by a smaller GOMAXPROCS.
    Dead,
    /// In the list of idle Ps.
    Idle,
    /// Taken out of the list, or away from another M, and not yet started: only this M touches it.
    Owned(Mi),
    /// Wired to an M.
    Run(Mi),
    /// In this M's syscall, and up for theft.
    Sys(Mi),
    /// Held by a stopped world.
    Stopped,
}

/// What the written events say about a P.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PView {
    Idle,
    Running,
    Syscall,
    /// Its M left its syscall for good; nobody has stolen it yet.
    Abandoned,
}

#[derive(Clone, Debug)]
pub(crate) struct P {
    pub place: PPlace,
    pub view: PView,
    /// Whether any event has mentioned it.
    pub known: bool,
    /// Whether a sweep range is open on it.
    pub sweeping: bool,
    /// Whether it has been dead and is alive again.
    pub reborn: bool,
    pub slots: Slots,
    /// Counts thefts and returns, so that an M can tell whether the P has been away.
    pub tick: u32,
    /// Thread of the latest `GoSyscallBegin` on this P.
    pub msys: u64,
    /// Still owes a call of the safe-point function.
    pub must: bool,
}

/// Where a G is, which is also what the written events say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GPlace {
    Dead,
    Runnable,
    /// Runnable, and nobody but this M can start it.
    Held(Mi),
    Running(Mi),
    Syscall(Mi),
    Waiting,
    /// Waiting, and only the operation that put it there can wake it: a coroutine, a mark
    /// worker between its turns, a goroutine that the GC suspended.
    Parked,
}

/// What a goroutine is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// User code.
    User,
    /// The other side of this coroutine.
    Coroutine(usize),
    /// A mark worker of the GC.
    Worker,
    /// The goroutine of an M for C threads.
    Extra,
}

#[derive(Clone, Debug)]
pub(crate) struct G {
    pub id: u64,
    pub role: Role,
    /// The M that it is locked to.
    pub locked: Option<Mi>,
    /// The generation in which it was last woken.
    pub woken: u32,
    /// Whether it has ever ended a mark assist.
    pub assisted: bool,
    /// Whether a mark assist range is open on it.
    pub assist: bool,
    /// Whether it may have been preempted after it had seen that the GC marks, and before it could say that it helps.
    pub saw_marking: bool,
    /// Regions that a reader has seen begin: task and content id of the name.
    pub regions: Vec<(u64, u64)>,
    pub place: GPlace,
    /// Position in the list of runnable or waiting goroutines.
    pub at: usize,
    /// Whether any event has mentioned it.
    pub known: bool,
    pub slots: Slots,
}

impl G {
    pub fn new(id: u64) -> G {
        G {
            id,
            role: Role::User,
            locked: None,
            assist: false,
            saw_marking: false,
            woken: 0,
            assisted: false,
            regions: Vec::new(),
            place: GPlace::Dead,
            at: 0,
            known: false,
            slots: Slots::default(),
        }
    }
}

/// What an M still has to do of an operation that it has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pend {
    /// Nothing: it chooses its next action.
    None,
    /// Has `Owned` this P and starts it next.
    StartP(Pi),
    /// Has let go of this P and gives it away next, or needs it for a moment before.
    GiveP(Pi),
    /// Has this P for a moment, to allocate a thread; lets go of it again.
    Borrowed(Pi),
    /// Has let go of this P for good and gives it away next.
    HandP(Pi),
    /// Class A: entered a syscall, and nobody can see it yet.
    EnterA,
    /// Class B: has passed a safe point on its way into a syscall; has yet to write it (`proc.go reentersyscall`, Go 1.27.3).
    EnterB,
    /// Class A: its syscall is visible; has yet to look whether the world is being stopped.
    PublishedA,
    /// Class A: enters a syscall that blocks; has yet to let go of its P.
    BlockA,
    /// Class A: in a syscall, has seen that the world is being stopped, and wants the lock.
    GcWaitA,
    /// Class A: took its old P, or another one; has yet to end the syscall.
    EndKeepA,
    /// Class A: has a P by `ProcStart`; has yet to end the syscall as blocked.
    EndBlockedA,
    /// On its way out of a syscall, has taken this P, an idle one or (class B) its old one out of another M's syscall; has
    /// yet to start it (`proc.go exitsyscall`, Go 1.25.5 and 1.27.3).
    Took(Pi),
    /// Class A: took the P away from `victim` in generation `gen_`; has yet to write it.
    StealEventA { p: Pi, victim: Mi, holder_g: u64, gen_: u32 },
    /// Ended its syscall without a P; looks for an idle one or parks.
    EndedNoP(Gi),
    /// Its blocking was refused: wakes this goroutine at once.
    Refused(Gi),
    /// Has suspended this goroutine and lets it go on.
    Resume(Gi),
    /// Has begun a GC cycle; stops the world next.
    GcStop,
    /// Ends a GC cycle: every P passes a safe point, then the world stops.
    GcDonePass,
    /// Has taken an idle P for the goroutine that it holds.
    StartPFor(Pi, Gi),
    /// Has a P and starts this goroutine on it.
    StartG(Gi),
    /// Stops the world: has announced it; takes the Ps that are nobody's, from this one on.
    StwTake(Pi),
    /// Stops the world: waits for the others.
    StwWait,
    /// The world is stopped.
    StwStopped,
    /// Has restarted the world; has yet to say so.
    StwEnd,
    /// Advances the generation (class B): every P passes a safe point first.
    AdvanceWait,
    /// Advances the generation (class B): every P has passed.
    AdvanceSwitch,
    /// Has advanced the generation (class A): every P passes a safe point.
    AdvancedWaitA,
    /// In a fine case: every P passes a safe point, on behalf of the GC or (class A) of the new generation.
    Pass,
}

impl Pend {
    /// Whether there is nothing to do.
    #[inline]
    pub fn is_none(&self) -> bool {
        matches!(self, Pend::None)
    }

    /// Whether there is something to do.
    #[inline]
    pub fn is_some(&self) -> bool {
        !self.is_none()
    }

    /// The P that the M has let go of and gives away next.
    #[inline]
    pub fn gives(&self) -> Option<Pi> {
        match *self {
            Pend::GiveP(p) | Pend::HandP(p) => Some(p),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct M {
    /// Thread id.
    pub tid: u64,
    pub sysmon: bool,
    /// Serves C threads that call into Go.
    pub extra: bool,
    pub alive: bool,
    /// The goroutine that is locked to it.
    pub locked: Option<Gi>,
    /// The P bound to it, as a reader that had seen everything would say: in a syscall too, until stolen.
    pub p: Option<Pi>,
    pub g: Option<Gi>,
    /// The P that written events have bound to it.
    pub vp: Option<Pi>,
    pub vg: Option<Gi>,
    /// The generation in which another M took its P, until an event of its own that must come after
    /// the theft.
    pub robbed: u32,
    /// The P that it had when it entered its syscall.
    pub oldp: Option<Pi>,
    /// The generation in which a spare M was last let go of.
    pub dropped: Option<u32>,
    pub tick: u32,
    pub pend: Pend,
}

/// Whether Ms that have neither a P nor a goroutine can find something to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calls {
    /// Ms that wait for work.
    pub idle: bool,
    /// sysmon.
    pub sysmon: bool,
}

impl M {
    /// Whether it certainly has no step: it has ended, or has nothing and finds nothing. Most turns ask this of
    /// most Ms, with answers that no branch predictor learns; so there is one branch for all of it.
    #[inline]
    pub fn sleeps(&self, calls: Calls) -> bool {
        let bare = self.is_bare();
        let locked = self.locked.is_some();
        let called = (self.sysmon & calls.sysmon) | (!self.sysmon & calls.idle);
        bare & (!self.alive | !(self.extra & locked) & (locked | !called))
    }

    /// Whether it has neither a P nor a goroutine and is in the middle of nothing.
    #[inline]
    pub fn is_bare(&self) -> bool {
        self.p.is_none() & self.g.is_none() & self.pend.is_none()
    }

    /// An idle M on this thread.
    pub fn new(tid: u64) -> M {
        M {
            tid,
            sysmon: false,
            extra: false,
            alive: true,
            locked: None,
            p: None,
            g: None,
            vp: None,
            vg: None,
            robbed: 0,
            oldp: None,
            dropped: None,
            tick: 0,
            pend: Pend::None,
        }
    }
}

/// How far a stop of the world has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    No,
    Stopping,
    Stopped,
}

/// Why the world stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Purpose {
    #[default]
    Plain,
    /// GOMAXPROCS becomes this.
    Resize(usize),
    SweepTermination,
    MarkTermination,
}

/// A coroutine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coroutine {
    /// The goroutine that was made for it.
    pub inside: Gi,
    /// The one of its two sides that waits.
    pub parked: Gi,
}

/// Everything.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub gen_: u32,
    /// The first generation of the file; earlier ones were traced, and not kept.
    pub first_gen: u32,
    pub last_gen: u32,
    pub ms: Vec<M>,
    pub ps: Vec<P>,
    /// GOMAXPROCS: Ps from here on are dead.
    pub procs: usize,
    pub gs: Vec<G>,
    pub idle: Vec<Pi>,
    pub runnable: Vec<Gi>,
    pub waiting: Vec<Gi>,
    pub free_gs: Vec<Gi>,
    pub stop: Option<Stop>,
    /// The M that holds the scheduler's lock over several steps.
    pub sched: Option<Mi>,
    /// In a fine case: the goroutine that has begun a GC cycle and has yet to stop the world for it. It holds the world meanwhile,
    /// and can block and move, since it starts mark workers and waits for them.
    pub gc_starter: Option<Gi>,
    /// In a fine case: whether the Ps write their statuses at the safe points that they pass now.
    pub mute_pass: bool,
    /// The M that holds the world (stop, generation switch).
    pub world: Option<Mi>,
    pub purpose: Purpose,
    /// Whether the GC marks.
    pub marking: bool,
    /// The next number of the GC's sequence.
    pub gc_seq: u64,
    /// The first generation of the file that has an event of the GC's sequence.
    pub gc_first: Option<u32>,
    pub coroutines: Vec<Coroutine>,
    /// Mark workers that wait for their turn.
    pub workers: Vec<Gi>,
    /// Thread ids that no M uses, for C threads.
    pub free_tids: Vec<u64>,
    /// User tasks begun and not ended.
    pub tasks: Vec<u64>,
    pub next_task: u64,
    pub next_goid: u64,
    /// The M whose window a plot is about.
    pub plot: Option<Mi>,
}

impl State {
    /// The state before anything is, in the space of this one.
    pub fn emptied(self) -> State {
        fn empty<T>(mut list: Vec<T>) -> Vec<T> {
            list.clear();
            list
        }
        State {
            ms: empty(self.ms),
            ps: empty(self.ps),
            gs: empty(self.gs),
            idle: empty(self.idle),
            runnable: empty(self.runnable),
            waiting: empty(self.waiting),
            free_gs: empty(self.free_gs),
            coroutines: empty(self.coroutines),
            workers: empty(self.workers),
            free_tids: empty(self.free_tids),
            tasks: empty(self.tasks),
            ..State::default()
        }
    }

    pub fn stop(&self) -> Stop {
        self.stop.unwrap_or(Stop::No)
    }

    /// Id of the P bound to `m` by what has been written.
    #[inline]
    pub fn view_p(&self, m: Mi) -> u64 {
        self.ms[m].vp.map_or(NONE_ID, |p| p as u64)
    }

    /// Id of the goroutine bound to `m` by what has been written.
    #[inline]
    pub fn view_g(&self, m: Mi) -> u64 {
        self.ms[m].vg.map_or(NONE_ID, |g| self.gs[g].id)
    }

    /// Moves a goroutine to another place and keeps the lists right.
    pub fn place_g(&mut self, g: Gi, to: GPlace) {
        let at = self.gs[g].at;
        let list = match self.gs[g].place {
            GPlace::Runnable => Some(&mut self.runnable),
            GPlace::Waiting => Some(&mut self.waiting),
            _ => None,
        };
        if let Some(list) = list {
            list.swap_remove(at);
            if let Some(&moved) = list.get(at) {
                self.gs[moved].at = at;
            }
        }
        self.gs[g].place = to;
        let list = match to {
            GPlace::Runnable => Some(&mut self.runnable),
            GPlace::Waiting => Some(&mut self.waiting),
            _ => None,
        };
        if let Some(list) = list {
            self.gs[g].at = list.len();
            list.push(g);
        }
        if to == GPlace::Dead && self.gs[g].role != Role::Extra {
            self.free_gs.push(g);
        }
    }

    /// A new goroutine that no event has mentioned, in `place`.
    pub fn new_g(&mut self, place: GPlace) -> Gi {
        let id = self.next_goid;
        self.next_goid += 1 + (id >> 2 & 1) * 14 * u64::from(id % 16 == 4);
        let fresh = G::new(id);
        let g = match self.free_gs.pop() {
            Some(g) => {
                self.gs[g] = fresh;
                g
            }
            None => {
                self.gs.push(fresh);
                self.gs.len() - 1
            }
        };
        self.place_g(g, place);
        g
    }

    /// Takes the idle P at position `i` of the list for `m`.
    pub fn take_idle(&mut self, i: usize, m: Mi) -> Pi {
        let p = self.idle.swap_remove(i);
        self.ps[p].place = PPlace::Owned(m);
        p
    }

    /// Puts a P into the idle list.
    pub fn put_idle(&mut self, p: Pi) {
        self.ps[p].place = PPlace::Idle;
        self.idle.push(p);
    }
}
