//! Emission faults: what a runtime wrote, or could write, although it is wrong.
//!
//! Each is a switch of the model or the tracer, off by default, and armed only through
//! [`Config::fault`](crate::Config): nothing that a source says can arm one. A trace
//! written under a fault is not always illegal, since the fault must first meet its
//! trigger; [`History::fault_hits`](crate::History) counts how often it did.

use std::fmt;
use std::str::FromStr;

macro_rules! faults {
    ($( $(#[$doc:meta])* $variant:ident $name:literal [$($of:literal),*] $law:expr; )*) => {
        /// One emission fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EmissionFault { $( $(#[$doc])* $variant, )* }

        impl EmissionFault {
            /// Every fault.
            pub const ALL: &'static [EmissionFault] = &[$(EmissionFault::$variant),*];

            /// Its name in options and replay strings.
            pub fn name(self) -> &'static str {
                match self { $(EmissionFault::$variant => $name),* }
            }

            /// What the fault is about: the events that are written wrongly, those at which that shows first, or the rules that
            /// they break. An explanation of a trace with the fault has to name one of these.
            pub fn about(self) -> &'static [&'static str] {
                match self { $(EmissionFault::$variant => &[$($of),*]),* }
            }

            /// The law of emission that it breaks.
            pub fn law(self) -> &'static str {
                match self { $(EmissionFault::$variant => $law),* }
            }
        }
    };
}

const OWN_NUMBER: &str = "the numbers of one resource and generation are 1, 2, 3 ... in the order of what happened";
const STATUS_TRUE: &str = "a status says the state that the resource has when the section begins";
const STATUS_ONCE: &str = "each resource has exactly one status or creation per generation, before all else";
const ATOMIC: &str = "a change of state and its event belong to one generation";
const RANGE: &str = "a range is announced as active if and only if it is open";
const EVENT: &str = "every change of state is written";
const STRUCTURE: &str = "a generation is complete: sync data, tables, end";

faults! {
    /// The state before Go 1.22's release: `entersyscall_gcwait` writes `ProcStop` where it
    /// took the P back from whoever had it (classes A only).
    GcWaitProcStop "gcwait-proc-stop" ["ProcStop"] "a P that leaves a syscall by theft is stolen by number, from the thread that has it";
    /// `GoSyscallBegin` does not advance the P's number.
    SyscallBeginNumber "syscall-begin-number" ["GoSyscallBegin"] OWN_NUMBER;
    /// Numbers go on from one generation to the next instead of starting over.
    NumbersKept "numbers-kept" ["g_seq", "p_seq"] OWN_NUMBER;
    /// The GC's numbers start over in each generation.
    GcNumbersReset "gc-numbers-reset" ["GCActive", "GCBegin", "GCEnd"] OWN_NUMBER;
    /// The status of a P in a syscall says that it runs (Go issue 64318).
    SyscallProcRunning "syscall-proc-running" ["ProcStatus"] STATUS_TRUE;
    /// A goroutine that helps to mark is formally waiting, and its status says so.
    AssistReportedWaiting "assist-reported-waiting" ["GoStatus", "GoStatusStack"] STATUS_TRUE;
    /// A quiet goroutine in a syscall is reported with the runtime's own M number for a thread id (Go issue 65196).
    QuietThreadId "quiet-thread-id" ["GoStatus", "GoStatusStack"] STATUS_TRUE;
    /// A wake-up is written before the goroutine changes state, and the generation changes in between (1.22).
    WakeBeforeChange "wake-before-change" ["GoUnblock", "GoStatus", "GoStatusStack"] ATOMIC;
    /// A theft is written into the generation before the one in which it happened (1.22 to 1.25).
    StealInOldGeneration "steal-in-old-generation" ["ProcSteal"] ATOMIC;
    /// `entersyscallblock` is split by a generation switch, and the P is reported running (1.22 to 1.25).
    BlockingEntrySplit "blocking-entry-split" ["ProcStatus"] ATOMIC;
    /// A thread borrows a P inside a blocking syscall, and its goroutine is reported running (1.22 to 1.25).
    BorrowReportedRunning "borrow-reported-running" ["GoStatus", "GoStatusStack"] STATUS_TRUE;
    /// A P that comes back to life counts as announced in every generation (1.22 to 1.25).
    RebornProcSilent "reborn-proc-silent" ["ProcStart", "ProcStatus"] STATUS_ONCE;
    /// A goroutine that the GC suspends has left its M before its status is written (up to 1.25).
    SuspendedSilent "suspended-silent" ["GoStatus", "GoStatusStack"] STATUS_ONCE;
    /// A goroutine is announced again by whoever wakes it.
    StatusRepeated "status-repeated" ["GoStatus", "GoStatusStack"] STATUS_ONCE;
    /// An idle P is not announced in later generations.
    IdleProcSilent "idle-proc-silent" ["ProcStart", "ProcStatus"] STATUS_ONCE;
    /// A thread for C code writes its old P's status before its goroutine's creation (up to 1.25 a crash).
    CreateSyscallAnnouncesProc "create-syscall-announces-proc" ["ProcStatus"] STATUS_TRUE;
    /// A thread for C code takes its old P back without a word.
    CreateSyscallKeepsProc "create-syscall-keeps-proc" ["GoSyscallEnd", "GoCreateSyscall"] EVENT;
    /// A P that was in another thread's syscall in between counts as never lost.
    TickNotBumped "tick-not-bumped" ["ProcSteal", "GoSyscallEnd"] EVENT;
    /// A P goes to a locked M without having been stopped.
    HandOverWithoutStop "hand-over-without-stop" ["ProcStop", "ProcStart", "ProcStatus", "ctx-want-proc"] EVENT;
    /// Some wake-ups are not written.
    WakeLost "wake-lost" ["GoUnblock", "GoStart", "GoStatus", "GoStatusStack"] EVENT;
    /// Coroutine switches are not written (as in 1.22).
    SwitchUntraced "switch-untraced" ["GoSwitch", "GoStart", "GoStatus", "GoStatusStack"] EVENT;
    /// A mark assist that is over is still announced.
    AssistActiveStale "assist-active-stale" ["GCMarkAssistActive"] RANGE;
    /// A P that may sweep is announced as sweeping.
    SweepActiveEarly "sweep-active-early" ["GCSweepActive"] RANGE;
    /// What a dead thread has left behind is queued after the batches of the next thread with its id.
    LeftoverBatchLate "leftover-batch-late" ["batch"] "the batches of one thread id stand in the order of what happened";
    /// A generation has no sync data.
    SyncMissing "sync-missing" ["freq-missing"] STRUCTURE;
    /// The last generation has no tables (Go issue 74054).
    TablesMissing "tables-missing" ["event-stack-id", "event-string-id", "annotation-string-id"] STRUCTURE;
    /// The end of a generation is not marked (1.26 and later).
    EndMissing "end-missing" ["gen-incomplete", "gen-interleaved"] STRUCTURE;
}

impl fmt::Display for EmissionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for EmissionFault {
    type Err = String;

    fn from_str(s: &str) -> Result<EmissionFault, String> {
        EmissionFault::ALL
            .iter()
            .copied()
            .find(|f| f.name() == s)
            .ok_or_else(|| format!("no emission fault is called {s:?}"))
    }
}
