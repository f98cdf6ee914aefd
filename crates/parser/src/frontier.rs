//! The frontier: the next event of each thread, as a binary heap by time.
//!
//! Which of several events with the same time comes first follows from the heap's exact
//! structure and from the sort when the first one has to wait, so both are those of Go's
//! reader (`internal/trace/batchcursor.go`, Go 1.27.3).

use crate::fault::{FaultSet, fault};
use crate::sort::sort;

/// A thread's next event's time and its cursor's index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub time: i64,
    pub cursor: u32,
}

/// The heap.
#[derive(Debug)]
pub(crate) struct Frontier {
    slots: Vec<Slot>,
    faults: FaultSet,
}

impl Frontier {
    pub fn new(faults: FaultSet) -> Frontier {
        Frontier { slots: Vec::new(), faults }
    }

    pub fn clear(&mut self, room: usize) {
        self.slots.clear();
        self.slots.reserve_exact(room);
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    #[inline]
    pub fn first(&self) -> Option<Slot> {
        self.slots.first().copied()
    }

    #[inline]
    pub fn get(&self, i: usize) -> Slot {
        self.slots[i]
    }

    #[inline]
    fn later(&self, i: usize, j: usize) -> bool {
        let (a, b) = (self.slots[i].time, self.slots[j].time);
        a > b || fault!(self.faults, TieOrder) && a == b
    }

    /// Until which time the first thread can go on without giving way to another.
    #[inline]
    pub fn first_until(&self) -> i64 {
        let next = match self.slots[..] {
            [_, left, right, ..] => left.time.min(right.time),
            [_, left] => left.time,
            _ => return i64::MAX,
        };
        if fault!(self.faults, TieOrder) { next.saturating_sub(1) } else { next }
    }

    /// Gives the first slot its new time, which must leave it the first one.
    #[inline]
    pub fn set_first(&mut self, time: i64) {
        self.slots[0].time = time;
    }

    pub fn insert(&mut self, slot: Slot) {
        self.slots.push(slot);
        self.sift_up(self.slots.len() - 1);
    }

    /// Puts slot `i` where its new time belongs.
    #[inline]
    pub fn update(&mut self, i: usize, time: i64) {
        self.slots[i].time = time;
        if i == 0 || self.sift_up(i) == i {
            self.sift_down(i);
        }
    }

    /// Removes slot `i`: moves it to the root whatever the times are, then the last one
    /// takes its place.
    pub fn remove(&mut self, mut i: usize) {
        while i > 0 {
            let parent = (i - 1) / 2;
            self.slots.swap(parent, i);
            i = parent;
        }
        self.slots.swap_remove(0);
        self.sift_down(0);
    }

    fn sift_up(&mut self, mut i: usize) -> usize {
        while i > 0 {
            let parent = (i - 1) / 2;
            if !self.later(parent, i) {
                break;
            }
            self.slots.swap(parent, i);
            i = parent;
        }
        i
    }

    #[inline]
    fn sift_down(&mut self, mut i: usize) {
        loop {
            let (left, right) = (2 * i + 1, 2 * i + 2);
            let mut least = i;
            if left < self.slots.len() && self.later(least, left) {
                least = left;
            }
            if right < self.slots.len() && self.later(least, right) {
                least = right;
            }
            if least == i {
                return;
            }
            self.slots.swap(i, least);
            i = least;
        }
    }

    /// Sorts by time, which leaves it a heap.
    pub fn sort(&mut self, shifts: (u32, u32, u32)) {
        if !fault!(self.faults, NoSort) {
            sort(&mut self.slots, shifts, |s| s.time);
        }
    }
}
