//! Every planted fault shows on some trace, and none shows unless it is armed.
#![cfg(feature = "faults")]

mod common;

use common::{Ev, Made, Report, examples, report};
use tracehound_parser::{Fault, Options, Reader};
use tracehound_wire::{EventType::*, NONE_ID, Version};

const P1: Ev<'static> = (ProcStatus, &[0, 1]);
const G1: Ev<'static> = (GoStatus, &[1, 5, 2]);

fn base(more: &[Ev<'_>]) -> Made {
    Made::v26().m(5, 10, &[&[P1, G1], more].concat())
}

/// Accepted traces, a few events each.
fn accepted() -> Vec<Vec<u8>> {
    let strings: &[(u64, &[u8])] = &[(1, b"one"), (2, b"two"), (3, b"three")];
    let syscall = |more: &[Ev<'_>]| base(&[&[(GoSyscallBegin, &[1, 0][..])][..], more].concat());
    let waiting = || Made::v26().m(NONE_ID, 5, &[(GoStatus, &[2, NONE_ID, 4])]);
    vec![
        // The self-steal.
        syscall(&[(ProcSteal, &[0, 2, 5]), (ProcStart, &[0, 3]), (GoSyscallEndBlocked, &[])]).bytes(),
        // A steal, its victim's clock ahead.
        syscall(&[(GoSyscallEndBlocked, &[])]).m(6, 20, &[(ProcSteal, &[0, 2, 5]), (ProcStart, &[0, 3])]).bytes(),
        syscall(&[(GoSyscallEnd, &[]), (GoStop, &[1, 1])]).strings(strings).stacks(&[(1, 1, 1, 2, 3)]).bytes(),
        // The victim of an abandoned P means nothing.
        Made::v26().m(5, 10, &[(ProcStatus, &[0, 4]), (ProcSteal, &[0, 1, 9]), (ProcStart, &[0, 2])]).bytes(),
        syscall(&[]).next().m(6, 90, &[(ProcStatus, &[0, 4]), (ProcSteal, &[0, 1, 5])]).bytes(),
        syscall(&[]).next().m(5, 100, &[(ProcStatus, &[0, 3]), (GoStatus, &[1, 5, 3]), (GoSyscallEnd, &[])]).bytes(),
        // A cgo callback.
        Made::v26()
            .m(
                5,
                10,
                &[(GoCreateSyscall, &[3]), (ProcStatus, &[0, 2]), (ProcStart, &[0, 1]), (GoSyscallEndBlocked, &[])],
            )
            .m(5, 20, &[(GoStart, &[3, 1]), (GoSyscallBegin, &[2, 0]), (GoDestroySyscall, &[])])
            .m(6, 30, &[(ProcSteal, &[0, 3, 5])])
            .bytes(),
        Made::v26().m(5, 10, &[P1, (GoCreate, &[1, 1, 0]), (GoStart, &[1, 1])]).stacks(&[(1, 1, 0, 0, 0)]).bytes(),
        // Sequences: three numbers of one generation, and the same ones in the next.
        waiting().m(5, 10, &[P1, (GoUnblock, &[2, 1, 0]), (GoStart, &[2, 2]), (GoBlock, &[0, 0])]).bytes(),
        waiting()
            .m(5, 10, &[P1, (GoStart, &[2, 2]), (GoStop, &[0, 0])])
            .m(6, 20, &[(GoUnblock, &[2, 1, 0])])
            .next()
            .m(6, 100, &[(GoUnblock, &[2, 3, 0])])
            .m(5, 200, &[P1, (GoStatus, &[2, 5, 1]), (GoStart, &[2, 1]), (GoBlock, &[0, 0])])
            .m(6, 300, &[(GoUnblock, &[2, 2, 0])])
            .bytes(),
        base(&[(GoStop, &[0, 0])])
            .next()
            .m(5, 90, &[(GoStart, &[1, 1])])
            .m(6, 100, &[(ProcStatus, &[1, 2]), (GoStatus, &[1, 5, 1])])
            .bytes(),
        base(&[(ProcStop, &[]), (ProcStart, &[0, 1]), (ProcStop, &[]), (ProcStart, &[0, 2])]).bytes(),
        base(&[(GoSyscallBegin, &[2, 0])]).bytes(),
        syscall(&[(GoSyscallEnd, &[]), (GoSyscallBegin, &[2, 0])]).m(6, 2, &[(ProcSteal, &[0, 2, 5])]).bytes(),
        base(&[(GoStop, &[0, 0]), (ProcStop, &[]), (ProcStart, &[7, 1])]).bytes(),
        base(&[(ProcStart, &[1, 1])]).m(6, 2, &[(ProcStatus, &[1, 2])]).bytes(),
        base(&[(GoStart, &[2, 1])]).bytes(),
        base(&[(GoStop, &[0, 0])]).m(6, 1, &[(ProcStatus, &[1, 1]), (GoStart, &[1, 1])]).bytes(),
        waiting().m(5, 10, &[P1, (GoStart, &[2, 1])]).bytes(),
        base(&[(GoCreate, &[2, 0, 0])]).m(6, 20, &[(GoUnblock, &[2, 1, 0])]).bytes(),
        base(&[(GoBlock, &[0, 0]), (GoUnblock, &[1, 1, 0]), (GoStart, &[1, 2])]).bytes(),
        // Coroutines.
        base(&[(GoCreateBlocked, &[2, 0, 0]), (GoSwitch, &[2, 1]), (GoSwitchDestroy, &[1, 1])]).bytes(),
        // Ties, waits and batches out of order.
        Made::v26().m(5, 10, &[P1]).m(6, 10, &[(ProcStatus, &[1, 1])]).m(7, 10, &[(ProcStatus, &[2, 1])]).bytes(),
        base(&[(GoCreate, &[2, 0, 0])])
            .m(6, 1, &[(ProcStatus, &[1, 1]), (GoStart, &[2, 1])])
            .m(7, 2, &[(GoUnblock, &[3, 1, 0])])
            .m(8, 12, &[(GoStatus, &[3, 8, 4])])
            .bytes(),
        Made::v26()
            .m(6, 1, &[(ProcStart, &[1, 1])])
            .m(8, 9, &[(ProcStatus, &[1, 2])])
            .m(9, 3, &[(ProcStatus, &[9, 2])])
            .m(10, 2, &[(ProcStatus, &[10, 2])])
            .bytes(),
        base(&[]).m(5, 5, &[(HeapAlloc, &[1 << 40])]).m(6, 12, &[(ProcStatus, &[1, 2])]).bytes(),
        Made::bare(Version::Go126).data(NONE_ID, &[50, 8, 3, 51, 1, 1, 1, 0]).data(5, &[13, 2, 0, 1]).bytes(),
        // Samples.
        base(&[(HeapAlloc, &[1])]).data(NONE_ID, &[6, 7, 11, 5, 0, 1, 0]).bytes(),
        // Two stacks, strings, metrics, experiments.
        base(&[(GoCreate, &[2, 1, 2]), (GoLabel, &[2]), (HeapAlloc, &[1 << 40]), (Span, &[1, 2, 3])])
            .strings(strings)
            .stacks(&[(1, 1, 1, 1, 1), (2, 2, 2, 2, 2)])
            .raw(&[0x31, 1, 1, 5, 10, 1, 9])
            .bytes(),
        // Tasks, regions, ranges.
        base(&[(UserTaskBegin, &[7, 0, 1, 0])])
            .strings(strings)
            .next()
            .m(5, 100, &[P1, G1, (UserTaskEnd, &[7, 0]), (UserRegionEnd, &[7, 0, 0])])
            .strings(&[(1, b"other")])
            .bytes(),
        base(&[(UserRegionBegin, &[1, 1, 0]), (UserRegionEnd, &[1, 2, 0])]).strings(strings).bytes(),
        base(&[(STWBegin, &[2, 0]), (STWEnd, &[])]).strings(strings).bytes(),
        base(&[(GCBegin, &[5, 0]), (GCEnd, &[6]), (GCBegin, &[7, 0]), (GCEnd, &[8])])
            .m(6, 11, &[(GCEnd, &[99])])
            .bytes(),
        base(&[(GCSweepActive, &[4])]).m(6, 1, &[(ProcStatus, &[4, 2])]).bytes(),
        // The container.
        Made::new(Version::Go122).m(5, 10, &[P1]).raw(&[9]).cut(),
        base(&[]).next().m(5, 100, &[P1]).cut(),
        Made::v26().data(5, &[11, 1].repeat(1 << 15)).bytes(),
        Made::v26().m(5, 10, &[P1, (ProcStop, &[]), (GoStatus, &[1, 5, 2]), (GoCreate, &[3, 0, 0])]).bytes(),
        base(&[(GoStatus, &[2, 77, 3])]).m(6, 20, &[(GoStatus, &[3, 77, 3])]).bytes(),
        syscall(&[])
            .next()
            .m(5, 100, &[(ProcStatus, &[0, 3]), (GoStatus, &[1, 5, 3])])
            .m(6, 101, &[(GoStatus, &[1, 5, 3])])
            .bytes(),
        base(&[(GoCreate, &[2, 0, 0]), (GoSyscallBegin, &[1, 0])])
            .m(6, 20, &[(ProcStatus, &[1, 1]), (GoStart, &[2, 1]), (GoSyscallBegin, &[1, 0])])
            .next()
            .m(5, 100, &[(ProcStatus, &[0, 3]), (GoStatus, &[2, 5, 3])])
            .bytes(),
        // States and numbers that only a later event shows.
        base(&[(GoStop, &[0, 0]), (GoStart, &[1, 1]), (GoStop, &[0, 0]), (GoStart, &[1, 2])]).bytes(),
        base(&[(GCSweepBegin, &[0]), (GCSweepEnd, &[0, 0]), (GCSweepBegin, &[0])]).bytes(),
        base(&[(UserRegionBegin, &[1, 1, 0]), (UserRegionEnd, &[1, 1, 0]), (UserRegionEnd, &[1, 2, 0])])
            .strings(strings)
            .bytes(),
        Made::v26().m(5, 10, &[(GoCreateSyscall, &[3]), (GoDestroySyscall, &[]), (GoCreateSyscall, &[4])]).bytes(),
        // What must wait or be refused.
        base(&[]).m(6, 20, &[(ProcStart, &[0, 1])]).bytes(),
        base(&[]).m(6, 20, &[(ProcSteal, &[0, 1, 5])]).bytes(),
        base(&[(GoCreate, &[2, 0, 0]), (GoStart, &[2, 1])]).bytes(),
        base(&[(GoCreate, &[2, 0, 0]), (GoSwitch, &[2, 1])]).bytes(),
        syscall(&[(GoCreate, &[2, 0, 0])]).bytes(),
        syscall(&[(GoSyscallEnd, &[])]).m(6, 20, &[(ProcSteal, &[0, 2, 5])]).bytes(),
        // Sizes.
        base(&[]).m(6, 1 << 44, &[(ProcStatus, &[1, 2])]).bytes(),
        Made::v26().m(5, 10, &[(ProcStatus, &[1 << 33, 1]), (HeapAlloc, &[1])]).bytes(),
        (0..161).fold(base(&[]), |made, p| made.m(6, 20 + p, &[(ProcStatus, &[1 + p, 2])])).bytes(),
        (5..9)
            .rev()
            .fold(Made::v26().m(9, 10, &[P1]).m(9, 12, &[(HeapAlloc, &[1])]), |made, m| {
                made.m(m, 10, &[(ProcStatus, &[m, 2])])
            })
            .bytes(),
    ]
}

/// Faults that one reading of a trace in memory cannot show; the test below is theirs.
const OTHERWISE: [Fault; 3] = [Fault::StaleCache, Fault::ShortReadEnds, Fault::UnknownExperimentPanics];

fn outcome(bytes: &[u8], options: Options) -> Report {
    report(Reader::with_options(bytes, options))
}

#[test]
fn every_fault_shows() {
    let mut traces = accepted();
    traces.extend(examples::examples().into_iter().map(|(_, _, bytes)| bytes));
    let sound: Vec<Report> = traces.iter().map(|t| outcome(t, Options::default())).collect();
    let hidden: Vec<&str> = Fault::ALL
        .iter()
        .filter(|fault| !OTHERWISE.contains(fault))
        .filter(|&&fault| {
            let options = Options::default().with_fault(fault);
            traces.iter().zip(&sound).all(|(t, want)| outcome(t, options) == *want)
        })
        .map(|f| f.name())
        .collect();
    assert!(hidden.is_empty(), "no trace shows {hidden:?}");
}

#[test]
fn the_self_steal_fault_is_the_old_readers() {
    let bytes = accepted().swap_remove(0);
    let got = outcome(&bytes, Options::default().with_fault(Fault::NoSelfSteal));
    assert_eq!(got.end, "stuck");
    assert_eq!(outcome(&bytes, Options::default()).end, "ok");
}

#[test]
fn faults_of_how_a_trace_is_read_show() {
    let bytes = base(&[]).bytes();
    let stale = Options::default().with_fault(Fault::StaleCache);
    let readings: Vec<Report> = (0..3).map(|_| outcome(&bytes, stale)).collect();
    assert_eq!(readings[0], readings[1]);
    assert_ne!(readings[1], readings[2]);

    let short = Options::default().with_fault(Fault::ShortReadEnds);
    assert_eq!(outcome(&bytes, short), readings[0]);
    assert_ne!(report(Reader::from_read(&bytes[..1], short)).end, "ok");

    let panics = Options::default().with_fault(Fault::UnknownExperimentPanics);
    let unknown = base(&[]).raw(&[0x31, 9, 1, 5, 10, 1, 9]).bytes();
    assert!(std::panic::catch_unwind(|| outcome(&unknown, panics)).is_err());
}
