//! The catalogue of reject rules: every reason for which Go's reader refuses a trace.
//!
//! Class names are stable: reports, known divergences and other readers refer to them.
//! The conditions are those of `internal/trace` (batch.go, generation.go, batchcursor.go,
//! order.go, reader.go), Go 1.27.3; how Go words them belongs to the adapter that reads
//! Go's messages, not here.

use std::fmt;

/// What part of reading a rule belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleGroup {
    /// The file's header.
    Header,
    /// Batches and generations.
    Container,
    /// String and stack tables, CPU samples, clocks.
    Tables,
    /// Decoding of single events and the ids in them.
    Events,
    /// What M, P and G an event needs on its thread.
    Context,
    /// Ps.
    Procs,
    /// Goroutines.
    Goroutines,
    /// GC and other ranges.
    Ranges,
    /// User tasks and regions.
    Annotations,
    /// The order of all.
    Order,
}

macro_rules! rules {
    ($($name:ident $class:literal $group:ident $cond:literal;)*) => {
        /// A reason to refuse a trace. See [`RejectRule::class`] and [`RejectRule::condition`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum RejectRule { $(#[doc = $cond] $name,)* }

        impl RejectRule {
            /// Every rule, in the order of the catalogue.
            pub const ALL: &'static [RejectRule] = &[$(RejectRule::$name),*];

            /// The stable kebab-case class.
            pub const fn class(self) -> &'static str {
                match self { $(RejectRule::$name => $class,)* }
            }

            /// When the rule fires, as a clause.
            pub const fn condition(self) -> &'static str {
                match self { $(RejectRule::$name => $cond,)* }
            }

            /// The part of reading that it belongs to.
            pub const fn group(self) -> RuleGroup {
                match self { $(RejectRule::$name => RuleGroup::$group,)* }
            }
        }
    };
}

rules! {
    HeaderMalformed "header-malformed" Header "the file does not begin with `go 1.NN trace` and three NUL bytes";
    HeaderVersionUnsupported "header-version-unsupported" Header "the header names a version that the reader does not know";
    BatchExpected "batch-expected" Container "an item starts with a byte that is neither a batch, an experimental batch nor an end of generation";
    BatchHeaderVarint "batch-header-varint" Container "one of a batch's generation, thread, time or size is not a readable varint";
    BatchTooLarge "batch-too-large" Container "a batch claims more than 65536 bytes of payload";
    BatchBodyTruncated "batch-body-truncated" Container "the input ends inside a batch's payload";
    GenZero "gen-zero" Container "a batch belongs to generation 0, which does not exist";
    GenOutOfOrder "gen-out-of-order" Container "before wire 1.26 a batch's generation must be the current one or the next";
    GenInterleaved "gen-interleaved" Container "in wire 1.26 the generation changes before an end-of-generation marker";
    GenIncomplete "gen-incomplete" Container "in wire 1.26 the input ends before the generation's end marker";
    EogInOldBatch "eog-in-old-batch" Container "before wire 1.26 a batch's payload begins with the end-of-generation byte";
    FreqMissing "freq-missing" Tables "a generation has no clock frequency";
    ClockMissing "clock-missing" Tables "from wire 1.25 on a generation has no clock snapshot";
    FreqDuplicate "freq-duplicate" Tables "a generation has two clock frequencies";
    ClockDuplicate "clock-duplicate" Tables "a generation has two clock snapshots";
    SyncBadEntry "sync-bad-entry" Tables "a sync batch holds something other than a frequency or a clock snapshot";
    StringsBadEntry "strings-bad-entry" Tables "a string table batch holds something other than a string";
    StringTooLong "string-too-long" Tables "a string is longer than 1024 bytes";
    StringTruncated "string-truncated" Tables "a string's bytes run past the end of its batch";
    StringDuplicateId "string-duplicate-id" Tables "a string id is defined twice in a generation, or id 0 is defined";
    StacksBadEntry "stacks-bad-entry" Tables "a stack table batch holds something other than a stack";
    StackTooDeep "stack-too-deep" Tables "a stack has more than 128 frames";
    StackFrameVarint "stack-frame-varint" Tables "a number of a stack frame is not a readable varint";
    StackDuplicateId "stack-duplicate-id" Tables "a stack id is defined twice in a generation, or id 0 is defined";
    CpuSamplesBadEntry "cpusamples-bad-entry" Tables "a CPU sample batch holds something other than a CPU sample";
    StructVarint "struct-varint" Tables "a number of a string, stack, CPU sample or sync record is cut inside the batch or overflows";
    StackFuncStringMissing "stack-func-string-missing" Tables "a stack frame's function name is not in the string table";
    StackFileStringMissing "stack-file-string-missing" Tables "a stack frame's file name is not in the string table";
    EventTypeRange "event-type-range" Events "an event's type byte is beyond the event table";
    EventUntimed "event-untimed" Events "an event without a time delta, or an unassigned type, stands in a thread's stream";
    EventDtVarint "event-dt-varint" Events "an event's time delta is not a readable varint";
    EventArgVarint "event-arg-varint" Events "an event's argument is not a readable varint";
    EventUnorderable "event-unorderable" Events "a clock snapshot stands in a thread's stream";
    EventStackId "event-stack-id" Events "an event names a stack that is not in the generation's stack table";
    EventStringId "event-string-id" Events "an event names a string that is not in the generation's string table";
    AnnotationStringId "annotation-string-id" Events "a task's or region's name is not in the generation's string table";
    CtxWantThread "ctx-want-thread" Context "the event needs a thread, but its batch belongs to none";
    CtxWantProc "ctx-want-proc" Context "the event needs its thread to hold a P, but it holds none";
    CtxWantGoroutine "ctx-want-goroutine" Context "the event needs its thread to have a goroutine, but it has none";
    CtxUnwantedGoroutine "ctx-unwanted-goroutine" Context "the event needs its thread to have no goroutine, but it has one";
    ProcStatusInvalid "proc-status-invalid" Procs "a P's status code is beyond the known ones";
    ProcStatusInconsistent "proc-status-inconsistent" Procs "a P's status contradicts what the events before it say";
    ProcAbandonedUnbound "proc-abandoned-unbound" Procs "a P is reported as abandoned in a syscall, but no thread holds it";
    ProcStopUnknown "proc-stop-unknown" Procs "a thread stops a P that does not exist";
    ProcStopState "proc-stop-state" Procs "a thread stops a P that is not running";
    ProcStealSelfMismatch "proc-steal-self-mismatch" Procs "a thread steals a P from itself that it does not hold";
    ProcStealUnknownThread "proc-steal-unknown-thread" Procs "a P is stolen from a thread that does not exist";
    ProcStealWrongProc "proc-steal-wrong-proc" Procs "a P is stolen from a thread that holds another one";
    GoStatusInvalid "go-status-invalid" Goroutines "a goroutine's status code is beyond the known ones";
    GoStatusInconsistent "go-status-inconsistent" Goroutines "a goroutine's status contradicts what the events before it say";
    GoStatusLate "go-status-late" Goroutines "a goroutine that nothing created appears after the first generation";
    GoStatusSyscallNoThread "go-status-syscall-no-thread" Goroutines "a goroutine is reported in a syscall without a thread";
    GoStatusSyscallThreadMismatch "go-status-syscall-thread-mismatch" Goroutines "a goroutine is reported in a syscall on a thread that has another one";
    GoCreateExists "go-create-exists" Goroutines "a goroutine is created that already exists";
    GoNotRunning "go-not-running" Goroutines "the event needs its goroutine to be running, but it is not";
    GoUnknown "go-unknown" Goroutines "the thread's goroutine does not exist any more";
    GoNotInSyscall "go-not-in-syscall" Goroutines "a syscall ends for a goroutine that is not in one";
    SyscallBeginSeq "syscall-begin-seq" Goroutines "a syscall begins with a P sequence number that does not follow the last one";
    SyscallEndProcState "syscall-end-proc-state" Goroutines "a syscall ends keeping a P that is not in a syscall";
    DestroySyscallProcState "destroy-syscall-proc-state" Goroutines "a goroutine of a C thread is destroyed while its P is not in a syscall";
    GcActiveNotFirst "gc-active-not-first" Ranges "the GC is reported active after other GC events of the first generation";
    GcActiveNotRunning "gc-active-not-running" Ranges "the GC is reported active while it is not running";
    GcBeginRunning "gc-begin-running" Ranges "the GC begins while it is running";
    GcEndNotRunning "gc-end-not-running" Ranges "the GC ends while it is not running";
    GcEndUndetermined "gc-end-undetermined" Ranges "the GC ends as the first thing that is known of it";
    RangeBeginDup "range-begin-dup" Ranges "a range begins that is already open";
    RangeActiveDup "range-active-dup" Ranges "a range is reported active twice in the first generation";
    RangeActiveMissing "range-active-missing" Ranges "a range is reported active after the first generation, but it is not open";
    RangeEndMissing "range-end-missing" Ranges "a range ends that is not open";
    RangeUnknownGoroutine "range-unknown-goroutine" Ranges "a range belongs to a goroutine that does not exist";
    RangeUnknownProc "range-unknown-proc" Ranges "a range belongs to a P that does not exist";
    TaskIdConflict "task-id-conflict" Annotations "a task begins under the id of an open task";
    RegionMismatch "region-mismatch" Annotations "a region ends that is not the innermost open one";
    RegionUnknownGoroutine "region-unknown-goroutine" Annotations "a region belongs to a goroutine that does not exist";
    Stuck "stuck" Order "no thread's next event can happen: each waits for something that nothing supplies";
    FrontierEmpty "frontier-empty" Order "a generation holds no events at all, which readers up to Go 1.24 refuse";
}

impl RejectRule {
    /// The rule with this class name.
    pub fn from_class(class: &str) -> Option<RejectRule> {
        RejectRule::ALL.iter().copied().find(|r| r.class() == class)
    }
}

impl fmt::Display for RejectRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.class())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_unique_kebab_case_and_lead_back() {
        for &rule in RejectRule::ALL {
            assert_eq!(RejectRule::from_class(rule.class()), Some(rule));
            assert!(rule.class().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{rule}");
        }
        assert_eq!(RejectRule::ALL.len(), 76);
    }
}
