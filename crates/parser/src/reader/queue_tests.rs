//! Whether a queue in the heap's place changes anything: the same traces, with and without.

use super::Reader;
use crate::options::Options;
use tracehound_wire::{EventType, NONE_ID, varint};

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

fn event(out: &mut Vec<u8>, ty: EventType, dt: u64, args: &[u64]) {
    out.push(ty.byte());
    [dt].iter().chain(args).for_each(|&n| varint::write(out, n));
}

fn batch(out: &mut Vec<u8>, m: u64, ts: u64, body: &[u8]) {
    out.push(EventType::EventBatch.byte());
    [1, m, ts, body.len() as u64].iter().for_each(|&n| varint::write(out, n));
    out.extend_from_slice(body);
}

/// Clocks that a trace begins with.
fn opening() -> Vec<u8> {
    let mut out = b"go 1.26 trace\0\0\0".to_vec();
    let mut sync = vec![EventType::Sync.byte(), EventType::Frequency.byte()];
    varint::write(&mut sync, 1_000_000_000);
    event(&mut sync, EventType::ClockSnapshot, 0, &[0, 0, 0]);
    batch(&mut out, NONE_ID, 0, &sync);
    out
}

/// `threads` that take a few goroutines in turns, each by the number that the one before leaves, while their times are
/// off by up to `jitter`.
fn trace(threads: u64, jitter: u64, seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    let mut out = opening();
    let mut numbers = [0u64; 5];
    // Each thread's last time and what it wrote.
    let mut bodies: Vec<(u64, Vec<u8>)> = Vec::new();
    for m in 0..threads {
        let mut body = Vec::new();
        event(&mut body, EventType::ProcStatus, 0, &[m, 1]);
        bodies.push((1, body));
    }
    for step in 0..6 * threads {
        let (last, body) = &mut bodies[random.below(threads) as usize];
        let mut dt = || {
            let time = (step * (1 + jitter / 40) + random.below(jitter)).max(*last);
            time - std::mem::replace(last, time)
        };
        for _ in 0..seed % 3 {
            event(body, EventType::HeapAlloc, dt(), &[7]);
        }
        let g = step % 5;
        numbers[g as usize] += 1;
        let skips = u64::from(seed.is_multiple_of(7) && step == 5 * threads);
        event(body, EventType::GoStart, dt(), &[g + 1, numbers[g as usize] + skips]);
        event(body, EventType::GoStop, dt(), &[0, 0]);
    }
    let mut first = Vec::new();
    for g in 1..=5 {
        event(&mut first, EventType::GoStatus, 1, &[g, NONE_ID, 1]);
    }
    batch(&mut out, threads + 9, 1 + random.below(jitter), &first);
    for (m, (_, body)) in bodies.into_iter().enumerate() {
        batch(&mut out, m as u64, 1, &body);
    }
    out.push(EventType::EndOfGeneration.byte());
    out
}

/// All events and how it ended; how often a queue was made.
fn read(bytes: &[u8], queues: bool) -> (String, usize) {
    let mut reader = Reader::with_options(bytes, Options::default().without_faults()).unwrap();
    reader.frontier.never_queues = !queues;
    let mut told = String::new();
    while let Some(event) = reader.next_event() {
        match event {
            Ok(e) => told.push_str(&format!("{} {} {:?} {:?}\n", e.time(), e.thread().0, e.wire_type(), e.args())),
            Err(e) => told.push_str(&format!("{e:?}")),
        }
    }
    (told, reader.frontier.queues_made)
}

#[test]
fn a_queue_changes_nothing() {
    let (mut made, mut events) = (0, 0);
    for seed in 0..200 {
        let threads = [20, 64, 80, 130][seed as usize % 4];
        let jitter = [5, 300, 3_000, 3_000_000][seed as usize / 4 % 4];
        let bytes = trace(threads, jitter, seed);
        let (with, queues) = read(&bytes, true);
        let (without, none) = read(&bytes, false);
        assert_eq!(with, without, "seed {seed}");
        assert_eq!(none, 0);
        made += queues;
        events += with.lines().count();
    }
    assert!(made > 60 && events > 20_000, "{made} queues, {events} events");
}

/// The last thread is the first that can take the goroutine, the one before it the second, and so on.
#[test]
fn threads_that_wait_for_each_other_are_not_tried_in_vain() {
    let threads = 500;
    let mut out = opening();
    for m in 0..threads {
        let mut body = Vec::new();
        event(&mut body, EventType::ProcStatus, 1, &[m, 1]);
        event(&mut body, EventType::GoStart, 3 * threads, &[1, threads - m]);
        event(&mut body, EventType::GoStop, 1, &[0, 0]);
        batch(&mut out, m, 10 + m, &body);
    }
    let mut first = Vec::new();
    event(&mut first, EventType::GoStatus, 1, &[1, NONE_ID, 1]);
    batch(&mut out, threads, 1, &first);
    out.push(EventType::EndOfGeneration.byte());
    let mut reader = Reader::with_options(&out, Options::default().without_faults()).unwrap();
    let mut events = 0;
    while let Some(event) = reader.next_event() {
        event.unwrap();
        events += 1;
    }
    assert!(events > 3 * threads, "{events}");
    assert!(reader.tries < 4 * events, "{} tries for {events} events", reader.tries);
}
