//! Which waiting events need not be tried again yet.
//!
//! An event that waits is tried again only after something that it waits for has
//! changed. Go's reader tries all of them each time; the outcome is the same, as an
//! attempt that waits has no effect after the first one.

use rustc_hash::FxHashMap;
use tracehound_wire::EventType;

use crate::event::Emitted;
use crate::threads::NONE;

/// What an event waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Go(i64),
    Proc(i64),
    Gc,
}

/// The waiting cursors, in lists by what they wait for.
#[derive(Debug, Default)]
pub(super) struct Blocked {
    first: FxHashMap<Key, u32>,
    /// By cursor: the next one in its list, [`LAST`], or [`NONE`] if it is in no list.
    links: Vec<u32>,
}

/// The end of a list.
const LAST: u32 = NONE - 1;

impl Blocked {
    /// Starts anew with this many cursors.
    pub fn reset(&mut self, cursors: usize) {
        self.first.clear();
        self.links.clear();
        self.links.resize(cursors, NONE);
    }

    #[inline]
    pub fn has(&self, cursor: u32) -> bool {
        self.links[cursor as usize] != NONE
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// Notes that `cursor`'s event waits for `key`.
    pub fn add(&mut self, cursor: u32, key: Key) {
        self.links[cursor as usize] = self.first.insert(key, cursor).unwrap_or(LAST);
    }

    fn wake(&mut self, key: Key) {
        let mut at = self.first.remove(&key).unwrap_or(LAST);
        while at != LAST {
            at = std::mem::replace(&mut self.links[at as usize], NONE);
        }
    }

    /// Wakes all that wait for something that the event, which has happened, can have
    /// changed: what it names, and the P and goroutine that its thread had. (A status that is
    /// given the context of another thread changes nothing of its own one's.)
    #[inline(never)]
    pub fn event_happened(&mut self, e: &Emitted) {
        use EventType::*;
        let named = e.args[0] as i64;
        match e.ty {
            ProcStart | ProcSteal | ProcStatus => self.wake(Key::Proc(named)),
            GoStatus | GoStatusStack | GoCreate | GoCreateBlocked | GoCreateSyscall | GoStart | GoUnblock
            | GoSwitch | GoSwitchDestroy => self.wake(Key::Go(named)),
            GCActive | GCBegin | GCEnd => self.wake(Key::Gc),
            _ => {}
        }
        self.wake(Key::Proc(e.p));
        self.wake(Key::Go(e.g));
    }
}

/// The one thing whose change can let the waiting event go on; `None` if it has to be
/// tried each time.
pub(super) fn key(e: &Emitted) -> Option<Key> {
    use EventType::*;
    let named = e.args[0] as i64;
    match e.ty {
        // A thread loses its P only together with a change of the P.
        ProcStart if e.p != -1 => Some(Key::Proc(e.p)),
        ProcStart | ProcSteal => Some(Key::Proc(named)),
        GoSyscallEndBlocked => Some(Key::Proc(e.p)),
        GoStart | GoUnblock => Some(Key::Go(named)),
        GCActive | GCBegin | GCEnd => Some(Key::Gc),
        // A coroutine switch checks its own thread before it waits.
        _ => None,
    }
}
