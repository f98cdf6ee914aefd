//! Goroutines: status, creation, running, blocking, syscalls, coroutine switches.

use super::{Attempt, Need, Step};
use crate::judge::plan::{Index, Op};
use crate::judge::state::Thread;
use tracehound_wire::event::go_status::{RUNNABLE, RUNNING, SYSCALL, WAITING};
use tracehound_wire::event::proc_status;
use tracehound_wire::{EventType, NONE_ID, RejectRule};

/// What a status says of a goroutine's past when nothing is known of it.
const NEW: u64 = u64::MAX;

impl Attempt<'_, '_> {
    pub(super) fn go_status(&mut self, op: &Op) -> Result<Step, Step> {
        let status = op.event.args[2] & 0xff;
        if status > WAITING {
            return Err(RejectRule::GoStatusInvalid.into());
        }
        let known = self.state.go_status(op.g);
        match known {
            Some(known) if known != status => return Err(RejectRule::GoStatusInconsistent.into()),
            Some(_) => {}
            None if self.initial => self.state.set_go_status(op.g, status),
            None => return Err(RejectRule::GoStatusLate.into()),
        }
        let seq = self.fresh_seq();
        self.state.set_go_seq(op.g, seq);
        match status {
            RUNNING => self.bind_g(op.g),
            SYSCALL if op.event.args[1] == NONE_ID => return Err(RejectRule::GoStatusSyscallNoThread.into()),
            SYSCALL => self.place_in_syscall(op)?,
            _ => {}
        }
        Ok(Step::Done(known.unwrap_or(NEW)))
    }

    fn place_in_syscall(&mut self, op: &Op) -> Result<(), Step> {
        let named = self.state.thread(op.m);
        let own = op.m == self.m;
        let free = if own { self.initial } else { !named.known };
        if !free && named.g != op.g {
            return Err(RejectRule::GoStatusSyscallThreadMismatch.into());
        }
        self.state.set_thread(op.m, Thread { known: true, g: op.g, ..named });
        Ok(())
    }

    pub(super) fn go_create(&mut self, op: &Op) -> Result<Step, Step> {
        let thread = self.need(Need::Present, Need::Free)?;
        if self.state.go_status(thread.g).is_some_and(|creator| creator != RUNNING) {
            return Err(RejectRule::GoNotRunning.into());
        }
        let status = if op.event.ty == EventType::GoCreate { RUNNABLE } else { WAITING };
        self.create(op.g, status)
    }

    pub(super) fn go_create_syscall(&mut self, op: &Op) -> Result<Step, Step> {
        self.need(Need::Free, Need::Absent)?;
        self.create(op.g, SYSCALL)?;
        self.bind_g(op.g);
        Ok(Step::Done(0))
    }

    fn create(&mut self, g: Index, status: u64) -> Result<Step, Step> {
        if self.state.go_status(g).is_some() {
            return Err(RejectRule::GoCreateExists.into());
        }
        let seq = self.fresh_seq();
        self.state.set_go_status(g, status);
        self.state.set_go_seq(g, seq);
        Ok(Step::Done(0))
    }

    /// Whether a goroutine has this status and `n` is its next number.
    fn is_next(&self, g: Index, status: u64, n: u64) -> bool {
        self.state.go_status(g) == Some(status) && self.follows(n, self.state.go_seq(g))
    }

    pub(super) fn go_start(&mut self, op: &Op) -> Result<Step, Step> {
        let n = op.event.args[1];
        if !self.is_next(op.g, RUNNABLE, n) {
            return Ok(Step::Wait);
        }
        self.need(Need::Present, Need::Absent)?;
        self.run(op.g, n);
        Ok(Step::Done(0))
    }

    fn run(&mut self, g: Index, n: u64) {
        self.state.set_go_status(g, RUNNING);
        self.state.set_go_seq(g, (self.generation, n));
        self.bind_g(g);
    }

    /// The thread's goroutine, if it has this status.
    fn current(&self, thread: Thread, status: u64, otherwise: RejectRule) -> Result<Index, Step> {
        match self.state.go_status(thread.g) {
            None => Err(RejectRule::GoUnknown.into()),
            Some(s) if s != status => Err(otherwise.into()),
            Some(_) => Ok(thread.g),
        }
    }

    pub(super) fn go_leave(&mut self, op: &Op) -> Result<Step, Step> {
        let thread = self.full()?;
        let g = self.current(thread, RUNNING, RejectRule::GoNotRunning)?;
        match op.event.ty {
            EventType::GoDestroy => self.state.remove_goroutine(g),
            EventType::GoStop => self.state.set_go_status(g, RUNNABLE),
            _ => self.state.set_go_status(g, WAITING),
        }
        self.bind_g(0);
        Ok(Step::Done(0))
    }

    pub(super) fn go_unblock(&mut self, op: &Op) -> Result<Step, Step> {
        let n = op.event.args[1];
        if !self.is_next(op.g, WAITING, n) {
            return Ok(Step::Wait);
        }
        self.state.set_go_status(op.g, RUNNABLE);
        self.state.set_go_seq(op.g, (self.generation, n));
        Ok(Step::Done(0))
    }

    pub(super) fn go_switch(&mut self, op: &Op) -> Result<Step, Step> {
        let thread = self.full()?;
        let g = self.current(thread, RUNNING, RejectRule::GoNotRunning)?;
        let n = op.event.args[1];
        if !self.is_next(op.g, WAITING, n) {
            return Ok(Step::Wait);
        }
        if op.event.ty == EventType::GoSwitch {
            self.state.set_go_status(g, WAITING);
        } else {
            self.state.remove_goroutine(g);
        }
        self.run(op.g, n);
        Ok(Step::Done(0))
    }

    pub(super) fn syscall_begin(&mut self, op: &Op) -> Result<Step, Step> {
        let thread = self.full()?;
        let g = self.current(thread, RUNNING, RejectRule::GoNotRunning)?;
        let n = op.event.args[0];
        if !self.follows(n, self.state.proc_seq(thread.p)) {
            return Err(RejectRule::SyscallBeginSeq.into());
        }
        self.state.set_go_status(g, SYSCALL);
        self.state.set_proc_status(thread.p, proc_status::SYSCALL);
        self.state.set_proc_seq(thread.p, (self.generation, n));
        Ok(Step::Done(0))
    }

    pub(super) fn syscall_end(&mut self) -> Result<Step, Step> {
        let thread = self.full()?;
        let g = self.current(thread, SYSCALL, RejectRule::GoNotInSyscall)?;
        if self.state.proc_status(thread.p) != Some(proc_status::SYSCALL) {
            return Err(RejectRule::SyscallEndProcState.into());
        }
        self.state.set_go_status(g, RUNNING);
        self.state.set_proc_status(thread.p, proc_status::RUNNING);
        Ok(Step::Done(0))
    }

    pub(super) fn syscall_end_blocked(&mut self) -> Result<Step, Step> {
        let p = self.thread().p;
        if p != 0 && self.state.proc_status(p) == Some(proc_status::SYSCALL) {
            return Ok(Step::Wait);
        }
        let thread = self.need(Need::Free, Need::Present)?;
        let g = self.current(thread, SYSCALL, RejectRule::GoNotInSyscall)?;
        self.state.set_go_status(g, RUNNABLE);
        self.bind_g(0);
        Ok(Step::Done(0))
    }

    pub(super) fn destroy_syscall(&mut self) -> Result<Step, Step> {
        let thread = self.need(Need::Free, Need::Present)?;
        let g = self.current(thread, SYSCALL, RejectRule::GoNotInSyscall)?;
        self.state.remove_goroutine(g);
        if thread.p != 0 {
            if self.state.proc_status(thread.p) != Some(proc_status::SYSCALL) {
                return Err(RejectRule::DestroySyscallProcState.into());
            }
            self.state.set_proc_status(thread.p, proc_status::SYSCALL_ABANDONED);
        }
        self.state.set_thread(self.m, Thread { known: true, p: 0, g: 0 });
        Ok(Step::Done(thread.p as u64))
    }
}
