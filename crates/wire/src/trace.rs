//! A trace as a value: what the generator writes, what mutations edit, what the
//! builder builds. It says what stands where, not whether that is sensible: wrong
//! sizes, unknown ids and misplaced batches are all expressible.

use crate::event::EventType;
use crate::limits::{MAX_EVENT_ARGS, MAX_VARINT_LEN, RUNTIME_SIZE_WIDTH};
use crate::varint;
use crate::version::{HEADER_LEN, Version};
use std::borrow::Cow;

/// A whole trace: header and items in file order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The wire version, which decides the header and the shape of sync batches.
    pub version: Version,
    /// A header other than the version's canonical one, byte for byte.
    pub header: Option<Vec<u8>>,
    /// Batches and end markers, in file order.
    pub items: Vec<Item>,
}

/// One item of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An event batch, table batch, CPU sample batch or sync batch.
    Batch(Batch),
    /// A batch of an experiment's own data.
    Experimental(ExperimentalBatch),
    /// The end of a generation (wire 1.26).
    EndOfGeneration,
    /// Bytes that are none of these.
    Bytes(Vec<u8>),
}

/// A batch: its header and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Generation number.
    pub generation: u64,
    /// Thread id; [`NONE_ID`](crate::NONE_ID) for tables and the tracer's own events.
    pub m: u64,
    /// Base time in timestamp units: the first event's delta counts from here.
    pub time: u64,
    /// How the size field is written.
    pub size: SizeField,
    /// The payload.
    pub body: Body,
}

/// How a batch's size is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SizeField {
    /// As few bytes as the true size needs (Go's `internal/testgen`).
    #[default]
    Shortest,
    /// Padded to ten bytes, as the runtime writes it.
    Runtime,
    /// This value in this many bytes (at least what it needs), true or not.
    Exactly {
        /// The size that is claimed.
        value: u64,
        /// Bytes of its varint.
        width: u8,
    },
}

/// What a batch holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Timed events of one thread.
    Events(Vec<Event>),
    /// A string table (type byte `Strings`, then records).
    Strings(Vec<StringRecord>),
    /// A stack table (type byte `Stacks`, then records).
    Stacks(Vec<StackRecord>),
    /// CPU samples (type byte `CPUSamples`, then records).
    CpuSamples(Vec<CpuSample>),
    /// Sync data; from wire 1.25 on led by the type byte `Sync`.
    Sync(Vec<SyncRecord>),
    /// Bytes as they are.
    Raw(Vec<u8>),
}

/// A timed event: type, time delta and up to four arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// The event's type, which decides how many arguments count.
    pub ty: EventType,
    /// Timestamp units since the event before it in the batch.
    pub dt: u64,
    /// Arguments in the table's order; those beyond the type's own are 0.
    pub args: [u64; MAX_EVENT_ARGS],
}

impl Event {
    /// An event with these arguments; missing ones are 0.
    ///
    /// # Panics
    /// If there are more arguments than the table has for `ty`.
    #[inline]
    pub fn new(ty: EventType, dt: u64, args: &[u64]) -> Event {
        assert!(args.len() <= ty.arg_count(), "{ty} has {} arguments", ty.arg_count());
        let mut all = [0; MAX_EVENT_ARGS];
        all[..args.len()].copy_from_slice(args);
        Event { ty, dt, args: all }
    }

    /// The arguments that the type has.
    #[inline]
    pub fn args(&self) -> &[u64] {
        &self.args[..self.ty.arg_count().min(MAX_EVENT_ARGS)]
    }
}

/// One string table record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StringRecord {
    /// Its id; 0 is reserved for the empty string.
    pub id: u64,
    /// Its bytes, which need not be UTF-8. Borrowed where they are a program's own, such as the runtime's reasons.
    pub bytes: Cow<'static, [u8]>,
}

/// One stack table record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackRecord {
    /// Its id; 0 is reserved for "no stack".
    pub id: u64,
    /// Frames, innermost first.
    pub frames: Vec<Frame>,
}

/// A stack frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// Program counter.
    pub pc: u64,
    /// String id of the function's name.
    pub func: u64,
    /// String id of the file's name.
    pub file: u64,
    /// Line number.
    pub line: u64,
}

/// A CPU profile sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CpuSample {
    /// Absolute time in timestamp units.
    pub time: u64,
    /// Thread id.
    pub m: u64,
    /// P id, or [`NONE_ID`](crate::NONE_ID).
    pub p: u64,
    /// Goroutine id; 0 means none.
    pub g: u64,
    /// Stack id.
    pub stack: u64,
}

/// A record of a sync batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SyncRecord {
    /// Timestamp units per second.
    Frequency(u64),
    /// One moment on three clocks.
    ClockSnapshot {
        /// Timestamp units since the batch's time.
        dt: u64,
        /// Monotonic clock, ns.
        mono: u64,
        /// Wall clock, seconds since 1970.
        sec: u64,
        /// Wall clock, nanoseconds of the second.
        nsec: u64,
    },
}

/// A batch of an experiment's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentalBatch {
    /// The experiment's number: one raw byte.
    pub experiment: u8,
    /// Generation number.
    pub generation: u64,
    /// Thread id.
    pub m: u64,
    /// Base time in timestamp units.
    pub time: u64,
    /// How the size field is written.
    pub size: SizeField,
    /// The payload, which only the experiment understands.
    pub data: Vec<u8>,
}

impl Trace {
    /// An empty trace of this version with its canonical header.
    pub fn new(version: Version) -> Trace {
        Trace { version, header: None, items: Vec::new() }
    }

    /// The batches, in file order.
    pub fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.items.iter().filter_map(|item| match item {
            Item::Batch(b) => Some(b),
            _ => None,
        })
    }

    /// Number of timed events in all batches.
    pub fn event_count(&self) -> usize {
        self.batches().map(|b| if let Body::Events(events) = &b.body { events.len() } else { 0 }).sum()
    }

    /// The batches, in file order, to edit.
    pub fn batches_mut(&mut self) -> impl Iterator<Item = &mut Batch> {
        self.items.iter_mut().filter_map(|item| match item {
            Item::Batch(b) => Some(b),
            _ => None,
        })
    }

    /// The trace's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_LEN + self.items.iter().map(Item::size_hint).sum::<usize>());
        self.encode_into(&mut out);
        out
    }

    /// Appends the trace's bytes to `out`.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        match &self.header {
            Some(h) => out.extend_from_slice(h),
            None => out.extend_from_slice(&self.version.header()),
        }
        let mut body = Vec::new();
        for item in &self.items {
            item.encode_into(self.version, out, &mut body);
        }
    }
}

impl Item {
    /// About how many bytes it takes, so that a trace is not copied over and over as it grows.
    fn size_hint(&self) -> usize {
        let payload = match self {
            Item::Batch(b) => match &b.body {
                Body::Events(events) => events.len() * 8,
                Body::Strings(records) => records.iter().map(|r| r.bytes.len() + 6).sum(),
                Body::Stacks(records) => records.iter().map(|r| 8 + r.frames.len() * 10).sum(),
                Body::CpuSamples(records) => records.len() * 16,
                Body::Sync(_) => 32,
                Body::Raw(bytes) => bytes.len(),
            },
            Item::Experimental(b) => b.data.len(),
            Item::EndOfGeneration => 0,
            Item::Bytes(bytes) => bytes.len(),
        };
        payload + 32
    }

    /// Appends the item's bytes to `out`; `scratch` is space to reuse, its contents are lost.
    pub fn encode_into(&self, version: Version, out: &mut Vec<u8>, scratch: &mut Vec<u8>) {
        match self {
            Item::Batch(b) => {
                out.push(EventType::EventBatch.byte());
                for v in [b.generation, b.m, b.time] {
                    varint::write(out, v);
                }
                if b.size == SizeField::Runtime {
                    // As the runtime does it: room for the size, and the size when it is known.
                    let at = out.len();
                    out.extend_from_slice(&[0; RUNTIME_SIZE_WIDTH]);
                    let start = out.len();
                    b.body.encode_into(version, out);
                    let size = out.len() - start;
                    varint::put_padded(&mut out[at..start], size as u64);
                    return;
                }
                scratch.clear();
                b.body.encode_into(version, scratch);
                b.size.encode_into(out, scratch.len());
                out.extend_from_slice(scratch);
            }
            Item::Experimental(b) => {
                out.extend_from_slice(&[EventType::ExperimentalBatch.byte(), b.experiment]);
                for v in [b.generation, b.m, b.time] {
                    varint::write(out, v);
                }
                b.size.encode_into(out, b.data.len());
                out.extend_from_slice(&b.data);
            }
            Item::EndOfGeneration => out.push(EventType::EndOfGeneration.byte()),
            Item::Bytes(bytes) => out.extend_from_slice(bytes),
        }
    }
}

impl SizeField {
    fn encode_into(self, out: &mut Vec<u8>, size: usize) {
        match self {
            SizeField::Shortest => varint::write(out, size as u64),
            SizeField::Runtime => varint::write_width(out, size as u64, RUNTIME_SIZE_WIDTH),
            SizeField::Exactly { value, width } => varint::write_width(out, value, usize::from(width)),
        }
    }
}

impl Body {
    /// Appends the payload's bytes to `out`.
    pub fn encode_into(&self, version: Version, out: &mut Vec<u8>) {
        match self {
            Body::Events(events) => encode_events(events, out),
            Body::Strings(records) => {
                out.push(EventType::Strings.byte());
                records.iter().for_each(|r| r.encode_into(out));
            }
            Body::Stacks(records) => {
                out.push(EventType::Stacks.byte());
                records.iter().for_each(|r| r.encode_into(out));
            }
            Body::CpuSamples(records) => {
                out.push(EventType::CPUSamples.byte());
                records.iter().for_each(|r| r.encode_into(out));
            }
            Body::Sync(records) => {
                if version.has_sync_batch() {
                    out.push(EventType::Sync.byte());
                }
                records.iter().for_each(|r| r.encode_into(out));
            }
            Body::Raw(bytes) => out.extend_from_slice(bytes),
        }
    }
}

/// Most bytes that one event takes.
const LONGEST_EVENT: usize = 1 + MAX_VARINT_LEN * (1 + MAX_EVENT_ARGS);

/// Appends events by the dozen, so that `out` does not grow byte by byte.
fn encode_events(events: &[Event], out: &mut Vec<u8>) {
    let mut bytes = [0; 8 * LONGEST_EVENT];
    let mut end = 0;
    for event in events {
        if end > bytes.len() - LONGEST_EVENT {
            out.extend_from_slice(&bytes[..end]);
            end = 0;
        }
        if let Some(room) = bytes[end..].first_chunk_mut() {
            end += event.put(room);
        }
    }
    out.extend_from_slice(&bytes[..end]);
}

impl Event {
    /// Appends the event's bytes to `out`.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        encode_events(std::slice::from_ref(self), out);
    }

    /// Puts the event's bytes into `bytes`; returns how many they are.
    #[inline]
    fn put(&self, bytes: &mut [u8; LONGEST_EVENT]) -> usize {
        bytes[0] = self.ty.byte();
        let mut end = varint::put(bytes, 1, self.dt);
        for &arg in self.args() {
            end = varint::put(bytes, end, arg);
        }
        end
    }
}

impl StringRecord {
    fn encode_into(&self, out: &mut Vec<u8>) {
        let (ty, len) = (EventType::String.byte(), self.bytes.len() as u64);
        if self.id | len < 0x80 {
            // Nearly all are short, and have a generation's first ids.
            out.extend_from_slice(&[ty, self.id as u8, len as u8]);
        } else {
            out.push(ty);
            varint::write(out, self.id);
            varint::write(out, len);
        }
        out.extend_from_slice(&self.bytes);
    }
}

impl StackRecord {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.push(EventType::Stack.byte());
        varint::write(out, self.id);
        varint::write(out, self.frames.len() as u64);
        for f in &self.frames {
            for v in [f.pc, f.func, f.file, f.line] {
                varint::write(out, v);
            }
        }
    }
}

impl CpuSample {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.push(EventType::CPUSample.byte());
        for v in [self.time, self.m, self.p, self.g, self.stack] {
            varint::write(out, v);
        }
    }
}

impl SyncRecord {
    fn encode_into(&self, out: &mut Vec<u8>) {
        match *self {
            SyncRecord::Frequency(freq) => {
                out.push(EventType::Frequency.byte());
                varint::write(out, freq);
            }
            SyncRecord::ClockSnapshot { dt, mono, sec, nsec } => {
                out.push(EventType::ClockSnapshot.byte());
                for v in [dt, mono, sec, nsec] {
                    varint::write(out, v);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NONE_ID;

    /// The spec's golden vector A: one generation, `ProcStatus` and `GoStatus` on thread 5.
    #[test]
    fn a_small_trace_encodes_to_its_known_bytes() {
        let batch = |m, time, body| Item::Batch(Batch { generation: 1, m, time, size: SizeField::Shortest, body });
        let trace = Trace {
            version: Version::Go126,
            header: None,
            items: vec![
                batch(
                    NONE_ID,
                    1,
                    Body::Sync(vec![
                        SyncRecord::Frequency(1_000_000_000),
                        SyncRecord::ClockSnapshot { dt: 1, mono: 1, sec: 1, nsec: 0 },
                    ]),
                ),
                batch(
                    5,
                    10,
                    Body::Events(vec![
                        Event::new(EventType::ProcStatus, 1, &[0, 1]),
                        Event::new(EventType::GoStatus, 1, &[1, 5, 2]),
                    ]),
                ),
                Item::EndOfGeneration,
            ],
        };
        let hex: String = trace.to_bytes()[16..].iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "0101ffffffffffffffffff01010c32088094ebdc0333010101000101050a090d010001190101050234");
    }
}
