//! A proptest strategy over tapes. Proptest's own shrinking of a vector of numbers deletes
//! parts and lowers numbers, and both give legal, simpler histories.

use super::Tape;
use crate::{Case, Config, Flavour};
use proptest::collection::vec;
use proptest::prelude::*;

/// Tapes of up to `len` choices. Small numbers are as likely as large ones, since most
/// bounds are small.
pub fn tape_strategy(len: usize) -> impl Strategy<Value = Tape> {
    vec(prop_oneof![0..8u32, 0..64u32, 0..1024u32, 0..65_536u32], 0..=len)
}

/// Cases with tapes of up to `len` choices, in `config`, of any flavour that it allows.
pub fn case_strategy(config: Config, len: usize) -> impl Strategy<Value = Case> {
    (0..Flavour::ALL.len(), tape_strategy(len)).prop_map(move |(flavour, tape)| {
        let mut config = config.clone();
        config.flavour.get_or_insert(Flavour::ALL[flavour]);
        Case::from_tape(tape, config)
    })
}
