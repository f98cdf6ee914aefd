//! Closing the gaps that a varint's continuation bits leave, several bytes at a time.
//!
//! The one place of this crate with `unsafe` code, for one processor instruction that takes ten
//! others' place (measured: a fifth of the reader's instructions). It knows nothing of events.

#![allow(unsafe_code)]

/// The bits of a word that are a varint's value, the low seven of each byte.
const VALUE_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// Whether the processor has the instruction `pext` and is fast at it; can only be found out, not claimed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pext(bool);

impl Pext {
    /// Asks the processor. The first ones of AMD that had the instruction (sse4a, but not yet vaes) took a
    /// hundred cycles and more for it, and count as not having it.
    pub fn detect() -> Pext {
        #[cfg(target_arch = "x86_64")]
        {
            Pext(
                is_x86_feature_detected!("bmi1")
                    && is_x86_feature_detected!("bmi2")
                    && (!is_x86_feature_detected!("sse4a") || is_x86_feature_detected!("vaes")),
            )
        }
        #[cfg(not(target_arch = "x86_64"))]
        Pext(false)
    }

    /// None has it: for tests of the other way.
    #[cfg(test)]
    pub const NO: Pext = Pext(false);
}

/// Work that is compiled twice: for processors with [`Pext`] and for all. `run` has to be
/// `#[inline(always)]`, as has all that it calls and that calls [`gather`].
pub(crate) trait Work {
    type Out;
    fn run<const PEXT: bool>(self) -> Self::Out;
}

/// Does the work in the way that the processor allows.
#[inline(always)]
pub(crate) fn perform<W: Work>(work: W, pext: Pext) -> W::Out {
    #[cfg(target_arch = "x86_64")]
    if pext.0 {
        // SAFETY: only `Pext::detect` makes such a value, and has found the features.
        return unsafe { with_pext(work) };
    }
    let _ = pext;
    without_pext(work)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi1,bmi2")]
#[inline(never)]
fn with_pext<W: Work>(work: W) -> W::Out {
    work.run::<true>()
}

#[inline(never)]
fn without_pext<W: Work>(work: W) -> W::Out {
    work.run::<false>()
}

/// The value of a varint whose bytes are `groups`, first byte lowest; high bits do not count.
///
/// With `PEXT` only within [`Work::run`] with the same.
#[inline(always)]
pub(crate) fn gather<const PEXT: bool>(groups: u64) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if PEXT {
        // SAFETY: reached only from `with_pext`, on processors that have the instruction.
        return unsafe { std::arch::x86_64::_pext_u64(groups, VALUE_BITS) };
    }
    let groups = groups & VALUE_BITS;
    let pairs = groups & 0x007f_007f_007f_007f | (groups & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = pairs & 0x0000_3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    fours & 0x0fff_ffff | (fours & 0x0fff_ffff_0000_0000) >> 4
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Gather(u64);

    impl Work for Gather {
        type Out = u64;
        #[inline(always)]
        fn run<const PEXT: bool>(self) -> u64 {
            gather::<PEXT>(self.0)
        }
    }

    #[test]
    fn both_ways_give_the_same() {
        let mut word = 1u64;
        for _ in 0..10_000 {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let by_hand = (0..8).fold(0, |v, i| v | (word >> (8 * i) & 0x7f) << (7 * i));
            assert_eq!(perform(Gather(word), Pext::detect()), by_hand, "{word:x}");
            assert_eq!(perform(Gather(word), Pext::NO), by_hand, "{word:x}");
        }
    }
}
