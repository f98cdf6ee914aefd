//! A reader that is not asked a second time about the trace on which it has just failed: each failure costs the
//! whole deadline, and who shrinks a finding and writes it down asks the same thing several times.

use super::{Hello, ReaderUnderTest};
use crate::verdict::{Answer, Mode};
use std::sync::Arc;

/// A reader, and its last failure.
pub struct Patient {
    reader: Box<dyn ReaderUnderTest>,
    failed: Option<(Vec<u8>, Answer)>,
}

impl Patient {
    /// The same reader, asked less.
    pub fn new(reader: Box<dyn ReaderUnderTest>) -> Patient {
        Patient { reader, failed: None }
    }
}

impl ReaderUnderTest for Patient {
    fn name(&self) -> &str {
        self.reader.name()
    }

    fn hello(&self) -> &Hello {
        self.reader.hello()
    }

    fn read(&mut self, trace: &[u8], mode: Mode) -> Answer {
        if let Some((_, answer)) = self.failed.as_ref().filter(|(bytes, _)| bytes == trace) {
            return answer.clone();
        }
        let answer = self.reader.read(trace, mode);
        if answer.verdict.is_failure() {
            self.failed = Some((trace.to_vec(), answer.clone()));
        }
        answer
    }

    fn read_all(&mut self, traces: &[Arc<[u8]>], mode: Mode) -> Vec<Answer> {
        match traces {
            [trace] => vec![self.read(trace, mode)],
            _ => self.reader.read_all(traces, mode),
        }
    }

    fn read_in_pieces(&mut self, trace: &[u8], sizes: &[usize]) -> Option<Answer> {
        self.reader.read_in_pieces(trace, sizes)
    }

    fn restarts(&self) -> u64 {
        self.reader.restarts()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readers::Builtin;
    use crate::verdict::Verdict;

    /// Hangs on an empty trace; how often it was asked stands for its restarts.
    struct Hangs(Builtin, u64);

    impl ReaderUnderTest for Hangs {
        fn name(&self) -> &str {
            "hangs"
        }

        fn hello(&self) -> &Hello {
            self.0.hello()
        }

        fn read(&mut self, trace: &[u8], mode: Mode) -> Answer {
            self.1 += 1;
            if trace.is_empty() { Answer::bare(Verdict::Hung { seconds: 10 }) } else { self.0.read(trace, mode) }
        }

        fn restarts(&self) -> u64 {
            self.1
        }
    }

    #[test]
    fn a_failure_is_not_asked_for_twice_and_a_judgement_is() {
        let builtin = Builtin::new("builtin", tracehound_parser::Options::default(), false);
        let mut reader = Patient::new(Box::new(Hangs(builtin, 0)));
        let answers = [&b""[..], b"", b"x", b"x", b""].map(|trace| reader.read(trace, Mode::Digest).verdict.label());
        assert_eq!(
            answers,
            ["hung", "hung", "rejected:header-malformed", "rejected:header-malformed", "hung"].map(String::from)
        );
        assert_eq!(reader.restarts(), 3);
    }
}
