//! What a campaign counts.

use crate::verdict::NotComparable;
use serde::Serialize;
use std::collections::BTreeMap;

/// Counts of a campaign; sums of what its threads count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Legal histories.
    pub legal: u64,
    /// Edited ones.
    pub mutated: u64,
    /// Traces of the reject matrix, which a campaign begins with; not among its cases.
    pub matrix: u64,
    /// Probes, which come next if there is a reader to compare with; not among its cases either.
    pub probes: u64,
    /// Edits by label.
    pub labels: BTreeMap<&'static str, u64>,
    /// Edits that found no place in a history.
    pub without_place: u64,
    /// Bytes of all traces.
    pub bytes: u64,
    /// Events that the built-in reader delivered for legal histories, by kind.
    pub events: BTreeMap<&'static str, u64>,
    /// Self-steals in legal histories.
    pub self_steals: u64,
    /// Generations of legal histories.
    pub generations: u64,
    /// Requests answered by readers in other processes.
    pub round_trips: u64,
    /// Verdicts by reader and label.
    pub verdicts: BTreeMap<String, BTreeMap<String, u64>>,
    /// Restarts by reader.
    pub restarts: BTreeMap<String, u64>,
    /// How often each law was asked.
    pub laws: BTreeMap<&'static str, u64>,
    /// What was not compared, by law, and why.
    pub not_compared: BTreeMap<(&'static str, NotComparable), u64>,
    /// Labels that the judge looked at.
    pub judged: u64,
    /// Labels that the judge could not decide within its limits.
    pub judge_gave_up: u64,
    /// Breaches of laws, before they are grouped.
    pub breaches: u64,
}

impl Stats {
    /// Cases of both sorts.
    pub fn cases(&self) -> u64 {
        self.legal + self.mutated
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
        merge(&mut self.restarts, other.restarts);
        merge(&mut self.laws, other.laws);
        merge(&mut self.not_compared, other.not_compared);
        for (reader, verdicts) in other.verdicts {
            merge(self.verdicts.entry(reader).or_default(), verdicts);
        }
    }
}
