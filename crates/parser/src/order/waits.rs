//! What a waiting event waits for: looked up again, for people, when nothing can advance.

use super::Order;
use super::state::{Seq, gs, ps};
use crate::cursor::Cursor;
use crate::explain::{Condition, Found, Wait};
use crate::ids::{GoId, ProcId, ThreadId};
use rustc_hash::FxHashMap;
use tracehound_wire::{ArgKind, EventType};

/// Most suppliers that are listed for one wait.
const MOST_SUPPLIERS: usize = 8;

/// Something that threads wait for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Thing {
    Go(i64),
    Proc(i64),
    Gc,
}

impl Order {
    /// What each of the waiting events waits for, and who could supply it.
    pub fn explain(&self, waiting: &[&Cursor], data: &[u8], offset: impl Fn(usize) -> u64) -> Vec<Wait> {
        let mut about: FxHashMap<Thing, Vec<i64>> = FxHashMap::default();
        for cursor in waiting {
            let m = self.threads.get(cursor.thread).m;
            for thing in self.things(cursor, data) {
                let list = about.entry(thing).or_default();
                if list.len() <= MOST_SUPPLIERS && list.last() != Some(&m) {
                    list.push(m);
                }
            }
        }
        waiting
            .iter()
            .map(|cursor| {
                let thread = self.threads.get(cursor.thread);
                let (condition, found) = self.condition(cursor, data);
                let thing = match condition {
                    Condition::Goroutine { id, .. } => Thing::Go(id.0),
                    Condition::Proc { id, .. } | Condition::ProcTaken { id } | Condition::NoProc { holds: id } => {
                        Thing::Proc(id.0)
                    }
                    Condition::Gc { .. } => Thing::Gc,
                };
                let others = about.get(&thing).into_iter().flatten().filter(|&&m| m != thread.m);
                Wait {
                    thread: ThreadId(thread.m),
                    event: cursor.ty(data),
                    args: cursor.all_args(data),
                    time: cursor.time,
                    offset: offset(cursor.at),
                    proc: ProcId(thread.p),
                    goroutine: GoId(thread.g),
                    condition,
                    found,
                    suppliers: others.take(MOST_SUPPLIERS).map(|&m| ThreadId(m)).collect(),
                }
            })
            .collect()
    }

    /// What an event, if it could happen, would say something about.
    fn things(&self, cursor: &Cursor, data: &[u8]) -> impl Iterator<Item = Thing> + use<> {
        let thread = self.threads.get(cursor.thread);
        let spec = cursor.ty(data).spec();
        let named = spec.args.iter().zip(cursor.all_args(data)).filter_map(|(&(_, kind), arg)| match kind {
            ArgKind::G | ArgKind::NewG => Some(Thing::Go(arg as i64)),
            ArgKind::P => Some(Thing::Proc(arg as i64)),
            ArgKind::GcSeq => Some(Thing::Gc),
            _ => None,
        });
        let own = [(thread.g != -1).then_some(Thing::Go(thread.g)), (thread.p != -1).then_some(Thing::Proc(thread.p))];
        named.chain(own.into_iter().flatten()).collect::<Vec<_>>().into_iter()
    }

    fn condition(&self, cursor: &Cursor, data: &[u8]) -> (Condition, Found) {
        let [first, second, ..] = cursor.all_args(data);
        let thread = self.threads.get(cursor.thread);
        let found = |state, seq: Seq| Found::State { state, generation: seq.generation, seq: seq.n };
        let proc = |id: i64| match self.procs.find(id).map(|at| self.procs.get(at)) {
            Some(p) => found(ps::name(p.status), p.seq),
            None => Found::Unknown,
        };
        let go = |state| {
            let id = first as i64;
            let is = match self.gors.find(id).map(|at| self.gors.get(at)) {
                Some(g) => found(gs::name(g.status), g.seq),
                None => Found::Unknown,
            };
            (Condition::Goroutine { id: GoId(id), state, seq: second }, is)
        };
        let id = ProcId(first as i64);
        match cursor.ty(data) {
            EventType::ProcStart if thread.p != -1 => (Condition::NoProc { holds: ProcId(thread.p) }, proc(thread.p)),
            EventType::ProcStart => (Condition::Proc { id, state: ps::name(ps::IDLE), seq: second }, proc(id.0)),
            EventType::ProcSteal => (Condition::Proc { id, state: ps::name(ps::SYSCALL), seq: second }, proc(id.0)),
            EventType::GoSyscallEndBlocked => (Condition::ProcTaken { id: ProcId(thread.p) }, proc(thread.p)),
            EventType::GoStart => go(gs::name(gs::RUNNABLE)),
            EventType::GCActive | EventType::GCBegin | EventType::GCEnd => {
                let state = match self.gc {
                    super::Gc::Undetermined => "unknown",
                    super::Gc::NotRunning => "not running",
                    super::Gc::Running => "running",
                };
                let last = Found::State { state, generation: 0, seq: self.gc_seq };
                (Condition::Gc { seq: first }, last)
            }
            _ => go(gs::name(gs::WAITING)),
        }
    }
}
