//! Every small edit of the bytes of a few small traces: each byte changed, taken out, put in twice, and
//! each batch cut short at each of its bytes while the file goes on.

use super::Probe;
use crate::judge::matrix::build::ev;
use std::sync::OnceLock;
use tracehound_wire::EventType::{
    GoCreate, GoStatus, HeapAlloc, ProcStatus, UserLog, UserRegionBegin, UserRegionEnd, UserTaskBegin, UserTaskEnd,
};
use tracehound_wire::{
    Batch, Body, CpuSample, Event, ExperimentalBatch, Frame, Item, NONE_ID, SizeField, StackRecord, StringRecord,
    SyncRecord, Trace, Version,
};

/// A trace of two generations that has all that a trace of its version can have.
struct Whole {
    trace: Trace,
    bytes: Vec<u8>,
    /// Each item's bytes begin here; the end of the file comes last.
    starts: Vec<usize>,
}

/// How many probes there are.
pub(super) fn count() -> u64 {
    wholes().iter().map(Whole::count).sum()
}

/// The n-th.
pub(super) fn nth(mut n: u64) -> Option<Probe> {
    for whole in wholes() {
        if n < whole.count() {
            let (bytes, what) = whole.edit(n)?;
            return Some((bytes.into(), format!("a small trace of wire version {}, {what}", whole.trace.version)));
        }
        n -= whole.count();
    }
    None
}

fn wholes() -> &'static [Whole] {
    static ALL: OnceLock<Vec<Whole>> = OnceLock::new();
    ALL.get_or_init(|| Version::ALL.into_iter().map(Whole::new).collect())
}

/// What is done to a byte, each number being an edit of its own.
const EDITS: u64 = 14;

impl Whole {
    fn new(version: Version) -> Whole {
        let mut trace = Trace::new(version);
        for generation in 1..=2 {
            trace.items.extend(items(version, generation));
            if version.has_end_of_generation() {
                trace.items.push(Item::EndOfGeneration);
            }
        }
        let starts = (0..=trace.items.len())
            .map(|n| Trace { items: trace.items[..n].to_vec(), ..trace.clone() }.to_bytes().len())
            .collect();
        Whole { bytes: trace.to_bytes(), trace, starts }
    }

    fn count(&self) -> u64 {
        self.bytes.len() as u64 * EDITS + 3 * self.trace.items.len() as u64
    }

    fn edit(&self, n: u64) -> Option<(Vec<u8>, String)> {
        let per_byte = self.bytes.len() as u64 * EDITS;
        if n >= per_byte {
            return self.edit_items(n - per_byte);
        }
        let (at, edit) = ((n / EDITS) as usize, n % EDITS);
        let mut bytes = self.bytes.clone();
        let was = bytes[at];
        let mut set = |to: u8| {
            bytes[at] = to;
            format!("byte {at} is {to} and not {was}")
        };
        let what = match edit {
            0 => set(0),
            1 => set(1),
            2 => set(was.wrapping_add(1)),
            3 => set(was.wrapping_sub(1)),
            4 => set(0x7f),
            5 => set(0x80),
            6 => set(0xff),
            7 => set(was ^ 0x80),
            8 => {
                bytes.remove(at);
                format!("byte {at} is missing")
            }
            9 => {
                bytes.insert(at, was);
                format!("byte {at} comes twice")
            }
            10 => {
                bytes.truncate(at);
                format!("the file ends before byte {at}")
            }
            11 => return self.in_batch(at, "cut there", |payload, at| payload.truncate(at)),
            // A number that does not fit in 64 bits, and the largest one that does.
            12 => return self.long_number(at, 0x02),
            _ => return self.long_number(at, 0x01),
        };
        Some((bytes, what))
    }

    /// A number of ten bytes instead of byte `at`; a batch's length takes account of it.
    fn long_number(&self, at: usize, last: u8) -> Option<(Vec<u8>, String)> {
        let number = [[0xff; 9].as_slice(), &[last]].concat();
        let what = format!("given {} instead", if last == 1 { "the largest number" } else { "a number too large" });
        let put = |bytes: &mut Vec<u8>, at: usize| _ = bytes.splice(at..at + 1, number.iter().copied());
        self.in_batch(at, &what, put).or_else(|| {
            let mut bytes = self.bytes.clone();
            put(&mut bytes, at);
            Some((bytes, format!("byte {at} is {what}")))
        })
    }

    /// An edit of a batch's payload at byte `at` of the file, after which the file goes on; `None` if that byte
    /// is in no payload.
    fn in_batch(&self, at: usize, what: &str, edit: impl FnOnce(&mut Vec<u8>, usize)) -> Option<(Vec<u8>, String)> {
        let item = self.starts.windows(2).position(|s| (s[0]..s[1]).contains(&at))?;
        let end = self.starts[item + 1];
        let mut trace = self.trace.clone();
        let Item::Batch(batch) = &mut trace.items[item] else { return None };
        let mut payload = Vec::new();
        batch.body.encode_into(trace.version, &mut payload);
        let within = payload.len().checked_sub(end - at)?;
        edit(&mut payload, within);
        batch.body = Body::Raw(payload);
        Some((trace.to_bytes(), format!("item {item} is {what}, {} bytes before its end", end - at)))
    }

    fn edit_items(&self, n: u64) -> Option<(Vec<u8>, String)> {
        let (item, edit) = ((n / 3) as usize, n % 3);
        let mut trace = self.trace.clone();
        let what = match edit {
            0 => {
                trace.items.remove(item);
                format!("item {item} is missing")
            }
            1 => {
                trace.items.insert(item, trace.items[item].clone());
                format!("item {item} comes twice")
            }
            _ if item + 1 == trace.items.len() => return None,
            _ => {
                trace.items.swap(item, item + 1);
                format!("items {item} and {} have changed places", item + 1)
            }
        };
        Some((trace.to_bytes(), what))
    }
}

fn items(version: Version, generation: u64) -> Vec<Item> {
    let time = 100 * generation;
    let batch = |m, time, body| Item::Batch(Batch { generation, m, time, size: SizeField::Shortest, body });
    let event = |m, time, events: &[Event]| batch(m, time, Body::Events(events.to_vec()));
    let text = |id, s: &str| StringRecord { id, bytes: s.as_bytes().to_vec().into() };
    let frame = |pc, func| Frame { pc, func, file: 2, line: 3 };
    let sample = |time, stack| CpuSample { time, m: 5, p: 0, g: 1, stack };
    let mut sync = vec![SyncRecord::Frequency(500_000_000)];
    if version.has_sync_batch() {
        sync.push(SyncRecord::ClockSnapshot { dt: 3, mono: 1000, sec: 7, nsec: 5 });
    }
    let running = [ev(ProcStatus, &[0, 1]), ev(GoStatus, &[1, 5, 2])];
    let notes = [
        ev(UserTaskBegin, &[6 + generation, 0, 1, 2]),
        ev(UserRegionBegin, &[7, 1, 0]),
        ev(UserLog, &[7, 1, 2, 0]),
        ev(UserRegionEnd, &[7, 1, 0]),
        ev(UserTaskEnd, &[7, 0]),
        ev(GoCreate, &[10 + generation, 1, 2]),
    ];
    let mut items = vec![
        event(5, time, &[&running[..], &notes[..]].concat()),
        event(6, time + 2, &[ev(ProcStatus, &[1, 1]), ev(HeapAlloc, &[300])]),
        event(5, time + 20, &[ev(HeapAlloc, &[5]), ev(HeapAlloc, &[6])]),
        batch(NONE_ID, time, Body::Sync(sync)),
        batch(
            NONE_ID,
            time,
            Body::Stacks(vec![
                StackRecord { id: 1, frames: vec![frame(9, 1)] },
                StackRecord { id: 2, frames: vec![frame(8, 2), frame(9, 1)] },
            ]),
        ),
        batch(NONE_ID, time, Body::Strings(vec![text(1, "one"), text(2, "two")])),
        batch(NONE_ID, time, Body::CpuSamples(vec![sample(time + 3, 2), sample(time + 1, 1)])),
    ];
    if version >= Version::Go123 {
        items.push(Item::Experimental(ExperimentalBatch {
            experiment: 1,
            generation,
            m: 5,
            time,
            size: SizeField::Shortest,
            data: vec![1, 2, 3],
        }));
    }
    items
}
