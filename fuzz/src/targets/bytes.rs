//! Any bytes into the reader and all its accessors.

use crate::target::{Input, Keep, Target};
use std::cell::RefCell;
use tracehound_oracle::laws::{Outcome, bounded};
use tracehound_oracle::readers::{Builtin, ReaderUnderTest};
use tracehound_oracle::verdict::Mode;

/// The row in the list of targets.
pub const TARGET: Target = Target {
    name: "bytes",
    law: "whatever the bytes, the reader comes to a verdict, and no accessor of what it delivers panics",
    input: Input::Trace,
    max_len: 8192,
    run,
};

thread_local! {
    static READER: RefCell<Builtin> = RefCell::new(Builtin::default());
}

fn run(bytes: &[u8]) -> Keep {
    // The canonical form takes every accessor, the text takes the dump as well; that is slow.
    let mode = if bytes.len().is_multiple_of(16) { Mode::Text } else { Mode::Digest };
    let answer = READER.with_borrow_mut(|reader| reader.read(bytes, mode));
    if let Outcome::Broken(how) = bounded(&answer) {
        panic!("bounded: {how}");
    }
    Keep::Yes
}
