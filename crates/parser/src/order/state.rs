//! What the ordering knows of Ps and goroutines.

use crate::fault::{FaultSet, fault};
use crate::threads::NONE;
use rustc_hash::FxHashMap;

/// Statuses of Ps, with the numbers of the wire.
pub(crate) mod ps {
    pub const RUNNING: u8 = 1;
    pub const IDLE: u8 = 2;
    pub const SYSCALL: u8 = 3;
    pub const ABANDONED: u8 = 4;

    pub const fn name(status: u8) -> &'static str {
        match status {
            RUNNING => "running",
            IDLE => "idle",
            SYSCALL => "in a syscall",
            ABANDONED => "abandoned in a syscall",
            _ => "in the state 0",
        }
    }
}

/// Statuses of goroutines, with the numbers of the wire.
pub(crate) mod gs {
    pub const RUNNABLE: u8 = 1;
    pub const RUNNING: u8 = 2;
    pub const SYSCALL: u8 = 3;
    pub const WAITING: u8 = 4;

    pub const fn name(status: u8) -> &'static str {
        match status {
            RUNNABLE => "runnable",
            RUNNING => "running",
            SYSCALL => "in a syscall",
            WAITING => "waiting",
            _ => "in the state 0",
        }
    }
}

/// The last sequence number of a P or goroutine, and the generation that it counts in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seq {
    pub generation: u64,
    pub n: u64,
}

impl Seq {
    /// Whether an event with number `n` of `generation` is the next one.
    #[inline]
    pub fn precedes(self, generation: u64, n: u64, faults: FaultSet) -> bool {
        (self.generation == generation || fault!(faults, SeqNumberOnly)) && self.n.wrapping_add(1) == n
    }
}

/// A P.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proc {
    pub status: u8,
    /// Whether its sweep range is open, the only range that a P can have.
    pub sweeping: bool,
    /// The thread that was last bound to it; it may have lost it since.
    pub holder: u32,
    pub seq: Seq,
}

/// All Ps. They are never removed, so that a place stays valid.
#[derive(Debug, Default)]
pub(crate) struct Procs {
    list: Vec<Proc>,
    /// Place + 1 by id, for small ids.
    dense: Vec<u32>,
    sparse: FxHashMap<i64, u32>,
}

/// Ids below this are found without hashing.
const DENSE_PROCS: i64 = 1 << 12;

impl Procs {
    #[inline]
    pub fn find(&self, id: i64) -> Option<u32> {
        if (0..DENSE_PROCS).contains(&id) {
            match self.dense.get(id as usize) {
                Some(&slot) if slot != 0 => Some(slot - 1),
                _ => None,
            }
        } else {
            self.sparse.get(&id).copied()
        }
    }

    pub fn create(&mut self, id: i64, status: u8, generation: u64) -> u32 {
        let at = self.list.len() as u32;
        self.list.push(Proc { status, sweeping: false, holder: NONE, seq: Seq { generation, n: 0 } });
        if (0..DENSE_PROCS).contains(&id) {
            if self.dense.len() <= id as usize {
                self.dense.resize(id as usize + 1, 0);
            }
            self.dense[id as usize] = at + 1;
        } else {
            self.sparse.insert(id, at);
        }
        at
    }

    #[inline]
    pub fn get(&self, at: u32) -> &Proc {
        &self.list[at as usize]
    }

    #[inline]
    pub fn get_mut(&mut self, at: u32) -> &mut Proc {
        &mut self.list[at as usize]
    }
}

/// An open range of a goroutine: the type byte of its begin and, for a stop-the-world,
/// the string id of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenRange {
    pub ty: u8,
    pub desc: u64,
}

/// What only some goroutines have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    /// Open regions, outermost first: task and name.
    pub regions: Vec<(u64, u32)>,
    pub ranges: Vec<OpenRange>,
}

/// A goroutine.
#[derive(Clone, Debug)]
pub(crate) struct Gor {
    pub id: i64,
    pub seq: Seq,
    pub extras: Option<Box<Extras>>,
    pub status: u8,
    /// False for a free place.
    pub alive: bool,
}

impl Gor {
    pub fn extras(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }
}

/// All goroutines that exist.
#[derive(Debug, Default)]
pub(crate) struct Gors {
    list: Vec<Gor>,
    free: Vec<u32>,
    /// By the low bits of the id: where the goroutine that was last created with them is or was. Grows
    /// with the number of goroutines, so that few share an entry.
    recent: Vec<u32>,
    /// Those that exist and lost their entry to a later one.
    displaced: FxHashMap<i64, u32>,
}

/// The least number of entries by low bits, and how many for each goroutine.
const LEAST_RECENT: usize = 1024;
const RECENT_EACH: usize = 4;

impl Gors {
    #[inline]
    pub fn find(&self, id: i64) -> Option<u32> {
        let hint = self.hint(id);
        if self.is_at(id, hint) { Some(hint) } else { self.find_displaced(id) }
    }

    /// Where goroutine `id` is if it exists and no later one has taken its entry.
    #[inline(always)]
    pub fn hint(&self, id: i64) -> u32 {
        self.recent.get(self.recent_index(id)).copied().unwrap_or(NONE)
    }

    /// Whether goroutine `id` is at this place.
    #[inline(always)]
    pub fn is_at(&self, id: i64, at: u32) -> bool {
        self.list.get(at as usize).is_some_and(|g| g.id == id && g.alive)
    }

    /// The place of goroutine `id`, which is its hint from then on: one that lives long is asked for again.
    #[inline(never)]
    pub fn fetch(&mut self, id: i64) -> Option<u32> {
        let at = self.find(id)?;
        if at != self.hint(id) {
            self.displaced.remove(&id);
            self.enter_recent(at);
        }
        Some(at)
    }

    /// The place of goroutine `id`, if it exists but is not at its hint.
    #[inline(never)]
    fn find_displaced(&self, id: i64) -> Option<u32> {
        self.displaced.get(&id).copied()
    }

    /// Creates goroutine `id`, which must not exist.
    pub fn create(&mut self, id: i64, status: u8, generation: u64) -> u32 {
        let seq = Seq { generation, n: 0 };
        let at = match self.free.pop() {
            Some(at) => {
                let g = &mut self.list[at as usize];
                (g.id, g.seq, g.status, g.alive) = (id, seq, status, true);
                at
            }
            None => {
                self.list.push(Gor { id, seq, extras: None, status, alive: true });
                self.list.len() as u32 - 1
            }
        };
        if self.recent.len() < RECENT_EACH * self.list.len() {
            self.grow_recent();
        } else {
            self.enter_recent(at);
        }
        at
    }

    /// Gives the goroutine at `at` the entry of its low bits.
    #[inline]
    fn enter_recent(&mut self, at: u32) {
        let i = self.recent_index(self.list[at as usize].id);
        let before = std::mem::replace(&mut self.recent[i], at);
        if let Some(g) = self.list.get(before as usize)
            && g.alive
            && before != at
            && self.recent_index(g.id) == i
        {
            self.displaced.insert(g.id, before);
        }
    }

    #[cold]
    fn grow_recent(&mut self) {
        let entries = (2 * RECENT_EACH * self.list.len()).next_power_of_two().max(LEAST_RECENT);
        self.recent.clear();
        self.recent.resize(entries, NONE);
        self.displaced.clear();
        for at in 0..self.list.len() as u32 {
            if self.list[at as usize].alive {
                self.enter_recent(at);
            }
        }
    }

    #[inline(always)]
    fn recent_index(&self, id: i64) -> usize {
        id as usize & self.recent.len().wrapping_sub(1)
    }

    /// Removes the goroutine at `at`; its open regions' names are handed to `release`.
    pub fn remove(&mut self, at: u32, mut release: impl FnMut(u32)) {
        let g = &mut self.list[at as usize];
        g.alive = false;
        let id = g.id;
        if let Some(extras) = &mut g.extras {
            extras.regions.drain(..).for_each(|(_, name)| release(name));
            extras.ranges.clear();
        }
        self.free.push(at);
        let i = self.recent_index(id);
        if self.recent[i] != at {
            self.displaced.remove(&id);
        }
    }

    #[inline(always)]
    pub fn get(&self, at: u32) -> &Gor {
        &self.list[at as usize]
    }

    #[inline(always)]
    pub fn get_mut(&mut self, at: u32) -> &mut Gor {
        &mut self.list[at as usize]
    }
}
