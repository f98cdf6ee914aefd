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
    // Only that they end, and can say why: what they refuse is pinned by tests.
    match TestFile::parse(text) {
        Ok(file) => {
            let again = TestFile::parse(&file.to_bytes());
            assert!(again.as_ref() == Ok(&file), "text: a test file is not read as it was written: {again:?}");
        }
        Err(e) => assert!(e.to_string().starts_with(e.class()), "text: {e}"),
    }
    if let Err(e) = from_text(text, TextStyle::Go, std::io::sink()) {
        assert!(!e.to_string().is_empty(), "text: a refusal without words");
    }

    let mut trace = Vec::new();
    if from_text(text, TextStyle::Lossless, &mut trace).is_ok() {
        super::round_trip::through_text(&trace);
    }
    Keep::Yes
}
