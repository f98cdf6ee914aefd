//! A fuzzer's bytes as a case of the hunt.
//!
//! The edit is chosen by the first bytes and the history by the rest, so that the engine can
//! vary the one and keep the other.

use std::cell::RefCell;
use tracehound_generator::mutate::operators;
use tracehound_generator::source::Bytes;
use tracehound_generator::{Config, Generator};
use tracehound_oracle::hunt::{Edit, Examiner, HuntCase, Made, Origin, Setup};
use tracehound_oracle::laws::Law;

/// Bytes that choose the edit.
const EDIT: usize = 4;

/// Most steps of a history: small ones are found, shrunk and read faster, and nothing in the
/// scheduler needs long ones.
const STEPS: u32 = 48;

/// The configuration of every history.
pub fn config() -> Config {
    Config { steps: STEPS, ..Config::default() }
}

/// A case and what it made.
pub type MadeCase = (HuntCase, Made);

/// A legal history. The first byte says the release.
pub fn legal(bytes: &[u8]) -> Option<MadeCase> {
    of_history(bytes, None)
}

/// A history with an edit; `None` if the edit finds no place in the history.
pub fn mutated(bytes: &[u8]) -> Option<MadeCase> {
    let (edit, history) = bytes.split_at(EDIT.min(bytes.len()));
    let number = edit.iter().fold(0u64, |n, &b| n << 8 | u64::from(b));
    let count = operators().count() as u64;
    let operator = operators().nth((number % count) as usize)?;
    of_history(history, Some(Edit { operator: operator.name, choices: number / count }))
}

/// The history is made once: to write its choices down and to make it from them would take twice as long.
fn of_history(bytes: &[u8], edit: Option<Edit>) -> Option<MadeCase> {
    let (case, history) = GENERATOR.with_borrow_mut(|g| g.generate_recorded(&mut Bytes::new(bytes), &config()));
    let case = HuntCase { origin: Origin::History(case), edit };
    let made = case.make_of(history)?;
    Some((case, made))
}

thread_local! {
    static GENERATOR: RefCell<Generator> = RefCell::default();
    static EXAMINER: RefCell<Option<Examiner>> = const { RefCell::new(None) };
}

/// Holds the built-in reader to the laws on a case.
///
/// # Panics
/// If a law is broken: with its name first and the replay string last.
pub fn examine(case: MadeCase, only: Option<Law>) {
    let mut cases = [case];
    EXAMINER.with_borrow_mut(|examiner| {
        let examiner = examiner.get_or_insert_with(|| match Examiner::new(&Setup::default()) {
            Ok(mut examiner) => {
                examiner.count_no_events();
                examiner
            }
            Err(e) => panic!("the built-in reader does not start: {e}"),
        });
        if let Some(law) = only {
            examiner.only_law(law);
        }
        if let Some(breach) = examiner.examine(&cases).first() {
            panic!("{} broken by {}: {}\nreplay: {}", breach.law, breach.reader, breach.words, breach.case);
        }
    });
    if let Some(history) = cases[0].1.history.take() {
        GENERATOR.with_borrow_mut(|g| g.reclaim(history));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::{Rng, SeedableRng};
    use rand_pcg::Pcg32;

    #[test]
    fn a_case_is_what_it_made() {
        let mut pcg = Pcg32::seed_from_u64(1);
        let (mut releases, mut edits) = (std::collections::BTreeSet::new(), 0);
        for n in 0..300 {
            let bytes: Vec<u8> = (0..n).map(|_| pcg.next_u32() as u8).collect();
            for (case, made) in [legal(&bytes), mutated(&bytes)].into_iter().flatten() {
                assert_eq!(case.make().map(|m| m.bytes), Some(made.bytes), "{case}");
                edits += u32::from(case.edit.is_some());
                if let Origin::History(case) = &case.origin {
                    releases.insert(case.flavour());
                }
            }
        }
        assert!(edits > 100, "{edits} of 300 edits found a place");
        assert_eq!(releases.len(), 6, "the bytes reach every release");
    }
}
