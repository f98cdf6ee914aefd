//! Any bytes into the reader and all its accessors.

use crate::target::{Input, Keep, Target};
use std::fmt::{self, Write};
use tracehound_parser::{Event, Reader};

/// The row in the list of targets.
pub const TARGET: Target = Target {
    name: "bytes",
    law: "whatever the bytes, the reader ends without a panic and in bounded time and memory",
    input: Input::Trace,
    max_len: 8192,
    run,
};

fn run(bytes: &[u8]) -> Keep {
    let Ok(mut reader) = Reader::new(bytes) else { return Keep::Yes };
    while let Some(Ok(event)) = reader.next_event() {
        touch(&event);
    }
    Keep::Yes
}

/// Calls every accessor.
fn touch(event: &Event<'_>) {
    write!(Nowhere, "{event:?}{:?}{:?}", event.stack(), event.accessor_panic()).unwrap_or_default();
}

struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}
