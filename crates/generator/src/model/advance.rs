//! From one generation to the next, and the end of the trace.

use super::state::{Mi, PPlace, Pend, Pi};
use super::{Ask, World};
use crate::fault::EmissionFault;
use crate::flavour::Class;
use tracehound_wire::EventType;

impl World<'_> {
    /// Decides when the next generation is due.
    pub(super) fn schedule_advance(&mut self) {
        if self.fine() {
            return;
        }
        let gap = self.t.swarm.generation_gap as usize;
        self.next_advance = self.steps + 1 + self.ask(Ask::Gap, 2 * gap) as u32;
    }

    /// Whether a generation is due and can begin.
    pub(super) fn advance_due(&self) -> bool {
        self.steps >= self.next_advance && !self.fine() && self.may_advance()
    }

    /// Whether a generation can begin.
    pub(super) fn may_advance(&self) -> bool {
        self.s.world.is_none() && self.s.gen_ < self.s.last_gen && self.switch_allowed()
    }

    /// Whether no M is in a window in which the generation must not change.
    pub(super) fn switch_allowed(&self) -> bool {
        (0..self.s.ms.len()).all(|m| !self.holds_switch(m))
    }

    /// Whether `m` is in a window in which real runtimes write something illegal when the
    /// generation changes, or in a section of the generation before.
    fn holds_switch(&self, m: Mi) -> bool {
        let x = &self.s.ms[m];
        // A safe point in the middle of a syscall's entry writes the P's status and not the goroutine's,
        // so a reader that begins there learns too late which goroutine the thread has.
        let file_begins = self.s.gen_ + 1 == self.s.first_gen;
        match x.pend {
            Pend::BlockA => !self.t.armed(EmissionFault::BlockingEntrySplit),
            Pend::EnterA => file_begins,
            Pend::GiveP(_) | Pend::HandP(_) => file_begins && x.g.is_some(),
            Pend::StealEventA { gen_, .. } => gen_ != self.s.gen_,
            _ => false,
        }
    }

    /// Takes the Ms out of such windows.
    pub(super) fn release_switch(&mut self) {
        for m in 0..self.s.ms.len() {
            if self.holds_switch(m) {
                self.force(m);
            }
        }
    }

    /// `traceAdvance` on `m`.
    pub(super) fn advance(&mut self, m: Mi) {
        self.t.section = self.s.gen_;
        self.s.world = Some(m);
        match self.t.swarm.class() {
            Class::A => self.switch(m),
            Class::B => {
                self.begin_pass(m);
                self.s.ms[m].pend = Pend::AdvanceWait;
            }
        }
    }

    /// `forEachP`: every P passes a safe point. The caller's own does at once, idle ones by the
    /// caller's hand, the others when they get there.
    pub(super) fn begin_pass(&mut self, m: Mi) {
        self.begin_pass_that(m, true);
    }

    /// A pass that writes statuses, or does not.
    pub(super) fn begin_pass_that(&mut self, m: Mi, writes: bool) {
        self.s.mute_pass = !writes;
        if self.fine() && writes {
            self.idle_statuses(m);
        }
        let gen_ = self.t.section;
        for p in 0..self.s.ps.len() {
            match self.s.ps[p].place {
                PPlace::Idle => {
                    if writes && !self.fine() && !self.s.ps[p].slots.traced(gen_) {
                        self.t.proc_status(&mut self.s, m, p);
                    }
                }
                PPlace::Run(x) if x == m => {
                    if writes && !self.s.ps[p].slots.traced(gen_) {
                        self.t.proc_status(&mut self.s, m, p);
                    }
                }
                PPlace::Dead => {}
                _ => self.s.ps[p].must = true,
            }
        }
    }

    /// One step of waiting for all Ps; true when all have passed.
    pub(super) fn pass(&mut self, m: Mi) -> bool {
        let Some(p) = self.owing() else { return true };
        match self.s.ps[p].place {
            PPlace::Sys(_) => {
                self.steal(m, p, PPlace::Owned(m));
                let pend = self.s.ms[m].pend;
                self.hand_p(m, p);
                self.s.ms[m].pend = pend;
            }
            PPlace::Run(x) | PPlace::Owned(x) => self.force(x),
            PPlace::Idle | PPlace::Stopped | PPlace::Dead => self.s.ps[p].must = false,
        }
        false
    }

    /// Class B: all Ps pass in the old generation.
    pub(super) fn advance_wait(&mut self, m: Mi) {
        if self.fine() && self.stopped_world(m) {
            return;
        }
        if self.pass(m) {
            self.s.ms[m].pend = Pend::AdvanceSwitch;
        }
    }

    /// Class B: all Ps have passed; the others still run in the old generation until the switch.
    pub(super) fn advance_switch(&mut self, m: Mi) -> bool {
        if self.lingers() {
            return false;
        }
        if self.switch_allowed() {
            self.switch(m);
        } else {
            self.release_switch();
        }
        true
    }

    /// Class A: all Ps pass in the new generation.
    pub(super) fn advanced_wait(&mut self, m: Mi) {
        if self.pass(m) {
            self.s.ms[m].pend = Pend::None;
            self.s.world = None;
        }
    }

    /// The switch itself.
    pub(super) fn switch(&mut self, m: Mi) {
        let old = self.s.gen_;
        self.t.quiet_statuses(&mut self.s, old);
        self.t.finish(&self.s, old.wrapping_sub(1));
        self.s.gen_ = old + 1;
        self.t.begin(old + 1);
        if old + 1 == self.s.first_gen {
            self.forget();
        }
        let stack = self.t.stack();
        self.note(m, EventType::ProcsChange, &[self.s.procs as u64, stack]);
        if self.s.marking {
            let seq = self.next_gc();
            self.note(m, EventType::GCActive, &[seq]);
        }
        self.schedule_advance();
        match self.t.swarm.class() {
            Class::A if !self.fine() => {
                self.begin_pass(m);
                self.s.ms[m].pend = Pend::AdvancedWaitA;
            }
            _ => {
                self.s.ms[m].pend = Pend::None;
                self.s.world = None;
            }
        }
    }

    /// The file begins here: nothing that was written before is known to its readers.
    fn forget(&mut self) {
        for p in &mut self.s.ps {
            p.known = false;
        }
        for g in &mut self.s.gs {
            g.known = false;
            g.regions.clear();
        }
        for m in &mut self.s.ms {
            (m.vp, m.vg) = (None, None);
        }
    }

    /// `traceAdvance` for the last time, without a new generation.
    pub(super) fn stop_trace(&mut self, m: Mi) {
        self.t.section = self.s.gen_;
        if self.t.swarm.class() == Class::B {
            self.s.world = Some(m);
            self.begin_pass(m);
            while !self.pass(m) {
                self.t.section = self.s.gen_;
            }
        }
        for x in 0..self.s.ms.len() {
            if matches!(self.s.ms[x].pend, Pend::StealEventA { .. }) {
                self.force(x);
            }
        }
        let last = self.s.gen_;
        self.t.quiet_statuses(&mut self.s, last);
        self.t.finish(&self.s, last.wrapping_sub(1));
        self.t.finish(&self.s, last);
    }

    /// The safe-point function on `m`, which has `p`: its status is written if it is due.
    pub(super) fn safe_point(&mut self, m: Mi, p: Pi) {
        self.s.ps[p].must = false;
        if !self.s.mute_pass && !self.s.ps[p].slots.traced(self.t.section) {
            self.t.proc_status(&mut self.s, m, p);
        }
    }

    /// The safe-point function for a P that `m` is giving away.
    pub(super) fn safe_point_idle(&mut self, m: Mi, p: Pi) {
        self.safe_point(m, p);
    }
}
