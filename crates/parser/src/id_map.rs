//! Values by table id.
//!
//! Ids are mostly small and dense, but may be any u64, so there is an array for the compact part and a hash map for the
//! rest. It knows nothing of what the values mean.

use crate::pieces::Pieces;
use rustc_hash::FxHashMap;

/// Map from a table id to a value.
#[derive(Debug, Default)]
pub(crate) struct IdMap {
    /// Value + 1 by id. Id 0, which has no record, is never absent.
    dense: Pieces,
    sparse: FxHashMap<u64, u64>,
    len: u64,
    max: u64,
    min: u64,
}

/// The numbers of the array end here.
const TOO_LARGE: u64 = u32::MAX as u64;

impl IdMap {
    pub fn clear(&mut self) {
        self.dense.clear();
        *self.dense.at(0) = u32::MAX;
        self.sparse.clear();
        self.len = 0;
        self.max = 0;
        self.min = u64::MAX;
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Gives `id` this value; false if it has one already or is 0.
    #[inline]
    pub fn insert(&mut self, id: u64, value: u64) -> bool {
        if id < self.compact_below() && value < TOO_LARGE {
            let number = self.dense.at(id as usize);
            if *number != 0 || !self.sparse.is_empty() && self.sparse.contains_key(&id) {
                return false;
            }
            *number = value as u32 + 1;
        } else {
            if self.contains(id) {
                return false;
            }
            self.sparse.insert(id, value);
        }
        self.len += 1;
        self.max = self.max.max(id);
        self.min = self.min.min(id);
        true
    }

    /// The ids below this can be in the array, also that of the next record: so its memory is in proportion to the records.
    fn compact_below(&self) -> u64 {
        256 + 4 * (self.len + 1)
    }

    /// The value of an id that is not 0.
    #[inline]
    pub fn find(&self, id: u64) -> Option<u64> {
        match self.dense.get(id) {
            0 if self.sparse.is_empty() => None,
            0 => self.sparse.get(&id).copied(),
            number => Some(u64::from(number) - 1),
        }
    }

    /// Moves what came too early for the array into it, when all ids are in.
    pub fn settle(&mut self) {
        if self.sparse.is_empty() || self.max >= self.compact_below() {
            return;
        }
        let dense = &mut self.dense;
        self.sparse.retain(|&id, &mut value| {
            if value < TOO_LARGE {
                *dense.at(id as usize) = value as u32 + 1;
            }
            value >= TOO_LARGE
        });
    }

    /// Whether there is a record of this id; id 0 stands for an empty one, which is always there.
    pub fn contains(&self, id: u64) -> bool {
        id == 0 || self.find(id).is_some()
    }

    /// Whether this id is in the compact part.
    #[inline(always)]
    pub fn has_at_hand(&self, id: u64) -> bool {
        self.dense.get(id) != 0
    }

    /// Whether Go stores this table as an array, and so walks it in order of ids
    /// (`internal/trace/base.go`, Go 1.27.3); otherwise its order is random.
    pub fn compact_in_go(&self) -> bool {
        self.len > 0 && self.max < i64::MAX as u64 && self.max - self.min <= 2 * self.len && self.min <= self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids_of(ids: &[u64]) -> IdMap {
        let mut map = IdMap::default();
        map.clear();
        for &id in ids {
            assert!(map.insert(id, id));
        }
        map
    }

    /// Go wastes at most twice the memory on an array, and nothing on ids before the first one that are more than the table.
    #[test]
    fn a_table_is_an_array_where_go_makes_it_one() {
        let mut sets: Vec<Vec<u64>> =
            (1_u64..1 << 10).map(|set| (1..=10).filter(|i| set >> (i - 1) & 1 == 1).collect()).collect();
        sets.extend([
            vec![i64::MAX as u64],
            vec![1, i64::MAX as u64],
            vec![u64::MAX],
            vec![300, 301],
            vec![1, 2, 3, 40],
        ]);
        for set in sets {
            let (min, max, len) = (set[0], set[set.len() - 1], set.len() as u64);
            let array = max < i64::MAX as u64 && max - min <= 2 * len && min <= len;
            assert_eq!(ids_of(&set).compact_in_go(), array, "{set:?}");
            let backwards: Vec<u64> = set.iter().rev().copied().collect();
            assert_eq!(ids_of(&backwards).compact_in_go(), array, "{backwards:?}");
        }
        assert!(!ids_of(&[]).compact_in_go());
    }

    #[test]
    fn values_are_found_wherever_they_are_kept() {
        let values = [(1, 0), (2, TOO_LARGE - 1), (3, TOO_LARGE), (4, u64::MAX), (2_000, 7), (1 << 40, 8)];
        let mut map = IdMap::default();
        map.clear();
        for (id, value) in values {
            assert!(map.insert(id, value) && !map.insert(id, 0), "{id}");
        }
        map.settle();
        assert!(values.iter().all(|&(id, value)| map.find(id) == Some(value)));
        assert!(map.has_at_hand(2) && !map.has_at_hand(3) && map.contains(3) && !map.contains(5));
        assert!(!map.insert(0, 1) && map.contains(0) && map.has_at_hand(0));
    }

    /// Ids that come before there are enough of them for an array get into it at the end.
    #[test]
    fn ids_from_the_last_one_down_are_at_hand_when_the_table_is_complete() {
        let ids: Vec<u64> = (1..=2_000).rev().collect();
        let mut map = ids_of(&ids);
        assert!(!map.has_at_hand(2_000));
        map.settle();
        assert!(ids.iter().all(|&id| map.has_at_hand(id) && map.find(id) == Some(id)) && map.sparse.is_empty());
    }
}
