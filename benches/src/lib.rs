//! What the benches share: traces to read, Go's reader as the yardstick, and the floor below
//! which no reader can go. Times are never compared across runs or machines, only with each
//! other in one run.

#![forbid(unsafe_code)]

use std::hint::black_box;
use tracehound_parser::{Options, Reader};

pub mod floor;
pub mod go;
pub mod hostile;
pub mod timing;
pub mod traces;
pub mod work;

/// Delivers every event of a sound trace; how many there are.
///
/// # Panics
/// If the built-in reader refuses the trace.
pub fn read_all(trace: &[u8]) -> u64 {
    deliver(Reader::new(trace).expect("a trace that opens"))
}

/// Has every event of a sound trace handed to a function, on so many threads; how many there are.
///
/// # Panics
/// If the built-in reader refuses the trace.
pub fn read_on(threads: usize, trace: &[u8]) -> u64 {
    let mut events = 0;
    let mut reader = Reader::with_options(trace, Options::default().on_threads(threads)).expect("a trace that opens");
    let end = reader.for_each(|event| {
        black_box(event.kind());
        events += 1;
    });
    end.expect("a sound trace");
    events
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
