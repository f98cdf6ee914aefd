//! The entries of the reject matrix, rule by rule.

use super::build::{Build, CLOCKS, ev};
use super::{Entry, Sample};
use tracehound_wire::EventType::*;
use tracehound_wire::limits::{MAX_FRAMES, MAX_STRING_LEN};
use tracehound_wire::version::HEADER_LEN;
use tracehound_wire::{Event, Frame, Item, NONE_ID, RejectRule, SyncRecord, Trace, Version};

/// The oldest version, which every reader reads; others only where a rule needs them.
pub(super) const WIRE: Version = Version::Go122;

/// P 0 runs on thread 5.
pub(super) fn p() -> Event {
    ev(ProcStatus, &[0, 1])
}

/// Goroutine 1 runs on thread 5.
pub(super) fn g() -> Event {
    ev(GoStatus, &[1, 5, 2])
}

/// One generation with these events on thread 5.
fn on5(events: &[Event]) -> Trace {
    Build::new(WIRE).m(5, events).end()
}

/// One generation in which thread 5 runs goroutine 1 on P 0 and then does this.
fn running(events: &[Event]) -> Trace {
    on5(&[&[p(), g()], events].concat())
}

/// One generation with a P and one more table, which is these bytes.
fn table(bytes: &[u8]) -> Trace {
    with_p().raw(NONE_ID, bytes).end()
}

/// One generation in which thread 5 has a P; old readers refuse generations without events.
fn with_p() -> Build {
    Build::new(WIRE).m(5, &[p()])
}

/// One generation in which thread 5 takes P 0 and then does what the bytes say.
fn raw(bytes: &[u8]) -> Trace {
    let mut batch = Vec::new();
    p().encode_into(&mut batch);
    batch.extend_from_slice(bytes);
    Build::new(WIRE).raw(5, &batch).end()
}

/// One generation of the first version with a clock snapshot, and these clocks.
fn sync(records: &[SyncRecord]) -> Trace {
    Build::bare(Version::Go125).sync(records).m(5, &[p()]).end()
}

/// One generation with a P, and these clocks.
fn frequencies(count: usize) -> Trace {
    (0..count).fold(Build::bare(WIRE), |b, _| b.sync(&CLOCKS[..1])).m(5, &[p()]).end()
}

fn strings(strings: &[(u64, &[u8])]) -> Trace {
    with_p().strings(strings).end()
}

fn stacks(stacks: &[(u64, &[Frame])]) -> Trace {
    with_p().stacks(stacks).end()
}

/// A trace with these bytes at its end, where readers of old versions find out about them
/// after everything else.
fn tail(bytes: &[u8]) -> Trace {
    with_p().item(Item::Bytes(bytes.to_vec())).end()
}

/// Threads 5 and 6 both come to hold goroutine 1, which no runtime does.
fn shared_goroutine() -> Build {
    Build::new(WIRE).m(5, &[p(), g()]).m(6, &[ev(ProcStatus, &[1, 1]), ev(GoStatus, &[1, 6, 2])]).next(2)
}

const FRAME: Frame = Frame { pc: 1, func: 0, file: 0, line: 1 };

/// All entries but those for old readers, in the order of the catalogue.
pub(super) fn all() -> Vec<Entry> {
    [headers(), container(), tables(), events(), context(), procs(), goroutines(), ranges(), annotations()].concat()
}

pub(super) fn entry(rule: RejectRule, reject: Trace, neighbour: Trace, edit: &'static str) -> Entry {
    Entry { rule, reject: Sample::Trace(reject), neighbour: Sample::Trace(neighbour), edit }
}

fn headers() -> Vec<Entry> {
    let with = |header: &[u8]| {
        let bytes = with_p().end().to_bytes();
        Sample::Bytes([header, &bytes[HEADER_LEN..]].concat())
    };
    let of = |rule, header: &[u8], edit| Entry { rule, reject: with(header), neighbour: with(&WIRE.header()), edit };
    vec![
        of(RejectRule::HeaderMalformed, b"go 1.22 trace\0\0x", "the header's last byte becomes NUL"),
        of(RejectRule::HeaderVersionUnsupported, b"go 1.24 trace\0\0\0", "1.24 becomes 1.22"),
    ]
}

fn container() -> Vec<Entry> {
    use RejectRule::*;
    let first = |version| Build::new(version).m(5, &[p()]);
    let marked = Version::Go126;
    vec![
        entry(BatchExpected, tail(&[9]), tail(&[]), "the last byte is left out"),
        entry(BatchHeaderVarint, tail(&[1, 1, 5]), tail(&[1, 1, 5, 10, 0]), "the last batch's header is completed"),
        entry(
            BatchTooLarge,
            tail(&[1, 1, 5, 10, 0x81, 0x80, 4]),
            tail(&[1, 1, 5, 10, 0]),
            "the last batch's size becomes 0",
        ),
        entry(BatchBodyTruncated, tail(&[1, 1, 5, 10, 1]), tail(&[1, 1, 5, 10, 0]), "the last batch's size becomes 0"),
        entry(
            GenZero,
            first(WIRE).generation(0).m(6, &[]).end(),
            first(WIRE).generation(1).m(6, &[]).end(),
            "the last batch's generation becomes 1",
        ),
        entry(
            GenOutOfOrder,
            first(WIRE).generation(3).clocks().m(5, &[p()]).end(),
            first(WIRE).generation(2).clocks().m(5, &[p()]).end(),
            "generation 3 becomes 2",
        ),
        entry(
            GenInterleaved,
            first(marked).generation(2).clocks().end(),
            first(marked).next(2).end(),
            "the first generation gets its end marker",
        ),
        entry(GenIncomplete, first(marked).cut(), first(marked).end(), "the generation gets its end marker"),
        entry(EogInOldBatch, with_p().raw(6, &[52]).end(), with_p().raw(6, &[]).end(), "the batch is empty"),
    ]
}

fn tables() -> Vec<Entry> {
    use RejectRule::*;
    let [frequency, clock] = CLOCKS;
    let long = |n: u64| vec![b'x'; n as usize];
    let deep = |n: u64| vec![FRAME; n as usize];
    vec![
        entry(FreqMissing, frequencies(0), frequencies(1), "the frequency is there"),
        entry(ClockMissing, sync(&[frequency]), sync(&[frequency, clock]), "the clock snapshot is there"),
        entry(FreqDuplicate, frequencies(2), frequencies(1), "the second frequency is left out"),
        entry(
            ClockDuplicate,
            sync(&[frequency, clock, clock]),
            sync(&[frequency, clock]),
            "the second clock snapshot is left out",
        ),
        entry(
            SyncBadEntry,
            Build::new(Version::Go125).m(5, &[p()]).raw(NONE_ID, &[50, 9]).end(),
            Build::new(Version::Go125).m(5, &[p()]).raw(NONE_ID, &[50]).end(),
            "the stray byte is left out",
        ),
        entry(StringsBadEntry, table(&[4, 9]), table(&[4]), "the stray byte is left out"),
        entry(
            StringTooLong,
            strings(&[(1, &long(MAX_STRING_LEN + 1))]),
            strings(&[(1, &long(MAX_STRING_LEN))]),
            "the string is one byte shorter",
        ),
        entry(StringTruncated, table(&[4, 5, 1, 5, b'A']), table(&[4, 5, 1, 1, b'A']), "the string's length becomes 1"),
        entry(
            StringDuplicateId,
            strings(&[(1, b"a"), (1, b"b")]),
            strings(&[(1, b"a"), (2, b"b")]),
            "the second id becomes 2",
        ),
        entry(StacksBadEntry, table(&[2, 9]), table(&[2]), "the stray byte is left out"),
        entry(
            StackTooDeep,
            stacks(&[(1, &deep(MAX_FRAMES + 1))]),
            stacks(&[(1, &deep(MAX_FRAMES))]),
            "the stack has one frame less",
        ),
        entry(
            StackFrameVarint,
            table(&[2, 3, 1, 1, 1, 0, 0]),
            table(&[2, 3, 1, 1, 1, 0, 0, 1]),
            "the frame gets its line",
        ),
        entry(
            StackDuplicateId,
            stacks(&[(1, &[]), (1, &[])]),
            stacks(&[(1, &[]), (2, &[])]),
            "the second id becomes 2",
        ),
        entry(CpuSamplesBadEntry, table(&[6, 9]), table(&[6]), "the stray byte is left out"),
        entry(
            StructVarint,
            table(&[6, 7, 0x80]),
            table(&[6, 7, 0x80, 1, 1, 1, 1, 0]),
            "the sample's numbers are completed",
        ),
        entry(
            StackFuncStringMissing,
            stacks(&[(1, &[Frame { func: 7, ..FRAME }])]),
            stacks(&[(1, &[FRAME])]),
            "the function's string becomes 0",
        ),
        entry(
            StackFileStringMissing,
            stacks(&[(1, &[Frame { file: 7, ..FRAME }])]),
            stacks(&[(1, &[FRAME])]),
            "the file's string becomes 0",
        ),
    ]
}

fn events() -> Vec<Entry> {
    use RejectRule::*;
    vec![
        entry(EventTypeRange, raw(&[137, 1, 1]), raw(&[37, 1, 1]), "type 137 becomes 37"),
        entry(EventUntimed, raw(&[3, 1, 1]), raw(&[37, 1, 1]), "type 3 becomes 37"),
        entry(EventDtVarint, raw(&[37]), raw(&[37, 1, 1]), "the event's numbers are completed"),
        entry(EventArgVarint, raw(&[37, 1]), raw(&[37, 1, 1]), "the event's argument is there"),
        entry(
            EventUnorderable,
            on5(&[p(), ev(ClockSnapshot, &[1, 1, 0])]),
            on5(&[p()]),
            "the clock snapshot is left out",
        ),
        entry(EventStackId, running(&[ev(GoBlock, &[0, 9])]), running(&[ev(GoBlock, &[0, 0])]), "the stack becomes 0"),
        entry(
            EventStringId,
            running(&[ev(GoBlock, &[9, 0])]),
            running(&[ev(GoBlock, &[0, 0])]),
            "the reason becomes 0",
        ),
        entry(
            AnnotationStringId,
            running(&[ev(UserTaskBegin, &[1, 0, 9, 0])]),
            running(&[ev(UserTaskBegin, &[1, 0, 0, 0])]),
            "the name becomes 0",
        ),
    ]
}

fn context() -> Vec<Entry> {
    use RejectRule::*;
    let create = ev(GoCreateSyscall, &[7]);
    vec![
        entry(
            CtxWantThread,
            Build::new(WIRE).none(&[create]).end(),
            Build::new(WIRE).m(5, &[create]).end(),
            "the batch becomes one of thread 5",
        ),
        entry(CtxWantProc, on5(&[ev(HeapAlloc, &[1])]), on5(&[p(), ev(HeapAlloc, &[1])]), "the thread gets a P"),
        entry(
            CtxWantGoroutine,
            on5(&[p(), ev(GoStop, &[0, 0])]),
            running(&[ev(GoStop, &[0, 0])]),
            "the thread gets a goroutine",
        ),
        entry(CtxUnwantedGoroutine, running(&[create]), on5(&[p(), create]), "the thread has no goroutine"),
    ]
}

fn procs() -> Vec<Entry> {
    use RejectRule::*;
    let in_syscall = ev(ProcStatus, &[1, 3]);
    let both_hold = || Build::new(WIRE).m(5, &[p()]).m(6, &[p()]).next(2).m(5, &[ev(ProcStop, &[])]);
    let victim = |m, holds: &[Event]| {
        let first = Build::new(WIRE).none(&[in_syscall]).m(6, holds).next(2);
        first.none(&[in_syscall]).m(5, &[ev(ProcSteal, &[1, 1, m])]).end()
    };
    vec![
        entry(
            ProcStatusInvalid,
            on5(&[ev(ProcStatus, &[0, 5])]),
            on5(&[ev(ProcStatus, &[0, 4])]),
            "status 5 becomes 4",
        ),
        entry(
            ProcStatusInconsistent,
            on5(&[p(), ev(ProcStatus, &[0, 2])]),
            on5(&[p(), p()]),
            "the second status becomes 1",
        ),
        entry(
            ProcAbandonedUnbound,
            Build::new(WIRE).none(&[in_syscall, ev(ProcStatus, &[1, 4])]).end(),
            on5(&[in_syscall, ev(ProcStatus, &[1, 4])]),
            "the batch becomes one of thread 5, which then holds the P",
        ),
        entry(ProcStopUnknown, on5(&[ev(ProcStop, &[])]), on5(&[p(), ev(ProcStop, &[])]), "the thread gets a P"),
        entry(
            ProcStopState,
            both_hold().m(6, &[ev(ProcStop, &[])]).end(),
            both_hold().end(),
            "the second stop is left out",
        ),
        entry(
            ProcStealSelfMismatch,
            on5(&[in_syscall, p(), ev(ProcSteal, &[1, 1, 5])]),
            on5(&[in_syscall, ev(ProcSteal, &[1, 1, 5])]),
            "the thread does not take another P",
        ),
        entry(
            ProcStealUnknownThread,
            Build::new(WIRE).none(&[in_syscall]).m(5, &[ev(ProcSteal, &[1, 1, 77])]).end(),
            Build::new(WIRE).m(77, &[in_syscall]).m(5, &[ev(ProcSteal, &[1, 1, 77])]).end(),
            "the P's status stands in a batch of thread 77",
        ),
        entry(
            ProcStealWrongProc,
            victim(6, &[ev(ProcStatus, &[2, 1])]),
            victim(6, &[in_syscall]),
            "thread 6 holds P 1 instead of P 2",
        ),
    ]
}

fn goroutines() -> Vec<Entry> {
    use RejectRule::*;
    let in_syscall = ev(GoStatus, &[1, 5, 3]);
    let in_syscall_on = |status, last| on5(&[ev(ProcStatus, &[0, status]), in_syscall, last]);
    let named = |m| {
        let first = Build::new(WIRE).m(5, &[g()]).m(6, &[ev(GoStatus, &[2, 6, 3])]).next(2);
        first.m(6, &[ev(GoStatus, &[2, m, 3])]).end()
    };
    let second = |event| Build::new(WIRE).m(5, &[p(), g()]).next(2).m(5, &[event]).end();
    let destroy = ev(GoDestroy, &[]);
    vec![
        entry(
            GoStatusInvalid,
            on5(&[ev(GoStatus, &[1, 5, 5])]),
            on5(&[ev(GoStatus, &[1, 5, 4])]),
            "status 5 becomes 4",
        ),
        entry(
            GoStatusInconsistent,
            on5(&[g(), ev(GoStatus, &[1, 5, 1])]),
            on5(&[g(), g()]),
            "the second status becomes 2",
        ),
        entry(GoStatusLate, second(ev(GoStatus, &[9, 5, 2])), second(g()), "goroutine 9 becomes 1"),
        entry(
            GoStatusSyscallNoThread,
            on5(&[ev(GoStatus, &[1, NONE_ID, 3])]),
            on5(&[in_syscall]),
            "the thread becomes 5",
        ),
        entry(GoStatusSyscallThreadMismatch, named(5), named(6), "thread 5 becomes 6"),
        entry(
            GoCreateExists,
            running(&[ev(GoCreate, &[1, 0, 0])]),
            running(&[ev(GoCreate, &[2, 0, 0])]),
            "the new goroutine becomes 2",
        ),
        entry(
            GoNotRunning,
            on5(&[p(), in_syscall, ev(GoStop, &[0, 0])]),
            running(&[ev(GoStop, &[0, 0])]),
            "the goroutine is running, not in a syscall",
        ),
        entry(
            GoUnknown,
            shared_goroutine().m(5, &[destroy]).m(6, &[destroy]).end(),
            shared_goroutine().m(5, &[destroy]).end(),
            "the second death is left out",
        ),
        entry(
            GoNotInSyscall,
            running(&[ev(GoSyscallEnd, &[])]),
            running(&[ev(GoSyscallBegin, &[1, 0]), ev(GoSyscallEnd, &[])]),
            "the syscall begins first",
        ),
        entry(
            SyscallBeginSeq,
            running(&[ev(GoSyscallBegin, &[2, 0])]),
            running(&[ev(GoSyscallBegin, &[1, 0])]),
            "number 2 becomes 1",
        ),
        entry(
            SyscallEndProcState,
            in_syscall_on(1, ev(GoSyscallEnd, &[])),
            in_syscall_on(3, ev(GoSyscallEnd, &[])),
            "the P is in a syscall",
        ),
        entry(
            DestroySyscallProcState,
            in_syscall_on(1, ev(GoDestroySyscall, &[])),
            in_syscall_on(3, ev(GoDestroySyscall, &[])),
            "the P is in a syscall",
        ),
    ]
}

fn ranges() -> Vec<Entry> {
    use RejectRule::*;
    let (begin, end) = (|n| ev(GCBegin, &[n, 0]), |n| ev(GCEnd, &[n]));
    let (assist, ended, active) = (ev(GCMarkAssistBegin, &[0]), ev(GCMarkAssistEnd, &[]), ev(GCMarkAssistActive, &[1]));
    let after =
        |first: &[Event], second| Build::new(WIRE).m(5, &[&[p(), g()], first].concat()).next(2).m(5, &[second]).end();
    vec![
        entry(
            GcActiveNotFirst,
            running(&[begin(1), ev(GCActive, &[2])]),
            running(&[begin(1)]),
            "the report is left out",
        ),
        entry(
            GcActiveNotRunning,
            after(&[begin(1), end(2)], ev(GCActive, &[3])),
            after(&[begin(1), end(2)], begin(3)),
            "the GC begins instead",
        ),
        entry(GcBeginRunning, running(&[begin(1), begin(2)]), running(&[begin(1), end(2)]), "the GC ends instead"),
        entry(
            GcEndNotRunning,
            running(&[begin(1), end(2), end(3)]),
            running(&[begin(1), end(2), begin(3)]),
            "the GC begins instead",
        ),
        entry(GcEndUndetermined, running(&[end(1)]), running(&[begin(1)]), "the GC begins instead"),
        entry(RangeBeginDup, running(&[assist, assist]), running(&[assist]), "the second beginning is left out"),
        entry(RangeActiveDup, running(&[active, active]), running(&[active]), "the second report is left out"),
        entry(
            RangeActiveMissing,
            after(&[], active),
            after(&[assist], active),
            "the assist begins in the first generation",
        ),
        entry(RangeEndMissing, running(&[ended]), running(&[assist, ended]), "the assist begins first"),
        entry(
            RangeUnknownGoroutine,
            running(&[ev(GCMarkAssistActive, &[9])]),
            running(&[active]),
            "goroutine 9 becomes 1",
        ),
        entry(
            RangeUnknownProc,
            running(&[ev(GCSweepActive, &[9])]),
            running(&[ev(GCSweepActive, &[0])]),
            "P 9 becomes 0",
        ),
    ]
}

fn annotations() -> Vec<Entry> {
    use RejectRule::*;
    let task = |id| ev(UserTaskBegin, &[id, 0, 0, 0]);
    let (open, close) = (ev(UserRegionBegin, &[1, 0, 0]), |task| ev(UserRegionEnd, &[task, 0, 0]));
    let region = |destroy: &[Event]| shared_goroutine().m(5, destroy).next(3).m(6, &[open]).end();
    let unblock = ev(GoUnblock, &[9, 1, 0]);
    vec![
        entry(TaskIdConflict, running(&[task(1), task(1)]), running(&[task(1), task(2)]), "the second task becomes 2"),
        entry(RegionMismatch, running(&[open, close(2)]), running(&[open, close(1)]), "task 2 becomes 1"),
        entry(
            RegionUnknownGoroutine,
            region(&[ev(HeapAlloc, &[1]), ev(GoDestroy, &[])]),
            region(&[ev(HeapAlloc, &[1])]),
            "the goroutine does not die",
        ),
        entry(
            Stuck,
            running(&[unblock]),
            running(&[ev(GoStatus, &[9, NONE_ID, 4]), unblock]),
            "goroutine 9 is known to wait",
        ),
    ]
}
