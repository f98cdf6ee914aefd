//! Fine cases: the world may begin in any state, and what the runtime is free to do in its windows is a choice
//! where it is noise, or left out, in the case of a seed.
//!
//! Lifting needs them: a real trace begins and goes on as it did, and not as a seed would have it. Each freedom
//! here is one that the runtime has, with the window that gives it.

use super::choose::Act;
use super::state::{Coroutine, G, GPlace, Gi, M, Mi, P, PPlace, PView, Pend, Pi, Purpose, Role, Slots, Stop};
use super::{Ask, Menu, THREAD_IDS, World};
use crate::flavour::Class;
use crate::swarm::Feature;
use crate::tracer::{NONE, Name};
use tracehound_wire::EventType;

/// Thread ids of C threads begin here.
const C_THREADS: u64 = 1 << 32;

/// Where an M is when the world begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// It has nothing.
    Bare,
    /// It has a P and no goroutine.
    Scheduling(Pi),
    /// It runs a goroutine.
    Running(Pi, Gi),
    /// It is in a syscall, with its P.
    Syscall(Pi, Gi),
    /// It is in a syscall, its P has been taken. It remembers this one.
    Robbed(Option<Pi>, Gi),
    /// Class A: it is on its way out of a syscall, with a P that it has started.
    Leaving(Pi, Gi),
    /// It is spare, and has left a P behind.
    Left(Pi),
    /// Class A: it is in a blocking syscall, and has borrowed the P that it gives away.
    Borrowing(Pi, Gi),
    /// It is spare, and remembers this P, which is elsewhere by now.
    Spare(Pi),
    /// It has been handed this P for the goroutine that is locked to it.
    Handed(Pi),
}

/// What a goroutine is when the world begins; where it is on an M, that M's spot says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// 0 waits, 1 runnable, 2 waits for its operation only, 3 does not exist yet.
    pub place: u32,
    pub assist: bool,
    /// The spare M that it belongs to.
    pub extra: Option<Mi>,
}

/// How a fine world begins. The numbers of a tape and this are two forms of the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub procs: usize,
    pub marking: bool,
    /// Threads of C code that have no M yet.
    pub tids: usize,
    pub gs: Vec<Start>,
    pub spots: Vec<Spot>,
    /// Ps with an open sweep.
    pub sweeping: Vec<Pi>,
    /// Inside and waiting side of each.
    pub coroutines: Vec<(Gi, Gi)>,
    /// The M that begins the first generation.
    pub starter: Mi,
    /// The P that sysmon has borrowed.
    pub sysmon: Option<Pi>,
}

impl Layout {
    /// The answers that lead [`World::draw_layout`] to this layout.
    pub fn answers(&self) -> Vec<u32> {
        let mut out = vec![self.procs as u32 - 1, u32::from(self.marking), self.tids as u32];
        for g in &self.gs {
            out.extend([g.place, u32::from(g.assist), g.extra.map_or(0, |m| m as u32 + 1)]);
        }
        for &spot in &self.spots {
            let (kind, p, g) = match spot {
                Spot::Bare => (0, None, None),
                Spot::Scheduling(p) => (1, Some(p), None),
                Spot::Running(p, g) => (2, Some(p), Some(g)),
                Spot::Syscall(p, g) => (3, Some(p), Some(g)),
                Spot::Robbed(p, g) => (4, p, Some(g)),
                Spot::Leaving(p, g) => (5, Some(p), Some(g)),
                Spot::Left(p) => (6, Some(p), None),
                Spot::Borrowing(p, g) => (7, Some(p), Some(g)),
                Spot::Spare(p) => (8, Some(p), None),
                Spot::Handed(p) => (9, Some(p), None),
            };
            out.push(kind);
            if kind > 0 {
                out.push(p.map_or(0, |p| p as u32 + 1));
            }
            out.extend(g.map(|g| g as u32));
        }
        out.push(self.sweeping.len() as u32);
        out.extend(self.sweeping.iter().map(|&p| p as u32));
        out.push(self.coroutines.len() as u32);
        out.extend(self.coroutines.iter().flat_map(|&(a, b)| [a as u32, b as u32]));
        out.push(self.starter as u32);
        out.push(self.sysmon.map_or(0, |p| p as u32 + 1));
        out
    }
}

impl World<'_> {
    /// Begins a fine case.
    pub(super) fn setup_fine(&mut self) {
        let swarm = &self.t.swarm;
        self.s.first_gen = swarm.first_generation + swarm.skip;
        self.s.last_gen = self.s.first_gen + swarm.generations - 1;
        self.s.gen_ = swarm.first_generation;
        let layout = self.draw_layout();
        self.place_all(&layout);
        if self.t.swarm.skip == 0 {
            self.start_trace(0);
            return;
        }
        for p in 0..self.s.procs {
            if self.s.ps[p].place == PPlace::Stopped {
                self.s.put_idle(p);
            }
        }
        self.t.begin(self.s.gen_);
        if self.runs_freely(layout.starter) {
            self.t.section = self.s.gen_;
            self.s.world = Some(layout.starter);
            self.switch(layout.starter);
        }
    }

    /// What the heap snapshot of the allocation experiment holds.
    pub(super) fn snapshot_piecewise(&mut self, m: Mi) {
        loop {
            let id = u64::from(self.t.noise(1 << 20));
            match self.ask(Ask::Detail, 4) {
                1 => self.note(m, EventType::Span, &[id, 1, 5]),
                2 => self.note(m, EventType::HeapObject, &[id, 3]),
                3 => self.note(m, EventType::GoroutineStack, &[id, 1]),
                _ => return,
            }
        }
    }

    fn setup_number(&mut self, n: usize) -> usize {
        self.ask(Ask::Setup, n)
    }

    /// Draws a layout; whatever the choices, it is one that a world can have.
    fn draw_layout(&mut self) -> Layout {
        let swarm = &self.t.swarm;
        let (ms, ps, gs) = (swarm.threads as usize, swarm.procs as usize, swarm.goroutines as usize);
        let procs = 1 + self.setup_number(ps);
        let marking = self.setup_number(2) == 1;
        let tids = self.setup_number(1 << 12);
        let mut layout = Layout { procs, marking, tids, ..Layout::default() };
        let mut extra_of = vec![None; ms];
        for g in 0..gs {
            let (place, assist) = (self.setup_number(4) as u32, self.setup_number(2) == 1);
            let extra = self.setup_number(ms + 1).checked_sub(1).filter(|&m| g > 0 && extra_of[m].is_none());
            if let Some(m) = extra {
                extra_of[m] = Some(g);
            }
            let place = if g == 0 && place > 1 || place == 3 && extra.is_none() { 0 } else { place };
            layout.gs.push(Start { place, assist, extra });
        }
        let (mut free_p, mut free_g) = (vec![true; ps], vec![true; gs]);
        for (m, &own) in extra_of.iter().enumerate() {
            let spot = self.draw_spot(m, own, &layout, &mut free_p, &mut free_g);
            layout.spots.push(spot);
        }
        for _ in 0..self.setup_number(ps + 1) {
            let p = self.setup_number(ps);
            layout.sweeping.push(p);
        }
        let mut inside = vec![false; gs];
        for _ in 0..self.setup_number(gs + 1) {
            let (a, b) = (self.setup_number(gs), self.setup_number(gs));
            let lives = |g: usize| layout.gs[g].place != 3 && layout.gs[g].extra.is_none();
            if lives(a) && lives(b) && layout.gs[b].place == 2 && free_g[b] && !std::mem::replace(&mut inside[a], true)
            {
                layout.coroutines.push((a, b));
            }
        }
        layout.starter = self.setup_number(ms);
        let p = self.setup_number(ps + 1).checked_sub(1);
        layout.sysmon = p.filter(|&p| free_p[p] && p < procs && self.t.swarm.skip != 0);
        layout
    }

    fn draw_spot(&mut self, m: Mi, own: Option<Gi>, layout: &Layout, free_p: &mut [bool], free_g: &mut [bool]) -> Spot {
        let kind = self.setup_number(10);
        if kind == 0 {
            return Spot::Bare;
        }
        let p = self.setup_number(free_p.len() + 1).checked_sub(1);
        let g = matches!(kind, 2..=5 | 7).then(|| self.setup_number(free_g.len()));
        // An M for C threads has no other goroutine than its own, and nobody else has that.
        let g = g.filter(|&g| free_g[g] && layout.gs[g].extra == own.map(|_| m) && layout.gs[g].place != 3);
        let started = self.t.swarm.skip == 0;
        let live = p.filter(|&p| free_p[p] && p < layout.procs);
        let mut take = |p: Pi| std::mem::replace(&mut free_p[p], false);
        let spot = match (kind, live, g) {
            (1, Some(p), _) if own.is_none() && !started => Spot::Scheduling(p),
            (2, Some(p), Some(g)) if !started || m == 0 => Spot::Running(p, g),
            (3, Some(p), Some(g)) if !started => Spot::Syscall(p, g),
            (5, Some(p), Some(g)) if !started && self.t.swarm.class() == Class::A => Spot::Leaving(p, g),
            (7, Some(p), Some(g)) if !started && own.is_none() && self.t.swarm.class() == Class::A => {
                Spot::Borrowing(p, g)
            }
            (6, Some(p), _) if own.is_some_and(|g| layout.gs[g].place == 3) && !started => Spot::Left(p),
            (9, Some(p), _) if own.is_some_and(|g| layout.gs[g].place == 1) && !started => Spot::Handed(p),
            (8, _, _) if own.is_some_and(|g| layout.gs[g].place == 3) => p.map_or(Spot::Bare, Spot::Spare),
            (2..=5 | 7, _, Some(g)) => Spot::Robbed(p, g),
            _ => Spot::Bare,
        };
        if let Spot::Scheduling(p)
        | Spot::Running(p, _)
        | Spot::Syscall(p, _)
        | Spot::Leaving(p, _)
        | Spot::Left(p)
        | Spot::Borrowing(p, _)
        | Spot::Handed(p) = spot
        {
            take(p);
        }
        if let Some(g) = g {
            free_g[g] = false;
        }
        spot
    }

    fn place_all(&mut self, layout: &Layout) {
        let swarm = &self.t.swarm;
        let (ms, ps) = (swarm.threads as usize, swarm.procs as usize);
        self.s.procs = layout.procs;
        self.s.marking = layout.marking;
        self.s.free_tids.extend((0..layout.tids as u64).map(|i| C_THREADS + i));
        for m in 0..=ms {
            let mut fresh = M::new(THREAD_IDS + m as u64 * 3);
            fresh.sysmon = m == ms;
            self.s.ms.push(fresh);
        }
        for p in 0..ps {
            self.s.ps.push(P {
                place: if p < layout.procs { PPlace::Stopped } else { PPlace::Dead },
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
        for (g, start) in layout.gs.iter().enumerate() {
            let mut fresh = G::new(1 + g as u64);
            fresh.assist = start.assist;
            fresh.saw_marking = true;
            if let Some(m) = start.extra {
                fresh.role = Role::Extra;
                fresh.locked = Some(m);
                self.s.ms[m].extra = true;
                self.s.ms[m].locked = Some(g);
            }
            self.s.gs.push(fresh);
            let place = [GPlace::Waiting, GPlace::Runnable, GPlace::Parked, GPlace::Dead][start.place as usize];
            self.s.place_g(g, place);
        }
        self.s.next_goid = layout.gs.len() as u64 + 1;
        for (m, &spot) in layout.spots.iter().enumerate() {
            self.place_m(m, spot);
        }
        if let Some(p) = layout.sysmon {
            self.place_m(ms, Spot::Scheduling(p));
            self.s.ms[ms].pend = Pend::Borrowed(p);
        }
        if self.t.swarm.skip == 0 && !matches!(layout.spots[0], Spot::Running(..)) {
            self.place_starter();
        }
        for &p in &layout.sweeping {
            let runs = matches!(self.s.ps[p].place, PPlace::Run(m) if self.runs_plainly(m));
            self.s.ps[p].sweeping = runs;
        }
        for &(inside, parked) in &layout.coroutines {
            self.s.gs[inside].role = Role::Coroutine(self.s.coroutines.len());
            self.s.coroutines.push(Coroutine { inside, parked });
        }
    }

    fn place_m(&mut self, m: Mi, spot: Spot) {
        let (p, g, p_place, view) = match spot {
            Spot::Bare => return,
            Spot::Spare(p) => {
                let x = &mut self.s.ms[m];
                (x.oldp, x.tick, x.dropped) = (Some(p), u32::MAX, Some(0));
                return;
            }
            Spot::Handed(p) => {
                let Some(g) = self.s.ms[m].locked else { return };
                self.s.place_g(g, GPlace::Held(m));
                self.s.ps[p].place = PPlace::Owned(m);
                self.s.ms[m].pend = Pend::StartPFor(p, g);
                return;
            }
            Spot::Scheduling(p) => (Some(p), None, PPlace::Run(m), PView::Running),
            Spot::Running(p, g) => (Some(p), Some((g, GPlace::Running(m))), PPlace::Run(m), PView::Running),
            Spot::Syscall(p, g) => (Some(p), Some((g, GPlace::Syscall(m))), PPlace::Sys(m), PView::Syscall),
            Spot::Leaving(p, g) | Spot::Borrowing(p, g) => {
                (Some(p), Some((g, GPlace::Syscall(m))), PPlace::Run(m), PView::Running)
            }
            Spot::Left(p) => (Some(p), None, PPlace::Sys(m), PView::Abandoned),
            Spot::Robbed(_, g) => (None, Some((g, GPlace::Syscall(m))), PPlace::Idle, PView::Idle),
        };
        if let Some((g, place)) = g {
            self.s.place_g(g, place);
            self.s.ms[m].g = Some(g);
        }
        if let Some(p) = p {
            self.s.ps[p].place = p_place;
            self.s.ps[p].view = view;
            if view == PView::Syscall || view == PView::Abandoned {
                self.s.ps[p].msys = self.s.ms[m].tid;
            }
        }
        let tick = p.map_or(0, |p| self.s.ps[p].tick);
        let x = &mut self.s.ms[m];
        match spot {
            Spot::Left(p) => (x.oldp, x.tick, x.dropped) = (Some(p), u32::MAX, Some(0)),
            Spot::Robbed(p, _) => x.oldp = p,
            Spot::Syscall(p, _) => (x.p, x.oldp, x.tick) = (Some(p), Some(p), tick),
            Spot::Leaving(p, _) => (x.p, x.pend) = (Some(p), Pend::EndBlockedA),
            Spot::Borrowing(p, _) => (x.p, x.pend) = (Some(p), Pend::Borrowed(p)),
            _ => x.p = p,
        }
    }

    /// Somebody has to start the trace: M 0, on goroutine 0 and the first P that is free.
    fn place_starter(&mut self) {
        let at = (0..self.s.ms.len()).find(|&m| self.s.ms[m].g == Some(0));
        let own = self.s.ms[0].g;
        if let Some(g) = own.filter(|&g| g != 0) {
            self.s.place_g(g, GPlace::Runnable);
        }
        if let Some(m) = at {
            self.s.ms[m].g = None;
        }
        self.s.ms[0].locked = None;
        self.s.ms[0].extra = false;
        if let Some(g) = (0..self.s.gs.len()).find(|&g| self.s.gs[g].locked == Some(0)) {
            self.s.gs[g].locked = None;
            self.s.gs[g].role = Role::User;
            if self.s.gs[g].place == GPlace::Dead {
                self.s.free_gs.push(g);
            }
        }
        self.s.place_g(0, GPlace::Running(0));
        (self.s.ms[0].g, self.s.ms[0].p) = (Some(0), Some(0));
        self.s.ps[0].place = PPlace::Run(0);
        self.s.ps[0].view = PView::Running;
    }

    /// What only fine cases offer an M with a running goroutine: a pass over all Ps, for the GC or, in class A, for
    /// the generation that has begun. Those who help to mark, and mark workers, can be the ones that find marking done.
    pub(super) fn offer_fine(&self, menu: &mut Menu) {
        if self.fine() && self.s.world.is_none() {
            self.offer(menu, Act::Pass, 1);
        }
    }

    /// `forEachP` on `m`, on behalf of the GC (nothing is written) or of the tracer (statuses are).
    pub(super) fn begin_pass_by_itself(&mut self, m: Mi) {
        let writes = self.t.swarm.class() == Class::A && self.ask(Ask::Statuses, 2) == 1;
        self.s.world = Some(m);
        self.begin_pass_that(m, writes);
        self.s.ms[m].pend = Pend::Pass;
    }

    /// What an M without a goroutine writes that takes memory, for a thread above all, on a P that it has for it: one thing
    /// more; false if nothing.
    pub(super) fn use_p_finely(&mut self, m: Mi) -> bool {
        match self.ask(Ask::WithP, 4) {
            1 => {
                let value = u64::from(self.t.noise(1 << 24));
                self.note(m, EventType::HeapAlloc, &[value]);
            }
            2 if self.has(Feature::Gc) => self.toggle_sweep(m),
            3 if self.allocations_traced() => self.alloc_event(m),
            _ if self.s.ms[m].p.is_some_and(|p| self.s.ps[p].sweeping) => self.toggle_sweep(m),
            _ => return false,
        }
        true
    }

    /// The stop at the beginning of a GC cycle.
    pub(super) fn stop_for_gc(&mut self, m: Mi) {
        self.s.gc_starter = None;
        self.s.purpose = Purpose::SweepTermination;
        self.stw_begin(m, Name::SweepTermination as u64);
    }

    /// One step of waiting for all Ps. Afterwards marking may be over, and the world stops.
    pub(super) fn pass_by_itself(&mut self, m: Mi) {
        if self.stopped_world(m) || !self.pass(m) {
            return;
        }
        self.s.mute_pass = false;
        if self.s.marking && self.ask(Ask::Termination, 2) == 1 {
            self.s.purpose = Purpose::MarkTermination;
            self.stw_begin(m, Name::MarkTermination as u64);
        } else {
            self.s.ms[m].pend = Pend::None;
            self.s.world = None;
        }
    }

    /// Statuses of idle Ps at the beginning of a pass, in the order of the idle list, which is any.
    pub(super) fn idle_statuses(&mut self, m: Mi) {
        let gen_ = self.t.section;
        let mut due: Vec<Pi> = self.s.idle.iter().copied().filter(|&p| !self.s.ps[p].slots.traced(gen_)).collect();
        due.sort_unstable();
        while !due.is_empty() {
            // One that is on its way to an M already is left to that M.
            let i = self.ask(Ask::Index, due.len() + 1);
            if i == due.len() {
                return;
            }
            let p = due.remove(i);
            self.t.proc_status(&mut self.s, m, p);
        }
    }

    /// A P that still owes a safe point. In fine cases those in syscalls come first, in any order: one may have
    /// entered its syscall after it was looked at.
    pub(super) fn owing(&mut self) -> Option<Pi> {
        let owes = |w: &Self, p: Pi| w.s.ps[p].must;
        if self.fine() {
            let in_syscall = |w: &Self, p: Pi| owes(w, p) && matches!(w.s.ps[p].place, PPlace::Sys(_));
            let n = (0..self.s.ps.len()).filter(|&p| in_syscall(self, p)).count();
            if n > 0 {
                let i = self.ask(Ask::Index, n);
                return (0..self.s.ps.len()).filter(|&p| in_syscall(self, p)).nth(i);
            }
        }
        (0..self.s.ps.len()).find(|&p| owes(self, p))
    }

    /// The P in a syscall, from `from` on, that a world stop takes next. One that has become visible after the loop
    /// has passed it is left to its own M or to sysmon.
    pub(super) fn next_in_syscall(&mut self, from: Pi) -> Pi {
        let n = self.s.ps.len();
        let in_syscall = |w: &Self, p: Pi| matches!(w.s.ps[p].place, PPlace::Sys(_));
        let count = (from..n).filter(|&p| in_syscall(self, p)).count();
        let i = self.ask(Ask::Index, count + 1);
        (from..n).filter(|&p| in_syscall(self, p)).nth(i).unwrap_or(n)
    }

    /// Whether an M has looked for a world stop just before it began, and goes on.
    pub(super) fn unaware(&mut self) -> bool {
        self.fine() && self.ask(Ask::Unaware, 2) == 1
    }

    /// Whether an M that leaves a syscall has looked for a P just before it was there.
    pub(super) fn misses(&mut self, what: Ask) -> bool {
        self.fine() && self.ask(what, 2) == 1
    }

    /// Whether a goroutine that starts may be labelled as a mark worker. From Go 1.26 on a P that was assigned a worker and
    /// has lost it again keeps the worker's mode until another one is done on it, after the cycle too.
    pub(super) fn may_label(&self) -> bool {
        self.s.marking || self.t.swarm.class() == Class::B
    }

    /// The label of a mark worker, after the start of the goroutine on `m`.
    pub(super) fn label(&mut self, m: Mi) {
        if !self.may_label() {
            return;
        }
        let label = match self.ask(Ask::Detail, 4) {
            0 => return,
            1 => Name::Dedicated,
            2 => Name::Fractional,
            _ => Name::IdleWorker,
        };
        self.t.put(&self.s, m, EventType::GoLabel, &[label as u64], None);
    }

    /// What the stopper writes in the stopped world, and before it says that the world runs again; or what
    /// giving away the Ps that a pass has taken writes, since it may need a thread: one thing more; false if nothing.
    pub(super) fn stopped_world(&mut self, m: Mi) -> bool {
        match self.ask(Ask::Stopped, 6) {
            1 => {
                let goal = self.detail(2) == 1;
                let value = u64::from(self.t.noise(1 << 24));
                let ty = if goal { EventType::HeapGoal } else { EventType::HeapAlloc };
                self.note(m, ty, &[value]);
            }
            2 if !self.s.waiting.is_empty() => {
                let i = self.ask(Ask::Index, self.s.waiting.len());
                self.unblock(m, self.s.waiting[i]);
            }
            3 if self.s.marking && self.s.purpose == Purpose::MarkTermination && self.s.stop() == Stop::Stopped => {
                let seq = self.next_gc();
                self.note(m, EventType::GCEnd, &[seq]);
                self.s.marking = false;
            }
            4 if self.allocations_traced() => self.alloc_event(m),
            // Waking threads for the others takes memory, and so may sweep.
            5 if self.has(Feature::Gc) => self.toggle_sweep(m),
            _ => return false,
        }
        true
    }
}
