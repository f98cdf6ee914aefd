//! agree: for all readers a, b and all traces t that both know: a(t) = b(t).

use crate::readers::{Hello, ReaderUnderTest, Reports};
use crate::verdict::{Answer, Comparison, Mode, NotComparable, Verdict, compare};
use tracehound_wire::parse_header;

/// How often a reader is asked again before a difference counts. Which of two mistakes in its tables Go's reader meets first, and
/// which of two threads holds a P, is up to the order of a map, and of a small one the order is another in one of eight walks.
const ASKED_AGAIN: usize = 64;

/// Compares two readers on one trace.
pub fn agree(a: &mut dyn ReaderUnderTest, b: &mut dyn ReaderUnderTest, trace: &[u8]) -> Comparison {
    if !both_read(a, b, trace) {
        return Comparison::NotComparable(NotComparable::VersionNotRead);
    }
    let (x, y) = (a.read(trace, Mode::Digest), b.read(trace, Mode::Digest));
    resolve(a, &x, b, &y, trace)
}

/// Whether both readers claim to know the version in the trace's header. A header that
/// names no known version is for all readers to refuse.
fn both_read(a: &dyn ReaderUnderTest, b: &dyn ReaderUnderTest, trace: &[u8]) -> bool {
    let version = parse_header(trace).ok().map(|h| h.version);
    version.is_none_or(|v| a.hello().reads_version(v) && b.hello().reads_version(v))
}

/// Whether an answer refuses a trace by a rule that the other reader does not judge, so that it may accept it.
pub(crate) fn unjudged(answer: &Answer, other: &Hello) -> bool {
    matches!(answer.verdict, Verdict::Rejected(_)) && !other.judges(answer.verdict.rule())
}

/// Compares two answers that carry digests only. Where they part, both readers are asked
/// for the events, and each several times: a reader that contradicts itself proves nothing.
pub fn resolve(
    a: &mut dyn ReaderUnderTest,
    x: &Answer,
    b: &mut dyn ReaderUnderTest,
    y: &Answer,
    trace: &[u8],
) -> Comparison {
    if !both_read(a, b, trace) {
        return Comparison::NotComparable(NotComparable::VersionNotRead);
    }
    if unjudged(x, b.hello()) || unjudged(y, a.hello()) {
        return Comparison::NotComparable(NotComparable::NotJudged);
    }
    let common = a.hello().reports.common(b.hello().reports);
    if !common.has(Reports::EVENTS) {
        return compare(x, y, common);
    }
    if x.digest == y.digest && compare(x, y, common) == Comparison::Agree {
        return Comparison::Agree;
    }
    let (full_x, full_y) = (a.read(trace, Mode::Events), b.read(trace, Mode::Events));
    let comparison = compare(&full_x, &full_y, common);
    if !matches!(comparison, Comparison::Differ(_)) {
        return comparison;
    }
    if wavers(a, &full_x, trace) || wavers(b, &full_y, trace) {
        return Comparison::NotComparable(NotComparable::ReaderNotDeterministic);
    }
    comparison
}

/// Whether a reader that is asked again ever says something else.
fn wavers(reader: &mut dyn ReaderUnderTest, first: &Answer, trace: &[u8]) -> bool {
    if !first.verdict.is_judgement() {
        // How it fails may depend on the machine; that it fails is enough, and to ask again takes long.
        return reader.read(trace, Mode::Digest).verdict.is_judgement();
    }
    (0..ASKED_AGAIN).any(|_| {
        let again = reader.read(trace, Mode::Digest);
        again.digest != first.digest || again.verdict.label() != first.verdict.label()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readers::Builtin;
    use crate::verdict::{Difference, Rejection};
    use tracehound_wire::RejectRule::{self, StackFileStringMissing, StackFuncStringMissing};

    /// Refuses every trace, each time by the next of its rules.
    struct Refuses {
        rules: Vec<RejectRule>,
        asked: usize,
        like: Builtin,
    }

    impl Refuses {
        fn by(rules: &[RejectRule]) -> Refuses {
            Refuses { rules: rules.to_vec(), asked: 0, like: Builtin::default() }
        }
    }

    impl ReaderUnderTest for Refuses {
        fn name(&self) -> &str {
            "refuses"
        }

        fn hello(&self) -> &Hello {
            self.like.hello()
        }

        fn read(&mut self, _: &[u8], _: Mode) -> Answer {
            let rule = Some(self.rules[self.asked % self.rules.len()]);
            self.asked += 1;
            let rejection = Rejection { opening: false, rule, message: String::new(), place: None };
            Answer::bare(Verdict::Rejected(rejection))
        }
    }

    #[test]
    fn a_reader_that_seldom_names_another_rule_is_not_deterministic() {
        let mut seldom = [StackFuncStringMissing; 40];
        seldom[39] = StackFileStringMissing;
        let compared = agree(&mut Refuses::by(&[StackFileStringMissing]), &mut Refuses::by(&seldom), b"");
        assert_eq!(compared, Comparison::NotComparable(NotComparable::ReaderNotDeterministic));
        let always = &[StackFuncStringMissing];
        let compared = agree(&mut Refuses::by(&[StackFileStringMissing]), &mut Refuses::by(always), b"");
        assert!(matches!(compared, Comparison::Differ(Difference::Rules(..))), "{compared:?}");
    }
}
