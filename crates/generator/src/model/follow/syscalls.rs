//! Which step writes the next event of a thread that enters, leaves or sits in a syscall, or has a P for a moment.

use super::steps::{allocation, used_with_p, yes};
use super::{Follower, Gap, Observed};
use crate::flavour::Class;
use crate::model::Ask;
use crate::model::choose::Act;
use crate::model::state::{Mi, PPlace, Pend, Pi, Stop};
use tracehound_wire::EventType::*;

impl Follower<'_, '_> {
    pub(super) fn give(&mut self, stream: usize, m: Mi, p: Pi) -> Result<bool, Gap> {
        let x = &self.w.s.ms[m];
        let borrows = self.w.s.stop() == Stop::No && (x.sysmon || x.g.is_some() || x.locked.is_some());
        match self.borrowed(stream, m, p, 0).filter(|_| borrows) {
            Some(mut answers) => {
                answers.push((Ask::Borrow, yes(8)));
                self.go(m, &answers)
            }
            None => self.go(m, &[]),
        }
    }

    /// If the stream of `m` goes on, from its `k`-th event, with a P that is started for a moment: the answers for its start. Where
    /// the stream ends before the P is stopped, only sysmon has certainly borrowed it: others may have begun to leave a syscall.
    pub(super) fn borrowed(&self, stream: usize, m: Mi, p: Pi, k: usize) -> Option<Vec<(Ask, u32)>> {
        let answers = self.sweeps(stream, k);
        let k = k + answers.len() / 2;
        let start = self.main(stream, k)?;
        if start.ty != ProcStart || start.args[0] != p as u64 {
            return None;
        }
        let after = (k + 1..).map_while(|k| self.main(stream, k)).find(|e| used_with_p(e.ty).is_none());
        let borrows = after.map_or(self.w.s.ms[m].sysmon, |e| e.ty == ProcStop);
        borrows.then_some(answers)
    }

    /// `m` has a P for a moment.
    pub(super) fn borrowing(&mut self, m: Mi, e: &Observed) -> Result<bool, Gap> {
        match used_with_p(e.ty) {
            Some(answers) => self.go(m, &answers),
            None if e.ty == ProcStop => self.go(m, &[]),
            None => self.wait("a thread with a P for a moment does something else"),
        }
    }

    pub(super) fn published(&mut self, stream: usize, m: Mi, e: &Observed) -> Result<bool, Gap> {
        let s = &self.w.s;
        let own = s.ms[m].oldp;
        let restarts = self.main(stream, 1).is_some_and(|n| n.ty == ProcStart && n.args[0] == e.args[0]);
        if e.ty == ProcSteal && own == Some(e.args[0] as Pi) && !restarts {
            if s.stop() == Stop::Stopping {
                return self.go(m, &[]);
            }
            return self.begin_stopping();
        }
        let unaware = (s.stop() == Stop::Stopping).then_some((Ask::Unaware, 1));
        self.go(m, unaware.as_slice())
    }

    /// Its goroutine runs nowhere else: it takes an idle P itself, or somebody hands it one.
    pub(super) fn ended_locked(&mut self, m: Mi, e: &Observed) -> Result<bool, Gap> {
        if self.w.s.sched.is_some() || self.w.s.stop() != Stop::No {
            return self.wait("the world is stopped");
        }
        match self.idle_at(e.args[0] as Pi)? {
            Some(at) => self.go(m, &[(Ask::Index, at)]),
            None => self.wait("the P to be started is not idle"),
        }
    }

    pub(super) fn ended(&mut self, m: Mi) -> Result<bool, Gap> {
        let s = &self.w.s;
        if s.sched.is_some() {
            return self.wait("the scheduler's lock is held");
        }
        let misses = (!s.idle.is_empty() && s.stop() == Stop::No).then_some((Ask::MissIdle, 1));
        self.go(m, misses.as_slice())
    }

    pub(super) fn enter(&mut self, stream: usize, m: Mi, p: Pi) -> Result<bool, Gap> {
        let stopping = self.w.s.stop() == Stop::Stopping;
        let class = self.w.t.swarm.class();
        if self.main(stream, 1).is_none_or(|e| e.ty != ProcStop) {
            let mut answers = Vec::new();
            let must = class == Class::B && self.w.s.ps[p].must;
            let passes = must && !self.is_taken_by_pass(p);
            if must {
                answers.push((Ask::Unaware, u32::from(!passes)));
            }
            if class == Class::B && stopping && !passes {
                answers.push((Ask::Unaware, 1));
            }
            return self.act(m, Act::Enter, &answers);
        }
        let comes_back = (2..)
            .map_while(|k| self.main(stream, k))
            .take_while(|e| e.ty != GoSyscallEndBlocked)
            .any(|e| e.ty == ProcSteal && e.args[0] == p as u64);
        if class == Class::B && (comes_back || stopping) {
            let passes = self.w.s.ps[p].must.then_some((Ask::Unaware, 0));
            return if stopping { self.act(m, Act::Enter, passes.as_slice()) } else { self.begin_stopping() };
        }
        let mut answers = Vec::new();
        if class == Class::B
            && self.w.s.stop() == Stop::No
            && let Some(more) = self.borrowed(stream, m, p, 2)
        {
            answers = more;
            answers.push((Ask::Borrow, yes(8)));
        }
        self.act(m, Act::EnterBlocking, &answers)
    }

    /// Whether the pass that is under way takes this P out of the syscall that it is about to enter: then it has
    /// entered it before the pass began.
    pub(super) fn is_taken_by_pass(&mut self, p: Pi) -> bool {
        let Some(list) = self.thefts.get_mut(&(p as u64)) else { return false };
        while list.last().is_some_and(|&(at, _)| self.explained[at]) {
            list.pop();
        }
        let Some(&(at, tid)) = list.last() else { return false };
        let Some(passer) = self.w.s.world.filter(|&m| matches!(self.w.s.ms[m].pend, Pend::Pass | Pend::AdvanceWait))
        else {
            return false;
        };
        // What it takes in its next pass, or after it has begun to stop the world, is not taken by this one.
        let Some(stream) = self.stream_of(passer) else { return false };
        let theft = &self.segment.events[at];
        let in_pass = self.thefts_of_pass(stream, self.pass_from).any(|e| std::ptr::eq(e, theft));
        // The number after the entry's own.
        let next = u64::from(self.w.s.ps[p].slots.seq(self.w.s.gen_)) + 2;
        self.ms.get(&tid) == Some(&passer) && theft.args[1] == next && in_pass
    }

    pub(super) fn in_syscall(&mut self, stream: usize, m: Mi, e: &Observed) -> Result<bool, Gap> {
        let e = &self.start_after_sweeps(stream).copied().unwrap_or(*e);
        let x = &self.w.s.ms[m];
        let (own, oldp) = (x.p, x.oldp);
        let holds = own.is_some_and(|p| self.w.s.ps[p].place == PPlace::Sys(m));
        let mut answers = Vec::new();
        let old_is_there = |f: &Self| oldp.is_some_and(|p| matches!(f.w.s.ps[p].place, PPlace::Sys(h) if h != m));
        match e.ty {
            GoDestroySyscall => return self.go(m, &[(Ask::Destroy, yes(2))]),
            GoSyscallEnd if !holds => return self.wait("its P is not its own any more"),
            GoSyscallEnd => {}
            ProcSteal | ProcStart if !self.is_next_of_p(stream, e) => {
                return self.wait("it is another event's turn with the P");
            }
            ProcSteal => {
                let p = e.args[0] as Pi;
                if oldp != Some(p) {
                    return self.wait("it takes a P that is not its old one");
                }
                if !self.expose(p)? {
                    return self.wait("the P to be taken is not in a syscall");
                }
                if self.w.s.ps[p].place == PPlace::Sys(m) {
                    answers.extend(self.label_after_syscall(stream));
                }
            }
            ProcStart | GoSyscallEndBlocked if holds => return self.wait("nobody has taken its P"),
            ProcStart => {
                if self.w.s.sched.is_some() {
                    return self.wait("the scheduler's lock is held");
                }
                let Some(at) = self.idle_at(e.args[0] as Pi)? else {
                    return self.wait("the P to be started is not idle");
                };
                if old_is_there(self) {
                    answers.push((Ask::MissOld, 1));
                }
                answers.push((Ask::Index, at));
            }
            GoSyscallEndBlocked => {
                if old_is_there(self) {
                    answers.push((Ask::MissOld, 1));
                }
                if !self.w.s.idle.is_empty() && self.w.s.sched.is_none() {
                    answers.push((Ask::MissIdle, 1));
                }
            }
            _ => return self.wait("a thread in a syscall does something else"),
        }
        self.go(m, &answers)
    }

    /// Class B: the answer for the label behind the end of the syscall that comes next on the stream, if there is one.
    pub(super) fn label_after_syscall(&self, stream: usize) -> Option<(Ask, u32)> {
        let end = |ty| matches!(ty, ProcSteal | ProcStart | GoSyscallEndBlocked) || allocation(ty).is_some();
        let start = (0..).find(|&k| self.main(stream, k).is_none_or(|e| !end(e.ty)))?;
        let ends = (0..start).any(|k| self.main(stream, k).is_some_and(|e| e.ty == GoSyscallEndBlocked));
        let is = |k, ty| self.main(stream, k).is_some_and(|e| e.ty == ty);
        let class_b = self.w.t.swarm.class() == Class::B;
        (class_b && ends && is(start, GoStart) && is(start + 1, GoLabel)).then_some((Ask::Detail, 1))
    }

    /// The start of a P that comes next on the stream, after what is swept for it.
    pub(super) fn start_after_sweeps(&self, stream: usize) -> Option<&'_ Observed> {
        let n = self.sweeps_before_start(stream).len() / 2;
        self.main(stream, n).filter(|e| n > 0 && e.ty == ProcStart)
    }

    pub(super) fn sweeps_before_start(&self, stream: usize) -> Vec<(Ask, u32)> {
        self.sweeps(stream, 0)
    }

    pub(super) fn sweeps(&self, stream: usize, from: usize) -> Vec<(Ask, u32)> {
        let kinds = (from..).map_while(|k| self.main(stream, k).and_then(|e| allocation(e.ty)));
        kinds.flat_map(|kind| [(Ask::Sweep, 1), (Ask::Detail, kind)]).collect()
    }

    pub(super) fn create_syscall(&mut self, stream: usize, e: &Observed) -> Result<bool, Gap> {
        let tid = self.streams[stream].tid;
        let Some(&g) = self.gs.get(&e.args[0]) else { return self.wait("the goroutine is unknown") };
        let Some(m) = self.w.s.gs[g].locked.filter(|&m| self.w.is_spare(m)) else {
            return self.wait("the goroutine's M is not spare");
        };
        let free = &self.w.s.free_tids;
        let at = match self.tids.get(&tid) {
            Some(own) => free.iter().position(|t| t == own),
            None => free.iter().position(|t| !self.real_tids.contains_key(t)),
        };
        let Some(at) = at else { return self.wait("the thread is still in use") };
        let own = free[at];
        self.bind_thread(own, tid);
        self.ms.insert(tid, m);
        self.drive(m, None, &[(Ask::Index, at as u32)]).map(|()| true)
    }
}
