//! Bytes to a trace and back.

use crate::target::{Input, Keep, Target};
use tracehound_wire::Trace;

/// The row in the list of targets.
pub const TARGET: Target = Target {
    name: "round_trip",
    law: "bytes that decode as a trace encode to the same bytes",
    input: Input::Trace,
    max_len: 8192,
    run,
};

fn run(bytes: &[u8]) -> Keep {
    let Ok(trace) = Trace::decode(bytes) else { return Keep::No };
    assert!(trace.to_bytes() == bytes, "round-trip: decoding and encoding changes the bytes");
    Keep::Yes
}
