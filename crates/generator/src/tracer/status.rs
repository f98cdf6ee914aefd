//! Status events: each P and goroutine is announced once in every generation, by whoever
//! mentions it first.

use super::{NONE, Tracer, all};
use crate::fault::EmissionFault;
use crate::history::{Context, Field, Resource, Transition, Visible};
use crate::model::state::{GPlace, Gi, Mi, PPlace, PView, Pi, State};
use tracehound_wire::EventType;
use tracehound_wire::event::{go_status, proc_status};

/// A goroutine's visible state.
pub(crate) fn visible(place: GPlace) -> Visible {
    match place {
        GPlace::Dead => Visible::NotExist,
        GPlace::Runnable | GPlace::Held(_) => Visible::Runnable,
        GPlace::Running(_) => Visible::Running,
        GPlace::Syscall(_) => Visible::Syscall,
        GPlace::Waiting | GPlace::Parked => Visible::Waiting,
    }
}

/// A goroutine's status code.
pub(super) fn go_code(place: GPlace) -> u64 {
    match place {
        GPlace::Dead => go_status::BAD,
        GPlace::Runnable | GPlace::Held(_) => go_status::RUNNABLE,
        GPlace::Running(_) => go_status::RUNNING,
        GPlace::Syscall(_) => go_status::SYSCALL,
        GPlace::Waiting | GPlace::Parked => go_status::WAITING,
    }
}

impl Tracer {
    /// What a first mention has as its old state: nobody can know in the first generation.
    pub(super) fn unknown(&self, s: &State) -> Visible {
        if self.section <= s.first_gen { Visible::Undetermined } else { Visible::NotExist }
    }

    /// Before an event of `m`: the statuses of its P and its goroutine where they are due.
    #[inline]
    pub fn stat(&mut self, s: &mut State, m: Mi) {
        if let Some(p) = s.ms[m].p
            && !s.ps[p].slots.traced(self.section)
            && self.wired(s, m, p)
        {
            self.proc_status(s, m, p);
        }
        if let Some(g) = s.ms[m].g
            && !s.gs[g].slots.traced(self.section)
        {
            self.go_status(s, m, g, s.gs[g].place);
        }
    }

    /// Whether the runtime has `p` at hand on `m`: a syscall takes it away in class A.
    fn wired(&self, s: &State, m: Mi, p: Pi) -> bool {
        match s.ps[p].place {
            PPlace::Run(on) => on == m,
            PPlace::Sys(on) => on == m && self.swarm.class() == crate::Class::B,
            _ => false,
        }
    }

    /// `ProcStatus` of `p` on `m`'s buffer, with the state that the written events imply.
    pub fn proc_status(&mut self, s: &mut State, m: Mi, p: Pi) {
        let (code, new) = match s.ps[p].view {
            PView::Running => (proc_status::RUNNING, Visible::Running),
            PView::Syscall => (proc_status::SYSCALL, Visible::Running),
            PView::Idle => (proc_status::IDLE, Visible::Idle),
            PView::Abandoned => (proc_status::SYSCALL_ABANDONED, Visible::Idle),
        };
        let old = if s.ps[p].known { new } else { self.unknown(s) };
        let change = Transition { resource: Resource::Proc(p as u64), old, new };
        self.put(s, m, EventType::ProcStatus, &[p as u64, code], Some(change));
        s.ps[p].slots.set_traced(self.section);
        s.ps[p].known = true;
        if matches!(code, proc_status::RUNNING | proc_status::SYSCALL) {
            s.ms[m].vp = Some(p);
        }
        let early = self.armed(EmissionFault::SweepActiveEarly)
            && self.section > s.first_gen
            && code == proc_status::RUNNING
            && !s.ps[p].sweeping;
        if early {
            self.hit();
        }
        if s.ps[p].sweeping || early {
            self.put(s, m, EventType::GCSweepActive, &[p as u64], None);
        }
    }

    /// `ProcStatus(p, SyscallAbandoned)` right before a theft. A reader that knows the P in a syscall
    /// reports it where it was: on the victim's thread.
    pub fn abandoned_status(&mut self, s: &mut State, m: Mi, p: Pi, holder: Option<(Mi, u64)>) {
        let args = [p as u64, proc_status::SYSCALL_ABANDONED];
        let resource = Resource::Proc(p as u64);
        match (s.ps[p].view, holder) {
            (PView::Syscall, Some((victim, g))) if s.ps[p].known => {
                let context = Context { m: Field::is(s.ms[victim].tid), p: Field::is(p as u64), g: Field::is(g) };
                let change = Transition { resource, old: Visible::Running, new: Visible::Running };
                self.put_as(s.ms[m].tid, m, EventType::ProcStatus, all(&args), Some(change), context);
            }
            _ => {
                let old = if s.ps[p].known { Visible::Idle } else { self.unknown(s) };
                let change = Transition { resource, old, new: Visible::Idle };
                self.put(s, m, EventType::ProcStatus, &args, Some(change));
                s.ps[p].view = PView::Abandoned;
                s.ps[p].known = true;
            }
        }
        s.ps[p].slots.set_traced(self.section);
    }

    /// `GoStatus` of `g` in state `place`, on `m`'s buffer.
    pub fn go_status(&mut self, s: &mut State, m: Mi, g: Gi, place: GPlace) {
        let new = visible(place);
        let old = if s.gs[g].known { new } else { self.unknown(s) };
        let thread = if new == Visible::Waiting { NONE } else { s.ms[m].tid };
        let id = s.gs[g].id;
        let change = Transition { resource: Resource::Goroutine(id), old, new };
        let mut code = go_code(place);
        if self.swarm.fault.is_some() {
            code = self.false_go_code(s, g, place, code);
        }
        self.put(s, m, EventType::GoStatus, &[id, thread, code], Some(change));
        s.gs[g].known = true;
        s.gs[g].slots.set_traced(self.section);
        if matches!(place, GPlace::Running(_) | GPlace::Syscall(_)) {
            s.ms[m].vg = Some(g);
        }
        if s.gs[g].assist || self.stale_assist(s, g) {
            self.put(s, m, EventType::GCMarkAssistActive, &[id], None);
        }
    }

    /// What an armed fault makes of a goroutine's status.
    fn false_go_code(&mut self, s: &State, g: Gi, place: GPlace, code: u64) -> u64 {
        let running = matches!(place, GPlace::Running(_));
        let late_wake = place == GPlace::Runnable && s.gs[g].woken != 0 && s.gs[g].woken + 1 == self.section;
        if running && s.gs[g].assist && self.armed(EmissionFault::AssistReportedWaiting) {
            self.hit();
            return go_status::WAITING;
        }
        if late_wake && self.armed(EmissionFault::WakeBeforeChange) {
            self.hit();
            return go_status::WAITING;
        }
        code
    }

    fn stale_assist(&mut self, s: &State, g: Gi) -> bool {
        let stale = s.gs[g].assisted && s.gs[g].known && self.armed(EmissionFault::AssistActiveStale);
        if stale && self.section > s.first_gen {
            self.hit();
        }
        stale && self.section > s.first_gen
    }
}
