//! Traces that are large enough to be mapped: the program says the same of them as of the same bytes through a pipe.

mod common;

use common::{Folder, run};
use tracehound_wire::{Batch, Body, Event, EventType, Item, NONE_ID, SizeField, SyncRecord, Trace, Version};

/// A trace of two generations and more than a megabyte; its last event breaks a rule if `broken`.
fn trace(broken: bool) -> Vec<u8> {
    let mut trace = Trace::new(Version::Go126);
    for generation in 1..=2 {
        let mut batch = |m, time, body| {
            let size = SizeField::Shortest;
            trace.items.push(Item::Batch(Batch { generation, m, time, size, body }));
        };
        let snapshot = SyncRecord::ClockSnapshot { dt: 0, mono: 0, sec: 0, nsec: 0 };
        batch(NONE_ID, 0, Body::Sync(vec![SyncRecord::Frequency(1_000_000_000), snapshot]));
        batch(1, 1, Body::Events(vec![Event::new(EventType::ProcStatus, 1, &[0, 1])]));
        for n in 0..40 {
            let events = (0..5_000).map(|i| Event::new(EventType::HeapAlloc, 1, &[1 << 20 | i])).collect();
            batch(1, 10 + n * 10_000, Body::Events(events));
        }
        if broken && generation == 2 {
            batch(1, 1_000_000, Body::Events(vec![Event::new(EventType::GoStop, 1, &[0, 0])]));
        }
        trace.items.push(Item::EndOfGeneration);
    }
    trace.to_bytes()
}

#[test]
fn a_mapped_trace_reads_as_the_same_one_from_a_pipe() {
    let dir = Folder::new();
    for broken in [false, true] {
        let bytes = trace(broken);
        assert!(bytes.len() > 1 << 20, "{}", bytes.len());
        std::fs::write(dir.path().join("large.trace"), &bytes).expect("a file");
        for command in [
            &["check", "--verbose"][..],
            &["check", "--generations", "2"],
            &["events", "--go"],
            &["events"],
            &["index", "--threads"],
            &["compare", "--reader", "builtin", "--reader", "builtin:1.26"],
        ] {
            let of = |file: &str, stdin: &[u8]| {
                let out = run(&[command, &[file]].concat(), dir.path(), stdin);
                let named = |text: &[u8]| String::from_utf8_lossy(text).replace("large.trace", "-");
                (out.status.code(), named(&out.stdout), named(&out.stderr))
            };
            let (mapped, piped) = (of("large.trace", b""), of("-", &bytes));
            assert_eq!(mapped.0, piped.0, "{command:?}");
            assert!(mapped == piped, "{command:?}: {:.300} {:.300}", mapped.1, piped.1);
            let refused = broken && !matches!(command[0], "index" | "compare");
            assert_eq!(mapped.0, Some(i32::from(refused)), "{command:?}: {}", mapped.2);
        }
    }
}

#[test]
fn a_mapped_trace_can_be_converted_in_place() {
    let dir = Folder::new();
    let bytes = trace(false);
    std::fs::write(dir.path().join("large.trace"), &bytes).expect("a file");
    let out = run(&["convert", "large.trace", "large.trace"], dir.path(), b"");
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    assert!(std::fs::read(dir.path().join("large.trace")).expect("a file") == bytes);
}
