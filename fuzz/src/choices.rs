//! A fuzzer's bytes as a case of the hunt.
//!
//! The edit is chosen by the first bytes and the history by the rest, so that the engine can
//! vary the one and keep the other.

use std::cell::RefCell;
use tracehound_generator::mutate::operators;
use tracehound_generator::source::Bytes;
use tracehound_generator::{Case, Config, case};
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

/// A legal history.
pub fn legal(bytes: &[u8]) -> HuntCase {
    let config = config();
    let tape = case::record(&mut Bytes::new(bytes), &config);
    HuntCase { origin: Origin::History(Case::from_tape(tape, config)), edit: None }
}

/// A history with an edit. It may find no place in the history.
pub fn mutated(bytes: &[u8]) -> HuntCase {
    let (edit, history) = bytes.split_at(EDIT.min(bytes.len()));
    let number = edit.iter().fold(0u64, |n, &b| n << 8 | u64::from(b));
    let all: Vec<_> = operators().collect();
    let operator = all[(number % all.len() as u64) as usize].name;
    let edit = Edit { operator, choices: number / all.len() as u64 };
    HuntCase { edit: Some(edit), ..legal(history) }
}

thread_local! {
    static EXAMINER: RefCell<Option<Examiner>> = const { RefCell::new(None) };
}

/// Holds the built-in reader to the laws on a case.
///
/// # Panics
/// If a law is broken: with its name first and the replay string last.
pub fn examine(case: HuntCase, made: Made, only: Option<Law>) {
    EXAMINER.with_borrow_mut(|examiner| {
        let examiner = examiner.get_or_insert_with(|| match Examiner::new(&Setup::default()) {
            Ok(examiner) => examiner,
            Err(e) => panic!("the built-in reader does not start: {e}"),
        });
        if let Some(law) = only {
            examiner.only_law(law);
        }
        if let Some(breach) = examiner.examine(&[(case, made)]).first() {
            panic!("{} broken by {}: {}\nreplay: {}", breach.law, breach.reader, breach.words, breach.case);
        }
    });
}
