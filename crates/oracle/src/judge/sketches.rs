//! Small legal traces with everything that generated histories may lack, for tests.

use super::matrix::build::{Build, ev};
use tracehound_wire::EventType::*;
use tracehound_wire::{CpuSample, Frame, NONE_ID, Trace, Version};

const FRAME: Frame = Frame { pc: 0x1000, func: 1, file: 2, line: 7 };

/// Two threads, a GC over two generations, a stop of the world, assists and sweeps, tasks,
/// regions and logs, strings, stacks and samples.
pub(super) fn rich(version: Version) -> Trace {
    let tables = |b: Build| {
        b.strings(&[(1, b"main.f"), (2, b"f.go"), (3, b"io"), (4, b"cpu"), (5, b"GC sweep termination")])
            .stacks(&[(1, &[FRAME]), (2, &[FRAME, Frame { pc: 0x2000, ..FRAME }])])
            .samples(&[CpuSample { time: 12, m: 5, p: 0, g: 1, stack: 1 }])
    };
    let first = Build::new(version)
        .m(
            5,
            &[
                ev(ProcStatus, &[0, 1]),
                ev(GoStatus, &[1, 5, 2]),
                ev(ProcsChange, &[2, 1]),
                ev(UserTaskBegin, &[1, 0, 3, 1]),
                ev(UserRegionBegin, &[1, 3, 1]),
                ev(UserRegionBegin, &[2, 4, 1]),
                ev(UserLog, &[1, 3, 4, 2]),
                ev(UserRegionEnd, &[2, 4, 0]),
                ev(GoLabel, &[4]),
                ev(GCBegin, &[1, 2]),
                ev(STWBegin, &[5, 1]),
                ev(HeapAlloc, &[100]),
                ev(HeapGoal, &[200]),
                ev(STWEnd, &[]),
                ev(GoCreate, &[2, 1, 2]),
                ev(GCMarkAssistBegin, &[1]),
                ev(HeapAlloc, &[120]),
                ev(GCMarkAssistEnd, &[]),
                ev(GCSweepBegin, &[1]),
                ev(GCSweepEnd, &[64, 32]),
                ev(GoSyscallBegin, &[1, 1]),
                ev(GoSyscallEnd, &[]),
                ev(GoBlock, &[3, 1]),
                ev(ProcStop, &[]),
                ev(ProcStart, &[0, 2]),
                ev(GoStart, &[2, 1]),
            ],
        )
        .m(
            6,
            &[
                ev(ProcStatus, &[1, 2]),
                ev(ProcStart, &[1, 1]),
                ev(HeapAlloc, &[130]),
                ev(GoUnblock, &[1, 1, 0]),
                ev(GoStart, &[1, 2]),
                ev(UserRegionEnd, &[1, 3, 0]),
                ev(UserTaskEnd, &[1, 1]),
                ev(GoCreate, &[3, 0, 0]),
            ],
        );
    let second = tables(first).next(2).m(
        5,
        &[
            ev(ProcStatus, &[0, 1]),
            ev(GoStatus, &[2, 5, 2]),
            ev(GCActive, &[2]),
            ev(GCMarkAssistBegin, &[0]),
            ev(GCMarkAssistEnd, &[]),
            ev(GCEnd, &[3]),
            ev(GoSyscallBegin, &[1, 0]),
            ev(GoSyscallEndBlocked, &[]),
        ],
    );
    let second = second.m(
        6,
        &[
            ev(ProcStatus, &[1, 1]),
            ev(GoStatus, &[1, 6, 2]),
            ev(GoStop, &[3, 0]),
            ev(ProcStop, &[]),
            ev(ProcSteal, &[0, 2, 5]),
            ev(ProcStart, &[0, 3]),
            ev(GoStatus, &[3, NONE_ID, 1]),
            ev(GoStart, &[3, 1]),
        ],
    );
    let third = tables(second).next(3).m(
        6,
        &[
            ev(ProcStatus, &[0, 1]),
            ev(GoStatus, &[3, 6, 2]),
            ev(GoStatus, &[1, NONE_ID, 1]),
            ev(GoDestroy, &[]),
            ev(GoStart, &[1, 1]),
        ],
    );
    tables(third).end()
}

/// Coroutine switches, and a syscall that lasts over a generation.
pub(super) fn coroutines(version: Version) -> Trace {
    Build::new(version)
        .m(
            5,
            &[
                ev(ProcStatus, &[0, 1]),
                ev(GoStatus, &[1, 5, 2]),
                ev(GoCreateBlocked, &[2, 0, 0]),
                ev(GoSwitch, &[2, 1]),
                ev(HeapAlloc, &[1]),
                ev(GoSwitch, &[1, 1]),
                ev(GoCreateBlocked, &[3, 0, 0]),
                ev(GoSwitch, &[3, 1]),
                ev(GoSwitchDestroy, &[1, 2]),
            ],
        )
        .m(6, &[ev(ProcStatus, &[1, 1]), ev(GoStatus, &[4, 6, 2]), ev(GoSyscallBegin, &[1, 0])])
        .next(2)
        .m(
            5,
            &[
                ev(ProcStatus, &[1, 4]),
                ev(ProcSteal, &[1, 1, 6]),
                ev(ProcStatus, &[0, 1]),
                ev(GoStatus, &[1, 5, 2]),
                ev(GoStatus, &[2, NONE_ID, 4]),
                ev(GoUnblock, &[2, 1, 0]),
                ev(GoStop, &[0, 0]),
                ev(GoStart, &[2, 2]),
            ],
        )
        .m(6, &[ev(GoStatus, &[4, 6, 3]), ev(GoSyscallEndBlocked, &[])])
        .end()
}

/// A C thread that calls into Go twice, an assist and a sweep that were under way when the
/// trace began, and a GC too.
pub(super) fn c_thread(version: Version) -> Trace {
    Build::new(version)
        .m(
            5,
            &[
                ev(ProcStatus, &[0, 1]),
                ev(GCSweepActive, &[0]),
                ev(GoStatus, &[1, 5, 2]),
                ev(GCMarkAssistActive, &[1]),
                ev(GCActive, &[1]),
                ev(GCMarkAssistEnd, &[]),
                ev(GCSweepEnd, &[1, 1]),
                ev(GCEnd, &[2]),
            ],
        )
        .m(
            7,
            &[
                ev(ProcStatus, &[1, 2]),
                ev(GoCreateSyscall, &[9]),
                ev(ProcStart, &[1, 1]),
                ev(GoSyscallEndBlocked, &[]),
                ev(GoStart, &[9, 1]),
                ev(GoSyscallBegin, &[2, 0]),
                ev(GoDestroySyscall, &[]),
            ],
        )
        .m(8, &[ev(ProcSteal, &[1, 3, 7]), ev(ProcStart, &[1, 4]), ev(HeapAlloc, &[1]), ev(ProcStop, &[])])
        .end()
}

/// A thread that gives up its own P in a syscall, as runtimes before 1.26 do, and a task
/// that lives on one thread.
fn self_theft(version: Version) -> Trace {
    Build::new(version)
        .m(
            5,
            &[
                ev(ProcStatus, &[0, 1]),
                ev(GoStatus, &[1, 5, 2]),
                ev(UserTaskBegin, &[3, 0, 0, 0]),
                ev(UserTaskEnd, &[3, 0]),
                ev(GoSyscallBegin, &[1, 0]),
                ev(ProcSteal, &[0, 2, 5]),
                ev(GoSyscallEndBlocked, &[]),
            ],
        )
        .m(6, &[ev(ProcStatus, &[1, 1]), ev(GoStatus, &[2, 6, 2])])
        .end()
}

/// Several batches of one thread, threads that fall silent, a theft with bystanders.
fn bystanders(version: Version) -> Trace {
    Build::new(version)
        .m(
            5,
            &[
                ev(ProcStatus, &[0, 1]),
                ev(GoStatus, &[1, 5, 2]),
                ev(GoStatus, &[2, NONE_ID, 4]),
                ev(GoUnblock, &[2, 1, 0]),
                ev(GoStop, &[0, 0]),
                ev(GoStart, &[1, 1]),
            ],
        )
        .m(5, &[ev(GoSyscallBegin, &[1, 0]), ev(GoSyscallEndBlocked, &[])])
        .m(
            6,
            &[
                ev(ProcStatus, &[1, 1]),
                ev(GoStatus, &[3, 6, 2]),
                ev(ProcSteal, &[0, 2, 5]),
                ev(GoBlock, &[0, 0]),
                ev(GoStart, &[2, 2]),
            ],
        )
        .m(7, &[ev(GoStatus, &[4, 7, 3])])
        .m(8, &[ev(ProcStatus, &[2, 2])])
        .next(2)
        .m(6, &[ev(ProcStatus, &[1, 1]), ev(GoStatus, &[2, 6, 2])])
        .none(&[ev(GoStatus, &[4, 7, 3]), ev(GoStatus, &[1, NONE_ID, 1]), ev(GoStatus, &[3, NONE_ID, 4])])
        .end()
}

/// Threads that keep what they have while others steal, start and switch; a thread that
/// runs its goroutine on from one generation into the next and stops there.
fn keepers(version: Version) -> Trace {
    let mut switches = vec![
        ev(ProcStatus, &[2, 2]),
        ev(ProcStart, &[2, 1]),
        ev(GoStatus, &[3, 7, 1]),
        ev(GoStatus, &[5, NONE_ID, 1]),
        ev(GoStart, &[3, 1]),
    ];
    if version >= Version::Go123 {
        switches.extend([ev(GoCreateBlocked, &[8, 0, 0]), ev(GoSwitch, &[8, 1])]);
    }
    Build::new(version)
        .m(5, &[ev(ProcStatus, &[0, 1]), ev(GoStatus, &[1, 5, 2]), ev(GoSyscallBegin, &[1, 0])])
        .m(6, &[ev(ProcStatus, &[1, 1]), ev(GoStatus, &[2, 6, 2])])
        .m(7, &switches)
        .m(8, &[ev(ProcSteal, &[0, 2, 5])])
        .next(2)
        .m(6, &[ev(ProcStatus, &[1, 1]), ev(GoStatus, &[2, 6, 2]), ev(GoStop, &[0, 0])])
        .end()
}

/// All of them, in every version that can hold them.
pub(super) fn all() -> Vec<Trace> {
    let mut traces = Vec::new();
    for version in Version::ALL {
        traces.extend([rich(version), c_thread(version), self_theft(version), bystanders(version), keepers(version)]);
        if version >= Version::Go123 {
            traces.push(coroutines(version));
        }
    }
    traces
}
