//! A few lines that make a small trace: one generation after the other, each with its
//! clocks first, then whatever is said.

use tracehound_wire::{
    Batch, Body, CpuSample, Event, EventType, Frame, Item, NONE_ID, SizeField, StackRecord, StringRecord, SyncRecord,
    Trace, Version,
};

/// A trace in the making.
#[derive(Clone, Debug)]
pub struct Build {
    trace: Trace,
    generation: u64,
}

/// An event, a unit of time after the one before it.
pub fn ev(ty: EventType, args: &[u64]) -> Event {
    Event::new(ty, 1, args)
}

/// One second's worth of units, and one moment on all clocks.
pub const CLOCKS: [SyncRecord; 2] =
    [SyncRecord::Frequency(1_000_000_000), SyncRecord::ClockSnapshot { dt: 1, mono: 1, sec: 1, nsec: 0 }];

impl Build {
    /// An empty trace; generation 1 has still to be opened.
    pub fn bare(version: Version) -> Build {
        Build { trace: Trace::new(version), generation: 1 }
    }

    /// A trace with the first generation's clocks.
    pub fn new(version: Version) -> Build {
        Build::bare(version).clocks()
    }

    /// The generation's clocks: what the version asks for.
    pub fn clocks(self) -> Build {
        let records = if self.trace.version.has_sync_batch() { 2 } else { 1 };
        self.sync(&CLOCKS[..records])
    }

    /// A sync batch.
    pub fn sync(self, records: &[SyncRecord]) -> Build {
        self.body(NONE_ID, Body::Sync(records.to_vec()))
    }

    /// A batch of events of thread `m`.
    pub fn m(self, m: u64, events: &[Event]) -> Build {
        self.body(m, Body::Events(events.to_vec()))
    }

    /// A batch of the tracer's own events, which belong to no thread.
    pub fn none(self, events: &[Event]) -> Build {
        self.m(NONE_ID, events)
    }

    /// A string table.
    pub fn strings(self, strings: &[(u64, &[u8])]) -> Build {
        let records = strings.iter().map(|&(id, bytes)| StringRecord { id, bytes: bytes.to_vec().into() }).collect();
        self.body(NONE_ID, Body::Strings(records))
    }

    /// A stack table.
    pub fn stacks(self, stacks: &[(u64, &[Frame])]) -> Build {
        let records = stacks.iter().map(|&(id, frames)| StackRecord { id, frames: frames.to_vec() }).collect();
        self.body(NONE_ID, Body::Stacks(records))
    }

    /// A batch of CPU samples.
    pub fn samples(self, samples: &[CpuSample]) -> Build {
        self.body(NONE_ID, Body::CpuSamples(samples.to_vec()))
    }

    /// A batch with this payload, byte for byte.
    pub fn raw(self, m: u64, bytes: &[u8]) -> Build {
        self.body(m, Body::Raw(bytes.to_vec()))
    }

    /// A batch.
    pub fn body(self, m: u64, body: Body) -> Build {
        let generation = self.generation;
        self.item(Item::Batch(Batch { generation, m, time: 10, size: SizeField::Shortest, body }))
    }

    /// Any item.
    pub fn item(mut self, item: Item) -> Build {
        self.trace.items.push(item);
        self
    }

    /// Ends the generation and begins generation `next` with its clocks.
    pub fn next(self, next: u64) -> Build {
        Build { generation: next, ..self.marker() }.clocks()
    }

    /// Names another generation from here on, without an end marker.
    pub fn generation(self, generation: u64) -> Build {
        Build { generation, ..self }
    }

    /// The end marker, in versions that have one.
    pub fn marker(self) -> Build {
        if self.trace.version.has_end_of_generation() { self.item(Item::EndOfGeneration) } else { self }
    }

    /// The finished trace.
    pub fn end(self) -> Trace {
        self.marker().trace
    }

    /// The trace as it is, without a last end marker.
    pub fn cut(self) -> Trace {
        self.trace
    }
}
