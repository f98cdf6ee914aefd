//! Two threads that take turns, or one alone.
//!
//! Where two Ms run at once, which of them is next cannot be foreseen, and a processor that guesses loses more time than
//! an event takes. So nothing here branches on it: both threads' places are at hand, and change places by selection.
//! It knows nothing of what events mean.

use crate::cursor::{Cursor, Ground, Scan};
use crate::frontier::{Frontier, Slot};
use crate::threads::{NONE, Threads};

/// The threads' places in their batches. The one whose turn it is has the frontier's first slot in the end.
pub(crate) struct Pair {
    pub own: Scan,
    other: Scan,
    /// 0 or 1: whose turn it is, in what follows and in the ordering's hands.
    pub turn: usize,
    pub cursors: [u32; 2],
    /// Where their batches end.
    ends: [usize; 2],
    /// The other one's slot in the frontier; 0 if there is none.
    slot: usize,
}

/// Whether it has been worth while to take two threads to hand: where three and more take turns at every event it is not.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Habit {
    /// Short runs of two threads, one after the other.
    short: u8,
    /// For how many runs a thread goes alone.
    alone: u8,
}

/// Below so many events a run of two threads costs more than it saves.
const SHORT: usize = 6;
/// After so many short ones threads go alone, and for how many runs.
const TOO_MANY: u8 = 8;
const ALONE: u8 = 250;

impl Habit {
    /// Whether the next run is to be one of two threads.
    #[inline(always)]
    pub fn is_for_two(&mut self) -> bool {
        let two = self.alone == 0;
        self.alone -= u8::from(!two);
        two
    }

    /// A run of two threads had so many events.
    #[inline(always)]
    pub fn had(&mut self, events: usize) {
        self.short = if events < SHORT { self.short + 1 } else { 0 };
        if self.short == TOO_MANY {
            *self = Habit { short: TOO_MANY / 2, alone: ALONE };
        }
    }
}

impl Pair {
    /// The thread of this cursor, which is next, and the one of slot `with` if that is not 0.
    #[inline(always)]
    pub fn begin(cursor: u32, with: usize, frontier: &Frontier, cursors: &[Cursor]) -> Pair {
        let first = &cursors[cursor as usize];
        let mut pair = Pair {
            own: first.scan(),
            other: Scan::NOWHERE,
            turn: 0,
            cursors: [cursor, NONE],
            ends: [first.end(), 0],
            slot: with,
        };
        if with != 0 {
            let cursor = frontier.get(with).cursor;
            let second = &cursors[cursor as usize];
            (pair.other, pair.cursors[1], pair.ends[1]) = (second.scan(), cursor, second.end());
        }
        pair
    }

    /// Takes the threads to hand.
    #[inline(always)]
    pub fn take_to_hand(&self, cursors: &[Cursor], threads: &mut Threads) {
        take_to_hand(self.cursors, cursors, threads);
    }

    /// The cursor of the thread whose turn it is.
    #[inline(always)]
    pub fn cursor(&self) -> u32 {
        self.cursors[self.turn & 1]
    }

    /// Decodes the next event of the thread whose turn it is, if [`Scan::next`] can.
    #[inline(always)]
    pub fn next<const PEXT: bool>(&mut self, ground: &Ground<'_>) -> bool {
        self.own.next::<PEXT>(ground, self.ends[self.turn & 1])
    }

    /// It is the turn of the one whose event comes first.
    #[inline(always)]
    pub fn take_turns(&mut self) {
        let same = self.own.time() <= self.other.time();
        let own = Scan::choose(same, &self.own, &self.other);
        self.other = Scan::choose(same, &self.other, &self.own);
        self.own = own;
        self.turn ^= usize::from(!same);
    }

    /// Writes where the threads are to their cursors, and their times to the frontier.
    #[inline(always)]
    pub fn settle(&self, frontier: &mut Frontier, cursors: &mut [Cursor]) {
        let mut settle = |cursor: u32, scan: &Scan, slot| {
            cursors[cursor as usize].settle(scan);
            frontier.set(slot, Slot { time: scan.time(), cursor });
        };
        settle(self.cursor(), &self.own, 0);
        if self.slot != 0 {
            settle(self.cursors[!self.turn & 1], &self.other, self.slot);
        }
    }
}

/// Takes the threads of these cursors to hand, of which the second one may be none.
#[inline(always)]
pub(crate) fn take_to_hand([first, second]: [u32; 2], cursors: &[Cursor], threads: &mut Threads) {
    threads.take_to_hand(0, cursors[first as usize].thread);
    if let Some(second) = cursors.get(second as usize) {
        threads.take_to_hand(1, second.thread);
    }
}
