//! A thread's place in its stream of events: decodes one event ahead, in place.

use crate::clock::Clock;
use crate::generation::BatchSpan;
use crate::threads::NONE;
use tracehound_wire::varint;
use tracehound_wire::{EventType, RejectRule};

/// A thread's next event and what follows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    /// The thread's place.
    pub thread: u32,
    /// The next event.
    pub ty: EventType,
    /// Whether the event was tried before and had to wait; see [`Order`](crate::order::Order).
    pub args: [u64; 4],
    /// Its time in ns.
    pub time: i64,
    /// Where in the data it begins.
    pub at: usize,
    pos: usize,
    end: usize,
    /// The batch behind the current one.
    next: u32,
    batch_ts: u64,
    /// Time of the event before in the batch; 0 also means unset, as in Go.
    last: i64,
}

/// An event that cannot be decoded.
pub(crate) struct DecodeError {
    pub rule: RejectRule,
    pub at: usize,
    pub message: String,
    pub ty: Option<EventType>,
}

/// Number of arguments by type byte, or why there is no such event.
const UNTIMED: u8 = 0xff;
const OUT_OF_RANGE: u8 = 0xfe;

/// What the type bytes mean in the followed release.
#[derive(Debug)]
pub(crate) struct Arity([u8; 256]);

impl Arity {
    pub fn new(type_range: u8, knows_clock_snapshot: bool) -> Arity {
        let mut table = [OUT_OF_RANGE; 256];
        for byte in 0..type_range {
            table[usize::from(byte)] = match EventType::from_byte(byte) {
                Some(EventType::ClockSnapshot) if !knows_clock_snapshot => UNTIMED,
                Some(ty) if ty.spec().timed => ty.spec().args.len() as u8,
                _ => UNTIMED,
            };
        }
        Arity(table)
    }
}

impl Cursor {
    /// A cursor before a stream's first event.
    pub fn new(thread: u32, head: u32) -> Cursor {
        Cursor {
            thread,
            ty: EventType::ProcStop,
            args: [0; 4],
            time: 0,
            at: 0,
            pos: 0,
            end: 0,
            next: head,
            batch_ts: 0,
            last: 0,
        }
    }

    /// Decodes the next event; false if there is none.
    #[inline]
    pub fn advance(
        &mut self,
        data: &[u8],
        batches: &[BatchSpan],
        clock: Clock,
        arity: &Arity,
    ) -> Result<bool, Box<DecodeError>> {
        if self.pos == self.end {
            if self.next == NONE {
                return Ok(false);
            }
            let batch = &batches[self.next as usize];
            self.pos = batch.start;
            self.end = batch.start + batch.len as usize;
            self.batch_ts = batch.ts;
            self.next = batch.next;
            self.last = 0;
        }
        if self.last == 0 {
            self.last = clock.ns(self.batch_ts);
        }
        let body = &data[self.pos..self.end];
        let byte = body[0];
        let n = arity.0[usize::from(byte)];
        let Some(ty) = EventType::from_byte(byte).filter(|_| n <= 4) else {
            return Err(undecodable(n, byte, self.pos));
        };
        let Ok((dt, len)) = varint::read(&body[1..]) else {
            return Err(bad_number(ty, None, self.pos));
        };
        let mut used = 1 + len;
        self.args = [0; 4];
        for i in 0..usize::from(n) {
            let Ok((arg, len)) = varint::read(&body[used..]) else {
                return Err(bad_number(ty, Some(i), self.pos));
            };
            self.args[i & 3] = arg;
            used += len;
        }
        self.ty = ty;
        self.at = self.pos;
        self.pos += used;
        self.time = clock.ns(dt).wrapping_add(self.last);
        self.last = self.time;
        Ok(true)
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
