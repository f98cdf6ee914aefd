//! Every knob of the configuration turns something: with it at its least, what it governs is gone or smaller.

use tracehound_generator::{Case, Clock, Config, Feature, Features, Flavour, History};
use tracehound_wire::EventType::{self, *};

const CASES: u64 = 300;

fn total(config: &Config, of: impl Fn(&History) -> u64) -> u64 {
    (0..CASES).map(|seed| of(&Case::from_seed(seed, config.clone()).generate())).sum()
}

fn base() -> Config {
    Config { flavour: Some(Flavour::Go125), ..Config::default() }
}

fn events(types: &'static [EventType]) -> impl Fn(&History) -> u64 {
    move |h| h.expected().events.iter().filter(|e| types.contains(&e.ty) && !e.derived).count() as u64
}

#[test]
fn sizes_bound_what_they_say() {
    let all = |h: &History| h.expected().events.len() as u64;
    let generations = |h: &History| h.expected().generations.len() as u64;
    let streams = |h: &History| {
        h.expected().events.iter().map(|e| e.stream).collect::<std::collections::HashSet<_>>().len() as u64
    };
    let usual = base();
    assert!(total(&Config { steps: 20, ..base() }, all) < total(&usual, all) / 2);
    assert_eq!(total(&Config { generations: 1, ..base() }, generations), CASES);
    assert!(total(&usual, generations) > 2 * CASES);
    assert!(total(&Config { threads: 1, ..base() }, streams) < total(&usual, streams));
    let starts = events(&[ProcStart]);
    assert!(total(&Config { procs: 1, ..base() }, &starts) < total(&usual, &starts));
    let statuses = events(&[GoStatus, GoStatusStack]);
    assert!(total(&Config { goroutines: 1, ..base() }, &statuses) < total(&usual, &statuses));
}

/// What a feature alone brings about.
fn brought_by(feature: Feature) -> &'static [EventType] {
    match feature {
        Feature::Lifecycle => &[GoDestroy],
        Feature::Syscalls => &[GoSyscallBegin],
        Feature::Sysmon => &[ProcSteal],
        Feature::Stw => &[STWBegin],
        Feature::Bare => &[GoUnblock],
        Feature::Heap => &[HeapAlloc],
        Feature::Coroutines => &[GoSwitch, GoSwitchDestroy, GoCreateBlocked],
        Feature::Locked => &[ProcStop],
        Feature::Cgo => &[GoCreateSyscall, GoDestroySyscall],
        Feature::Gc => &[GCBegin, GCActive, GCSweepBegin, GCMarkAssistBegin, GoLabel],
        Feature::Resize => &[STWBegin],
        Feature::User => &[UserTaskBegin, UserTaskEnd, UserRegionBegin, UserRegionEnd, UserLog],
        Feature::AllocFree => &[HeapObjectAlloc, SpanAlloc, GoroutineStackAlloc, HeapObject],
        Feature::Samples | Feature::Wild | Feature::Midway => &[],
    }
}

#[test]
fn each_feature_brings_its_events() {
    for &feature in Feature::ALL {
        let of = |h: &History| match feature {
            Feature::Samples => h.expected().generations.iter().map(|g| g.samples.len() as u64).sum(),
            Feature::Wild => h.expected().strings.iter().map(|s| s.len() as u64).sum(),
            Feature::Midway => h.expected().generations.first().map_or(0, |g| g.number),
            _ => events(brought_by(feature))(h),
        };
        let without = Config { features: Features::all().without(feature), ..base() };
        let (with, without) = (total(&base(), of), total(&without, of));
        assert!(without < with, "{}: {without} without, {with} with", feature.name());
    }
}

#[test]
fn each_clock_writes_its_own_times() {
    let bytes = |clock| {
        let config = Config { clock: Some(clock), ..base() };
        Case::from_seed(3, config).generate().bytes()
    };
    for (i, a) in Clock::ALL.into_iter().enumerate() {
        for b in &Clock::ALL[i + 1..] {
            assert_ne!(bytes(a), bytes(*b), "{} {}", a.name(), b.name());
        }
    }
    let zero = Case::from_seed(3, Config { clock: Some(Clock::Zero), ..base() }).generate();
    let dts = zero.trace().batches().filter_map(|b| match &b.body {
        tracehound_wire::Body::Events(e) if b.m != tracehound_wire::NONE_ID => Some(e.iter().all(|e| e.dt == 0)),
        _ => None,
    });
    assert!(dts.into_iter().all(|zero| zero));
}
