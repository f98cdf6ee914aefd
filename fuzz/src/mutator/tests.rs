use super::*;
use std::collections::BTreeSet;
use tracehound_wire::{Batch, Event, EventType, NONE_ID, SizeField, StringRecord, SyncRecord, Version};

fn batch(generation: u64, m: u64, body: Body) -> Item {
    Item::Batch(Batch { generation, m, time: 1, size: SizeField::Shortest, body })
}

fn sample() -> Trace {
    let events = vec![
        Event::new(EventType::ProcStatus, 1, &[0, 1]),
        Event::new(EventType::GoStatus, 1, &[1, 0, 2]),
        Event::new(EventType::GoStop, 1, &[1, 0]),
    ];
    let mut trace = Trace::new(Version::Go126);
    trace.items = vec![
        batch(1, NONE_ID, Body::Sync(vec![SyncRecord::Frequency(1)])),
        batch(1, 0, Body::Events(events)),
        batch(1, NONE_ID, Body::Strings(vec![StringRecord { id: 1, bytes: b"preempted".into() }])),
        Item::EndOfGeneration,
    ];
    trace
}

/// Stands in for the engine: flips the last byte.
fn flip_last(data: &mut [u8], size: usize, max_size: usize) -> usize {
    if size > 0 {
        data[size - 1] ^= 1;
    }
    size.min(max_size)
}

fn mutant(of: &[u8], seed: u32, room: usize) -> Vec<u8> {
    let mut data = of.to_vec();
    data.resize(room.max(of.len()), 0);
    let size = mutate(&mut data, of.len(), room, seed, flip_last);
    assert!(size <= room);
    data.truncate(size);
    data
}

/// Whether every batch is framed: what the mutator is for.
fn is_framed(bytes: &[u8]) -> bool {
    Trace::decode(bytes).is_ok_and(|t| t.items.iter().all(|i| !matches!(i, Item::Bytes(_))))
}

#[test]
fn a_seed_gives_one_mutant() {
    let bytes = sample().to_bytes();
    for seed in 0..200 {
        assert_eq!(mutant(&bytes, seed, 4096), mutant(&bytes, seed, 4096));
    }
}

#[test]
fn broken_headers_are_mended_mostly() {
    let mut broken = sample().to_bytes();
    broken[0] = 0;
    let mended = (0..1000).filter(|&seed| Trace::decode(&mutant(&broken, seed, 4096)).is_ok()).count();
    assert!((800..1000).contains(&mended), "{mended} of 1000");
    assert!(mutant(&broken[..3], 3, 8).len() <= 8, "no room for a header");
}

#[test]
fn mutants_are_many_and_mostly_framed() {
    let bytes = sample().to_bytes();
    let mutants: Vec<Vec<u8>> = (0..2000).map(|seed| mutant(&bytes, seed, 4096)).collect();
    let different: BTreeSet<&Vec<u8>> = mutants.iter().filter(|m| **m != bytes).collect();
    let framed = mutants.iter().filter(|m| is_framed(m)).count();
    assert!(different.len() > 500, "{} different mutants", different.len());
    assert!(framed > 1000, "{framed} framed mutants");
}

#[test]
fn every_timed_event_can_be_invented() {
    let bytes = sample().to_bytes();
    let mut seen = BTreeSet::new();
    for seed in 0..20_000 {
        let Ok(trace) = Trace::decode(&mutant(&bytes, seed, 4096)) else { continue };
        for batch in trace.batches() {
            if let Body::Events(events) = &batch.body {
                seen.extend(events.iter().map(|e| e.ty));
            }
        }
    }
    let missing: Vec<_> = EventType::ALL.iter().filter(|t| t.spec().timed && !seen.contains(t)).collect();
    assert!(missing.is_empty(), "never invented: {missing:?}");
}

#[test]
fn the_engine_gets_single_strings() {
    let bytes = sample().to_bytes();
    let changed = |seed| {
        let trace = Trace::decode(&mutant(&bytes, seed, 4096)).unwrap();
        trace
            .batches()
            .any(|b| matches!(&b.body, Body::Strings(records) if records.iter().any(|r| r.bytes[..] == *b"preemptee")))
    };
    let n = (0..2000).filter(|&seed| changed(seed)).count();
    assert!(n > 100, "{n} of 2000 mutants have a string that the engine changed");
}

/// The events of thread 0 with their times, and how many batches hold them.
fn timed(trace: &Trace) -> (Vec<(u64, Event)>, usize) {
    let mut events = Vec::new();
    let batches: Vec<&Batch> = trace.batches().filter(|b| b.m == 0).collect();
    for batch in &batches {
        let mut time = batch.time;
        for event in if let Body::Events(events) = &batch.body { events.as_slice() } else { &[] } {
            time = time.saturating_add(event.dt);
            events.push((time, *event));
        }
    }
    (events, batches.len())
}

#[test]
fn one_batch_becomes_many_of_the_same_events() {
    let before = sample();
    let shattered = |seed| {
        let (events, batches) = timed(&Trace::decode(&mutant(&before.to_bytes(), seed, 4096)).unwrap());
        batches == 3 && events == timed(&before).0
    };
    let n = (0..20_000).filter(|&seed| shattered(seed)).count();
    assert!(n > 10, "{n} of 20000 mutants have a batch for each event");
}

#[test]
fn numbers_that_were_compared_are_tried() {
    let bytes = sample().to_bytes();
    let has = |seed| {
        let trace = Trace::decode(&mutant(&bytes, seed, 4096)).unwrap();
        trace.batches().any(|b| matches!(&b.body, Body::Events(events) if events.iter().any(|e| e.args[0] == 0xC0FFEE)))
    };
    assert_eq!((0..5000).filter(|&seed| has(seed)).count(), 0);
    hints::learn([(0xC0FFEE, 1)].into_iter());
    let n = (0..5000).filter(|&seed| has(seed)).count();
    assert!(n > 300, "{n} of 5000 mutants have it");
}

#[test]
fn mutants_keep_to_their_room() {
    let bytes = sample().to_bytes();
    for seed in 0..2000 {
        mutant(&bytes, seed, bytes.len());
        mutant(&bytes, seed, 20);
    }
}

#[test]
fn bytes_that_are_no_trace_go_to_the_engine_or_get_a_header() {
    for seed in 0..100 {
        let mutant = mutant(b"no trace", seed, 100);
        assert!(mutant == b"no tracd" || parse_header(&mutant).is_ok(), "{mutant:?}");
    }
}

#[test]
fn splices_take_from_both() {
    let first = sample().to_bytes();
    let mut other = sample();
    other.items.insert(2, batch(1, 7, Body::Events(vec![Event::new(EventType::HeapAlloc, 1, &[4711])])));
    let second = other.to_bytes();
    let (mut longer, mut from_other) = (0, 0);
    for seed in 0..2000 {
        let mut out = vec![0; 4096];
        let size = cross(&first, &second, &mut out, seed);
        longer += usize::from(size > second.len());
        from_other += usize::from(Trace::decode(&out[..size]).is_ok_and(|t| t.batches().any(|b| b.m == 7)));
        assert!(cross(&first, &second, &mut out[..30], seed) <= 30);
    }
    assert!(longer > 50 && from_other > 100, "{longer} longer, {from_other} with the other's thread");
}
