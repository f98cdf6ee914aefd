//! System calls in both families, and the ways in which a P gets lost during one.

use super::state::{GPlace, Gi, Mi, PPlace, PView, Pend, Pi, Stop};
use super::{Ask, World};
use crate::fault::EmissionFault;
use crate::flavour::Class;
use crate::history::{Resource, Transition, Visible};
use crate::tracer::NONE;
use tracehound_wire::EventType;

impl World<'_> {
    fn class(&self) -> Class {
        self.t.swarm.class()
    }

    /// `GoSyscallBegin`, and what it means for goroutine and P.
    fn write_syscall_begin(&mut self, m: Mi, p: Pi, g: Gi) {
        self.t.stat(&mut self.s, m);
        let seq = self.s.ps[p].slots.next(self.t.section);
        let stack = self.t.stack();
        let change =
            Transition { resource: Resource::Goroutine(self.s.gs[g].id), old: Visible::Running, new: Visible::Syscall };
        self.t.put(&self.s, m, EventType::GoSyscallBegin, &[seq, stack], Some(change));
        self.s.place_g(g, GPlace::Syscall(m));
        self.s.ps[p].view = PView::Syscall;
        self.s.ps[p].msys = self.s.ms[m].tid;
    }

    /// `reentersyscall`.
    pub(super) fn enter_syscall(&mut self, m: Mi) {
        let (Some(p), Some(g)) = (self.s.ms[m].p, self.s.ms[m].g) else { return };
        if self.class() == Class::A {
            self.write_syscall_begin(m, p, g);
            self.s.ms[m].pend = Pend::EnterA;
            return;
        }
        self.s.ms[m].tick = self.s.ps[p].tick;
        self.s.ms[m].oldp = Some(p);
        if self.s.ps[p].must && !self.unaware() {
            // Others can get in before anything is written, and the generation can change.
            self.safe_point(m, p);
            self.s.ms[m].pend = Pend::EnterB;
        } else {
            self.write_syscall(m);
        }
    }

    /// Class B: the syscall is written, and visible.
    pub(super) fn write_syscall(&mut self, m: Mi) {
        self.s.ms[m].pend = Pend::None;
        let (Some(p), Some(g)) = (self.s.ms[m].p, self.s.ms[m].g) else { return };
        self.write_syscall_begin(m, p, g);
        if self.s.stop() == Stop::Stopping && !self.unaware() {
            self.stop_p(m);
            self.s.ps[p].tick += 1;
            self.s.ps[p].place = PPlace::Stopped;
        } else {
            self.s.ps[p].place = PPlace::Sys(m);
        }
    }

    /// Class A: the syscall becomes visible; from here on the P can be stolen.
    pub(super) fn publish_syscall(&mut self, m: Mi) {
        let Some(p) = self.s.ms[m].p else { return };
        if self.s.ps[p].must && !self.unaware() {
            self.safe_point(m, p);
            return;
        }
        self.s.ms[m].tick = self.s.ps[p].tick;
        self.s.ms[m].oldp = Some(p);
        self.s.ps[p].place = PPlace::Sys(m);
        self.s.ms[m].pend = Pend::PublishedA;
        self.consider_plot(m);
    }

    /// Class A: has the world begun to stop?
    pub(super) fn look_for_gc_wait(&mut self, m: Mi) -> bool {
        if self.lingers() {
            return false;
        }
        let sees = self.s.stop() == Stop::Stopping && !self.unaware();
        self.s.ms[m].pend = if sees { Pend::GcWaitA } else { Pend::None };
        true
    }

    /// Class A, `entersyscall_gcwait`: with the scheduler's lock, takes the P back if it is in a
    /// syscall, whoever's syscall that is by now.
    pub(super) fn gc_wait(&mut self, m: Mi) -> bool {
        if self.s.sched.is_some() || self.lingers() {
            return false;
        }
        self.s.ms[m].pend = Pend::None;
        let Some(p) = self.s.ms[m].oldp else { return true };
        let PPlace::Sys(holder) = self.s.ps[p].place else { return true };
        if self.s.stop() != Stop::Stopping {
            return true;
        }
        if self.t.swarm.fault == Some(EmissionFault::GcWaitProcStop) {
            self.gc_wait_by_proc_stop(m, p, holder);
        } else {
            self.steal(m, p, PPlace::Stopped);
        }
        true
    }

    /// The fault: `ProcStop` says that this M's own P stops, and it may be another's by now.
    fn gc_wait_by_proc_stop(&mut self, m: Mi, p: Pi, holder: Mi) {
        if holder == m {
            // Nobody had it in between: then this is another way to say the same.
            self.t.stat(&mut self.s, m);
            let change = Transition { resource: Resource::Proc(p as u64), old: Visible::Running, new: Visible::Idle };
            self.t.put(&self.s, m, EventType::ProcStop, &[], Some(change));
        } else {
            self.t.stat(&mut self.s, m);
            self.t.write(self.s.ms[m].tid, m, EventType::ProcStop, [0; 4]);
            self.t.fault_hits += 1;
        }
        self.lose_p(p, holder);
        self.s.ps[p].place = PPlace::Stopped;
        self.s.ps[p].view = PView::Idle;
        self.s.ps[p].tick += 1;
    }

    /// The holder's side of a theft.
    fn lose_p(&mut self, p: Pi, holder: Mi) {
        self.s.ms[holder].p = None;
        if self.s.ms[holder].vp == Some(p) {
            self.s.ms[holder].vp = None;
        }
    }

    /// Takes a P out of a syscall and writes it, all in one section; the P goes to `to`.
    pub(super) fn steal(&mut self, thief: Mi, p: Pi, to: PPlace) {
        let PPlace::Sys(holder) = self.s.ps[p].place else { return };
        let holder_g = self.s.view_g(holder);
        // Up to Go 1.23 an M that takes a P on its way out of a syscall is wired to it before it writes the theft, and so
        // announces it before its goroutine. Whoever takes a P for others is not.
        let leaves = self.s.ms[thief].g.is_some_and(|g| self.s.gs[g].place == GPlace::Syscall(thief));
        let at_hand = leaves && to == PPlace::Owned(thief);
        self.write_steal(thief, p, holder, holder_g, at_hand);
        self.lose_p(p, holder);
        if thief != holder {
            self.s.ms[holder].robbed = self.s.gen_;
        }
        self.s.ps[p].tick += 1;
        self.s.ps[p].place = to;
    }

    /// The statuses that a theft needs, and `ProcSteal`. Releases differ in whose status comes first.
    fn write_steal(&mut self, thief: Mi, p: Pi, holder: Mi, holder_g: u64, at_hand: bool) {
        let own_first = self.t.swarm.flavour.minor() <= 23 && !at_hand;
        if own_first {
            self.t.stat(&mut self.s, thief);
        }
        if !self.s.ps[p].slots.traced(self.t.section) {
            self.t.abandoned_status(&mut self.s, thief, p, Some((holder, holder_g)));
            if self.s.ms[holder].extra {
                self.t.mark_racy();
            }
        }
        if !own_first {
            self.t.stat(&mut self.s, thief);
        }
        self.write_proc_steal(thief, p);
        if self.s.ms[holder].extra {
            // The end of a C thread's goroutine is not ordered against the theft of its P.
            self.t.mark_racy();
        }
    }

    fn write_proc_steal(&mut self, thief: Mi, p: Pi) {
        let seq = self.s.ps[p].slots.next(self.t.section);
        let old = if self.s.ps[p].view == PView::Abandoned { Visible::Idle } else { Visible::Running };
        let change = Transition { resource: Resource::Proc(p as u64), old, new: Visible::Idle };
        let victim = self.s.ps[p].msys;
        self.t.put(&self.s, thief, EventType::ProcSteal, &[p as u64, seq, victim], Some(change));
        self.s.ps[p].view = PView::Idle;
    }

    /// sysmon takes a P from a syscall that lasts.
    pub(super) fn retake(&mut self, m: Mi, p: Pi) {
        let PPlace::Sys(victim) = self.s.ps[p].place else { return };
        let (p_gen, now) = (self.s.ps[p].slots.traced(self.s.gen_), self.s.gen_);
        if self.t.armed(EmissionFault::StealInOldGeneration)
            && now > self.s.first_gen
            && self.class() == Class::A
            && p_gen
        {
            self.steal_in_old_generation(m, p, victim);
            return;
        }
        if self.class() == Class::A && self.one_in(Ask::Window, 2) {
            // The theft is visible before it is written: the victim can run on in between.
            let holder_g = self.s.view_g(victim);
            self.s.ps[p].place = PPlace::Owned(m);
            self.lose_p(p, victim);
            self.s.ms[victim].robbed = self.s.gen_;
            self.s.ms[m].pend = Pend::StealEventA { p, victim, holder_g, gen_: self.s.gen_ };
            return;
        }
        self.steal(m, p, PPlace::Owned(m));
        self.s.ms[m].pend = Pend::GiveP(p);
    }

    /// The fault: the section opened before the generation changed, so the event goes to the old one,
    /// where the P's numbers have been reset already.
    fn steal_in_old_generation(&mut self, m: Mi, p: Pi, victim: Mi) {
        self.t.section = self.s.gen_ - 1;
        let tid = self.s.ms[m].tid;
        let victim_tid = self.s.ps[p].msys;
        self.t.write(tid, m, EventType::ProcSteal, [p as u64, 1, victim_tid, 0]);
        self.t.hit();
        self.t.section = self.s.gen_;
        self.lose_p(p, victim);
        self.s.ps[p].tick += 1;
        self.s.ps[p].view = PView::Idle;
        self.s.ps[p].place = PPlace::Owned(m);
        self.s.ms[m].pend = Pend::GiveP(p);
    }

    /// Class A: writes a theft that has already happened, into the generation in which it did.
    pub(super) fn steal_event(&mut self, m: Mi, p: Pi, victim: Mi, holder_g: u64, gen_: u32) {
        self.t.section = gen_;
        self.t.inverted = true;
        self.write_steal(m, p, victim, holder_g, false);
        self.t.section = self.s.gen_;
        self.s.ps[p].tick += 1;
        self.s.ms[m].pend = Pend::GiveP(p);
    }

    /// `entersyscallblock`.
    pub(super) fn enter_blocking_syscall(&mut self, m: Mi) {
        let (Some(p), Some(g)) = (self.s.ms[m].p, self.s.ms[m].g) else { return };
        self.s.ms[m].tick = self.s.ps[p].tick;
        self.s.ms[m].oldp = None;
        self.s.ps[p].tick += 1;
        self.write_syscall_begin(m, p, g);
        if self.class() == Class::A {
            self.s.ms[m].pend = Pend::BlockA;
        } else {
            self.block_release(m);
        }
    }

    /// The second half of `entersyscallblock`: lets go of the P.
    pub(super) fn block_release(&mut self, m: Mi) {
        if let Some(p) = self.s.ms[m].p
            && self.t.armed(EmissionFault::BlockingEntrySplit)
            && !self.s.ps[p].slots.traced(self.t.section)
        {
            self.s.ps[p].view = PView::Running;
            self.t.hit();
        }
        self.park(m);
        if let Pend::GiveP(p) = self.s.ms[m].pend
            && self.s.stop() == Stop::No
            && self.class() == Class::B
            && self.one_in(Ask::Borrow, 8)
        {
            self.borrow(m, p);
        }
    }

    /// A syscall returns.
    pub(super) fn exit_syscall(&mut self, m: Mi) {
        match self.class() {
            Class::A => self.exit_a(m),
            Class::B => self.exit_b(m),
        }
    }

    fn exit_a(&mut self, m: Mi) {
        if self.quiet_return(m) {
            return;
        }
        if let Some(p) = self.s.ms[m].oldp
            && let PPlace::Sys(holder) = self.s.ps[p].place
        {
            if holder == m && self.s.ms[m].tick == self.s.ps[p].tick {
                self.s.ps[p].place = PPlace::Run(m);
                self.s.ms[m].pend = Pend::EndKeepA;
                return;
            }
            if holder == m || !self.misses(Ask::MissOld) {
                self.steal(m, p, PPlace::Owned(m));
                self.write_proc_start(m, p);
                self.s.ms[m].pend = Pend::EndBlockedA;
                return;
            }
        }
        if !self.s.idle.is_empty() && self.s.sched.is_none() && !self.misses(Ask::MissIdle) {
            let i = self.ask(Ask::Index, self.s.idle.len());
            let p = self.s.take_idle(i, m);
            self.s.ms[m].pend = Pend::Took(p);
            return;
        }
        self.end_syscall_without_p(m);
    }

    fn exit_b(&mut self, m: Mi) {
        if self.quiet_return(m) {
            return;
        }
        if let Some(p) = self.s.ms[m].p {
            debug_assert_eq!(self.s.ps[p].place, PPlace::Sys(m));
            self.end_syscall(m);
            return;
        }
        if let Some(p) = self.s.ms[m].oldp
            && let PPlace::Sys(holder) = self.s.ps[p].place
            && (holder == m || !self.misses(Ask::MissOld))
        {
            self.steal(m, p, PPlace::Owned(m));
            if holder == m {
                // Still wired, but it has been let go of in between: all in one section.
                self.restart_on(m, p);
            } else {
                self.s.ms[m].pend = Pend::Took(p);
            }
            return;
        }
        if !self.s.idle.is_empty() && self.s.sched.is_none() && !self.misses(Ask::MissIdle) {
            let i = self.ask(Ask::Index, self.s.idle.len());
            let p = self.s.take_idle(i, m);
            self.s.ms[m].pend = Pend::Took(p);
            return;
        }
        self.end_syscall_without_p(m);
    }

    /// Starts the P that `m` has taken on its way out of a syscall; false if others go first.
    pub(super) fn start_taken(&mut self, m: Mi, p: Pi) -> bool {
        if self.lingers() {
            return false;
        }
        match self.class() {
            Class::A => {
                self.start_p(m, p);
                self.s.ms[m].pend = Pend::EndBlockedA;
            }
            Class::B => self.restart_on(m, p),
        }
        true
    }

    /// Two faults: a P that has been away, or has lost its thread in between, is taken back without a word.
    fn quiet_return(&mut self, m: Mi) -> bool {
        let Some(p) = self.s.ms[m].oldp else { return false };
        let PPlace::Sys(holder) = self.s.ps[p].place else { return false };
        let left_behind = holder == m && self.s.ps[p].view == PView::Abandoned;
        let away = holder != m && self.s.ps[p].view == PView::Syscall;
        let armed = left_behind && self.t.armed(EmissionFault::CreateSyscallKeepsProc)
            || away && self.t.armed(EmissionFault::TickNotBumped);
        if armed {
            self.lose_p(p, holder);
            self.s.ps[p].place = PPlace::Run(m);
            self.s.ms[m].p = Some(p);
            self.s.ms[m].vp = Some(p);
            self.t.hit();
            self.end_syscall(m);
        }
        armed
    }

    /// `GoSyscallEnd`: the P never left.
    pub(super) fn end_syscall(&mut self, m: Mi) {
        let (Some(p), Some(g)) = (self.s.ms[m].p, self.s.ms[m].g) else { return };
        self.t.stat(&mut self.s, m);
        let change =
            Transition { resource: Resource::Goroutine(self.s.gs[g].id), old: Visible::Syscall, new: Visible::Running };
        self.t.put(&self.s, m, EventType::GoSyscallEnd, &[], Some(change));
        self.s.place_g(g, GPlace::Running(m));
        self.s.ps[p].place = PPlace::Run(m);
        self.s.ps[p].view = PView::Running;
        self.s.ps[p].msys = NONE;
        self.s.ps[p].tick += 1;
        self.s.ms[m].pend = Pend::None;
    }

    /// `GoSyscallEndBlocked`, and its effect: the goroutine is off the M.
    fn write_end_blocked(&mut self, m: Mi) -> Option<Gi> {
        let g = self.s.ms[m].g?;
        self.t.stat(&mut self.s, m);
        self.s.ms[m].robbed = 0;
        let change = Transition {
            resource: Resource::Goroutine(self.s.gs[g].id),
            old: Visible::Syscall,
            new: Visible::Runnable,
        };
        self.t.put(&self.s, m, EventType::GoSyscallEndBlocked, &[], Some(change));
        self.s.place_g(g, GPlace::Held(m));
        self.s.ms[m].g = None;
        self.s.ms[m].vg = None;
        Some(g)
    }

    /// Ends the syscall on a P that the M already has.
    pub(super) fn end_syscall_blocked_with_p(&mut self, m: Mi) {
        self.s.ms[m].pend = Pend::None;
        if let Some(g) = self.write_end_blocked(m) {
            self.write_go_start(m, g);
            if self.fine() && self.class() == Class::B {
                // The P may still have the mode of a worker that was meant for it.
                self.label(m);
            }
        }
        if let Some(p) = self.s.ms[m].p {
            self.s.ps[p].tick += 1;
        }
    }

    /// Class B: starts a P and ends the syscall on it, in one section.
    pub(super) fn restart_on(&mut self, m: Mi, p: Pi) {
        self.start_p(m, p);
        self.end_syscall_blocked_with_p(m);
    }

    fn end_syscall_without_p(&mut self, m: Mi) {
        if let Some(g) = self.write_end_blocked(m) {
            self.s.ms[m].pend = Pend::EndedNoP(g);
        }
    }

    /// The slow way out: a P for the goroutine if there is one by now, else the run queue.
    pub(super) fn find_p_for(&mut self, m: Mi, g: Gi) -> bool {
        if self.s.sched.is_some() {
            return false;
        }
        if self.s.idle.is_empty() || self.s.stop() != Stop::No || self.misses(Ask::MissIdle) {
            self.s.place_g(g, GPlace::Runnable);
            self.s.ms[m].pend = Pend::None;
        } else {
            let i = self.ask(Ask::Index, self.s.idle.len());
            let p = self.s.take_idle(i, m);
            self.s.ms[m].pend = Pend::StartPFor(p, g);
        }
        true
    }
}
