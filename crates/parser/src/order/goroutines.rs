//! Rules of goroutines: status, creation, start, stop, unblock, coroutine switches.

use super::state::{Gor, Seq, gs};
use super::{Advance, Extra, Need, Order, Refusal, gone, has, lacking, reject};
use crate::event::Emitted;
use crate::fault::{FaultSet, fault};
use crate::threads::NONE;
use tracehound_wire::{EventType, RejectRule};

/// Whether an event with sequence number `n` is the goroutine's next one.
#[inline(always)]
fn follows(seq: Seq, generation: u64, n: u64, faults: FaultSet) -> bool {
    fault!(faults, SeqIgnored) || seq.precedes(generation, n, faults)
}

impl Gor {
    /// The goroutine runs from now on.
    #[inline(always)]
    fn run(&mut self, generation: u64, n: u64, faults: FaultSet) {
        self.status = gs::RUNNING;
        if !fault!(faults, GoStartWithoutSeq) {
            self.seq = Seq { generation, n };
        }
    }
}

impl Order {
    pub(super) fn go_status(&mut self, e: &mut Emitted) -> Advance {
        let id = e.args[0] as i64;
        let status = e.args[2] as u8;
        if status > gs::WAITING && !fault!(self.faults, GoStatusRange) {
            return reject(
                RejectRule::GoStatusInvalid,
                format!("goroutine {id} is reported with the unknown status {status}"),
            );
        }
        e.new = status;
        let at = match self.gors.find(id) {
            Some(at) => {
                let stored = self.gors.get(at).status;
                if status != stored && !fault!(self.faults, GoStatusUnchecked) {
                    return reject(
                        RejectRule::GoStatusInconsistent,
                        format!("goroutine {id} is reported {}, but it is {}", gs::name(status), gs::name(stored)),
                    );
                }
                e.old = 1;
                let g = self.gors.get_mut(at);
                g.status = status;
                if !fault!(self.faults, StatusKeepsSeq) {
                    g.seq = Seq { generation: self.generation, n: 0 };
                }
                at
            }
            None if self.first || fault!(self.faults, LateStatusAccepted) => {
                self.gors.create(id, status, self.generation)
            }
            None => {
                return reject(
                    RejectRule::GoStatusLate,
                    format!("goroutine {id} appears as {}, but nothing created it", gs::name(status)),
                );
            }
        };
        match status {
            gs::RUNNING if fault!(self.faults, GoStatusUnbound) => {}
            gs::RUNNING => self.bind_g(id, at),
            gs::SYSCALL => self.syscall_status(e, id, at)?,
            _ => {}
        }
        Ok(())
    }

    /// Binds a goroutine that is in a syscall to the thread that the status names, which
    /// the event is then attributed to; its P stays the reporting thread's.
    fn syscall_status(&mut self, e: &mut Emitted, id: i64, at: u32) -> Result<(), Refusal> {
        let m = if fault!(self.faults, StatusSyscallOwnThread) { e.m } else { e.args[1] as i64 };
        if m == -1 {
            return reject(
                RejectRule::GoStatusSyscallNoThread,
                format!("goroutine {id} is reported in a syscall, but on no thread"),
            );
        }
        let mismatch = |has: i64| {
            let has = if has == -1 { "none".to_owned() } else { format!("goroutine {has}") };
            reject(
                RejectRule::GoStatusSyscallThreadMismatch,
                format!("goroutine {id} is reported in a syscall on thread {m}, which has {has}"),
            )
        };
        if m == e.m {
            if !self.first && e.g != id && !fault!(self.faults, StatusRebindsSilently) {
                return mismatch(e.g);
            }
            self.bind_g(id, at);
            return Ok(());
        }
        match self.threads.find_known(m) {
            Some(t) => {
                let has = self.threads.get(t).g;
                if has != id && !fault!(self.faults, StatusSyscallAnyThread) {
                    return mismatch(has);
                }
                e.g = id;
            }
            None if fault!(self.faults, StatusSyscallNoThreadEntry) => {}
            None => {
                let t = self.threads.place(m);
                let thread = self.threads.get_mut(t);
                thread.known = true;
                thread.bind_g(id, at);
            }
        }
        e.m = m;
        Ok(())
    }

    pub(super) fn go_create(&mut self, e: &mut Emitted, own: Option<u32>) -> Advance {
        let needs_g = if fault!(self.faults, GoCreateNeedsG) { Need::Must } else { Need::May };
        self.need(e, Need::Must, needs_g)?;
        if let Some(at) = own
            && self.gors.get(at).status != gs::RUNNING
            && !fault!(self.faults, CreateAnyState)
        {
            return not_running(e, self.gors.get(at).status);
        }
        let blocked = e.ty == EventType::GoCreateBlocked && !fault!(self.faults, CreateBlockedRunnable);
        let status = if blocked { gs::WAITING } else { gs::RUNNABLE };
        self.create(e, status)?;
        Ok(())
    }

    /// Creates the goroutine that the event names.
    pub(super) fn create(&mut self, e: &Emitted, status: u8) -> Result<u32, Refusal> {
        let id = e.args[0] as i64;
        match self.gors.find(id) {
            None => Ok(self.gors.create(id, status, self.generation)),
            Some(at) if fault!(self.faults, GoCreateTwice) => {
                let g = self.gors.get_mut(at);
                (g.status, g.seq) = (status, Seq { generation: self.generation, n: 0 });
                Ok(at)
            }
            Some(at) => reject(
                RejectRule::GoCreateExists,
                format!("{} creates goroutine {id}, which exists already and is {}", e.ty, self.go_words(at)),
            ),
        }
    }

    /// The event's own goroutine must be running.
    #[inline(always)]
    pub(super) fn must_run(&self, e: &Emitted, own: Option<u32>) -> Advance {
        self.full(e)?;
        match own {
            None => gone(e),
            Some(at) if self.gors.get(at).status != gs::RUNNING && !fault!(self.faults, GoStopAnyState) => {
                not_running(e, self.gors.get(at).status)
            }
            Some(_) => Ok(()),
        }
    }

    #[inline(always)]
    pub(super) fn go_start(&mut self, e: &mut Emitted, named: Option<u32>) -> Advance {
        let (id, n, faults) = (e.args[0] as i64, e.args[1], self.faults);
        let Some(at) = named else { return Err(Refusal::Waits) };
        let g = self.gors.get_mut(at);
        let ready = g.status == gs::RUNNABLE || fault!(faults, GoStartAnyState);
        if !ready || !follows(g.seq, self.generation, n, faults) {
            return Err(Refusal::Waits);
        }
        let bare = if fault!(faults, GoStartWithG) { Need::May } else { Need::MustNot };
        if !has(e, Need::Must, bare, faults) {
            return lacking(e, Need::Must);
        }
        g.run(self.generation, n, faults);
        self.bind_g(id, at);
        Ok(())
    }

    /// The goroutine goes on later.
    #[inline(always)]
    pub(super) fn go_stop(&mut self, e: &mut Emitted, own: Option<u32>) -> Advance {
        self.must_run(e, own)?;
        let at = own.unwrap_or(NONE);
        self.gors.get_mut(at).status = gs::RUNNABLE;
        self.unbind_g();
        Ok(())
    }

    #[inline(always)]
    pub(super) fn go_block(&mut self, e: &mut Emitted, own: Option<u32>) -> Advance {
        self.must_run(e, own)?;
        let at = own.unwrap_or(NONE);
        let waits = !fault!(self.faults, BlockReadsRunnable);
        self.gors.get_mut(at).status = if waits { gs::WAITING } else { gs::RUNNABLE };
        if !fault!(self.faults, BlockKeepsG) {
            self.unbind_g();
        }
        Ok(())
    }

    pub(super) fn go_destroy(&mut self, e: &mut Emitted, own: Option<u32>) -> Advance {
        self.must_run(e, own)?;
        let at = own.unwrap_or(NONE);
        self.destroy(at);
        self.unbind_g();
        Ok(())
    }

    /// Removes a goroutine. Threads that still name it are left as they are, as in Go.
    pub(super) fn destroy(&mut self, at: u32) {
        if fault!(self.faults, DestroyKeepsG) {
            return;
        }
        let names = &mut self.names;
        self.gors.remove(at, |name| names.release(name));
    }

    #[inline(always)]
    pub(super) fn go_unblock(&mut self, e: &mut Emitted, named: Option<u32>) -> Advance {
        let (n, faults) = (e.args[1], self.faults);
        let Some(at) = named else { return Err(Refusal::Waits) };
        let g = self.gors.get_mut(at);
        let blocked = g.status == gs::WAITING || fault!(faults, UnblockRunnable) && g.status == gs::RUNNABLE;
        if !blocked || !follows(g.seq, self.generation, n, faults) {
            return Err(Refusal::Waits);
        }
        g.status = gs::RUNNABLE;
        if !fault!(faults, UnblockWithoutSeq) {
            g.seq = Seq { generation: self.generation, n };
        }
        Ok(())
    }

    /// A coroutine switch: the next goroutine is unblocked (the event itself), the current
    /// one blocks or ends, the next one starts. Three events of one time.
    #[inline(always)]
    pub(super) fn go_switch(&mut self, e: &mut Emitted, own: Option<u32>) -> Advance {
        self.must_run(e, own)?;
        let own = own.unwrap_or(NONE);
        let (id, n, faults) = (e.args[0] as i64, e.args[1], self.faults);
        let Some(at) = self.gors.find(id) else { return Err(Refusal::Waits) };
        let g = self.gors.get(at);
        let blocked = g.status == gs::WAITING || fault!(faults, SwitchAnyState);
        if !blocked || !follows(g.seq, self.generation, n, faults) {
            return Err(Refusal::Waits);
        }
        let ends = e.ty == EventType::GoSwitchDestroy;
        if ends {
            self.destroy(own);
        } else if !fault!(faults, SwitchKeepsRunning) {
            self.gors.get_mut(own).status = gs::WAITING;
        }
        self.gors.get_mut(at).run(self.generation, n, faults);
        self.bind_g(id, at);
        let ty = if ends { EventType::GoDestroy } else { EventType::GoBlock };
        let stop = Extra { ty, args: [0; 2], g: e.g, old: e.old, synthetic: true };
        let start = Extra { ty: EventType::GoStart, args: [id as u64, n], g: -1, ..stop };
        if fault!(self.faults, SwitchOrder) {
            self.brings(stop);
            self.brings(start);
        } else {
            if !fault!(self.faults, SwitchWithoutStart) {
                self.brings(start);
            }
            self.brings(stop);
        }
        Ok(())
    }
}

#[cold]
#[inline(never)]
fn not_running(e: &Emitted, status: u8) -> Advance {
    let message = format!("{} needs goroutine {} to be running, but it is {}", e.ty, e.g, gs::name(status));
    reject(RejectRule::GoNotRunning, message)
}
