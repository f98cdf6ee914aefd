//! Choices as a legal history, and one law that is asked of it.

use crate::choices::{MadeCase, examine, legal};
use crate::target::{Input, Keep, Target};
use tracehound_oracle::laws::Law;

/// The laws that take turns; the first byte says which one is asked.
const LAWS: [Law; 8] =
    [Law::Rename, Law::Shift, Law::Rebatch, Law::Permute, Law::Twice, Law::Split, Law::Prefix, Law::RoundTrip];

/// The row in the list of targets.
pub const TARGET: Target = Target {
    name: "laws",
    law: "the laws that compare a trace with a changed one: rename, shift, rebatch, permute, twice, split, prefix, round-trip",
    input: Input::Choices(history),
    max_len: 1024,
    run,
};

fn history(choices: &[u8]) -> Option<MadeCase> {
    legal(choices.get(1..).unwrap_or_default())
}

fn run(choices: &[u8]) -> Keep {
    let law = LAWS[usize::from(choices.first().copied().unwrap_or(0)) % LAWS.len()];
    if let Some(case) = history(choices) {
        examine(case, Some(law));
    }
    Keep::Yes
}
