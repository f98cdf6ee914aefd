//! Rules of goroutines: status, creation, start, stop, unblock, coroutine switches.

use super::state::{Seq, gs};
use super::{Advance, Cx, Extra, Need, Order, Reject, reject};
use crate::event::Emitted;
use crate::fault::fault;
use tracehound_wire::{EventType, RejectRule};

impl Order {
    /// Whether an event with sequence number `n` is the goroutine's next one.
    #[inline]
    fn go_follows(&self, seq: Seq, cx: Cx, n: u64) -> bool {
        fault!(self.faults, SeqIgnored) || seq.precedes(cx.generation, n, self.faults)
    }

    pub(super) fn go_status(&mut self, e: &mut Emitted, cx: Cx) -> Advance {
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
                    g.seq = Seq { generation: cx.generation, n: 0 };
                }
                at
            }
            None if cx.first || fault!(self.faults, LateStatusAccepted) => self.gors.create(id, status, cx.generation),
            None => {
                return reject(
                    RejectRule::GoStatusLate,
                    format!("goroutine {id} appears as {}, but nothing created it", gs::name(status)),
                );
            }
        };
        match status {
            gs::RUNNING if fault!(self.faults, GoStatusUnbound) => {}
            gs::RUNNING => self.bind_g(cx.t, id, at),
            gs::SYSCALL => self.syscall_status(e, cx, id, at)?,
            _ => {}
        }
        Ok(true)
    }

    /// Binds a goroutine that is in a syscall to the thread that the status names, which
    /// the event is then attributed to; its P stays the reporting thread's.
    fn syscall_status(&mut self, e: &mut Emitted, cx: Cx, id: i64, at: u32) -> Result<(), Box<Reject>> {
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
            if !cx.first && e.g != id && !fault!(self.faults, StatusRebindsSilently) {
                return mismatch(e.g);
            }
            self.bind_g(cx.t, id, at);
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
                self.threads.get_mut(t).known = true;
                self.bind_g(t, id, at);
            }
        }
        e.m = m;
        Ok(())
    }

    pub(super) fn go_create(&mut self, e: &Emitted, cx: Cx) -> Advance {
        let needs_g = if fault!(self.faults, GoCreateNeedsG) { Need::Must } else { Need::May };
        self.need(e, Need::Must, needs_g)?;
        if let Some(at) = self.own_g(e, cx)
            && self.gors.get(at).status != gs::RUNNING
            && !fault!(self.faults, CreateAnyState)
        {
            return not_running(e, self.go_words(at));
        }
        let blocked = e.ty == EventType::GoCreateBlocked && !fault!(self.faults, CreateBlockedRunnable);
        let status = if blocked { gs::WAITING } else { gs::RUNNABLE };
        self.create(e, cx, status)?;
        Ok(true)
    }

    /// Creates the goroutine that the event names.
    pub(super) fn create(&mut self, e: &Emitted, cx: Cx, status: u8) -> Result<u32, Box<Reject>> {
        let id = e.args[0] as i64;
        match self.gors.find(id) {
            None => Ok(self.gors.create(id, status, cx.generation)),
            Some(at) if fault!(self.faults, GoCreateTwice) => {
                let g = self.gors.get_mut(at);
                (g.status, g.seq) = (status, Seq { generation: cx.generation, n: 0 });
                Ok(at)
            }
            Some(at) => reject(
                RejectRule::GoCreateExists,
                format!("{} creates goroutine {id}, which exists already and is {}", e.ty, self.go_words(at)),
            ),
        }
    }

    /// The place of the event's own goroutine, which must be running.
    #[inline(always)]
    pub(super) fn running_g(&self, e: &Emitted, cx: Cx) -> Result<u32, Box<Reject>> {
        self.full(e)?;
        let at = self.known_g(e, cx)?;
        if self.gors.get(at).status != gs::RUNNING && !fault!(self.faults, GoStopAnyState) {
            return not_running(e, self.go_words(at));
        }
        Ok(at)
    }

    #[inline(always)]
    pub(super) fn go_start(&mut self, e: &Emitted, cx: Cx) -> Advance {
        let (id, n) = (e.args[0] as i64, e.args[1]);
        let Some(at) = self.gors.find(id) else { return Ok(false) };
        let g = self.gors.get(at);
        let ready = g.status == gs::RUNNABLE || fault!(self.faults, GoStartAnyState);
        if !ready || !self.go_follows(g.seq, cx, n) {
            return Ok(false);
        }
        let bare = if fault!(self.faults, GoStartWithG) { Need::May } else { Need::MustNot };
        self.need(e, Need::Must, bare)?;
        self.run(cx, at, n);
        Ok(true)
    }

    /// Goroutine at `at` runs on the event's thread.
    #[inline(always)]
    fn run(&mut self, cx: Cx, at: u32, n: u64) {
        let counts = !fault!(self.faults, GoStartWithoutSeq);
        let g = self.gors.get_mut(at);
        g.status = gs::RUNNING;
        if counts {
            g.seq = Seq { generation: cx.generation, n };
        }
        let id = g.id;
        self.bind_g(cx.t, id, at);
    }

    /// The goroutine goes on later.
    #[inline(always)]
    pub(super) fn go_stop(&mut self, e: &Emitted, cx: Cx) -> Advance {
        let at = self.running_g(e, cx)?;
        self.gors.get_mut(at).status = gs::RUNNABLE;
        self.unbind_g(cx.t);
        Ok(true)
    }

    #[inline(always)]
    pub(super) fn go_block(&mut self, e: &Emitted, cx: Cx) -> Advance {
        let at = self.running_g(e, cx)?;
        let waits = !fault!(self.faults, BlockReadsRunnable);
        self.gors.get_mut(at).status = if waits { gs::WAITING } else { gs::RUNNABLE };
        if !fault!(self.faults, BlockKeepsG) {
            self.unbind_g(cx.t);
        }
        Ok(true)
    }

    pub(super) fn go_destroy(&mut self, e: &Emitted, cx: Cx) -> Advance {
        let at = self.running_g(e, cx)?;
        self.destroy(at);
        self.unbind_g(cx.t);
        Ok(true)
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
    pub(super) fn go_unblock(&mut self, e: &Emitted, cx: Cx) -> Advance {
        let (id, n) = (e.args[0] as i64, e.args[1]);
        let Some(at) = self.gors.find(id) else { return Ok(false) };
        let g = self.gors.get(at);
        let blocked = g.status == gs::WAITING || fault!(self.faults, UnblockRunnable) && g.status == gs::RUNNABLE;
        if !blocked || !self.go_follows(g.seq, cx, n) {
            return Ok(false);
        }
        let counts = !fault!(self.faults, UnblockWithoutSeq);
        let g = self.gors.get_mut(at);
        g.status = gs::RUNNABLE;
        if counts {
            g.seq = Seq { generation: cx.generation, n };
        }
        Ok(true)
    }

    /// A coroutine switch: the next goroutine is unblocked (the event itself), the current
    /// one blocks or ends, the next one starts. Three events of one time.
    #[inline(always)]
    pub(super) fn go_switch(&mut self, e: &mut Emitted, cx: Cx) -> Advance {
        let own = self.running_g(e, cx)?;
        let (id, n) = (e.args[0] as i64, e.args[1]);
        let Some(at) = self.gors.find(id) else { return Ok(false) };
        let g = self.gors.get(at);
        let blocked = g.status == gs::WAITING || fault!(self.faults, SwitchAnyState);
        if !blocked || !self.go_follows(g.seq, cx, n) {
            return Ok(false);
        }
        let ends = e.ty == EventType::GoSwitchDestroy;
        if ends {
            self.destroy(own);
        } else if !fault!(self.faults, SwitchKeepsRunning) {
            self.gors.get_mut(own).status = gs::WAITING;
        }
        self.run(cx, at, n);
        let ty = if ends { EventType::GoDestroy } else { EventType::GoBlock };
        let stop = Extra { ty, args: [0; 2], g: e.g, old: e.old, synthetic: true };
        let start = Extra { ty: EventType::GoStart, args: [id as u64, n], g: -1, ..stop };
        if fault!(self.faults, SwitchOrder) {
            self.extra.push(stop);
            self.extra.push(start);
        } else {
            if !fault!(self.faults, SwitchWithoutStart) {
                self.extra.push(start);
            }
            self.extra.push(stop);
        }
        Ok(true)
    }
}

#[cold]
fn not_running<T>(e: &Emitted, is: &str) -> Result<T, Box<Reject>> {
    let message = format!("{} needs goroutine {} to be running, but it is {is}", e.ty, e.g);
    reject(RejectRule::GoNotRunning, message)
}
