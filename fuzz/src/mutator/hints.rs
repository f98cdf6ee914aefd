//! Numbers that a reader has compared: what an argument would have to be for the comparison to
//! go the other way.
//!
//! The engine remembers comparisons too, but looks for their operands among the bytes of the
//! input, and a trace writes its numbers as varints. So a target that sees comparisons tells
//! them here, and the mutator puts the operands where numbers are.

use super::dice::Dice;
use std::cell::RefCell;

thread_local! {
    static COMPARED: RefCell<Vec<(u64, u64)>> = const { RefCell::new(Vec::new()) };
}

/// Takes the place of what was learnt before: pairs of numbers that were compared and differed.
pub fn learn(pairs: impl Iterator<Item = (u64, u64)>) {
    COMPARED.with_borrow_mut(|compared| {
        compared.clear();
        compared.extend(pairs);
    });
}

/// A number that `old` was compared with; `None` if there was none.
pub(super) fn compared_with(old: u64, dice: &mut Dice) -> Option<u64> {
    COMPARED.with_borrow(|compared| {
        let other = |&(a, b): &(u64, u64)| (a == old).then_some(b).or_else(|| (b == old).then_some(a));
        let n = compared.iter().filter_map(other).count();
        compared.iter().filter_map(other).nth(dice.below(n))
    })
}
