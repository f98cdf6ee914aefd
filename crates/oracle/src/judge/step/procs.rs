//! Ps: status, start, stop, theft.

use super::{Attempt, Need, Step};
use crate::judge::plan::Op;
use crate::judge::state::Thread;
use tracehound_wire::RejectRule;
use tracehound_wire::event::proc_status::{IDLE, RUNNING, SYSCALL, SYSCALL_ABANDONED};

/// What a status says of a P's past when nothing is known of the P.
const NEW: u64 = u64::MAX;

impl Attempt<'_, '_> {
    pub(super) fn proc_status(&mut self, op: &Op) -> Result<Step, Step> {
        let status = op.event.args[1] & 0xff;
        if status > SYSCALL_ABANDONED {
            return Err(RejectRule::ProcStatusInvalid.into());
        }
        let known = self.state.proc_status(op.p);
        match known {
            // A theft has begun of a P that this trace saw enter its syscall.
            Some(SYSCALL) if status == SYSCALL_ABANDONED => {
                self.state.holder(op.p).ok_or(RejectRule::ProcAbandonedUnbound)?;
            }
            Some(known) if known != status => return Err(RejectRule::ProcStatusInconsistent.into()),
            Some(_) => {}
            None => self.state.set_proc_status(op.p, status),
        }
        let seq = self.fresh_seq();
        self.state.set_proc_seq(op.p, seq);
        if matches!(status, RUNNING | SYSCALL) {
            self.bind_p(op.p);
        }
        Ok(Step::Done(known.unwrap_or(NEW)))
    }

    pub(super) fn proc_start(&mut self, op: &Op) -> Result<Step, Step> {
        let n = op.event.args[1];
        let idle = self.state.proc_status(op.p) == Some(IDLE);
        if !idle || !self.follows(n, self.state.proc_seq(op.p)) || self.thread().p != 0 {
            return Ok(Step::Wait);
        }
        self.need(Need::Free, Need::Free)?;
        self.state.set_proc_status(op.p, RUNNING);
        self.state.set_proc_seq(op.p, (self.generation, n));
        self.bind_p(op.p);
        Ok(Step::Done(0))
    }

    pub(super) fn proc_stop(&mut self) -> Result<Step, Step> {
        let p = self.thread().p;
        let status = self.state.proc_status(p).ok_or(RejectRule::ProcStopUnknown)?;
        if !matches!(status, RUNNING | SYSCALL) {
            return Err(RejectRule::ProcStopState.into());
        }
        self.need(Need::Present, Need::Free)?;
        self.state.set_proc_status(p, IDLE);
        self.bind_p(0);
        Ok(Step::Done(0))
    }

    pub(super) fn proc_steal(&mut self, op: &Op) -> Result<Step, Step> {
        let n = op.event.args[1];
        let Some(old @ (SYSCALL | SYSCALL_ABANDONED)) = self.state.proc_status(op.p) else { return Ok(Step::Wait) };
        if !self.follows(n, self.state.proc_seq(op.p)) {
            return Ok(Step::Wait);
        }
        self.need(Need::Free, Need::Free)?;
        self.state.set_proc_status(op.p, IDLE);
        self.state.set_proc_seq(op.p, (self.generation, n));
        if old == SYSCALL_ABANDONED {
            return Ok(Step::Done(old));
        }
        let victim = self.state.thread(op.m);
        if op.m == self.m {
            if victim.p != op.p {
                return Err(RejectRule::ProcStealSelfMismatch.into());
            }
        } else if !victim.known {
            return Err(RejectRule::ProcStealUnknownThread.into());
        } else if victim.p != op.p {
            return Err(RejectRule::ProcStealWrongProc.into());
        }
        self.state.set_thread(op.m, Thread { p: 0, ..victim });
        Ok(Step::Done(old))
    }
}
