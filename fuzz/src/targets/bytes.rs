//! Any bytes into the reader and all its accessors, in each way in which it reads.

mod index;
mod stream;
mod words;

use crate::target::{Input, Keep, Target};
use std::cell::RefCell;
use tracehound_oracle::laws::{Outcome, bounded, split};
use tracehound_oracle::readers::{Builtin, ReaderUnderTest};
use tracehound_oracle::verdict::{Answer, Mode};
use tracehound_parser::{Options, Release};

/// The row in the list of targets.
pub const TARGET: Target = Target {
    name: "bytes",
    law: "whatever the bytes, the reader comes to a verdict, the same in pieces, on two threads, from a stream that breaks off, \
          and as the index has it, and no accessor panics",
    input: Input::Trace,
    max_len: 8192,
    run,
};

/// An input's length says in which way it is read: of so many lengths one is for each way, the rest for the plain one.
pub const WAYS: usize = 16;

/// The way in which a refusal is put into words.
pub const WORDS: usize = 4;

/// The way in which the trace comes from a stream that is interrupted and breaks off, or the index is held against what is
/// read, by turns, as both read it twice.
const OTHERWISE: usize = 5;

/// The reader as it is set up for each way.
struct Readers {
    plain: Builtin,
    strict: Builtin,
    on_two_threads: Builtin,
    of_releases: Vec<Builtin>,
}

impl Default for Readers {
    fn default() -> Readers {
        let with = |options| Builtin::new("builtin", options, false);
        Readers {
            plain: Builtin::default(),
            strict: with(Options::default().strictly()),
            // No input is as large as what a second thread is worth it for.
            on_two_threads: with(Options::default().on_threads(2).sharing_from(1)),
            // As they are compared with Go's.
            of_releases: Release::ALL.map(|release| Builtin::new("builtin", Options::release(release), true)).into(),
        }
    }
}

thread_local! {
    static READERS: RefCell<Readers> = RefCell::default();
}

fn run(bytes: &[u8]) -> Keep {
    READERS.with_borrow_mut(|readers| match bytes.len() % WAYS {
        // The canonical form takes every accessor, the text takes the dump as well; that is slow. Its form is a release's.
        0 => {
            let release = bytes.len() / WAYS % readers.of_releases.len();
            holds(&readers.of_releases[release].read(bytes, Mode::Text));
        }
        1 => holds(&readers.strict.read(bytes, Mode::Digest)),
        2 => {
            if let Outcome::Broken(how) = split(&mut readers.plain, bytes, &[1, 7, 500]) {
                panic!("split: {how}");
            }
        }
        3 => {
            let on_two = readers.on_two_threads.read(bytes, Mode::Digest);
            holds(&on_two);
            let on_one = readers.plain.read(bytes, Mode::Digest);
            assert!(on_two == on_one, "threads: on two {}, on one {}", on_two.verdict, on_one.verdict);
        }
        WORDS => words::hold(bytes),
        OTHERWISE if (bytes.len() / WAYS).is_multiple_of(2) => stream::hold(bytes),
        OTHERWISE => index::hold(bytes),
        n if n >= WAYS - readers.of_releases.len() => {
            holds(&readers.of_releases[WAYS - 1 - n].read(bytes, Mode::Digest));
        }
        _ => holds(&readers.plain.read(bytes, Mode::Digest)),
    });
    Keep::Yes
}

fn holds(answer: &Answer) {
    if let Outcome::Broken(how) = bounded(answer) {
        panic!("bounded: {how}");
    }
}
