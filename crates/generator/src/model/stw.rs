//! Stopping and restarting the world.

use super::World;
use super::state::{Mi, PPlace, Pend, Pi, Stop};
use tracehound_wire::EventType;

impl World<'_> {
    /// `stopTheWorldWithSema`: says so, and nothing more yet.
    pub(super) fn stw_begin(&mut self, m: Mi, kind: u64) {
        let stack = self.t.stack();
        self.note(m, EventType::STWBegin, &[kind, stack]);
        self.s.world = Some(m);
        self.s.ms[m].pend = Pend::StwTake(0);
    }

    /// With the scheduler's lock: takes the next P out of a syscall, and in the end all idle ones.
    pub(super) fn stw_take(&mut self, m: Mi, from: Pi) {
        self.s.stop = Some(Stop::Stopping);
        self.s.sched = Some(m);
        for p in from..self.s.ps.len() {
            if matches!(self.s.ps[p].place, PPlace::Sys(_)) {
                self.steal(m, p, PPlace::Stopped);
                self.s.ms[m].pend = Pend::StwTake(p + 1);
                return;
            }
        }
        while let Some(p) = self.s.idle.pop() {
            self.s.ps[p].place = PPlace::Stopped;
        }
        self.s.sched = None;
        self.s.ms[m].pend = Pend::StwWait;
    }

    /// Waits for the others; while they are not there, one of them gets on.
    pub(super) fn stw_wait(&mut self, m: Mi) -> bool {
        let own = self.s.ms[m].p;
        let late = (0..self.s.ps.len()).find(|&p| Some(p) != own && self.s.ps[p].place != PPlace::Stopped);
        match late.map(|p| self.s.ps[p].place) {
            Some(PPlace::Run(x) | PPlace::Owned(x) | PPlace::Sys(x)) => {
                if self.lingers() {
                    return false;
                }
                self.force(x);
            }
            _ => {
                self.s.stop = Some(Stop::Stopped);
                self.s.ms[m].pend = Pend::StwStopped;
            }
        }
        true
    }

    /// The world is stopped: only Ms without a P can still do something.
    pub(super) fn stw_stopped(&mut self, m: Mi) -> bool {
        if self.one_in(3) {
            return false;
        }
        self.t.stat(&mut self.s, m);
        self.restart_world(m);
        true
    }

    /// `startTheWorldWithSema`, up to where the others run again.
    pub(super) fn restart_world(&mut self, m: Mi) {
        let own = self.s.ms[m].p;
        let procs = self.s.ps.len() as u64;
        self.t.put(&self.s, m, EventType::ProcsChange, &[procs, 0], None);
        for p in 0..self.s.ps.len() {
            if Some(p) != own {
                self.s.put_idle(p);
            }
        }
        self.s.stop = Some(Stop::No);
        self.s.ms[m].pend = Pend::StwEnd;
    }

    /// Says that the world runs again.
    pub(super) fn stw_end(&mut self, m: Mi) {
        self.note(m, EventType::STWEnd, &[]);
        self.s.world = None;
        self.s.ms[m].pend = Pend::None;
    }
}
