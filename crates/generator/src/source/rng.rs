//! Choices from a seed: PCG32 (XSH RR 64/32), whose stream is fixed by its definition and
//! so the same on every machine and in every release.

use super::Source;
use rand_core::{Rng as _, SeedableRng};
use rand_pcg::Pcg32;

/// A seeded stream of choices.
#[derive(Clone)]
pub struct Rng {
    pcg: Pcg32,
}

impl Rng {
    /// The stream that belongs to `seed`.
    pub fn new(seed: u64) -> Rng {
        // The seed goes through a mixing function, because neighbouring PCG states give
        // correlated first numbers, and campaigns count seeds upwards.
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&mix(seed).to_le_bytes());
        bytes[8..].copy_from_slice(&mix(seed ^ 0x7472_6163_6568_6f75).to_le_bytes());
        Rng { pcg: Pcg32::from_seed(bytes) }
    }
}

/// The finaliser of SplitMix64: a bijection on 64 bits that spreads every input bit.
pub(crate) fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Source for Rng {
    #[inline]
    fn below(&mut self, bound: u32) -> u32 {
        if bound <= 1 {
            return 0;
        }
        // Scaling instead of rejection: one draw a choice, a bias below 2^-16 for the
        // bounds that the model has.
        ((u64::from(self.pcg.next_u32()) * u64::from(bound)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_of_a_seed_never_changes() {
        let mut rng = Rng::new(1);
        let first: Vec<u32> = (0..6).map(|_| rng.below(1000)).collect();
        assert_eq!(first, PINNED);
    }

    const PINNED: [u32; 6] = [68, 806, 512, 284, 587, 277];
}
