//! Tests of the reject matrix.

use super::*;
use crate::judge::{Depth, Options, Verdict, judge_bytes};
use crate::readers::{Builtin, ReaderUnderTest};
use crate::verdict::Mode;
use std::path::PathBuf;
use tracehound_parser::Options as ParserOptions;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/reject")
}

#[test]
fn every_rule_has_an_entry_or_a_reason() {
    let listed: Vec<RejectRule> = entries().iter().map(|e| e.rule).collect();
    let excused = |r: &RejectRule| OLD_READERS_ONLY.iter().any(|(rule, _)| rule == r);
    let all: Vec<RejectRule> = RejectRule::OF_GO.iter().copied().filter(|r| !excused(r)).collect();
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
fn every_strict_rule_has_an_entry() {
    let listed: Vec<RejectRule> = strict_entries().iter().map(|e| e.rule).collect();
    assert_eq!(listed, RejectRule::STRICT, "in the catalogue's order");
}

#[test]
fn the_strict_reader_alone_refuses_what_only_strict_rules_forbid() {
    let mut lenient = Builtin::default();
    let mut strict = Builtin::new("strict", ParserOptions::default().strictly(), false);
    for Entry { rule, reject, neighbour, .. } in strict_entries() {
        for trace in [&reject, &neighbour] {
            let bytes = trace.to_bytes();
            assert!(judge_bytes(&bytes, Options::default()).is_legal(), "{rule}: the judge");
            let verdict = lenient.read(&bytes, Mode::Digest).verdict;
            assert!(verdict.is_accepted(), "{rule}: lenient reader: {verdict}");
        }
        let refused = strict.read(&reject.to_bytes(), Mode::Digest).verdict;
        assert_eq!(refused.rule(), Some(rule), "{rule}: {refused}");
        let accepted = strict.read(&neighbour.to_bytes(), Mode::Digest).verdict;
        assert!(accepted.is_accepted(), "{rule}: neighbour: {accepted}");
    }
}

#[test]
fn strictness_takes_nothing_back() {
    let mut lenient = Builtin::default();
    let mut strict = Builtin::new("strict", ParserOptions::default().strictly(), false);
    for entry in entries() {
        let bytes = entry.reject.to_bytes();
        let verdict = lenient.read(&bytes, Mode::Digest).verdict;
        assert!(!verdict.is_accepted(), "{}: {verdict}", entry.rule);
        assert!(!strict.read(&bytes, Mode::Digest).verdict.is_accepted(), "{}", entry.rule);
    }
}

/// The columns of Go's readers need Go: `cargo xtask generate --check` looks at those too.
#[test]
fn the_page_of_rules_is_what_the_matrix_says() {
    let page = include_str!("../../../../../docs/rules.md");
    let made = rules_page(&mut vec![Box::new(Builtin::default())]);
    assert_eq!(page.lines().count(), made.lines().count(), "docs/rules.md is stale: run `cargo xtask generate`");
    for (line, made) in page.lines().zip(made.lines()) {
        assert!(line.starts_with(made), "docs/rules.md is stale: run `cargo xtask generate`\n{line}\n{made}");
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
