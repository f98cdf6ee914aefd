//! Choices written down: a tape can be recorded from any source, replayed, cut, and edited.
//!
//! A number at or above the bound reads as the largest choice, and past the end of the
//! tape all choices are 0. So deleting, lowering or inserting numbers always gives a tape
//! that reads as some legal history.

use super::Source;

/// A list of choices.
pub type Tape = Vec<u32>;

/// Reads a tape.
#[derive(Clone, Debug)]
pub struct TapeReader<'a> {
    tape: &'a [u32],
    at: usize,
}

impl<'a> TapeReader<'a> {
    /// A reader at the start of `tape`.
    pub fn new(tape: &'a [u32]) -> TapeReader<'a> {
        TapeReader { tape, at: 0 }
    }

    /// How many numbers of the tape have been read.
    pub fn used(&self) -> usize {
        self.at.min(self.tape.len())
    }
}

impl Source for TapeReader<'_> {
    #[inline]
    fn below(&mut self, bound: u32) -> u32 {
        if bound <= 1 {
            return 0;
        }
        let v = self.tape.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        v.min(bound - 1)
    }

    fn exhausted(&self) -> bool {
        self.at >= self.tape.len()
    }
}

/// Passes another source's choices on and writes them down.
pub struct Recorder<S> {
    inner: S,
    tape: Tape,
    units: Vec<usize>,
}

impl<S: Source> Recorder<S> {
    /// Records the choices of `inner` from here on.
    pub fn new(inner: S) -> Recorder<S> {
        Recorder { inner, tape: Tape::new(), units: Vec::new() }
    }

    /// What was recorded, without zeros at the end, which an exhausted tape reads anyway.
    pub fn into_tape(self) -> Tape {
        self.into_parts().0
    }

    /// The tape, and where its units begin.
    pub fn into_parts(mut self) -> (Tape, Vec<usize>) {
        while self.tape.last() == Some(&0) {
            self.tape.pop();
        }
        let len = self.tape.len();
        self.units.retain(|&at| at < len);
        (self.tape, self.units)
    }
}

impl<S: Source> Source for Recorder<S> {
    fn below(&mut self, bound: u32) -> u32 {
        let v = self.inner.below(bound);
        if bound > 1 {
            self.tape.push(v);
        }
        v
    }

    fn exhausted(&self) -> bool {
        self.inner.exhausted()
    }

    fn begin_unit(&mut self) {
        self.units.push(self.tape.len());
    }

    fn same_as(&mut self, plain: u32) {
        if let Some(first) = self.units.last().and_then(|&at| self.tape.get_mut(at)) {
            *first = plain;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tape_reads_back_clamps_and_ends_in_zeros() {
        let mut r = TapeReader::new(&[3, 9]);
        assert_eq!(r.below(1), 0, "no choice, nothing consumed");
        assert_eq!(r.below(4), 3);
        assert_eq!(r.below(4), 3, "clamped");
        assert!(r.exhausted());
        assert_eq!(r.below(4), 0);
    }
}
