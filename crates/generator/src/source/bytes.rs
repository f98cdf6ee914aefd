//! Choices from a byte string, as a coverage-guided fuzzer hands it over.
//!
//! Each choice takes as few bytes as its bound needs, from the front, so a fuzzer's edit of
//! one byte changes one choice and leaves the rest in step.

use super::Source;
use arbitrary::Unstructured;

/// Reads choices from bytes; after the last byte all choices are 0.
pub struct Bytes<'a> {
    data: Unstructured<'a>,
}

impl<'a> Bytes<'a> {
    /// A reader at the start of `data`.
    pub fn new(data: &'a [u8]) -> Bytes<'a> {
        Bytes { data: Unstructured::new(data) }
    }
}

impl Source for Bytes<'_> {
    fn below(&mut self, bound: u32) -> u32 {
        if bound <= 1 || self.data.is_empty() {
            return 0;
        }
        // An error is only possible for an empty range, which a bound above 1 excludes.
        self.data.int_in_range(0..=bound - 1).unwrap_or(0)
    }

    fn exhausted(&self) -> bool {
        self.data.is_empty()
    }
}
