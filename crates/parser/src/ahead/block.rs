//! Events that were decoded ahead, as words: small, as they go from one core to another.
//!
//! An event is its place (with its type and the hand that its thread is in), its time, and two or four arguments. Between
//! events there are words that say which threads are in the hands from there on, and one at the end.

use super::State;
use crate::cursor::Arity;
use crate::event::Emitted;
use tracehound_wire::EventType;

/// Words of a block: some thousand events. A few in tests, so that small traces have many blocks.
const WORDS: usize = if cfg!(test) { 48 } else { 16 << 10 };
/// The most words of an event, and those of one with at most two arguments.
pub(crate) const EVENT_WORDS: usize = 6;
const SHORT_WORDS: usize = 4;

/// Below this a place in the data fits into an event's word.
pub(crate) const MOST_PLACES: usize = 1 << TYPE_AT;

const TYPE_AT: u32 = 40;
const TURN_AT: u32 = 48;
const LONG_AT: u32 = 49;
const LONG: u64 = 1 << LONG_AT;
/// Marks a word that begins no event.
const SPECIAL: u64 = 1 << 63;
/// Marks the last word.
const LAST: u64 = 1 << 62;
const HAND_BITS: u32 = 31;
const NO_HAND: u64 = (1 << HAND_BITS) - 1;

/// What is behind a block's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Another block.
    Continues,
    /// Nothing: no thread has another event.
    Finished,
    /// An event behind which something is that cannot be decoded.
    Fails,
}

/// Some events in a row.
pub(crate) struct Block {
    words: Box<[u64]>,
    /// Where the threads were before its first event.
    pub start: State,
    pub end: End,
    /// Which merge it belongs to.
    pub epoch: u64,
}

/// The first words of what stands at a place in a block.
#[derive(Clone, Copy)]
pub(crate) struct Words<'b>(&'b [u64; EVENT_WORDS]);

impl Words<'_> {
    /// Whether this is an event.
    #[inline(always)]
    pub fn is_event(self) -> bool {
        self.0[0] & SPECIAL == 0
    }

    /// If it is none: the cursors whose threads are in the hands from here on, of which the second may be none;
    /// `None` at the end.
    #[inline(always)]
    pub fn hands(self) -> Option<[u32; 2]> {
        let word = self.0[0];
        let cursor = |shift: u32| ((word >> shift) & NO_HAND) as u32;
        (word & LAST == 0).then(|| [cursor(0), cursor(HAND_BITS)])
    }

    /// How many words it has, if it is an event.
    #[inline(always)]
    pub fn len(self) -> usize {
        const { assert!(EVENT_WORDS - SHORT_WORDS == 2) };
        SHORT_WORDS + (self.0[0] >> (LONG_AT - 1) & 2) as usize
    }

    #[inline(always)]
    pub fn time(self) -> i64 {
        self.0[1] as i64
    }

    /// Which hand its thread is in.
    #[inline(always)]
    pub fn turn(self) -> usize {
        (self.0[0] >> TURN_AT & 1) as usize
    }

    /// Writes what [`Scan::show`](crate::cursor::Scan::show) would.
    #[inline(always)]
    pub fn show(self, base: u64, arity: Arity, out: &mut Emitted) {
        let [place, time, args @ ..] = self.0;
        out.time = *time as i64;
        out.offset = base + (place & (MOST_PLACES as u64 - 1));
        out.ty = arity.ty((place >> TYPE_AT) as u8);
        (out.args[0], out.args[1]) = (args[0], args[1]);
        if place & LONG != 0 {
            (out.args[2], out.args[3]) = (args[2], args[3]);
        }
    }
}

impl Block {
    pub fn new() -> Block {
        let words = vec![SPECIAL | LAST; WORDS + EVENT_WORDS].into();
        Block { words, start: State::default(), end: End::Continues, epoch: 0 }
    }

    /// What stands at this place.
    #[inline(always)]
    pub fn at(&self, place: usize) -> Words<'_> {
        // Behind the last word there is room for an event.
        Words(self.words[place.min(WORDS)..].first_chunk().expect("a place before the end"))
    }

    /// How many events there are before this place.
    pub fn events_before(&self, place: usize) -> usize {
        let (mut at, mut events) = (0, 0);
        while at < place {
            let words = self.at(at);
            events += usize::from(words.is_event());
            at += if words.is_event() { words.len() } else { 1 };
        }
        events
    }
}

/// Writes what an event's arguments do not tell; how many words it has.
#[inline(always)]
pub(crate) fn describe(
    words: &mut [u64; EVENT_WORDS],
    (at, time): (usize, i64),
    ty: EventType,
    turn: usize,
    long: bool,
) -> usize {
    let place = at as u64 | u64::from(ty.byte()) << TYPE_AT | (turn as u64 & 1) << TURN_AT;
    words[0] = place | if long { LONG } else { 0 };
    words[1] = time as u64;
    if long { EVENT_WORDS } else { SHORT_WORDS }
}

/// A block that is being written.
pub(super) struct Pen<'b> {
    words: &'b mut [u64; WORDS + EVENT_WORDS],
    pub len: usize,
}

impl<'b> Pen<'b> {
    pub fn new(block: &'b mut Block) -> Pen<'b> {
        Pen { words: block.words.as_mut().try_into().expect("as it was made"), len: 0 }
    }

    /// Whether there is room for an event and the words around it.
    #[inline(always)]
    pub fn has_room(&self) -> bool {
        self.len + EVENT_WORDS + 2 < WORDS
    }

    #[inline(always)]
    pub fn hands(&mut self, cursors: [u32; 2]) {
        let [first, second] = cursors.map(|c| u64::from(c) & NO_HAND);
        self.words[self.len] = SPECIAL | first | second << HAND_BITS;
        self.len += 1;
    }

    /// Room for an event behind what is there.
    #[inline(always)]
    pub fn room(&mut self) -> &mut [u64; EVENT_WORDS] {
        self.words[self.len.min(WORDS)..].first_chunk_mut().expect("room for an event")
    }

    /// Writes the end.
    pub fn close(self) {
        self.words[self.len] = SPECIAL | LAST;
    }
}
