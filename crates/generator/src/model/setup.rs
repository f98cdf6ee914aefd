//! The world as it is when tracing starts, in the middle of everything.

use super::state::{G, GPlace, M, Mi, P, PPlace, PView, Pend, Role, Slots, Stop};
use super::{Ask, THREAD_IDS, World};
use crate::flavour::Class;
use crate::swarm::Feature;
use crate::tracer::{NONE, Name};
use tracehound_wire::EventType;

/// Thread ids of C threads, apart from those of Go threads that have exited.
const C_THREADS: [u64; 2] = [9001, 9002];

impl World<'_> {
    /// Draws Ms, Ps and goroutines. All Ps are out of syscalls, since tracing starts in a stopped world.
    pub(super) fn setup(&mut self) {
        let swarm = &self.t.swarm;
        self.s.first_gen = swarm.first_generation + swarm.skip;
        self.s.last_gen = self.s.first_gen + swarm.generations - 1;
        self.s.gen_ = swarm.first_generation;
        self.s.procs = swarm.procs as usize;
        let (threads, goroutines) = (swarm.threads as usize + 4, swarm.goroutines as usize + 6);
        self.s.ms.reserve(threads);
        self.s.gs.reserve(goroutines);
        for list in [&mut self.s.runnable, &mut self.s.waiting, &mut self.s.free_gs] {
            list.reserve(goroutines);
        }
        self.setup_threads();
        self.setup_goroutines();
        let spare = if self.has(Feature::Resize) { self.ask(Ask::Setup, 4) } else { 0 };
        self.s.ps.reserve(self.s.procs + spare);
        self.s.idle.reserve(self.s.procs + spare);
        for p in 0..self.s.procs + spare {
            self.s.ps.push(P {
                place: if p < self.s.procs { PPlace::Stopped } else { PPlace::Dead },
                view: PView::Idle,
                known: false,
                sweeping: false,
                reborn: false,
                slots: Slots::default(),
                tick: 1,
                msys: NONE,
                must: false,
            });
        }
        self.s.ms[0].g = Some(0);
        self.s.ms[0].p = Some(0);
        self.s.ps[0].place = PPlace::Run(0);
        self.s.ps[0].view = PView::Running;
    }

    fn setup_threads(&mut self) {
        let threads = self.t.swarm.threads as usize;
        let extra = if self.has(Feature::Cgo) { 1 + self.ask(Ask::Setup, 2) } else { 0 };
        for m in 0..=threads + extra {
            let mut fresh = M::new(THREAD_IDS + m as u64 * 3);
            fresh.sysmon = m == threads;
            fresh.extra = m > threads;
            self.s.ms.push(fresh);
        }
        if extra > 0 {
            self.s.free_tids.extend(C_THREADS);
        }
    }

    fn setup_goroutines(&mut self) {
        let swarm = &self.t.swarm;
        let (threads, goroutines, procs) = (swarm.threads as usize, swarm.goroutines as usize, swarm.procs as usize);
        let gc = self.has(Feature::Gc);
        self.s.marking = gc && self.one_in(Ask::Setup, 4);
        for g in 0..goroutines {
            self.s.gs.push(G::new(1 + g as u64));
            let place = match g {
                0 => GPlace::Running(0),
                // In a syscall since before the trace, and its P taken by the stop.
                _ if g < threads && self.has(Feature::Syscalls) && self.one_in(Ask::Setup, 4) => GPlace::Syscall(g),
                _ if self.one_in(Ask::Setup, 2) => GPlace::Waiting,
                _ => GPlace::Runnable,
            };
            if let GPlace::Syscall(m) = place {
                let p = self.ask(Ask::Setup, procs);
                self.s.ms[m].g = Some(g);
                self.s.ms[m].oldp = Some(p);
            } else if g > 0 && self.s.marking && self.one_in(Ask::Setup, 4) {
                self.s.gs[g].assist = true;
            }
            self.s.place_g(g, place);
        }
        self.s.next_goid = goroutines as u64 + 1;
        if gc {
            for _ in 0..1 + self.ask(Ask::Setup, 2) {
                let g = self.s.new_g(GPlace::Parked);
                self.s.gs[g].role = Role::Worker;
                self.s.workers.push(g);
            }
        }
        for m in 0..self.s.ms.len() {
            if self.s.ms[m].extra {
                let mut fresh = G::new(self.s.next_goid);
                self.s.next_goid += 1;
                fresh.role = Role::Extra;
                fresh.locked = Some(m);
                self.s.gs.push(fresh);
                self.s.ms[m].locked = Some(self.s.gs.len() - 1);
            }
        }
    }

    /// `StartTrace` on `m`, in a stopped world.
    pub(super) fn start_trace(&mut self, m: Mi) {
        self.t.begin(self.s.gen_);
        self.s.world = Some(m);
        self.s.stop = Some(Stop::Stopped);
        let stack = self.t.stack();
        self.note(m, EventType::ProcsChange, &[self.s.procs as u64, stack]);
        let stack = self.t.stack();
        self.note(m, EventType::STWBegin, &[Name::StartTrace as u64, stack]);
        if self.s.marking {
            let seq = self.next_gc();
            self.note(m, EventType::GCActive, &[seq]);
        }
        if self.allocations_traced() {
            self.snapshot_heap(m);
        }
        self.note(m, EventType::HeapGoal, &[4 << 20]);
        if self.t.swarm.class() == Class::A {
            let own = self.s.ms[m].p;
            for p in (0..self.s.procs).filter(|&p| Some(p) != own) {
                self.t.proc_status(&mut self.s, m, p);
            }
        }
        if self.fine() {
            self.s.ms[m].pend = Pend::StwStopped;
        } else {
            self.restart_world(m);
        }
    }

    /// The allocation experiment lists what is there already.
    fn snapshot_heap(&mut self, m: usize) {
        if self.fine() {
            self.snapshot_piecewise(m);
            return;
        }
        for _ in 0..self.t.noise(4) {
            let id = u64::from(self.t.noise(1 << 20));
            self.note(m, EventType::Span, &[id, 1, 5]);
            self.note(m, EventType::HeapObject, &[id + 1, 3]);
            self.note(m, EventType::GoroutineStack, &[id + 2, 1]);
        }
    }
}
