//! What the benches share: traces to read, Go's reader as the yardstick, and the floor below
//! which no reader can go. Times are never compared across runs or machines, only with each
//! other in one run.

#![forbid(unsafe_code)]

use std::hint::black_box;
use tracehound_parser::Reader;

pub mod floor;
pub mod go;
pub mod hostile;
pub mod timing;
pub mod traces;

/// Delivers every event of a sound trace; how many there are.
///
/// # Panics
/// If the built-in reader refuses the trace.
pub fn read_all(trace: &[u8]) -> u64 {
    deliver(Reader::new(trace).expect("a trace that opens"))
}

/// Delivers every event that is left; how many there are.
///
/// # Panics
/// If the reader refuses the trace.
pub fn deliver(mut reader: Reader<'_>) -> u64 {
    let mut events = 0;
    while let Some(event) = reader.next_event() {
        black_box(event.expect("a sound trace").kind());
        events += 1;
    }
    events
}
