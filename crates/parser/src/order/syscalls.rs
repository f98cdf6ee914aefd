//! Rules of syscalls and cgo callbacks.
//!
//! A goroutine's syscall holds on to its P in the state "in a syscall" until the syscall
//! ends or the P is stolen. A syscall's begin carries a number of the P's sequence, so
//! that a steal can only be that of one certain syscall.

use super::state::{Seq, gs, ps};
use super::{Advance, Extra, Need, Order, Refusal, gone, reject};
use crate::event::Emitted;
use crate::fault::fault;
use crate::threads::NONE;
use tracehound_wire::{EventType, RejectRule};

impl Order {
    /// The event's own goroutine must be in a syscall.
    #[inline(always)]
    fn must_be_in_syscall(&self, e: &Emitted, own: Option<u32>) -> Advance {
        match own {
            None => gone(e),
            Some(at) if self.gors.get(at).status != gs::SYSCALL && !fault!(self.faults, SyscallEndAnyState) => {
                not_in_syscall(e, self.gors.get(at).status)
            }
            Some(_) => Ok(()),
        }
    }

    #[inline(always)]
    pub(super) fn syscall_begin(&mut self, e: &mut Emitted, own: Option<u32>) -> Advance {
        self.must_run(e, own)?;
        let at = own.unwrap_or(NONE);
        let n = e.args[0];
        let Some(p_at) = self.own_p(e) else { return self.full(e) };
        if !fault!(self.faults, SyscallBeginKeepsG) {
            self.gors.get_mut(at).status = gs::SYSCALL;
        }
        let p = self.procs.get_mut(p_at);
        if !fault!(self.faults, SyscallBeginKeepsP) {
            p.status = ps::SYSCALL;
        }
        if fault!(self.faults, SyscallBeginSeqUnchecked) {
            return Ok(());
        }
        let seq = p.seq;
        if !self.proc_follows(seq, n) {
            return out_of_sequence(e, self.generation, seq);
        }
        if !fault!(self.faults, SyscallBeginWithoutSeq) {
            self.procs.get_mut(p_at).seq = Seq { generation: self.generation, n };
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn syscall_end(&mut self, e: &mut Emitted, own: Option<u32>) -> Advance {
        self.full(e)?;
        self.must_be_in_syscall(e, own)?;
        let at = own.unwrap_or(NONE);
        if !fault!(self.faults, SyscallEndKeepsG) {
            self.gors.get_mut(at).status = gs::RUNNING;
        }
        let Some(p_at) = self.own_p(e) else { return self.full(e) };
        if self.procs.get(p_at).status != ps::SYSCALL && !fault!(self.faults, SyscallEndAnyProc) {
            return not_keeping(e, self.status_words(p_at));
        }
        if !fault!(self.faults, SyscallEndKeepsP) {
            self.procs.get_mut(p_at).status = ps::RUNNING;
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn syscall_end_blocked(&mut self, e: &mut Emitted, own: Option<u32>) -> Advance {
        // While the thread still has its P in the syscall, the steal has not been seen yet.
        if e.p != -1
            && let Some(p_at) = self.own_p(e)
            && self.procs.get(p_at).status == ps::SYSCALL
            && !fault!(self.faults, EndBlockedNeverWaits)
        {
            if fault!(self.faults, WaiterKeepsP) {
                self.stale_ps.insert(e.m, e.p);
            }
            return Err(Refusal::Waits);
        }
        self.need(e, Need::May, Need::Must)?;
        self.must_be_in_syscall(e, own)?;
        if fault!(self.faults, WaiterKeepsP)
            && let Some(p) = self.stale_ps.remove(&e.m)
        {
            e.p = p;
        }
        let at = own.unwrap_or(NONE);
        self.gors.get_mut(at).status = gs::RUNNABLE;
        if !fault!(self.faults, EndBlockedKeepsG) {
            self.unbind_g();
        }
        if fault!(self.faults, EndBlockedUnbindsP) {
            self.unbind_p();
        }
        Ok(())
    }

    pub(super) fn go_create_syscall(&mut self, e: &Emitted) -> Advance {
        let bare = if fault!(self.faults, CreateSyscallWithG) { Need::May } else { Need::MustNot };
        self.need(e, Need::May, bare)?;
        let at = self.create(e, gs::SYSCALL)?;
        self.bind_g(e.args[0] as i64, at);
        Ok(())
    }

    /// The end of a cgo callback. The thread loses a P that it still holds, as its id may
    /// be another thread's next time; that is reported as a steal of its own.
    pub(super) fn destroy_syscall(&mut self, e: &mut Emitted, own: Option<u32>, steal_first: bool) -> Advance {
        self.need(e, Need::May, Need::Must)?;
        self.must_be_in_syscall(e, own)?;
        let at = own.unwrap_or(NONE);
        self.destroy(at);
        if e.p != -1
            && let Some(p_at) = self.own_p(e)
            && !fault!(self.faults, DestroySyscallKeepsP)
        {
            if self.procs.get(p_at).status != ps::SYSCALL && !fault!(self.faults, DestroySyscallAnyProc) {
                return reject(
                    RejectRule::DestroySyscallProcState,
                    format!("a cgo callback ends on a thread whose P {} is {}", e.p, self.status_words(p_at)),
                );
            }
            if !fault!(self.faults, DestroySyscallNotAbandoned) {
                self.procs.get_mut(p_at).status = ps::ABANDONED;
            }
            self.unbind_p();
            let steal =
                Extra { ty: EventType::ProcSteal, args: [e.p as u64, 0], g: e.g, old: ps::SYSCALL, synthetic: true };
            if fault!(self.faults, DestroySyscallNoSteal) {
            } else if steal_first {
                self.brings(Extra { ty: e.ty, args: [0; 2], old: e.old, synthetic: false, ..steal });
                (e.ty, e.old, e.synthetic) = (steal.ty, ps::SYSCALL, true);
                e.args = [steal.args[0], 0, 0, 0];
            } else {
                self.brings(steal);
            }
        }
        if !fault!(self.faults, DestroySyscallKeepsG) {
            self.unbind_g();
        }
        Ok(())
    }
}

#[cold]
#[inline(never)]
fn not_in_syscall(e: &Emitted, status: u8) -> Advance {
    let message = format!("{} needs goroutine {} to be in a syscall, but it is {}", e.ty, e.g, gs::name(status));
    reject(RejectRule::GoNotInSyscall, message)
}

#[cold]
#[inline(never)]
fn out_of_sequence(e: &Emitted, generation: u64, seq: Seq) -> Advance {
    let message = format!(
        "a syscall begins with number {} of P {} in generation {generation}, but the last was {} of generation {}",
        e.args[0], e.p, seq.n, seq.generation
    );
    reject(RejectRule::SyscallBeginSeq, message)
}

#[cold]
#[inline(never)]
fn not_keeping(e: &Emitted, words: &str) -> Advance {
    let message = format!("a syscall ends keeping P {}, which is {words}", e.p);
    reject(RejectRule::SyscallEndProcState, message)
}
