//! Which threads are in a syscall, by what was delivered so far.
//!
//! While a thread is in a syscall, others can take its P, and nothing but the clock orders
//! that against what the thread itself writes. So the P of its events is open then.

use super::{CanonEvent, Details, Resource, State};
use rustc_hash::FxHashMap;

/// The threads that are in a syscall.
#[derive(Debug, Default)]
pub(crate) struct SyscallWindows {
    of_thread: FxHashMap<i64, i64>,
}

impl SyscallWindows {
    /// Whether the P of this event is open.
    pub(crate) fn p_is_open(&self, e: &CanonEvent) -> bool {
        self.of_thread.contains_key(&e.m)
    }

    /// Takes note of an event.
    pub(crate) fn step(&mut self, e: &CanonEvent) {
        let Details::StateTransition { resource: Resource::Goroutine(g), new, .. } = e.details else { return };
        if new == State::Syscall {
            self.of_thread.insert(e.m, g);
        } else if self.of_thread.get(&e.m) == Some(&g) {
            self.of_thread.remove(&e.m);
        }
    }
}
