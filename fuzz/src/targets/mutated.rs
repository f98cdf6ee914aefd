//! Choices as a history with an edit.

use crate::choices::{examine, mutated};
use crate::target::{Input, Keep, Target};

/// The row in the list of targets.
pub const TARGET: Target = Target {
    name: "mutated",
    law: "an edit that is illegal with certainty is refused, by the rule that it breaks",
    input: Input::Choices(mutated),
    max_len: 1024,
    run,
};

fn run(choices: &[u8]) -> Keep {
    let Some(case) = mutated(choices) else { return Keep::No };
    examine(case, None);
    Keep::Yes
}
