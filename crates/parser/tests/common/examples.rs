//! One refused trace for each reject rule.

use super::{Ev, Made, hex26};
use tracehound_parser::Release;
use tracehound_wire::{EventType::*, NONE_ID, RejectRule, Version};

const P1: Ev<'static> = (ProcStatus, &[0, 1]);
const G1: Ev<'static> = (GoStatus, &[1, 5, 2]);

/// Thread 5 with P 0 and goroutine 1, then these events.
pub fn base(more: &[Ev<'_>]) -> Vec<u8> {
    made(more).bytes()
}

fn made(more: &[Ev<'_>]) -> Made {
    m5(&[&[P1, G1], more].concat())
}

fn m5(events: &[Ev<'_>]) -> Made {
    Made::v26().m(5, 10, events)
}

/// The spec's base, then generation 2 with these events of the same thread.
fn second(first: &[Ev<'_>], events: &[Ev<'_>]) -> Vec<u8> {
    made(first).next().m(5, 100, events).bytes()
}

pub fn header(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn strings(payload: &[u8]) -> Vec<u8> {
    Made::v26().data(NONE_ID, payload).bytes()
}

pub fn examples() -> Vec<(RejectRule, Release, Vec<u8>)> {
    use RejectRule::*;
    let v25 = || Made::new(Version::Go125);
    let no_m = || Made::v26().m(NONE_ID, 10, &[(ProcStatus, &[1, 3])]);
    let rows: Vec<(RejectRule, Vec<u8>)> = vec![
        (HeaderMalformed, header("go 1.26 trace\0\0x")),
        (HeaderVersionUnsupported, header("go 1.24 trace\0\0\0")),
        (BatchExpected, hex26("09")),
        (BatchHeaderVarint, hex26("0101")),
        (BatchTooLarge, hex26("01010101818004")),
        (BatchBodyTruncated, hex26("0101010105")),
        (GenZero, hex26("0100010100")),
        (GenOutOfOrder, {
            let mut t = v25().m(5, 10, &[P1]);
            t.generation = 3;
            t.m(5, 10, &[P1]).cut()
        }),
        (GenInterleaved, {
            let mut t = m5(&[P1]);
            t.generation = 2;
            t.m(5, 10, &[P1]).bytes()
        }),
        (GenIncomplete, hex26("0101010100")),
        (EogInOldBatch, v25().data(5, &[52]).cut()),
        (FreqMissing, hex26("34")),
        (ClockMissing, Made::bare(Version::Go126).data(NONE_ID, &[50, 8, 1]).bytes()),
        (FreqDuplicate, Made::v26().data(NONE_ID, &[50, 8, 1]).bytes()),
        (ClockDuplicate, Made::v26().data(NONE_ID, &[50, 51, 1, 1, 1, 1]).bytes()),
        (SyncBadEntry, Made::bare(Version::Go126).data(NONE_ID, &[50, 9]).bytes()),
        (StringsBadEntry, strings(&[4, 9])),
        (StringTooLong, strings(&[4, 5, 1, 0x81, 8])),
        (StringTruncated, strings(&[4, 5, 1, 5, 0x41])),
        (StringDuplicateId, strings(&[4, 5, 1, 0, 5, 1, 0])),
        (StacksBadEntry, strings(&[2, 9])),
        (StackTooDeep, strings(&[2, 3, 1, 0x81, 1])),
        (StackFrameVarint, strings(&[2, 3, 1, 1, 1, 1])),
        (StackDuplicateId, strings(&[2, 3, 1, 0, 3, 1, 0])),
        (CpuSamplesBadEntry, strings(&[6, 9])),
        (StructVarint, strings(&[4, 5, 0x80])),
        (StackFuncStringMissing, Made::v26().stacks(&[(1, 1, 9, 0, 0)]).bytes()),
        (StackFileStringMissing, Made::v26().stacks(&[(1, 1, 0, 9, 0)]).bytes()),
        (EventTypeRange, Made::v26().data(5, &[137]).bytes()),
        (EventUntimed, Made::v26().data(5, &[3]).bytes()),
        (EventDtVarint, Made::v26().data(5, &[11]).bytes()),
        (EventArgVarint, Made::v26().data(5, &[10, 1, 0]).bytes()),
        (EventUnorderable, Made::v26().data(5, &[51, 1, 1, 1, 1]).bytes()),
        (EventStackId, base(&[(GoBlock, &[0, 9])])),
        (EventStringId, base(&[(GoBlock, &[9, 0])])),
        (AnnotationStringId, base(&[(UserTaskBegin, &[1, 0, 9, 0])])),
        (CtxWantThread, Made::v26().m(NONE_ID, 10, &[(GoCreateSyscall, &[1])]).bytes()),
        (CtxWantProc, m5(&[(GoCreate, &[1, 0, 0])]).bytes()),
        (CtxWantGoroutine, m5(&[P1, (GoStop, &[0, 0])]).bytes()),
        (CtxUnwantedGoroutine, base(&[(GoCreateSyscall, &[7])])),
        (ProcStatusInvalid, m5(&[(ProcStatus, &[0, 5])]).bytes()),
        (ProcStatusInconsistent, m5(&[P1, (ProcStatus, &[0, 2])]).bytes()),
        (ProcAbandonedUnbound, Made::v26().m(NONE_ID, 10, &[(ProcStatus, &[0, 3]), (ProcStatus, &[0, 4])]).bytes()),
        (ProcStopUnknown, m5(&[(ProcStop, &[])]).bytes()),
        (ProcStopState, m5(&[P1, (ProcStop, &[])]).m(6, 10, &[P1]).m(6, 20, &[(ProcStop, &[])]).bytes()),
        (ProcStealSelfMismatch, m5(&[P1, (ProcStatus, &[1, 3]), P1, (ProcSteal, &[1, 1, 5])]).bytes()),
        (ProcStealUnknownThread, no_m().m(5, 20, &[(ProcSteal, &[1, 1, 77])]).bytes()),
        (ProcStealWrongProc, no_m().m(6, 15, &[(ProcStatus, &[2, 2])]).m(5, 20, &[(ProcSteal, &[1, 1, 6])]).bytes()),
        (GoStatusInvalid, m5(&[(GoStatus, &[1, 5, 5])]).bytes()),
        (GoStatusInconsistent, m5(&[G1, (GoStatus, &[1, 5, 1])]).bytes()),
        (GoStatusLate, second(&[], &[P1, G1, (GoStatus, &[9, 5, 1])])),
        (GoStatusSyscallNoThread, m5(&[(GoStatus, &[1, NONE_ID, 3])]).bytes()),
        (GoStatusSyscallThreadMismatch, made(&[]).m(6, 20, &[(GoStatus, &[2, 5, 3])]).bytes()),
        (GoCreateExists, base(&[(GoCreate, &[1, 0, 0])])),
        (GoNotRunning, m5(&[P1, (GoStatus, &[1, 5, 3]), (GoStop, &[0, 0])]).bytes()),
        (
            GoUnknown,
            made(&[(GoDestroy, &[])])
                .m(6, 8, &[(ProcStatus, &[1, 1]), (GoStatus, &[1, 6, 2])])
                .m(6, 20, &[(GoDestroy, &[])])
                .bytes(),
        ),
        (GoNotInSyscall, base(&[(GoSyscallEnd, &[])])),
        (SyscallBeginSeq, base(&[(GoSyscallBegin, &[2, 0])])),
        (SyscallEndProcState, m5(&[P1, (GoStatus, &[1, 5, 3]), (GoSyscallEnd, &[])]).bytes()),
        (DestroySyscallProcState, m5(&[P1, (GoStatus, &[1, 5, 3]), (GoDestroySyscall, &[])]).bytes()),
        (GcActiveNotFirst, m5(&[(GCBegin, &[1, 0]), (GCActive, &[2])]).bytes()),
        (GcActiveNotRunning, second(&[(GCBegin, &[1, 0]), (GCEnd, &[2])], &[P1, G1, (GCActive, &[3])])),
        (GcBeginRunning, base(&[(GCBegin, &[1, 0]), (GCBegin, &[2, 0])])),
        (GcEndNotRunning, base(&[(GCBegin, &[1, 0]), (GCEnd, &[2]), (GCEnd, &[3])])),
        (GcEndUndetermined, base(&[(GCEnd, &[1])])),
        (RangeBeginDup, base(&[(GCMarkAssistBegin, &[0]), (GCMarkAssistBegin, &[0])])),
        (RangeActiveDup, base(&[(GCMarkAssistActive, &[1]), (GCMarkAssistActive, &[1])])),
        (RangeActiveMissing, second(&[], &[P1, G1, (GCMarkAssistActive, &[1])])),
        (RangeEndMissing, base(&[(GCMarkAssistEnd, &[])])),
        (RangeUnknownGoroutine, base(&[(GCMarkAssistActive, &[9])])),
        (RangeUnknownProc, base(&[(GCSweepActive, &[9])])),
        (TaskIdConflict, base(&[(UserTaskBegin, &[1, 0, 0, 0]), (UserTaskBegin, &[1, 0, 0, 0])])),
        (RegionMismatch, base(&[(UserRegionBegin, &[1, 0, 0]), (UserRegionEnd, &[2, 0, 0])])),
        (
            RegionUnknownGoroutine,
            made(&[(GoDestroy, &[])])
                .m(6, 8, &[(ProcStatus, &[1, 1]), (GoStatus, &[1, 6, 2])])
                .m(6, 20, &[(UserRegionBegin, &[1, 0, 0])])
                .bytes(),
        ),
        (Stuck, base(&[(GoUnblock, &[9, 1, 0])])),
    ];
    let mut rows: Vec<_> = rows.into_iter().map(|(rule, bytes)| (rule, Release::Go127, bytes)).collect();
    rows.push((FrontierEmpty, Release::Go124, Made::new(Version::Go123).cut()));
    rows
}
