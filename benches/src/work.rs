//! Work whose instructions are counted: the same bytes on every machine, made from seeds, and done once.
//!
//! Preparing it is not part of it. The counts do not wobble as times do, so that a change of a few percent is one.

use crate::{hostile, read_all};
use std::hint::black_box;
use tracehound_generator::{Case, Config};
use tracehound_oracle::hunt::{Examiner, HuntCase, Made, Setup, beginning};
use tracehound_oracle::judge;
use tracehound_oracle::readers::{Builtin, ReaderUnderTest};
use tracehound_oracle::verdict::Mode;
use tracehound_wire::Trace;

/// Prepared work; what it returns depends on all of it.
pub type Work = Box<dyn FnMut() -> u64>;

/// Prepares work.
pub type Prepare = fn() -> Work;

/// Cases of each kind of small work.
const CASES: u64 = 200;

/// Every kind of work, and how to prepare it.
pub const ALL: [(&str, Prepare); 10] = [
    ("read, 2 Ms", || read(hostile::turns(2, 100_000))),
    ("read, 64 Ms", || read(hostile::turns(64, 100_000))),
    ("read, 2000 Ms that wait", || read(hostile::waiting(2_000))),
    ("read, tables", || read(hostile::tables(20_000, 5_000))),
    ("read, small traces", || {
        let traces = small_traces();
        Box::new(move || traces.iter().map(|trace| read_all(trace)).sum())
    }),
    ("digest, small traces", || {
        let traces = small_traces();
        let mut reader = Builtin::default();
        Box::new(move || traces.iter().map(|trace| reader.read(trace, Mode::Digest).digest.events).sum())
    }),
    ("generate", || {
        let cases: Vec<Case> = small().collect();
        Box::new(move || cases.iter().map(|case| case.generate().bytes().len() as u64).sum())
    }),
    ("encode", || {
        let traces: Vec<Trace> = small().map(|case| case.generate().into_trace()).collect();
        Box::new(move || traces.iter().map(|trace| trace.to_bytes().len() as u64).sum())
    }),
    ("judge", || {
        let config = Config { steps: 16, ..Config::default() };
        let traces: Vec<Trace> =
            (0..CASES / 4).map(|seed| Case::from_seed(seed, config.clone()).generate().into_trace()).collect();
        Box::new(move || traces.iter().map(|trace| u64::from(judge::judge(trace).is_legal())).sum())
    }),
    ("hunt, examine", || {
        let setup = Setup::default();
        let mut examiner = Examiner::new(&setup).expect("the built-in reader starts");
        let legal = (0..CASES).map(|seed| HuntCase::legal(seed, &setup.config));
        let edited = beginning(&setup).filter(|case| case.edit.is_some()).take(CASES as usize);
        let cases: Vec<(HuntCase, Made)> =
            legal.chain(edited).filter_map(|case| case.make().map(|made| (case, made))).collect();
        Box::new(move || examiner.examine(&cases).len() as u64 + cases.len() as u64)
    }),
];

fn read(trace: Vec<u8>) -> Work {
    Box::new(move || read_all(&trace))
}

fn small() -> impl Iterator<Item = Case> {
    let config = Config { steps: 48, ..Config::default() };
    (0..CASES).map(move |seed| Case::from_seed(seed, config.clone()))
}

fn small_traces() -> Vec<Vec<u8>> {
    small().map(|case| case.generate().bytes()).collect()
}

/// Does the work. What is counted is what happens in here: the name of this function is how the counter knows.
#[inline(never)]
pub fn counted(work: &mut dyn FnMut() -> u64) -> u64 {
    black_box(work())
}
