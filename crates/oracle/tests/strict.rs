//! Strict mode and the generator: every legal history is one that a runtime can have
//! written, so the strict reader accepts it, and delivers what the lenient one delivers.

use tracehound_generator::{Case, Config};
use tracehound_oracle::readers::{Builtin, ReaderUnderTest};
use tracehound_oracle::verdict::Mode;
use tracehound_parser::Options;

/// Cases; `STRICT_CASES` sets another number, for long runs.
fn cases() -> u64 {
    std::env::var("STRICT_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(600)
}

#[test]
fn every_legal_history_of_every_flavour_is_accepted() {
    let mut strict = Builtin::new("strict", Options::default().strictly(), false);
    let mut lenient = Builtin::default();
    let mut flavours = std::collections::BTreeSet::new();
    for seed in 0..cases() {
        let case = Case::from_seed(seed, Config::default());
        flavours.insert(case.flavour());
        let bytes = case.generate().bytes();
        let answer = strict.read(&bytes, Mode::Digest);
        assert!(answer.verdict.is_accepted(), "tracehound replay {case}: {}", answer.verdict);
        assert_eq!(answer.digest, lenient.read(&bytes, Mode::Digest).digest, "tracehound replay {case}");
    }
    assert_eq!(flavours.len(), 6);
}
