//! The frontier while its first thread waits: threads in the order of time, of which only those that can go on are
//! looked at.
//!
//! Go's reader sorts its heap and tries all threads, for each event, as long as the first one waits: with thousands
//! of waiting threads that takes seconds. As long as all times differ, what comes next follows from the times alone,
//! so a tree by time does. When two times become equal, the heap's exact structure counts again: it is made from the
//! last sort and from what has changed since.

use crate::frontier::Slot;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Below how many threads a sort is cheap.
pub(crate) const LEAST_THREADS: usize = 64;

/// After how many events of the first thread since the last sort a heap is better.
const MOST_CHANGES: usize = 256;

/// A thread's next event has another time, or none comes any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub cursor: u32,
    pub from: i64,
    pub to: Option<i64>,
}

/// Threads by time. All times differ.
#[derive(Debug)]
pub(crate) struct Queue {
    by_time: BTreeMap<i64, u32>,
    /// Since the last sort: of any thread first, then of the first one.
    changes: Vec<Change>,
    /// Threads that can go on, at their times; some may have changed since.
    candidates: BinaryHeap<Reverse<(i64, u32)>>,
}

impl Queue {
    /// A queue of what was just sorted; `None` if two times are equal or there is too little.
    pub fn of(sorted: &[Slot], waits: impl Fn(u32) -> bool) -> Option<Queue> {
        if sorted.len() < LEAST_THREADS || sorted.windows(2).any(|pair| pair[0].time == pair[1].time) {
            return None;
        }
        let candidates = sorted.iter().filter(|s| !waits(s.cursor)).map(|s| Reverse((s.time, s.cursor))).collect();
        let by_time = sorted.iter().map(|s| (s.time, s.cursor)).collect();
        Some(Queue { by_time, changes: Vec::new(), candidates })
    }

    pub fn len(&self) -> usize {
        self.by_time.len()
    }

    pub fn first(&self) -> Option<Slot> {
        self.by_time.first_key_value().map(|(&time, &cursor)| Slot { time, cursor })
    }

    /// The first thread has to wait: a reader like Go's would sort now.
    pub fn sort(&mut self) {
        self.changes.clear();
    }

    /// The thread of this cursor can go on, as far as is known.
    pub fn add_candidate(&mut self, time: i64, cursor: u32) {
        self.candidates.push(Reverse((time, cursor)));
    }

    /// The first thread that can go on, as far as is known.
    pub fn candidate(&mut self, waits: impl Fn(u32) -> bool) -> Option<u32> {
        while let Some(Reverse((time, cursor))) = self.candidates.pop() {
            if self.by_time.get(&time) == Some(&cursor) && !waits(cursor) {
                return Some(cursor);
            }
        }
        None
    }

    /// Makes the change; false, and nothing done, if the heap is needed for it.
    pub fn change(&mut self, change: Change) -> bool {
        let Change { cursor, from, to } = change;
        if to.is_some_and(|to| to != from && self.by_time.contains_key(&to)) || self.changes.len() >= MOST_CHANGES {
            return false;
        }
        self.by_time.remove(&from);
        if let Some(to) = to {
            self.by_time.insert(to, cursor);
            self.add_candidate(to, cursor);
        }
        self.changes.push(change);
        true
    }

    /// What was sorted last, and what has changed since.
    pub fn into_heap(mut self) -> (Vec<Slot>, Vec<Change>) {
        for &Change { cursor, from, to } in self.changes.iter().rev() {
            if let Some(to) = to {
                self.by_time.remove(&to);
            }
            self.by_time.insert(from, cursor);
        }
        (self.by_time.into_iter().map(|(time, cursor)| Slot { time, cursor }).collect(), self.changes)
    }
}
