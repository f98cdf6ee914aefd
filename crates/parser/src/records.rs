//! The payloads that are not streams of events: strings, stacks, CPU samples, clocks.
//!
//! Go's parsers of these hand on "end of input" unchanged when a record's payload ends
//! exactly where a number should begin, and the read loop takes that for the end of the
//! trace; [`RecordError::Silent`] is that end.

use crate::bits::{Pext, Work, perform};
use crate::clock::Clock;
use crate::details::ClockSnapshot;
use crate::event::Emitted;
use crate::fault::{FaultSet, fault};
use crate::item::Item;
use crate::release::Switches;
use crate::tables::{Stacks, TableFrame, Tables};
use tracehound_wire::limits::{MAX_FRAMES, MAX_STRING_LEN};
use tracehound_wire::varint::{self, VarintError};
use tracehound_wire::{EventType, RejectRule, Version};

/// Why a payload could not be read.
pub(crate) enum RecordError {
    /// Rule, position in the data, sentence.
    Rule(RejectRule, usize, String),
    /// The end that Go takes for the end of the trace.
    Silent,
}

type Result<T> = std::result::Result<T, RecordError>;

fn broken<T>(rule: RejectRule, at: usize, message: String) -> Result<T> {
    Err(RecordError::Rule(rule, at, message))
}

/// A position in a payload.
struct Fields<'d> {
    data: &'d [u8],
    pos: usize,
    end: usize,
}

impl Fields<'_> {
    /// The payload of `item` behind its kind byte, if it has one.
    fn new<'d>(data: &'d [u8], item: &Item, skip: usize) -> Fields<'d> {
        Fields { data, pos: item.start + skip, end: item.end }
    }

    fn byte(&mut self) -> Option<u8> {
        let b = (self.pos < self.end).then(|| self.data[self.pos]);
        self.pos += usize::from(b.is_some());
        b
    }

    #[inline(always)]
    fn raw(&mut self) -> std::result::Result<u64, VarintError> {
        let (value, len) = varint::read(self.rest())?;
        self.pos += len;
        Ok(value)
    }

    #[inline(always)]
    fn number(&mut self, what: &str) -> Result<u64> {
        self.raw().or_else(|e| self.no_number(what, e))
    }

    #[cold]
    fn no_number(&self, what: &str, e: VarintError) -> Result<u64> {
        let message = match e {
            VarintError::BareEof => return Err(RecordError::Silent),
            VarintError::UnexpectedEof => format!("expected {what}, but the batch ends inside the number"),
            VarintError::Overflow => format!("expected {what}, but the number has more than 64 bits"),
        };
        broken(RejectRule::StructVarint, self.pos, message)
    }

    /// What is left.
    #[inline(always)]
    fn rest(&self) -> &[u8] {
        &self.data[self.pos..self.end]
    }

    /// Frame `i` of stack `id`.
    #[inline(never)]
    fn frame(&mut self, id: u64, i: u64) -> Result<TableFrame> {
        let mut field = |what| {
            self.raw().map_err(|_| {
                let message = format!("expected the {what} of frame {} of stack {id}, found no number", i + 1);
                RecordError::Rule(RejectRule::StackFrameVarint, self.pos, message)
            })
        };
        Ok(TableFrame {
            pc: field("program counter")?,
            func: field("function")?,
            file: field("file")?,
            line: field("line")?,
        })
    }

    fn expect(&mut self, byte: u8, want: EventType, rule: RejectRule) -> Result<()> {
        if byte == want.byte() {
            return Ok(());
        }
        broken(rule, self.pos - 1, format!("expected a {want} record (byte {}), found byte {byte}", want.byte()))
    }
}

/// Reads a string table batch.
pub(crate) fn strings(tables: &mut Tables, data: &[u8], item: &Item, faults: FaultSet) -> Result<()> {
    let mut f = Fields::new(data, item, 1);
    while let Some(byte) = f.byte() {
        f.expect(byte, EventType::String, RejectRule::StringsBadEntry)?;
        let at = f.pos - 1;
        let id = f.number("a string's id")?;
        let length_at = f.pos;
        let len = f.number("a string's length")?;
        if len > MAX_STRING_LEN {
            let message = format!("string {id} claims {len} bytes, but at most {MAX_STRING_LEN} are allowed");
            return broken(RejectRule::StringTooLong, at, message);
        }
        let have = f.end - f.pos;
        if have < len as usize {
            let message = format!("expected {len} bytes of string {id}, but the batch ends after {have}");
            return broken(RejectRule::StringTruncated, at, message);
        }
        f.pos += len as usize;
        if fault!(faults, LastStringLost) && f.pos == f.end {
            continue;
        }
        if !tables.strings.insert(id, length_at) {
            return broken(RejectRule::StringDuplicateId, at, taken("string", id));
        }
    }
    Ok(())
}

fn taken(what: &str, id: u64) -> String {
    if id == 0 {
        format!("{what} id 0 is defined, but it is reserved for the empty {what}")
    } else {
        format!("{what} id {id} is defined a second time in its generation")
    }
}

/// Reads a stack table batch.
pub(crate) fn stacks(tables: &mut Tables, data: &[u8], item: &Item, sw: &Switches, pext: Pext) -> Result<()> {
    let mut f = Fields::new(data, item, 1);
    while let Some(byte) = f.byte() {
        f.expect(byte, EventType::Stack, RejectRule::StacksBadEntry)?;
        let at = f.pos - 1;
        let id = f.number("a stack's id")?;
        let frames = f.number("a stack's number of frames")?;
        if frames > MAX_FRAMES {
            let message = format!("stack {id} claims {frames} frames, but at most {MAX_FRAMES} are allowed");
            return broken(RejectRule::StackTooDeep, at, message);
        }
        let mark = tables.stacks.mark();
        perform(Frames { f: &mut f, stacks: &mut tables.stacks, id, frames, per_pc: sw.frames_per_pc }, pext)?;
        if !tables.stacks.insert(id, mark) {
            return broken(RejectRule::StackDuplicateId, at, taken("stack", id));
        }
    }
    Ok(())
}

/// Reads the frames of stack `id`.
struct Frames<'f, 'd> {
    f: &'f mut Fields<'d>,
    stacks: &'f mut Stacks,
    id: u64,
    frames: u64,
    per_pc: bool,
}

impl Work for Frames<'_, '_> {
    type Out = Result<()>;
    #[inline(always)]
    fn run<const PEXT: bool>(self) -> Result<()> {
        let Frames { f, stacks, id, frames, per_pc } = self;
        // Not in `f`, so that the next frame need not wait until memory has the place.
        let mut pos = f.pos;
        for i in 0..frames {
            let known = if per_pc { stacks.push_known_frame::<PEXT>(&f.data[pos..f.end]) } else { None };
            pos = match known {
                Some(len) => pos + len,
                None => {
                    f.pos = pos;
                    stacks.push_frame(f.frame(id, i)?, per_pc);
                    f.pos
                }
            };
        }
        f.pos = pos;
        Ok(())
    }
}

/// A CPU profile sample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Timestamp units until the generation is complete, ns then.
    pub time: i64,
    pub m: i64,
    pub p: i64,
    pub g: i64,
    pub stack: u64,
    /// File offset.
    pub offset: u64,
}

impl Sample {
    /// The event that it is.
    pub fn event(&self) -> Emitted {
        let Sample { time, m, p, g, stack, offset } = *self;
        let (args, ty) = ([stack, 0, 0, 0], EventType::CPUSample);
        Emitted { time, m, p, g, args, offset, ty, has_tables: true, ..Emitted::EMPTY }
    }
}

/// Reads a CPU sample batch. `base` is the file offset of the data's first byte.
pub(crate) fn samples(samples: &mut Vec<Sample>, data: &[u8], item: &Item, base: u64, faults: FaultSet) -> Result<()> {
    let mut f = Fields::new(data, item, 1);
    while let Some(byte) = f.byte() {
        f.expect(byte, EventType::CPUSample, RejectRule::CpuSamplesBadEntry)?;
        let offset = base + (f.pos - 1) as u64;
        let time = f.number("a CPU sample's time")? as i64;
        let mut m = f.number("a CPU sample's thread")? as i64;
        let mut p = f.number("a CPU sample's P")? as i64;
        let g = f.number("a CPU sample's goroutine")? as i64;
        let stack = f.number("a CPU sample's stack")?;
        if fault!(faults, SampleArgsSwapped) {
            (m, p) = (p, m);
        }
        samples.push(Sample { time, m, p, g: if g == 0 { -1 } else { g }, stack, offset });
    }
    Ok(())
}

/// The clocks of a generation while it is read.
#[derive(Debug, Default)]
pub(crate) struct SyncData {
    pub clock: Option<Clock>,
    /// The snapshot; its trace time in timestamp units.
    pub snapshot: Option<ClockSnapshot>,
}

/// Reads a sync batch, or the frequency batch of old versions.
pub(crate) fn sync(
    sync: &mut SyncData,
    data: &[u8],
    item: &Item,
    version: Version,
    sw: &Switches,
    faults: FaultSet,
) -> Result<()> {
    let has_kind_byte = version.has_sync_batch();
    let mut f = Fields::new(data, item, usize::from(has_kind_byte));
    while let Some(byte) = f.byte() {
        let at = f.pos - 1;
        match EventType::from_byte(byte) {
            Some(EventType::Frequency) => {
                let second =
                    || broken(RejectRule::FreqDuplicate, at, "a second clock frequency in this generation".into());
                if sync.clock.is_some() && sw.reads_whole_frequency_batch {
                    return second();
                }
                let frequency = f.number("a clock frequency")?;
                if sync.clock.is_some() {
                    return second();
                }
                sync.clock = Some(Clock::new(frequency, faults));
                if !sw.reads_whole_frequency_batch {
                    return Ok(());
                }
            }
            Some(EventType::ClockSnapshot) if has_kind_byte => {
                if sync.snapshot.is_some() {
                    let message = "a second clock snapshot in this generation".into();
                    return broken(RejectRule::ClockDuplicate, at, message);
                }
                let dt = f.number("a clock snapshot's time")?;
                let mono = f.number("a clock snapshot's monotonic time")?;
                let sec = f.number("a clock snapshot's seconds")? as i64;
                let nsec = f.number("a clock snapshot's nanoseconds")? as i64;
                sync.snapshot = Some(ClockSnapshot {
                    trace: item.ts.wrapping_add(dt) as i64,
                    mono,
                    wall_sec: sec.wrapping_add(nsec.div_euclid(1_000_000_000)),
                    wall_nsec: nsec.rem_euclid(1_000_000_000) as u32,
                });
            }
            _ => {
                let message = format!("expected a frequency or a clock snapshot in a sync batch, found byte {byte}");
                return broken(RejectRule::SyncBadEntry, at, message);
            }
        }
    }
    Ok(())
}
