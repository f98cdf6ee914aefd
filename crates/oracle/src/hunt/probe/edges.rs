//! Edges: what is as large as it may be, and one larger; the last id of a table, and the one behind it; ids that a signed
//! number does not hold, or that make a table sparse; an experiment's payload that looks like something else.

use super::Probe;
use crate::judge::matrix::build::ev;
use EventType::{
    CPUSamples, ClockSnapshot, EndOfGeneration, EventBatch, Frequency, GoBlock, GoCreate, GoStatus, ProcStatus, Stacks,
    Strings, Sync, UserLog, UserTaskBegin,
};
use std::sync::OnceLock;
use tracehound_wire::build::{Generation, M, TraceBuilder};
use tracehound_wire::limits::{MAX_BATCH_SIZE, MAX_FRAMES, MAX_STRING_LEN};
use tracehound_wire::{Body, CpuSample, Event, EventType, Frame, StackRecord, StringRecord, SyncRecord, Version};

/// The thread that has P 0 and runs goroutine 1.
const THREAD: M = M(5);

/// What is at its edge, and the part of a generation that shows it.
struct Edge {
    what: String,
    show: Box<dyn Fn(&mut Generation<'_>) + Send + std::marker::Sync>,
}

impl Edge {
    fn new(what: String, show: impl Fn(&mut Generation<'_>) + Send + std::marker::Sync + 'static) -> Edge {
        Edge { what, show: Box::new(show) }
    }
}

/// How many probes there are.
pub(super) fn count() -> u64 {
    (all().len() * Version::ALL.len()) as u64
}

/// The n-th.
pub(super) fn nth(n: u64) -> Option<Probe> {
    let versions = Version::ALL.len() as u64;
    let version = Version::ALL[(n % versions) as usize];
    let edge = all().get(usize::try_from(n / versions).ok()?)?;
    let mut builder = TraceBuilder::new(version);
    let mut generation = builder.generation(1);
    generation.batch(THREAD, 1).push(ev(ProcStatus, &[0, 1])).push(ev(GoStatus, &[1, THREAD.0, 2]));
    (edge.show)(&mut generation);
    Some((builder.to_bytes().into(), format!("wire version {version}, {}", edge.what)))
}

fn all() -> &'static [Edge] {
    static ALL: OnceLock<Vec<Edge>> = OnceLock::new();
    ALL.get_or_init(|| [limits(), last_ids(), far_ids(), clocks(), payloads()].into_iter().flatten().collect())
}

fn then(generation: &mut Generation<'_>, event: Event) {
    generation.batch(THREAD, 9).push(event);
}

fn strings(generation: &mut Generation<'_>, ids: &[u64]) {
    let text = |&id: &u64| StringRecord { id, bytes: format!("string {id}").into_bytes().into() };
    generation.batch_of(M::NONE, 1, Body::Strings(ids.iter().map(text).collect()));
}

fn stacks(generation: &mut Generation<'_>, ids: &[u64], func: u64, file: u64) {
    let stack = |&id: &u64| StackRecord { id, frames: vec![Frame { pc: id ^ 7, func, file, line: 3 }] };
    generation.batch_of(M::NONE, 1, Body::Stacks(ids.iter().map(stack).collect()));
}

/// A string table of so many bytes: strings of a thousand, and one of what is left over, at least so many that its length takes two.
fn filled(bytes: u64) -> Body {
    const THOUSAND: u64 = 1000;
    // Type, id and length of each record; the table has a type itself.
    const HEAD: u64 = 4;
    let whole = (bytes - 200) / (THOUSAND + HEAD);
    let rest = bytes - 1 - whole * (THOUSAND + HEAD) - HEAD;
    let lengths = std::iter::repeat_n(THOUSAND, whole as usize).chain([rest]);
    let record = |(id, length)| StringRecord { id, bytes: vec![b'x'; length as usize].into() };
    Body::Strings((1..).zip(lengths).map(record).collect())
}

fn limits() -> Vec<Edge> {
    let mut all = Vec::new();
    for more in 0..=1 {
        let (size, length, depth) = (MAX_BATCH_SIZE + more, MAX_STRING_LEN + more, MAX_FRAMES + more);
        all.push(Edge::new(format!("a batch of {size} bytes"), move |g| {
            g.batch_of(M::NONE, 1, filled(size));
        }));
        all.push(Edge::new(format!("a string of {length} bytes"), move |g| {
            let bytes = vec![b'x'; length as usize].into();
            g.batch_of(M::NONE, 1, Body::Strings(vec![StringRecord { id: 1, bytes }]));
        }));
        all.push(Edge::new(format!("a stack of {depth} frames"), move |g| {
            let frame = |pc| Frame { pc, func: 0, file: 0, line: pc };
            let frames = (0..depth).map(frame).collect();
            g.batch_of(M::NONE, 1, Body::Stacks(vec![StackRecord { id: 1, frames }]));
        }));
    }
    all
}

/// What names a string or a stack: itself in words, and the rest of a generation that names this one.
type Name = (&'static str, fn(&mut Generation<'_>, u64));

const OF_STRINGS: &[Name] = &[
    ("the reason of a block", |g, id| then(g, ev(GoBlock, &[id, 0]))),
    ("the name of a task", |g, id| then(g, ev(UserTaskBegin, &[1, 0, id, 0]))),
    ("a log's key", |g, id| then(g, ev(UserLog, &[0, id, 0, 0]))),
    ("a log's text", |g, id| then(g, ev(UserLog, &[0, 0, id, 0]))),
    ("a frame's function", |g, id| stacks(g, &[1], id, 0)),
    ("a frame's file", |g, id| stacks(g, &[1], 0, id)),
];

const OF_STACKS: &[Name] = &[
    ("the stack of a block", |g, id| then(g, ev(GoBlock, &[0, id]))),
    ("a new goroutine's stack", |g, id| then(g, ev(GoCreate, &[7, id, 0]))),
    ("the stack where a goroutine is created", |g, id| then(g, ev(GoCreate, &[7, 0, id]))),
    ("the stack of a sample", |g, stack| {
        g.cpu_samples(9, vec![CpuSample { time: 9, m: THREAD.0, p: 0, g: 1, stack }]);
    }),
];

/// A table of these ids.
type Table = fn(&mut Generation<'_>, &[u64]);

/// A table of these ids, and each way to name an id of it.
fn named(ids: &[u64], id: u64) -> Vec<Edge> {
    let kinds: [(&str, &[Name], Table); 2] =
        [("string", OF_STRINGS, strings), ("stack", OF_STACKS, |g, ids| stacks(g, ids, 0, 0))];
    let of_kind = |(kind, names, table): (&str, &'static [Name], Table)| {
        let edge = |&(what, name): &Name| {
            let ids = ids.to_vec();
            Edge::new(format!("{what} is {kind} {id}, and there are {ids:?}"), move |g| {
                table(g, &ids);
                name(g, id);
            })
        };
        names.iter().map(edge).collect::<Vec<_>>()
    };
    kinds.into_iter().flat_map(of_kind).collect()
}

fn last_ids() -> Vec<Edge> {
    let mut all = Vec::new();
    for last in [3, 4, 6, 7, 8] {
        let ids = [1, 2, last];
        all.extend([last, last + 1].into_iter().flat_map(|id| named(&ids, id)));
    }
    all
}

fn far_ids() -> Vec<Edge> {
    let far = [1 << 31, 1 << 32, (1 << 53) + 1, i64::MAX as u64, 1 << 63, (1 << 63) + 1, u64::MAX - 1, u64::MAX];
    far.into_iter().flat_map(|id| [named(&[id], id), named(&[1, id], id)]).flatten().collect()
}

fn clocks() -> Vec<Edge> {
    let mut all = vec![Edge::new("a sync batch that holds nothing".to_owned(), |g| {
        g.batch_of(M::NONE, 1, Body::Raw(vec![Sync.byte()]));
    })];
    for frequency in [1, 2, 1_000_000_000, 1 << 53, 1 << 63, u64::MAX] {
        all.push(Edge::new(format!("{frequency} timestamp units in a second"), move |g| {
            let snapshot = SyncRecord::ClockSnapshot { dt: 1, mono: 1, sec: 1, nsec: 1 };
            g.sync_records(1, vec![SyncRecord::Frequency(frequency), snapshot]);
        }));
    }
    all
}

/// Payloads of an experiment that begin as other kinds of batches do, and are none.
fn payloads() -> Vec<Edge> {
    let firsts = [Strings, Stacks, CPUSamples, Frequency, Sync, ClockSnapshot, EndOfGeneration, EventBatch, ProcStatus];
    let payload = |first: EventType| {
        Edge::new(format!("an experiment's payload that begins with the byte of {first:?}"), move |g| {
            let data = [[first.byte()].as_slice(), &[0xff; 12]].concat();
            g.experimental_batch(1, THREAD, 2, &data);
        })
    };
    firsts.into_iter().map(payload).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_filled_to_the_byte() {
        for size in [MAX_BATCH_SIZE, MAX_BATCH_SIZE + 1] {
            let mut bytes = Vec::new();
            filled(size).encode_into(Version::Go126, &mut bytes);
            assert_eq!(bytes.len() as u64, size);
        }
    }
}
