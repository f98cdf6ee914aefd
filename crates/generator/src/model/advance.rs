//! From one generation to the next, and the end of the trace.

use super::World;
use super::state::{Mi, PPlace, Pend, Pi};
use crate::flavour::Class;
use tracehound_wire::EventType;

impl World<'_> {
    /// Decides when the next generation is due.
    pub(super) fn schedule_advance(&mut self) {
        let gap = self.t.swarm.generation_gap as usize;
        self.next_advance = self.steps + 1 + self.below(2 * gap) as u32;
    }

    /// Whether a generation is due and can begin.
    pub(super) fn advance_due(&self) -> bool {
        self.steps >= self.next_advance
            && self.s.world.is_none()
            && self.s.gen_ + 1 < self.s.first_gen + self.t.swarm.generations
            && self.switch_allowed()
    }

    /// Whether no M is in a window in which real runtimes write something illegal when the
    /// generation changes, and no section of the generation before is still open.
    fn switch_allowed(&self) -> bool {
        !self.s.ms.iter().any(|m| match m.pend {
            Pend::BlockA => true,
            Pend::StealEventA { gen_, .. } => gen_ != self.s.gen_,
            _ => false,
        })
    }

    /// `traceAdvance` on `m`.
    pub(super) fn advance(&mut self, m: Mi) {
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
    fn begin_pass(&mut self, m: Mi) {
        let gen_ = self.t.section;
        for p in 0..self.s.ps.len() {
            match self.s.ps[p].place {
                PPlace::Idle => {
                    if !self.s.ps[p].slots.traced(gen_) {
                        self.t.proc_status(&mut self.s, m, p);
                    }
                }
                PPlace::Run(x) if x == m => {
                    if !self.s.ps[p].slots.traced(gen_) {
                        self.t.proc_status(&mut self.s, m, p);
                    }
                }
                _ => self.s.ps[p].must = true,
            }
        }
    }

    /// One step of waiting for all Ps; true when all have passed.
    fn pass(&mut self, m: Mi) -> bool {
        let Some(p) = (0..self.s.ps.len()).find(|&p| self.s.ps[p].must) else { return true };
        match self.s.ps[p].place {
            PPlace::Sys(_) => {
                self.steal(m, p, PPlace::Owned(m));
                let pend = self.s.ms[m].pend;
                self.give_p(m, p);
                self.s.ms[m].pend = pend;
            }
            PPlace::Run(x) | PPlace::Owned(x) => self.force(x),
            PPlace::Idle | PPlace::Stopped => self.s.ps[p].must = false,
        }
        false
    }

    /// Class B: all Ps pass in the old generation.
    pub(super) fn advance_wait(&mut self, m: Mi) {
        if self.pass(m) && self.switch_allowed() {
            self.switch(m);
        }
    }

    /// Class A: all Ps pass in the new generation.
    pub(super) fn advanced_wait(&mut self, m: Mi) {
        if self.pass(m) {
            self.s.ms[m].pend = Pend::None;
            self.s.world = None;
        }
    }

    /// The switch itself.
    fn switch(&mut self, m: Mi) {
        let old = self.s.gen_;
        self.t.quiet_statuses(&mut self.s, old);
        if old > self.s.first_gen {
            self.t.finish(&self.s, old - 1);
        }
        self.s.gen_ = old + 1;
        self.t.begin(old + 1);
        let procs = self.s.ps.len() as u64;
        self.note(m, EventType::ProcsChange, &[procs, 0]);
        self.schedule_advance();
        match self.t.swarm.class() {
            Class::A => {
                self.begin_pass(m);
                self.s.ms[m].pend = Pend::AdvancedWaitA;
            }
            Class::B => {
                self.s.ms[m].pend = Pend::None;
                self.s.world = None;
            }
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
        if last > self.s.first_gen {
            self.t.finish(&self.s, last - 1);
        }
        self.t.finish(&self.s, last);
    }

    /// The safe-point function on `m`, which has `p`: its status is written if it is due.
    pub(super) fn safe_point(&mut self, m: Mi, p: Pi) {
        self.s.ps[p].must = false;
        if !self.s.ps[p].slots.traced(self.t.section) {
            self.t.proc_status(&mut self.s, m, p);
        }
    }

    /// The safe-point function for a P that `m` is giving away.
    pub(super) fn safe_point_idle(&mut self, m: Mi, p: Pi) {
        self.safe_point(m, p);
    }
}
