//! Tests of the judge: known histories, and the reduced search against the full one.

use super::matrix::build::{Build, ev};
use super::*;
use proptest::prelude::*;
use tracehound_wire::EventType::*;
use tracehound_wire::{Event, NONE_ID, Version};

/// Thread 5 runs G1 on P0 and enters a syscall; thread 6 steals P0 and starts it.
fn theft(steal_seq: u64) -> Trace {
    Build::new(Version::Go126)
        .m(
            5,
            &[
                ev(ProcStatus, &[0, 1]),
                ev(GoStatus, &[1, 5, 2]),
                ev(GoSyscallBegin, &[1, 0]),
                ev(GoSyscallEndBlocked, &[]),
            ],
        )
        .m(6, &[ev(ProcSteal, &[0, steal_seq, 5]), ev(ProcStart, &[0, 3]), ev(GoStart, &[1, 1])])
        .end()
}

#[test]
fn a_theft_has_exactly_one_legal_order() {
    let full = Options { depth: Depth::Explore, reduce: false, ..Options::default() };
    let Verdict::Legal { orders, order, fragile, silent_end } = judge_bytes(&theft(2).to_bytes(), full) else {
        panic!("illegal");
    };
    // The steal waits for the syscall, the end of the syscall for the steal, and the start
    // of G1 for both; only the start of P0 may change places with the end of the syscall.
    assert_eq!(orders, Count::Exactly(2));
    assert_eq!(order.len(), 7);
    assert_eq!((fragile, silent_end), (vec![], false));
    let shared = shared(&theft(2).to_bytes(), full).expect("it is legal");
    assert_eq!(shared, Shared { outcomes: Count::Exactly(1), differing: vec![] });
}

#[test]
fn a_hole_in_the_sequence_is_stuck() {
    assert_eq!(judge(&theft(3)).rules(), [RejectRule::Stuck]);
}

#[test]
fn orders_with_different_outcomes_are_told_apart() {
    // When the P is stolen is not said anywhere: before G1 is named, before it is destroyed, or after.
    let trace = Build::new(Version::Go126)
        .m(5, &[ev(ProcStatus, &[0, 3]), ev(GoStatus, &[1, 5, 3]), ev(GoDestroySyscall, &[])])
        .m(6, &[ev(ProcSteal, &[0, 1, 5])])
        .end();
    let shared = shared(&trace.to_bytes(), Options::default()).expect("it is legal");
    assert_eq!(shared.outcomes, Count::Exactly(3));
    assert_eq!(shared.differing, [Resource::M(5), Resource::M(6), Resource::P(0), Resource::G(1)]);
}

#[test]
fn an_order_that_fails_makes_a_legal_trace_fragile() {
    // G2 may be created before or after the status that says that it exists.
    let trace = Build::new(Version::Go126)
        .m(5, &[ev(ProcStatus, &[0, 1]), ev(GoCreate, &[2, 0, 0])])
        .none(&[ev(GoStatus, &[2, NONE_ID, 1])])
        .end();
    let explore = Options { depth: Depth::Explore, ..Options::default() };
    let Verdict::Legal { fragile, .. } = judge_bytes(&trace.to_bytes(), explore) else { panic!("illegal") };
    assert_eq!(fragile.iter().map(|r| r.rule).collect::<Vec<_>>(), [RejectRule::GoCreateExists]);
}

#[test]
fn limits_give_no_answer_instead_of_a_wrong_one() {
    let limit = |max_events, max_states| Options { max_events, max_states, ..Options::default() };
    let bytes = theft(2).to_bytes();
    assert_eq!(judge_bytes(&bytes, limit(6, 100)), Verdict::TooLarge { events: 7, states: 0 });
    assert_eq!(judge_bytes(&bytes, limit(7, 3)), Verdict::TooLarge { events: 7, states: 3 });
    assert!(judge_bytes(&bytes, limit(7, 100)).is_legal());
}

#[test]
fn older_formats_are_not_judged() {
    let options = Options::default();
    assert_eq!(judge_bytes(b"go 1.21 trace\0\0\0", options), Verdict::OldFormat(21));
    assert_eq!(judge_bytes(b"go 1.24 trace\0\0\0", options).rules(), [RejectRule::HeaderVersionUnsupported]);
    assert!(judge_bytes("go\u{3000}\r 1.\r00026\ttrace\0\0\0".as_bytes(), options).is_legal());
    assert_eq!(judge_bytes(b"go 1.\r\n26 trace\0\0\0", options).rules(), [RejectRule::HeaderMalformed]);
}

/// Events over two Ps, three Gs and low numbers: many of them fit together.
fn any_event() -> impl Strategy<Value = Event> {
    let p = 0..2u64;
    let g = 1..4u64;
    let n = 1..4u64;
    let m = prop_oneof![Just(5u64), Just(6), Just(7)];
    prop_oneof![
        4 => (p.clone(), 1..5u64).prop_map(|(p, s)| ev(ProcStatus, &[p, s])),
        3 => (p.clone(), n.clone()).prop_map(|(p, n)| ev(ProcStart, &[p, n])),
        2 => Just(ev(ProcStop, &[])),
        3 => (p.clone(), n.clone(), m.clone()).prop_map(|(p, n, m)| ev(ProcSteal, &[p, n, m])),
        4 => (g.clone(), m, 1..5u64).prop_map(|(g, m, s)| ev(GoStatus, &[g, m, s])),
        1 => g.clone().prop_map(|g| ev(GoCreate, &[g, 0, 0])),
        1 => g.clone().prop_map(|g| ev(GoCreateSyscall, &[g])),
        3 => (g.clone(), n.clone()).prop_map(|(g, n)| ev(GoStart, &[g, n])),
        2 => prop_oneof![Just(GoBlock), Just(GoStop)].prop_map(|ty| ev(ty, &[0, 0])),
        1 => prop_oneof![Just(GoDestroy), Just(GoDestroySyscall)].prop_map(|ty| ev(ty, &[])),
        2 => (g.clone(), n.clone()).prop_map(|(g, n)| ev(GoUnblock, &[g, n, 0])),
        1 => (g.clone(), n.clone()).prop_map(|(g, n)| ev(GoSwitch, &[g, n])),
        2 => n.clone().prop_map(|n| ev(GoSyscallBegin, &[n, 0])),
        3 => prop_oneof![Just(GoSyscallEnd), Just(GoSyscallEndBlocked)].prop_map(|ty| ev(ty, &[])),
        1 => n.prop_map(|n| ev(GCBegin, &[n, 0])),
        1 => prop_oneof![Just(HeapAlloc), Just(HeapGoal)].prop_map(|ty| ev(ty, &[1])),
        1 => p.prop_map(|p| ev(GCSweepActive, &[p])),
        1 => g.prop_map(|g| ev(GCMarkAssistActive, &[g])),
        1 => (1..3u64).prop_map(|t| ev(UserTaskBegin, &[t, 0, 0, 0])),
    ]
}

/// Two generations of up to three streams each.
fn any_trace() -> impl Strategy<Value = Trace> {
    let streams = || proptest::collection::vec(proptest::collection::vec(any_event(), 1..6), 1..4);
    (streams(), streams()).prop_map(|(first, second)| {
        let add = |build: Build, streams: Vec<Vec<Event>>| {
            streams.iter().zip([5, 6, NONE_ID]).fold(build, |b, (events, m)| b.m(m, events))
        };
        add(add(Build::new(Version::Go126), first).next(2), second).end()
    })
}

/// Threads that begin in any state and then do only what that state allows is rare among
/// random events, so each stream here is a prefix of a life that fits, with two edits.
fn mostly_legal() -> impl Strategy<Value = Trace> {
    let life = |p: u64, g: u64, m: u64, thief: u64| {
        vec![
            ev(ProcStatus, &[p, 1]),
            ev(GoStatus, &[g, m, 2]),
            ev(GoCreate, &[g + 10, 0, 0]),
            ev(GoSyscallBegin, &[1, 0]),
            ev(GoSyscallEnd, &[]),
            ev(GoBlock, &[0, 0]),
            ev(GoStart, &[g + 10, 1]),
            ev(GoSyscallBegin, &[2, 0]),
            ev(GoSyscallEndBlocked, &[]),
            ev(ProcSteal, &[1 - p, 3, thief]),
            ev(GoUnblock, &[3 - g, 1, 0]),
            ev(ProcStart, &[1 - p, 4]),
            ev(GoStart, &[g + 10, 2]),
        ]
    };
    let cut = 4..14usize;
    let edit = (0..2usize, any::<prop::sample::Index>(), any_event());
    (cut.clone(), cut, proptest::collection::vec(edit, 0..3)).prop_map(move |(a, b, edits)| {
        let mut streams = [life(0, 1, 5, 6), life(1, 2, 6, 5)];
        streams[0].truncate(a);
        streams[1].truncate(b);
        for (stream, at, event) in edits {
            let len = streams[stream].len();
            streams[stream][at.index(len)] = event;
        }
        Build::new(Version::Go126).m(5, &streams[0]).m(6, &streams[1]).end()
    })
}

/// The reduced search and the full one agree on the verdict, on every refusal that any
/// order can meet, and on the outcomes.
fn reduction_is_sound(trace: &Trace) -> Result<(), TestCaseError> {
    let bytes = trace.to_bytes();
    let reduced = Options { depth: Depth::Explore, ..Options::default() };
    let full = Options { reduce: false, ..reduced };
    let rules = |v: &Verdict| match v {
        Verdict::Legal { fragile, .. } => fragile.iter().map(|r| r.rule).collect(),
        other => other.rules().to_vec(),
    };
    let (a, b) = (judge_bytes(&bytes, reduced), judge_bytes(&bytes, full));
    prop_assert_eq!(a.is_legal(), b.is_legal());
    let (mut a, mut b) = (rules(&a), rules(&b));
    a.sort();
    b.sort();
    prop_assert_eq!(a, b);
    prop_assert_eq!(shared(&bytes, reduced), shared(&bytes, full));
    let decided = judge_bytes(&bytes, Options::default()).is_legal();
    prop_assert_eq!(decided, judge_bytes(&bytes, full).is_legal());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_reduced_search_agrees_with_the_full_one_on_random_traces(trace in any_trace()) {
        reduction_is_sound(&trace)?;
    }

    #[test]
    fn the_reduced_search_agrees_with_the_full_one_on_edited_lives(trace in mostly_legal()) {
        reduction_is_sound(&trace)?;
    }
}
