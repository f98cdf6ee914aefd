//! Which work there is, cut into units: what is done, counted and written down as a whole.
//!
//! The units of a campaign follow from its setup alone. Which thread, process or machine does
//! which, and in what order, does not matter to what is found.

use super::case::{HuntCase, Made, Origin, edits_of, first_cases, history};
use super::{Seed, Setup};
use crate::lift::lift;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use tracehound_wire::Trace;

/// How many of the cases that come first are in one unit.
const FIRST: usize = 64;

/// How many traces from outside, as they are.
const SEEDS: usize = 16;

/// How many histories.
const HISTORIES: u64 = 16;

/// The largest trace from outside that is edited, bytes: each edit is as large again.
const EDITED_BYTES: usize = 256 << 10;

/// A part of a campaign: the units whose number leaves this rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which part, from 1.
    pub part: u64,
    /// Of how many.
    pub of: u64,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Shard = Shard { part: 1, of: 1 };

    fn has(self, n: u64) -> bool {
        n % self.of == self.part - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(s: &str) -> Result<Shard, String> {
        let numbers = s.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((part, of)) if 1 <= part && part <= of => Ok(Shard { part, of }),
            _ => Err(format!("{s:?} is no part of a campaign: write 1/4 for the first of four")),
        }
    }
}

/// A sort of unit, in the order in which they are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Sort {
    /// Traces from outside, as they are, and as far as they lift: who gives some wants to know of them.
    Seeds,
    /// Rare corners, the reject matrix and the probes.
    First,
    /// Histories, their edits, and edits of traces from outside.
    Histories,
}

impl Sort {
    const ALL: [Sort; 3] = [Sort::Seeds, Sort::First, Sort::Histories];
}

/// One unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Unit(pub(super) Sort, pub(super) u64);

/// The units that are done: all below a number, and some above.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    below: [u64; 3],
    above: BTreeSet<Unit>,
}

impl Done {
    pub(super) fn has(&self, unit: Unit) -> bool {
        unit.1 < self.below[unit.0 as usize] || self.above.contains(&unit)
    }

    /// Adds a unit of a shard. The units of other shards count as done.
    pub(super) fn add(&mut self, unit: Unit, shard: Shard) {
        self.above.insert(unit);
        let below = &mut self.below[unit.0 as usize];
        while !shard.has(*below) || self.above.remove(&Unit(unit.0, *below)) {
            *below += 1;
        }
    }
}

/// Hands out units, each once.
pub(super) struct Agenda {
    shard: Shard,
    done: Done,
    next: [u64; 3],
    /// How many there are, as far as that is known.
    ends: [Option<u64>; 3],
}

impl Agenda {
    /// The units that are not done. `histories` bounds the histories.
    pub(super) fn new(setup: &Setup, done: Done, histories: Option<u64>) -> Agenda {
        let ends = [Some(setup.seeds.len().div_ceil(SEEDS) as u64), None, histories.map(|n| n.div_ceil(HISTORIES))];
        Agenda { shard: setup.shard, done, next: [0; 3], ends }
    }

    /// The next unit; `None` if there is none left.
    pub(super) fn next(&mut self) -> Option<Unit> {
        Sort::ALL.into_iter().find_map(|sort| {
            let (next, end) = (&mut self.next[sort as usize], self.ends[sort as usize]);
            while end.is_none_or(|end| *next < end) {
                let unit = Unit(sort, *next);
                *next += 1;
                if self.shard.has(unit.1) && !self.done.has(unit) {
                    return Some(unit);
                }
            }
            None
        })
    }

    /// There is no such unit, and none after it.
    pub(super) fn end_before(&mut self, unit: Unit) {
        let end = &mut self.ends[unit.0 as usize];
        *end = Some(end.map_or(unit.1, |e| e.min(unit.1)));
    }
}

/// Makes the cases of units.
pub(super) struct Maker<'s> {
    setup: &'s Setup,
    /// How many histories there are in all.
    histories: u64,
    /// The cases that come first, from `first_at` on: they are made one after another.
    first: Box<dyn Iterator<Item = (HuntCase, Made)> + 's>,
    first_at: u64,
    /// Traces from outside by their place in the setup: as cases of the model, if they lift.
    cases_of_seeds: BTreeMap<usize, Option<HuntCase>>,
    /// Traces from outside that were lifted, since this was last read.
    pub(super) lifted: u64,
    /// Edits that found no place, since this was last read.
    pub(super) without_place: u64,
}

impl<'s> Maker<'s> {
    pub(super) fn new(setup: &'s Setup, histories: Option<u64>) -> Maker<'s> {
        let first = Box::new(first_cases(setup));
        let histories = histories.unwrap_or(u64::MAX);
        Maker { setup, histories, first, first_at: 0, cases_of_seeds: BTreeMap::new(), lifted: 0, without_place: 0 }
    }

    /// The cases of a unit; none if there is no such unit.
    pub(super) fn make(&mut self, unit: Unit) -> Vec<(HuntCase, Made)> {
        match unit.0 {
            Sort::First => {
                if unit.1 < self.first_at {
                    (self.first, self.first_at) = (Box::new(first_cases(self.setup)), 0);
                }
                let before = (unit.1 - self.first_at) as usize * FIRST;
                self.first_at = unit.1 + 1;
                self.first.by_ref().skip(before).take(FIRST).collect()
            }
            Sort::Seeds => {
                let first = unit.1 as usize * SEEDS;
                let mut cases = Vec::new();
                for at in first..self.setup.seeds.len().min(first + SEEDS) {
                    let case = HuntCase::raw(self.setup.seeds[at].bytes.clone());
                    cases.extend(case.make().map(|made| (case, made)));
                    if let Some(legal) = self.case_of_seed(at) {
                        self.lifted += 1;
                        self.add_history(legal, &mut cases);
                    }
                }
                cases
            }
            Sort::Histories => {
                let first = unit.1 * HISTORIES;
                let mut cases = Vec::new();
                for n in first..self.histories.min(first + HISTORIES) {
                    self.history(n, &mut cases);
                    self.edit_of_seed(n, &mut cases);
                }
                cases
            }
        }
    }

    fn history(&mut self, n: u64, cases: &mut Vec<(HuntCase, Made)>) {
        let seed = self.setup.seed.wrapping_add(n);
        self.add_history(HuntCase::legal(seed, &self.setup.config), cases);
    }

    fn add_history(&mut self, legal: HuntCase, cases: &mut Vec<(HuntCase, Made)>) {
        let (some, without_place) = history(legal, self.setup.edits);
        self.without_place += without_place;
        cases.extend(some);
    }

    /// Edits one trace from outside. Where it lifts, every other edit is one of the model's case, and so has a label.
    fn edit_of_seed(&mut self, n: u64, cases: &mut Vec<(HuntCase, Made)>) {
        let count = self.setup.seeds.len() as u64;
        if count == 0 {
            return;
        }
        let (round, at) = (n / count, (n % count) as usize);
        let Seed { bytes, .. } = &self.setup.seeds[at];
        if bytes.len() > EDITED_BYTES {
            return;
        }
        let lifted = if round % 2 == 1 { self.case_of_seed(at) } else { None };
        let whole = lifted.unwrap_or_else(|| HuntCase::raw(bytes.clone()));
        let Some(trace) = trace_of(&whole.origin) else { return };
        let seed = self.setup.seed.wrapping_add(n) ^ 0x7365_6564;
        let (edits, without_place) = edits_of(&whole, &trace, 1, seed);
        self.without_place += without_place;
        cases.extend(edits);
    }

    /// A trace from outside as a case of the model, if one of its generations lifts and it is not too large to be edited.
    fn case_of_seed(&mut self, at: usize) -> Option<HuntCase> {
        let bytes = &self.setup.seeds[at].bytes;
        if bytes.len() > EDITED_BYTES {
            return None;
        }
        let lifted = || lift(bytes).map(|case| HuntCase { origin: Origin::History(case), edit: None });
        self.cases_of_seeds.entry(at).or_insert_with(lifted).clone()
    }
}

fn trace_of(origin: &Origin) -> Option<Trace> {
    match origin {
        Origin::History(case) => Some(case.generate().into_trace()),
        Origin::Raw(bytes) => Trace::decode(bytes).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(shard: Shard, done: Done) -> Vec<Unit> {
        let setup = Setup { shard, ..Setup::default() };
        let mut agenda = Agenda::new(&setup, done, Some(100));
        agenda.end_before(Unit(Sort::First, 5));
        std::iter::from_fn(|| agenda.next()).collect()
    }

    #[test]
    fn shards_share_the_units_without_a_rest() {
        let mut all = units(Shard::WHOLE, Done::default());
        let mut of_shards: Vec<Unit> = (1..=3).flat_map(|part| units(Shard { part, of: 3 }, Done::default())).collect();
        assert_eq!(all.len(), 5 + 7);
        all.sort();
        of_shards.sort();
        assert_eq!(all, of_shards);
    }

    #[test]
    fn what_is_done_in_any_order_is_not_done_again() {
        for shard in [Shard::WHOLE, Shard { part: 2, of: 3 }] {
            let all = units(shard, Done::default());
            let mut done = Done::default();
            for unit in all.iter().rev().step_by(2) {
                done.add(*unit, shard);
            }
            let rest = units(shard, done.clone());
            assert_eq!(rest.len(), all.len() / 2);
            rest.iter().for_each(|unit| done.add(*unit, shard));
            assert_eq!(units(shard, done.clone()), []);
            assert!(done.above.is_empty(), "{done:?}");
        }
    }

    #[test]
    fn shards_are_read_and_refused() {
        assert_eq!("2/3".parse(), Ok(Shard { part: 2, of: 3 }));
        for s in ["", "0/3", "4/3", "1", "a/b", "1/0"] {
            assert!(s.parse::<Shard>().is_err(), "{s}");
        }
    }
}
