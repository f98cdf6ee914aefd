//! A thread's place in its stream of events: decodes one event ahead, in place.

use crate::ahead::{EVENT_WORDS, describe};
use crate::bits::{Nth, Pext, Work, gather, nth_one, number_ends, perform, up_to_lowest};
use crate::clock::Clock;
use crate::event::Emitted;
use crate::generation::BatchSpan;
use crate::input::Input;
use crate::release::Switches;
use std::hint::select_unpredictable;
use tracehound_wire::event::TYPE_RANGE;
use tracehound_wire::{EventType, RejectRule, varint};

/// A thread's next event and what follows it. There may be millions of these, so it is
/// kept small: what the event is and its arguments are decoded from the data when it is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    /// The next event's time in ns.
    pub time: i64,
    /// Where in the data it begins.
    pub at: usize,
    /// The thread's place.
    pub thread: u32,
    /// The current batch.
    batch: u32,
    /// Bytes of the next event, and of the rest of its batch behind it.
    len: u32,
    rest: u32,
}

/// An event that cannot be decoded.
pub(crate) struct DecodeError {
    pub rule: RejectRule,
    pub at: usize,
    pub message: String,
    pub ty: Option<EventType>,
}

/// Marks in a [`Row`] of a byte that begins no event of a thread, and why.
const UNTIMED: u8 = 0xff;
const OUT_OF_RANGE: u8 = 0xfe;

/// What a type byte means: the type, and its number of arguments or a mark.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// How many numbers are behind the type byte, arguments and the time delta, as [`nth_one`] has it.
    numbers: Nth,
    /// Anything for a byte that begins no event.
    ty: EventType,
    /// How many arguments, or a mark.
    n: u8,
}

/// What the type bytes mean in the followed release.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arity(&'static [Row; 256]);

static GO_122: [Row; 256] = rows(45, false);
static GO_123: [Row; 256] = rows(TYPE_RANGE, false);
static GO_125: [Row; 256] = rows(TYPE_RANGE, true);

const fn rows(type_range: u8, knows_clock_snapshot: bool) -> [Row; 256] {
    let mut table = [Row { numbers: Nth::NONE, ty: EventType::Sync, n: OUT_OF_RANGE }; 256];
    let mut byte = 0;
    while byte < type_range {
        table[byte as usize].n = UNTIMED;
        if let Some(ty) = EventType::from_byte(byte)
            && ty.spec().timed
            && (knows_clock_snapshot || !matches!(ty, EventType::ClockSnapshot))
        {
            let n = ty.arg_count() as u8;
            table[byte as usize] = Row { numbers: Nth::new(n + 1), ty, n };
        }
        byte += 1;
    }
    table
}

impl Arity {
    /// The table of the release with these switches.
    pub fn new(sw: &Switches) -> Arity {
        Arity(match (sw.type_range, sw.knows_clock_snapshot) {
            (..TYPE_RANGE, _) => &GO_122,
            (_, false) => &GO_123,
            (_, true) => &GO_125,
        })
    }
}

impl Arity {
    /// The type of an event that begins with this byte.
    #[inline(always)]
    pub fn ty(self, byte: u8) -> EventType {
        self.0[usize::from(byte)].ty
    }
}

/// Bytes of a type and of numbers that fill a word.
const WORD_EVENT: usize = 9;

impl Cursor {
    /// A cursor before the first event of a stream that begins with batch `head`.
    pub fn new(thread: u32, head: u32, batches: &[BatchSpan]) -> Cursor {
        let (at, rest) = batches.get(head as usize).map_or((0, 0), |b| (b.start, b.len));
        Cursor { time: 0, at, thread, batch: head, len: 0, rest }
    }

    /// Finds the next event, its time and its end, and makes sure that its arguments can be
    /// decoded; false if there is none.
    pub fn advance(&mut self, ground: &Ground<'_>, batches: &[BatchSpan]) -> Result<bool, Box<DecodeError>> {
        let mut scan = self.scan();
        if scan.next::<false>(ground, self.end()) {
            self.settle(&scan);
            return Ok(true);
        }
        self.advance_slowly(ground, batches)
    }

    /// The next event.
    #[inline(always)]
    pub fn scan(&self) -> Scan {
        Scan { at: self.at, behind: self.at + self.len as usize, time: self.time }
    }

    /// Where the batch ends.
    #[inline(always)]
    pub fn end(&self) -> usize {
        self.at + self.len as usize + self.rest as usize
    }

    /// Makes the event where the scan of the same batch is the next one.
    #[inline(always)]
    pub fn settle(&mut self, scan: &Scan) {
        self.rest = (self.end() - scan.behind) as u32;
        self.len = (scan.behind - scan.at) as u32;
        (self.time, self.at) = (scan.time, scan.at);
    }

    /// The next event's type; Sync, which no event of a thread has, if there is none.
    pub fn ty(&self, data: &[u8]) -> EventType {
        data.get(self.at).copied().and_then(EventType::from_byte).unwrap_or(EventType::Sync)
    }

    /// Decodes the next event, as [`Scan::show`] does.
    pub fn show(&self, ground: &Ground<'_>, pext: Pext, out: &mut Emitted) {
        perform(Show { cursor: self, ground, out }, pext);
    }

    /// All of the next event's arguments; 0 for those that it has not.
    pub fn all_args(&self, data: &[u8]) -> [u64; 4] {
        let n = self.ty(data).arg_count();
        data.get(self.at..).map_or([0; 4], |event| args_of(event, n.min(4)))
    }

    /// What [`advance`](Cursor::advance) does, for every event, also the first of a batch, and for what is none.
    #[inline(never)]
    fn advance_slowly(&mut self, ground: &Ground<'_>, batches: &[BatchSpan]) -> Result<bool, Box<DecodeError>> {
        let &Ground { data, clock, arity, .. } = ground;
        // The time of the event before in the batch; 0 also means that there is none, as in Go.
        let mut last = self.time;
        let mut at = self.at + self.len as usize;
        if self.rest == 0 {
            let Some(batch) = batches.get(self.batch as usize).and_then(|b| batches.get(b.next as usize)) else {
                return Ok(false);
            };
            self.batch = batches[self.batch as usize].next;
            at = batch.start;
            self.rest = batch.len;
            last = 0;
        }
        if last == 0 {
            last = clock.ns(batches[self.batch as usize].ts);
        }
        let body = &data[at..at + self.rest as usize];
        let byte = body[0];
        let Row { ty, n, .. } = arity.0[usize::from(byte)];
        if n >= OUT_OF_RANGE {
            return Err(undecodable(n, byte, at));
        }
        let Ok((dt, len)) = varint::read(&body[1..]) else {
            return Err(bad_number(ty, None, at));
        };
        let mut used = 1 + len;
        for i in 0..usize::from(n) {
            let Ok((_, len)) = varint::read(&body[used..]) else {
                return Err(bad_number(ty, Some(i), at));
            };
            used += len;
        }
        self.at = at;
        self.len = used as u32;
        self.rest -= used as u32;
        self.time = clock.ns(dt).wrapping_add(last);
        Ok(true)
    }
}

/// The `n` arguments, at most four, of an event that can be decoded.
fn args_of(event: &[u8], n: usize) -> [u64; 4] {
    let mut args = [0; 4];
    let mut rest = event.get(1..).unwrap_or_default();
    let mut number = || {
        let (value, len) = varint::read(rest).ok()?;
        rest = &rest[len..];
        Some(value)
    };
    number();
    args[..n].fill_with(|| number().unwrap_or(0));
    args
}

/// What all cursors of a generation go over, and how to read it.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'d> {
    pub data: &'d [u8],
    /// Where the data begins in the file.
    pub base: u64,
    pub clock: &'d Clock,
    pub arity: Arity,
}

impl<'d> Ground<'d> {
    /// What is in memory of the input.
    #[inline(always)]
    pub fn of(input: &'d Input<'_>, clock: &'d Clock, arity: Arity) -> Ground<'d> {
        Ground { data: input.data(), base: input.offset(0), clock, arity }
    }
}

/// A place in a batch, on the way from event to event.
#[derive(Clone, Copy)]
pub(crate) struct Scan {
    /// Where in the data the event is, and where what is behind it.
    at: usize,
    behind: usize,
    time: i64,
}

/// An event whose numbers fit into a word, as those of nearly all do.
#[derive(Clone, Copy)]
struct WordEvent {
    row: &'static Row,
    word: u64,
    /// Where its numbers end.
    ends: u64,
}

impl WordEvent {
    /// The one at this place in the data, whose batch may end before; `None` for others, and where there are
    /// not enough bytes.
    ///
    /// No branch depends on the lengths of the numbers, as such branches are mispredicted more often
    /// than all others.
    #[inline(always)]
    fn of<const PEXT: bool>(ground: &Ground<'_>, at: usize) -> Option<WordEvent> {
        let &[byte, ref word @ ..] = ground.data.get(at..at + WORD_EVENT)?.first_chunk::<WORD_EVENT>()?;
        let word = u64::from_le_bytes(*word);
        let event = WordEvent { row: &ground.arity.0[usize::from(byte)], word, ends: number_ends(word) };
        (event.end::<PEXT>() != 0).then_some(event)
    }

    /// A word with a one in the last byte of the last number; 0 if that is not in the word.
    #[inline(always)]
    fn end<const PEXT: bool>(&self) -> u64 {
        nth_one::<PEXT>(self.ends, self.row.numbers)
    }

    /// How many bytes the event has.
    #[inline(always)]
    fn len<const PEXT: bool>(&self) -> usize {
        (self.end::<PEXT>().trailing_zeros() / 8 + 2) as usize
    }

    /// The time delta.
    #[inline(always)]
    fn dt<const PEXT: bool>(&self) -> u64 {
        gather::<PEXT>(self.word & up_to_lowest(self.ends))
    }
}

impl Scan {
    /// No place, behind all that is.
    pub const NOWHERE: Scan = Scan { at: 0, behind: 0, time: i64::MAX };

    /// The event's time.
    #[inline(always)]
    pub fn time(&self) -> i64 {
        self.time
    }

    /// One of two, without a branch: which one cannot be foreseen.
    #[inline(always)]
    pub fn choose(first: bool, a: &Scan, b: &Scan) -> Scan {
        Scan {
            at: select_unpredictable(first, a.at, b.at),
            behind: select_unpredictable(first, a.behind, b.behind),
            time: select_unpredictable(first, a.time, b.time),
        }
    }

    /// Writes the event's time, place, type and arguments, behind which there may be anything.
    #[inline(always)]
    pub fn show<const PEXT: bool>(&self, ground: &Ground<'_>, out: &mut Emitted) {
        (out.time, out.offset) = (self.time, ground.base + self.at as u64);
        let Some(WordEvent { row, word, ends }) = WordEvent::of::<PEXT>(ground, self.at) else {
            (out.ty, out.args) = self.show_one_by_one(ground);
            return;
        };
        out.ty = row.ty;
        let mut numbers = Numbers { word, ends };
        (out.args[0], out.args[1]) = (numbers.next::<PEXT>(), numbers.next::<PEXT>());
        if row.n > 2 {
            (out.args[2], out.args[3]) = (numbers.next::<PEXT>(), numbers.next::<PEXT>());
        }
    }

    /// Writes the same as words, for a reader that knows in which hand the thread is; how many.
    #[inline(always)]
    pub fn record<const PEXT: bool>(&self, ground: &Ground<'_>, turn: usize, out: &mut [u64; EVENT_WORDS]) -> usize {
        let place = (self.at, self.time);
        let Some(WordEvent { row, word, ends }) = WordEvent::of::<PEXT>(ground, self.at) else {
            let (ty, args) = self.show_one_by_one(ground);
            out[2..].copy_from_slice(&args);
            return describe(out, place, ty, turn, true);
        };
        let mut numbers = Numbers { word, ends };
        (out[2], out[3]) = (numbers.next::<PEXT>(), numbers.next::<PEXT>());
        let long = row.n > 2;
        if long {
            (out[4], out[5]) = (numbers.next::<PEXT>(), numbers.next::<PEXT>());
        }
        describe(out, place, row.ty, turn, long)
    }

    #[cold]
    #[inline(never)]
    fn show_one_by_one(&self, ground: &Ground<'_>) -> (EventType, [u64; 4]) {
        let event = &ground.data[self.at..self.behind];
        let row = &ground.arity.0[event.first().map_or(0, |&byte| usize::from(byte))];
        (row.ty, args_of(event, usize::from(row.n).min(4)))
    }

    /// Goes on to the next event of the batch, which ends at `end`. False, and nothing done, at its end, for what cannot
    /// be decoded, and behind a time of 0, where times mean something else.
    #[inline(always)]
    pub fn next<const PEXT: bool>(&mut self, ground: &Ground<'_>, end: usize) -> bool {
        let at = self.behind;
        let (mut dt, mut behind) = (0, usize::MAX);
        if let Some(event) = WordEvent::of::<PEXT>(ground, at) {
            (dt, behind) = (event.dt::<PEXT>(), at + event.len::<PEXT>());
        }
        if behind > end {
            match measure_one_by_one(&ground.data[at..end], ground.arity) {
                Some((slow, len)) => (dt, behind) = (slow, at + len),
                None => return false,
            }
        }
        if self.time == 0 {
            return false;
        }
        *self = Scan { at, behind, time: ground.clock.ns(dt).wrapping_add(self.time) };
        true
    }
}

/// The time delta and the number of bytes of the event that the bytes begin with; `None` for what is none.
#[cold]
#[inline(never)]
fn measure_one_by_one(bytes: &[u8], arity: Arity) -> Option<(u64, usize)> {
    let (&byte, mut rest) = bytes.split_first()?;
    let row = &arity.0[usize::from(byte)];
    if row.n >= OUT_OF_RANGE {
        return None;
    }
    let mut number = || {
        let (value, len) = varint::read(rest).ok()?;
        rest = &rest[len..];
        Some(value)
    };
    let dt = number()?;
    for _ in 0..row.n {
        number()?;
    }
    Some((dt, bytes.len() - rest.len()))
}

/// The numbers in a word, on the way from one to the next.
struct Numbers {
    word: u64,
    /// The high bits of the last bytes, from the one of the number before on.
    ends: u64,
}

impl Numbers {
    /// The one behind the number before; the word's second one at first.
    #[inline(always)]
    fn next<const PEXT: bool>(&mut self) -> u64 {
        let from = self.ends.trailing_zeros() + 1;
        self.ends &= self.ends.wrapping_sub(1);
        gather::<PEXT>((self.word & up_to_lowest(self.ends)) >> (from & 63))
    }
}

/// [`Cursor::show`].
struct Show<'s, 'd> {
    cursor: &'s Cursor,
    ground: &'s Ground<'d>,
    out: &'s mut Emitted,
}

impl Work for Show<'_, '_> {
    type Out = ();
    #[inline(always)]
    fn run<const PEXT: bool>(self) {
        self.cursor.scan().show::<PEXT>(self.ground, self.out);
    }
}

#[cold]
fn undecodable(n: u8, byte: u8, at: usize) -> Box<DecodeError> {
    let ty = EventType::from_byte(byte);
    let (rule, message) = match (n, ty) {
        (OUT_OF_RANGE, _) => (
            RejectRule::EventTypeRange,
            format!("expected an event, found byte {byte}, which is beyond the event table"),
        ),
        (_, Some(ty)) => {
            (RejectRule::EventUntimed, format!("expected an event with a time, found {ty} in a thread's stream"))
        }
        (_, None) => (
            RejectRule::EventUntimed,
            format!("expected an event with a time, found byte {byte}, which names no event"),
        ),
    };
    Box::new(DecodeError { rule, at, message, ty })
}

#[cold]
fn bad_number(ty: EventType, arg: Option<usize>, at: usize) -> Box<DecodeError> {
    let (rule, what) = match arg {
        None => (RejectRule::EventDtVarint, "time delta"),
        Some(i) => (RejectRule::EventArgVarint, ty.spec().args[i].0),
    };
    let message = format!("expected {ty}'s {what}, but the batch ends inside it or it has more than 64 bits");
    Box::new(DecodeError { rule, at, message, ty: Some(ty) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultSet;

    /// Whether there is an event behind that of a cursor, which it goes on to then.
    struct Next<'s, 'd>(&'s mut Scan, &'s Ground<'d>, usize);

    impl Work for Next<'_, '_> {
        type Out = bool;
        #[inline(always)]
        fn run<const PEXT: bool>(self) -> bool {
            self.0.next::<PEXT>(self.1, self.2)
        }
    }

    fn fields(c: &Cursor) -> (i64, usize, u32, u32) {
        (c.time, c.at, c.len, c.rest)
    }

    #[test]
    fn words_and_single_numbers_decode_the_same() {
        let mut state = 7u64;
        let mut random = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as u32
        };
        let clock = Clock::new(15_625_000, FaultSet::default());
        let mut in_words = 0;
        for round in 0..40_000u32 {
            let mut data = [0u8; 32];
            data[..2].copy_from_slice(&[EventType::ProcStop.byte(), 1]);
            data[2] = [10, 16, 19, 21, 23, 25, 48, 44, 51, 3, 200][random() as usize % 11];
            for b in &mut data[3..] {
                *b = random() as u8 & 0x7f | if random() % 4 < round % 4 { 0x80 } else { 0 };
            }
            let rest = 1 + random() % 30;
            let batch = BatchSpan { start: 0, ts: 5, len: 2 + rest, next: u32::MAX };
            let cursor = Cursor { time: 1000, len: 2, rest, ..Cursor::new(0, 0, &[batch]) };
            let ground = Ground { data: &data, base: 0, clock: &clock, arity: Arity(&GO_125) };
            let mut one_by_one = cursor;
            let expected = one_by_one.advance_slowly(&ground, &[batch]).is_ok_and(|found| found);
            in_words +=
                u32::from(WordEvent::of::<false>(&ground, 2).is_some_and(|e| e.len::<false>() <= rest as usize));
            for pext in [Pext::detect(), Pext::NO] {
                let mut found = cursor;
                let mut scan = found.scan();
                assert_eq!(perform(Next(&mut scan, &ground, cursor.end()), pext), expected, "{data:x?}");
                if !expected {
                    continue;
                }
                found.settle(&scan);
                assert_eq!(fields(&found), fields(&one_by_one), "{data:x?}");
                let mut next = Emitted::EMPTY;
                found.show(&ground, pext, &mut next);
                assert_eq!((next.time, next.offset), (found.time, found.at as u64), "{data:x?}");
                assert_eq!(next.ty, one_by_one.ty(&data), "{data:x?}");
                let args = next.ty.arg_count();
                assert_eq!(next.args[..args], one_by_one.all_args(&data)[..args], "{data:x?}");
            }
        }
        assert!(in_words > 10_000, "{in_words}");
    }
}
