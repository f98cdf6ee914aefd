//! From timestamp units to nanoseconds, with the roundings of Go on amd64.

use crate::fault::{FaultSet, fault};

/// A generation's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    ns_per_unit: f64,
    /// The same as a whole number, and below how many units the product is exact; 0 and 0
    /// if it is none. Go's runtime counts units of 64 ns on most systems.
    whole: u64,
    exact_below: u64,
    faults: FaultSet,
}

impl Clock {
    /// A clock of `frequency` timestamp units per second. Go divides twice, which rounds
    /// twice (`internal/trace/generation.go setSyncBatch`, Go 1.27.3).
    pub fn new(frequency: u64, faults: FaultSet) -> Clock {
        const EXACT: u64 = 1 << 53;
        let ns_per_unit = 1.0 / (frequency as f64 / 1e9);
        let whole =
            if (1.0..1e9).contains(&ns_per_unit) && ns_per_unit.fract() == 0.0 { ns_per_unit as u64 } else { 0 };
        Clock { ns_per_unit, whole, exact_below: EXACT.checked_div(whole).unwrap_or(0), faults }
    }

    /// Whether it came of a frequency of 0, so that no time means anything.
    pub fn is_frozen(&self) -> bool {
        self.ns_per_unit.is_infinite()
    }

    /// `units` in ns, cut towards zero. What does not fit, or is no number (frequency 0),
    /// becomes the least i64, as the conversion instruction of amd64 has it.
    #[inline(always)]
    pub fn ns(&self, units: u64) -> i64 {
        if units < self.exact_below {
            return (units * self.whole) as i64;
        }
        self.rounded(units)
    }

    #[inline(always)]
    fn rounded(&self, units: u64) -> i64 {
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        // The signed conversion is one instruction, the unsigned one several.
        let float = if units <= i64::MAX as u64 { units as i64 as f64 } else { units as f64 };
        let mut ns = float * self.ns_per_unit;
        if fault!(self.faults, TimesRounded) {
            ns = ns.round();
        }
        if (-LIMIT..LIMIT).contains(&ns) { ns as i64 } else { i64::MIN }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_round_like_go() {
        let vectors: [(u64, u64, i64); 12] = [
            (15_625_000, 1, 64),
            (15_625_000, (1 << 53) + 1, 1 << 59),
            (3, 1, 333_333_333),
            (24_000_000, 6252, 260_499),
            (24_000_000, 99_663, 4_152_624),
            (4_000_000_000, 3, 0),
            (u64::MAX, 1 << 40, 59),
            (2_000_000_000, (1 << 53) + 1, 4_503_599_627_370_496),
            (2_000_000_000, (1 << 53) + 3, 4_503_599_627_370_498),
            (1_000_000_000, 1 << 63, i64::MIN),
            (0, 0, i64::MIN),
            (0, 7, i64::MIN),
        ];
        for (frequency, units, ns) in vectors {
            assert_eq!(Clock::new(frequency, FaultSet::default()).ns(units), ns, "{frequency} {units}");
        }
    }

    #[test]
    fn whole_units_take_no_short_cut_in_the_result() {
        for frequency in [15_625_000, 1_000_000_000, 1, 333_333_333, 40_000_000] {
            let clock = Clock::new(frequency, FaultSet::default());
            for units in (0..64).flat_map(|bit| [1u64 << bit, (1 << bit) - 1, (1 << bit) + 1]) {
                assert_eq!(clock.ns(units), clock.rounded(units), "{frequency} {units}");
            }
        }
    }
}
