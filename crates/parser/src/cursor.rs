//! A thread's place in its stream of events: decodes one event ahead, in place.

use crate::bits::gather;
use crate::clock::Clock;
use crate::generation::BatchSpan;
use crate::release::Switches;
use tracehound_wire::event::TYPE_RANGE;
use tracehound_wire::{EventType, RejectRule, varint};

/// A thread's next event and what follows it. There may be millions of these, so it is
/// kept small: the event's arguments are decoded from the data when it is tried.
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
    /// The next event's type.
    pub ty: EventType,
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
    /// The number of numbers behind the type byte (arguments and the time delta) in each
    /// byte; 0 for a byte that begins no event.
    numbers: u64,
    ty: Option<EventType>,
    n: u8,
}

/// What the type bytes mean in the followed release.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arity(&'static [Row; 256]);

static GO_122: [Row; 256] = rows(45, false);
static GO_123: [Row; 256] = rows(TYPE_RANGE, false);
static GO_125: [Row; 256] = rows(TYPE_RANGE, true);

const fn rows(type_range: u8, knows_clock_snapshot: bool) -> [Row; 256] {
    let mut table = [Row { numbers: 0, ty: None, n: OUT_OF_RANGE }; 256];
    let mut byte = 0;
    while byte < type_range {
        table[byte as usize].n = UNTIMED;
        if let Some(ty) = EventType::from_byte(byte)
            && ty.spec().timed
            && (knows_clock_snapshot || !matches!(ty, EventType::ClockSnapshot))
        {
            let n = ty.spec().args.len() as u8;
            table[byte as usize] = Row { numbers: EACH_BYTE * (n as u64 + 1), ty: Some(ty), n };
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

/// A one in each byte of a word, and the high bit of each.
const EACH_BYTE: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x80 * EACH_BYTE;
/// Bytes of a type and of numbers that fill a word.
const WORD_EVENT: u32 = 9;

impl Cursor {
    /// A cursor before the first event of a stream that begins with batch `head`.
    pub fn new(thread: u32, head: u32, batches: &[BatchSpan]) -> Cursor {
        let (at, rest) = batches.get(head as usize).map_or((0, 0), |b| (b.start, b.len));
        Cursor { time: 0, at, thread, batch: head, len: 0, rest, ty: EventType::ProcStop }
    }

    /// Finds the next event, its time and its end, and makes sure that its arguments can be
    /// decoded; false if there is none.
    pub fn advance(
        &mut self,
        data: &[u8],
        batches: &[BatchSpan],
        clock: &Clock,
        arity: Arity,
    ) -> Result<bool, Box<DecodeError>> {
        if self.advance_in_word::<false>(data, clock, arity) {
            return Ok(true);
        }
        self.advance_slowly(data, batches, clock, arity)
    }

    /// The same for an event that is not the first of its batch and whose numbers fit into a
    /// word, as those of nearly all do; false, and nothing done, for others.
    ///
    /// No branch depends on the lengths of the numbers, as such branches are mispredicted
    /// more often than all others.
    #[inline(always)]
    pub fn advance_in_word<const PEXT: bool>(&mut self, data: &[u8], clock: &Clock, arity: Arity) -> bool {
        let at = self.at + self.len as usize;
        let Some(&[byte, ref word @ ..]) = data.get(at..).and_then(|d| d.first_chunk::<9>()) else { return false };
        let word = u64::from_le_bytes(*word);
        let row = &arity.0[usize::from(byte)];
        let ends = !word & HIGH_BITS;
        // In each byte how many numbers have ended; then the high bit where enough have.
        let ended = (ends >> 7).wrapping_mul(EACH_BYTE);
        let complete = (ended | HIGH_BITS).wrapping_sub(row.numbers) & HIGH_BITS;
        let len = complete.trailing_zeros() / 8 + 2;
        let Some(ty) = row.ty else { return false };
        if complete == 0 || len > self.rest || self.time == 0 {
            return false;
        }
        let dt = gather::<PEXT>(word & up_to_lowest(ends));
        self.ty = ty;
        self.at = at;
        self.len = len;
        self.rest -= len;
        self.time = clock.ns(dt).wrapping_add(self.time);
        true
    }

    /// The same for every event: the first of a batch, with long numbers, at the data's end.
    #[inline(never)]
    fn advance_slowly(
        &mut self,
        data: &[u8],
        batches: &[BatchSpan],
        clock: &Clock,
        arity: Arity,
    ) -> Result<bool, Box<DecodeError>> {
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
        let Some(ty) = ty else { return Err(undecodable(n, byte, at)) };
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
        self.ty = ty;
        self.at = at;
        self.len = used as u32;
        self.rest -= used as u32;
        self.time = clock.ns(dt).wrapping_add(last);
        Ok(true)
    }

    /// Decodes the next event's first `N` arguments, which must not be more than it has.
    #[inline(always)]
    pub fn args<const N: usize, const PEXT: bool>(&self, data: &[u8], out: &mut [u64; 4]) {
        if N == 0 {
            return;
        }
        if self.len <= WORD_EVENT
            && let Some(chunk) = data.get(self.at + 1..).and_then(|d| d.first_chunk::<8>())
        {
            let word = u64::from_le_bytes(*chunk);
            let mut ends = !word & HIGH_BITS;
            for arg in &mut out[..N] {
                let from = ends.trailing_zeros() + 1;
                ends &= ends.wrapping_sub(1);
                *arg = gather::<PEXT>((word & up_to_lowest(ends)) >> (from & 63));
            }
        } else {
            self.args_slowly(data, &mut out[..N]);
        }
    }

    #[inline(never)]
    fn args_slowly(&self, data: &[u8], out: &mut [u64]) {
        let body = &data[self.at..self.at + self.len as usize];
        let mut used = 1 + varint::read(&body[1..]).map_or(0, |(_, len)| len);
        for arg in out {
            let (value, len) = varint::read(&body[used..]).unwrap_or((0, 0));
            *arg = value;
            used += len;
        }
    }

    /// All of the next event's arguments; 0 for those that it has not.
    pub fn all_args(&self, data: &[u8]) -> [u64; 4] {
        let mut args = [0; 4];
        self.args_slowly(data, &mut args[..self.ty.spec().args.len()]);
        args
    }
}

/// The bits of `word` up to its lowest one, and that one.
#[inline(always)]
fn up_to_lowest(word: u64) -> u64 {
    word ^ word.wrapping_sub(1)
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
    use crate::bits::{Pext, Work, perform};
    use crate::fault::FaultSet;

    /// The next event of `cursor`, all its arguments behind its time: by words, or one by one.
    struct Decode<'d> {
        cursor: Cursor,
        data: &'d [u8],
        clock: Clock,
    }

    impl Work for Decode<'_> {
        type Out = Option<(Cursor, [u64; 4])>;
        #[inline(always)]
        fn run<const PEXT: bool>(mut self) -> Self::Out {
            let mut args = [0; 4];
            self.cursor.advance_in_word::<PEXT>(self.data, &self.clock, Arity(&GO_125)).then(|| {
                match self.cursor.ty.spec().args.len() {
                    0 => {}
                    1 => self.cursor.args::<1, PEXT>(self.data, &mut args),
                    2 => self.cursor.args::<2, PEXT>(self.data, &mut args),
                    3 => self.cursor.args::<3, PEXT>(self.data, &mut args),
                    _ => self.cursor.args::<4, PEXT>(self.data, &mut args),
                }
                (self.cursor, args)
            })
        }
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
            let mut data = [0u8; 24];
            data[0] = [10, 16, 19, 21, 23, 25, 48, 44, 51, 3, 200][random() as usize % 11];
            for b in &mut data[1..] {
                *b = random() as u8 & 0x7f | if random() % 4 < round % 4 { 0x80 } else { 0 };
            }
            let batch = BatchSpan { start: 0, ts: 5, len: 1 + random() % 24, next: u32::MAX };
            let cursor = Cursor { time: 1000, ..Cursor::new(0, 0, &[batch]) };
            let mut one_by_one = cursor;
            let expected = one_by_one.advance_slowly(&data, &[batch], &clock, Arity(&GO_125)).is_ok_and(|found| found);
            for pext in [Pext::detect(), Pext::NO] {
                let Some((found, args)) = perform(Decode { cursor, data: &data, clock }, pext) else { continue };
                in_words += 1;
                assert!(expected, "{data:x?}");
                let fields = |c: &Cursor| (c.time, c.at, c.len, c.rest, c.ty);
                assert_eq!(fields(&found), fields(&one_by_one), "{data:x?}");
                assert_eq!(args, one_by_one.all_args(&data), "{data:x?}");
            }
        }
        assert!(in_words > 10_000, "{in_words}");
    }
}
