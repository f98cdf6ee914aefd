//! One small example of each mutation operator, as text in `corpus/mutations/`.

use super::{Depth, Options, Verdict, judge_bytes, sketches};
use crate::readers::{Builtin, ReaderUnderTest, go};
use crate::verdict::Mode;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tracehound_generator::mutate::{Facts, Mutated, Operator, operators};
use tracehound_generator::source::Rng;
use tracehound_wire::testfile::{Expect, TestFile};

/// Larger examples are not kept: they are about sizes, and say nothing to a person.
const LARGEST: usize = 8 << 10;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/mutations")
}

/// The smallest result of an operator on the sketches.
fn example(operator: &Operator) -> Option<(Mutated, Vec<u8>)> {
    let sketches = sketches::all();
    let all = sketches.iter().flat_map(|trace| {
        let facts = Facts::new(trace);
        let some = (0..3).filter_map(move |seed| operator.apply(&facts, &mut Rng::new(seed)));
        some.collect::<Vec<_>>()
    });
    all.map(|m| (m.edited.to_bytes(), m)).min_by_key(|(bytes, _)| bytes.len()).map(|(bytes, m)| (m, bytes))
}

/// What a reader has to say of some bytes, by the judge.
fn expected(bytes: &[u8]) -> Expect {
    let explore = Options { depth: Depth::Explore, ..Options::default() };
    match judge_bytes(bytes, explore) {
        Verdict::Illegal { rules, .. } => {
            Expect::Failure(rules.iter().filter_map(|&rule| go::pattern(rule)).collect::<Vec<_>>().join("|"))
        }
        _ => Expect::Success,
    }
}

/// The files: name and contents.
fn files() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for operator in operators() {
        let Some((mutated, bytes)) = example(operator) else { continue };
        if bytes.len() > LARGEST {
            continue;
        }
        match TestFile::from_binary(&bytes, expected(&bytes)) {
            Ok(mut test) => {
                let about = format!("# {}\n# {}\n# {:?}\n", operator.cite, mutated.what, mutated.label);
                test.trace_text.splice(..0, about.bytes());
                files.insert(format!("{}.test", operator.name), test.to_bytes());
            }
            Err(_) => {
                files.insert(format!("{}.trace", operator.name), bytes);
            }
        }
    }
    files
}

#[test]
fn every_operator_has_its_golden_example() {
    let files = files();
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        let _ = fs::remove_dir_all(corpus());
        fs::create_dir_all(corpus()).expect("the corpus can be written");
        files.iter().for_each(|(name, contents)| fs::write(corpus().join(name), contents).expect("written"));
    }
    for (name, contents) in &files {
        let found = fs::read(corpus().join(name)).unwrap_or_default();
        assert!(found == *contents, "corpus/mutations/{name} is stale: run the test again with UPDATE_CORPUS=1");
    }
    assert_eq!(fs::read_dir(corpus()).expect("the corpus is there").count(), files.len());
    assert!(files.len() + 3 > operators().count(), "{} examples only", files.len());
}

#[test]
fn the_built_in_reader_says_what_the_examples_expect() {
    let mut reader = Builtin::default();
    for operator in operators() {
        let Some((_, bytes)) = example(operator) else { continue };
        let verdict = reader.read(&bytes, Mode::Digest).verdict;
        let accepted = expected(&bytes) == Expect::Success;
        assert_eq!(verdict.is_accepted(), accepted, "{}: {verdict}", operator.name);
    }
}
