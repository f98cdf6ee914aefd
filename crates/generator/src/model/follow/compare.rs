//! Whether what the model has written is what the trace holds.
//!
//! Ids of goroutines and threads are the model's own and are matched one to one; P ids, statuses and sequence
//! numbers have to be equal. Times, stacks, strings and the sizes that metrics tell are not looked at.

use super::{Follower, Gap, Observed};
use crate::history::ExpectedEvent;
use tracehound_wire::{EventType::*, NONE_ID};

impl Follower<'_, '_> {
    /// Compares what has been written since the last time with the streams' next events.
    pub(super) fn absorb(&mut self, by: &str) -> Result<(), Gap> {
        let gen_ = self.w.s.first_gen;
        let n = self.w.t.written(gen_).len();
        while self.compared < n {
            let e = self.w.t.written(gen_)[self.compared];
            self.compared += 1;
            if !e.derived && e.stream != NONE_ID {
                self.match_next(&e, by)?;
            }
        }
        Ok(())
    }

    fn match_next(&mut self, e: &ExpectedEvent, by: &str) -> Result<(), Gap> {
        let stream = match (self.real_tids.get(&e.stream), e.ty) {
            (Some(real), _) => self.by_thread.get(real).copied(),
            _ => None,
        };
        let Some(stream) = stream else {
            let why = format!("{by} also writes {:?} {:?} on a thread that writes nothing here", e.ty, e.args);
            return Err(Gap { at: self.first_head(), why, cause: "the model writes on another thread too" });
        };
        let Some(o) = self.head(stream) else {
            let why = format!("{by} also writes {:?} {:?} on thread {}", e.ty, e.args, self.streams[stream].tid);
            return Err(self.gap(stream, "the model writes more", why));
        };
        let same = e.ty == o.ty || (e.ty == GoStatus && o.ty == GoStatusStack);
        if !same || !self.args_fit(e, o) {
            let why = format!("the model writes {:?} {:?} where the trace has {:?} {:?}", e.ty, e.args, o.ty, o.args);
            return Err(self.gap(stream, "the model writes another event", why));
        }
        let s = &mut self.streams[stream];
        let at = s.events[s.next];
        s.next += 1;
        self.heads.remove(&at);
        self.explained[at] = true;
        self.touched.push(stream);
        self.quiet_steps = 0;
        if let Some(&next) = s.events.get(s.next) {
            self.heads.insert(next, stream);
        }
        Ok(())
    }

    fn first_head(&self) -> usize {
        self.heads.keys().next().copied().unwrap_or(self.segment.events.len())
    }

    fn goroutine_fits(&mut self, own: u64, real: u64) -> bool {
        match self.names.get(&own) {
            Some(&name) => name == real,
            None => false,
        }
    }

    fn thread_fits(&mut self, own: u64, real: u64) -> bool {
        match (self.real_tids.get(&own), self.tids.get(&real)) {
            (Some(&name), _) => name == real,
            (None, Some(_)) => false,
            (None, None) if own == NONE_ID || real == NONE_ID => own == real,
            (None, None) => {
                self.bind_thread(own, real);
                true
            }
        }
    }

    pub(super) fn bind_thread(&mut self, own: u64, real: u64) {
        self.tids.insert(real, own);
        self.real_tids.insert(own, real);
    }

    fn args_fit(&mut self, e: &ExpectedEvent, o: &Observed) -> bool {
        let (a, b) = (e.args, o.args);
        match e.ty {
            ProcStatus | ProcStart => a[..2] == b[..2],
            // Whom a theft of an abandoned P names is what a thread was called that is gone.
            ProcSteal => a[..2] == b[..2] && (self.thread_fits(a[2], b[2]) || self.was_left(e)),
            GoStatus | GoStatusStack => self.goroutine_fits(a[0], b[0]) && self.thread_fits(a[1], b[1]) && a[2] == b[2],
            GoStart | GoUnblock | GoSwitch | GoSwitchDestroy => self.goroutine_fits(a[0], b[0]) && a[1] == b[1],
            GoCreate | GoCreateBlocked => {
                self.names.insert(a[0], b[0]);
                self.gs.insert(b[0], self.next_g);
                true
            }
            GCMarkAssistActive | GoCreateSyscall => self.goroutine_fits(a[0], b[0]),
            GoSyscallBegin | ProcsChange | GCSweepActive => a[0] == b[0],
            GCActive | GCBegin | GCEnd => {
                let base = b[0] as i64 - a[0] as i64;
                *self.gc_base.get_or_insert(base) == base
            }
            _ => true,
        }
    }

    /// Whether this theft is one of a P that its thread had left for good.
    fn was_left(&self, e: &ExpectedEvent) -> bool {
        e.transition.is_some_and(|t| t.old == crate::history::Visible::Idle)
    }
}
