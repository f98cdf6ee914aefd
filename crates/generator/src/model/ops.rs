//! The sections of ordinary scheduling: Ps and goroutines start and stop on Ms.

use super::state::{GPlace, Gi, Mi, PPlace, PView, Pend, Pi, Stop};
use super::{Ask, World};
use crate::fault::EmissionFault;
use crate::flavour::Class;
use crate::history::{Resource, Transition, Visible};
use crate::swarm::Feature;
use crate::tracer::Name;
use tracehound_wire::EventType;

/// No more than this many Ms come into being.
const MOST_THREADS: usize = 24;

fn proc_change(p: Pi, old: Visible, new: Visible) -> Option<Transition> {
    Some(Transition { resource: Resource::Proc(p as u64), old, new })
}

pub(super) fn go_change(id: u64, old: Visible, new: Visible) -> Option<Transition> {
    Some(Transition { resource: Resource::Goroutine(id), old, new })
}

impl World<'_> {
    /// `acquirep`: `m` starts a P that it owns.
    pub(super) fn start_p(&mut self, m: Mi, p: Pi) {
        debug_assert_eq!(self.s.ps[p].place, PPlace::Owned(m));
        let traced = self.s.ps[p].slots.traced(self.t.section);
        if !self.s.ps[p].slots.traced(self.t.section) {
            let silent = self.s.ps[p].reborn && self.t.armed(EmissionFault::RebornProcSilent)
                || self.t.section > self.s.first_gen && self.t.armed(EmissionFault::IdleProcSilent);
            if silent {
                self.s.ps[p].slots.set_traced(self.t.section);
                self.t.hit();
            } else {
                self.t.proc_status(&mut self.s, m, p);
            }
        }
        self.t.stat(&mut self.s, m);
        if self.fine() {
            while self.allocations_traced() && self.ask(Ask::Sweep, 2) == 1 {
                self.alloc_event(m);
            }
        } else if traced && self.allocations_traced() && self.t.noise(4) == 0 {
            // Sweeping left over from the last cycle comes before the start is written.
            let id = u64::from(self.t.noise(1 << 20));
            self.t.put(&self.s, m, EventType::HeapObjectFree, &[id], None);
        }
        self.write_proc_start(m, p);
    }

    /// `ProcStart` alone, and its effect.
    pub(super) fn write_proc_start(&mut self, m: Mi, p: Pi) {
        let seq = self.s.ps[p].slots.next(self.t.section);
        self.s.ms[m].robbed = 0;
        let change = proc_change(p, Visible::Idle, Visible::Running);
        self.t.put(&self.s, m, EventType::ProcStart, &[p as u64, seq], change);
        self.s.ps[p].place = PPlace::Run(m);
        self.s.ps[p].view = PView::Running;
        self.s.ms[m].p = Some(p);
        self.s.ms[m].vp = Some(p);
    }

    /// `releasep`: `m` lets go of its P and owns it until it gives it away.
    pub(super) fn stop_p(&mut self, m: Mi) -> Option<Pi> {
        let p = self.s.ms[m].p?;
        self.t.stat(&mut self.s, m);
        let change = proc_change(p, Visible::Running, Visible::Idle);
        self.t.put(&self.s, m, EventType::ProcStop, &[], change);
        self.s.ps[p].place = PPlace::Owned(m);
        self.s.ps[p].view = PView::Idle;
        self.s.ms[m].p = None;
        self.s.ms[m].vp = None;
        Some(p)
    }

    /// Goes to sleep: stops the P, and has yet to give it away.
    pub(super) fn park(&mut self, m: Mi) {
        if let Some(p) = self.stop_p(m) {
            self.s.ms[m].pend = Pend::GiveP(p);
        }
    }

    /// Gives away a P that `m` owns, or borrows it first: whoever gets it may need a thread for it.
    pub(super) fn give_p(&mut self, m: Mi, p: Pi) {
        if self.s.ps[p].must {
            self.safe_point_idle(m, p);
        }
        let x = &self.s.ms[m];
        let may_borrow = x.alive && x.p.is_none() && (x.g.is_none() || self.t.swarm.class() == Class::A);
        if self.s.stop() == Stop::No && self.has(Feature::Bare) && may_borrow && self.one_in(Ask::Borrow, 8) {
            self.borrow(m, p);
        } else {
            self.hand_p(m, p);
        }
    }

    /// Gives away a P that `m` owns: to the stopped world, to another M, or to the idle list.
    pub(super) fn hand_p(&mut self, m: Mi, p: Pi) {
        self.s.ms[m].pend = Pend::None;
        if self.s.ps[p].must {
            self.safe_point_idle(m, p);
        }
        if !self.s.ms[m].alive {
            // The last thing that a thread does; its id can come back.
            let tid = self.s.ms[m].tid;
            self.t.flush(m, tid);
            self.s.free_tids.push(tid);
        }
        if self.s.stop() != Stop::No {
            self.s.ps[p].place = PPlace::Stopped;
            return;
        }
        let mut to = (0..self.s.ms.len()).find(|&x| x != m && self.is_idle(x));
        if to.is_none() && !self.s.runnable.is_empty() && self.s.ms.len() < MOST_THREADS {
            to = Some(self.new_thread());
        }
        match to {
            Some(x) if !self.s.runnable.is_empty() && self.one_in(Ask::HandOver, 3) => {
                self.s.ps[p].place = PPlace::Owned(x);
                self.s.ms[x].pend = Pend::StartP(p);
            }
            _ => self.s.put_idle(p),
        }
    }

    /// `m` needs a P for a moment, to allocate a thread: it starts the one that it is giving away. Others can get in, and
    /// the generation can change, before it stops it again (`proc.go allocm`, Go 1.27.3).
    pub(super) fn borrow(&mut self, m: Mi, p: Pi) {
        if let Some(g) = self.s.ms[m].g
            && self.t.armed(EmissionFault::BorrowReportedRunning)
            && !self.s.gs[g].slots.traced(self.t.section)
        {
            self.t.go_status(&mut self.s, m, g, GPlace::Running(m));
            self.t.hit();
        }
        self.start_p(m, p);
        self.s.ms[m].pend = Pend::Borrowed(p);
    }

    /// One thing that `m` does with the P that it has borrowed; the last is to stop it.
    pub(super) fn use_borrowed(&mut self, m: Mi, p: Pi) {
        let uses = if self.fine() {
            self.use_p_finely(m)
        } else {
            let uses = self.one_in(Ask::More, 3);
            if uses {
                let value = u64::from(self.t.noise(1 << 24));
                self.note(m, EventType::HeapAlloc, &[value]);
            }
            uses
        };
        if !uses {
            self.stop_p(m);
            self.s.ms[m].pend = Pend::HandP(p);
        }
    }

    /// Takes an idle P, to run something on it; sysmon, which runs nothing, for another M (`proc.go injectglist`, Go 1.27.3).
    pub(super) fn take_idle(&mut self, m: Mi) {
        let i = self.ask(Ask::Index, self.s.idle.len());
        let p = self.s.take_idle(i, m);
        self.s.ms[m].pend = if self.s.ms[m].sysmon { Pend::GiveP(p) } else { Pend::StartP(p) };
    }

    /// What an M with a P and no goroutine has to do before anything else; false if nothing.
    pub(super) fn schedule_loop_duties(&mut self, m: Mi) -> bool {
        let Some(p) = self.s.ms[m].p else { return false };
        if self.s.ms[m].locked.is_some() && !self.unaware() {
            // A locked M runs its own goroutine or nothing.
            self.park(m);
            return true;
        }
        if self.s.ps[p].must && !self.unaware() {
            self.safe_point(m, p);
            return true;
        }
        if self.s.stop() == Stop::Stopping && !self.unaware() {
            self.stop_p(m);
            self.s.ps[p].place = PPlace::Stopped;
            return true;
        }
        false
    }

    /// `execute`: `m` starts a runnable goroutine.
    pub(super) fn start_g(&mut self, m: Mi, g: Gi) {
        let p = self.s.ms[m].p;
        if let Some(p) = p
            && !self.s.ps[p].slots.traced(self.t.section)
        {
            self.t.proc_status(&mut self.s, m, p);
        }
        if !self.s.gs[g].slots.traced(self.t.section) {
            self.t.go_status(&mut self.s, m, g, GPlace::Runnable);
        }
        self.write_go_start(m, g);
    }

    /// `GoStart` alone, and its effect.
    pub(super) fn write_go_start(&mut self, m: Mi, g: Gi) {
        let seq = self.s.gs[g].slots.next(self.t.section);
        let id = self.s.gs[g].id;
        let change = go_change(id, Visible::Runnable, Visible::Running);
        self.t.put(&self.s, m, EventType::GoStart, &[id, seq], change);
        self.s.place_g(g, GPlace::Running(m));
        self.s.ms[m].g = Some(g);
        self.s.ms[m].vg = Some(g);
        if self.s.gc_starter == Some(g) {
            self.s.world = Some(m);
        }
    }

    /// The goroutine on `m` leaves it for `to`, with this event.
    fn leave<const N: usize>(&mut self, m: Mi, ty: EventType, args: &[u64; N], to: GPlace) -> Option<Gi> {
        let g = self.s.ms[m].g?;
        self.t.stat(&mut self.s, m);
        let new = match to {
            GPlace::Waiting => Visible::Waiting,
            GPlace::Dead => Visible::NotExist,
            _ => Visible::Runnable,
        };
        let change = go_change(self.s.gs[g].id, Visible::Running, new);
        self.t.put(&self.s, m, ty, args, change);
        self.s.place_g(g, to);
        self.s.ms[m].g = None;
        self.s.ms[m].vg = None;
        Some(g)
    }

    /// The goroutine on `m` is preempted or yields.
    pub(super) fn stop_g(&mut self, m: Mi, reason: Name) {
        let stack = self.t.stack();
        let left = self.leave(m, EventType::GoStop, &[reason as u64, stack], GPlace::Runnable);
        if let Some(g) = left
            && self.s.marking
            && (reason == Name::Preempted || self.fine())
        {
            self.s.gs[g].saw_marking = true;
        }
    }

    /// The goroutine on `m` is preempted.
    pub(super) fn preempt(&mut self, m: Mi) {
        self.stop_g(m, Name::Preempted);
    }

    /// The goroutine on `m` blocks.
    pub(super) fn block_g(&mut self, m: Mi, reason: Name) -> Option<Gi> {
        let stack = self.t.stack();
        self.leave(m, EventType::GoBlock, &[reason as u64, stack], GPlace::Waiting)
    }

    /// The goroutine on `m` ends.
    pub(super) fn destroy_g(&mut self, m: Mi) {
        self.leave(m, EventType::GoDestroy, &[], GPlace::Dead);
    }

    /// `m` creates a goroutine.
    pub(super) fn create(&mut self, m: Mi, ty: EventType, place: GPlace) -> Gi {
        self.t.stat(&mut self.s, m);
        let g = self.s.new_g(place);
        let id = self.s.gs[g].id;
        let start = self.t.stack();
        let stack = if self.s.ms[m].g.is_some() { self.t.stack() } else { 0 };
        let new = if place == GPlace::Runnable { Visible::Runnable } else { Visible::Waiting };
        self.t.put(&self.s, m, ty, &[id, start, stack], go_change(id, Visible::NotExist, new));
        self.s.gs[g].known = !self.t.muted();
        self.s.gs[g].slots.set_traced(self.t.section);
        g
    }

    /// Makes the goroutine on `m` stop in the way that it can: a sweep ends first.
    pub(super) fn quiesce(&mut self, m: Mi) {
        match self.s.ms[m].p {
            Some(p) if self.s.ps[p].sweeping => self.toggle_sweep(m),
            _ => self.preempt(m),
        }
    }

    /// `m` wakes a waiting goroutine. Releases differ in whose status comes first.
    pub(super) fn unblock(&mut self, m: Mi, g: Gi) {
        let own_first = self.t.swarm.flavour.minor() <= 23;
        if own_first {
            self.t.stat(&mut self.s, m);
        }
        if !self.s.gs[g].slots.traced(self.t.section) {
            self.t.go_status(&mut self.s, m, g, GPlace::Waiting);
            self.grow_stack(m);
        }
        if !own_first {
            self.t.stat(&mut self.s, m);
        }
        if self.t.armed(EmissionFault::StatusRepeated) && self.s.gs[g].slots.seq(self.t.section) > 0 {
            self.t.repeat_status(&self.s, m, g);
        }
        self.s.gs[g].woken = self.t.section;
        let seq = self.s.gs[g].slots.next(self.t.section);
        let id = self.s.gs[g].id;
        let stack = if self.s.ms[m].g.is_some() { self.t.stack() } else { 0 };
        let change = go_change(id, Visible::Waiting, Visible::Runnable);
        self.t.put(&self.s, m, EventType::GoUnblock, &[id, seq, stack], change);
        self.s.place_g(g, GPlace::Runnable);
    }

    /// From Go 1.24 on the status of a goroutine that is woken is a section of its own, behind which the stack of the one
    /// who wakes it may grow (`traceruntime.go GoUnpark`, Go 1.24.11); the allocation experiment tells.
    fn grow_stack(&mut self, m: Mi) {
        if self.s.ms[m].g.is_none() || !self.allocations_traced() || self.t.swarm.flavour.minor() < 24 {
            return;
        }
        if self.fine() {
            while self.ask(Ask::Grows, 2) == 1 {
                self.alloc_event(m);
            }
        } else if self.t.noise(8) == 0 {
            let (new, old) = (u64::from(self.t.noise(1 << 20)), u64::from(self.t.noise(1 << 20)));
            self.note(m, EventType::GoroutineStackAlloc, &[new, 14]);
            self.note(m, EventType::GoroutineStackFree, &[old]);
        }
    }

    /// An event that is about nothing but where `m` is.
    pub(super) fn note<const N: usize>(&mut self, m: Mi, ty: EventType, args: &[u64; N]) {
        self.t.stat(&mut self.s, m);
        self.t.put(&self.s, m, ty, args, None);
    }
}
