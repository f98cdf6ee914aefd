//! Where varints end, and closing the gaps that their continuation bits leave, several bytes at a time.
//!
//! The one place of this crate with `unsafe` code, for two processor instructions that take ten
//! others' place each (measured: a fifth of the reader's instructions). It knows nothing of events.

#![allow(unsafe_code)]

/// The bits of a word that are a varint's value, the low seven of each byte.
const VALUE_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// Whether the processor has the instructions `pext` and `pdep` and is fast at them; can only be found out, not
/// claimed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pext(bool);

impl Pext {
    /// Asks the processor. The first ones of AMD that had these (sse4a, but not yet vaes) took a
    /// hundred cycles and more for them, and count as not having them.
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

/// The high bits of the bytes of `word` that are a varint's last ones.
#[inline(always)]
pub(crate) fn number_ends(word: u64) -> u64 {
    !word & HIGH_BITS
}

/// The same with the bits next to each other, the first byte's lowest.
///
/// With `PEXT` only within [`Work::run`] with the same.
#[inline(always)]
pub(crate) fn number_end_bits<const PEXT: bool>(word: u64) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if PEXT {
        // SAFETY: reached only from `with_pext`, on processors that have the instruction.
        return unsafe { std::arch::x86_64::_pext_u64(!word, HIGH_BITS) };
    }
    // The product has bit i of byte i in its highest byte, and nothing is carried into that.
    (number_ends(word) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// `word` without its lowest one.
#[inline(always)]
pub(crate) fn without_lowest(word: u64) -> u64 {
    word & word.wrapping_sub(1)
}

/// The bits of `word` up to its lowest one, and that one.
#[inline(always)]
pub(crate) fn up_to_lowest(word: u64) -> u64 {
    word ^ word.wrapping_sub(1)
}

/// Which of the ones of a word: the first, second, ... eighth, or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nth {
    /// Bit n-1.
    bit: u64,
    /// `n` in each byte.
    n: u64,
}

/// A one in each byte of a word, and the high bit of each.
const EACH_BYTE: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x80 * EACH_BYTE;

impl Nth {
    pub const NONE: Nth = Nth { bit: 0, n: 0 };

    pub const fn new(n: u8) -> Nth {
        Nth { bit: 1 << (n - 1), n: n as u64 * EACH_BYTE }
    }
}

/// A word with a one in the byte of the `nth` one of `ends`, whose ones are high bits of bytes, and with none
/// in lower bytes; 0 if there are not so many.
///
/// With `PEXT` only within [`Work::run`] with the same.
#[inline(always)]
pub(crate) fn nth_one<const PEXT: bool>(ends: u64, nth: Nth) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if PEXT {
        // SAFETY: reached only from `with_pext`, on processors that have the instruction.
        return unsafe { std::arch::x86_64::_pdep_u64(nth.bit, ends) };
    }
    // In each byte how many there are up to it; then the high bit where these are enough.
    let ended = (ends >> 7).wrapping_mul(EACH_BYTE);
    if nth.n == 0 { 0 } else { (ended | HIGH_BITS).wrapping_sub(nth.n) & HIGH_BITS }
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

    struct NthOne(u64, Nth);

    impl Work for NthOne {
        type Out = u64;
        #[inline(always)]
        fn run<const PEXT: bool>(self) -> u64 {
            nth_one::<PEXT>(self.0, self.1)
        }
    }

    struct EndBits(u64);

    impl Work for EndBits {
        type Out = u64;
        #[inline(always)]
        fn run<const PEXT: bool>(self) -> u64 {
            number_end_bits::<PEXT>(self.0)
        }
    }

    #[test]
    fn both_ways_see_the_same_ends() {
        let mut word = 1u64;
        for _ in 0..10_000 {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let by_hand = (0..8).filter(|byte| word >> (8 * byte) & 0x80 == 0).map(|byte| 1 << byte).sum();
            for pext in [Pext::detect(), Pext::NO] {
                assert_eq!(perform(EndBits(word), pext), by_hand, "{word:x}");
            }
        }
    }

    #[test]
    fn both_ways_find_the_same_one() {
        let mut word = 1u64;
        for n in (0..=8).cycle().take(10_000) {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let ends = word & word << 3 & HIGH_BITS;
            let nth = if n == 0 { Nth::NONE } else { Nth::new(n) };
            let by_hand = (0..8).filter(|byte| ends >> (8 * byte) & 0x80 != 0).nth(usize::from(n).wrapping_sub(1));
            for pext in [Pext::detect(), Pext::NO] {
                let found = perform(NthOne(ends, nth), pext);
                assert_eq!((found != 0).then(|| found.trailing_zeros() / 8), by_hand, "{n} of {ends:x}");
            }
        }
    }
}
