//! Strict rules of Ps.

use super::state::Doing;
use super::{Check, Happened, Strict, reject};
use tracehound_wire::event::proc_status as code;
use tracehound_wire::{EventType, RejectRule};

impl Strict {
    pub(super) fn proc_status(&mut self, e: &Happened<'_>) -> Check {
        let (id, status) = (e.id(), e.args[1]);
        if id == -1 {
            return reject(RejectRule::ProcIdNone, format!("a P is reported under the id {}", e.args[0]));
        }
        if !(code::RUNNING..=code::SYSCALL_ABANDONED).contains(&status) {
            return reject(RejectRule::ProcStatusUnwritten, format!("P {id} is reported with the status {status}"));
        }
        let generation = self.generation;
        if self.state.proc(id).told == generation {
            return reject(
                RejectRule::ProcStatusTwice,
                format!("P {id} is reported a second time in this generation, by thread {}", e.m),
            );
        }
        self.state.proc(id).told = generation;
        self.start.proc_status = true;
        match status {
            code::RUNNING | code::SYSCALL => {
                self.hold(e.m, id)?;
                let known = self.state.proc(id).holder == Some(e.m);
                let doing = self.state.proc(id).doing;
                self.state.give_p(e.m, id);
                // What is known already is right, or the ordering would have refused the event.
                let told = if status == code::SYSCALL { Doing::Syscall } else { Doing::Running };
                self.state.proc(id).doing = if known { doing } else { told };
            }
            code::SYSCALL_ABANDONED => {
                self.state.thread(e.m).abandoning = Some(id);
                let proc = self.state.proc(id);
                if proc.doing != Doing::Syscall {
                    proc.doing = Doing::Abandoned;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Thread `m` is said to hold P `id`: nobody else does, and it holds no other one.
    fn hold(&mut self, m: i64, id: i64) -> Check {
        let (holder, held) = (self.state.proc(id).holder, self.state.p_of(m));
        match (holder, held) {
            (Some(other), _) if other != m => reject(
                RejectRule::ProcHeldTwice,
                format!("thread {m} is said to hold P {id}, which thread {other} holds"),
            ),
            (_, Some(other)) if other != id => reject(
                RejectRule::ThreadHoldsTwoProcs,
                format!("thread {m} is said to hold P {id}, but it holds P {other}"),
            ),
            _ => Ok(()),
        }
    }

    pub(super) fn proc_stop(&mut self, e: &Happened<'_>) -> Check {
        self.proc_told(e)?;
        self.not_sweeping(e)?;
        if let Some(p) = self.state.p_of(e.m) {
            self.state.free_p(p, Doing::Idle);
        }
        Ok(())
    }

    pub(super) fn proc_steal(&mut self, e: &Happened<'_>) -> Check {
        self.state.thread(e.m).abandoning = None;
        self.state.free_p(e.id(), Doing::Idle);
        Ok(())
    }

    pub(super) fn syscall_begin(&mut self, e: &Happened<'_>) -> Check {
        self.told(e)?;
        self.not_sweeping(e)?;
        let Some(p) = self.state.p_of(e.m) else { return Ok(()) };
        let proc = self.state.proc(p);
        if proc.doing != Doing::Running {
            return reject(
                RejectRule::SyscallBeginProcState,
                format!("thread {} enters a syscall with P {p}, which is not running", e.m),
            );
        }
        proc.doing = Doing::Syscall;
        Ok(())
    }

    /// The event uses its thread's P, whose status has been told.
    pub(super) fn proc_told(&self, e: &Happened<'_>) -> Check {
        match self.state.p_of(e.m) {
            Some(p) if self.state.proc_of(p).is_none_or(|p| p.told != self.generation) => reject(
                RejectRule::ProcWithoutStatus,
                format!("{} uses P {p} of thread {}, whose status this generation has not told", e.ty, e.m),
            ),
            _ => Ok(()),
        }
    }

    /// The thread's P is not sweeping: a sweep is not interrupted.
    pub(super) fn not_sweeping(&self, e: &Happened<'_>) -> Check {
        match self.state.p_of(e.m) {
            Some(p) if self.state.proc_of(p).is_some_and(|p| p.sweep != 0) => reject(
                RejectRule::SweepInterrupted,
                format!("{} comes while P {p} of thread {} is sweeping", e.ty, e.m),
            ),
            _ => Ok(()),
        }
    }

    pub(super) fn sweep(&mut self, e: &Happened<'_>) -> Check {
        let generation = self.generation;
        if e.ty == EventType::GCSweepActive {
            let p = e.id();
            self.right_behind(e, &[EventType::ProcStatus])?;
            self.state.proc(p).sweep = generation;
            return Ok(());
        }
        self.proc_told(e)?;
        let Some(p) = self.state.p_of(e.m) else { return Ok(()) };
        let since = &mut self.state.proc(p).sweep;
        if e.ty == EventType::GCSweepBegin {
            *since = generation;
            return Ok(());
        }
        let reported = std::mem::take(since) == generation;
        self.reported(e, reported)
    }
}
