//! What an M does next when it is free to choose.

use super::state::{GPlace, Gi, Mi, PPlace, Pend, Pi, Purpose, Role, Stop};
use super::{Ask, World, around};
use crate::swarm::{Feature, WEIGHTS};
use crate::tracer::{BLOCK_REASONS, Name, STW_KINDS};
use tracehound_wire::EventType;

/// Kinds of steps that compete with each other, the simplest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Act {
    Stop,
    Block,
    Start,
    Park,
    TakeIdle,
    Enter,
    EnterBlocking,
    Create,
    Destroy,
    Unblock,
    Retake,
    Heap,
    Stw,
    Refused,
    Inject,
    CreateCoroutine,
    SwitchCoroutine,
    ExitCoroutine,
    Lock,
    GcBegin,
    GcEnd,
    Worker,
    WorkerWaits,
    Assist,
    AssistBlock,
    Sweep,
    Suspend,
    Resize,
    Annotate,
    Sample,
    Alloc,
    // These do not compete: their turn is decided elsewhere.
    Exit,
    CreateSyscall,
    DestroySyscall,
    // These are offered in fine cases only.
    Advance,
    Pass,
    StopForGc,
}

const _: () = assert!(Act::Exit as usize == WEIGHTS);

/// The enabled actions of one M, with weights. It is made at nearly every turn, so it is small.
pub(super) struct Menu {
    acts: [Act; MOST_ACTS],
    weights: [u16; MOST_ACTS],
    len: usize,
    total: u32,
}

/// No M has more actions than these at a time.
const MOST_ACTS: usize = 32;

impl Menu {
    fn new() -> Menu {
        Menu { acts: [Act::Stop; MOST_ACTS], weights: [0; MOST_ACTS], len: 0, total: 0 }
    }

    /// The actions with their weights, in the order in which they were offered.
    fn iter(&self) -> impl ExactSizeIterator<Item = (Act, u32)> {
        self.acts[..self.len].iter().zip(&self.weights).map(|(&act, &weight)| (act, u32::from(weight)))
    }
}

impl World<'_> {
    #[inline]
    pub(super) fn offer(&self, menu: &mut Menu, act: Act, scale: u16) {
        let weight = if self.fine() { 1 } else { u16::from(self.t.swarm.weights[act as usize]) * scale };
        menu.acts[menu.len] = act;
        menu.weights[menu.len] = weight;
        menu.len += 1;
        menu.total += u32::from(weight);
    }

    fn pick(&mut self, menu: &Menu) -> Option<Act> {
        if menu.len == 0 {
            return None;
        }
        if let Some(guide) = &mut self.guide {
            guide.look(menu.iter());
        }
        let mut at = if menu.len == 1 { 0 } else { self.ask(Ask::Act, menu.total as usize) as u32 };
        for (act, weight) in menu.iter() {
            if at < weight {
                #[cfg(test)]
                self.note_pick(act, menu.len);
                return Some(act);
            }
            at -= weight;
        }
        None
    }

    /// A step of an M that is in the middle of nothing; false if it has none.
    pub(super) fn choose(&mut self, m: Mi) -> bool {
        if !self.s.ms[m].alive {
            return false;
        }
        let act = match (self.s.ms[m].p, self.s.ms[m].g) {
            (_, Some(g)) if self.s.gs[g].place == GPlace::Syscall(m) => self.choose_in_syscall(m),
            (Some(p), Some(g)) => return self.choose_running(m, p, g),
            (Some(p), None) => {
                if self.schedule_loop_duties(m) {
                    return true;
                }
                self.choose_scheduling(m, p)
            }
            _ => self.choose_bare(m),
        };
        match act {
            Some(act) => self.act(m, act),
            None => false,
        }
    }

    fn choose_in_syscall(&mut self, m: Mi) -> Option<Act> {
        // It may as well last: then another M has the turn.
        match self.ask(Ask::Stay, self.t.swarm.stay as usize) {
            0 if self.s.ms[m].extra && self.one_in(Ask::Destroy, 2) => Some(Act::DestroySyscall),
            0 => Some(Act::Exit),
            1 if self.has(Feature::Samples) => Some(Act::Sample),
            _ => None,
        }
    }

    fn choose_running(&mut self, m: Mi, p: Pi, g: Gi) -> bool {
        let sweeping = self.s.ps[p].sweeping;
        let plain = !sweeping && !self.s.gs[g].assist && self.s.gs[g].role != Role::Worker;
        if self.s.ps[p].must || self.s.stop() == Stop::Stopping {
            match self.ask(Ask::Urgent, 3) {
                0 => {
                    self.quiesce(m);
                    return true;
                }
                1 if plain && self.has(Feature::Syscalls) => {
                    self.s.gs[g].saw_marking = false;
                    return self.act(m, Act::Enter);
                }
                _ => {}
            }
        }
        if plain && self.advance_due() {
            self.advance(m);
            return true;
        }
        let mut menu = Menu::new();
        if sweeping {
            self.offer(&mut menu, Act::Sweep, 2);
        } else if plain {
            self.offer_life(&mut menu, m, g);
            self.offer_runtime(&mut menu, m, g);
            self.offer_fine(&mut menu);
            if self.fine() && self.may_advance() {
                self.offer(&mut menu, Act::Advance, 1);
            }
            if self.s.gc_starter == Some(g) {
                self.offer(&mut menu, Act::StopForGc, 1);
            }
        } else {
            self.offer(&mut menu, Act::Stop, 2);
            self.offer_fine(&mut menu);
            if self.fine() {
                self.offer(&mut menu, Act::Sweep, 1);
            }
            if self.s.gs[g].assist {
                self.offer(&mut menu, Act::Assist, 4);
                if self.s.marking {
                    self.offer(&mut menu, Act::AssistBlock, 2);
                }
            } else {
                self.offer(&mut menu, Act::WorkerWaits, 4);
                self.offer_suspend(&mut menu, m);
            }
            if !self.s.waiting.is_empty() {
                self.offer(&mut menu, Act::Unblock, 2);
            }
        }
        self.offer_counts(&mut menu);
        match self.pick(&menu) {
            Some(act) => {
                if !matches!(act, Act::Stop | Act::Sample) {
                    self.s.gs[g].saw_marking = false;
                }
                self.act(m, act)
            }
            None => false,
        }
    }

    /// What a goroutine of the user's does with itself and others.
    fn offer_life(&self, menu: &mut Menu, m: Mi, g: Gi) {
        self.offer(menu, Act::Stop, 2);
        if self.has(Feature::Lifecycle) {
            self.offer(menu, Act::Block, 4);
            self.offer(menu, Act::Refused, 1);
            self.offer(menu, Act::Create, 2);
            if self.can_destroy(m) {
                self.offer(menu, Act::Destroy, 2);
            }
            if !self.s.waiting.is_empty() {
                self.offer(menu, Act::Unblock, 4);
            }
        }
        if self.has(Feature::Syscalls) || self.s.ms[m].extra {
            self.offer(menu, Act::Enter, 8);
        }
        if self.has(Feature::Syscalls) {
            self.offer(menu, Act::EnterBlocking, 2);
        }
        if self.has(Feature::Coroutines) && self.t.swarm.flavour.minor() >= 23 && !self.s.ms[m].extra {
            if self.s.coroutines.len() < 8 || self.fine() {
                self.offer(menu, Act::CreateCoroutine, 1);
            }
            if self.switchable(m, 0).is_some() {
                self.offer(menu, Act::SwitchCoroutine, 6);
            }
            if self.can_exit_coroutine(m) {
                self.offer(menu, Act::ExitCoroutine, 2);
            }
        }
        if self.has(Feature::Locked) && self.s.gs[g].role != Role::Extra {
            self.offer(menu, Act::Lock, 1);
        }
        if self.has(Feature::User) {
            self.offer(menu, Act::Annotate, 4);
        }
    }

    /// What the runtime does on behalf of the goroutine on `m`.
    fn offer_runtime(&self, menu: &mut Menu, m: Mi, g: Gi) {
        let free = self.s.world.is_none();
        if free && self.has(Feature::Stw) {
            self.offer(menu, Act::Stw, 2);
        }
        if free && self.has(Feature::Resize) && self.s.ps.len() > 1 {
            self.offer(menu, Act::Resize, 1);
        }
        if self.has(Feature::Gc) {
            if free && self.s.marking {
                if !self.fine() {
                    self.offer(menu, Act::GcEnd, 1);
                }
            } else if free && self.can_begin_gc() {
                self.offer(menu, Act::GcBegin, 1);
            }
            if self.s.marking || self.s.gs[g].saw_marking {
                self.offer(menu, Act::Assist, 2);
            }
            self.offer(menu, Act::Sweep, 1);
            self.offer_suspend(menu, m);
        }
    }

    fn offer_suspend(&self, menu: &mut Menu, m: Mi) {
        if self.s.marking && self.suspendable(m, 0).is_some() {
            self.offer(menu, Act::Suspend, 1);
        }
    }

    /// What is measured at any time on an M with a P.
    fn offer_counts(&self, menu: &mut Menu) {
        if self.has(Feature::Heap) {
            self.offer(menu, Act::Heap, 2);
        }
        if self.has(Feature::Samples) {
            self.offer(menu, Act::Sample, 1);
        }
        if self.allocations_traced() {
            self.offer(menu, Act::Alloc, 2);
        }
    }

    fn choose_scheduling(&mut self, m: Mi, p: Pi) -> Option<Act> {
        // Before it sleeps, an M with a locked goroutine may still take memory.
        let locked = self.s.ms[m].locked.is_some();
        let mut menu = Menu::new();
        if self.fine() && self.has(Feature::Gc) {
            // The scheduler itself allocates, for a timer or a thread, and so may sweep.
            self.offer(&mut menu, Act::Sweep, 1);
            if self.s.ps[p].sweeping || locked {
                self.offer_counts(&mut menu);
                return self.pick(&menu);
            }
        }
        if !self.s.runnable.is_empty() {
            self.offer(&mut menu, Act::Start, 16);
        }
        self.offer(&mut menu, Act::Park, 1);
        if self.s.marking && !self.s.workers.is_empty() {
            self.offer(&mut menu, Act::Worker, 4);
        }
        if self.has(Feature::Bare) {
            if !self.s.waiting.is_empty() {
                self.offer(&mut menu, Act::Unblock, 2);
                self.offer(&mut menu, Act::Inject, 1);
            }
            if self.has(Feature::Lifecycle) {
                self.offer(&mut menu, Act::Create, 1);
            }
            self.offer_counts(&mut menu);
        } else if self.s.runnable.is_empty() && !self.s.waiting.is_empty() {
            self.offer(&mut menu, Act::Unblock, 2);
        }
        self.pick(&menu)
    }

    fn choose_bare(&mut self, m: Mi) -> Option<Act> {
        if self.is_spare(m) {
            return self.can_create_syscall(m).then_some(Act::CreateSyscall);
        }
        if self.s.ms[m].locked.is_some() {
            return None;
        }
        let mut menu = Menu::new();
        let sysmon = self.s.ms[m].sysmon;
        let takes = self.s.stop() == Stop::No && self.s.sched.is_none() && !self.s.idle.is_empty();
        if takes && !sysmon {
            self.offer(&mut menu, Act::TakeIdle, 8);
        }
        if takes && sysmon && self.may_start_ms() {
            self.offer(&mut menu, Act::TakeIdle, 1);
        }
        if sysmon && self.has(Feature::Sysmon) && self.s.sched.is_none() && self.victim(0).is_some() {
            self.offer(&mut menu, Act::Retake, 8);
        }
        if self.has(Feature::Bare) && !self.s.waiting.is_empty() {
            self.offer(&mut menu, Act::Unblock, 1);
            self.offer(&mut menu, Act::Inject, 1);
        }
        self.pick(&menu)
    }

    /// Whether sysmon can find that there is something to run, and start an M for it.
    pub(super) fn may_start_ms(&self) -> bool {
        self.has(Feature::Bare) && !self.s.runnable.is_empty()
    }

    /// The first P from `from` on, in a circle, that is in somebody's syscall.
    pub(super) fn victim(&self, from: Pi) -> Option<Pi> {
        let n = self.s.ps.len();
        around(from, n).find(|&p| matches!(self.s.ps[p].place, PPlace::Sys(_)))
    }

    fn act(&mut self, m: Mi, act: Act) -> bool {
        match act {
            Act::Stop => {
                let reason = if self.t.noise(2) == 0 { Name::Gosched } else { Name::Preempted };
                self.stop_g(m, reason);
            }
            Act::Block => {
                let reason = BLOCK_REASONS[self.t.noise(BLOCK_REASONS.len() as u32) as usize];
                self.block_g(m, reason);
            }
            Act::Start => {
                let i = self.ask(Ask::Index, self.s.runnable.len());
                return self.start_or_hand_over(m, self.s.runnable[i]);
            }
            Act::Park => self.park(m),
            Act::TakeIdle => self.take_idle(m),
            Act::Exit => self.exit_syscall(m),
            Act::Enter => self.enter_syscall(m),
            Act::EnterBlocking => self.enter_blocking_syscall(m),
            Act::Create => {
                self.create(m, EventType::GoCreate, GPlace::Runnable);
            }
            Act::Destroy if self.s.ms[m].locked.is_some() => self.destroy_locked(m),
            Act::Destroy => self.destroy_g(m),
            Act::Unblock => self.wake_any(m),
            Act::Inject => {
                for _ in 0..3 {
                    if !self.s.waiting.is_empty() {
                        self.wake_any(m);
                    }
                }
            }
            Act::Retake => {
                let from = self.ask(Ask::Index, self.s.ps.len());
                if let Some(p) = self.victim(from) {
                    self.retake(m, p);
                }
            }
            Act::Refused => {
                if let Some(g) = self.block_g(m, Name::Select) {
                    self.s.place_g(g, GPlace::Parked);
                    self.s.ms[m].pend = Pend::Refused(g);
                }
            }
            Act::Stw => {
                let kind = STW_KINDS[self.t.noise(STW_KINDS.len() as u32) as usize];
                self.stw_begin(m, kind as u64);
            }
            Act::Resize => {
                let n = 1 + self.ask(Ask::Size, self.s.ps.len());
                self.s.purpose = Purpose::Resize(n);
                self.stw_begin(m, Name::Gomaxprocs as u64);
            }
            _ => self.act_special(m, act),
        }
        true
    }

    /// The actions that features other than plain scheduling have.
    fn act_special(&mut self, m: Mi, act: Act) {
        match act {
            Act::CreateCoroutine => self.create_coroutine(m),
            Act::SwitchCoroutine => {
                let from = self.ask(Ask::Index, 2 * self.s.coroutines.len());
                let at = match self.fine() && from % 2 == 1 && self.waits_inside(from / 2) {
                    true => Some(from / 2),
                    false => self.switchable(m, from),
                };
                if let Some(at) = at {
                    self.switch_coroutine(m, at);
                }
            }
            Act::ExitCoroutine => self.exit_coroutine(m),
            Act::Lock => self.toggle_lock(m),
            Act::CreateSyscall => self.create_syscall(m),
            Act::DestroySyscall => self.destroy_syscall(m),
            Act::GcBegin => self.gc_begin(m),
            Act::GcEnd => self.gc_done(m),
            Act::Worker => self.wake_worker(m),
            Act::WorkerWaits => self.worker_waits(m),
            Act::Assist => self.toggle_assist(m),
            Act::AssistBlock => {
                self.block_g(m, Name::AssistWait);
            }
            Act::Sweep => self.toggle_sweep(m),
            Act::Suspend => {
                let from = self.ask(Ask::Index, self.s.ms.len());
                if let Some(victim) = self.suspendable(m, from) {
                    self.suspend(m, victim);
                }
            }
            Act::Annotate => self.annotate(m),
            Act::Sample => self.cpu_sample(m),
            Act::Alloc => self.alloc_event(m),
            Act::Advance => self.advance(m),
            Act::StopForGc => self.stop_for_gc(m),
            Act::Pass => self.begin_pass_by_itself(m),
            Act::Heap => {
                let value = u64::from(self.t.noise(1 << 24));
                let goal = if self.fine() { self.detail(2) == 1 } else { self.t.noise(8) == 0 };
                let ty = if goal { EventType::HeapGoal } else { EventType::HeapAlloc };
                self.note(m, ty, &[value]);
            }
            _ => {}
        }
    }

    fn wake_any(&mut self, m: Mi) {
        let i = self.ask(Ask::Index, self.s.waiting.len());
        self.unblock(m, self.s.waiting[i]);
    }
}
