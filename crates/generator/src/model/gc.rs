//! The garbage collector's cycle, as far as it is traced: begin, mark workers, assists, sweeps, end.

use super::state::{GPlace, Gi, Mi, Pend, Purpose, Role};
use super::{Ask, World, around};
use crate::fault::EmissionFault;
use crate::tracer::Name;
use tracehound_wire::EventType;

impl World<'_> {
    /// The next number of the GC's sequence.
    pub(super) fn next_gc(&mut self) -> u64 {
        self.s.gc_seq += 1;
        if self.s.gc_first.is_none() && !self.t.muted() {
            self.s.gc_first = Some(self.s.gen_);
        }
        self.s.gc_seq
    }

    /// Whether a cycle can begin. A reader takes the first begin that it meets for the first one there
    /// was, so where the clock does not order them there is one in the generation of the first.
    pub(super) fn can_begin_gc(&self) -> bool {
        self.t.in_time() || self.s.gc_first != Some(self.s.gen_)
    }

    /// `gcStart`: the cycle begins; the world stops in a step of its own.
    pub(super) fn gc_begin(&mut self, m: Mi) {
        self.s.world = Some(m);
        let seq = self.next_gc();
        let stack = self.t.stack();
        self.note(m, EventType::GCBegin, &[seq, stack]);
        if self.fine() {
            self.s.gc_starter = self.s.ms[m].g;
        } else {
            self.s.ms[m].pend = Pend::GcStop;
        }
    }

    /// Between the begin and the stop: perhaps a mark worker more, or the stop.
    pub(super) fn gc_stop(&mut self, m: Mi) -> bool {
        if self.lingers() {
            return false;
        }
        if self.s.workers.len() < self.s.ps.len() && self.one_in(Ask::More, 2) {
            let g = self.create(m, EventType::GoCreate, GPlace::Runnable);
            self.s.gs[g].role = Role::Worker;
            return true;
        }
        self.s.purpose = Purpose::SweepTermination;
        self.stw_begin(m, Name::SweepTermination as u64);
        true
    }

    /// `gcMarkDone`: marking may be over; every P passes a safe point first. Only the tracer's own passes write statuses,
    /// the collector's write none.
    pub(super) fn gc_done(&mut self, m: Mi) {
        self.s.world = Some(m);
        self.begin_pass_that(m, false);
        self.s.ms[m].pend = Pend::GcDonePass;
    }

    /// Waits for that, then stops the world.
    pub(super) fn gc_done_pass(&mut self, m: Mi) {
        if self.pass(m) {
            self.s.mute_pass = false;
            self.s.purpose = Purpose::MarkTermination;
            self.stw_begin(m, Name::MarkTermination as u64);
        }
    }

    /// Mark termination, in the stopped world.
    pub(super) fn gc_end(&mut self, m: Mi) {
        let value = u64::from(self.t.noise(1 << 26));
        self.note(m, EventType::HeapAlloc, &[value]);
        let seq = self.next_gc();
        self.note(m, EventType::GCEnd, &[seq]);
        self.note(m, EventType::HeapGoal, &[value * 2]);
        self.s.marking = false;
    }

    /// The scheduler finds a mark worker for an M with a P: wakes it, and starts it next.
    pub(super) fn wake_worker(&mut self, m: Mi) {
        let i = self.ask(Ask::Index, self.s.workers.len());
        let g = self.s.workers.swap_remove(i);
        self.unblock(m, g);
        self.s.place_g(g, GPlace::Held(m));
        self.s.ms[m].pend = Pend::StartG(g);
    }

    /// Starts a goroutine; workers get their label, and from Go 1.26 on so does, now and then, somebody
    /// who is none.
    pub(super) fn start_with_label(&mut self, m: Mi, g: Gi) {
        self.start_g(m, g);
        let worker = self.s.gs[g].role == Role::Worker && self.s.marking;
        let mistaken =
            !self.fine() && self.s.marking && self.t.swarm.class() == crate::Class::B && self.t.noise(32) == 0;
        if self.fine() {
            self.label(m);
        } else if worker || mistaken {
            let label = [Name::Dedicated, Name::Fractional, Name::IdleWorker][self.t.noise(3) as usize];
            self.t.put(&self.s, m, EventType::GoLabel, &[label as u64], None);
        }
    }

    /// A mark worker waits for its next turn.
    pub(super) fn worker_waits(&mut self, m: Mi) {
        if let Some(g) = self.block_g(m, Name::SystemWait) {
            self.s.place_g(g, GPlace::Parked);
            self.s.workers.push(g);
        }
    }

    /// The goroutine on `m` ends what it does for the collector.
    pub(super) fn come_out(&mut self, m: Mi) {
        if self.s.ms[m].p.is_some_and(|p| self.s.ps[p].sweeping) {
            self.toggle_sweep(m);
        } else if self.s.ms[m].g.is_some_and(|g| self.s.gs[g].assist) {
            self.toggle_assist(m);
        } else {
            self.worker_waits(m);
        }
    }

    /// The goroutine on `m` begins or ends helping to mark.
    pub(super) fn toggle_assist(&mut self, m: Mi) {
        let Some(g) = self.s.ms[m].g else { return };
        if self.s.gs[g].assist {
            self.note(m, EventType::GCMarkAssistEnd, &[]);
            self.s.gs[g].assist = false;
            self.s.gs[g].assisted = true;
        } else {
            let stack = self.t.stack();
            self.note(m, EventType::GCMarkAssistBegin, &[stack]);
            self.s.gs[g].assist = true;
        }
    }

    /// The goroutine on `m` begins or ends to sweep. Until the end it neither stops nor blocks.
    pub(super) fn toggle_sweep(&mut self, m: Mi) {
        let Some(p) = self.s.ms[m].p else { return };
        if self.s.ps[p].sweeping {
            let (swept, reclaimed) = (u64::from(self.t.noise(1 << 20)), u64::from(self.t.noise(1 << 16)));
            self.note(m, EventType::GCSweepEnd, &[swept, reclaimed]);
            self.s.ps[p].sweeping = false;
        } else {
            let stack = self.t.stack();
            self.note(m, EventType::GCSweepBegin, &[stack]);
            self.s.ps[p].sweeping = true;
        }
    }

    /// `suspendG`: `m` makes the goroutine on `victim` stop, so that its stack can be looked at.
    pub(super) fn suspend(&mut self, m: Mi, victim: Mi) {
        if let Some(g) = self.s.ms[victim].g
            && self.t.armed(EmissionFault::SuspendedSilent)
            && !self.s.gs[g].slots.traced(self.t.section)
        {
            self.s.gs[g].slots.set_traced(self.t.section);
            self.t.hit();
        }
        if let Some(g) = self.block_g(victim, Name::Preempted) {
            self.s.place_g(g, GPlace::Parked);
            self.s.ms[m].pend = Pend::Resume(g);
        }
    }

    /// An M whose goroutine can be suspended by `m`.
    pub(super) fn suspendable(&self, m: Mi, from: usize) -> Option<Mi> {
        let n = self.s.ms.len();
        around(from, n)
            .find(|&x| x != m && self.runs_freely(x) && !self.s.ms[x].p.is_some_and(|p| self.s.ps[p].sweeping))
    }
}
