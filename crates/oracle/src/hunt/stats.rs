//! What a campaign counts.

use crate::canonical::kind_name;
use crate::verdict::NotComparable;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use tracehound_generator::{Corner, Counts, History, Matrix};

/// What something is counted by: a name of the program's own, or one read from a journal.
pub type Name = Cow<'static, str>;

/// Counts of a campaign; sums of what its threads count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stats {
    /// Legal histories.
    pub legal: u64,
    /// Edited ones.
    pub mutated: u64,
    /// Traces given from outside, as they are; not among the cases.
    pub seeds: u64,
    /// How many of those lift: each is a case of the model too, and counts as a legal history.
    pub lifted: u64,
    /// Edits of traces given from outside.
    pub seeds_mutated: u64,
    /// Traces of the reject matrix, which a campaign begins with; not among its cases.
    pub matrix: u64,
    /// Probes, which come next if there is a reader to compare with; not among its cases either.
    pub probes: u64,
    /// Edits by label.
    pub labels: BTreeMap<Name, u64>,
    /// Edits that found no place in a history.
    pub without_place: u64,
    /// Bytes of all traces.
    pub bytes: u64,
    /// Events that the built-in reader delivered for legal histories, by kind.
    pub events: BTreeMap<Name, u64>,
    /// Self-steals in legal histories.
    pub self_steals: u64,
    /// Generations of legal histories.
    pub generations: u64,
    /// Named corners that legal histories had.
    pub corners: BTreeMap<Name, u64>,
    /// Events of legal histories by type and the change of state that they report.
    pub changes: BTreeMap<Name, u64>,
    /// Requests answered by readers in other processes.
    pub round_trips: u64,
    /// Verdicts by reader and label.
    pub verdicts: BTreeMap<String, BTreeMap<Name, u64>>,
    /// Restarts by reader.
    pub restarts: BTreeMap<String, u64>,
    /// How often each law was asked.
    pub laws: BTreeMap<Name, u64>,
    /// What was not compared, by law, and why.
    #[serde(with = "as_list")]
    pub not_compared: BTreeMap<(Name, NotComparable), u64>,
    /// Labels that the judge looked at.
    pub judged: u64,
    /// Labels that the judge could not decide within its limits.
    pub judge_gave_up: u64,
    /// Breaches of laws, before they are grouped.
    pub breaches: u64,
}

/// What some histories had, by number: names are for those who read the sums.
#[derive(Default)]
pub(super) struct Tallies {
    histories: u64,
    corners: Counts,
    changes: Matrix,
    /// Delivered events by kind.
    kinds: [u64; 16],
}

impl Tallies {
    /// Counts what a legal history has.
    pub fn history(&mut self, history: &History) {
        self.histories += 1;
        self.corners.count(history);
        self.changes.count(history);
    }

    /// Counts a delivered event of this kind.
    pub fn event(&mut self, kind: u8) {
        self.kinds[usize::from(kind) & 15] += 1;
    }
}

impl Stats {
    /// Cases of every sort.
    pub fn cases(&self) -> u64 {
        self.legal + self.mutated + self.seeds_mutated
    }

    /// Takes in what legal histories had, and leaves nothing of it.
    pub(super) fn take_in(&mut self, tallies: &mut Tallies) {
        let Tallies { histories, corners, changes, kinds } = std::mem::take(tallies);
        if histories == 0 {
            return;
        }
        for &corner in Corner::ALL.iter().filter(|&&c| corners.get(c) > 0) {
            *self.corners.entry(corner.name().into()).or_default() += corners.get(corner);
        }
        for ((ty, change), n) in changes.iter() {
            let name = match change {
                Some((old, new)) => Name::Owned(format!("{ty} {} to {}", old.name(), new.name())),
                None => ty.name().into(),
            };
            *self.changes.entry(name).or_default() += n;
        }
        for (kind, &n) in kinds.iter().enumerate().filter(|(_, n)| **n > 0) {
            *self.events.entry(kind_name(kind as u8).into()).or_default() += n;
        }
    }

    /// Adds what another thread counted.
    pub fn add(&mut self, other: Stats) {
        fn merge<K: Ord>(into: &mut BTreeMap<K, u64>, from: BTreeMap<K, u64>) {
            for (key, n) in from {
                *into.entry(key).or_default() += n;
            }
        }
        self.legal += other.legal;
        self.mutated += other.mutated;
        self.seeds += other.seeds;
        self.lifted += other.lifted;
        self.seeds_mutated += other.seeds_mutated;
        self.matrix += other.matrix;
        self.probes += other.probes;
        self.without_place += other.without_place;
        self.bytes += other.bytes;
        self.self_steals += other.self_steals;
        self.generations += other.generations;
        self.round_trips += other.round_trips;
        self.judged += other.judged;
        self.judge_gave_up += other.judge_gave_up;
        self.breaches += other.breaches;
        merge(&mut self.labels, other.labels);
        merge(&mut self.events, other.events);
        merge(&mut self.corners, other.corners);
        merge(&mut self.changes, other.changes);
        merge(&mut self.restarts, other.restarts);
        merge(&mut self.laws, other.laws);
        merge(&mut self.not_compared, other.not_compared);
        for (reader, verdicts) in other.verdicts {
            merge(self.verdicts.entry(reader).or_default(), verdicts);
        }
    }
}

/// A map whose keys are no strings, as a list of pairs: JSON has no other keys.
mod as_list {
    use super::{BTreeMap, Name, NotComparable};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Map = BTreeMap<(Name, NotComparable), u64>;

    pub(super) fn serialize<S: Serializer>(map: &Map, s: S) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Map, D::Error> {
        Ok(Vec::<((Name, NotComparable), u64)>::deserialize(d)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_survive_being_written_down() {
        let mut stats = Stats { legal: 3, breaches: 1, ..Stats::default() };
        stats.events.insert("Sync".into(), 7);
        stats.verdicts.entry("go:1.27".into()).or_default().insert("hung".into(), 2);
        for why in [
            NotComparable::GivenUp,
            NotComparable::Known("an-id".into()),
            NotComparable::LawNotApplicable("the clock is not exact".into()),
        ] {
            stats.not_compared.insert(("agree".into(), why), 5);
        }
        let text = serde_json::to_string(&stats).unwrap();
        assert_eq!(serde_json::from_str::<Stats>(&text).unwrap(), stats);
        let mut twice = stats.clone();
        twice.add(stats.clone());
        assert_eq!((twice.legal, twice.events["Sync"]), (6, 14));
    }
}
