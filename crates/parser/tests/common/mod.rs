//! Hand-made traces for the tests, and what a reader makes of them.
#![allow(dead_code)] // each test file uses its own part

pub mod examples;

use tracehound_parser::{Details, Options, Outcome, Reader, Release, dump};
use tracehound_wire::{
    Batch, Body, Event, EventType, Frame, Item, NONE_ID, SizeField, StackRecord, StringRecord, SyncRecord, Trace,
    Version,
};

/// A trace that is built item by item. Events are one timestamp unit (1 ns) apart.
pub struct Made {
    pub trace: Trace,
    pub generation: u64,
}

/// An event: type and arguments.
pub type Ev<'a> = (EventType, &'a [u64]);

impl Made {
    /// A trace with the sync data of generation 1.
    pub fn new(version: Version) -> Made {
        let mut made = Made { trace: Trace::new(version), generation: 1 };
        made.sync();
        made
    }

    /// A wire 1.26 trace with the sync data of generation 1.
    pub fn v26() -> Made {
        Made::new(Version::Go126)
    }

    /// A wire 1.26 trace with nothing in it.
    pub fn bare(version: Version) -> Made {
        Made { trace: Trace::new(version), generation: 1 }
    }

    pub fn batch(mut self, m: u64, time: u64, body: Body) -> Made {
        self.push(m, time, body);
        self
    }

    fn push(&mut self, m: u64, time: u64, body: Body) {
        let batch = Batch { generation: self.generation, m, time, size: SizeField::Shortest, body };
        self.trace.items.push(Item::Batch(batch));
    }

    fn sync(&mut self) {
        let mut records = vec![SyncRecord::Frequency(1_000_000_000)];
        if self.trace.version.has_sync_batch() {
            records.push(SyncRecord::ClockSnapshot { dt: 1, mono: 1, sec: 1, nsec: 0 });
        }
        self.push(NONE_ID, 1, Body::Sync(records));
    }

    /// Events of thread `m` from time `time` on.
    pub fn m(self, m: u64, time: u64, events: &[Ev<'_>]) -> Made {
        let events = events.iter().map(|(ty, args)| Event::new(*ty, 1, args)).collect();
        self.batch(m, time, Body::Events(events))
    }

    pub fn strings(self, strings: &[(u64, &[u8])]) -> Made {
        let records = strings.iter().map(|(id, s)| StringRecord { id: *id, bytes: s.to_vec().into() }).collect();
        self.batch(NONE_ID, 1, Body::Strings(records))
    }

    /// Stacks of one frame each: id, pc, func, file, line.
    pub fn stacks(self, stacks: &[(u64, u64, u64, u64, u64)]) -> Made {
        let records = stacks
            .iter()
            .map(|&(id, pc, func, file, line)| StackRecord { id, frames: vec![Frame { pc, func, file, line }] })
            .collect();
        self.batch(NONE_ID, 1, Body::Stacks(records))
    }

    /// A batch of these bytes.
    pub fn data(self, m: u64, bytes: &[u8]) -> Made {
        self.batch(m, 1, Body::Raw(bytes.to_vec()))
    }

    /// These bytes, outside of any batch.
    pub fn raw(mut self, bytes: &[u8]) -> Made {
        self.trace.items.push(Item::Bytes(bytes.to_vec()));
        self
    }

    /// The end of the generation, and the sync data of the next one.
    pub fn next(mut self) -> Made {
        if self.trace.version.has_end_of_generation() {
            self.trace.items.push(Item::EndOfGeneration);
        }
        self.generation += 1;
        self.sync();
        self
    }

    /// The bytes, with the last generation's end.
    pub fn bytes(mut self) -> Vec<u8> {
        if self.trace.version.has_end_of_generation() {
            self.trace.items.push(Item::EndOfGeneration);
        }
        self.trace.to_bytes()
    }

    /// The bytes as they are.
    pub fn cut(self) -> Vec<u8> {
        self.trace.to_bytes()
    }
}

/// What a reader made of a trace.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// Go's dump of each event; `PANIC` where Go's accessor would panic.
    pub events: Vec<String>,
    /// The class of the error, or `ok`, or `silent-end`.
    pub end: &'static str,
}

/// Reads all of `reader`.
pub fn report(reader: Result<Reader<'_>, tracehound_parser::Error>) -> Report {
    let mut reader = match reader {
        Ok(reader) => reader,
        Err(e) => return Report { events: Vec::new(), end: e.class() },
    };
    let (events, end) = reader.collect_with(|e| {
        let _ = format!("{e:?}");
        let mut out = Vec::new();
        dump::write(&mut out, e);
        if let Details::Sync(sync) = e.details() {
            for batch in sync.experimental_batches() {
                out.extend_from_slice(format!(" {batch:?}").as_bytes());
            }
        }
        if e.accessor_panic().is_some() { "PANIC".to_owned() } else { String::from_utf8_lossy(&out).into_owned() }
    });
    let end = match end {
        Ok(Outcome::SilentEnd) => "silent-end",
        Ok(_) => "ok",
        Err(e) => {
            assert!(!e.to_string().is_empty() && !e.help().is_empty());
            assert!(e.explain().is_none_or(|x| !x.to_string().is_empty()));
            e.class()
        }
    };
    Report { events, end }
}

/// Reads `bytes` like Go 1.27.
pub fn read(bytes: &[u8]) -> Report {
    report(Reader::new(bytes))
}

/// Reads `bytes` like this release of Go.
pub fn read_as(release: Release, bytes: &[u8]) -> Report {
    report(Reader::with_options(bytes, Options::release(release)))
}

/// Bytes behind the canonical 1.26 header, given in hex.
pub fn hex26(hex: &str) -> Vec<u8> {
    let mut bytes = Version::Go126.header().to_vec();
    bytes.extend((0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).expect("hex")));
    bytes
}
