//! What a campaign has found so far: counts, breaches in groups, and which units they are from.

use super::agenda::{Done, Shard, Unit};
use super::stats::Stats;
use super::{Breach, folder};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Breaches that are the same finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The first of them in the order of the campaign.
    pub breach: Breach,
    /// How many there are.
    pub count: u64,
    /// Where the first stands.
    pub(super) at: (Unit, usize),
}

/// What breaches of one group share.
pub(super) type Key = (&'static str, String, String);

impl Group {
    /// The folder that it has, or will have, in the one for findings.
    pub fn folder(&self, out: &Path) -> PathBuf {
        out.join(folder::name(self.breach.group()))
    }

    pub(super) fn key(&self) -> Key {
        let (shows_in, reader, key) = self.breach.group();
        (shows_in, reader.to_owned(), key.to_owned())
    }

    /// Adds breaches of the same group.
    fn add(&mut self, other: Group) {
        self.count += other.count;
        if other.at < self.at {
            (self.at, self.breach) = (other.at, other.breach);
        }
    }
}

/// What was counted and found in one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Yield {
    pub(super) unit: Unit,
    pub(super) stats: Stats,
    pub(super) groups: Vec<Group>,
}

impl Yield {
    /// Groups a unit's breaches.
    pub(super) fn new(unit: Unit, stats: Stats, breaches: Vec<Breach>) -> Yield {
        let mut groups: Vec<Group> = Vec::new();
        for (n, breach) in breaches.into_iter().enumerate() {
            let group = Group { breach, count: 1, at: (unit, n) };
            match groups.iter_mut().find(|g| g.breach.group() == group.breach.group()) {
                Some(kept) => kept.add(group),
                None => groups.push(group),
            }
        }
        Yield { unit, stats, groups }
    }
}

/// Everything that was found in the units that are done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) done: Done,
    pub(super) stats: Stats,
    pub(super) groups: BTreeMap<Key, Group>,
}

impl Found {
    /// Adds what was found in a unit; returns the groups that are new.
    pub(super) fn add(&mut self, found: Yield, shard: Shard) -> Vec<Group> {
        self.done.add(found.unit, shard);
        self.stats.add(found.stats);
        let mut new = Vec::new();
        for group in found.groups {
            match self.groups.get_mut(&group.key()) {
                Some(kept) => kept.add(group),
                None => {
                    new.push(group.clone());
                    self.groups.insert(group.key(), group);
                }
            }
        }
        new
    }
}
