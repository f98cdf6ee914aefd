//! The world as it is when tracing starts, in the middle of everything.

use super::World;
use super::state::{G, GPlace, M, P, PPlace, PView, Pend, Slots, Stop};
use crate::swarm::Feature;
use crate::tracer::{NONE, Name};
use tracehound_wire::EventType;

impl World<'_> {
    /// Draws Ms, Ps and goroutines. All Ps are out of syscalls, since tracing starts in a stopped world.
    pub(super) fn setup(&mut self) {
        let swarm = &self.t.swarm;
        let (threads, procs, goroutines) = (swarm.threads as usize, swarm.procs as usize, swarm.goroutines as usize);
        self.s.first_gen = swarm.first_generation;
        self.s.next_goid = 1;
        let sysmon = self.has(Feature::Sysmon);
        for m in 0..threads + usize::from(sysmon) {
            self.s.ms.push(M {
                tid: 1000 + m as u64 * 3,
                sysmon: m >= threads,
                p: None,
                g: None,
                vp: None,
                vg: None,
                oldp: None,
                tick: 0,
                pend: Pend::None,
            });
        }
        for _ in 0..procs {
            let place = PPlace::Stopped;
            let slots = Slots::default();
            self.s.ps.push(P { place, view: PView::Unknown, slots, tick: 1, msys: NONE, must: false });
        }
        for g in 0..goroutines {
            let fresh = G { id: 1 + g as u64, place: GPlace::Dead, at: 0, known: false, slots: Slots::default() };
            self.s.gs.push(fresh);
            let place = match g {
                0 => GPlace::Running(0),
                // In a syscall since before the trace, and its P taken by the stop.
                _ if g < threads && self.has(Feature::Syscalls) && self.one_in(4) => GPlace::Syscall(g),
                _ if self.one_in(2) => GPlace::Waiting,
                _ => GPlace::Runnable,
            };
            if let GPlace::Syscall(m) = place {
                let p = self.below(procs);
                self.s.ms[m].g = Some(g);
                self.s.ms[m].oldp = Some(p);
            }
            self.s.place_g(g, place);
        }
        self.s.next_goid = goroutines as u64 + 1;
        self.s.ms[0].g = Some(0);
        self.s.ms[0].p = Some(0);
        self.s.ps[0].place = PPlace::Run(0);
    }

    /// `StartTrace`, on M 0, in a stopped world.
    pub(super) fn start_trace(&mut self) {
        let gen_ = self.s.first_gen;
        self.s.gen_ = gen_;
        self.t.begin(gen_);
        let m = 0;
        self.s.world = Some(m);
        self.s.stop = Some(Stop::Stopped);
        self.t.first_proc_status(&mut self.s, m, 0);
        self.t.stat(&mut self.s, m);
        let procs = self.s.ps.len() as u64;
        let stack = self.t.stack();
        self.t.put(&self.s, m, EventType::ProcsChange, &[procs, stack], None);
        let stack = self.t.stack();
        self.t.put(&self.s, m, EventType::STWBegin, &[self.t.name(Name::StartTrace), stack], None);
        self.t.put(&self.s, m, EventType::HeapGoal, &[4 << 20], None);
        if self.t.swarm.class() == crate::Class::A {
            for p in 1..self.s.ps.len() {
                self.t.proc_status(&mut self.s, m, p);
            }
        }
        self.restart_world(m);
    }
}
