//! How the world stands after some events of a trace: who runs what, who waits, which ranges are open.
//!
//! It follows an order that a reader found and checks nothing: what comes of it is a guess that is tried.

use rustc_hash::FxHashMap;
use tracehound_wire::event::{go_status, proc_status};
use tracehound_wire::{ArgKind, Event, EventType};

/// A P or a goroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Thing {
    /// Code of its status on the wire.
    pub status: u64,
    /// The M that has it, if its status needs one.
    pub m: Option<u64>,
    /// Its last sequence number in `generation`.
    pub seq: u64,
    /// The generation that last told of it.
    pub generation: u64,
    /// The range that is open on it: the event that says so of one that began earlier, and the generation that last
    /// told of it.
    pub range: Option<(EventType, u64)>,
}

/// The P and the goroutine of an M.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    pub p: Option<u64>,
    pub g: Option<u64>,
}

/// How the world stands.
#[derive(Debug, Default)]
pub(super) struct World {
    pub ps: FxHashMap<u64, Thing>,
    pub gs: FxHashMap<u64, Thing>,
    pub ms: FxHashMap<u64, Context>,
    /// The number and the generation of the garbage collection that goes on.
    pub collects: Option<(u64, u64)>,
    /// The number of the end of the last garbage collection, if none goes on.
    pub rests: Option<u64>,
    /// The M that stops the world, and the event that began it.
    pub stopped: Option<(u64, Event)>,
}

impl World {
    /// One more event happens.
    pub fn follow(&mut self, generation: u64, m: u64, e: &Event) {
        use EventType as T;
        let Context { p, g } = self.ms.get(&m).copied().unwrap_or_default();
        match e.ty {
            T::ProcStatus => self.proc_status(generation, m, e),
            T::ProcStart => self.proc(generation, e.args[0], proc_status::RUNNING, Some(m), Some(e.args[1])),
            T::ProcStop => self.proc_of(p, generation, proc_status::IDLE, None, None),
            T::ProcSteal => self.proc(generation, e.args[0], proc_status::IDLE, None, Some(e.args[1])),
            T::GoSyscallBegin => {
                self.proc_of(p, generation, proc_status::SYSCALL, Some(m), Some(e.args[0]));
                self.go_of(g, generation, go_status::SYSCALL, Some(m), None);
            }
            T::GoSyscallEnd => {
                self.proc_of(p, generation, proc_status::RUNNING, Some(m), None);
                self.go_of(g, generation, go_status::RUNNING, Some(m), None);
            }
            T::GoSyscallEndBlocked => self.go_of(g, generation, go_status::RUNNABLE, None, None),
            T::GoStatus | T::GoStatusStack => {
                let of = match e.args[2] {
                    go_status::RUNNING => Some(m),
                    go_status::SYSCALL => Some(e.args[1]),
                    _ => None,
                };
                self.go(generation, e.args[0], e.args[2], of, Some(0));
            }
            T::GoCreate => self.go(generation, e.args[0], go_status::RUNNABLE, None, Some(0)),
            T::GoCreateBlocked => self.go(generation, e.args[0], go_status::WAITING, None, Some(0)),
            T::GoCreateSyscall => self.go(generation, e.args[0], go_status::SYSCALL, Some(m), Some(0)),
            T::GoStart => self.go(generation, e.args[0], go_status::RUNNING, Some(m), Some(e.args[1])),
            T::GoStop => self.go_of(g, generation, go_status::RUNNABLE, None, None),
            T::GoBlock => self.go_of(g, generation, go_status::WAITING, None, None),
            T::GoUnblock => self.go(generation, e.args[0], go_status::RUNNABLE, None, Some(e.args[1])),
            T::GoDestroy => self.forget(g),
            T::GoDestroySyscall => {
                self.forget(g);
                self.proc_of(p, generation, proc_status::SYSCALL_ABANDONED, None, None);
            }
            T::GoSwitch | T::GoSwitchDestroy => {
                match e.ty {
                    T::GoSwitch => self.go_of(g, generation, go_status::WAITING, None, None),
                    _ => self.forget(g),
                }
                self.go(generation, e.args[0], go_status::RUNNING, Some(m), Some(e.args[1]));
            }
            T::GCBegin | T::GCActive => (self.collects, self.rests) = (Some((e.args[0], generation)), None),
            T::GCEnd => (self.collects, self.rests) = (None, Some(e.args[0])),
            T::STWBegin => self.stopped = Some((m, *e)),
            T::STWEnd => self.stopped = None,
            T::GCSweepBegin => self.range(p, None, Some((T::GCSweepActive, generation))),
            T::GCSweepActive => self.range(Some(e.args[0]), None, Some((e.ty, generation))),
            T::GCSweepEnd => self.range(p, None, None),
            T::GCMarkAssistBegin => self.range(None, g, Some((T::GCMarkAssistActive, generation))),
            T::GCMarkAssistActive => self.range(None, Some(e.args[0]), Some((e.ty, generation))),
            T::GCMarkAssistEnd => self.range(None, g, None),
            _ => {}
        }
    }

    fn proc_status(&mut self, generation: u64, m: u64, e: &Event) {
        let (p, status) = (e.args[0], e.args[1]);
        let known = self.ps.get(&p).filter(|p| p.status == proc_status::SYSCALL).copied();
        match (known, status) {
            // A theft has begun of a P whose entry into the syscall is known.
            (Some(known), proc_status::SYSCALL_ABANDONED) => {
                self.proc(generation, p, known.status, known.m, Some(0));
            }
            (_, proc_status::RUNNING | proc_status::SYSCALL) => self.proc(generation, p, status, Some(m), Some(0)),
            _ => self.proc(generation, p, status, None, Some(0)),
        }
    }

    fn proc_of(&mut self, p: Option<u64>, generation: u64, status: u64, m: Option<u64>, seq: Option<u64>) {
        if let Some(p) = p {
            self.proc(generation, p, status, m, seq);
        }
    }

    fn proc(&mut self, generation: u64, p: u64, status: u64, m: Option<u64>, seq: Option<u64>) {
        let before = self.ps.get(&p).copied();
        if let Some(context) = before.and_then(|b| b.m).and_then(|m| self.ms.get_mut(&m)) {
            context.p = None;
        }
        if let Some(m) = m {
            self.ms.entry(m).or_default().p = Some(p);
        }
        self.ps.insert(p, thing(before, generation, status, m, seq));
    }

    fn go_of(&mut self, g: Option<u64>, generation: u64, status: u64, m: Option<u64>, seq: Option<u64>) {
        if let Some(g) = g {
            self.go(generation, g, status, m, seq);
        }
    }

    fn go(&mut self, generation: u64, g: u64, status: u64, m: Option<u64>, seq: Option<u64>) {
        let before = self.gs.get(&g).copied();
        if let Some(context) = before.and_then(|b| b.m).and_then(|m| self.ms.get_mut(&m)) {
            context.g = None;
        }
        if let Some(m) = m {
            self.ms.entry(m).or_default().g = Some(g);
        }
        self.gs.insert(g, thing(before, generation, status, m, seq));
    }

    fn forget(&mut self, g: Option<u64>) {
        let gone = g.and_then(|g| self.gs.remove(&g));
        if let Some(context) = gone.and_then(|g| g.m).and_then(|m| self.ms.get_mut(&m)) {
            context.g = None;
        }
    }

    fn range(&mut self, p: Option<u64>, g: Option<u64>, open: Option<(EventType, u64)>) {
        let p = p.and_then(|p| self.ps.get_mut(&p));
        let g = g.and_then(|g| self.gs.get_mut(&g));
        for thing in p.into_iter().chain(g) {
            thing.range = open;
        }
    }

    /// A number of the event's, counted from how the world stands; `p` is the P of its M.
    pub fn renumber(&self, generation: u64, p: Option<u64>, e: &mut Event) {
        let specs = e.ty.spec().args;
        let id = |kind: ArgKind| specs.iter().position(|(_, k)| *k == kind).map(|i| e.args[i]);
        let (own_p, own_g) = (id(ArgKind::P).or(p), id(ArgKind::G));
        for (i, (_, kind)) in specs.iter().enumerate() {
            let thing = match kind {
                ArgKind::PSeq => own_p.and_then(|p| self.ps.get(&p)),
                ArgKind::GSeq => own_g.and_then(|g| self.gs.get(&g)),
                _ => None,
            };
            if let Some(thing) = thing.filter(|t| t.generation == generation) {
                e.args[i] = e.args[i].saturating_sub(thing.seq);
            }
        }
    }
}

fn thing(before: Option<Thing>, generation: u64, status: u64, m: Option<u64>, seq: Option<u64>) -> Thing {
    let seq = seq.unwrap_or(before.map_or(0, |b| b.seq));
    Thing { status, m, seq, generation, range: before.and_then(|b| b.range) }
}
