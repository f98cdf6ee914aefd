//! Golden vectors, oddities of the container, and the round trips that lose nothing.

use proptest::prelude::*;
use tracehound_wire::build::{G, GoStatus, M, NO_STACK, P, ProcStatus, Seq, StackFrame, Task, TraceBuilder};
use tracehound_wire::raw::{TextStyle, from_text, to_text};
use tracehound_wire::{
    Batch, Body, Event, EventType, Item, NONE_ID, SizeField, StringRecord, SyncRecord, Trace, Version,
};

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

fn decode(version: Version, body: &[u8]) -> Trace {
    let bytes = [&version.header()[..], body].concat();
    let trace = Trace::decode(&bytes).unwrap();
    assert_eq!(trace.to_bytes(), bytes);
    trace
}

fn text(trace: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    to_text(trace, TextStyle::Lossless, &mut out).unwrap();
    out
}

fn binary(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    from_text(text, TextStyle::Lossless, &mut out).unwrap();
    out
}

const GOLDEN_START: &str = "0101ffffffffffffffffff01010c32088094ebdc033301010100";

/// Structure of the three golden vectors, whose readings every Go from 1.26 on agrees about.
#[test]
fn golden_vectors_decode_to_their_structure() {
    let batch = |m, time, body| Item::Batch(Batch { generation: 1, m, time, size: SizeField::Shortest, body });
    let snapshot = SyncRecord::ClockSnapshot { dt: 1, mono: 1, sec: 1, nsec: 0 };
    let sync = batch(NONE_ID, 1, Body::Sync(vec![SyncRecord::Frequency(1_000_000_000), snapshot]));
    let proc_status = Event::new(EventType::ProcStatus, 1, &[0, 1]);
    let go_status = Event::new(EventType::GoStatus, 1, &[1, 5, 2]);
    let statuses = batch(5, 10, Body::Events(vec![proc_status, go_status]));

    let a = decode(Version::Go126, &unhex(&format!("{GOLDEN_START}0101050a090d010001190101050234")));
    assert_eq!(a.items, [sync.clone(), statuses.clone(), Item::EndOfGeneration]);

    // B: a string record that ends where its length should begin; readers take it for the end of the trace.
    let b = decode(Version::Go126, &unhex(&format!("{GOLDEN_START}0101050a090d01000119010105020101070102040534")));
    let cut_table = |bytes: &[u8]| batch(7, 1, Body::Raw(bytes.to_vec()));
    assert_eq!(b.items[..2], [sync.clone(), statuses]);
    assert_eq!(b.items[2..], [cut_table(&[4, 5]), Item::EndOfGeneration]);

    // C: a type byte beyond the table behind two events.
    let c = decode(Version::Go126, &unhex(&format!("{GOLDEN_START}0101050a0a0d0100011901010502c834")));
    let raw = unhex("0d0100011901010502c8");
    assert_eq!(c.items, [sync, batch(5, 10, Body::Raw(raw)), Item::EndOfGeneration]);
}

#[test]
fn golden_vectors_as_text() {
    let text_of = |rest: &str| {
        let bytes = [&Version::Go126.header()[..], &unhex(&format!("{GOLDEN_START}{rest}"))].concat();
        let text = text(&bytes);
        assert_eq!(binary(&text), bytes);
        String::from_utf8(text).unwrap()
    };
    insta::assert_snapshot!(text_of("0101050a090d010001190101050234"), @r"
    Trace Go1.26
    EventBatch gen=1 m=18446744073709551615 time=1 size=12
    Sync
    Frequency freq=1000000000
    ClockSnapshot dt=1 mono=1 sec=1 nsec=0
    EventBatch gen=1 m=5 time=10 size=9
    ProcStatus dt=1 p=0 pstatus=1
    GoStatus dt=1 g=1 m=5 gstatus=2
    EndOfGeneration
    ");
    insta::assert_snapshot!(text_of("0101050a090d01000119010105020101070102040534"), @r#"
    Trace Go1.26
    EventBatch gen=1 m=18446744073709551615 time=1 size=12
    Sync
    Frequency freq=1000000000
    ClockSnapshot dt=1 mono=1 sec=1 nsec=0
    EventBatch gen=1 m=5 time=10 size=9
    ProcStatus dt=1 p=0 pstatus=1
    GoStatus dt=1 g=1 m=5 gstatus=2
    EventBatch gen=1 m=7 time=1 size=2
    Strings
    #~ bytes "\x05"
    EndOfGeneration
    "#);
    insta::assert_snapshot!(text_of("0101050a0a0d0100011901010502c834"), @r#"
    Trace Go1.26
    EventBatch gen=1 m=18446744073709551615 time=1 size=12
    Sync
    Frequency freq=1000000000
    ClockSnapshot dt=1 mono=1 sec=1 nsec=0
    EventBatch gen=1 m=5 time=10 size=10
    ProcStatus dt=1 p=0 pstatus=1
    GoStatus dt=1 g=1 m=5 gstatus=2
    #~ bytes "\xc8"
    EndOfGeneration
    "#);
}

/// What readers judge, the container only carries: each of these decodes into structure.
#[test]
fn the_container_carries_what_readers_refuse() {
    // An end marker before wire 1.26, and a generation 0.
    let trace = decode(Version::Go122, &[0x34, 1, 0, 5, 9, 2, 11, 1]);
    assert_eq!(trace.items[0], Item::EndOfGeneration);
    assert!(matches!(&trace.items[1], Item::Batch(b) if b.generation == 0 && matches!(b.body, Body::Events(_))));
    // Coroutine switches, experimental events and batches in wire 1.22, which readers from 1.23 on take.
    let trace = decode(Version::Go122, &[1, 1, 5, 9, 7, 45, 1, 2, 3, 130, 1, 7, 0x31, 0, 1, 5, 9, 0]);
    let events = vec![Event::new(EventType::GoSwitch, 1, &[2, 3]), Event::new(EventType::SpanFree, 1, &[7])];
    assert!(matches!(&trace.items[0], Item::Batch(b) if b.body == Body::Events(events)));
    assert!(matches!(&trace.items[1], Item::Experimental(b) if b.experiment == 0));
    // A batch that begins with the end-of-generation byte, and one that begins with an untimed type.
    for first in [52, 49, 7, 1] {
        let trace = decode(Version::Go126, &[1, 1, 5, 9, 2, first, 1]);
        assert!(matches!(&trace.items[..], [Item::Batch(b)] if b.body == Body::Raw(vec![first, 1])), "{first}");
    }
    // More than 65536 bytes of payload.
    let mut large = vec![1, 1, 5, 9];
    tracehound_wire::varint::write(&mut large, 2 * 40_000);
    large.extend([11, 1].repeat(40_000));
    let trace = decode(Version::Go126, &large);
    assert!(matches!(&trace.items[..], [Item::Batch(Batch { body: Body::Events(e), .. })] if e.len() == 40_000));
    // Duplicate ids, id 0, strings that are too long or not UTF-8.
    let long = vec![0xff; 2000];
    let body = Body::Strings([0, 1, 1].map(|id| StringRecord { id, bytes: long.clone().into() }).to_vec());
    let mut bytes = Vec::new();
    body.encode_into(Version::Go126, &mut bytes);
    assert_eq!(Body::decode(Version::Go126, &bytes), body);
}

/// A trace with every kind of batch, as a runtime would write its size fields.
fn sample(version: Version) -> Vec<u8> {
    let mut t = TraceBuilder::new(version);
    let frames = [StackFrame { pc: 0x401000, func: "main.main", file: "/src/main.go", line: 300 }];
    for number in [1, 2] {
        let mut g = t.generation(number);
        g.batch(M(5), number * 1000)
            .event("ProcStatus", (P(0), ProcStatus::Running))
            .event("GoStatus", (G(1), M(5), GoStatus::Running))
            .event("UserTaskBegin", (Task(number), Task(0), "t\u{e4}sk", &frames))
            .event("UserLog", (Task(number), "key", &b"\xff\xfe"[..], NO_STACK))
            .event("GoSyscallBegin", (Seq(1), &frames))
            .event("GoSyscallEnd", ())
            .event("GoBlock", ("sleep", NO_STACK));
        let sample = tracehound_wire::CpuSample { time: 900, m: 5, p: 0, g: 1, stack: 1 };
        g.cpu_samples(number * 1000, vec![sample, sample]);
        if version >= Version::Go123 {
            g.experimental_batch(1, M(5), number * 1000, &[0, 1, 2, 0xff]);
        }
    }
    let mut trace = t.build();
    trace.batches_mut().for_each(|b| b.size = SizeField::Runtime);
    trace.to_bytes()
}

#[derive(Clone, Debug)]
enum Edit {
    Set(usize, u8),
    Insert(usize, u8),
    Remove(usize, usize),
    Cut(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let byte = || prop_oneof![any::<u8>(), Just(0), Just(1), Just(0x31), Just(0x34), Just(0x80), Just(0xff), 2u8..9];
    prop_oneof![
        4 => (any::<usize>(), byte()).prop_map(|(at, b)| Edit::Set(at, b)),
        2 => (any::<usize>(), byte()).prop_map(|(at, b)| Edit::Insert(at, b)),
        2 => (any::<usize>(), 1usize..6).prop_map(|(at, n)| Edit::Remove(at, n)),
        1 => any::<usize>().prop_map(Edit::Cut),
    ]
}

/// Applies edits behind the header.
fn edited(mut bytes: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        let at = |n: usize| 16 + n % (bytes.len() - 16).max(1);
        match *edit {
            Edit::Set(n, b) if bytes.len() > 16 => {
                let at = at(n);
                bytes[at] = b;
            }
            Edit::Insert(n, b) => bytes.insert(at(n).min(bytes.len()), b),
            Edit::Remove(n, count) => {
                let at = at(n).min(bytes.len());
                bytes.drain(at..bytes.len().min(at + count));
            }
            Edit::Cut(n) => bytes.truncate(at(n)),
            Edit::Set(..) => {}
        }
    }
    bytes
}

#[test]
fn a_sample_of_every_version_is_all_structure() {
    for version in Version::ALL {
        let bytes = sample(version);
        let trace = Trace::decode(&bytes).unwrap();
        assert_eq!(trace.to_bytes(), bytes);
        assert!(trace.items.iter().all(|item| !matches!(item, Item::Bytes(_))));
        assert!(trace.batches().all(|b| b.size == SizeField::Runtime && !matches!(b.body, Body::Raw(_))));
        let text = text(&bytes);
        assert_eq!(binary(&text), bytes);
        assert!(!String::from_utf8(text).unwrap().contains("#~ bytes"));
    }
}

/// Each prefix of a trace is kept as well as the whole.
#[test]
fn cuts_at_every_byte_lose_nothing() {
    for version in Version::ALL {
        let bytes = sample(version);
        for end in 16..bytes.len() {
            assert_eq!(Trace::decode(&bytes[..end]).unwrap().to_bytes(), &bytes[..end]);
            assert_eq!(binary(&text(&bytes[..end])), &bytes[..end]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn edits_of_traces_lose_nothing(which in 0usize..4, edits in proptest::collection::vec(edit(), 1..8)) {
        let bytes = edited(sample(Version::ALL[which]), &edits);
        let trace = Trace::decode(&bytes).unwrap();
        prop_assert_eq!(&trace.to_bytes(), &bytes);
        prop_assert_eq!(&Trace::decode(&trace.to_bytes()).unwrap(), &trace);
        let text = text(&bytes);
        prop_assert_eq!(&binary(&text), &bytes);
        prop_assert_eq!(self::text(&binary(&text)), text);
    }
}
