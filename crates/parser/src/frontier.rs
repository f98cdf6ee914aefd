//! The frontier: the next event of each thread, as a binary heap by time.
//!
//! Which of several events with the same time comes first follows from the heap's exact
//! structure and from the sort when the first one has to wait, so both are those of Go's
//! reader (`internal/trace/batchcursor.go`, Go 1.27.3).

use crate::fault::{FaultSet, fault};
use crate::queue::{Change, Queue};
use crate::sort::sort;

/// A thread's next event's time and its cursor's index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub time: i64,
    pub cursor: u32,
}

/// The first thread's way without a look at the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turns {
    /// The slot of the thread with which it takes turns; 0 if it goes on alone.
    pub with: usize,
    /// The last time at which that may be.
    pub until: i64,
}

/// The heap.
#[derive(Debug)]
pub(crate) struct Frontier {
    slots: Vec<Slot>,
    /// While the first thread waits and there are many: what is in the slots' place.
    queue: Option<Box<Queue>>,
    faults: FaultSet,
    /// Whether none is made, and how often one was.
    #[cfg(test)]
    pub never_queues: bool,
    #[cfg(test)]
    pub queues_made: usize,
}

impl Frontier {
    pub fn new(faults: FaultSet) -> Frontier {
        Frontier {
            slots: Vec::new(),
            queue: None,
            faults,
            #[cfg(test)]
            never_queues: false,
            #[cfg(test)]
            queues_made: 0,
        }
    }

    /// One that is this heap.
    pub fn of(slots: Vec<Slot>) -> Frontier {
        Frontier { slots, ..Frontier::new(FaultSet::default()) }
    }

    /// The heap, as long as no queue is in its place.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Becomes this heap.
    pub fn set_slots(&mut self, slots: &[Slot]) {
        self.slots.clear();
        self.slots.extend_from_slice(slots);
    }

    pub fn clear(&mut self, room: usize) {
        self.queue = None;
        self.slots.clear();
        self.slots.reserve_exact(room);
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.queue.as_ref().map_or(self.slots.len(), |queue| queue.len())
    }

    #[inline]
    pub fn first(&self) -> Option<Slot> {
        match &self.queue {
            None => self.slots.first().copied(),
            Some(queue) => queue.first(),
        }
    }

    /// The queue that is in the heap's place for now.
    #[inline]
    pub fn queue(&mut self) -> Option<&mut Queue> {
        self.queue.as_deref_mut()
    }

    /// Whether there is one.
    #[inline]
    pub fn is_queue(&self) -> bool {
        self.queue.is_some()
    }

    /// The slot of this cursor's thread, looked for.
    pub fn place_of(&self, cursor: u32) -> usize {
        self.slots.iter().position(|s| s.cursor == cursor).unwrap_or_default()
    }

    /// Makes a queue of what was just sorted, if that can be.
    pub fn begin_queue(&mut self, waits: impl Fn(u32) -> bool) {
        #[cfg(test)]
        if self.never_queues {
            return;
        }
        if self.faults == FaultSet::default() {
            self.queue = Queue::of(&self.slots, waits).map(Box::new);
        }
        #[cfg(test)]
        {
            self.queues_made += usize::from(self.is_queue());
        }
    }

    /// Makes the heap again that Go's reader would have now.
    pub fn end_queue(&mut self) {
        let Some(queue) = self.queue.take() else { return };
        let (sorted, changes) = queue.into_heap();
        self.slots = sorted;
        for Change { cursor, from, to } in changes {
            // Only the first change can be that of another thread than the first one, behind a sort.
            let is_first = self.slots.first().is_some_and(|s| s.cursor == cursor);
            let i = if is_first { 0 } else { self.slots.partition_point(|s| s.time < from) };
            self.change(i, to);
        }
    }

    #[inline]
    pub fn get(&self, i: usize) -> Slot {
        self.slots[i]
    }

    #[inline]
    fn later(&self, i: usize, j: usize) -> bool {
        self.is_later(self.slots[i], self.slots[j])
    }

    #[inline]
    fn is_later(&self, a: Slot, b: Slot) -> bool {
        a.time > b.time || fault!(self.faults, TieOrder) && a.time == b.time
    }

    /// Until when the first thread can go on without a look at the others, which is not behind `until` in any case.
    #[inline]
    pub fn alone(&self, until: i64) -> Turns {
        let second = match self.slots[..] {
            [_, left, right, ..] => left.time.min(right.time),
            [_, left] => left.time,
            _ => return Turns { with: 0, until },
        };
        let second = if fault!(self.faults, TieOrder) { second.saturating_sub(1) } else { second };
        Turns { with: 0, until: until.min(second) }
    }

    /// The same for the first thread and the one that comes behind it, if these can take turns.
    #[inline]
    pub fn turns(&self, until: i64) -> Turns {
        let time = |i: usize| self.slots.get(i).map_or(i64::MAX, |slot| slot.time);
        if self.slots.len() < 2 || fault!(self.faults, TieOrder) {
            return self.alone(until);
        }
        let with = if self.slots.len() > 2 && self.later(1, 2) { 2 } else { 1 };
        let second = self.slots[with].time;
        // As long as the two go on before this, all that changes in the heap is that they change places.
        let third = time(3 - with).min(time(2 * with + 1)).min(time(2 * with + 2));
        if second < third && second <= until {
            return Turns { with, until: until.min(third - 1) };
        }
        Turns { with: 0, until: until.min(second) }
    }

    /// Writes what turns have made of a slot.
    #[inline]
    pub fn set(&mut self, i: usize, slot: Slot) {
        self.slots[i] = slot;
    }

    pub fn insert(&mut self, slot: Slot) {
        self.slots.push(slot);
        self.sift_up(self.slots.len() - 1);
    }

    /// Gives slot `i` its next event's time, or removes it if none comes any more.
    #[inline]
    pub fn change(&mut self, i: usize, to: Option<i64>) {
        match to {
            Some(time) => self.update(i, time),
            None => self.remove(i),
        }
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
    fn remove(&mut self, mut i: usize) {
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

    /// Which of two slots is earlier cannot be foreseen where many threads take turns, so nothing branches on it.
    #[inline]
    fn sift_down(&mut self, mut i: usize) {
        let Some(&moving) = self.slots.get(i) else { return };
        let last = self.slots.len() - 1;
        while 2 * i < last {
            let (left, right) = (2 * i + 1, last.min(2 * i + 2));
            let least = left + (right - left) * usize::from(self.later(left, right));
            let slot = self.slots[least];
            if !self.is_later(moving, slot) {
                break;
            }
            self.slots[i] = slot;
            i = least;
        }
        self.slots[i] = moving;
    }

    /// Sorts by time, which leaves it a heap.
    pub fn sort(&mut self, shifts: (u32, u32, u32)) {
        if !fault!(self.faults, NoSort) {
            sort(&mut self.slots, shifts, |s| s.time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every heap of up to six threads whose times are below four.
    fn heaps() -> impl Iterator<Item = Frontier> {
        (0..=6).flat_map(|n| {
            (0..4_i64.pow(n)).map(move |code| {
                let mut frontier = Frontier::new(FaultSet::default());
                for k in 0..n {
                    frontier.insert(Slot { time: code / 4_i64.pow(k) % 4, cursor: k });
                }
                frontier
            })
        })
    }

    fn is_heap(frontier: &Frontier) -> bool {
        let slots = frontier.slots();
        (1..slots.len()).all(|i| slots[(i - 1) / 2].time <= slots[i].time)
    }

    fn cursors(frontier: &Frontier) -> Vec<u32> {
        let mut cursors: Vec<u32> = frontier.slots().iter().map(|s| s.cursor).collect();
        cursors.sort_unstable();
        cursors
    }

    #[test]
    fn a_thread_goes_on_alone_until_another_comes_first() {
        for frontier in heaps() {
            let others = frontier.slots().iter().skip(1).map(|s| s.time).min().unwrap_or(i64::MAX);
            for until in 0..5 {
                let alone = frontier.alone(until);
                assert_eq!((alone.with, alone.until), (0, until.min(others)), "{frontier:?}");
            }
        }
    }

    #[test]
    fn two_threads_take_turns_until_a_third_comes_first() {
        for frontier in heaps().filter(|f| f.len() > 1) {
            let slots = frontier.slots();
            // The first of its children is taken where both are due at once.
            let with = (1..slots.len().min(3)).min_by_key(|&i| slots[i].time).unwrap();
            let rest = (1..slots.len()).filter(|&i| i != with).map(|i| slots[i].time);
            let (second, third) = (slots[with].time, rest.min().unwrap_or(i64::MAX));
            for until in 0..5 {
                let turns = frontier.turns(until);
                let expected = if second < third && second <= until {
                    (with, until.min(third - 1))
                } else {
                    (0, until.min(second))
                };
                assert_eq!((turns.with, turns.until), expected, "until {until}: {frontier:?}");
            }
        }
    }

    #[test]
    fn it_is_a_heap_after_every_change_and_keeps_its_other_threads() {
        for n in heaps().map(|f| f.slots).filter(|slots| slots.len() < 6) {
            for i in 0..n.len() {
                for to in [Some(0), Some(1), Some(3), None] {
                    let mut changed = Frontier::of(n.clone());
                    changed.change(i, to);
                    assert!(is_heap(&changed), "{i} to {to:?}: {n:?}, {changed:?}");
                    let mut expected = Frontier::of(n.clone());
                    if to.is_none() {
                        expected.slots.remove(i);
                    }
                    assert_eq!(cursors(&changed), cursors(&expected), "{i} to {to:?}: {n:?}");
                    let time = changed.slots.iter().find(|s| s.cursor == n[i].cursor).map(|s| s.time);
                    assert_eq!(time, to);
                }
            }
        }
    }

    #[test]
    fn nothing_is_left_in_one_that_is_cleared() {
        let mut frontier = Frontier::of(vec![Slot { time: 1, cursor: 0 }]);
        frontier.clear(8);
        assert!(frontier.len() == 0 && frontier.first().is_none() && frontier.slots.capacity() >= 8);
    }
}
