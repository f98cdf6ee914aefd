//! What is told of a refusal, and that its names are those of the format's table.

use std::error::Error as _;
use std::fmt::Write;
use tracehound_parser::{Cause, Error, Options, Outcome, Reader, Release};
use tracehound_wire::RejectRule;
use tracehound_wire::rule::RuleGroup;

/// Puts the refusal into words; what the reader accepts is read strictly as well, by a release's reader that the length says.
pub(super) fn hold(bytes: &[u8]) {
    let release = Release::ALL[bytes.len() / super::WAYS % Release::ALL.len()];
    let strictly = Options::default().strictly().of_release(release);
    let refusal = refusal(bytes, Options::default()).or_else(|| refusal(bytes, strictly));
    let Some(error) = refusal else { return };
    let mut words = format!("{error} {}", error.help());
    // Writing to a string cannot fail.
    if let Some(explain) = error.explain() {
        let _ = write!(words, "{explain}");
    }
    if let Some(mishap) = error.mishap() {
        let _ = write!(words, "{}: {mishap}", mishap.class());
    }
    assert!(words.starts_with(error.class()), "words: {words}");
    let Some(rule) = error.rule() else { panic!("words: bytes in memory cannot be read: {words}") };
    assert!(matches!(error.cause(), Cause::Rule(r) if *r == rule) && error.source().is_none(), "words: {words}");
    assert_eq!(RejectRule::from_class(error.class()), Some(rule), "words: the class is not the rule's");
    assert_eq!(RuleGroup::from_name(rule.group().name()), Some(rule.group()), "words: the group has no name");
    assert!(rule.alone() == [rule] && !rule.condition().is_empty(), "words: the rule {rule:?} is not in the table");
}

/// The first error, which is the last thing that comes.
fn refusal(bytes: &[u8], options: Options) -> Option<Error> {
    let mut reader = match Reader::with_options(bytes, options) {
        Ok(reader) => reader,
        Err(e) => return Some(e),
    };
    let mut error = None;
    while let Some(event) = reader.next_event() {
        assert!(error.is_none(), "words: something comes behind an error");
        error = event.err();
    }
    assert_eq!(reader.outcome() == Outcome::Refused, error.is_some(), "words: the outcome is not what came");
    error
}
