//! The laws about a trace and an edit of it that changes nothing, or only what is said, taken together: each has choices
//! of its own, which a number stands for.

use super::{Law, Outcome, permute, rebatch, rename, shift, transform};
use crate::readers::ReaderUnderTest;
use tracehound_wire::Trace;

/// Numbers that stand for choices far from one another.
pub(crate) const CHOICES: [u64; 5] = [0, 1, 1_000_003, 2_000_006, 3_000_009];

/// Whether a law is about an edit that changes nothing.
pub(crate) fn is_of_change(law: Law) -> bool {
    matches!(law, Law::Rename | Law::Shift | Law::Rebatch | Law::Permute)
}

/// Asks such a law of a trace; any other holds.
pub(crate) fn of_change(law: Law, reader: &mut dyn ReaderUnderTest, trace: &Trace, choice: u64) -> Outcome {
    match law {
        Law::Rename => rename(reader, trace, choice),
        Law::Shift => shift(reader, trace, ticks(choice)),
        Law::Rebatch => rebatch(reader, trace, choice),
        Law::Permute => permute(reader, trace),
        _ => Outcome::Holds,
    }
}

/// The trace as such a law changes it; `None` for any other law, or if the trace's clock does not allow it.
pub(crate) fn changed(law: Law, trace: &Trace, choice: u64) -> Option<Trace> {
    match law {
        Law::Rename => Some(super::rename::renamed(trace, choice)),
        Law::Shift => {
            transform::applicable_clock(trace, ticks(choice)).map(|_| transform::shifted(trace, ticks(choice)))
        }
        Law::Rebatch => Some(transform::rebatched(trace, choice)),
        Law::Permute => Some(transform::permuted(trace)),
        _ => None,
    }
}

/// What such a law changes, in words.
pub(crate) fn how(law: Law) -> &'static str {
    match law {
        Law::Rename => "with other ids",
        Law::Shift => "with later times",
        Law::Rebatch => "with smaller batches",
        Law::Permute => "with batches in another order",
        _ => "",
    }
}

/// Every other choice goes beyond what 44 bits hold.
fn ticks(choice: u64) -> u64 {
    1 + choice % 1_000_000 + ((choice & 1) << 44)
}
