//! Rules of Ps: status, start, stop, steal.

use super::state::{Seq, gs, ps};
use super::{Advance, Need, Order, Refusal, reject};
use crate::event::Emitted;
use crate::fault::fault;
use crate::threads::NONE;
use tracehound_wire::RejectRule;

/// Codes of [`Emitted::old`] for a P.
mod old {
    pub const UNDETERMINED: u8 = 0;
    pub const NOT_EXIST: u8 = 1;
    pub const RUNNING: u8 = 2;
    pub const IDLE: u8 = 3;

    pub const fn of_status(status: u8) -> u8 {
        match status {
            1 | 3 => RUNNING,
            2 | 4 => IDLE,
            _ => UNDETERMINED,
        }
    }
}

impl Order {
    /// Whether an event with sequence number `n` is the P's next one.
    #[inline]
    pub(super) fn proc_follows(&self, seq: Seq, n: u64) -> bool {
        fault!(self.faults, ProcSeqIgnored) || seq.precedes(self.generation, n, self.faults)
    }

    pub(super) fn proc_status(&mut self, e: &mut Emitted) -> Advance {
        let id = e.args[0] as i64;
        let status = e.args[1] as u8;
        if status > ps::ABANDONED && !fault!(self.faults, ProcStatusRange) {
            return reject(
                RejectRule::ProcStatusInvalid,
                format!("P {id} is reported with the unknown status {status}"),
            );
        }
        e.new = status;
        let mut promoted = false;
        let at = match self.procs.find(id) {
            Some(at) => {
                let stored = self.procs.get(at).status;
                e.old = old::of_status(status);
                if status == ps::ABANDONED && stored == ps::SYSCALL && !fault!(self.faults, NoAbandonedPromotion) {
                    // The P is about to be stolen, but we know more than the status says.
                    promoted = true;
                    e.rewritten = true;
                    (e.old, e.new) = (old::RUNNING, ps::SYSCALL);
                } else if status == ps::ABANDONED && stored == ps::ABANDONED {
                    e.rewritten = true;
                } else if status != stored {
                    if !fault!(self.faults, ProcStatusUnchecked) {
                        return reject(
                            RejectRule::ProcStatusInconsistent,
                            format!("P {id} is reported {}, but it is {}", ps::name(status), ps::name(stored)),
                        );
                    }
                    self.procs.get_mut(at).status = status;
                }
                if !fault!(self.faults, StatusKeepsSeq) {
                    self.procs.get_mut(at).seq = Seq { generation: self.generation, n: 0 };
                }
                at
            }
            None => {
                e.old = if self.first { old::UNDETERMINED } else { old::NOT_EXIST };
                self.procs.create(id, status, self.generation)
            }
        };
        let holds = status == ps::RUNNING || status == ps::SYSCALL && !fault!(self.faults, ProcStatusSyscallUnbound);
        if holds {
            self.bind_p(id, at);
            self.procs.get_mut(at).holder = self.threads.own_place();
        }
        if promoted {
            self.holder_context(id, at, e)?;
        }
        Ok(())
    }

    /// Gives a promoted status the context of the thread that holds the P. Of several
    /// such threads Go takes a random one; here it is the last to have been bound, or else
    /// the first one of the trace.
    fn holder_context(&mut self, id: i64, at: u32, e: &mut Emitted) -> Result<(), Refusal> {
        let hint = self.procs.get(at).holder;
        let holds = |t: u32| t != NONE && self.threads.is_known(t) && self.threads.get(t).p == id;
        let holder = if holds(hint) { Some(hint) } else { (0..self.threads.len()).find(|&t| holds(t)) };
        let Some(holder) = holder else {
            if fault!(self.faults, PromotionWithoutHolder) {
                return Ok(());
            }
            return reject(
                RejectRule::ProcAbandonedUnbound,
                format!("P {id} is reported abandoned while in a syscall, but no thread holds it"),
            );
        };
        self.procs.get_mut(at).holder = holder;
        if !fault!(self.faults, PromotionKeepsContext) {
            let thread = self.threads.get(holder);
            (e.m, e.p, e.g) = (thread.m, id, thread.g);
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn proc_start(&mut self, e: &Emitted) -> Advance {
        let (id, n) = (e.args[0] as i64, e.args[1]);
        let at = match self.procs.find(id) {
            Some(at) => at,
            None if fault!(self.faults, UnknownProcStarts) => {
                let at = self.procs.create(id, ps::IDLE, self.generation);
                self.procs.get_mut(at).seq.n = n.wrapping_sub(1);
                at
            }
            None => return Err(Refusal::Waits),
        };
        let p = self.procs.get(at);
        let bare = e.p == -1 || fault!(self.faults, ProcStartWithP);
        let idle = p.status == ps::IDLE || fault!(self.faults, ProcStartAnyState);
        if !idle || !self.proc_follows(p.seq, n) || !bare {
            return Err(Refusal::Waits);
        }
        self.need(e, Need::May, Need::May)?;
        let counts = !fault!(self.faults, ProcStartWithoutSeq);
        let p = self.procs.get_mut(at);
        p.status = ps::RUNNING;
        if counts {
            p.seq = Seq { generation: self.generation, n };
        }
        p.holder = self.threads.own_place();
        self.bind_p(id, at);
        Ok(())
    }

    #[inline(always)]
    pub(super) fn proc_stop(&mut self, e: &Emitted) -> Advance {
        let Some(at) = self.own_p(e) else {
            if fault!(self.faults, ProcStopWithoutProc) {
                return Ok(());
            }
            return reject(
                RejectRule::ProcStopUnknown,
                format!("ProcStop needs thread {} to hold a P, but it holds none", e.m),
            );
        };
        let status = self.procs.get(at).status;
        if status != ps::RUNNING && status != ps::SYSCALL && !fault!(self.faults, ProcStopAnyState) {
            return reject(
                RejectRule::ProcStopState,
                format!("ProcStop needs P {} to be running, but it is {}", e.p, ps::name(status)),
            );
        }
        self.need(e, Need::Must, Need::May)?;
        self.procs.get_mut(at).status = ps::IDLE;
        if !fault!(self.faults, ProcStopKeepsP) {
            self.unbind_p();
        }
        Ok(())
    }

    pub(super) fn proc_steal(&mut self, e: &mut Emitted) -> Advance {
        let (id, n, victim) = (e.args[0] as i64, e.args[1], e.args[2] as i64);
        let Some(at) = self.procs.find(id) else { return Err(Refusal::Waits) };
        let p = *self.procs.get(at);
        let lost = p.status == ps::SYSCALL || p.status == ps::ABANDONED || fault!(self.faults, StealAnyState);
        if !lost || !self.proc_follows(p.seq, n) {
            return Err(Refusal::Waits);
        }
        self.need(e, Need::May, Need::May)?;
        e.old = p.status;
        let stored = self.procs.get_mut(at);
        stored.status = ps::IDLE;
        if !fault!(self.faults, StealWithoutSeq) {
            stored.seq = Seq { generation: self.generation, n };
        }
        // Whom an abandoned P belonged to has been lost, so the thread that is named means nothing.
        if p.status == ps::ABANDONED && !fault!(self.faults, StealChecksAbandonedVictim) {
            return Ok(());
        }
        if victim == e.m { self.steal_from_self(e, id) } else { self.steal_from(victim, id) }
    }

    fn steal_from_self(&mut self, e: &Emitted, id: i64) -> Advance {
        if e.p != id || fault!(self.faults, SelfStealRejected) {
            return reject(
                RejectRule::ProcStealSelfMismatch,
                format!("thread {} steals P {id} from itself, but it holds {}", e.m, or_none(e.p)),
            );
        }
        if !fault!(self.faults, NoSelfSteal) {
            self.unbind_p();
        }
        Ok(())
    }

    fn steal_from(&mut self, victim: i64, id: i64) -> Advance {
        if fault!(self.faults, StealIgnoresVictim) {
            return Ok(());
        }
        let Some(t) = self.threads.find_known(victim) else {
            if fault!(self.faults, StealFromNobody) {
                return Ok(());
            }
            return reject(
                RejectRule::ProcStealUnknownThread,
                format!("P {id} is stolen from thread {victim}, which does not exist"),
            );
        };
        let holds = self.threads.get(t).p;
        if holds != id && !fault!(self.faults, StealWrongProc) {
            return reject(
                RejectRule::ProcStealWrongProc,
                format!("P {id} is stolen from thread {victim}, which holds {}", or_none(holds)),
            );
        }
        if !fault!(self.faults, StealKeepsVictim) {
            self.threads.get_mut(t).bind_p(-1, NONE);
        }
        Ok(())
    }

    /// What a thread holds, in words; for messages elsewhere.
    pub(super) fn status_words(&self, p: u32) -> &'static str {
        ps::name(self.procs.get(p).status)
    }

    /// What a goroutine does, in words.
    pub(super) fn go_words(&self, g: u32) -> &'static str {
        gs::name(self.gors.get(g).status)
    }
}

fn or_none(p: i64) -> String {
    if p == -1 { "none".to_owned() } else { format!("P {p}") }
}
