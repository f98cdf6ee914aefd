//! Whether a second thread changes anything: the same traces, and edits of them, on one and on two. Blocks are small in tests, so that
//! there are many of them, and the reader has to go on alone in the middle of some.

use super::queue_tests::{self, Random};
use super::{Outcome, Reader};
use crate::error::Error;
use crate::event::Event;
use crate::options::Options;
use crate::release::Release;
use tracehound_wire::{
    Batch, Body, Event as Wire, EventType, Frame, Item, NONE_ID, SizeField, StackRecord, StringRecord, SyncRecord,
    Trace, Version,
};

/// What was told of a trace.
#[derive(PartialEq, Eq, Debug)]
struct Told {
    events: Vec<String>,
    end: String,
}

fn tell(e: &Event<'_>) -> String {
    let frames = e.stack().map(|s| s.frames().map(|f| f.pc).collect::<Vec<_>>());
    let about = (e.offset(), e.generation(), e.generation_index(), e.is_synthetic(), e.accessor_panic());
    format!("{e:?} {:?} {:?} {frames:?} {about:?}", e.wire_type(), e.args())
}

/// What is told on so many threads; how many events came from a second one, and how often the reader went on alone.
fn read(bytes: &[u8], release: Release, threads: usize) -> (Told, (usize, usize)) {
    let options = Options::release(release).without_faults().on_threads(threads);
    let mut events = Vec::new();
    let (end, followed): (Result<Outcome, Error>, _) = match Reader::with_options(bytes, options) {
        Ok(mut reader) => (reader.for_each(|e| events.push(tell(e))), reader.followed),
        Err(e) => (Err(e), (0, 0)),
    };
    (Told { events, end: format!("{end:?}") }, followed)
}

/// Holds two threads to what one says; how much came from the second one.
fn hold(bytes: &[u8], release: Release) -> (usize, usize) {
    let (one, none) = read(bytes, release, 1);
    let (two, followed) = read(bytes, release, 2);
    assert_eq!(none, (0, 0));
    if one != two {
        let differs = one.events.iter().zip(&two.events).position(|(a, b)| a != b);
        let at = differs.unwrap_or(one.events.len().min(two.events.len()));
        let around = |told: &Told| told.events[at.saturating_sub(1)..].iter().take(3).cloned().collect::<Vec<_>>();
        panic!("Go {release}, event {at}: {:#?} {} or {:#?} {}", around(&one), one.end, around(&two), two.end);
    }
    followed
}

/// A trace of three generations with something of everything: samples between events, tasks that end, coroutine switches,
/// strings and stacks, and two threads of which one waits for the other's.
fn mixed(version: Version, seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    let mut trace = Trace::new(version);
    for generation in 1..=3 {
        let mut batch = |m, time, body| {
            trace.items.push(Item::Batch(Batch { generation, m, time, size: SizeField::Shortest, body }));
        };
        let mut sync = vec![SyncRecord::Frequency(1_000_000_000)];
        if version.has_sync_batch() {
            sync.push(SyncRecord::ClockSnapshot { dt: 1, mono: 1, sec: 1, nsec: 0 });
        }
        batch(NONE_ID, 1, Body::Sync(sync));
        let string = |id, text: &[u8]| StringRecord { id, bytes: text.to_vec().into() };
        batch(NONE_ID, 1, Body::Strings(vec![string(1, b"work"), string(2, b"more"), string(7_000, b"far")]));
        let frames = vec![Frame { pc: 9, func: 1, file: 2, line: 3 }];
        batch(NONE_ID, 1, Body::Stacks(vec![StackRecord { id: 1, frames }]));
        let base = generation * 1_000;
        let samples = (0..5).map(|n| base + n * 60).flat_map(|t| [7, t as u8 | 128, (t >> 7) as u8, 5, 0, 1, 1]);
        batch(NONE_ID, 1, Body::Raw([6].into_iter().chain(samples).collect()));
        let mut own =
            vec![Wire::new(EventType::ProcStatus, 1, &[0, 1]), Wire::new(EventType::GoStatus, 1, &[generation, 5, 2])];
        let mut dt = |most| 1 + random.below(most);
        for n in 0..12 {
            let task = generation * 100 + n;
            own.push(Wire::new(EventType::UserTaskBegin, dt(9), &[task, 0, 1, 1]));
            own.push(Wire::new(EventType::UserRegionBegin, dt(9), &[task, 7_000, 0]));
            own.push(Wire::new(EventType::UserLog, dt(9), &[task, 1, 2, 0]));
            own.push(Wire::new(EventType::UserRegionEnd, dt(9), &[task, 7_000, 0]));
            own.push(Wire::new(EventType::UserTaskEnd, dt(9), &[task, 1]));
            own.push(Wire::new(EventType::GoCreate, dt(9), &[task, 1, 1]));
        }
        own.push(Wire::new(EventType::GoCreate, dt(9), &[generation + 1, 1, 1]));
        own.push(Wire::new(EventType::GoBlock, dt(9), &[1, 1]));
        for n in 0..12 {
            own.push(Wire::new(EventType::GoStart, dt(9), &[generation * 100 + n, 1]));
            own.push(Wire::new(EventType::GoDestroy, dt(9), &[]));
        }
        own.push(Wire::new(EventType::GoStart, dt(9), &[generation + 1, 1]));
        // The other thread's P and goroutine come from the first one, which may be later by the clock.
        let mut other = vec![Wire::new(EventType::ProcStatus, 1, &[1, 1])];
        for n in 0..20 {
            other.push(Wire::new(EventType::HeapAlloc, dt(30), &[n << 30]));
        }
        other.push(Wire::new(EventType::GoUnblock, dt(400), &[generation, 1, 0]));
        other.push(Wire::new(EventType::GoStart, dt(9), &[generation, 2]));
        other.push(Wire::new(EventType::GoBlock, dt(9), &[1, 1]));
        let cut = own.split_off(own.len() / 2);
        batch(5, base, Body::Events(own));
        batch(6, base + dt(40), Body::Events(other));
        batch(5, base + 400, Body::Events(cut));
        if version.has_end_of_generation() {
            trace.items.push(Item::EndOfGeneration);
        }
    }
    trace.to_bytes()
}

#[test]
fn two_threads_say_what_one_says() {
    let (mut followed, mut alone) = (0, 0);
    for seed in 0..40 {
        for version in Version::ALL {
            let bytes = mixed(version, seed);
            for release in [Release::default(), Release::ALL[0], Release::ALL[2]] {
                let (events, times) = hold(&bytes, release);
                (followed, alone) = (followed + events, alone + times);
            }
        }
    }
    assert!(followed > 20_000 && alone > 100, "{followed} events, {alone} times alone");
}

#[test]
fn so_they_do_of_broken_traces() {
    let mut random = Random(11);
    let (mut followed, mut alone) = (0, 0);
    for seed in 0..1_500 {
        let mut bytes = mixed(Version::ALL[seed as usize % Version::ALL.len()], seed % 7);
        for _ in 0..1 + random.below(3) {
            let at = 16 + random.below(bytes.len() as u64 - 16) as usize;
            match random.below(5) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, random.below(64) as u8),
                2 => bytes.truncate(at.max(17)),
                _ => bytes[at] = random.below(if seed % 2 == 0 { 56 } else { 256 }) as u8,
            }
            if bytes.len() < 20 {
                break;
            }
        }
        let (events, times) = hold(&bytes, Release::ALL[seed as usize % Release::ALL.len()]);
        (followed, alone) = (followed + events, alone + times);
    }
    assert!(followed > 20_000 && alone > 500, "{followed} events, {alone} times alone");
}

#[test]
fn so_they_do_where_threads_wait_all_the_time() {
    let (mut followed, mut alone) = (0, 0);
    for seed in 0..60 {
        let bytes = queue_tests::trace([2, 3, 20, 80][seed as usize % 4], [5, 300, 3_000][seed as usize / 4 % 3], seed);
        let (events, times) = hold(&bytes, Release::default());
        (followed, alone) = (followed + events, alone + times);
    }
    assert!(followed > 1_000 && alone > 50, "{followed} events, {alone} times alone");
}

#[test]
fn a_caller_that_panics_does_not_wait_for_ever() {
    let bytes = mixed(Version::Go126, 1);
    let options = Options::default().without_faults().on_threads(2);
    let panics = std::panic::catch_unwind(|| {
        let mut events = 0;
        Reader::with_options(&bytes, options).unwrap().for_each(|_| {
            events += 1;
            assert!(events < 40, "enough");
        })
    });
    assert!(panics.is_err());
}

#[test]
fn strict_mode_streams_and_readers_that_have_begun_go_on_alone() {
    let bytes = mixed(Version::Go126, 1);
    let options = Options::default().without_faults().on_threads(2);
    let mut strict = Reader::with_options(&bytes, options.strictly()).unwrap();
    let _ = strict.for_each(|_| ());
    let mut stream = Reader::from_read(&bytes[..], options).unwrap();
    stream.for_each(|_| ()).unwrap();
    let mut begun = Reader::with_options(&bytes, options).unwrap();
    begun.next_event().unwrap().unwrap();
    begun.for_each(|_| ()).unwrap();
    assert_eq!([strict.followed, stream.followed, begun.followed], [(0, 0); 3]);
}
