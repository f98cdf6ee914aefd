//! Known divergences: what is told once, and not found again and again.
//!
//! An entry suppresses breaches of one law, by named readers, with one key, under a stated
//! condition, and nothing else. Its reproducer is read again by tests and by `tracehound
//! known --check`: an entry that no longer diverges is an error, so that the list cannot rot.

use crate::hunt::Breach;
use crate::laws::{self, Law};
use crate::readers::{Builtin, ReaderUnderTest};
use crate::verdict::{Comparison, Difference, Mode};
use serde::Deserialize;
use std::collections::BTreeSet;
use tracehound_wire::raw::TextStyle;
use tracehound_wire::{Body, TestFile, Trace};

/// The list that is part of the program.
const LIST: &str = include_str!("../../../corpus/known.json");

/// A known divergence.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its stable kebab-case id.
    pub id: String,
    /// The law that is broken.
    pub law: String,
    /// The releases whose readers break it: Go's own, and the built-in one as of that release.
    pub releases: BTreeSet<String>,
    /// How it is broken, as breaches are grouped.
    pub key: String,
    /// What has to be the case besides.
    #[serde(default)]
    pub when: When,
    /// What happens and why, in one sentence.
    pub sentence: String,
    /// Where it is reported, if it is.
    #[serde(default)]
    pub link: Option<String>,
    /// The smallest trace that shows it, a `.test` file in corpus/known.
    pub reproducer: String,
}

/// A condition on the trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// None.
    #[default]
    Always,
    /// A generation has more than 12 threads, so that sorting them is not stable.
    ManyThreads,
}

/// What became of an entry's reproducer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It still shows the divergence.
    Diverges,
    /// It does not; says what happens instead.
    Agrees(String),
    /// The entry is not about this reader.
    NotConcerned,
}

/// The known divergences.
///
/// # Errors
/// If the list in the repository cannot be read; a test keeps it readable.
pub fn entries() -> Result<Vec<Entry>, serde_json::Error> {
    serde_json::from_str(LIST)
}

impl Entry {
    /// Whether a breach is this one. `release` is that of the reader that broke the law.
    pub fn covers(&self, breach: &Breach, release: Option<&str>, trace: &Trace) -> bool {
        self.law == breach.law.name()
            && self.key == breach.key
            && release.is_some_and(|r| self.releases.contains(r))
            && self.when.holds(trace)
    }

    /// Reads the reproducer (a `.test` file's bytes) with a reader.
    pub fn check(&self, reproducer: &[u8], reader: &mut dyn ReaderUnderTest) -> Checked {
        let concerned = reader.hello().release.as_ref().is_some_and(|r| self.releases.contains(r));
        if !concerned {
            return Checked::NotConcerned;
        }
        let file = TestFile::parse(reproducer).map_err(|e| e.to_string());
        let bytes = file.and_then(|f| f.to_binary(TextStyle::Lossless).map_err(|e| e.to_string()));
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(e) => return Checked::Agrees(format!("{} cannot be read: {e}", self.reproducer)),
        };
        if !Trace::decode(&bytes).is_ok_and(|t| self.when.holds(&t)) {
            return Checked::Agrees("the reproducer does not meet the entry's own condition".into());
        }
        let (diverges, instead) = match Law::from_name(&self.law) {
            Some(Law::Agree) => {
                let mut like = Builtin::like(reader.hello(), tracehound_parser::Options::default());
                match laws::agree(&mut like, reader, &bytes) {
                    Comparison::Differ(d) => (difference_key(&d) == self.key, d.to_string()),
                    Comparison::Agree => (false, "the readers agree".into()),
                    Comparison::NotComparable(why) => (false, why.to_string()),
                }
            }
            _ => {
                let verdict = reader.read(&bytes, Mode::Digest).verdict;
                (verdict.label() == self.key, verdict.to_string())
            }
        };
        if diverges { Checked::Diverges } else { Checked::Agrees(instead) }
    }
}

/// What stands in a key for events that differ.
pub(crate) const EVENTS_KEY: &str = "events";

/// What differences that are the same finding share.
pub(crate) fn difference_key(d: &Difference) -> String {
    match d {
        Difference::Events(_) => EVENTS_KEY.into(),
        Difference::Verdicts(a, b) | Difference::Rules(a, b) => format!("{} against {}", a.label(), b.label()),
    }
}

impl When {
    /// Whether the condition holds for a trace.
    pub fn holds(self, trace: &Trace) -> bool {
        match self {
            When::Always => true,
            When::ManyThreads => {
                let mut threads: Vec<(u64, u64)> = trace
                    .batches()
                    .filter(|b| matches!(b.body, Body::Events(_)))
                    .map(|b| (b.generation, b.m))
                    .collect();
                threads.sort_unstable();
                threads.dedup();
                threads.chunk_by(|a, b| a.0 == b.0).any(|generation| generation.len() > 12)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracehound_parser::{Options, Release};

    fn reproducer(entry: &Entry) -> Vec<u8> {
        let path = format!("{}/../../corpus/known/{}", env!("CARGO_MANIFEST_DIR"), entry.reproducer);
        std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    #[test]
    fn every_entry_still_diverges_in_the_builtin_reader_of_its_releases() {
        for entry in entries().unwrap() {
            assert!(Law::from_name(&entry.law).is_some(), "{}: no such law", entry.id);
            assert!(entry.sentence.ends_with('.'), "{}: a sentence ends with a full stop", entry.id);
            // What only Go's own readers do is checked where there is Go.
            if entry.law == "agree" {
                continue;
            }
            for release in Release::ALL.into_iter().filter(|r| entry.releases.contains(&r.to_string())) {
                let mut reader = Builtin::new("builtin", Options::release(release), false);
                let checked = entry.check(&reproducer(&entry), &mut reader);
                assert_eq!(checked, Checked::Diverges, "{} with {release}", entry.id);
            }
        }
    }

    /// A list like the one in the repository, of a divergence that is there to stay: Go's readers,
    /// and so ours as any of their releases, refuse a sound trace of 13 threads.
    fn made_up() -> Entry {
        let json = r#"{
            "id": "thirteenth-thread", "law": "accept", "releases": ["1.26", "1.27"],
            "key": "rejected:stuck", "when": "many-threads", "sentence": "The sort is not stable.",
            "link": "https://go.dev/issue/1", "reproducer": "sound-trace-refused-as-stuck.test"
        }"#;
        serde_json::from_str(json).unwrap()
    }

    fn finding(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/../../corpus/findings/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn builtin(release: Release) -> Builtin {
        Builtin::new("builtin", Options::release(release), false)
    }

    #[test]
    fn an_entry_holds_as_long_as_its_reproducer_diverges() {
        let (entry, file) = (made_up(), finding("sound-trace-refused-as-stuck.test"));
        for release in Release::ALL.into_iter().filter(|r| r.minor() >= 26) {
            assert_eq!(entry.check(&file, &mut builtin(release)), Checked::Diverges, "{release}");
        }
        let other = Entry { releases: BTreeSet::from(["1.23".to_owned()]), ..entry };
        assert_eq!(other.check(&file, &mut builtin(Release::Go127)), Checked::NotConcerned);
    }

    #[test]
    fn an_entry_that_stopped_diverging_is_told() {
        let mut reader = builtin(Release::Go127);
        let mut agrees = |entry: &Entry, file: &[u8]| match entry.check(file, &mut reader) {
            Checked::Agrees(instead) => instead,
            other => panic!("{other:?}"),
        };
        let file = finding("sound-trace-refused-as-stuck.test");
        let mended = Entry { key: "rejected:go-unknown".into(), ..made_up() };
        assert!(agrees(&mended, &file).contains("stuck"));
        let accepted = Entry { when: When::Always, ..made_up() };
        assert_eq!(agrees(&accepted, &finding("frequency-zero.test")), "accepted");
        assert!(agrees(&made_up(), &finding("frequency-zero.test")).contains("own condition"));
        assert!(agrees(&made_up(), b"no test file").contains("cannot be read"));
        let agree = Entry { law: "agree".into(), ..made_up() };
        assert_eq!(agrees(&agree, &file), "the readers agree");
    }

    #[test]
    fn an_entry_covers_its_breach_and_no_other() {
        let entry = made_up();
        let file = TestFile::parse(&finding("sound-trace-refused-as-stuck.test")).unwrap();
        let many = Trace::decode(&file.to_binary(TextStyle::Lossless).unwrap()).unwrap();
        let few = Trace::new(tracehound_wire::Version::Go126);
        let breach = |law, key: &str| Breach {
            case: "th1:go1.27:-:s0".parse().unwrap(),
            law,
            reader: "builtin".into(),
            key: key.into(),
            words: String::new(),
            rule: None,
        };
        let stuck = breach(Law::Accept, "rejected:stuck");
        assert!(entry.covers(&stuck, Some("1.27"), &many));
        assert!(!entry.covers(&stuck, Some("1.22"), &many) && !entry.covers(&stuck, None, &many));
        assert!(!entry.covers(&stuck, Some("1.27"), &few), "the condition does not hold");
        assert!(!entry.covers(&breach(Law::Truth, "rejected:stuck"), Some("1.27"), &many));
        assert!(!entry.covers(&breach(Law::Accept, "hung"), Some("1.27"), &many));
    }
}
