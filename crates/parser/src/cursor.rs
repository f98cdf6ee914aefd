//! A thread's place in its stream of events: decodes one event ahead, in place.

use crate::bits::{Nth, Pext, Work, gather, nth_one, perform};
use crate::clock::Clock;
use crate::event::Emitted;
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
            let n = ty.spec().args.len() as u8;
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

/// The high bit of each byte of a word.
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
/// Bytes of a type and of numbers that fill a word.
const WORD_EVENT: usize = 9;

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
        let mut scan = self.scan(data, 0, clock, arity);
        let mut next = Emitted::EMPTY;
        if scan.next::<false>(&mut next) {
            self.settle(&scan, &next);
            return Ok(true);
        }
        self.advance_slowly(data, batches, clock, arity)
    }

    /// What is behind the next event; the data begins at `base` in the file.
    #[inline(always)]
    pub fn scan<'d>(&self, data: &'d [u8], base: u64, clock: &Clock, arity: Arity) -> Scan<'d> {
        let at = self.at + self.len as usize;
        let rest = &data[at..][..self.rest as usize];
        Scan { base, end: base + (at + rest.len()) as u64, rest, time: self.time, clock: *clock, arity }
    }

    /// Makes the event that was decoded last the next one.
    #[inline(always)]
    pub fn settle(&mut self, scan: &Scan<'_>, last: &Emitted) {
        self.time = scan.time;
        self.at = (last.offset - scan.base) as usize;
        self.len = (scan.end - last.offset) as u32 - scan.rest.len() as u32;
        self.rest = scan.rest.len() as u32;
        self.ty = last.ty;
    }

    /// Decodes the next event as [`Scan::next`] does those behind it.
    pub fn show(&self, data: &[u8], base: u64, pext: Pext, out: &mut Emitted) {
        perform(Show { cursor: self, data, base, out }, pext);
    }

    /// The same, where the choice has been made.
    #[inline(always)]
    pub fn show_with<const PEXT: bool>(&self, data: &[u8], base: u64, out: &mut Emitted) {
        (out.time, out.offset, out.ty) = (self.time, base + self.at as u64, self.ty);
        out.args = match data[self.at..].first_chunk::<WORD_EVENT>() {
            Some(&[_, ref word @ ..]) if self.len as usize <= WORD_EVENT => {
                let word = u64::from_le_bytes(*word);
                let mut numbers = Numbers { word, ends: !word & HIGH_BITS };
                std::array::from_fn(|_| numbers.next::<PEXT>())
            }
            _ => self.all_args(data),
        };
    }

    /// All of the next event's arguments; 0 for those that it has not.
    pub fn all_args(&self, data: &[u8]) -> [u64; 4] {
        let mut args = [0; 4];
        let event = &data[self.at..];
        let mut used = 1 + varint::read(&event[1..]).map_or(0, |(_, len)| len);
        for arg in &mut args[..self.ty.spec().args.len()] {
            let (value, len) = varint::read(&event[used..]).unwrap_or((0, 0));
            *arg = value;
            used += len;
        }
        args
    }

    /// What [`advance`](Cursor::advance) does, for every event, also the first of a batch, and for what is none.
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
        self.ty = ty;
        self.at = at;
        self.len = used as u32;
        self.rest -= used as u32;
        self.time = clock.ns(dt).wrapping_add(last);
        Ok(true)
    }
}

/// What is left of a batch, on the way through its events.
#[derive(Clone, Copy)]
pub(crate) struct Scan<'d> {
    /// Where the data begins in the file, and where the batch ends.
    base: u64,
    end: u64,
    rest: &'d [u8],
    /// The time of the event before.
    time: i64,
    clock: Clock,
    arity: Arity,
}

impl Scan<'_> {
    /// The time of the event that was decoded last.
    #[inline(always)]
    pub fn time(&self) -> i64 {
        self.time
    }

    /// Decodes the next event: its time, place, type and arguments, behind which there may be anything.
    /// False, and nothing done, at the end of the batch, for what cannot be decoded, and behind a time of 0,
    /// where times mean something else.
    #[inline(always)]
    pub fn next<const PEXT: bool>(&mut self, out: &mut Emitted) -> bool {
        if self.next_in_word::<PEXT>(out) {
            return true;
        }
        // By value, so that it need not be in memory for the sake of this.
        match self.next_one_by_one(out) {
            Some(scan) => *self = scan,
            None => return false,
        }
        true
    }

    /// The same for events whose numbers fit into a word, as those of nearly all do, and behind which there
    /// are enough bytes; false, and nothing done, for others.
    ///
    /// No branch depends on the lengths of the numbers, as such branches are mispredicted more often
    /// than all others.
    #[inline(always)]
    fn next_in_word<const PEXT: bool>(&mut self, out: &mut Emitted) -> bool {
        let Some(&[byte, ref word @ ..]) = self.rest.first_chunk::<WORD_EVENT>() else { return false };
        let word = u64::from_le_bytes(*word);
        let row = &self.arity.0[usize::from(byte)];
        let ends = !word & HIGH_BITS;
        let end = nth_one::<PEXT>(ends, row.numbers);
        if end == 0 || self.time == 0 {
            return false;
        }
        self.time = self.clock.ns(gather::<PEXT>(word & up_to_lowest(ends))).wrapping_add(self.time);
        (out.time, out.offset, out.ty) = (self.time, self.end - self.rest.len() as u64, row.ty);
        self.rest = &self.rest[(end.trailing_zeros() / 8 + 2) as usize..];
        let mut numbers = Numbers { word, ends };
        (out.args[0], out.args[1]) = (numbers.next::<PEXT>(), numbers.next::<PEXT>());
        if row.n > 2 {
            (out.args[2], out.args[3]) = (numbers.next::<PEXT>(), numbers.next::<PEXT>());
        }
        true
    }

    /// The same for every event; what is behind it then.
    #[cold]
    #[inline(never)]
    fn next_one_by_one(self, out: &mut Emitted) -> Option<Self> {
        let (&byte, mut rest) = self.rest.split_first()?;
        let row = &self.arity.0[usize::from(byte)];
        if row.n >= OUT_OF_RANGE || self.time == 0 {
            return None;
        }
        let mut number = || {
            let (value, len) = varint::read(rest).ok()?;
            rest = &rest[len..];
            Some(value)
        };
        let dt = number()?;
        let mut args = [0; 4];
        for arg in &mut args[..usize::from(row.n)] {
            *arg = number()?;
        }
        let time = self.clock.ns(dt).wrapping_add(self.time);
        (out.time, out.offset, out.ty, out.args) = (time, self.end - self.rest.len() as u64, row.ty, args);
        Some(Scan { time, rest, ..self })
    }
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
struct Show<'s> {
    cursor: &'s Cursor,
    data: &'s [u8],
    base: u64,
    out: &'s mut Emitted,
}

impl Work for Show<'_> {
    type Out = ();
    #[inline(always)]
    fn run<const PEXT: bool>(self) {
        self.cursor.show_with::<PEXT>(self.data, self.base, self.out);
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
    use crate::fault::FaultSet;

    /// The event behind that of a cursor.
    struct Scanned<'s, 'd>(&'s mut Scan<'d>, &'s mut Emitted);

    impl Work for Scanned<'_, '_> {
        type Out = bool;
        #[inline(always)]
        fn run<const PEXT: bool>(self) -> bool {
            self.0.next_in_word::<PEXT>(self.1)
        }
    }

    fn fields(c: &Cursor) -> (i64, usize, u32, u32, EventType) {
        (c.time, c.at, c.len, c.rest, c.ty)
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
            let mut one_by_one = cursor;
            let expected = one_by_one.advance_slowly(&data, &[batch], &clock, Arity(&GO_125)).is_ok_and(|found| found);
            let (mut found, mut next) = (cursor, Emitted::EMPTY);
            let mut scan = found.scan(&data, 0, &clock, Arity(&GO_125));
            let behind = scan.next_one_by_one(&mut next);
            assert_eq!(behind.is_some(), expected, "{data:x?}");
            if let Some(behind) = behind {
                scan = behind;
                found.settle(&scan, &next);
                assert_eq!(fields(&found), fields(&one_by_one), "{data:x?}");
                assert_eq!(next.args, one_by_one.all_args(&data), "{data:x?}");
            }
            for pext in [Pext::detect(), Pext::NO] {
                let (mut found, mut next) = (cursor, Emitted::EMPTY);
                let mut scan = found.scan(&data, 0, &clock, Arity(&GO_125));
                if !perform(Scanned(&mut scan, &mut next), pext) {
                    continue;
                }
                found.settle(&scan, &next);
                in_words += 1;
                assert!(expected, "{data:x?}");
                assert_eq!(fields(&found), fields(&one_by_one), "{data:x?}");
                let args = one_by_one.ty.spec().args.len();
                assert_eq!(next.args[..args], one_by_one.all_args(&data)[..args], "{data:x?}");
                found.show(&data, 0, pext, &mut next);
                assert_eq!(next.args[..args], one_by_one.all_args(&data)[..args], "{data:x?}");
            }
        }
        assert!(in_words > 10_000, "{in_words}");
    }
}
