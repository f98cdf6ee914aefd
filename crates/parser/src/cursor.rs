//! A thread's place in its stream of events: decodes one event ahead, in place.

use crate::clock::Clock;
use crate::generation::BatchSpan;
use crate::release::Switches;
use tracehound_wire::event::TYPE_RANGE;
use tracehound_wire::{EventType, RejectRule, varint};

/// A thread's next event and what follows it. There may be millions of these, so it is
/// kept small.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    /// The next event's arguments.
    pub args: [u64; 4],
    /// Its time in ns.
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
    let mut table = [Row { ty: None, n: OUT_OF_RANGE }; 256];
    let mut byte = 0;
    while byte < type_range {
        table[byte as usize].n = UNTIMED;
        if let Some(ty) = EventType::from_byte(byte)
            && ty.spec().timed
            && (knows_clock_snapshot || !matches!(ty, EventType::ClockSnapshot))
        {
            table[byte as usize] = Row { ty: Some(ty), n: ty.spec().args.len() as u8 };
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

impl Cursor {
    /// A cursor before the first event of a stream that begins with batch `head`.
    pub fn new(thread: u32, head: u32, batches: &[BatchSpan]) -> Cursor {
        let (at, rest) = batches.get(head as usize).map_or((0, 0), |b| (b.start, b.len));
        Cursor { args: [0; 4], time: 0, at, thread, batch: head, len: 0, rest, ty: EventType::ProcStop }
    }

    /// Decodes the next event; false if there is none.
    #[inline]
    pub fn advance(
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
        let Row { ty, n } = arity.0[usize::from(byte)];
        let Some(ty) = ty else { return Err(undecodable(n, byte, at)) };
        let Ok((dt, len)) = varint::read(&body[1..]) else {
            return Err(bad_number(ty, None, at));
        };
        let mut used = 1 + len;
        let mut args = [0; 4];
        // Written out, as the end of a loop of varying length is a branch that is often mispredicted.
        macro_rules! take {
            ($i:literal) => {
                let Ok((value, len)) = varint::read(&body[used..]) else {
                    return Err(bad_number(ty, Some($i), at));
                };
                args[$i] = value;
                used += len;
            };
        }
        if n >= 2 {
            take!(0);
            take!(1);
            if n >= 3 {
                take!(2);
                if n >= 4 {
                    take!(3);
                }
            }
        } else if n == 1 {
            take!(0);
        }
        self.args = args;
        self.ty = ty;
        self.at = at;
        self.len = used as u32;
        self.rest -= used as u32;
        self.time = clock.ns(dt).wrapping_add(last);
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
