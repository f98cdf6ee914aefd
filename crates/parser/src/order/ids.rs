//! Whether the strings and stacks exist that an event names.
//!
//! Go's reader looks when it delivers the event, behind the decoding of the thread's next one, whose
//! errors therefore come first. CPU samples are not checked, as in Go.

use crate::fault::{FaultSet, fault};
use crate::tables::Tables;
use tracehound_wire::event::EventSpec;

/// The places of an event's stack and string arguments, at most two of each, as constants.
#[derive(Clone, Copy)]
pub(super) struct Places {
    stacks: [Option<usize>; 2],
    strings: [Option<usize>; 2],
}

impl Places {
    pub const fn of(spec: &EventSpec) -> Places {
        Places { stacks: first_two(spec.stacks), strings: first_two(spec.strings) }
    }
}

const fn first_two(places: &[usize]) -> [Option<usize>; 2] {
    match *places {
        [] => [None, None],
        [first] => [Some(first), None],
        [first, second] => [Some(first), Some(second)],
        _ => panic!("no event has more than two stacks or strings"),
    }
}

/// Whether all are where nearly all are. `places` is a constant wherever this is called, so that only the
/// look-ups themselves are left of it.
#[inline(always)]
pub(super) fn at_hand(places: &Places, tables: &Tables, args: &[u64; 4]) -> bool {
    let stack = |at: Option<usize>| at.is_none_or(|i| tables.stacks.has_at_hand(args[i & 3]));
    let string = |at: Option<usize>| at.is_none_or(|i| tables.strings.has_at_hand(args[i & 3]));
    let Places { stacks: [s0, s1], strings: [t0, t1] } = *places;
    stack(s0) && stack(s1) && string(t0) && string(t1)
}

/// Whether all are there.
pub(super) fn exist(places: &Places, tables: &Tables, args: &[u64; 4], faults: FaultSet) -> bool {
    let stack = |at: Option<usize>| at.is_none_or(|i| tables.stacks.contains(args[i & 3]));
    let string = |at: Option<usize>| at.is_none_or(|i| tables.strings.contains(args[i & 3]));
    let Places { stacks: [s0, s1], strings: [t0, t1] } = *places;
    (stack(s0) && stack(s1) || fault!(faults, StackIdUnchecked))
        && (string(t0) && string(t1) || fault!(faults, StringIdUnchecked))
}

/// The first missing one: its position among the arguments, and whether it is a stack.
pub(crate) fn missing(spec: &EventSpec, tables: &Tables, args: &[u64; 4], faults: FaultSet) -> Option<(usize, bool)> {
    let stack = spec.stacks.iter().find(|&&i| !tables.stacks.contains(args[i & 3]));
    let string = spec.strings.iter().find(|&&i| !tables.strings.contains(args[i & 3]));
    match (stack, string) {
        (Some(&at), _) if !fault!(faults, StackIdUnchecked) => Some((at, true)),
        (_, Some(&at)) if !fault!(faults, StringIdUnchecked) => Some((at, false)),
        _ => None,
    }
}
