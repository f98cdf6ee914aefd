//! Which reject rule stands behind the words of Go's reader.
//!
//! Go's errors have no codes; each is recognised by a fragment of its text that all
//! releases from 1.22 to 1.27 share. Order matters: some fragments occur in the texts of
//! several rules.

use tracehound_wire::RejectRule::{self, *};

enum Key {
    Starts(&'static str),
    Has(&'static str),
    /// Both occur.
    HasBoth(&'static str, &'static str),
}

use Key::{Has, HasBoth, Starts};

/// Fragments and their rules; the first that fits decides.
const TABLE: &[(Key, RejectRule)] = &[
    // These quote the trace, which may hold any other text, one another's too: so only their first words count.
    (Starts("misuse of region"), RegionMismatch),
    (Starts("multiple strings"), StringDuplicateId),
    (Starts("multiple trace.stacks"), StackDuplicateId),
    (Has("bad file format"), HeaderMalformed),
    (Has("unknown or unsupported"), HeaderVersionUnsupported),
    // Events: before the tables, as their texts are contained in none.
    (Has("can't make sequence"), SyscallBeginSeq),
    (Has("failed to advance: frontier"), Stuck),
    (Has("frontier is empty"), FrontierEmpty),
    (Has("bad event type found while ordering"), EventUnorderable),
    (Has("expected batch event"), BatchExpected),
    (Has("invalid batch size"), BatchTooLarge),
    (Has("read full batch"), BatchBodyTruncated),
    (Has("error reading batch"), BatchHeaderVarint),
    (Has("invalid generation number"), GenZero),
    (Has("generations out of order"), GenOutOfOrder),
    (Has("missing end-of-generation"), GenInterleaved),
    (Has("incomplete generation"), GenIncomplete),
    (Has("processing EndOfGeneration"), EogInOldBatch),
    (Has("no frequency"), FreqMissing),
    (Has("no clock snapshot"), ClockMissing),
    (Has("multiple frequency"), FreqDuplicate),
    (Has("multiple clock"), ClockDuplicate),
    (Has("expected frequency or clock"), SyncBadEntry),
    (Has("expected string event"), StringsBadEntry),
    (Has("invalid string size"), StringTooLong),
    (Has("read full string"), StringTruncated),
    (Has("expected stack event"), StacksBadEntry),
    (Has("invalid stack size"), StackTooDeep),
    (Has("reading frame"), StackFrameVarint),
    (Has("multiple stacks"), StackDuplicateId),
    (Has("expected CPU sample"), CpuSamplesBadEntry),
    (Has("invalid func string"), StackFuncStringMissing),
    (Has("invalid file string"), StackFileStringMissing),
    (Has("invalid event type"), EventTypeRange),
    (Has("without a timestamp"), EventUntimed),
    (Has("uvarint for timestamp"), EventDtVarint),
    (HasBoth("found invalid uvarint", "timestamp"), EventDtVarint),
    (Starts("found invalid uvarint"), EventArgVarint),
    (Has("invalid stack ID"), EventStackId),
    (Has("found invalid string ID"), EventStringId),
    (Starts("invalid string ID"), AnnotationStringId),
    (Has("expected a thread"), CtxWantThread),
    (Has("expected a proc"), CtxWantProc),
    (Has("expected a goroutine"), CtxWantGoroutine),
    (Has("expected no goroutine"), CtxUnwantedGoroutine),
    (Has("invalid status for proc"), ProcStatusInvalid),
    (Has("inconsistent status for proc"), ProcStatusInconsistent),
    (Has("find sched context"), ProcAbandonedUnbound),
    (HasBoth("for proc (", "exist"), ProcStopUnknown),
    (Has("event for proc that's not"), ProcStopState),
    (Has("self-steal"), ProcStealSelfMismatch),
    (Has("non-existent thread"), ProcStealUnknownThread),
    (Has("tried to steal proc"), ProcStealWrongProc),
    (Has("invalid status for goroutine"), GoStatusInvalid),
    (Has("inconsistent status for goroutine"), GoStatusInconsistent),
    (Has("after the first generation"), GoStatusLate),
    (Has("syscall without a thread"), GoStatusSyscallNoThread),
    (Has("inconsistent thread for"), GoStatusSyscallThreadMismatch),
    (Has("tried to create goroutine"), GoCreateExists),
    (HasBoth("event for goroutine that's not", "GoSyscallEnd"), GoNotInSyscall),
    (HasBoth("event for goroutine that's not", "GoDestroySyscall"), GoNotInSyscall),
    (Has("event for goroutine that's not"), GoNotRunning),
    (HasBoth("for goroutine (", "exist"), GoUnknown),
    (Has("in unexpected state"), DestroySyscallProcState),
    (HasBoth("expected proc", "in state"), SyscallEndProcState),
    (Has("first GC event"), GcActiveNotFirst),
    (Has("GCActive while"), GcActiveNotRunning),
    (Has("GCBegin while"), GcBeginRunning),
    (Has("GCEnd when GC was not"), GcEndNotRunning),
    (Has("undetermined state"), GcEndUndetermined),
    (Has("already in-flight"), RangeBeginDup),
    (Has("already in first gen"), RangeActiveDup),
    (Has("missing active range"), RangeActiveMissing),
    (Has("but not in-flight"), RangeEndMissing),
    (Has("uninitialized goroutine"), RangeUnknownGoroutine),
    (Has("encountered EvUserRegion"), RegionUnknownGoroutine),
    (Has("encountered event of type"), RangeUnknownGoroutine),
    (Has("unknown proc"), RangeUnknownProc),
    (Has("task ID conflict"), TaskIdConflict),
    (Starts("unexpected EOF"), StructVarint),
    (Starts("binary: varint"), StructVarint),
];

/// The rule that Go's reader means by `message`, if it is known.
pub fn classify(message: &str) -> Option<RejectRule> {
    let fits = |key: &Key| match key {
        Starts(words) => message.starts_with(words),
        Has(words) => message.contains(words),
        HasBoth(a, b) => message.contains(a) && message.contains(b),
    };
    TABLE.iter().find(|(key, _)| fits(key)).map(|&(_, rule)| rule)
}

/// A regular expression (RE2) that Go's message fits when it means `rule`, if its words are known.
pub fn pattern(rule: RejectRule) -> Option<String> {
    let quoted = |words: &str| regex::escape(words);
    let of = |key: &Key| match key {
        Starts(words) => format!("^{}", quoted(words)),
        Has(words) => quoted(words),
        HasBoth(a, b) => format!("(?s){0}.*{1}|{1}.*{0}", quoted(a), quoted(b)),
    };
    let all: Vec<String> = TABLE.iter().filter(|(_, r)| *r == rule).map(|(key, _)| of(key)).collect();
    (!all.is_empty()).then(|| all.join("|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_trace_holds_is_not_taken_for_the_readers_words() {
        let twice = "multiple strings with the same ID: id=15, new=expected batch event, existing=no frequency";
        assert_eq!(classify(twice), Some(StringDuplicateId));
        let of_a_region = "multiple strings with the same ID: id=1, new=misuse of region, existing=tracehound";
        assert_eq!(classify(of_a_region), Some(StringDuplicateId));
        let of_strings = "misuse of region in goroutine 1: region end {0 multiple strings} when the inner-most";
        assert_eq!(classify(of_strings), Some(RegionMismatch));
    }

    #[test]
    fn every_rule_has_its_words() {
        let missing: Vec<_> = RejectRule::OF_GO.iter().filter(|r| TABLE.iter().all(|(_, t)| t != *r)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn fragments_that_other_texts_contain_are_told_apart() {
        let stuck = "broken trace: failed to advance: frontier:\nM 5 [GoUnblock] expected proc 3 in state";
        assert_eq!(classify(stuck), Some(Stuck));
        assert_eq!(classify("failed to advance 5: can't make sequence: transition"), Some(SyscallBeginSeq));
        assert_eq!(classify("invalid string ID 4 for UserTaskBegin"), Some(AnnotationStringId));
        assert_eq!(classify("found invalid string ID 4 for event"), Some(EventStringId));
        assert_eq!(classify("GoSyscallEnd event for goroutine that's not GoSyscall"), Some(GoNotInSyscall));
        assert_eq!(classify("GoStop event for goroutine that's not GoRunning"), Some(GoNotRunning));
        assert_eq!(classify("something new"), None);
    }
}
