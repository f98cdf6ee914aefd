//! Plots: short plans that lead to corners which chance alone reaches too seldom.
//!
//! A plot takes no step that is not enabled and skips no guard. It only says whose turn it is.

use super::state::{GPlace, Mi, PPlace, Pend, Stop};
use super::{Ask, World};
use crate::tracer::STW_KINDS;

impl World<'_> {
    /// Class A, `m` has just made its syscall visible: shall its P be stolen, run elsewhere and be put back into a
    /// syscall before `m` looks again, with the world about to stop?
    pub(super) fn consider_plot(&mut self, m: Mi) {
        if self.s.plot.is_none() && !self.fine() && self.thief_of(m).is_some() && self.ask(Ask::Plot, 4) != 0 {
            self.s.plot = Some(m);
        }
    }

    /// An M in a syscall that had the same P as `m`.
    fn thief_of(&self, m: Mi) -> Option<Mi> {
        let p = self.s.ms[m].oldp;
        (0..self.s.ms.len()).find(|&x| {
            let y = &self.s.ms[x];
            x != m
                && p.is_some()
                && y.oldp == p
                && y.pend.is_none()
                && y.g.is_some_and(|g| self.s.gs[g].place == GPlace::Syscall(x))
        })
    }

    /// The plot's next step; false if the plot is over.
    pub(super) fn plot_step(&mut self) -> bool {
        let Some(m) = self.s.plot else { return false };
        self.t.section = self.s.gen_;
        let waiting = matches!(self.s.ms[m].pend, Pend::PublishedA | Pend::GcWaitA);
        let place = self.s.ms[m].oldp.map(|p| self.s.ps[p].place);
        let done = match place {
            _ if !waiting => false,
            Some(PPlace::Sys(holder)) if holder == m => match self.thief_of(m) {
                Some(thief) if self.s.world.is_none() => {
                    self.exit_syscall(thief);
                    true
                }
                _ => false,
            },
            Some(PPlace::Sys(_)) => self.s.stop() == Stop::Stopping && self.gc_wait_turn(m),
            Some(PPlace::Run(x)) if self.s.ms[x].pend.is_some() => self.go_on(x),
            Some(PPlace::Run(x)) => self.plot_run(x),
            _ => false,
        };
        if !done {
            self.s.plot = None;
        }
        done
    }

    fn gc_wait_turn(&mut self, m: Mi) -> bool {
        if self.s.ms[m].pend == Pend::PublishedA {
            self.s.ms[m].pend = Pend::GcWaitA;
        }
        self.s.sched.is_none() && self.go_on(m)
    }

    /// `x` runs on the stolen P: first another M begins to stop the world, then `x` enters a syscall.
    fn plot_run(&mut self, x: Mi) -> bool {
        if !self.runs_plainly(x) {
            return false;
        }
        match (self.s.stop(), self.s.world) {
            (Stop::No, Some(stopper)) if matches!(self.s.ms[stopper].pend, Pend::StwTake(_)) => self.go_on(stopper),
            (Stop::No, None) => match (0..self.s.ms.len()).find(|&s| s != x && self.runs_plainly(s)) {
                Some(stopper) => {
                    let kind = STW_KINDS[self.t.noise(STW_KINDS.len() as u32) as usize];
                    self.stw_begin(stopper, kind as u64);
                    true
                }
                None => false,
            },
            (Stop::Stopping, Some(stopper)) => {
                if matches!(self.s.ms[stopper].pend, Pend::StwTake(_)) {
                    self.go_on(stopper)
                } else {
                    self.enter_syscall(x);
                    true
                }
            }
            _ => false,
        }
    }
}
