//! All choices there are, one run after another, in the order of an odometer.

use super::Source;

/// Enumerates every sequence of choices up to a depth; deeper choices are 0.
///
/// Use: run the consumer once, call [`Exhaustive::advance`], and run again until it says that
/// there is no further sequence.
#[derive(Clone, Debug)]
pub struct Exhaustive {
    /// (choice, bound) of each choice made so far in this run, up to the depth.
    digits: Vec<(u32, u32)>,
    at: usize,
    depth: usize,
}

impl Exhaustive {
    /// Enumerates the first `depth` choices.
    pub fn new(depth: usize) -> Exhaustive {
        Exhaustive { digits: Vec::new(), at: 0, depth }
    }

    /// Goes on to the next sequence; false when all have been run.
    pub fn advance(&mut self) -> bool {
        self.digits.truncate(self.at);
        self.at = 0;
        while let Some((v, bound)) = self.digits.pop() {
            if v + 1 < bound {
                self.digits.push((v + 1, bound));
                return true;
            }
        }
        false
    }

    /// The choices of the run so far.
    pub fn tape(&self) -> super::Tape {
        self.digits.iter().map(|&(v, _)| v).collect()
    }
}

impl Source for Exhaustive {
    fn below(&mut self, bound: u32) -> u32 {
        if bound <= 1 {
            return 0;
        }
        if self.at >= self.depth {
            return 0;
        }
        if self.at == self.digits.len() {
            self.digits.push((0, bound));
        }
        let v = self.digits[self.at].0.min(bound - 1);
        self.at += 1;
        v
    }

    fn exhausted(&self) -> bool {
        self.at >= self.depth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sequence_comes_exactly_once() {
        let mut all = Vec::new();
        let mut e = Exhaustive::new(3);
        loop {
            let a = e.below(3);
            let rest: Vec<u32> = (0..a).map(|_| e.below(2)).collect();
            all.push((a, rest));
            if !e.advance() {
                break;
            }
        }
        // 1 sequence with a = 0, 2 with a = 1, 4 with a = 2.
        assert_eq!(all.len(), 7);
        all.dedup();
        assert_eq!(all.len(), 7);
    }
}
