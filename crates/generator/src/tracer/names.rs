//! Strings that the runtime itself writes: reasons, labels, kinds of world stops
//! (`runtime/traceruntime.go`, `runtime/proc.go`, `runtime/mgc.go`, Go 1.27.3).

macro_rules! names {
    ($( $variant:ident $text:literal; )*) => {
        /// A string of the runtime's; the number is its content id in every history.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(dead_code)] // some are only reached by number
        #[repr(u32)]
        pub(crate) enum Name { Empty, $($variant,)* }

        /// Texts by content id.
        pub(crate) const TEXTS: &[&str] = &["", $($text),*];
    };
}

names! {
    NotWorker "Not worker";
    Dedicated "GC (dedicated)";
    Fractional "GC (fractional)";
    IdleWorker "GC (idle)";
    Unspecified "unspecified";
    Forever "forever";
    Network "network";
    Select "select";
    CondWait "sync.(*Cond).Wait";
    Sync "sync";
    ChanSend "chan send";
    ChanReceive "chan receive";
    AssistWait "GC mark assist wait for work";
    SweeperWait "GC background sweeper wait";
    SystemWait "system goroutine wait";
    Preempted "preempted";
    DebugCall "wait for debug call";
    UntilGcEnds "wait until GC ends";
    Sleep "sleep";
    WeakToStrong "GC weak to strong wait";
    Synctest "synctest";
    Gosched "runtime.Gosched";
    StartTrace "start trace";
    SweepTermination "GC sweep termination";
    MarkTermination "GC mark termination";
    Gomaxprocs "GOMAXPROCS";
    ReadMemStats "read mem stats";
    GoroutineProfile "goroutine profile";
    GoroutineProfileCleanup "goroutine profile cleanup";
    AllStacks "all goroutines stack trace";
    HeapDump "write heap dump";
    AllThreadsSyscall "AllThreadsSyscall";
    StopTrace "stop trace";
    CountPagesInUse "CountPagesInUse (test)";
    ReadMetricsSlow "ReadMetricsSlow (test)";
    ReadMemStatsSlow "ReadMemStatsSlow (test)";
    PageCacheLeaked "PageCachePagesLeaked (test)";
    ResetDebugLog "ResetDebugLog (test)";
    UnknownStop "unknown";
    MainFunc "main.main";
    WorkFunc "main.work";
    LoopFunc "main.(*pool).loop";
    ParkFunc "runtime.gopark";
    SyscallFunc "syscall.Syscall6";
    MainFile "/home/user/app/main.go";
    PoolFile "/home/user/app/pool.go";
    ProcFile "/usr/local/go/src/runtime/proc.go";
}

/// Reasons with which a user's goroutine blocks.
pub(crate) const BLOCK_REASONS: [Name; 12] = [
    Name::ChanReceive,
    Name::Network,
    Name::Select,
    Name::CondWait,
    Name::Sync,
    Name::ChanSend,
    Name::SystemWait,
    Name::UntilGcEnds,
    Name::Sleep,
    Name::Forever,
    Name::SweeperWait,
    Name::Unspecified,
];

/// Kinds of world stops that user code or the runtime can ask for at any time.
pub(crate) const STW_KINDS: [Name; 13] = [
    Name::ReadMemStats,
    Name::GoroutineProfile,
    Name::GoroutineProfileCleanup,
    Name::AllStacks,
    Name::HeapDump,
    Name::AllThreadsSyscall,
    Name::CountPagesInUse,
    Name::ReadMetricsSlow,
    Name::ReadMemStatsSlow,
    Name::PageCacheLeaked,
    Name::ResetDebugLog,
    Name::StopTrace,
    Name::UnknownStop,
];

/// Strings that a release registers at the start of each generation, in its order: worker
/// labels, block reasons, stop reasons (those already there share an id).
pub(crate) fn registered(minor: u32) -> impl Iterator<Item = u64> {
    let last = match minor {
        22 => Name::Sleep,
        23 => Name::WeakToStrong,
        _ => Name::Synctest,
    };
    (1..=last as u64).chain([Name::Gosched as u64])
}
