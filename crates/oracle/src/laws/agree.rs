//! agree: for all readers a, b and all traces t that both know: a(t) = b(t).

use crate::readers::{Hello, ReaderUnderTest, Reports};
use crate::verdict::{Answer, Comparison, Mode, NotComparable, Verdict, compare};
use tracehound_wire::parse_header;

/// How often a reader is asked again before a difference counts.
const ASKED_AGAIN: usize = 8;

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
    let Comparison::Differ(_) = comparison else { return comparison };
    if wavers(a, &full_x, trace) || wavers(b, &full_y, trace) {
        return Comparison::NotComparable(NotComparable::ReaderNotDeterministic);
    }
    comparison
}

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
