//! Where words go: results to standard output, everything else to standard error.

use crate::failure::Failure;
use std::io::{self, BufWriter, IsTerminal, Write};

/// Standard output, buffered. Flush it when the answer is complete.
pub fn stdout() -> BufWriter<io::StdoutLock<'static>> {
    BufWriter::with_capacity(64 << 10, io::stdout().lock())
}

/// Says on standard error why there is no answer.
pub fn complain(failure: &Failure) {
    // Nobody is left to tell if this fails.
    let _ = writeln!(io::stderr(), "tracehound: {failure}");
}

/// Says something on standard error.
pub fn note(words: &str) {
    // Nobody is left to tell if this fails.
    let _ = writeln!(io::stderr(), "{words}");
}

/// Whether somebody is looking at standard error.
pub fn watched() -> bool {
    io::stderr().is_terminal()
}

/// Writes a line to standard output at once. A program that has read enough is no reason to stop.
pub fn line(words: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{words}").and_then(|()| out.flush());
}
