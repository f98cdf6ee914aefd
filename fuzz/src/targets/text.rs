//! Any text into the text format's readers.

use crate::target::{Input, Keep, Target};
use tracehound_wire::raw::{TextStyle, from_text};
use tracehound_wire::testfile::TestFile;

/// The row in the list of targets.
pub const TARGET: Target = Target {
    name: "text",
    law: "whatever the text, reading it ends without a panic; what was read survives text and back",
    input: Input::Text,
    max_len: 8192,
    run,
};

fn run(text: &[u8]) -> Keep {
    // Only that they end: what they refuse is pinned by tests.
    let _ = TestFile::parse(text);
    let _ = from_text(text, TextStyle::Go, std::io::sink());

    let mut trace = Vec::new();
    if from_text(text, TextStyle::Lossless, &mut trace).is_ok() {
        super::round_trip::through_text(&trace);
    }
    Keep::Yes
}
