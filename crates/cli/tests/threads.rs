//! `--threads 2` changes nothing that is told, of sound traces, broken ones, and ones in which threads wait for each other all the time.

mod common;

use common::{Folder, run};
use tracehound_wire::{Batch, Body, Event, EventType, Item, NONE_ID, SizeField, SyncRecord, Trace, Version};

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// Three generations in which Ms pass goroutines on to each other and use what they have meanwhile, with times that are off by
/// up to `jitter`.
fn trace(ms: u64, jitter: u64) -> Vec<u8> {
    let mut random = Random(jitter + ms);
    let mut trace = Trace::new(Version::Go126);
    for generation in 1..=3 {
        let mut batch = |m, time, body| {
            trace.items.push(Item::Batch(Batch { generation, m, time, size: SizeField::Shortest, body }));
        };
        let snapshot = SyncRecord::ClockSnapshot { dt: 0, mono: 0, sec: 0, nsec: 0 };
        batch(NONE_ID, 0, Body::Sync(vec![SyncRecord::Frequency(1_000_000_000), snapshot]));
        let base = generation << 32;
        let gs = (1..=ms).map(|g| Event::new(EventType::GoStatus, 1, &[g, NONE_ID, 1])).collect();
        batch(ms, base - jitter, Body::Events(gs));
        let mut streams: Vec<(u64, Vec<Event>)> =
            (0..ms).map(|m| (base, vec![Event::new(EventType::ProcStatus, 0, &[m, 1])])).collect();
        let mut numbers = vec![0; ms as usize + 1];
        for step in 0..30_000 {
            let (last, events) = &mut streams[random.below(ms) as usize];
            let mut dt = |off: u64| {
                let time = (base + step * 200 + off).max(*last);
                time - std::mem::replace(last, time)
            };
            let g = 1 + random.below(ms);
            numbers[g as usize] += 1;
            events.push(Event::new(EventType::GoStart, dt(random.below(jitter + 1)), &[g, numbers[g as usize]]));
            for _ in 0..random.below(4) {
                events.push(Event::new(EventType::HeapAlloc, dt(0), &[random.below(1 << 40)]));
            }
            events.push(Event::new(EventType::GoStop, dt(random.below(100)), &[0, 0]));
        }
        for (m, (_, events)) in streams.into_iter().enumerate() {
            // The first event of a batch says how far it is behind its time.
            let mut from = base;
            for some in events.chunks(4_000) {
                let took: u64 = some.iter().map(|e| e.dt).sum();
                batch(m as u64, from, Body::Events(some.to_vec()));
                from += took;
            }
        }
        trace.items.push(Item::EndOfGeneration);
    }
    trace.to_bytes()
}

#[test]
fn two_threads_tell_what_one_tells() {
    let dir = Folder::new();
    let mut random = Random(5);
    for (ms, jitter) in [(1, 0), (2, 0), (8, 150), (8, 40_000), (60, 3_000)] {
        let sound = trace(ms, jitter);
        assert!(sound.len() > 1 << 19, "{} bytes", sound.len());
        for broken in [false, true] {
            let mut bytes = sound.clone();
            if broken {
                let at = bytes.len() / 8 + random.below(bytes.len() as u64 * 7 / 8) as usize;
                bytes[at] = random.below(256) as u8;
            }
            std::fs::write(dir.path().join("a.trace"), &bytes).expect("a file");
            for command in [&["check", "--verbose"][..], &["events", "--go"], &["check", "--reader", "builtin:1.23"]] {
                let on = |threads| {
                    let out = run(&[command, &["--threads", threads, "a.trace"]].concat(), dir.path(), b"");
                    (out.status.code(), out.stdout, out.stderr)
                };
                let (one, two) = (on("1"), on("2"));
                assert!(one == two, "{ms} Ms, jitter {jitter}, {command:?}: {:?} {:?}", one.0, two.0);
                if !broken && !command.contains(&"builtin:1.23") {
                    assert_eq!(one.0, Some(0), "{}", String::from_utf8_lossy(&one.1[..one.1.len().min(900)]));
                }
            }
        }
    }
}
