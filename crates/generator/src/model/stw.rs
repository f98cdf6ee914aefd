//! Stopping and restarting the world.

use super::state::{Mi, PPlace, Pend, Pi, Purpose, Stop};
use super::{Ask, World};
use crate::tracer::Name;
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
        let from = if self.fine() { self.next_in_syscall(from) } else { from };
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
        let late = (0..self.s.procs).find(|&p| Some(p) != own && self.s.ps[p].place != PPlace::Stopped);
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
        if self.fine() {
            if self.stopped_world(m) {
                return true;
            }
        } else if self.one_in(Ask::Stay, 3) {
            return false;
        }
        match std::mem::take(&mut self.s.purpose) {
            Purpose::Plain => self.restart_world(m),
            Purpose::Resize(n) => {
                self.s.procs = n;
                self.restart_world(m);
            }
            Purpose::SweepTermination => {
                self.s.marking = true;
                self.restart_world(m);
            }
            Purpose::MarkTermination => {
                if !self.fine() {
                    self.wake_some(m);
                }
                if self.s.marking {
                    self.gc_end(m);
                }
                self.restart_world(m);
            }
        }
        true
    }

    /// `startTheWorldWithSema`, up to where the others run again.
    pub(super) fn restart_world(&mut self, m: Mi) {
        self.wake_some(m);
        let stack = self.t.stack();
        self.note(m, EventType::ProcsChange, &[self.s.procs as u64, stack]);
        if self.s.ms[m].p.is_some_and(|p| p >= self.s.procs) {
            self.leave_dying_p(m);
        }
        let own = self.s.ms[m].p;
        for p in 0..self.s.ps.len() {
            if p >= self.s.procs {
                self.s.ps[p].place = PPlace::Dead;
                self.s.ps[p].reborn = true;
            } else if Some(p) != own {
                self.s.put_idle(p);
            }
        }
        self.s.stop = Some(Stop::No);
        self.s.ms[m].pend = Pend::StwEnd;
    }

    /// In the stopped world the network, or the end of a GC phase, may wake some.
    fn wake_some(&mut self, m: Mi) {
        while !self.fine() && !self.s.waiting.is_empty() && self.one_in(Ask::Wake, 4) {
            self.unblock(m, self.s.waiting[0]);
        }
    }

    /// The stopper's own P is one of those that go: it moves to P 0.
    fn leave_dying_p(&mut self, m: Mi) {
        let g = self.s.ms[m].g;
        self.stop_g(m, Name::Gosched);
        self.stop_p(m);
        self.s.ps[0].place = PPlace::Owned(m);
        self.start_p(m, 0);
        if let Some(g) = g {
            self.start_g(m, g);
        }
        while self.one_in(Ask::More, 3) {
            let value = u64::from(self.t.noise(1 << 24));
            self.note(m, EventType::HeapAlloc, &[value]);
        }
    }

    /// Says that the world runs again.
    pub(super) fn stw_end(&mut self, m: Mi) {
        if self.fine() && self.stopped_world(m) {
            return;
        }
        self.note(m, EventType::STWEnd, &[]);
        self.s.world = None;
        self.s.ms[m].pend = Pend::None;
    }
}
