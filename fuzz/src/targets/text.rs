//! Any text into the text format's readers.

use crate::target::{Input, Keep, Target};
use tracehound_wire::raw::{FromTextError, TextReader, TextStyle, from_text};
use tracehound_wire::{TestFile, Trace};

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
            if let Ok(trace) = file.to_binary(TextStyle::Lossless) {
                let ours = TestFile::from_binary(&trace, file.expect.clone());
                let back = ours.ok().and_then(|ours| ours.to_binary(TextStyle::Lossless).ok());
                assert!(back.as_ref() == Some(&trace), "text: a test file changes its trace");
            }
        }
        Err(e) => assert!(e.to_string().starts_with(e.class()), "text: {e}"),
    }
    if let Err(e) = from_text(text, TextStyle::Go, std::io::sink()) {
        assert!(!e.to_string().is_empty(), "text: a refusal without words");
    }

    let mut trace = Vec::new();
    match from_text(text, TextStyle::Lossless, &mut trace) {
        Ok(()) => drop(super::round_trip::through_text(&trace)),
        Err(FromTextError::Text(e)) => {
            assert!(e.to_string().starts_with("text-"), "text: {e}");
            assert!(Trace::from_text(text) == Err(e), "text: a trace in memory comes of refused text");
            if let Ok(mut reader) = TextReader::new(text, TextStyle::Lossless) {
                let fails = reader.by_ref().any(|item| item.is_err());
                assert!(fails && reader.next().is_none(), "text: something comes behind an error");
            }
        }
        Err(FromTextError::Io(e)) => panic!("text: memory takes no trace: {e}"),
    }
    Keep::Yes
}
