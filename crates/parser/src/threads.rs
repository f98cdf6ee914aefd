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
#[derive(Debug)]
pub(crate) struct Threads {
    by_id: FxHashMap<i64, u32>,
    /// Up to date but for those at hand.
    list: Vec<Thread>,
    last: Option<(i64, u32)>,
    /// The threads whose events are tried in turn, taken out of the list as nearly every rule asks for them.
    hands: [Thread; 2],
    /// Their places; [`NONE`] for a hand that is empty.
    places: [u32; 2],
    /// Whose turn it is.
    turn: usize,
}

impl Thread {
    /// Thread `m`, which has nothing.
    const fn new(m: i64) -> Thread {
        Thread { m, p: -1, g: -1, p_slot: NONE, g_slot: NONE, known: false, stream: NONE, stamp: 0 }
    }

    /// Binds P `p` (at `slot`) to it; lost if it is none.
    #[inline(always)]
    pub fn bind_p(&mut self, p: i64, slot: u32) {
        if self.m != -1 {
            (self.p, self.p_slot) = (p, slot);
        }
    }

    /// Binds goroutine `g` (at `slot`) to it; lost if it is none.
    #[inline(always)]
    pub fn bind_g(&mut self, g: i64, slot: u32) {
        if self.m != -1 {
            (self.g, self.g_slot) = (g, slot);
        }
    }
}

impl Default for Threads {
    fn default() -> Threads {
        Threads {
            by_id: FxHashMap::default(),
            list: Vec::new(),
            last: None,
            hands: [Thread::new(-1); 2],
            places: [NONE; 2],
            turn: 0,
        }
    }
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
            self.list.push(Thread::new(m));
        }
        self.last = Some((m, at));
        at
    }

    /// The place of a thread that the ordering knows.
    pub fn find_known(&self, m: i64) -> Option<u32> {
        self.by_id.get(&m).copied().filter(|&at| self.is_known(at))
    }

    /// Whether the ordering knows the thread at this place. There is none without a number, -1, of which nothing is kept.
    pub fn is_known(&self, at: u32) -> bool {
        let thread = self.get(at);
        thread.known && thread.m != -1
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        self.list.len() as u32
    }

    /// Takes the thread at this place into one of two hands.
    #[inline]
    pub fn take_to_hand(&mut self, hand: usize, at: u32) {
        let (hand, other) = (hand & 1, !hand & 1);
        if at == self.places[hand] {
            return;
        }
        self.put_away(hand);
        if at == self.places[other] {
            self.put_away(other);
            self.places[other] = NONE;
        }
        (self.hands[hand], self.places[hand]) = (self.list[at as usize], at);
    }

    #[inline(always)]
    fn put_away(&mut self, hand: usize) {
        if let Some(thread) = self.list.get_mut(self.places[hand] as usize) {
            *thread = self.hands[hand];
        }
    }

    /// It is the turn of the thread in this hand, which is known from now on.
    #[inline(always)]
    pub fn give_turn(&mut self, hand: usize) {
        self.turn = hand & 1;
        self.own_mut().known = true;
    }

    /// The thread whose turn it is.
    #[inline(always)]
    pub fn own(&self) -> &Thread {
        &self.hands[self.turn & 1]
    }

    /// The thread whose turn it is.
    #[inline(always)]
    pub fn own_mut(&mut self) -> &mut Thread {
        &mut self.hands[self.turn & 1]
    }

    /// The place of the thread whose turn it is.
    #[inline(always)]
    pub fn own_place(&self) -> u32 {
        self.places[self.turn & 1]
    }

    pub fn get(&self, at: u32) -> &Thread {
        match self.places {
            [first, _] if first == at => &self.hands[0],
            [_, second] if second == at => &self.hands[1],
            _ => &self.list[at as usize],
        }
    }

    pub fn get_mut(&mut self, at: u32) -> &mut Thread {
        match self.places {
            [first, _] if first == at => &mut self.hands[0],
            [_, second] if second == at => &mut self.hands[1],
            _ => &mut self.list[at as usize],
        }
    }
}
