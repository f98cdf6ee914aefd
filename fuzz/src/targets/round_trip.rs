//! Bytes to a trace and back, through the decoder and through the text.

use crate::target::{Input, Keep, Target};
use tracehound_wire::raw::{RawItem, RawItemBuf, RawReader, RawWriter, TextStyle, from_text, to_text};
use tracehound_wire::{Body, Expect, HeaderError, TestFile, Trace, Version, leading_events};

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
            unreadable(bytes, &e);
            return Keep::No;
        }
    };
    assert!(trace.to_bytes() == bytes, "round-trip: decoding and encoding changes the bytes");
    let text = through_text(bytes);
    // What is held in memory and taken apart costs as much again, so only some inputs are.
    match bytes.len() % 8 {
        0 => in_memory(&trace, &text),
        1 => item_by_item(bytes, TextStyle::Lossless),
        2 => item_by_item(bytes, TextStyle::Go),
        3 => event_by_event(&trace),
        _ => {}
    }
    // Go's own text loses some of what can be in a trace; only that it ends, and can say why.
    if let Err(e) = to_text(bytes, TextStyle::Go, std::io::sink()) {
        assert!(!e.to_string().is_empty(), "round-trip: a refusal without words");
    }
    Keep::Yes
}

/// Holds that what does not begin as a trace has words for it, and no text.
fn unreadable(bytes: &[u8], e: &HeaderError) {
    assert!(!e.mishap.class().is_empty() && !e.to_string().is_empty(), "round-trip: a header is refused without words");
    let as_test = TestFile::from_binary(bytes, Expect::Success);
    let as_header = Trace { header: Some(bytes.to_vec()), ..Trace::new(Version::Go126) }.to_text();
    assert!(as_test.as_ref() == Err(e) && as_header.as_ref() == Err(e), "round-trip: there is text without a trace");
}

/// Holds that a trace in memory has the same text, and comes back from it.
fn in_memory(trace: &Trace, text: &[u8]) {
    assert!(trace.to_text().is_ok_and(|t| t.as_bytes() == text), "round-trip: a decoded trace has another text");
    assert!(Trace::from_text(text).is_ok_and(|t| t == *trace), "round-trip: the text gives another trace");
}

/// Holds that a trace that is copied item by item stays as it is, also if each item is kept by itself in between.
fn item_by_item(bytes: &[u8], style: TextStyle) {
    let Ok(reader) = RawReader::new(bytes, style) else { panic!("round-trip: a readable header is refused") };
    let begin = || RawWriter::new(Vec::new(), reader.version(), reader.unusual_header());
    let (Ok(mut copied), Ok(mut kept)) = (begin(), begin()) else { panic!("round-trip: memory takes no header") };
    // Go's reader stops where it cannot go on, sometimes without a word.
    for item in reader.map_while(Result::ok) {
        let buf = match item {
            RawItem::Event(event) => RawItemBuf::Event(event.to_buf()),
            RawItem::Nameless(byte) => RawItemBuf::Bytes(vec![byte]),
            RawItem::Bytes(bytes) => RawItemBuf::Bytes(bytes.to_vec()),
        };
        assert!(copied.copy(&item).is_ok() && kept.write(&buf).is_ok(), "round-trip: memory takes no item");
    }
    let (Ok(copied), Ok(kept)) = (copied.finish(), kept.finish()) else { panic!("round-trip: memory takes no trace") };
    if style == TextStyle::Go {
        // It takes a length of data that has the highest bit for 0, which an item by itself cannot say.
        return assert!(bytes.starts_with(&copied), "round-trip: a copied trace is another");
    }
    assert!(copied == bytes && kept == bytes, "round-trip: a trace that is copied item by item is another");
}

/// Holds that the events of a payload are those that it begins with, also if something else is behind them.
fn event_by_event(trace: &Trace) {
    let mut count = 0;
    for batch in trace.batches() {
        let (mut payload, mut again) = (Vec::new(), Vec::new());
        batch.body.encode_into(trace.version, &mut payload);
        let leading = leading_events(&payload);
        leading.iter().for_each(|e| e.encode_into(&mut again));
        assert!(payload.starts_with(&again), "round-trip: a payload does not begin with its leading events");
        if let Body::Events(events) = &batch.body {
            assert!(leading == *events, "round-trip: a payload's events are others");
            count += events.len();
        }
    }
    assert_eq!(trace.event_count(), count, "round-trip: there are more events than there are");
}

/// Holds that a trace survives the lossless text, and that this text, which it gives, has one form.
pub(super) fn through_text(trace: &[u8]) -> Vec<u8> {
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
    text
}
