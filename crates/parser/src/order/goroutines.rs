//! Rules of goroutines: status, creation, start, stop, unblock, coroutine switches.

use super::state::{Seq, gs};
use super::{Advance, Need, Order, Reject, Try, reject};
use crate::event::Emitted;
use crate::fault::fault;
use tracehound_wire::{EventType, RejectRule};

impl Order {
    /// Whether an event with sequence number `n` is the goroutine's next one.
    #[inline]
    fn go_follows(&self, seq: Seq, e: &Try<'_>, n: u64) -> bool {
        fault!(self.faults, SeqIgnored) || seq.precedes(e.generation, n, self.faults)
    }

    pub(super) fn go_status(&mut self, e: &Try<'_>, out: &mut Emitted) -> Advance {
        let id = e.args[0] as i64;
        let status = e.args[2] as u8;
        if status > gs::WAITING {
            return reject(
                RejectRule::GoStatusInvalid,
                format!("goroutine {id} is reported with the unknown status {status}"),
            );
        }
        out.new = status;
        let at = match self.gors.find(id) {
            Some(at) => {
                let stored = self.gors.get(at).status;
                if status != stored && !fault!(self.faults, GoStatusUnchecked) {
                    return reject(
                        RejectRule::GoStatusInconsistent,
                        format!("goroutine {id} is reported {}, but it is {}", gs::name(status), gs::name(stored)),
                    );
                }
                out.old = 1;
                let g = self.gors.get_mut(at);
                g.status = status;
                if !fault!(self.faults, StatusKeepsSeq) {
                    g.seq = Seq { generation: e.generation, n: 0 };
                }
                at
            }
            None if e.first || fault!(self.faults, LateStatusAccepted) => self.gors.create(id, status, e.generation),
            None => {
                return reject(
                    RejectRule::GoStatusLate,
                    format!("goroutine {id} appears as {}, but nothing created it", gs::name(status)),
                );
            }
        };
        match status {
            gs::RUNNING => self.bind_g(e.t, id, at),
            gs::SYSCALL => self.syscall_status(e, id, at, out)?,
            _ => {}
        }
        Ok(true)
    }

    /// Binds a goroutine that is in a syscall to the thread that the status names, which
    /// the event is then attributed to; its P stays the reporting thread's.
    fn syscall_status(&mut self, e: &Try<'_>, id: i64, at: u32, out: &mut Emitted) -> Result<(), Box<Reject>> {
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
            if !e.first && e.g != id && !fault!(self.faults, StatusRebindsSilently) {
                return mismatch(e.g);
            }
            self.bind_g(e.t, id, at);
            return Ok(());
        }
        match self.threads.find_known(m) {
            Some(t) => {
                let has = self.threads.get(t).g;
                if has != id {
                    return mismatch(has);
                }
                out.g = id;
            }
            None if fault!(self.faults, StatusSyscallNoThreadEntry) => {}
            None => {
                let t = self.threads.place(m);
                self.threads.get_mut(t).known = true;
                self.bind_g(t, id, at);
            }
        }
        out.m = m;
        Ok(())
    }

    pub(super) fn go_create(&mut self, e: &Try<'_>) -> Advance {
        let needs_g = if fault!(self.faults, GoCreateNeedsG) { Need::Must } else { Need::May };
        self.need(e, Need::Must, needs_g)?;
        if let Some(at) = self.own_g(e)
            && self.gors.get(at).status != gs::RUNNING
        {
            return self.not_running(e, at);
        }
        let status = if e.ty == EventType::GoCreateBlocked { gs::WAITING } else { gs::RUNNABLE };
        self.create(e, status)?;
        Ok(true)
    }

    /// Creates the goroutine that the event names.
    pub(super) fn create(&mut self, e: &Try<'_>, status: u8) -> Result<u32, Box<Reject>> {
        let id = e.args[0] as i64;
        match self.gors.find(id) {
            None => Ok(self.gors.create(id, status, e.generation)),
            Some(at) if fault!(self.faults, GoCreateTwice) => {
                let g = self.gors.get_mut(at);
                (g.status, g.seq) = (status, Seq { generation: e.generation, n: 0 });
                Ok(at)
            }
            Some(at) => reject(
                RejectRule::GoCreateExists,
                format!("{} creates goroutine {id}, which exists already and is {}", e.ty, self.go_words(at)),
            ),
        }
    }

    #[cold]
    pub(super) fn not_running<T>(&self, e: &Try<'_>, at: u32) -> Result<T, Box<Reject>> {
        reject(
            RejectRule::GoNotRunning,
            format!("{} needs goroutine {} to be running, but it is {}", e.ty, e.g, self.go_words(at)),
        )
    }

    /// The place of the event's own goroutine, which must be running.
    #[inline(always)]
    pub(super) fn running_g(&self, e: &Try<'_>) -> Result<u32, Box<Reject>> {
        self.full(e)?;
        let at = self.known_g(e)?;
        if self.gors.get(at).status != gs::RUNNING && !fault!(self.faults, GoStopAnyState) {
            return self.not_running(e, at);
        }
        Ok(at)
    }

    pub(super) fn go_start(&mut self, e: &Try<'_>) -> Advance {
        let (id, n) = (e.args[0] as i64, e.args[1]);
        let Some(at) = self.gors.find(id) else { return Ok(false) };
        let g = self.gors.get(at);
        let ready = g.status == gs::RUNNABLE || fault!(self.faults, GoStartAnyState);
        if !ready || !self.go_follows(g.seq, e, n) {
            return Ok(false);
        }
        self.need(e, Need::Must, Need::MustNot)?;
        self.run(e, at, n);
        Ok(true)
    }

    /// Goroutine at `at` runs on the event's thread.
    fn run(&mut self, e: &Try<'_>, at: u32, n: u64) {
        let g = self.gors.get_mut(at);
        g.status = gs::RUNNING;
        g.seq = Seq { generation: e.generation, n };
        let id = g.id;
        self.bind_g(e.t, id, at);
    }

    pub(super) fn go_stop(&mut self, e: &Try<'_>) -> Advance {
        let at = self.running_g(e)?;
        match e.ty {
            EventType::GoDestroy => self.destroy(at),
            EventType::GoBlock if !fault!(self.faults, BlockReadsRunnable) => {
                self.gors.get_mut(at).status = gs::WAITING;
            }
            _ => self.gors.get_mut(at).status = gs::RUNNABLE,
        }
        if !(fault!(self.faults, BlockKeepsG) && e.ty == EventType::GoBlock) {
            self.unbind_g(e.t);
        }
        Ok(true)
    }

    /// Removes a goroutine. Threads that still name it are left as they are, as in Go.
    pub(super) fn destroy(&mut self, at: u32) {
        let names = &mut self.names;
        self.gors.remove(at, |name| names.release(name));
    }

    pub(super) fn go_unblock(&mut self, e: &Try<'_>) -> Advance {
        let (id, n) = (e.args[0] as i64, e.args[1]);
        let Some(at) = self.gors.find(id) else { return Ok(false) };
        let g = self.gors.get(at);
        let blocked = g.status == gs::WAITING || fault!(self.faults, UnblockRunnable) && g.status == gs::RUNNABLE;
        if !blocked || !self.go_follows(g.seq, e, n) {
            return Ok(false);
        }
        let g = self.gors.get_mut(at);
        g.status = gs::RUNNABLE;
        g.seq = Seq { generation: e.generation, n };
        Ok(true)
    }

    /// A coroutine switch: the next goroutine is unblocked (the event itself), the current
    /// one blocks or ends, the next one starts. Three events of one time.
    pub(super) fn go_switch(&mut self, e: &Try<'_>, out: &mut Emitted) -> Advance {
        let own = self.running_g(e)?;
        let (id, n) = (e.args[0] as i64, e.args[1]);
        let Some(at) = self.gors.find(id) else { return Ok(false) };
        let g = self.gors.get(at);
        if g.status != gs::WAITING || !self.go_follows(g.seq, e, n) {
            return Ok(false);
        }
        let ends = e.ty == EventType::GoSwitchDestroy;
        if ends {
            self.destroy(own);
        } else {
            self.gors.get_mut(own).status = gs::WAITING;
        }
        self.run(e, at, n);
        let synthetic = Emitted { synthetic: true, ..*out };
        let ty = if ends { EventType::GoDestroy } else { EventType::GoBlock };
        let stop = Emitted { ty: Some(ty), args: [0; 4], ..synthetic };
        let start = Emitted { ty: Some(EventType::GoStart), args: [id as u64, n, 0, 0], g: -1, ..synthetic };
        if fault!(self.faults, SwitchOrder) {
            self.extra.extend([stop, start]);
        } else {
            if !fault!(self.faults, SwitchWithoutStart) {
                self.extra.push(start);
            }
            self.extra.push(stop);
        }
        Ok(true)
    }
}
