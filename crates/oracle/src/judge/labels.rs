//! The judge over the labels of mutations: every operator, on generated histories and on
//! hand-made traces. False labels are counted and must be zero.

use super::{Depth, Options, Verdict, judge_bytes, sketches};
use std::collections::BTreeMap;
use tracehound_generator::mutate::{Edited, Facts, Label, Mutated, operators};
use tracehound_generator::source::Rng;
use tracehound_generator::{Config, generate};
use tracehound_wire::{RejectRule, Trace};

/// What became of one operator.
#[derive(Default, Debug)]
struct Tally {
    applied: u32,
    unjudged: u32,
    false_labels: Vec<String>,
    rules: BTreeMap<RejectRule, u32>,
}

fn explore() -> Options {
    Options { depth: Depth::Explore, max_states: 20_000, ..Options::default() }
}

/// Whether the judge contradicts a label: the reason, `Ok(false)` if the judge has no answer.
fn check(mutated: &Mutated, tally: &mut Tally) -> Result<bool, String> {
    let verdict = judge_bytes(&mutated.edited.to_bytes(), explore());
    match (&mutated.label, &verdict) {
        (_, Verdict::TooLarge { .. } | Verdict::OldFormat(_)) => return Ok(false),
        (Label::Unspecified, _) | (Label::MustAccept(_), Verdict::Legal { .. }) => {}
        (Label::MustReject(allowed), Verdict::Illegal { rules, .. }) => {
            for &rule in rules {
                *tally.rules.entry(rule).or_default() += 1;
            }
            if let Some(other) = rules.iter().find(|r| !allowed.is_empty() && !allowed.contains(r)) {
                return Err(format!("{}: can be refused with {other}, not only with {allowed:?}", mutated.what));
            }
        }
        (label, verdict) => return Err(format!("{}: {label:?}, but the judge says {verdict:?}", mutated.what)),
    }
    Ok(true)
}

/// Histories of the judge's size.
fn small() -> Config {
    Config { steps: 60, threads: 3, procs: 3, goroutines: 4, generations: 3, ..Config::default() }
}

fn try_all(trace: &Trace, source: &mut Rng, tallies: &mut BTreeMap<&'static str, Tally>) {
    let facts = Facts::new(trace);
    for operator in operators() {
        let tally = tallies.entry(operator.name).or_default();
        let Some(mutated) = operator.apply(&facts, source) else { continue };
        tally.applied += 1;
        match check(&mutated, tally) {
            Ok(true) => {}
            Ok(false) => tally.unjudged += 1,
            Err(reason) => tally.false_labels.push(reason),
        }
    }
}

/// Prints what became of each operator, and fails if a label was false.
fn settle(tallies: &BTreeMap<&'static str, Tally>) {
    let mut failed = 0;
    for operator in operators() {
        let Some(tally) = tallies.get(operator.name) else { continue };
        failed += tally.false_labels.len();
        eprintln!(
            "{:11} {:36} applied {:5}, unjudged {:3}, false {:3} {:?}{}",
            format!("{:?}", operator.family),
            operator.name,
            tally.applied,
            tally.unjudged,
            tally.false_labels.len(),
            tally.rules,
            tally.false_labels.first().map_or(String::new(), |f| format!("\n    {f}"))
        );
    }
    assert_eq!(failed, 0, "false labels");
}

#[test]
fn no_label_is_false_on_generated_histories() {
    let cases = std::env::var("LABEL_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(40u64);
    let config = small();
    let mut tallies = BTreeMap::new();
    let (mut robust, mut fragile, mut wrong) = (0, 0, Vec::new());
    for seed in 0..cases {
        let history = generate(&mut Rng::new(seed), &config);
        let trace = history.trace();
        match judge_bytes(&trace.to_bytes(), explore()) {
            Verdict::Legal { fragile: refusals, .. } => {
                fragile += u32::from(!refusals.is_empty());
                robust += u32::from(Facts::new(trace).robust());
                if Facts::new(trace).robust() && !refusals.is_empty() {
                    wrong.push((seed, refusals));
                }
            }
            Verdict::TooLarge { .. } => continue,
            other => panic!("seed {seed}: the history itself is not legal: {other:?}"),
        }
        try_all(trace, &mut Rng::new(!seed), &mut tallies);
    }
    eprintln!("{cases} cases, {robust} robust, {fragile} fragile, {} taken for robust", wrong.len());
    settle(&tallies);
    assert_eq!(wrong, [], "traces taken for robust that are not");
}

#[test]
fn no_label_is_false_on_hand_made_traces_and_every_operator_applies() {
    let mut tallies = BTreeMap::new();
    for (i, trace) in sketches::all().iter().enumerate() {
        let verdict = judge_bytes(&trace.to_bytes(), explore());
        assert!(verdict.is_legal(), "sketch {i}: {verdict:?}");
        for seed in 0..8 {
            try_all(trace, &mut Rng::new(seed), &mut tallies);
        }
    }
    settle(&tallies);
    let idle: Vec<_> = tallies.iter().filter(|(_, t)| t.applied == 0).map(|(name, _)| name).collect();
    assert!(idle.is_empty(), "operators without a place: {idle:?}");
}

#[test]
fn operators_do_not_panic_on_what_other_operators_made() {
    for (i, trace) in sketches::all().into_iter().enumerate() {
        let (mut trace, mut source) = (trace, Rng::new(i as u64));
        for _ in 0..3 {
            for operator in operators() {
                let mutated = operator.apply(&Facts::new(&trace), &mut source);
                if let Some(Mutated { edited: Edited::Trace(next), .. }) = mutated {
                    trace = next;
                }
            }
        }
    }
}

#[test]
fn a_false_label_is_seen() {
    let trace = sketches::rich(tracehound_wire::Version::Go126);
    let claim = |label| {
        let mutated = Mutated { edited: Edited::Trace(trace.clone()), what: "nothing is done".into(), label };
        check(&mutated, &mut Tally::default())
    };
    assert!(claim(Label::MustReject(&[])).is_err());
    assert_eq!(claim(Label::Unspecified), Ok(true));
    let broken = Trace { items: trace.items[1..].to_vec(), ..trace.clone() };
    let accept = Label::MustAccept(tracehound_generator::mutate::Law::Extra);
    let mutated = Mutated { edited: Edited::Trace(broken), what: "the clocks are left out".into(), label: accept };
    assert!(check(&mutated, &mut Tally::default()).is_err());
}
