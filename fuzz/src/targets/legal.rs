//! Choices as a legal history.

use crate::choices::{examine, legal};
use crate::target::{Input, Keep, Target};
use tracehound_oracle::laws::Law;

/// The row in the list of targets.
pub const TARGET: Target = Target {
    name: "legal",
    law: "every legal history is accepted, and what comes out is what happened",
    input: Input::Choices(legal),
    max_len: 1024,
    run,
};

fn run(choices: &[u8]) -> Keep {
    if let Some(case) = legal(choices) {
        examine(case, Some(Law::Truth));
    }
    Keep::Yes
}
