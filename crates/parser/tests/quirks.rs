//! The quirks of Go's reader that this one shares, or differs from on purpose. Numbers
//! are those of the spec's list; each outcome was checked with Go's own readers.

mod common;

use common::{Ev, Made, Report, read, read_as};
use tracehound_parser::{AccessorPanic, Details, Options, Reader, Release};
use tracehound_wire::{EventType::*, NONE_ID, Version};

const P1: Ev<'static> = (ProcStatus, &[0, 1]);
const G1: Ev<'static> = (GoStatus, &[1, 5, 2]);

fn m5(events: &[Ev<'_>]) -> Made {
    Made::v26().m(5, 10, events)
}

fn base(more: &[Ev<'_>]) -> Made {
    m5(&[&[P1, G1], more].concat())
}

/// The events of a trace that must be accepted.
fn accepted(bytes: &[u8]) -> Vec<std::string::String> {
    let Report { events, end } = read(bytes);
    assert_eq!(end, "ok", "{events:#?}");
    events
}

fn end(bytes: &[u8]) -> &'static str {
    read(bytes).end
}

/// The first accessor that panics in Go.
fn panics(bytes: &[u8], release: Release) -> Option<AccessorPanic> {
    let mut reader = Reader::with_options(bytes, Options::release(release)).unwrap();
    reader.collect_with(|e| e.accessor_panic()).0.into_iter().flatten().next()
}

#[test]
fn q01_versions_are_not_enforced() {
    let made = |more: &[Ev<'_>]| Made::new(Version::Go122).m(5, 10, &[&[P1, G1], more].concat()).cut();
    let switch = made(&[(GoCreateBlocked, &[2, 0, 0]), (GoSwitch, &[2, 1])]);
    assert_eq!(read(&switch).end, "ok");
    assert_eq!(read_as(Release::Go122, &switch).end, "event-type-range");
    assert_eq!(read(&made(&[(Span, &[1, 2, 3])])).end, "ok");
}

#[test]
fn q02_headers_are_lenient() {
    for header in ["go \t1.00026\u{a0} trace\0\0\0", "go\u{b}1. 26 trace\0\0\0"] {
        assert_eq!(end(header.as_bytes()), "ok", "{header:?}");
    }
}

#[test]
fn q03_a_cut_record_can_be_a_silent_end() {
    for payload in
        [&[4, 5][..], &[4, 5, 1], &[2, 3], &[2, 3, 1], &[6, 7], &[6, 7, 1, 1, 1, 1], &[50, 8], &[50, 51, 1, 1]]
    {
        let made = Made::bare(Version::Go126).data(NONE_ID, payload).bytes();
        let got = read(&made);
        assert_eq!((got.end, got.events.len()), ("silent-end", 1), "{payload:?}");
        assert_eq!(read_as(Release::Go126, &made).end, "silent-end");
    }
    let lone = base(&[]).next().cut();
    let lone = [&lone[..], &[0x31]].concat();
    assert_eq!(read(&lone).end, "silent-end");
}

#[test]
fn q04_a_last_generation_of_tables_alone_vanishes() {
    let tables = base(&[]).next().strings(&[(1, b"x")]);
    assert_eq!(accepted(&tables.cut()).len(), 4);
    assert_eq!(end(&base(&[]).next().m(5, 10, &[]).cut()), "gen-incomplete");
}

#[test]
fn q05_a_repeated_first_generation_is_first_again() {
    let first = base(&[]).bytes();
    let more = m5(&[P1, G1, (GoStatus, &[9, 5, 1])]).bytes();
    let twice = [&first[..], &more[16..]].concat();
    assert!(accepted(&twice).iter().any(|e| e.contains("GoID=9 Undetermined->Runnable")));
}

#[test]
fn q06_a_promoted_status_is_the_holders() {
    let one = Made::v26().m(6, 10, &[(ProcStatus, &[3, 3])]).m(5, 20, &[(ProcStatus, &[3, 4])]).bytes();
    assert!(accepted(&one)[2].starts_with("M=6 P=3 G=-1 StateTransition"));
    // Of two holders Go takes a random one; here it is always the same.
    let two = Made::v26()
        .m(6, 10, &[(ProcStatus, &[3, 3])])
        .m(7, 12, &[(ProcStatus, &[3, 3])])
        .m(5, 20, &[(ProcStatus, &[3, 4])])
        .bytes();
    assert!(accepted(&two)[3].starts_with("M=7 P=3"));
}

#[test]
fn q07_the_sort_can_hide_the_one_thread_that_could_go_on() {
    let times = [10, 12, 19, 11, 14, 11, 17, 17, 10, 17, 16, 13, 11];
    let made = |times: &[u64]| {
        let ps: Vec<[u64; 2]> = (1..=13).map(|p| [p, 2]).collect();
        let statuses: Vec<Ev<'_>> = ps.iter().map(|args| (ProcStatus, &args[..])).collect();
        let mut t = Made::v26();
        for (i, &time) in times.iter().enumerate() {
            let m = i as u64 + 1;
            let args = [m, 1];
            let start: &[Ev<'_>] = &[(ProcStart, &args)];
            t = t.m(m, time - 1, if i == 8 { &statuses } else { start });
        }
        t.bytes()
    };
    assert_eq!(end(&made(&times)), "stuck");
    accepted(&made(&times[..12]));
}

#[test]
fn q08_a_mere_attempt_makes_a_thread_known() {
    let made = |m6: u64| Made::v26().m(6, m6, &[(GoUnblock, &[7, 1, 0])]).m(5, 20, &[(GoStatus, &[7, 6, 3])]).bytes();
    assert_eq!(end(&made(10)), "go-status-syscall-thread-mismatch");
    assert_eq!(end(&made(30)), "stuck");
}

#[test]
fn q09_experimental_batches_of_experiment_0_are_ordinary() {
    let t = Made::v26().raw(&[0x31, 0, 1, 5, 10, 3, 13, 1, 0]).raw(&[0x31, 0x81, 1, 5, 10, 0]);
    let got = read(&t.bytes());
    assert_eq!(got.end, "event-arg-varint");
    let t = Made::v26().raw(&[0x31, 0, 1, 5, 10, 4, 13, 1, 0, 1]).raw(&[0x31, 0x81, 1, 5, 10, 0]);
    let got = read(&t.bytes());
    assert_eq!((got.end, got.events.len()), ("ok", 3));
}

#[test]
fn q10_unknown_experiments_panic_in_go() {
    let bytes = Made::v26().raw(&[0x31, 2, 1, 5, 10, 1, 9]).bytes();
    assert_eq!(panics(&bytes, Release::Go127), Some(AccessorPanic::UnknownExperiment(2)));
    let mut reader = Reader::new(&bytes).unwrap();
    let event = reader.next_event().unwrap().unwrap();
    let Details::Sync(sync) = event.details() else { panic!("a sync comes first") };
    let batch = sync.experimental_batches().next().unwrap();
    assert_eq!((batch.experiment, batch.thread.0, batch.data), (2, 5, &[9u8][..]));
    let known = Made::v26().raw(&[0x31, 1, 1, 5, 10, 1, 9]).bytes();
    assert_eq!(panics(&known, Release::Go127), None);
}

#[test]
fn q11_large_status_codes_panic_in_go() {
    let bytes = m5(&[(ProcStatus, &[0, 258])]).bytes();
    assert_eq!(panics(&bytes, Release::Go127), Some(AccessorPanic::StatusOutOfTable(258)));
    let go = Made::new(Version::Go122).m(5, 10, &[P1, (GoStatus, &[1, 5, 258])]).cut();
    assert_eq!(panics(&go, Release::Go127), None);
    assert_eq!(panics(&go, Release::Go123), Some(AccessorPanic::StatusOutOfTable(258)));
    // A rewritten status does not.
    let promoted = m5(&[(ProcStatus, &[0, 3]), (ProcStatus, &[0, 260])]).bytes();
    assert_eq!(panics(&promoted, Release::Go127), None);
}

#[test]
fn q12_samples_may_name_no_stack() {
    let bytes = Made::v26().data(NONE_ID, &[6, 7, 5, 1, 2, 3, 99]).bytes();
    assert_eq!(panics(&bytes, Release::Go127), Some(AccessorPanic::DanglingStack(99)));
}

#[test]
fn q13_a_stop_the_worlds_kind_is_looked_up_in_the_wrong_generation() {
    let made = |second: Option<&[u8]>| {
        let t = base(&[(STWBegin, &[1, 0])]).strings(&[(1, b"one")]).next();
        let t = t.m(5, 100, &[P1, G1, (STWEnd, &[])]);
        match second {
            Some(s) => t.strings(&[(1, s)]),
            None => t,
        }
        .bytes()
    };
    assert_eq!(panics(&made(None), Release::Go127), Some(AccessorPanic::DanglingString(1)));
    let other = accepted(&made(Some(b"two")));
    assert!(other.iter().any(|e| e.contains("RangeBegin") && e.contains("stop-the-world (one)")));
    assert!(other.iter().any(|e| e.contains("RangeEnd") && e.contains("stop-the-world (two)")));
}

#[test]
fn q14_to_q16_status_events_overwrite() {
    accepted(&base(&[(ProcStatus, &[1, 1]), (GoStatus, &[2, 5, 2]), (HeapAlloc, &[1])]).bytes());
    accepted(&m5(&[(ProcStatus, &[0, 0]), (ProcStatus, &[0, 0]), (GoStatus, &[1, 5, 0])]).bytes());
    assert_eq!(end(&m5(&[(ProcStatus, &[0, 0x105])]).bytes()), "proc-status-invalid");
}

#[test]
fn q17_id_minus_one_can_exist() {
    assert_eq!(end(&m5(&[(ProcStatus, &[NONE_ID, 1]), (ProcStop, &[])]).bytes()), "ctx-want-proc");
    assert_eq!(end(&m5(&[P1, (ProcStop, &[]), (ProcStop, &[])]).bytes()), "proc-stop-unknown");
}

#[test]
fn a_batch_without_a_thread_holds_not_even_the_p_minus_one() {
    let held = [(ProcStatus, &[NONE_ID, 3][..]), (ProcStatus, &[118, 1])];
    let promoted = |nobody: u64| {
        let waits = Made::v26().m(5, 10, &held).m(nobody, 20, &[(GoStart, &[48, 48])]);
        end(&waits.m(5, 30, &[(ProcStatus, &[NONE_ID, 4])]).bytes())
    };
    assert_eq!(promoted(NONE_ID), "proc-abandoned-unbound");
    assert_eq!(promoted(7), "stuck", "an M without a P does");
}

#[test]
fn q18_creating_needs_no_goroutine_that_exists() {
    let t = base(&[(GoDestroy, &[])]).m(6, 8, &[(ProcStatus, &[1, 1]), (GoStatus, &[1, 6, 2])]).m(
        6,
        20,
        &[(GoCreate, &[3, 0, 0])],
    );
    accepted(&t.bytes());
}

#[test]
fn q19_syscall_status_of_another_thread_keeps_the_emitters_p() {
    let events = accepted(&base(&[(GoStatus, &[2, 77, 3])]).bytes());
    assert!(events[3].starts_with("M=77 P=0 G=1 StateTransition"), "{}", events[3]);
}

#[test]
fn q20_q21_syscall_status_and_begin_are_lax() {
    accepted(&base(&[(GoStatus, &[2, 5, 3])]).bytes());
    let idle = base(&[]).m(6, 20, &[(ProcStatus, &[0, 1]), (ProcStop, &[])]).m(
        5,
        30,
        &[(GoSyscallBegin, &[1, 0]), (GoSyscallEnd, &[])],
    );
    accepted(&idle.bytes());
}

#[test]
fn q22_some_events_need_no_thread() {
    let t = Made::v26().m(
        NONE_ID,
        10,
        &[
            (GoStatus, &[1, NONE_ID, 4]),
            (GoUnblock, &[1, 1, 0]),
            (ProcStatus, &[0, 2]),
            (GCSweepActive, &[0]),
            (GCMarkAssistActive, &[1]),
            (GCBegin, &[1, 0]),
        ],
    );
    assert_eq!(accepted(&t.bytes()).len(), 8);
}

#[test]
fn q23_bindings_outlive_generations_but_sequences_do_not() {
    accepted(&base(&[]).next().m(5, 100, &[(HeapAlloc, &[1])]).bytes());
    let t = base(&[(ProcStop, &[])]).next().m(5, 100, &[(ProcStart, &[0, 1])]);
    assert_eq!(end(&t.bytes()), "stuck");
}

#[test]
fn q24_tasks_and_regions_are_lax() {
    let t = base(&[
        (UserTaskEnd, &[7, 0]),
        (UserTaskBegin, &[7, 9, 0, 0]),
        (UserTaskEnd, &[7, 0]),
        (UserTaskEnd, &[7, 0]),
        (UserRegionBegin, &[1, 0, 0]),
        (UserRegionEnd, &[1, 0, 0]),
        (UserRegionEnd, &[1, 0, 0]),
    ]);
    let events = accepted(&t.bytes());
    assert!(events[3].contains("TaskEnd") && events[3].contains("ID=7 Parent=18446744073709551615 Type=\"\""));
    assert!(events[5].contains("ID=7 Parent=9"));
}

#[test]
fn tasks_and_regions_go_by_name_over_generations() {
    let t = base(&[(UserTaskBegin, &[7, 0, 1, 0]), (UserRegionBegin, &[7, 1, 0])])
        .strings(&[(1, b"work")])
        .next()
        .m(5, 100, &[P1, G1, (UserRegionEnd, &[7, 2, 0]), (UserTaskEnd, &[7, 0])])
        .strings(&[(1, b"other"), (2, b"work")]);
    let events = accepted(&t.bytes());
    assert!(events.iter().any(|e| e.contains("TaskEnd") && e.contains("Type=\"work\"")));
}

#[test]
fn q25_id_0_is_always_there_but_cannot_be_defined() {
    accepted(&base(&[(GoBlock, &[0, 0])]).bytes());
    assert_eq!(end(&Made::v26().strings(&[(0, b"")]).bytes()), "string-duplicate-id");
}

#[test]
fn q26_the_first_frame_of_a_pc_wins() {
    let t = || {
        Made::new(Version::Go122)
            .m(5, 10, &[P1, G1, (GoBlock, &[0, 2])])
            .strings(&[(1, b"f")])
            .stacks(&[(1, 7, 1, 1, 3), (2, 7, 9, 9, 4)])
            .cut()
    };
    let got = read(&t());
    assert!(got.events[3].contains("\tf @ 0x7\n\t\tf:3"), "{}", got.events[3]);
    assert_eq!(read_as(Release::Go122, &t()).end, "stack-func-string-missing");
}

#[test]
fn q27_frequency_0_numbers_the_events() {
    let t = Made::bare(Version::Go126).data(NONE_ID, &[50, 8, 0, 51, 1, 1, 1, 0]).m(5, 10, &[P1, G1]);
    let events = accepted(&t.bytes());
    assert!(events[0].contains("Sync Time=1 N=1") && events[2].contains("Time=3"));
}

#[test]
fn q28_batch_times_may_go_backwards() {
    let events = accepted(&base(&[]).m(5, 3, &[(HeapAlloc, &[1])]).bytes());
    assert!(events[3].contains("Time=13"), "the time is made to increase: {}", events[3]);
}

#[test]
fn q29_each_delta_is_cut_on_its_own() {
    let t = Made::bare(Version::Go126)
        .data(NONE_ID, &[50, 8, 0x80, 0xde, 0xa0, 0xcb, 5, 51, 1, 1, 1, 0])
        .data(5, &[13, 5, 0, 1, 37, 5, 1, 37, 5, 1]);
    let mut t = t;
    if let Some(tracehound_wire::Item::Batch(b)) = t.trace.items.last_mut() {
        b.time = 10;
    }
    let events = accepted(&t.bytes());
    let times: Vec<&str> =
        events[1..4].iter().map(|e| e.split("Time=").nth(1).unwrap().split(' ').next().unwrap()).collect();
    assert_eq!(times, ["9", "12", "15"]);
}

#[test]
fn q30_a_time_of_0_reads_the_batch_time_again() {
    let mut t = Made::v26();
    let dt = |dt: u64, p: u8| {
        let mut out = vec![13];
        tracehound_wire::varint::write(&mut out, dt);
        out.extend([p, 2]);
        out
    };
    t = t.data(5, &[dt(1 << 63, 0), dt(3, 1)].concat());
    if let Some(tracehound_wire::Item::Batch(b)) = t.trace.items.last_mut() {
        b.time = 1 << 63;
    }
    let events = accepted(&t.bytes());
    assert!(events[1].contains("Time=2 ProcID=0"), "{events:#?}");
}

#[test]
fn q31_the_least_batch_time_takes_0_for_unset() {
    let mut t = Made::bare(Version::Go126).m(5, 5, &[]).m(6, 0, &[]).m(7, 7, &[]);
    t = t.batch(NONE_ID, 9, tracehound_wire::Body::Raw(vec![50, 8, 0x80, 0x94, 0xeb, 0xdc, 3, 51, 1, 1, 1, 0]));
    let events = accepted(&t.bytes());
    assert!(events[0].contains("Time=7"), "{}", events[0]);
}

#[test]
fn q32_times_wrap() {
    let mut t = Made::v26();
    t = t.data(5, &[13, 0xff, 7, 0, 2, 13, 0, 1, 2]);
    if let Some(tracehound_wire::Item::Batch(b)) = t.trace.items.last_mut() {
        b.time = (1 << 63) - 513;
    }
    let got = read(&t.bytes());
    assert_eq!(got.end, "ok");
    assert!(got.events[1].contains("Time=9223372036854775807"), "{:#?}", got.events);
    assert!(got.events[2].contains("Time=-9223372036854775808"), "{:#?}", got.events);
}

#[test]
fn q34_ties_of_many_samples_follow_the_sort() {
    let mut payload = vec![6];
    for m in 0..20 {
        payload.extend([7, if m % 3 == 0 { 4 } else { 5 }, m, 0, 0, 0]);
    }
    let events = accepted(&Made::v26().data(NONE_ID, &payload).bytes());
    let order: Vec<&str> = events[1..21].iter().map(|e| e.split(' ').next().unwrap()).collect();
    assert_eq!(
        order.join(" "),
        "M=9 M=18 M=15 M=3 M=12 M=0 M=6 M=5 M=8 M=7 M=10 M=11 M=4 M=13 M=14 M=2 M=16 M=17 M=1 M=19"
    );
}

#[test]
fn q35_the_first_error_is_final() {
    let bytes = base(&[(GoBlock, &[0, 9]), (HeapAlloc, &[1])]).bytes();
    let mut reader = Reader::new(&bytes).unwrap();
    while reader.next_event().unwrap().is_ok() {}
    assert!(reader.next_event().is_none());
}
