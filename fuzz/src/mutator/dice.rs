//! The mutator's randomness: a seeded stream, as the engine demands that the same seed
//! gives the same mutant.

use super::hints;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use tracehound_wire::NONE_ID;

/// A seeded stream of decisions.
pub(super) struct Dice {
    pcg: Pcg32,
}

impl Dice {
    pub fn new(seed: u32) -> Dice {
        Dice { pcg: Pcg32::seed_from_u64(u64::from(seed)) }
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u64::from(self.pcg.next_u32()) * bound as u64) >> 32) as usize
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// A number near `old`, one that `old` was compared with, or one at which formats break.
    pub fn number(&mut self, old: u64) -> u64 {
        const EDGES: [u64; 14] =
            [0, 1, 2, 3, 127, 128, 1 << 14, 1 << 16, 1 << 31, 1 << 32, i64::MAX as u64, 1 << 63, NONE_ID - 1, NONE_ID];
        match self.below(8) {
            0..=1 => old.wrapping_add(1),
            2..=3 => old.wrapping_sub(1),
            4 => hints::compared_with(old, self).unwrap_or(old.wrapping_add(1)),
            5 => self.below(16) as u64,
            6 => EDGES[self.below(EDGES.len())],
            _ => old ^ (1 << self.below(64)),
        }
    }
}
