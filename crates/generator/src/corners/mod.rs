//! Named corners: rare shapes that a history can have, each with a detector.
//!
//! A generator that is never seen to reach a corner does not test it. The detectors read only
//! the truth and the trace, so they count what a reader has to cope with. [`Matrix`] counts
//! every event kind with the change of state that it reports.

mod matrix;
mod stream;
mod whole;

pub use matrix::{Change, Matrix};

use crate::history::{ExpectedEvent, History};
use rustc_hash::FxHashMap;
use tracehound_wire::NONE_ID;

macro_rules! corners {
    ($( $variant:ident $name:literal $classes:literal $numbers:tt $about:literal; )*) => {
        /// A named corner.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)] // each is described by `about`
        pub enum Corner { $( $variant, )* }

        impl Corner {
            /// Every corner.
            pub const ALL: &'static [Corner] = &[$(Corner::$variant),*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self { $(Corner::$variant => $name),* }
            }

            /// What it is.
            pub fn about(self) -> &'static str {
                match self { $(Corner::$variant => $about),* }
            }

            /// Which of the runtime model's 55 rare corners it is or belongs to; empty for those that are
            /// only ours.
            pub fn numbers(self) -> &'static [u8] {
                match self { $(Corner::$variant => &$numbers),* }
            }

            /// The syscall families that can have it: `A`, `B` or `AB`.
            pub fn classes(self) -> &'static str {
                match self { $(Corner::$variant => $classes),* }
            }
        }
    };
}

corners! {
    SyscallEndsLater "syscall-ends-later" "AB" [1] "a syscall that kept its P ends in a later generation than it began";
    SafePointInEntry "safe-point-in-entry" "A" [2] "ProcStatus Syscall from a safe point, without the goroutine's status";
    AbandonedPromoted "abandoned-promoted" "AB" [3] "a P known to be in a syscall is announced as abandoned";
    AbandonedRaw "abandoned-raw" "AB" [3] "a P is first mentioned as abandoned";
    AbandonedTwice "abandoned-twice" "AB" [4] "an abandoned P is announced as abandoned in a later generation";
    StoleThenSwitched "stole-then-switched" "B" [5] "a generation begins between the theft of the old P and its start";
    StartedThenSwitched "started-then-switched" "A" [6] "a generation begins between ProcStart and GoSyscallEndBlocked";
    StoleStartedThenSwitched "stole-started-then-switched" "A" [7] "the same where the P was stolen first";
    BorrowInSyscall "borrow-in-syscall" "AB" [8] "a P is borrowed inside a blocking syscall";
    BorrowLater "borrow-later" "A" [8] "a P is borrowed inside a blocking syscall that began a generation before";
    BorrowBare "borrow-bare" "AB" [9] "a P that was just stolen is borrowed by a bare thread";
    BorrowToWake "borrow-to-wake" "AB" [] "an idle P is borrowed by a thread that has just woken a goroutine without one";
    BorrowAcross "borrow-across" "AB" [] "a generation begins while a P is borrowed";
    SelfSteal "self-steal" "A" [] "a thread steals its own P";
    SelfStealNoProc "self-steal-no-proc" "A" [10] "a thread steals its own P and ends its syscall without one";
    PutBack "put-back-in-between" "A" [11] "a thread in a syscall takes its P from a third thread that had it meanwhile";
    StealAbandoned "steal-abandoned" "AB" [12] "a P is stolen that a thread left behind when it ended";
    StealFromNamesake "steal-from-namesake" "AB" [13] "a thread steals a P left behind by an earlier thread of the same id";
    StealAcross "steal-across-generations" "AB" [] "the first mention of a P in a generation is its theft";
    StealOld "steal-old-proc" "AB" [] "a thread that leaves a syscall takes its old P out of another's";
    StealBare "steal-bare" "AB" [] "a thread without P and goroutine steals a P";
    GoroutineReborn "goroutine-reborn" "AB" [14] "the same goroutine id ends and is created again in one generation";
    ThreadReused "thread-reused" "AB" [] "a thread id is used by two Ms in one generation";
    ThreadReusedNoProc "thread-reused-no-proc" "AB" [15] "a thread id is used by a second M in one generation, which has no P";
    ThreadReusedAfterGo "thread-reused-after-go" "AB" [16] "a C thread has the id of a Go thread that has exited";
    CreateWithoutG "create-without-goroutine" "AB" [17] "a goroutine is created by a P that runs none";
    UnblockBare "unblock-bare" "AB" [18] "GoUnblock by a thread without P and goroutine";
    HeapWithoutG "heap-without-goroutine" "AB" [19] "HeapAlloc without a goroutine";
    UnblockInStop "unblock-in-stop" "AB" [20] "the stopper of the world wakes goroutines";
    WorkerWakesAssist "worker-wakes-assist" "AB" [20] "a mark worker wakes a goroutine that waits in an assist";
    UnlockRefused "unlock-refused" "AB" [21] "GoBlock, GoUnblock and GoStart of one goroutine in a row on one thread";
    SuspendedByGc "suspended-by-gc" "AB" [22] "a goroutine is blocked as preempted and woken by another thread";
    AssistWaiting "assist-active-waiting" "AB" [23] "GCMarkAssistActive after a status Waiting";
    AssistRunnable "assist-active-runnable" "AB" [23] "GCMarkAssistActive after a status Runnable";
    AssistMoves "assist-moves" "AB" [23] "a mark assist ends on another thread and in a later generation than it began";
    AssistLate "assist-late" "AB" [] "a mark assist begins after the GC cycle has ended";
    SweepActive "sweep-active" "AB" [24] "a sweep is open across generations";
    SweepOpenAtEnd "sweep-open-at-end" "AB" [25] "the file ends in a sweep";
    AssistOpenAtEnd "assist-open-at-end" "AB" [25] "the file ends in a mark assist";
    GcThreeGenerations "gc-three-generations" "AB" [26] "a GC cycle covers three generations";
    GcAtStart "gc-at-start" "AB" [27] "the trace begins in a GC cycle";
    GcBeginEarly "gc-begin-early" "AB" [51] "other threads run between GCBegin and its stop of the world";
    StopperMoves "stopper-moves" "AB" [28] "GOMAXPROCS takes the stopper's own P away";
    ProcReturns "proc-returns" "AB" [29] "a P that was absent for whole generations comes back";
    ProcLate "proc-late" "AB" [30] "a P is first seen in a later generation";
    ThreadExits "thread-exits" "AB" [31] "a goroutine locked to its thread ends, and the thread with it";
    HandOver "hand-over" "AB" [32] "a locked goroutine gets its thread back by hand-over of a P";
    LabelOther "label-other" "B" [33] "GoLabel of a goroutine that is no mark worker";
    SwitchDestroySilent "switch-destroy-silent" "AB" [34] "a goroutine's only mention in a later generation is its end by a coroutine switch";
    SwitchBackAndForth "switch-back-and-forth" "AB" [35] "two goroutines switch to each other, each with number 1";
    SwitchOnLocked "switch-on-locked-thread" "AB" [] "a goroutine that came to its locked thread by a coroutine switch gets it back by hand-over";
    QuietSyscall "quiet-syscall" "AB" [36] "a syscall over a whole generation is reported by the tracer alone";
    SilentThread "silent-thread" "AB" [36] "a thread in a syscall writes nothing in the whole file";
    NoQuiet "no-quiet" "AB" [37] "a generation without statuses by the tracer";
    LateSession "late-session" "AB" [38] "the first generation's number is above 1";
    MidSession "mid-session" "AB" [38] "the file begins in the middle of a session";
    LateEvents "late-events" "AB" [39] "a thread's event is later in time than one of the next generation";
    OneEvent "one-event" "AB" [40] "a thread with exactly one event in a generation";
    AdvancerAlone "advancer-alone" "AB" [52] "a later generation has events of one thread only";
    SilentGenerations "silent-generations" "AB" [41] "a thread says nothing for whole generations and goes on with its goroutine";
    ManySteals "many-steals" "AB" [42] "a stop of the world steals several Ps";
    StartAfterSwitch "start-after-switch" "AB" [43] "a goroutine is preempted, and its start is a generation's second number";
    YieldOften "yield-often" "AB" [44] "a goroutine starts twice in one generation with only a GoStop in between";
    TaskEndUnknown "task-end-unknown" "AB" [45] "a task ends that nobody began, or again";
    TaskEndsElsewhere "task-ends-elsewhere" "AB" [45] "a task ends on another thread and in a later generation than it began";
    RegionEndUnknown "region-end-unknown" "AB" [45] "a region ends that began before the trace";
    RegionOpenAtDeath "region-open-at-death" "AB" [45] "a goroutine ends in a region";
    LogEmpty "log-empty" "AB" [46] "a log without category or message";
    IdGaps "id-gaps" "AB" [47] "string ids with gaps";
    AllocBeforeStart "alloc-before-start" "AB" [48] "an allocation event on a thread whose P has yet to start";
    DestroyWithProc "destroy-with-proc" "AB" [49] "a C thread's goroutine ends while its P is still there";
    DestroyRobbed "destroy-robbed" "AB" [49] "a C thread's goroutine ends after its P was stolen";
    EndBeforeSteal "end-before-steal" "A" [50] "a syscall's blocked end is written before the theft that it waits for";
    CutAfterStatus "cut-after-status" "AB" [53] "a batch ends between a status and the event that it is for";
    NeverStarted "never-started" "AB" [54] "a goroutine's syscall ends without a P, and it starts two generations later or never";
    CreateThenEnd "create-then-end" "AB" [55] "GoCreateSyscall and GoSyscallEndBlocked with nothing in between";
    CreateThenEndLater "create-then-end-starts-later" "AB" [55] "the same, and the goroutine starts in a later generation";
}

/// Counts of all corners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts(Vec<u64>);

impl Default for Counts {
    fn default() -> Counts {
        Counts(vec![0; Corner::ALL.len()])
    }
}

impl Counts {
    /// How often `corner` occurred.
    pub fn get(&self, corner: Corner) -> u64 {
        self.0[corner as usize]
    }

    /// Adds another part's counts.
    pub fn merge(&mut self, other: &Counts) {
        for (n, more) in self.0.iter_mut().zip(&other.0) {
            *n += more;
        }
    }

    fn add(&mut self, corner: Corner, when: bool) {
        self.0[corner as usize] += u64::from(when);
    }

    /// Adds the corners of one history.
    pub fn count(&mut self, history: &History) {
        let mut streams: FxHashMap<u64, Vec<&ExpectedEvent>> = FxHashMap::default();
        for e in &history.expected().events {
            if !e.derived {
                streams.entry(e.stream).or_default().push(e);
            }
        }
        for (&stream, events) in &streams {
            if stream == NONE_ID {
                self.quiet(events);
            } else {
                self.stream(history, events);
            }
        }
        self.whole(history, &streams);
        self.resources(history);
        self.file(history);
    }
}
