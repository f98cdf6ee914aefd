//! Histories of many seeds and damaged tapes: the invariants hold after every step (they are
//! checked inside the run), and one case is one history.

use crate::source::{Bytes, Exhaustive, Feed, Source, TapeReader};
use crate::{Case, Class, Config, EmissionFault, Flavour, generate};
use proptest::prelude::*;
use tracehound_wire::EventType;

#[test]
fn seeds_keep_the_invariants_and_tapes_repeat_them() {
    for seed in 0..600 {
        let case = Case::from_seed(seed, Config::default());
        let bytes = case.generate().bytes();
        let tape = case.to_tape();
        assert_eq!(tape.generate().bytes(), bytes, "{case}");
        let read = Case::parse(&tape.to_string()).expect("own replay string");
        assert_eq!(read.generate().bytes(), bytes, "{case}");
    }
}

#[test]
fn the_empty_tape_is_the_smallest_history() {
    for flavour in Flavour::ALL {
        let config = Config { flavour: Some(flavour), ..Config::default() };
        let history = Case::from_tape(vec![], config).generate();
        assert_eq!(history.steps(), 0);
        assert_eq!(history.expected().generations.len(), 1);
        assert!(history.expected().events.len() <= 8, "{}", history.expected().events.len());
    }
}

#[test]
fn every_choice_of_the_first_few_gives_a_history() {
    let config = Config {
        flavour: Some(Flavour::Go126),
        steps: 3,
        threads: 2,
        procs: 1,
        goroutines: 2,
        generations: 1,
        ..Config::default()
    };
    let mut source = Exhaustive::new(9);
    let mut count = 0;
    loop {
        generate(&mut source as &mut dyn Source, &config);
        count += 1;
        if !source.advance() || count == 20_000 {
            break;
        }
    }
    assert!(count > 1000, "{count}");
}

/// A world with one M, which runs the first goroutine, and with this many Ps, the others idle.
fn with_world<R>(flavour: Flavour, procs: u32, test: impl FnOnce(&mut super::World<'_>) -> R) -> R {
    let mut source = Exhaustive::new(0);
    let mut swarm = crate::Swarm::draw(&mut source, &Config::default(), flavour);
    (swarm.procs, swarm.threads, swarm.skip) = (procs, 1, 0);
    let mut world = super::World::new(Feed::Other(&mut source), swarm);
    world.begin();
    while world.s.world.is_some() {
        world.force(0);
    }
    test(&mut world)
}

#[test]
fn the_collectors_pass_announces_no_idle_procs_and_the_tracers_does() {
    let written = |begin: fn(&mut super::World<'_>)| {
        with_world(Flavour::Go126, 3, |w| {
            let before = w.t.written(w.s.gen_).len();
            begin(w);
            let all = w.t.written(w.s.gen_);
            all[before..].iter().filter(|e| e.ty == EventType::ProcStatus).count()
        })
    };
    assert_eq!(written(|w| w.gc_done(0)), 0);
    assert_eq!(written(|w| w.advance(0)), 2);
}

#[test]
fn whoever_sweeps_or_helps_to_mark_is_done_before_it_stops_the_trace() {
    let last = |begin: fn(&mut super::World<'_>)| {
        with_world(Flavour::Go125, 1, |w| {
            w.s.marking = true;
            begin(w);
            w.wind_up();
            w.t.written(w.s.gen_).iter().rev().map(|e| e.ty).find(|&ty| ty != EventType::GoStatus)
        })
    };
    assert_eq!(last(|w| w.toggle_sweep(0)), Some(EventType::GCSweepEnd));
    assert_eq!(last(|w| w.toggle_assist(0)), Some(EventType::GCMarkAssistEnd));
}

#[test]
fn up_to_go_1_23_who_takes_its_p_back_announces_the_p_before_itself() {
    use EventType::{GoStatus, ProcStart, ProcStatus, ProcSteal};
    let (mut p_first, mut g_first) = (0, 0);
    for seed in 0..6000 {
        let config = Config { flavour: Some(Flavour::Go122), ..Config::default() };
        let history = Case::from_seed(seed, config).generate();
        let mut streams = std::collections::BTreeMap::<u64, Vec<EventType>>::new();
        for e in &history.expected().events {
            streams.entry(e.stream).or_default().push(e.ty);
        }
        for stream in streams.values() {
            p_first += stream.windows(4).filter(|w| w == &[ProcStatus, GoStatus, ProcSteal, ProcStart]).count();
            g_first += stream.windows(4).filter(|w| w == &[GoStatus, ProcStatus, ProcSteal, ProcStart]).count();
        }
    }
    assert!(p_first > 0 && g_first == 0, "{p_first} and {g_first}");
}

/// Counts the seeds below `seeds` whose armed fault meets its trigger.
fn hits(fault: EmissionFault, flavour: Flavour, seeds: u64) -> usize {
    let config = Config { flavour: Some(flavour), fault: Some(fault), ..Config::default() };
    (0..seeds).filter(|&seed| Case::from_seed(seed, config.clone()).generate().fault_hits() > 0).count()
}

#[test]
fn the_pre_fix_gcwait_meets_its_trigger_in_class_a_only() {
    assert!(hits(EmissionFault::GcWaitProcStop, Flavour::Go122, 1000) >= 5);
    assert_eq!(hits(EmissionFault::GcWaitProcStop, Flavour::Go126, 200), 0);
}

#[test]
fn self_steals_happen_in_class_a_and_never_in_class_b() {
    for flavour in Flavour::ALL {
        let mut self_steals = 0;
        for seed in 0..400 {
            let config = Config { flavour: Some(flavour), ..Config::default() };
            let history = Case::from_seed(seed, config).generate();
            self_steals += history
                .expected()
                .events
                .iter()
                .filter(|e| {
                    // From Go 1.26 on only a P that a thread's namesake left behind can look like it.
                    let left = e.transition.is_some_and(|t| t.old == crate::history::Visible::Running);
                    left && e.ty == EventType::ProcSteal && !e.derived && e.context.m == crate::Field::is(e.args[2])
                })
                .count();
        }
        assert_eq!(self_steals > 0, flavour.class() == Class::A, "{flavour}: {self_steals}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Deleting and lowering parts of a tape, and any bytes at all, give legal histories.
    #[test]
    fn damaged_tapes_are_histories(
        seed in 0..1000u64,
        cut in any::<(prop::sample::Index, prop::sample::Index)>(),
        low in any::<prop::sample::Index>(),
    ) {
        let case = Case::from_seed(seed, Config::default()).to_tape();
        let mut tape = case.tape().cloned().unwrap_or_default();
        if !tape.is_empty() {
            let (a, b) = (cut.0.index(tape.len()), cut.1.index(tape.len()));
            tape.drain(a.min(b)..a.max(b));
        }
        if !tape.is_empty() {
            let at = low.index(tape.len());
            tape[at] /= 2;
        }
        generate(&mut TapeReader::new(&tape), case.config());
    }

    #[test]
    fn any_bytes_are_histories(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        generate(&mut Bytes::new(&bytes), &Config::default());
    }

    #[test]
    fn any_strategy_case_is_a_history(case in crate::source::case_strategy(Config::default(), 600)) {
        case.generate();
    }
}
