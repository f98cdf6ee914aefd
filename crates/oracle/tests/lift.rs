//! Lifting: a case is only called one if its history has the trace's events, and what does not lift is named.

use tracehound_generator::{Case, Config, Flavour};
use tracehound_oracle::hunt::{Bound, Seed, Setup, hunt};
use tracehound_oracle::lift::{lift, lift_generations};
use tracehound_oracle::readers::{Builtin, ReaderUnderTest};
use tracehound_oracle::verdict::Mode;
use tracehound_wire::{Body, EventType, Item, Trace};

fn bytes(flavour: Flavour, seed: u64) -> Vec<u8> {
    Case::from_seed(seed, Config { flavour: Some(flavour), ..Config::default() }).generate().bytes()
}

/// How often each type of event stands in the streams of a trace's generation, the tracer's own statuses not counted.
fn census(trace: &Trace, generation: u64) -> Vec<(EventType, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for item in &trace.items {
        if let Item::Batch(batch) = item
            && batch.generation == generation
            && let Body::Events(events) = &batch.body
        {
            for e in events {
                let ty = if e.ty == EventType::GoStatusStack { EventType::GoStatus } else { e.ty };
                *counts.entry(ty as u8).or_insert((ty, 0)) = (ty, counts.get(&(ty as u8)).map_or(0, |c| c.1) + 1);
            }
        }
    }
    counts.into_values().collect()
}

#[test]
fn a_lifted_generation_is_a_case_that_has_its_events_and_that_readers_accept() {
    let (mut lifted, mut all) = (0, 0);
    for flavour in Flavour::ALL {
        for seed in 0..30 {
            let original = bytes(flavour, seed);
            let trace = Trace::decode(&original).unwrap();
            for g in lift_generations(&original).unwrap() {
                all += 1;
                let Ok(case) = g.outcome else { continue };
                lifted += 1;
                let again: Case = case.to_string().parse().unwrap();
                let history = again.generate();
                assert_eq!(history.bytes(), case.generate().bytes(), "the string is the case");
                let first = history.expected().generations[0].number;
                assert_eq!(census(history.trace(), first), census(&trace, g.number), "{flavour}, seed {seed}");
                let answer = Builtin::default().read(&history.bytes(), Mode::Digest);
                assert!(answer.verdict.is_accepted(), "{flavour}, seed {seed}: {}", answer.verdict);
            }
        }
    }
    // The generator's histories are stranger than a program's: of 4,000 generations 84 % lift, of real ones nearly all.
    assert!(lifted * 5 >= all * 4, "{lifted} of {all}");
}

/// A trace with an event that no runtime writes there: a label in the middle of a goroutine's run.
fn with_stray_label(original: &[u8]) -> (Vec<u8>, usize) {
    let mut trace = Trace::decode(original).unwrap();
    let mut strays = 0;
    for item in &mut trace.items {
        if let Item::Batch(batch) = item
            && let Body::Events(events) = &mut batch.body
            && let Some(at) = events.iter().position(|e| e.ty == EventType::STWEnd)
        {
            // Every trace of the generator has some reason or kind in its string table.
            let string = events.iter().find(|e| e.ty == EventType::STWBegin).map_or(1, |e| e.args[0]);
            let mut label = events[at];
            (label.ty, label.dt, label.args) = (EventType::GoLabel, 0, [string, 0, 0, 0]);
            events.insert(at + 1, label);
            strays += 1;
            break;
        }
    }
    (trace.to_bytes(), strays)
}

#[test]
fn what_does_not_lift_is_named_by_event_and_place() {
    let original = Case::from_seed(3, Config { generations: 1, ..Config::default() }).generate();
    assert!(lift(&original.bytes()).is_some());
    let (strange, strays) = with_stray_label(&original.bytes());
    assert_eq!(strays, 1);
    let generations = lift_generations(&strange).unwrap();
    let Err(unlifted) = &generations[0].outcome else { panic!("the model has no such step") };
    assert_eq!(unlifted.event.map(|e| e.ty), Some(EventType::GoLabel));
    assert_eq!(strange[unlifted.offset.unwrap() as usize], EventType::GoLabel as u8);
    let words = unlifted.to_string();
    assert!(words.contains("GoLabel") && words.contains(unlifted.cause), "{words}");
    assert!(lift(&strange).is_none());
}

#[test]
fn a_refused_trace_has_no_order_to_follow() {
    assert!(lift_generations(b"go 1.22 trace\0\0\0\xff").is_err());
    assert!(lift(b"").is_none());
}

#[test]
fn a_hunt_makes_cases_of_the_seeds_that_lift_and_edits_both() {
    let good: Vec<u8> = bytes(Flavour::Go125, 1);
    let (strange, _) =
        with_stray_label(&Case::from_seed(3, Config { generations: 1, ..Config::default() }).generate().bytes());
    assert!(lift(&good).is_some() && lift(&strange).is_none());
    let seeds = [good, strange, b"no trace".to_vec()].map(|b| Seed { name: "s".into(), bytes: b.into() }).to_vec();
    let with = |seeds: Vec<Seed>| {
        let setup = Setup { seeds, threads: 1, ..Setup::default() };
        let end = hunt(&setup, Bound::Cases(300), |_| true).unwrap();
        assert!(end.groups.is_empty(), "{:?}", end.groups);
        end.stats
    };
    let (stats, without) = (with(seeds.clone()), with(Vec::new()));
    assert_eq!((stats.seeds, stats.lifted), (3, 1));
    // Of a seed that lifts every other edit is one of the model's case, and counts as those of other histories do.
    let alone = with(seeds[..1].to_vec());
    assert!(alone.seeds_mutated >= 30 && alone.mutated >= alone.legal + 30, "{alone:?}");
    assert!(without.lifted == 0 && without.seeds_mutated == 0);
}
