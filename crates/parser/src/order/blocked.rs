//! Which waiting events need not be tried again yet.
//!
//! An event that waits is tried again only after something that it waits for has
//! changed. Go's reader tries all of them each time; the outcome is the same, as an
//! attempt that waits has no effect after the first one.

use rustc_hash::FxHashMap;
use tracehound_wire::EventType;

use crate::event::Emitted;
use crate::threads::NONE;

/// What can change so that an event need not wait any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Thing {
    Go(i64),
    Proc(i64),
    Gc,
}

/// What an event waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// That the thing's next sequence number is this one: as long as it is another, nothing else matters.
    Next(Thing, u64),
    /// Any change of the thing.
    Change(Thing),
}

/// The most things that an event waits for.
const MOST_KEYS: usize = 3;

/// The waiting cursors, in lists by what they wait for. A cursor can be in several lists; when it is woken by one,
/// what is left of it in the others means nothing.
#[derive(Debug, Default)]
pub(super) struct Blocked {
    lists: FxHashMap<Key, u32>,
    nodes: Vec<Node>,
    /// By cursor.
    cursors: Vec<State>,
    waiting: usize,
    /// Those that were woken, if that is to be kept.
    woken: Option<Vec<u32>>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    cursor: u32,
    /// The cursor's wait that this belongs to.
    wait: u32,
    /// The next node of its list; [`NONE`] for the last one.
    next: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    waits: bool,
    /// How often it has been woken.
    wait: u32,
}

impl Blocked {
    /// Starts anew with this many cursors.
    pub fn reset(&mut self, cursors: usize) {
        self.lists.clear();
        self.nodes.clear();
        self.cursors.clear();
        self.cursors.resize(cursors, State::default());
        self.waiting = 0;
        self.woken = None;
    }

    /// Whether to keep a list of the woken ones; an empty one at first.
    pub fn record(&mut self, record: bool) {
        self.woken = record.then(Vec::new);
    }

    /// The woken ones since the last time that this was asked.
    pub fn take_woken(&mut self) -> Vec<u32> {
        self.woken.as_mut().map(std::mem::take).unwrap_or_default()
    }

    #[inline]
    pub fn has(&self, cursor: u32) -> bool {
        self.cursors[cursor as usize].waits
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Notes that `cursor`'s event waits until one of `keys` comes true.
    pub fn add(&mut self, cursor: u32, keys: impl Iterator<Item = Key>) {
        if self.nodes.len() >= (MOST_KEYS + 1) * self.cursors.len() + 64 {
            self.forget_woken();
        }
        let state = &mut self.cursors[cursor as usize];
        state.waits = true;
        self.waiting += 1;
        let wait = state.wait;
        for key in keys {
            let new = self.nodes.len() as u32;
            let next = self.lists.insert(key, new).unwrap_or(NONE);
            self.nodes.push(Node { cursor, wait, next });
        }
    }

    /// Wakes all that wait for this.
    pub fn wake(&mut self, key: Key) {
        let mut at = self.lists.remove(&key).unwrap_or(NONE);
        while let Some(&Node { cursor, wait, next }) = self.nodes.get(at as usize) {
            let state = &mut self.cursors[cursor as usize];
            if state.waits && state.wait == wait {
                *state = State { waits: false, wait: wait.wrapping_add(1) };
                self.waiting -= 1;
                if let Some(woken) = &mut self.woken {
                    woken.push(cursor);
                }
            }
            at = next;
        }
        if self.waiting == 0 {
            self.lists.clear();
            self.nodes.clear();
        }
    }

    /// Makes the lists anew without what means nothing any more.
    fn forget_woken(&mut self) {
        let old = std::mem::take(&mut self.nodes);
        for head in self.lists.values_mut() {
            let mut at = std::mem::replace(head, NONE);
            while let Some(&Node { cursor, wait, next }) = old.get(at as usize) {
                let state = self.cursors[cursor as usize];
                if state.waits && state.wait == wait {
                    let new = self.nodes.len() as u32;
                    self.nodes.push(Node { cursor, wait, next: std::mem::replace(head, new) });
                }
                at = next;
            }
        }
        self.lists.retain(|_, head| *head != NONE);
    }
}

/// The things of which an event that has happened can have changed something: what it names, and the P and goroutine
/// that its thread had. (A status that is given the context of another thread changes nothing of its own one's.)
pub(super) fn changed(e: &Emitted) -> [Option<Thing>; 3] {
    use EventType::*;
    let named = e.args[0] as i64;
    let named = match e.ty {
        ProcStart | ProcSteal | ProcStatus => Some(Thing::Proc(named)),
        GoStatus | GoStatusStack | GoCreate | GoCreateBlocked | GoCreateSyscall | GoStart | GoUnblock | GoSwitch
        | GoSwitchDestroy => Some(Thing::Go(named)),
        GCActive | GCBegin | GCEnd => Some(Thing::Gc),
        _ => None,
    };
    [named, Some(Thing::Proc(e.p)), Some(Thing::Go(e.g))]
}

/// What has to come true, any of it, before the waiting event is tried again.
pub(super) fn keys(e: &Emitted) -> impl Iterator<Item = Key> {
    use EventType::*;
    let (named, number) = (e.args[0] as i64, e.args[1]);
    let own = Some(Key::Change(Thing::Proc(e.p)));
    let keys = match e.ty {
        // A thread loses its P only together with a change of the P.
        ProcStart if e.p != -1 => [own, None, None],
        ProcStart | ProcSteal => [Some(Key::Next(Thing::Proc(named), number)), None, None],
        GoSyscallEndBlocked => [own, None, None],
        GoStart | GoUnblock => [Some(Key::Next(Thing::Go(named), number)), None, None],
        GCActive | GCBegin | GCEnd => [Some(Key::Next(Thing::Gc, e.args[0])), None, None],
        // A coroutine switch looks at its own thread before it waits.
        _ => [Some(Key::Next(Thing::Go(named), number)), Some(Key::Change(Thing::Go(e.g))), own],
    };
    keys.into_iter().flatten()
}
