//! Traces that are hard on a reader: many Ms that take turns at each event, many that wait, huge tables, and the same
//! trace at several sizes. They are made, not recorded, so that only one thing about each of them is unusual.

use tracehound_wire::{
    Batch, Body, Event, EventType, Frame, Item, NONE_ID, SizeField, StackRecord, StringRecord, SyncRecord, Trace,
    Version,
};

/// Records of a table in one batch: fewer than fill it.
const RECORDS: usize = 500;

/// A trace under construction: one generation of wire version 1.26. What is done is bytes, as events by the million are
/// too large to be kept otherwise.
struct Made(Vec<u8>);

impl Made {
    fn new() -> Made {
        let mut made = Made(Trace::new(Version::Go126).to_bytes());
        let snapshot = SyncRecord::ClockSnapshot { dt: 0, mono: 0, sec: 0, nsec: 0 };
        made.batch(NONE_ID, 0, Body::Sync(vec![SyncRecord::Frequency(1_000_000_000), snapshot]));
        made
    }

    fn item(&mut self, item: &Item) {
        item.encode_into(Version::Go126, &mut self.0, &mut Vec::new());
    }

    fn batch(&mut self, m: u64, time: u64, body: Body) {
        self.item(&Item::Batch(Batch { generation: 1, m, time, size: SizeField::Shortest, body }));
    }

    fn events(&mut self, m: u64, time: u64, events: Vec<Event>) {
        self.batch(m, time, Body::Events(events));
    }

    fn done(mut self) -> Vec<u8> {
        self.item(&Item::EndOfGeneration);
        self.0
    }
}

/// `ms` Ms in syscalls, which take turns at every event: the frontier changes each time. About `events` events.
pub fn turns(ms: u64, events: u64) -> Vec<u8> {
    let mut made = Made::new();
    let rounds = events / (2 * ms);
    // Where each M's batch has come to in its rounds; a batch holds some thousand events.
    let mut round = 0;
    while round < rounds {
        let end = rounds.min(round + 2_000);
        for m in 0..ms {
            let mut events = Vec::new();
            let start = 10 + round * 2 * ms + m;
            if round == 0 {
                events.push(Event::new(EventType::ProcStatus, 0, &[m, 1]));
                events.push(Event::new(EventType::GoStatus, 0, &[m + 1, m, 2]));
            }
            for n in round..end {
                let dt = if n == round { 0 } else { ms };
                events.push(Event::new(EventType::GoSyscallBegin, dt, &[n + 1, 0]));
                events.push(Event::new(EventType::GoSyscallEnd, ms, &[]));
            }
            made.events(m, start, events);
        }
        round = end;
    }
    made.done()
}

/// `ms` Ms that wait for one goroutine, which the last of them can take first, then the one before it, and so on.
pub fn waiting(ms: u64) -> Vec<u8> {
    let mut made = Made::new();
    for m in 0..ms {
        let events = vec![
            Event::new(EventType::ProcStatus, 1, &[m, 1]),
            Event::new(EventType::GoStart, 3 * ms, &[1, ms - m]),
            Event::new(EventType::GoStop, 1, &[0, 0]),
        ];
        made.events(m, 10 + m, events);
    }
    made.events(ms, 1, vec![Event::new(EventType::GoStatus, 1, &[1, NONE_ID, 1])]);
    made.done()
}

/// One M with few events, and tables of so many strings and stacks.
pub fn tables(strings: u64, stacks: u64) -> Vec<u8> {
    let mut made = Made::new();
    let records: Vec<StringRecord> =
        (1..=strings).map(|id| StringRecord { id, bytes: format!("{id:012}").into_bytes().into() }).collect();
    for some in records.chunks(RECORDS) {
        made.batch(NONE_ID, 1, Body::Strings(some.to_vec()));
    }
    let frame = |pc: u64| Frame { pc, func: 1 + pc % strings, file: 1 + pc % strings, line: pc % 900 };
    let stack = |id: u64| (0..8).map(|n| frame(0x40_0000 + (id * 31 + n * 7) % (stacks / 2 + 1))).collect();
    let records: Vec<StackRecord> = (1..=stacks).map(|id| StackRecord { id, frames: stack(id) }).collect();
    for some in records.chunks(RECORDS) {
        made.batch(NONE_ID, 1, Body::Stacks(some.to_vec()));
    }
    let mut events = vec![Event::new(EventType::ProcStatus, 1, &[0, 1])];
    events.extend((0..1_000).map(|n| Event::new(EventType::HeapAlloc, 1, &[n])));
    made.events(0, 1, events);
    made.done()
}
