//! What an M does next when it is free to choose.

use super::World;
use super::state::{GPlace, Mi, PPlace, Pend, Pi, Stop};
use crate::swarm::{Feature, WEIGHTS};
use crate::tracer::{BLOCK_REASONS, Name, STW_KINDS};
use tracehound_wire::EventType;

/// Kinds of steps that compete with each other, the simplest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Act {
    Stop,
    Block,
    Start,
    Park,
    TakeIdle,
    Exit,
    Enter,
    EnterBlocking,
    Create,
    Destroy,
    Unblock,
    Retake,
    Heap,
    Stw,
}

const _: () = assert!(Act::Stw as usize <= WEIGHTS);

/// The enabled actions of one M, with weights.
struct Menu {
    acts: [(Act, u32); 16],
    len: usize,
    total: u32,
}

impl World<'_> {
    fn menu(&self) -> Menu {
        Menu { acts: [(Act::Stop, 0); 16], len: 0, total: 0 }
    }

    fn offer(&self, menu: &mut Menu, act: Act, scale: u32) {
        let weight = u32::from(self.t.swarm.weights[act as usize]) * scale;
        menu.acts[menu.len] = (act, weight);
        menu.len += 1;
        menu.total += weight;
    }

    fn pick(&mut self, menu: &Menu) -> Option<Act> {
        if menu.len == 0 {
            return None;
        }
        let mut at = if menu.len == 1 { 0 } else { self.below(menu.total as usize) as u32 };
        for &(act, weight) in &menu.acts[..menu.len] {
            if at < weight {
                return Some(act);
            }
            at -= weight;
        }
        None
    }

    /// A step of an M that is in the middle of nothing; false if it has none.
    pub(super) fn choose(&mut self, m: Mi) -> bool {
        let act = match (self.s.ms[m].p, self.s.ms[m].g) {
            (_, Some(g)) if self.s.gs[g].place == GPlace::Syscall(m) => self.choose_in_syscall(),
            (Some(p), Some(_)) => return self.choose_running(m, p),
            (Some(_), None) => {
                if self.schedule_loop_duties(m) {
                    return true;
                }
                self.choose_scheduling()
            }
            _ => self.choose_bare(m),
        };
        match act {
            Some(act) => self.act(m, act),
            None => false,
        }
    }

    fn choose_in_syscall(&mut self) -> Option<Act> {
        // It may as well last: then another M has the turn.
        (self.below(self.t.swarm.stay as usize) == 0).then_some(Act::Exit)
    }

    fn choose_running(&mut self, m: Mi, p: Pi) -> bool {
        let wanted = self.s.ps[p].must || self.s.stop() == Stop::Stopping;
        if wanted {
            match self.below(3) {
                0 => {
                    self.preempt(m);
                    return true;
                }
                1 if self.has(Feature::Syscalls) => return self.act(m, Act::Enter),
                _ => {}
            }
        }
        if self.advance_due() {
            self.advance(m);
            return true;
        }
        let mut menu = self.menu();
        self.offer(&mut menu, Act::Stop, 2);
        if self.has(Feature::Lifecycle) {
            self.offer(&mut menu, Act::Block, 4);
            self.offer(&mut menu, Act::Create, 2);
            if self.s.ms[m].g != Some(0) {
                self.offer(&mut menu, Act::Destroy, 2);
            }
            if !self.s.waiting.is_empty() {
                self.offer(&mut menu, Act::Unblock, 4);
            }
        }
        if self.has(Feature::Syscalls) {
            self.offer(&mut menu, Act::Enter, 8);
            self.offer(&mut menu, Act::EnterBlocking, 1);
        }
        if self.has(Feature::Heap) {
            self.offer(&mut menu, Act::Heap, 2);
        }
        if self.has(Feature::Stw) && self.s.world.is_none() {
            self.offer(&mut menu, Act::Stw, 2);
        }
        match self.pick(&menu) {
            Some(act) => self.act(m, act),
            None => false,
        }
    }

    fn choose_scheduling(&mut self) -> Option<Act> {
        let mut menu = self.menu();
        if !self.s.runnable.is_empty() {
            self.offer(&mut menu, Act::Start, 16);
        }
        self.offer(&mut menu, Act::Park, 1);
        if self.has(Feature::Bare) {
            if !self.s.waiting.is_empty() {
                self.offer(&mut menu, Act::Unblock, 2);
            }
            if self.has(Feature::Lifecycle) {
                self.offer(&mut menu, Act::Create, 1);
            }
            if self.has(Feature::Heap) {
                self.offer(&mut menu, Act::Heap, 1);
            }
        } else if self.s.runnable.is_empty() && !self.s.waiting.is_empty() {
            self.offer(&mut menu, Act::Unblock, 2);
        }
        self.pick(&menu)
    }

    fn choose_bare(&mut self, m: Mi) -> Option<Act> {
        let mut menu = self.menu();
        let sysmon = self.s.ms[m].sysmon;
        if !sysmon && self.s.stop() == Stop::No && self.s.sched.is_none() && !self.s.idle.is_empty() {
            self.offer(&mut menu, Act::TakeIdle, 8);
        }
        if sysmon && self.s.sched.is_none() && self.victim(0).is_some() {
            self.offer(&mut menu, Act::Retake, 8);
        }
        if self.has(Feature::Bare) && !self.s.waiting.is_empty() {
            self.offer(&mut menu, Act::Unblock, 1);
        }
        self.pick(&menu)
    }

    /// The first P from `from` on, in a circle, that is in somebody's syscall.
    fn victim(&self, from: Pi) -> Option<Pi> {
        let n = self.s.ps.len();
        (0..n).map(|i| (from + i) % n).find(|&p| matches!(self.s.ps[p].place, PPlace::Sys(_)))
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
                let i = self.below(self.s.runnable.len());
                self.start_g(m, self.s.runnable[i]);
            }
            Act::Park => self.park(m),
            Act::TakeIdle => self.take_idle(m),
            Act::Exit => self.exit_syscall(m),
            Act::Enter => self.enter_syscall(m),
            Act::EnterBlocking => self.enter_blocking_syscall(m),
            Act::Create => {
                self.create_g(m);
            }
            Act::Destroy => self.destroy_g(m),
            Act::Unblock => {
                let i = self.below(self.s.waiting.len());
                self.unblock(m, self.s.waiting[i]);
            }
            Act::Retake => {
                let from = self.below(self.s.ps.len());
                if let Some(p) = self.victim(from) {
                    self.retake(m, p);
                }
            }
            Act::Heap => {
                let value = u64::from(self.t.noise(1 << 24));
                let goal = self.t.noise(8) == 0;
                let ty = if goal { EventType::HeapGoal } else { EventType::HeapAlloc };
                self.note(m, ty, &[value]);
            }
            Act::Stw => {
                let kind = STW_KINDS[self.t.noise(STW_KINDS.len() as u32) as usize];
                self.stw_begin(m, kind as u64);
            }
        }
        debug_assert!(self.s.ms[m].pend != Pend::None || self.s.sched != Some(m));
        true
    }
}
