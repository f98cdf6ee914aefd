//! Tests of the reject matrix.

use super::*;
use crate::judge::{Depth, Options, Verdict, judge_bytes};
use crate::readers::{Builtin, ReaderUnderTest};
use crate::verdict::Mode;
use std::path::PathBuf;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/reject")
}

#[test]
fn every_rule_has_an_entry_or_a_reason() {
    let listed: Vec<RejectRule> = entries().iter().map(|e| e.rule).collect();
    let excused = |r: &RejectRule| OLD_READERS_ONLY.iter().any(|(rule, _)| rule == r);
    let all: Vec<RejectRule> = RejectRule::ALL.iter().copied().filter(|r| !excused(r)).collect();
    assert_eq!(listed, all, "in the catalogue's order");
}

#[test]
fn the_judge_refuses_each_trace_by_its_rule_alone_and_accepts_its_neighbour() {
    let explore = Options { depth: Depth::Explore, ..Options::default() };
    for entry in entries() {
        let refused = judge_bytes(&entry.reject.to_bytes(), explore);
        assert_eq!(refused.rules(), [entry.rule], "{}: {refused:?}", entry.rule);
        match judge_bytes(&entry.neighbour.to_bytes(), explore) {
            Verdict::Legal { fragile, .. } => assert_eq!(fragile, [], "{}: neighbour", entry.rule),
            other => panic!("{}: neighbour: {other:?}", entry.rule),
        }
    }
}

#[test]
fn the_built_in_reader_agrees_with_the_judge() {
    let mut reader = Builtin::default();
    for entry in entries() {
        let refused = reader.read(&entry.reject.to_bytes(), Mode::Digest).verdict;
        assert_eq!(refused.rule(), Some(entry.rule), "{refused}");
        let accepted = reader.read(&entry.neighbour.to_bytes(), Mode::Digest).verdict;
        assert!(accepted.is_accepted(), "{}: neighbour {accepted}", entry.rule);
    }
}

#[test]
fn the_corpus_is_what_the_matrix_says() {
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        write_files(&corpus()).expect("the corpus can be written");
    }
    let files = files();
    for (name, contents) in &files {
        let found = fs::read(corpus().join(name)).unwrap_or_default();
        assert!(found == *contents, "corpus/reject/{name} is stale: run the test again with UPDATE_CORPUS=1");
    }
    let found = fs::read_dir(corpus()).expect("the corpus is there").count();
    assert_eq!(found, files.len(), "corpus/reject/ holds files that the matrix does not know");
}
