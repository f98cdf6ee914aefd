//! The scheduler: which steps there are, when each may be taken, and what it does.
//!
//! A step is one section of the runtime between two points where other Ms can get in, so every
//! interleaving that the runtime has is some order of steps. Each M is either in the
//! middle of an operation ([`Pend`](state::Pend) says what comes next) or free to choose an action that is
//! enabled where it stands. A choice of 0 in place of an M ends the history.

mod advance;
mod ask;
mod cgo;
mod choose;
mod coroutine;
mod fine;
pub(crate) mod follow;
mod gc;
mod locked;
mod ops;
mod plot;
mod setup;
pub(crate) mod state;
mod stw;
mod syscall;
mod user;

#[cfg(test)]
mod invariants;
#[cfg(test)]
mod knobs;
#[cfg(test)]
mod tests;

use crate::history::History;
use crate::source::{Feed, Source};
use crate::swarm::{Feature, Swarm};
use crate::tracer::{self, Tracer};
use ask::Ask;
use choose::Menu;
use follow::Guide;
use state::{Calls, GPlace, M, Mi, PPlace, Pend, Role, State, Stop};
use std::ops::Range;

/// Thread ids of Go's own threads begin here.
const THREAD_IDS: u64 = 1000;

/// A history in the making.
pub(crate) struct World<'a> {
    source: Feed<'a>,
    /// Makes the choices in place of the source.
    guide: Option<Box<Guide>>,
    /// No choices are made: each step is the simplest that leads to the end.
    forced: bool,
    s: State,
    t: Tracer,
    steps: u32,
    /// Step at which the next generation is due.
    next_advance: u32,
    /// How often each action was picked where there was a choice.
    #[cfg(test)]
    picked: [u32; crate::swarm::WEIGHTS],
}

/// Space that one history after another can use.
#[derive(Debug, Default)]
pub(crate) struct Space {
    state: State,
    pub tracer: tracer::Space,
}

/// Makes the history of one case in `space`.
pub(crate) fn run(source: Feed<'_>, swarm: Swarm, space: &mut Space) -> History {
    let mut w = World::within(source, swarm, space);
    w.run();
    let World { s, t, steps, .. } = w;
    space.state = s.emptied();
    let (swarm, trace, expected, fault_hits) = t.into_parts(&mut space.tracer);
    History { swarm, trace, expected, steps, fault_hits }
}

/// The numbers below `n`, from `first` on in a circle.
#[inline]
fn around(first: usize, n: usize) -> impl Iterator<Item = usize> {
    (first..n).chain(0..first)
}

impl<'a> World<'a> {
    fn new(source: Feed<'a>, swarm: Swarm) -> World<'a> {
        World::within(source, swarm, &mut Space::default())
    }

    /// A world in the space of one that has ended.
    fn within(source: Feed<'a>, swarm: Swarm, space: &mut Space) -> World<'a> {
        World {
            source,
            guide: None,
            forced: false,
            s: std::mem::take(&mut space.state),
            t: Tracer::new(swarm, &mut space.tracer),
            steps: 0,
            next_advance: 0,
            #[cfg(test)]
            picked: Default::default(),
        }
    }
}

impl World<'_> {
    /// From the start of the trace to its end.
    fn run(&mut self) {
        self.begin();
        while self.steps < self.t.swarm.steps {
            self.source.begin_unit();
            // 0 ends the history, so an exhausted tape does. Otherwise it names an M.
            let v = self.ask(Ask::Turn, 1 << 16);
            if v == 0 {
                break;
            }
            self.steps += 1;
            self.turn(v - 1);
            #[cfg(test)]
            self.check();
        }
        self.wind_up();
    }

    /// The world before the first step, and what the start of the trace writes.
    fn begin(&mut self) {
        if self.fine() {
            self.setup_fine();
        } else {
            self.setup();
            self.start_trace(0);
        }
        self.schedule_advance();
    }

    /// Whether every detail is a choice.
    #[inline]
    fn fine(&self) -> bool {
        self.t.swarm.fine
    }

    /// A detail below `n`, which is noise unless every detail is a choice.
    fn detail(&mut self, n: u32) -> u32 {
        if self.fine() { self.ask(Ask::Detail, n as usize) as u32 } else { self.t.noise(n) }
    }

    /// A choice below `n`.
    #[inline]
    fn ask(&mut self, about: Ask, n: usize) -> usize {
        if self.forced {
            return 0;
        }
        match &mut self.guide {
            None => self.source.below(n as u32) as usize,
            Some(guide) => guide.answer(about, n),
        }
    }

    /// One of `n` times, and never in the simplest case.
    #[inline]
    fn one_in(&mut self, about: Ask, n: usize) -> bool {
        self.ask(about, n) == n - 1
    }

    /// Whether an M in a window between two sections lets others go first.
    fn lingers(&mut self) -> bool {
        let n = self.t.swarm.linger as usize;
        self.ask(Ask::Linger, n) != 0
    }

    /// Whether the allocation experiment is on.
    fn allocations_traced(&self) -> bool {
        self.has(Feature::AllocFree) && self.t.swarm.flavour.minor() >= 23
    }

    fn has(&self, f: Feature) -> bool {
        self.t.swarm.features.has(f)
    }

    /// Lets the M that `v` names take a step; where it has none, the next one that has.
    fn turn(&mut self, v: usize) {
        if self.s.plot.is_some() && self.ask(Ask::Plot, 4) != 0 && self.plot_step() {
            self.source.same_as(1);
            return;
        }
        let n = self.s.ms.len();
        // Both are small, and a division of short numbers is quick.
        let first = (v as u32 % n as u32) as usize;
        self.source.same_as(first as u32 + 1);
        // Mostly the one that is named has something, and then nobody has to know who else would.
        let busy = !self.s.ms[first].is_bare();
        if busy && self.step_now(first) {
            return;
        }
        // A step that does not come about changes nothing, so this holds until one does.
        let calls = self.calls();
        if !self.first_step(first + usize::from(busy)..n, calls) {
            self.first_step(0..first, calls);
        }
    }

    /// The first step that one of `ms` has; false if none has any.
    fn first_step(&mut self, ms: Range<Mi>, calls: Calls) -> bool {
        for m in ms {
            if self.s.ms[m].sleeps(calls) {
                debug_assert!(!self.step_now(m), "M {m} does not sleep");
            } else if self.step_now(m) {
                return true;
            }
        }
        false
    }

    /// A step of `m` in the present generation.
    fn step_now(&mut self, m: Mi) -> bool {
        self.t.section = self.s.gen_;
        self.step(m)
    }

    /// What there is to do for Ms that have nothing.
    fn calls(&self) -> Calls {
        let news = self.has(Feature::Bare) && !self.s.waiting.is_empty();
        let unlocked = self.s.sched.is_none();
        let takes = unlocked && self.s.stop() == Stop::No && !self.s.idle.is_empty();
        let retakes = unlocked && self.has(Feature::Sysmon) && self.victim(0).is_some();
        Calls { idle: news || takes, sysmon: news || retakes || takes && self.may_start_ms() }
    }

    /// One step of `m`; false if it has none.
    fn step(&mut self, m: Mi) -> bool {
        match self.s.ms[m].pend {
            Pend::None => self.choose(m),
            _ => self.go_on(m),
        }
    }

    /// The next step of the operation that `m` is in.
    fn go_on(&mut self, m: Mi) -> bool {
        match self.s.ms[m].pend {
            Pend::None => return false,
            Pend::StartP(p) => {
                self.s.ms[m].pend = Pend::None;
                self.start_p(m, p);
            }
            Pend::GiveP(p) => self.give_p(m, p),
            Pend::Borrowed(p) => self.use_borrowed(m, p),
            Pend::HandP(p) => self.hand_p(m, p),
            Pend::EnterA => self.publish_syscall(m),
            Pend::EnterB => self.write_syscall(m),
            Pend::PublishedA => return self.look_for_gc_wait(m),
            Pend::GcWaitA => return self.gc_wait(m),
            Pend::BlockA => self.block_release(m),
            Pend::EndKeepA => self.end_syscall(m),
            Pend::EndBlockedA => {
                if !(self.fine() && self.use_p_finely(m)) {
                    self.end_syscall_blocked_with_p(m);
                }
            }
            Pend::Took(p) => return self.start_taken(m, p),
            Pend::StealEventA { p, victim, holder_g, gen_ } => self.steal_event(m, p, victim, holder_g, gen_),
            Pend::EndedNoP(g) => return self.find_p_for(m, g),
            Pend::StartPFor(p, g) => {
                self.start_p(m, p);
                self.s.ms[m].pend = Pend::StartG(g);
            }
            Pend::StartG(g) => {
                if !(self.fine() && self.use_p_finely(m)) {
                    self.s.ms[m].pend = Pend::None;
                    self.start_with_label(m, g);
                }
            }
            Pend::Refused(g) => {
                self.unblock(m, g);
                self.s.place_g(g, GPlace::Held(m));
                self.s.ms[m].pend = Pend::StartG(g);
            }
            Pend::Resume(g) => {
                self.s.ms[m].pend = Pend::None;
                self.unblock(m, g);
            }
            Pend::GcStop => return self.gc_stop(m),
            Pend::GcDonePass => self.gc_done_pass(m),
            Pend::StwTake(p) => self.stw_take(m, p),
            Pend::StwWait => return self.stw_wait(m),
            Pend::StwStopped => return self.stw_stopped(m),
            Pend::StwEnd => self.stw_end(m),
            Pend::AdvanceWait => self.advance_wait(m),
            Pend::AdvanceSwitch => return self.advance_switch(m),
            Pend::AdvancedWaitA => self.advanced_wait(m),
            Pend::Pass => self.pass_by_itself(m),
        }
        true
    }

    /// Moves `m` one step towards a safe point or a stop, without any choice.
    fn force(&mut self, m: Mi) {
        let before = std::mem::replace(&mut self.forced, true);
        self.t.section = self.s.gen_;
        if self.s.ms[m].pend.is_some() {
            self.go_on(m);
        } else if let Some(p) = self.s.ms[m].p
            && self.s.ps[p].place == PPlace::Run(m)
        {
            if self.s.ms[m].g.is_some() {
                self.quiesce(m);
            } else {
                self.schedule_loop_duties(m);
            }
        }
        self.forced = before;
    }

    /// Ends the trace: finishes whatever holds the world, then stops tracing from a running goroutine.
    fn wind_up(&mut self) {
        self.forced = true;
        if self.s.gc_starter.take().is_some() {
            // The program ends before the cycle has got going.
            self.s.world = None;
        }
        loop {
            if let Some(m) = self.s.world {
                self.force(m);
                continue;
            }
            match self.runner() {
                // Every file has at least one generation.
                Some(m) if self.s.gen_ < self.s.first_gen => {
                    if self.switch_allowed() {
                        self.advance(m);
                    } else {
                        self.release_switch();
                    }
                }
                Some(m) => {
                    self.stop_trace(m);
                    return;
                }
                None => self.make_runner(),
            }
        }
    }

    /// An M that runs a goroutine of the user's and is not in the middle of anything: those who sweep or help to mark
    /// are in the runtime's code and stop no trace.
    fn runner(&self) -> Option<Mi> {
        (0..self.s.ms.len()).find(|&m| self.runs_plainly(m))
    }

    /// Whether `m` runs a goroutine that neither sweeps, nor assists, nor is a mark worker.
    fn runs_plainly(&self, m: Mi) -> bool {
        let x = &self.s.ms[m];
        self.runs_freely(m)
            && !x.p.is_some_and(|p| self.s.ps[p].sweeping)
            && x.g.is_some_and(|g| !self.s.gs[g].assist && self.s.gs[g].role != Role::Worker)
    }

    fn runs_freely(&self, m: Mi) -> bool {
        let x = &self.s.ms[m];
        x.pend.is_none() && x.p.is_some() && x.g.is_some_and(|g| self.s.gs[g].place == GPlace::Running(m))
    }

    /// One step towards an M that runs a goroutine.
    fn make_runner(&mut self) {
        self.t.section = self.s.gen_;
        let ms = 0..self.s.ms.len();
        if let Some(m) = ms.clone().find(|&m| self.runs_freely(m)) {
            self.come_out(m);
        } else if let Some(m) = ms.clone().find(|&m| self.s.ms[m].pend.is_some()) {
            self.force(m);
        } else if let Some(m) = ms.clone().find(|&m| self.s.ms[m].p.is_some() && self.s.ms[m].g.is_none()) {
            if ms.clone().any(|x| self.s.ms[x].g.is_none() && self.schedule_loop_duties(x)) {
                return;
            }
            if let Some(&g) = self.s.runnable.first() {
                self.start_or_hand_over(m, g);
            } else if let Some(&g) = self.s.waiting.first() {
                self.unblock(m, g);
            } else {
                self.park(m);
            }
        } else if let Some(m) = ms.clone().find(|&m| self.is_idle(m))
            && !self.s.idle.is_empty()
            && !(self.s.runnable.is_empty() && self.s.waiting.is_empty())
        {
            self.take_idle(m);
        } else if let Some(m) = ms.clone().find(|&m| self.s.ms[m].g.is_some()) {
            self.exit_syscall(m);
        } else if let (Some(p), Some(sysmon)) = (self.victim(0), ms.clone().find(|&m| self.s.ms[m].sysmon)) {
            self.retake(sysmon, p);
        } else {
            self.new_thread();
        }
    }

    /// A new M, idle.
    fn new_thread(&mut self) -> Mi {
        let m = self.s.ms.len();
        self.s.ms.push(M::new(THREAD_IDS + m as u64 * 3));
        m
    }

    /// Whether `m` is parked: it has nothing and does nothing.
    fn is_idle(&self, m: Mi) -> bool {
        let x = &self.s.ms[m];
        x.alive && !x.sysmon && !x.extra && x.locked.is_none() && x.p.is_none() && x.g.is_none() && x.pend.is_none()
    }
}
