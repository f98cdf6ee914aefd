//! Whether a queue in the heap's place changes anything: the same traces, with and without.

use super::Reader;
use crate::options::Options;
use tracehound_wire::build::{M, TraceBuilder};
use tracehound_wire::{Body, Event, EventType, NONE_ID, Version};

pub(super) struct Random(pub u64);

impl Random {
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// A trace of one generation with these streams, each with the thread and the time of its batch.
fn generation(streams: impl IntoIterator<Item = (u64, u64, Vec<Event>)>) -> Vec<u8> {
    let mut builder = TraceBuilder::new(Version::Go126);
    let mut generation = builder.generation(1);
    for (m, time, events) in streams {
        generation.batch_of(M(m), time, Body::Events(events));
    }
    builder.to_bytes()
}

/// `threads` that take a few goroutines in turns, each by the number that the one before leaves, while their times are
/// off by up to `jitter`.
pub(super) fn trace(threads: u64, jitter: u64, seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    let mut numbers = [0u64; 5];
    // Each thread's last time and what it wrote.
    let mut streams: Vec<(u64, Vec<Event>)> =
        (0..threads).map(|m| (1, vec![Event::new(EventType::ProcStatus, 0, &[m, 1])])).collect();
    for step in 0..6 * threads {
        let (last, events) = &mut streams[random.below(threads) as usize];
        let mut dt = || {
            let time = (step * (1 + jitter / 40) + random.below(jitter)).max(*last);
            time - std::mem::replace(last, time)
        };
        for _ in 0..seed % 3 {
            events.push(Event::new(EventType::HeapAlloc, dt(), &[7]));
        }
        let g = step % 5;
        numbers[g as usize] += 1;
        let skips = u64::from(seed.is_multiple_of(7) && step == 5 * threads);
        events.push(Event::new(EventType::GoStart, dt(), &[g + 1, numbers[g as usize] + skips]));
        events.push(Event::new(EventType::GoStop, dt(), &[0, 0]));
    }
    let first = (1..=5).map(|g| Event::new(EventType::GoStatus, 1, &[g, NONE_ID, 1])).collect();
    let first = (threads + 9, 1 + random.below(jitter), first);
    let others = streams.into_iter().enumerate().map(|(m, (_, events))| (m as u64, 1, events));
    generation(std::iter::once(first).chain(others))
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
    let waiting = (0..threads).map(|m| {
        let events = vec![
            Event::new(EventType::ProcStatus, 1, &[m, 1]),
            Event::new(EventType::GoStart, 3 * threads, &[1, threads - m]),
            Event::new(EventType::GoStop, 1, &[0, 0]),
        ];
        (m, 10 + m, events)
    });
    let first = (threads, 1, vec![Event::new(EventType::GoStatus, 1, &[1, NONE_ID, 1])]);
    let bytes = generation(waiting.chain([first]));
    let mut reader = Reader::with_options(&bytes, Options::default().without_faults()).unwrap();
    let mut events = 0;
    while let Some(event) = reader.next_event() {
        event.unwrap();
        events += 1;
    }
    assert!(events > 3 * threads, "{events}");
    assert!(reader.tries < 4 * events, "{} tries for {events} events", reader.tries);
}
