//! Traces that are hard on a reader: many Ms that take turns at each event, many that wait, huge tables, and the same
//! trace at several sizes. They are made, not recorded, so that only one thing about each of them is unusual.

use tracehound_wire::limits::MAX_BATCH_SIZE;
use tracehound_wire::{EventType, NONE_ID, varint};

/// A trace under construction: one generation of wire version 1.26.
struct Made(Vec<u8>);

fn event(out: &mut Vec<u8>, ty: EventType, dt: u64, args: &[u64]) {
    out.push(ty.byte());
    [dt].iter().chain(args).for_each(|&n| varint::write(out, n));
}

impl Made {
    fn new() -> Made {
        let mut made = Made(b"go 1.26 trace\0\0\0".to_vec());
        let mut sync = vec![EventType::Sync.byte(), EventType::Frequency.byte()];
        varint::write(&mut sync, 1_000_000_000);
        event(&mut sync, EventType::ClockSnapshot, 0, &[0, 0, 0]);
        made.batch(NONE_ID, 0, &sync);
        made
    }

    fn batch(&mut self, m: u64, ts: u64, body: &[u8]) {
        self.0.push(EventType::EventBatch.byte());
        [1, m, ts, body.len() as u64].iter().for_each(|&n| varint::write(&mut self.0, n));
        self.0.extend_from_slice(body);
    }

    fn done(mut self) -> Vec<u8> {
        self.0.push(EventType::EndOfGeneration.byte());
        self.0
    }
}

/// A table of records, in as many batches as it takes.
fn table(made: &mut Made, kind: EventType, records: impl Iterator<Item = Vec<u8>>) {
    let mut body = vec![kind.byte()];
    for record in records {
        if body.len() + record.len() > MAX_BATCH_SIZE as usize {
            made.batch(NONE_ID, 1, &body);
            body.truncate(1);
        }
        body.extend(record);
    }
    made.batch(NONE_ID, 1, &body);
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
            let mut body = Vec::new();
            let start = 10 + round * 2 * ms + m;
            if round == 0 {
                event(&mut body, EventType::ProcStatus, 0, &[m, 1]);
                event(&mut body, EventType::GoStatus, 0, &[m + 1, m, 2]);
            }
            for n in round..end {
                event(&mut body, EventType::GoSyscallBegin, if n == round { 0 } else { ms }, &[n + 1, 0]);
                event(&mut body, EventType::GoSyscallEnd, ms, &[]);
            }
            made.batch(m, start, &body);
        }
        round = end;
    }
    made.done()
}

/// `ms` Ms that wait for one goroutine, which the last of them can take first, then the one before it, and so on.
pub fn waiting(ms: u64) -> Vec<u8> {
    let mut made = Made::new();
    for m in 0..ms {
        let mut body = Vec::new();
        event(&mut body, EventType::ProcStatus, 1, &[m, 1]);
        event(&mut body, EventType::GoStart, 3 * ms, &[1, ms - m]);
        event(&mut body, EventType::GoStop, 1, &[0, 0]);
        made.batch(m, 10 + m, &body);
    }
    let mut body = Vec::new();
    event(&mut body, EventType::GoStatus, 1, &[1, NONE_ID, 1]);
    made.batch(ms, 1, &body);
    made.done()
}

/// One M with few events, and tables of so many strings and stacks.
pub fn tables(strings: u64, stacks: u64) -> Vec<u8> {
    let mut made = Made::new();
    table(
        &mut made,
        EventType::Strings,
        (1..=strings).map(|id| {
            let mut record = vec![EventType::String.byte()];
            varint::write(&mut record, id);
            varint::write(&mut record, 12);
            record.extend(format!("{id:012}").bytes());
            record
        }),
    );
    table(
        &mut made,
        EventType::Stacks,
        (1..=stacks).map(|id| {
            let mut record = vec![EventType::Stack.byte()];
            varint::write(&mut record, id);
            varint::write(&mut record, 8);
            for frame in 0..8 {
                let pc = 0x40_0000 + (id * 31 + frame * 7) % (stacks / 2 + 1);
                [pc, 1 + pc % strings, 1 + pc % strings, pc % 900].iter().for_each(|&n| varint::write(&mut record, n));
            }
            record
        }),
    );
    let mut body = Vec::new();
    event(&mut body, EventType::ProcStatus, 1, &[0, 1]);
    (0..1_000).for_each(|n| event(&mut body, EventType::HeapAlloc, 1, &[n]));
    made.batch(0, 1, &body);
    made.done()
}
