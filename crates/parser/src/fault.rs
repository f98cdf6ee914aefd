//! Faults planted in the reader, to prove that the oracles can see.
//!
//! Each is a mistake that a reader has had or could well have. They exist only with
//! the cargo feature `faults`, and are armed from outside: by
//! [`Options::with_fault`](crate::Options::with_fault) or by names in the environment
//! variable [`ENV`], never by anything in a trace. Without the feature the checks
//! compile to `false`.

macro_rules! faults {
    ($($name:ident $id:literal [$($of:literal),*] $doc:literal;)*) => {
        /// A planted fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Fault { $(#[doc = $doc] $name,)* }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Fault] = &[$(Fault::$name),*];

            /// The stable kebab-case name.
            pub const fn name(self) -> &'static str {
                match self { $(Fault::$name => $id,)* }
            }

            /// What the fault is about: the rules or events that the faulty reader gets wrong, or another word of the format.
            /// An explanation of what it does has to name one of these.
            pub const fn about(self) -> &'static [&'static str] {
                match self { $(Fault::$name => &[$($of),*],)* }
            }

            /// What the faulty reader does, in one sentence.
            pub const fn sentence(self) -> &'static str {
                match self { $(Fault::$name => $doc,)* }
            }
        }
    };
}

faults! {
    NoSelfSteal "no-self-steal" ["ProcSteal"] "A thread that steals its own P keeps it, so that it can never start another one.";
    SelfStealRejected "self-steal-rejected" ["ProcSteal"] "A thread that steals its own P is refused.";
    SeqNumberOnly "seq-number-only" ["g_seq", "p_seq"] "Sequence numbers are compared without their generation.";
    SeqIgnored "seq-ignored" ["g_seq"] "The sequence numbers of goroutines are not compared at all.";
    ProcSeqIgnored "proc-seq-ignored" ["p_seq"] "The sequence numbers of Ps are not compared at all.";
    StatusKeepsSeq "status-keeps-seq" ["g_seq", "p_seq"] "A status event does not start the sequence of the generation anew.";
    SyscallBeginSeqUnchecked "syscall-begin-seq-unchecked" ["GoSyscallBegin"] "The P's sequence number of a syscall's begin is neither checked nor counted.";
    StealIgnoresVictim "steal-ignores-victim" ["ProcSteal"] "A steal does not look at the thread that it steals from, and leaves the P bound there.";
    StealChecksAbandonedVictim "steal-checks-abandoned-victim" ["ProcSteal"] "A steal of an abandoned P looks at the thread that it names.";
    StealWithoutSeq "steal-without-seq" ["ProcSteal"] "A steal is not counted in the P's sequence.";
    EndBlockedNeverWaits "end-blocked-never-waits" ["GoSyscallEndBlocked"] "The end of a blocked syscall does not wait until the P has been taken away.";
    EndBlockedUnbindsP "end-blocked-unbinds-p" ["GoSyscallEndBlocked"] "The end of a blocked syscall also takes away the thread's P.";
    SyscallEndAnyProc "syscall-end-any-proc" ["GoSyscallEnd"] "The end of a fast syscall does not ask whether the P is in a syscall.";
    DestroySyscallKeepsP "destroy-syscall-keeps-p" ["GoDestroySyscall"] "The end of a cgo callback leaves the P bound to the thread.";
    DestroySyscallNoSteal "destroy-syscall-no-steal" ["GoDestroySyscall"] "The end of a cgo callback does not report the loss of the P.";
    CreateSyscallWithG "create-syscall-with-g" ["GoCreateSyscall"] "A cgo callback may begin on a thread that has a goroutine.";
    ProcStartWithP "proc-start-with-p" ["ProcStart"] "A P may start on a thread that still holds another.";
    UnknownProcStarts "unknown-proc-starts" ["ProcStart"] "A P that was never reported may start, as if it had been idle.";
    ProcStopAnyState "proc-stop-any-state" ["ProcStop"] "A P may stop in any state.";
    ProcStatusUnchecked "proc-status-unchecked" ["ProcStatus"] "A P's status is believed even when it contradicts what is known.";
    GoStatusUnchecked "go-status-unchecked" ["GoStatus", "GoStatusStack"] "A goroutine's status is believed even when it contradicts what is known.";
    LateStatusAccepted "late-status-accepted" ["GoStatus", "GoStatusStack"] "A goroutine may appear by its status in a later generation.";
    StatusSyscallOwnThread "status-syscall-own-thread" ["GoStatus", "GoStatusStack"] "A goroutine reported in a syscall is bound to the reporting thread.";
    StatusSyscallNoThreadEntry "status-syscall-no-thread-entry" ["GoStatus", "GoStatusStack"] "A syscall status of another thread's goroutine does not make that thread known.";
    StatusRebindsSilently "status-rebinds-silently" ["GoStatus", "GoStatusStack"] "A syscall status in a later generation may replace the thread's goroutine.";
    NoAbandonedPromotion "no-abandoned-promotion" ["ProcStatus"] "A P reported as abandoned while it is known to be in a syscall contradicts itself.";
    PromotionKeepsContext "promotion-keeps-context" ["ProcStatus"] "A promoted abandoned status is reported with the context of the thread that wrote it.";
    GoCreateNeedsG "go-create-needs-g" ["GoCreate", "GoCreateBlocked"] "Goroutines can only be created by a goroutine.";
    GoCreateTwice "go-create-twice" ["GoCreate", "GoCreateBlocked", "GoCreateSyscall"] "A goroutine may be created that already exists.";
    GoStartAnyState "go-start-any-state" ["GoStart"] "A goroutine may start from any state.";
    UnblockRunnable "unblock-runnable" ["GoUnblock"] "A goroutine that is already runnable may be unblocked.";
    GoStopAnyState "go-stop-any-state" ["GoStop", "GoBlock", "GoDestroy"] "A goroutine may stop, block or end in any state.";
    BlockKeepsG "block-keeps-g" ["GoBlock"] "A goroutine that blocks stays bound to its thread.";
    BlockReadsRunnable "block-reads-runnable" ["GoBlock"] "A blocked goroutine is held to be runnable.";
    SwitchWithoutStart "switch-without-start" ["GoSwitch", "GoSwitchDestroy"] "A coroutine switch is reported without the start of the next goroutine.";
    SwitchOrder "switch-order" ["GoSwitch", "GoSwitchDestroy"] "A coroutine switch reports the start of the next goroutine before the block of the last.";
    ContextAfter "context-after" ["context"] "Events carry the P and goroutine of their thread after the event, not before it.";
    TieOrder "tie-order" ["order"] "Among threads whose next events have the same time, the last one wins.";
    ThreadOrder "thread-order" ["order"] "Threads enter the frontier in reverse order of their first use.";
    SortSkipsOne "sort-skips-one" ["order", "stuck"] "When the first thread waits, the second one is not tried either.";
    NoSort "no-sort" ["order", "stuck"] "When the first thread waits, the others are tried without sorting them.";
    BatchOrder "batch-order" ["batch"] "Batches of one thread are sorted by their time.";
    TimesRounded "times-rounded" ["time"] "Times are rounded to the nearest nanosecond instead of cut.";
    TimesNotFixed "times-not-fixed" ["time"] "Times that do not increase are left as they are.";
    SamplesLate "samples-late" ["CPUSample"] "A CPU sample that has the same time as the next event comes first.";
    SampleArgsSwapped "sample-args-swapped" ["CPUSample"] "P and thread of a CPU sample are taken for each other.";
    WrongStack "wrong-stack" ["stack"] "An event with two stacks shows the second one as its own.";
    StringOffByOne "string-off-by-one" ["string"] "String ids are looked up one too low, where that exists.";
    StackIdUnchecked "stack-id-unchecked" ["event-stack-id"] "Stack ids of events are not checked.";
    StringIdUnchecked "string-id-unchecked" ["event-string-id"] "String ids of events are not checked.";
    TaskNameById "task-name-by-id" ["UserTaskBegin", "UserTaskEnd"] "A task's type is remembered by its string id, which means another string in the next generation.";
    RegionNameUnchecked "region-name-unchecked" ["UserRegionEnd"] "The end of a region does not compare its type.";
    RegionEndNeedsBegin "region-end-needs-begin" ["UserRegionEnd"] "The end of a region without a begin is refused.";
    TaskTwice "task-twice" ["UserTaskBegin"] "A task may begin under the id of an open one.";
    StwKindLost "stw-kind-lost" ["STWEnd"] "The end of a stop-the-world is reported without its kind.";
    RangeTwice "range-twice" ["range-begin-dup"] "A range may begin that is already open.";
    RangeEndUnchecked "range-end-unchecked" ["range-end-missing"] "A range may end that is not open.";
    RangeActiveUnchecked "range-active-unchecked" ["range-active-missing"] "A range may be active in a later generation that is not open.";
    GcSeqIgnored "gc-seq-ignored" ["GCActive", "GCBegin", "GCEnd"] "The GC's sequence numbers are not compared.";
    GcBeginTwice "gc-begin-twice" ["GCBegin"] "The GC may begin while it is running.";
    SweepScopeContext "sweep-scope-context" ["GCSweepActive"] "An active sweep is reported for the P of its thread, not for the one it names.";
    ExperimentalArgsShifted "experimental-args-shifted" ["Span", "SpanAlloc", "SpanFree", "HeapObject", "HeapObjectAlloc", "HeapObjectFree", "GoroutineStack", "GoroutineStackAlloc", "GoroutineStackFree"] "The first argument of experimental events is lost.";
    ExperimentalBatchesDropped "experimental-batches-dropped" ["experiment"] "Experimental batches are lost.";
    LookaheadLosesGeneration "lookahead-loses-generation" ["generation"] "An error in the first batch of the next generation loses the one before it.";
    CutIsClean "cut-is-clean" ["gen-incomplete", "batch-body-truncated"] "A trace that ends within a generation ends cleanly.";
    LastStringLost "last-string-lost" ["string"] "The last string of each string batch is not stored.";
    SmallBatchLimit "small-batch-limit" ["batch-too-large"] "A batch of exactly the greatest size is refused.";
    MetricTruncated "metric-truncated" ["HeapAlloc", "HeapGoal", "ProcsChange"] "Metrics are cut to 32 bits.";
    ProcStatusRange "proc-status-range" ["proc-status-invalid"] "A P's status may be a number that stands for none.";
    ProcStatusSyscallUnbound "proc-status-syscall-unbound" ["ProcStatus"] "A P reported in a syscall is not bound to the reporting thread.";
    PromotionWithoutHolder "promotion-without-holder" ["ProcStatus"] "An abandoned P that is known to be in a syscall needs no thread that holds it.";
    ProcStartAnyState "proc-start-any-state" ["ProcStart"] "A P may start that is not idle.";
    ProcStartWithoutSeq "proc-start-without-seq" ["ProcStart"] "A P's start is not counted in its sequence.";
    ProcStopWithoutProc "proc-stop-without-proc" ["ProcStop"] "A thread without a P may stop one.";
    ProcStopKeepsP "proc-stop-keeps-p" ["ProcStop"] "A P that stops stays bound to its thread.";
    StealAnyState "steal-any-state" ["ProcSteal"] "A P may be stolen that is in no syscall.";
    StealFromNobody "steal-from-nobody" ["ProcSteal"] "A P may be stolen from a thread that does not exist.";
    StealWrongProc "steal-wrong-proc" ["ProcSteal"] "A P may be stolen from a thread that holds another one or none.";
    StealKeepsVictim "steal-keeps-victim" ["ProcSteal"] "A stolen P stays bound to the thread that lost it.";
    GoStatusRange "go-status-range" ["go-status-invalid"] "A goroutine's status may be a number that stands for none.";
    GoStatusUnbound "go-status-unbound" ["GoStatus", "GoStatusStack"] "A goroutine reported running is not bound to its thread.";
    StatusSyscallAnyThread "status-syscall-any-thread" ["GoStatus", "GoStatusStack"] "A goroutine may be reported in a syscall on a thread that has another one.";
    CreateAnyState "create-any-state" ["GoCreate", "GoCreateBlocked"] "A goroutine that does not run may create others.";
    CreateBlockedRunnable "create-blocked-runnable" ["GoCreateBlocked"] "A goroutine created blocked is held to be runnable.";
    GoStartWithG "go-start-with-g" ["GoStart"] "A goroutine may start on a thread that has another one.";
    GoStartWithoutSeq "go-start-without-seq" ["GoStart"] "A goroutine's start is not counted in its sequence.";
    DestroyKeepsG "destroy-keeps-g" ["GoDestroy"] "A goroutine that ends goes on to exist.";
    UnblockWithoutSeq "unblock-without-seq" ["GoUnblock"] "An unblock is not counted in the goroutine's sequence.";
    SwitchAnyState "switch-any-state" ["GoSwitch", "GoSwitchDestroy"] "A coroutine switch may go to a goroutine that does not wait.";
    SwitchKeepsRunning "switch-keeps-running" ["GoSwitch", "GoSwitchDestroy"] "A goroutine that switches to another one goes on to run.";
    SyscallEndAnyState "syscall-end-any-state" ["GoSyscallEnd", "GoSyscallEndBlocked", "GoDestroySyscall"] "A syscall may end of a goroutine that is in none.";
    SyscallBeginKeepsG "syscall-begin-keeps-g" ["GoSyscallBegin"] "A goroutine that goes into a syscall is held to run.";
    SyscallBeginKeepsP "syscall-begin-keeps-p" ["GoSyscallBegin"] "A P whose goroutine goes into a syscall is held to run.";
    SyscallBeginWithoutSeq "syscall-begin-without-seq" ["GoSyscallBegin"] "A syscall's begin is checked but not counted in the P's sequence.";
    SyscallEndKeepsG "syscall-end-keeps-g" ["GoSyscallEnd"] "A goroutine whose syscall ends is held to be in it still.";
    SyscallEndKeepsP "syscall-end-keeps-p" ["GoSyscallEnd"] "A P whose goroutine's syscall ends is held to be in it still.";
    EndBlockedKeepsG "end-blocked-keeps-g" ["GoSyscallEndBlocked"] "A goroutine whose syscall ends without a P stays bound to its thread.";
    DestroySyscallAnyProc "destroy-syscall-any-proc" ["GoDestroySyscall"] "A cgo callback may end on a thread whose P is in no syscall.";
    DestroySyscallNotAbandoned "destroy-syscall-not-abandoned" ["GoDestroySyscall"] "A P that a cgo callback leaves behind is not held to be abandoned.";
    DestroySyscallKeepsG "destroy-syscall-keeps-g" ["GoDestroySyscall"] "The end of a cgo callback leaves the goroutine bound to the thread.";
    GcActiveTwice "gc-active-twice" ["GCActive"] "The GC may be reported active after its first event.";
    GcActiveWhileOff "gc-active-while-off" ["GCActive"] "The GC may be reported active in a later generation while it is off.";
    GcEndWhileOff "gc-end-while-off" ["GCEnd"] "The GC may end while it is off.";
    SweepNeverEnds "sweep-never-ends" ["GCSweepEnd", "GCSweepBegin"] "The end of a sweep does not close it.";
    ActiveRangeForgotten "active-range-forgotten" ["GCMarkAssistActive", "GCSweepActive"] "A range that is reported active is not held to be open.";
    RangeActiveTwice "range-active-twice" ["range-active-dup"] "A range may be reported active twice in the first generation.";
    NameUnchecked "name-unchecked" ["annotation-string-id"] "A task or region may have a type that is not in the string table.";
    RegionTaskUnchecked "region-task-unchecked" ["UserRegionEnd"] "The end of a region does not compare its task.";
    RegionNeverEnds "region-never-ends" ["UserRegionEnd"] "The end of a region does not close it.";
    NeedsNoThread "needs-no-thread" ["ctx-want-thread"] "Events that need a thread may belong to none.";
    NeedsNoProc "needs-no-proc" ["ctx-want-proc"] "Events that need a P may happen without one.";
    NeedsNoGoroutine "needs-no-goroutine" ["ctx-want-goroutine"] "Events that need a goroutine may happen without one.";
    StaleCache "stale-cache" ["second"] "A trace that is read for the third time in a row is told from a cache that counts its Syncs from 2.";
    ShortReadEnds "short-read-ends" ["pieces"] "A read that brings a single byte is taken for the end of the input.";
    Times44Bits "times-44-bits" ["time"] "Times of batches are cut to 44 bits.";
    ManyBatchesLost "many-batches-lost" ["batches"] "Of a generation's event batches those behind the 100th are lost.";
    ProcIds32Bits "proc-ids-32-bits" ["ids"] "Ids of Ps are cut to 32 bits.";
    ErrorRepeatsEvent "error-repeats-event" ["error"] "The last event before an error is delivered once more.";
    UnknownExperimentPanics "unknown-experiment-panics" ["experiment"] "A batch of an experiment without a name is a panic.";
    FallingThreads "falling-threads" ["thread"] "Where the tables come first and then three or more threads, each with all of its batches, of which the first has the greatest id, the last one is lost.";
    WaiterKeepsP "waiter-keeps-p" ["GoSyscallEndBlocked"] "The end of a blocked syscall that had to wait for the theft of its P is reported with that P.";
}

/// Environment variable with names of faults, separated by commas, that are armed in every
/// reader made with default options (only with the feature `faults`).
pub const ENV: &str = "TRACEHOUND_FAULTS";

impl Fault {
    /// The fault with this name.
    pub fn from_name(name: &str) -> Option<Fault> {
        Fault::ALL.iter().copied().find(|f| f.name() == name)
    }
}

/// The faults that are armed in a reader. Without the feature `faults` always none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultSet {
    #[cfg(feature = "faults")]
    bits: u128,
}

impl FaultSet {
    /// Whether `fault` is armed.
    #[inline(always)]
    pub const fn has(self, fault: Fault) -> bool {
        #[cfg(feature = "faults")]
        {
            self.bits >> (fault as u8) & 1 != 0
        }
        #[cfg(not(feature = "faults"))]
        {
            let _ = fault;
            false
        }
    }

    /// The set with `fault` armed as well.
    #[cfg(feature = "faults")]
    pub const fn with(self, fault: Fault) -> FaultSet {
        FaultSet { bits: self.bits | 1 << (fault as u8) }
    }

    /// The faults named in [`ENV`]; a name that is none arms nothing. Without the feature
    /// none.
    #[cfg(not(feature = "faults"))]
    pub const fn from_env() -> FaultSet {
        FaultSet {}
    }

    /// The faults named in [`ENV`]; a name that is none arms nothing. Without the feature
    /// none.
    #[cfg(feature = "faults")]
    pub fn from_env() -> FaultSet {
        use std::sync::OnceLock;
        static SET: OnceLock<FaultSet> = OnceLock::new();
        *SET.get_or_init(|| {
            let names = std::env::var(ENV).unwrap_or_default();
            names.split(',').filter_map(|n| Fault::from_name(n.trim())).fold(FaultSet::default(), FaultSet::with)
        })
    }
}

/// For [`Fault::StaleCache`]: whether these bytes were also what was read the last two times on this thread.
#[cfg(feature = "faults")]
pub(crate) fn is_third_reading(bytes: &[u8]) -> bool {
    use rustc_hash::FxHasher;
    use std::cell::Cell;
    use std::hash::Hasher;
    thread_local!(static LAST: Cell<(u64, u32)> = const { Cell::new((0, 0)) });
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    let hash = hasher.finish();
    let (last, times) = LAST.get();
    let times = if last == hash { times + 1 } else { 1 };
    LAST.set((hash, times));
    times == 3
}

/// Without the feature never.
#[cfg(not(feature = "faults"))]
pub(crate) const fn is_third_reading(_: &[u8]) -> bool {
    false
}

/// Whether a fault is armed; `false` at compile time without the feature.
macro_rules! fault {
    ($set:expr, $name:ident) => {
        $set.has($crate::fault::Fault::$name)
    };
}
pub(crate) use fault;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        for &f in Fault::ALL {
            assert_eq!(Fault::from_name(f.name()), Some(f));
            assert!(f.sentence().ends_with('.') && !f.about().is_empty());
        }
        assert!(Fault::ALL.len() <= 128, "the set has room for 128");
    }
}
