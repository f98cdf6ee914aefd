//! The threads (Ms) of a trace: one place for each, kept over generations.
//!
//! The container needs a thread's place for its stream of batches, the ordering for the
//! P and goroutine that it has; both use the same index.

use rustc_hash::FxHashMap;

/// No index.
pub(crate) const NONE: u32 = u32::MAX;

/// What the ordering knows of a thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thread {
    pub m: i64,
    /// The P that it holds, -1 for none, and that P's place.
    pub p: i64,
    /// The goroutine that it has, -1 for none.
    pub g: i64,
    pub p_slot: u32,
    /// Where goroutine `g` was when it was bound; it may have moved or gone.
    pub g_slot: u32,
    /// Whether Go's reader has an entry for it: from the first attempt to advance one of
    /// its events on.
    pub known: bool,
    /// Its stream in the generation `stamp`.
    pub stream: u32,
    pub stamp: u32,
}

/// All threads that were mentioned as the writer of a batch or made known by an event.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    by_id: FxHashMap<i64, u32>,
    list: Vec<Thread>,
    last: Option<(i64, u32)>,
}

impl Threads {
    /// The place of thread `m`, made if it has none.
    pub fn place(&mut self, m: i64) -> u32 {
        if let Some((last, at)) = self.last
            && last == m
        {
            return at;
        }
        let next = self.list.len() as u32;
        let at = *self.by_id.entry(m).or_insert(next);
        if at == next {
            self.list.push(Thread {
                m,
                p: -1,
                g: -1,
                p_slot: NONE,
                g_slot: NONE,
                known: false,
                stream: NONE,
                stamp: 0,
            });
        }
        self.last = Some((m, at));
        at
    }

    /// The place of a thread that the ordering knows.
    pub fn find_known(&self, m: i64) -> Option<u32> {
        self.by_id.get(&m).copied().filter(|&at| self.list[at as usize].known)
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        self.list.len() as u32
    }

    #[inline]
    pub fn get(&self, at: u32) -> &Thread {
        &self.list[at as usize]
    }

    #[inline]
    pub fn get_mut(&mut self, at: u32) -> &mut Thread {
        &mut self.list[at as usize]
    }
}
