//! The catalogue of reject rules: every reason for which Go's reader refuses a trace, and
//! behind them the strict rules, which refuse what Go's reader accepts although no runtime
//! can have written it.
//!
//! Class names are stable: reports, known divergences and other readers refer to them.
//! The conditions are those of `internal/trace` (batch.go, generation.go, batchcursor.go,
//! order.go, reader.go), Go 1.27.3; how Go words them belongs to the adapter that reads
//! Go's messages, not here. Those of the strict rules are what the tracer in the runtime
//! (`runtime/trace*.go`, Go 1.22 to 1.27) does each time.

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

impl RuleGroup {
    /// Every group.
    pub const ALL: [RuleGroup; 10] = [
        RuleGroup::Header,
        RuleGroup::Container,
        RuleGroup::Tables,
        RuleGroup::Events,
        RuleGroup::Context,
        RuleGroup::Procs,
        RuleGroup::Goroutines,
        RuleGroup::Ranges,
        RuleGroup::Annotations,
        RuleGroup::Order,
    ];

    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            RuleGroup::Header => "header",
            RuleGroup::Container => "container",
            RuleGroup::Tables => "tables",
            RuleGroup::Events => "events",
            RuleGroup::Context => "context",
            RuleGroup::Procs => "procs",
            RuleGroup::Goroutines => "goroutines",
            RuleGroup::Ranges => "ranges",
            RuleGroup::Annotations => "annotations",
            RuleGroup::Order => "order",
        }
    }

    /// The group of this name.
    pub fn from_name(name: &str) -> Option<RuleGroup> {
        RuleGroup::ALL.into_iter().find(|group| group.name() == name)
    }
}

macro_rules! rules {
    (go { $($go:ident $go_class:literal $go_group:ident $go_cond:literal;)* }
     strict { $($strict:ident $strict_class:literal $strict_group:ident $strict_cond:literal;)* }) => {
        rules! { all { $($go $go_class $go_group $go_cond;)* $($strict $strict_class $strict_group $strict_cond;)* } }

        impl RejectRule {
            /// The rules of Go's reader, in the order of the catalogue.
            pub const OF_GO: &'static [RejectRule] = &[$(RejectRule::$go),*];

            /// The strict rules, in the order of the catalogue: what Go's reader accepts
            /// although no runtime writes it.
            pub const STRICT: &'static [RejectRule] = &[$(RejectRule::$strict),*];
        }
    };
    (all { $($name:ident $class:literal $group:ident $cond:literal;)* }) => {
        /// A reason to refuse a trace. See [`RejectRule::class`] and [`RejectRule::condition`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum RejectRule { $(#[doc = $cond] $name,)* }

        impl RejectRule {
            /// Every rule, those of Go's reader first.
            pub const ALL: &'static [RejectRule] = &[$(RejectRule::$name),*];

            /// The rule, as a list of one.
            pub const fn alone(self) -> &'static [RejectRule] {
                match self { $(RejectRule::$name => &[RejectRule::$name],)* }
            }

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
go {
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
strict {
    HeaderUnusual "header-unusual" Header "the header can be read, but is not the 16 bytes that a runtime writes";
    SilentEnd "silent-end" Container "the input is cut where a record's number or a batch's experiment should stand, and the rest is lost without an error";
    GenerationUnfinished "generation-unfinished" Container "in wire 1.26 the input ends behind tables of a generation that has no events and no end marker";
    EndMarkerInBatch "end-marker-in-batch" Container "a batch's payload begins with the end-of-generation byte, which ends the generation";
    GenerationNumberJumps "generation-number-jumps" Container "in wire 1.26 a generation's number is not one more than the last one's";
    GenerationWithoutStart "generation-without-start" Container "a generation lacks what its first thread always writes: the status of a P, of a goroutine, and the number of Ps";
    BatchNotInVersion "batch-not-in-version" Container "wire 1.22 has no experimental batches";
    ExperimentUnknown "experiment-unknown" Container "an experimental batch belongs to an experiment that does not exist";
    FrequencyZero "frequency-zero" Tables "the clock frequency is 0";
    SampleStackId "sample-stack-id" Tables "a CPU sample names a stack that is not in the generation's stack table";
    EventNotInVersion "event-not-in-version" Events "the event was introduced by a later version than the header's";
    EventWithoutThread "event-without-thread" Context "an event other than a goroutine's status stands in a batch that belongs to no thread";
    ProcIdNone "proc-id-none" Procs "a P has the id that stands for none";
    ProcStatusUnwritten "proc-status-unwritten" Procs "a P's status code is 0 or above 255";
    ProcStatusTwice "proc-status-twice" Procs "a P's status is told twice in a generation";
    ProcHeldTwice "proc-held-twice" Procs "a thread is said to hold a P that another thread holds";
    ThreadHoldsTwoProcs "thread-holds-two-procs" Procs "a thread is said to hold a P while it holds another one";
    ProcAbandonedNotStolen "proc-abandoned-not-stolen" Procs "a P is reported abandoned, but the thread that says so does not go on to steal it";
    ProcWithoutStatus "proc-without-status" Procs "an event uses a P whose status the generation has not told";
    SyscallBeginProcState "syscall-begin-proc-state" Procs "a syscall begins with a P that is not running";
    GoIdNone "go-id-none" Goroutines "a goroutine has the id that stands for none";
    GoStatusUnwritten "go-status-unwritten" Goroutines "a goroutine's status code is 0 or above 255";
    GoStatusTwice "go-status-twice" Goroutines "a goroutine's status is told twice in a generation, or although the generation created it";
    GoHeldTwice "go-held-twice" Goroutines "a thread is said to have a goroutine that another thread has";
    ThreadRunsTwoGoroutines "thread-runs-two-goroutines" Goroutines "a thread is said to have a goroutine while it has another one";
    GoStatusThread "go-status-thread" Goroutines "a thread reports a goroutine as running or in a syscall on another thread";
    GoRunningWithoutProc "go-running-without-proc" Goroutines "a goroutine is reported running on a thread that holds no P";
    GoWithoutStatus "go-without-status" Goroutines "an event is of a goroutine whose status the generation has not told";
    GcActiveMissing "gc-active-missing" Ranges "the GC goes on in a generation that did not begin by saying that it is active";
    GcActiveLate "gc-active-late" Ranges "the GC is reported active after other GC events of the generation";
    GcContext "gc-context" Ranges "the GC begins or is active, but not on a thread that runs a goroutine";
    StwNested "stw-nested" Ranges "a goroutine stops the world while it has the world stopped";
    StwOverGenerations "stw-over-generations" Ranges "a stopped world is started again in another generation";
    SweepInterrupted "sweep-interrupted" Ranges "a thread whose P is sweeping stops, blocks or enters a syscall";
    RangeActiveMisplaced "range-active-misplaced" Ranges "a range is reported active, but not right behind the status of its P or goroutine";
    RangeActiveUnreported "range-active-unreported" Ranges "a range ends that began in an earlier generation and was not reported active in this one";
    RangeLeftOpen "range-left-open" Ranges "a goroutine ends while it assists the GC or has the world stopped";
    LabelMisplaced "label-misplaced" Annotations "a label does not stand right behind the start of its goroutine";
    TaskIdReserved "task-id-reserved" Annotations "a task begins under an id that stands for no task";
    TaskIdReused "task-id-reused" Annotations "a task begins under the id of an earlier task";
    TaskParentYounger "task-parent-younger" Annotations "a task's parent has no smaller id than the task, though ids are given in turn";
}
}

impl RejectRule {
    /// Whether this is a strict rule: only the built-in reader in its strict mode knows it.
    pub const fn is_strict(self) -> bool {
        self as usize >= RejectRule::OF_GO.len()
    }

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
        assert_eq!(RejectRule::OF_GO.len(), 76);
        assert_eq!(RejectRule::ALL, [RejectRule::OF_GO, RejectRule::STRICT].concat());
        assert!(RejectRule::OF_GO.iter().all(|r| !r.is_strict()) && RejectRule::STRICT.iter().all(|r| r.is_strict()));
    }
}
