//! The builder of hand-made traces.

use tracehound_wire::build::{
    Arg, ClockSync, G, GoStatus, M, NO_STACK, P, ProcStatus, Seq, StackFrame, StringId, Task, TraceBuilder,
};
use tracehound_wire::raw::TextStyle;
use tracehound_wire::{Body, CpuSample, Event, EventType, Expect, Item, SyncRecord, TestFile, Trace, Version};

/// A thread whose goroutine enters a syscall steals its own P.
fn self_steal() -> TraceBuilder {
    let mut t = TraceBuilder::new(Version::Go122);
    t.timestamps(false);
    t.generation(1)
        .batch(M(0), 0)
        .event("ProcStatus", (P(0), ProcStatus::Running))
        .event("GoStatus", (G(1), M(0), GoStatus::Running))
        .event("GoSyscallBegin", (Seq(1), NO_STACK))
        .event("ProcSteal", (P(0), Seq(2), M(0)))
        .event("ProcStart", (P(0), Seq(3)))
        .event("GoSyscallEndBlocked", ());
    t
}

fn text(t: &TraceBuilder) -> String {
    let file = t.test_file();
    assert_eq!(file.to_binary(TextStyle::Go).unwrap(), t.to_bytes());
    assert_eq!(Trace::decode(&t.to_bytes()).unwrap(), t.build());
    String::from_utf8(file.to_bytes()).unwrap()
}

#[test]
fn the_self_steal_is_ten_lines() {
    insta::assert_snapshot!(text(&self_steal()), @r"
    -- expect --
    SUCCESS
    -- trace --
    Trace Go1.22
    EventBatch gen=1 m=0 time=0 size=24
    ProcStatus dt=0 p=0 pstatus=1
    GoStatus dt=0 g=1 m=0 gstatus=2
    GoSyscallBegin dt=0 p_seq=1 stack=0
    ProcSteal dt=0 p=0 p_seq=2 m=0
    ProcStart dt=0 p=0 p_seq=3
    GoSyscallEndBlocked dt=0
    EventBatch gen=1 m=18446744073709551615 time=0 size=5
    Frequency freq=15625000
    EventBatch gen=1 m=18446744073709551615 time=0 size=1
    Stacks
    EventBatch gen=1 m=18446744073709551615 time=0 size=1
    Strings
    ");
}

/// Everything that comes by itself in the newest version: sync data, tables, end marker.
#[test]
fn tables_sync_data_and_end_come_by_themselves() {
    let mut t = TraceBuilder::new(Version::Go126);
    t.expect_failure("expected a \"proc\"");
    let frames = [
        StackFrame { pc: 0x10, func: "main.main", file: "main.go", line: 3 },
        StackFrame { pc: 0x20, func: "runtime.main", file: "proc.go", line: 9 },
    ];
    let mut g = t.generation(1);
    g.batch(M(5), 10)
        .event(EventType::ProcStatus, (P(0), ProcStatus::Running))
        .event("GoStatus", (G(1), M(5), GoStatus::Running))
        .after(7)
        .event("UserTaskBegin", (Task(2), Task(0), "my task", &frames))
        .event("GoLabel", "my task")
        .event("GoBlock", ("sleep", &frames))
        .event("HeapAlloc", 4096);
    g.cpu_samples(12, vec![CpuSample { time: 12, m: 5, p: 0, g: 1, stack: 1 }]);
    g.experimental_batch(1, M(5), 13, b"\x01\xff");
    t.generation(2).sync(ClockSync { frequency: 1_000_000_000, time: 100, mono: 7, sec: 8, nsec: 9 });
    insta::assert_snapshot!(text(&t), @r#"
    -- expect --
    FAILURE "expected a \"proc\""
    -- trace --
    Trace Go1.26
    EventBatch gen=1 m=18446744073709551615 time=9 size=11
    Sync
    Frequency freq=15625000
    ClockSnapshot dt=1 mono=1 sec=1 nsec=0
    EventBatch gen=1 m=5 time=10 size=26
    ProcStatus dt=1 p=0 pstatus=1
    GoStatus dt=1 g=1 m=5 gstatus=2
    UserTaskBegin dt=7 task=2 parent_task=0 name_string=1 stack=1
    GoLabel dt=1 label_string=1
    GoBlock dt=1 reason_string=6 stack=1
    HeapAlloc dt=1 heapalloc_value=4096
    EventBatch gen=1 m=18446744073709551615 time=12 size=7
    CPUSamples
    CPUSample time=12 m=5 p=0 g=1 stack=1
    ExperimentalBatch exp=1 gen=1 m=5 time=13
    	data="\x01\xff"
    EventBatch gen=1 m=18446744073709551615 time=23 size=12
    Stacks
    Stack id=1 nframes=2
    	pc=16 func=2 file=3 line=3
    	pc=32 func=4 file=5 line=9
    EventBatch gen=1 m=18446744073709551615 time=23 size=66
    Strings
    String id=1
    	data="my task"
    String id=2
    	data="main.main"
    String id=3
    	data="main.go"
    String id=4
    	data="runtime.main"
    String id=5
    	data="proc.go"
    String id=6
    	data="sleep"
    EndOfGeneration
    EventBatch gen=2 m=18446744073709551615 time=99 size=12
    Sync
    Frequency freq=1000000000
    ClockSnapshot dt=1 mono=7 sec=8 nsec=9
    EventBatch gen=2 m=18446744073709551615 time=101 size=1
    Stacks
    EventBatch gen=2 m=18446744073709551615 time=101 size=1
    Strings
    EndOfGeneration
    "#);
}

#[test]
fn anything_wrong_can_be_said() {
    let mut t = TraceBuilder::new(Version::Go126);
    t.item(Item::EndOfGeneration);
    let mut g = t.generation(0);
    g.no_sync().no_end();
    g.batch(M::NONE, 3)
        .event("GoBlock", (StringId(99), Arg::Any(98)))
        .push(Event::new(EventType::ProcStop, 0, &[]))
        .claim_size(70_000);
    g.batch_of(M(1), 4, Body::Raw(vec![200]));
    t.generation(7).sync_records(5, vec![SyncRecord::Frequency(1), SyncRecord::Frequency(1)]);
    t.item(Item::Bytes(vec![0xff]));
    let file = t.test_file();
    assert_eq!(file.to_binary(TextStyle::Lossless).unwrap(), t.to_bytes());
    insta::assert_snapshot!(String::from_utf8(file.trace_text).unwrap(), @r#"
    Trace Go1.26
    EndOfGeneration
    EventBatch gen=0 m=18446744073709551615 time=3 size=70000
    GoBlock dt=1 reason_string=99 stack=98
    ProcStop dt=0
    EventBatch gen=0 m=1 time=4 size=1
    #~ bytes "\xc8"
    EventBatch gen=0 m=18446744073709551615 time=5 size=1
    Stacks
    EventBatch gen=0 m=18446744073709551615 time=5 size=1
    Strings
    EventBatch gen=7 m=18446744073709551615 time=5 size=5
    Sync
    Frequency freq=1
    Frequency freq=1
    EventBatch gen=7 m=18446744073709551615 time=5 size=1
    Stacks
    EventBatch gen=7 m=18446744073709551615 time=5 size=1
    Strings
    EndOfGeneration
    #~ bytes "\xff"
    "#);
}

#[test]
fn strings_and_stacks_are_interned_per_generation() {
    let mut t = TraceBuilder::new(Version::Go123);
    let mut g = t.generation(1);
    assert_eq!(g.string("").0, 0);
    assert_eq!((g.string("a").0, g.string("b").0, g.string("a").0), (1, 2, 1));
    let frame = StackFrame { pc: 1, func: "b", file: "c", line: 1 };
    assert_eq!((g.stack(&[]).0, g.stack(&[frame]).0, g.stack(&[frame, frame]).0, g.stack(&[frame]).0), (0, 1, 2, 1));
    assert_eq!(g.string("c").0, 3);
    assert_eq!(t.generation(2).string("b").0, 1);
}

#[test]
fn large_tables_are_cut_into_batches_that_readers_take() {
    let mut t = TraceBuilder::new(Version::Go126);
    let mut g = t.generation(1);
    for i in 0..200 {
        g.string(format!("{i:01000}"));
    }
    let trace = t.build();
    let tables: Vec<_> = trace.batches().filter(|b| matches!(b.body, Body::Strings(_))).collect();
    assert!(tables.len() > 3);
    for table in tables {
        let mut bytes = Vec::new();
        table.body.encode_into(Version::Go126, &mut bytes);
        assert!((1..65536).contains(&bytes.len()), "{}", bytes.len());
    }
}

/// Every kind of argument is refused where the table wants another.
#[test]
fn arguments_are_held_against_the_table() {
    let fits = |event: &'static str, args: &[Arg<'static>]| {
        let args = args.to_vec();
        std::panic::catch_unwind(move || {
            TraceBuilder::new(Version::Go126).generation(1).batch(M(0), 0).event(event, &args[..]);
        })
        .is_ok()
    };
    let places: [(&str, Arg<'static>); 9] = [
        ("HeapAlloc", 1.into()),
        ("GCSweepActive", P(1).into()),
        ("GCMarkAssistActive", G(1).into()),
        ("GCActive", Seq(1).into()),
        ("GoLabel", "a".into()),
        ("GoLabel", StringId(1).into()),
        ("GCSweepBegin", NO_STACK.into()),
        ("GCSweepBegin", Arg::Frames(&[])),
        ("GoCreateSyscall", G(1).into()),
    ];
    for (event, _) in places {
        for (other, arg) in places {
            let same =
                places.iter().any(|(e, a)| *e == event && std::mem::discriminant(a) == std::mem::discriminant(&arg));
            assert_eq!(fits(event, &[arg]), same, "{event} with what belongs to {other}: {arg:?}");
        }
        for arg in [M(1).into(), Task(1).into(), ProcStatus::Idle.into(), GoStatus::Waiting.into()] {
            assert!(!fits(event, &[arg]), "{event} with {arg:?}");
        }
        assert!(fits(event, &[Arg::Any(1)]));
    }
    assert!(fits("UserTaskEnd", &[Task(1).into(), NO_STACK.into()]));
    assert!(!fits("UserTaskEnd", &[G(1).into(), NO_STACK.into()]));
}

/// Go's validator wants every snapshot to be later than the one before.
#[test]
fn default_snapshots_move_on_even_without_timestamps() {
    for on in [true, false] {
        let mut t = TraceBuilder::new(Version::Go126);
        t.timestamps(on);
        for number in 1..4 {
            t.generation(number).batch(M(0), number * 10).event("ProcStatus", (P(0), ProcStatus::Idle));
        }
        let trace = t.build();
        let snapshots: Vec<[u64; 3]> = trace
            .batches()
            .filter_map(|b| match &b.body {
                Body::Sync(records) => match records[1] {
                    SyncRecord::ClockSnapshot { dt, mono, sec, .. } => Some([b.time + dt, mono, sec]),
                    SyncRecord::Frequency(_) => None,
                },
                _ => None,
            })
            .collect();
        assert_eq!(snapshots.len(), 3);
        assert!(snapshots[0].iter().all(|&v| v > 0));
        assert!(snapshots.windows(2).all(|w| w[0].iter().zip(&w[1]).all(|(a, b)| a < b)), "{snapshots:?}");
    }
}

#[test]
#[should_panic(expected = "argument m of GoStatus is a M, given was G(G(0))")]
fn an_argument_of_the_wrong_kind_panics() {
    TraceBuilder::new(Version::Go126).generation(1).batch(M(0), 0).event("GoStatus", (G(1), G(0), GoStatus::Running));
}

#[test]
#[should_panic(expected = "ProcStart has the arguments")]
fn too_few_arguments_panic() {
    TraceBuilder::new(Version::Go126).generation(1).batch(M(0), 0).event("ProcStart", P(1));
}

#[test]
#[should_panic(expected = "no event is called")]
fn an_unknown_event_panics() {
    TraceBuilder::new(Version::Go126).generation(1).batch(M(0), 0).event("procStart", ());
}

#[test]
fn test_files_say_what_to_expect() {
    let mut t = self_steal();
    assert_eq!(t.test_file().expect, Expect::Success);
    t.expect_failure("`\\d");
    let again = TestFile::parse(&t.test_file().to_bytes()).unwrap();
    assert_eq!(again.expect, Expect::Failure("`\\d".into()));
}
