//! How a reader introduces itself: what it reads and what it can tell.

use serde::{Deserialize, Serialize};
use std::fmt;
use tracehound_wire::rule::RuleGroup;
use tracehound_wire::{RejectRule, Version};

/// What a reader can tell of events; a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Reports(u16);

const NAMES: [(&str, Reports); 8] = [
    ("times", Reports::TIMES),
    ("ties", Reports::TIES),
    ("stacks", Reports::STACKS),
    ("transition-stacks", Reports::TRANSITION_STACKS),
    ("reasons", Reports::REASONS),
    ("sync-numbers", Reports::SYNC_NUMBERS),
    ("clock-snapshots", Reports::CLOCK_SNAPSHOTS),
    ("experimental-batches", Reports::EXPERIMENTAL_BATCHES),
];

impl Reports {
    /// Event times in ns as Go computes them.
    pub const TIMES: Reports = Reports(1);
    /// Threads with equal times in the order of Go 1.27.
    pub const TIES: Reports = Reports(2);
    /// Each event's own stack.
    pub const STACKS: Reports = Reports(4);
    /// The stack of a goroutine whose state changes.
    pub const TRANSITION_STACKS: Reports = Reports(8);
    /// Reasons of state transitions.
    pub const REASONS: Reports = Reports(16);
    /// Sync events with numbers, standing where Go 1.25 and later put them.
    pub const SYNC_NUMBERS: Reports = Reports(32);
    /// Clock snapshots of Sync events.
    pub const CLOCK_SNAPSHOTS: Reports = Reports(64);
    /// Experiments' own data.
    pub const EXPERIMENTAL_BATCHES: Reports = Reports(128);
    /// Events at all. It has no name in the protocol: a reader that only judges says so with `judges`.
    pub const EVENTS: Reports = Reports(256);
    /// All of them.
    pub const ALL: Reports = Reports(511);

    /// Whether all of `other` is reported.
    #[inline]
    pub const fn has(self, other: Reports) -> bool {
        self.0 & other.0 == other.0
    }

    /// What both report.
    pub const fn common(self, other: Reports) -> Reports {
        Reports(self.0 & other.0)
    }

    /// These and `other`.
    pub const fn with(self, other: Reports) -> Reports {
        Reports(self.0 | other.0)
    }

    /// These without `other`.
    pub const fn without(self, other: Reports) -> Reports {
        Reports(self.0 & !other.0)
    }

    /// The set with these names in the protocol; names that are not known are ignored, so
    /// that an adapter may be newer than its client.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Reports {
        let known = |name| NAMES.iter().find(|(n, _)| *n == name).map_or(0, |(_, r)| r.0);
        Reports(names.into_iter().map(known).fold(0, |a, b| a | b))
    }
}

impl fmt::Display for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = NAMES.iter().filter(|(_, r)| self.has(*r)).map(|(n, _)| *n).collect();
        f.write_str(&names.join(", "))
    }
}

/// What a reader says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Its name.
    pub name: String,
    /// Its version, in its own words.
    pub version: String,
    /// The minor numbers of the wire versions that it knows.
    pub reads: Vec<u32>,
    /// What it can tell.
    pub reports: Reports,
    /// The Go release whose reader it is or means to equal, such as "1.24".
    pub release: Option<String>,
    /// Of a reader that only gives verdicts: the groups of rules that it knows; whatever is refused by another rule, it
    /// may accept.
    pub judges: Option<Vec<RuleGroup>>,
}

impl Hello {
    /// Whether it has to refuse what is refused by this rule.
    pub fn judges(&self, rule: Option<RejectRule>) -> bool {
        self.judges.as_ref().is_none_or(|groups| rule.is_some_and(|rule| groups.contains(&rule.group())))
    }

    /// Whether it claims to know this wire version.
    pub fn reads_version(&self, version: Version) -> bool {
        self.reads.contains(&version.minor())
    }
}

/// The version of the protocol that this client speaks.
pub const PROTOCOL: u64 = 1;

/// A hello as it stands in the first frame.
#[derive(Debug, Deserialize, Serialize)]
struct HelloFrame {
    protocol: u64,
    name: String,
    #[serde(default)]
    version: String,
    reads: Vec<u32>,
    #[serde(default)]
    reports: Vec<String>,
    #[serde(default)]
    release: Option<String>,
    #[serde(default)]
    judges: Option<Vec<String>>,
}

impl Hello {
    /// Reads the first frame of an adapter.
    ///
    /// # Errors
    /// Says, as a clause, what is wrong with it.
    pub fn from_json(frame: &[u8]) -> Result<Hello, String> {
        let f: HelloFrame =
            serde_json::from_slice(frame).map_err(|e| format!("its hello is not the JSON of the protocol: {e}"))?;
        if f.protocol != PROTOCOL {
            return Err(format!("it speaks protocol {}, this program speaks {PROTOCOL}", f.protocol));
        }
        let group = |name: String| {
            RuleGroup::from_name(&name).ok_or_else(|| format!("its hello judges {name:?}, which is no group of rules"))
        };
        let judges = f.judges.map(|names| names.into_iter().map(group).collect::<Result<Vec<_>, _>>()).transpose()?;
        let reports = match judges {
            Some(_) => Reports::default(),
            None => Reports::from_names(f.reports.iter().map(String::as_str)).with(Reports::EVENTS),
        };
        Ok(Hello { name: f.name, version: f.version, reads: f.reads, reports, release: f.release, judges })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocols_example_is_read() {
        let hello = Hello::from_json(
            br#"{"protocol": 1, "name": "go internal/trace", "version": "go1.27.3", "reads": [22, 23, 25, 26],
                "reports": ["times", "ties", "something-new"]}"#,
        )
        .unwrap();
        assert_eq!(hello.reports, Reports::from_names(["ties", "times"]).with(Reports::EVENTS));
        assert_eq!(hello.reports.to_string(), "times, ties");
        assert!(hello.reads_version(Version::Go126) && !hello.reports.has(Reports::STACKS));
        assert!(Hello::from_json(br#"{"protocol": 2, "name": "x", "reads": []}"#).unwrap_err().contains("protocol 2"));
        assert!(Hello::from_json(b"hello").is_err());
    }

    #[test]
    fn a_reader_may_only_judge() {
        let hello = |judges: &str| {
            let frame =
                format!(r#"{{"protocol": 1, "name": "x", "reads": [26], "reports": ["times"], "judges": {judges}}}"#);
            Hello::from_json(frame.as_bytes())
        };
        let container = hello(r#"["container"]"#).unwrap();
        assert_eq!(container.reports, Reports::default());
        assert!(container.judges(Some(RejectRule::GenZero)) && !container.judges(Some(RejectRule::Stuck)));
        assert!(!container.judges(None));
        assert!(hello("null").unwrap().judges(None));
        assert!(hello(r#"["envelope"]"#).unwrap_err().contains("envelope"));
    }
}
