//! Bytes to a trace and back, through the decoder and through the text.

use crate::target::{Input, Keep, Target};
use tracehound_wire::Trace;
use tracehound_wire::raw::{TextStyle, from_text, to_text};

/// The row in the list of targets.
pub const TARGET: Target = Target {
    name: "round_trip",
    law: "bytes behind a readable header survive decoding, the text format, and back, byte for byte",
    input: Input::Trace,
    max_len: 8192,
    run,
};

fn run(bytes: &[u8]) -> Keep {
    let trace = match Trace::decode(bytes) {
        Ok(trace) => trace,
        Err(e) => {
            assert!(!e.to_string().is_empty(), "round-trip: a header is refused without words");
            return Keep::No;
        }
    };
    assert!(trace.to_bytes() == bytes, "round-trip: decoding and encoding changes the bytes");
    through_text(bytes);
    // Go's own text loses some of what can be in a trace; only that it ends, and can say why.
    if let Err(e) = to_text(bytes, TextStyle::Go, std::io::sink()) {
        assert!(!e.to_string().is_empty(), "round-trip: a refusal without words");
    }
    Keep::Yes
}

/// Holds that a trace survives the lossless text, and that this text has one form.
pub(super) fn through_text(trace: &[u8]) {
    let mut text = Vec::new();
    if let Err(e) = to_text(trace, TextStyle::Lossless, &mut text) {
        panic!("round-trip: no text for this trace: {e}");
    }
    let mut back = Vec::new();
    if let Err(e) = from_text(&text, TextStyle::Lossless, &mut back) {
        panic!("round-trip: our own text is refused: {e}");
    }
    assert!(back == trace, "round-trip: binary to text to binary changes the bytes");
    let mut again = Vec::new();
    let written = to_text(&back, TextStyle::Lossless, &mut again);
    assert!(written.is_ok() && again == text, "round-trip: text to binary to text changes the text");
}
