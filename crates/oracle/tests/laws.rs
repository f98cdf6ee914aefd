//! Every law as a property over random histories. Proptest shrinks a history by its tape, and
//! any part of a tape that is left out or lowered gives another legal history.
//!
//! The laws are the functions that the hunt and the fuzz targets call; docs/laws.md lists them.

use proptest::prelude::*;
use tracehound_generator::mutate::{Facts, Label, operators};
use tracehound_generator::source::{Rng, case_strategy};
use tracehound_generator::{Case, Config};
use tracehound_oracle::canonical::{CanonEvent, decode};
use tracehound_oracle::judge;
use tracehound_oracle::laws::{self, Law, Outcome};
use tracehound_oracle::readers::{Builtin, ReaderUnderTest, Reports};
use tracehound_oracle::verdict::{Answer, Comparison, Mode};
use tracehound_parser::{Options, Release};

/// Histories of all kinds: short ones by tape, which shrink well, and longer ones by seed.
fn cases() -> impl Strategy<Value = Case> {
    let config = Config::default();
    let of_seed = any::<u64>().prop_map(|seed| Case::from_seed(seed, Config::default()).to_tape());
    prop_oneof![case_strategy(config, 200), of_seed]
}

/// Fails the property if the law is broken.
fn hold(law: Law, case: &Case, outcome: &Outcome) -> Result<(), TestCaseError> {
    prop_assert!(!outcome.is_broken(), "{law} is broken for {case}: {outcome:?}");
    Ok(())
}

/// What the built-in reader delivers of a case's history.
fn delivered(case: &Case) -> (Answer, Vec<CanonEvent>) {
    let answer = Builtin::default().read(&case.generate().bytes(), Mode::Events);
    let events = answer.events.as_deref().map(decode).and_then(Result::ok).unwrap_or_default();
    (answer, events)
}

/// Edits of a case's history: the bytes and the label of each.
fn edits(case: &Case, choices: u64) -> Vec<(&'static str, Vec<u8>, Label)> {
    let history = case.generate();
    let facts = Facts::new(history.trace());
    let all: Vec<_> = operators().collect();
    let some = (0..4).map(|n| all[(choices.wrapping_add(n * 51) % all.len() as u64) as usize]);
    some.filter_map(|op| {
        let made = op.apply(&facts, &mut Rng::new(choices))?;
        Some((op.name, made.edited.to_bytes(), made.label))
    })
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn accept(case in cases()) {
        let answer = Builtin::default().read(&case.generate().bytes(), Mode::Digest);
        hold(Law::Accept, &case, &laws::accept(&answer))?;
    }

    #[test]
    fn truth(case in cases()) {
        let (_, events) = delivered(&case);
        hold(Law::Truth, &case, &laws::truth(&case.generate(), &events, Reports::ALL))?;
    }

    #[test]
    fn context(case in cases()) {
        let (_, events) = delivered(&case);
        hold(Law::Context, &case, &laws::context(&events))?;
    }

    #[test]
    fn reject(case in cases(), choices in any::<u64>()) {
        for (name, bytes, label) in edits(&case, choices) {
            if let Label::MustReject(rules) = label {
                let answer = Builtin::default().read(&bytes, Mode::Digest);
                let outcome = laws::reject(&answer, rules);
                prop_assert!(!outcome.is_broken(), "reject is broken for {case}/{name}@{choices}: {outcome:?}");
            }
        }
    }

    #[test]
    fn agree(case in cases(), release in 0..Release::ALL.len()) {
        let release = Release::ALL[release];
        let bytes = case.generate().bytes();
        let mut one = Builtin::new("one", Options::release(release), false);
        let mut other = Builtin::new("other", Options::release(release), false);
        let comparison = laws::agree(&mut one, &mut other, &bytes);
        prop_assert!(!matches!(comparison, Comparison::Differ(_)), "agree is broken for {case}: {comparison:?}");
    }

    #[test]
    fn round_trip(case in cases()) {
        hold(Law::RoundTrip, &case, &laws::round_trip(&case.generate().bytes()))?;
    }

    #[test]
    fn twice(case in cases()) {
        hold(Law::Twice, &case, &laws::twice(&mut Builtin::default(), &case.generate().bytes()))?;
    }

    #[test]
    fn split(case in cases(), sizes in prop::collection::vec(1..2000usize, 1..6)) {
        hold(Law::Split, &case, &laws::split(&mut Builtin::default(), &case.generate().bytes(), &sizes))?;
    }

    #[test]
    fn rename(case in cases(), seed in any::<u64>()) {
        hold(Law::Rename, &case, &laws::rename(&mut Builtin::default(), case.generate().trace(), seed))?;
    }

    #[test]
    fn shift(case in cases(), ticks in 1..1_000_000u64) {
        hold(Law::Shift, &case, &laws::shift(&mut Builtin::default(), case.generate().trace(), ticks))?;
    }

    #[test]
    fn rebatch(case in cases(), seed in any::<u64>()) {
        hold(Law::Rebatch, &case, &laws::rebatch(&mut Builtin::default(), case.generate().trace(), seed))?;
    }

    #[test]
    fn permute(case in cases()) {
        hold(Law::Permute, &case, &laws::permute(&mut Builtin::default(), case.generate().trace()))?;
    }

    #[test]
    fn prefix(case in cases(), at in any::<prop::sample::Index>()) {
        let bytes = case.generate().bytes();
        hold(Law::Prefix, &case, &laws::prefix(&mut Builtin::default(), &bytes, at.index(bytes.len() + 1)))?;
    }

    #[test]
    fn bounded(case in cases(), choices in any::<u64>()) {
        for (_, bytes, _) in edits(&case, choices) {
            let answer = Builtin::default().read(&bytes, Mode::Digest);
            hold(Law::Bounded, &case, &laws::bounded(&answer))?;
        }
    }

    #[test]
    fn label(case in cases(), choices in any::<u64>()) {
        for (name, bytes, label) in edits(&case, choices) {
            let verdict = judge::judge_bytes(&bytes, judge::Options { max_events: 400, ..judge::Options::default() });
            let wrong = match label {
                Label::MustReject(_) => verdict.is_legal(),
                Label::MustAccept(_) => verdict.is_illegal(),
                Label::Unspecified => false,
            };
            prop_assert!(!wrong, "the label of {case}/{name}@{choices} is wrong: {label:?}, {verdict:?}");
        }
    }
}
