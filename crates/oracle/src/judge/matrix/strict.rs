//! The entries of the strict rules: for each a trace that Go's reader accepts although no
//! runtime can have written it, and its nearest neighbour that one can have written.

use super::build::{Build, CLOCKS, ev};
use super::entries::{WIRE, entry, g, p};
use super::{Entry, Sample};
use tracehound_wire::EventType::*;
use tracehound_wire::version::HEADER_LEN;
use tracehound_wire::{CpuSample, Event, ExperimentalBatch, Item, NONE_ID, RejectRule, SizeField, SyncRecord};
use tracehound_wire::{Trace, Version};

/// How a generation has to begin: a P runs, a goroutine runs on it, and there is one P.
fn start() -> [Event; 3] {
    [p(), g(), one_p()]
}

fn one_p() -> Event {
    ev(ProcsChange, &[1, 0])
}

/// One generation that begins as it has to, then these events on thread 5.
fn first(events: &[Event]) -> Build {
    Build::new(WIRE).m(5, &[&start(), events].concat())
}

fn sound(events: &[Event]) -> Trace {
    first(events).end()
}

/// One generation of thread 5 with just these events.
fn only(events: &[Event]) -> Trace {
    Build::new(WIRE).m(5, events).end()
}

/// Two generations; the first begins as it has to.
fn second(events: &[Event], then: &[Event]) -> Trace {
    first(events).next(2).m(5, then).end()
}

/// Two generations that begin as they have to.
fn continued(events: &[Event], then: &[Event]) -> Trace {
    second(events, &[&start(), then].concat())
}

/// All entries, in the order of the catalogue.
pub(super) fn all() -> Vec<Entry> {
    [container(), tables_and_events(), procs(), goroutines(), ranges(), annotations()].concat()
}

fn container() -> Vec<Entry> {
    use RejectRule::*;
    let marked = || Build::new(Version::Go126).m(5, &start());
    let header = |header: &[u8]| Sample::Bytes([header, &sound(&[]).to_bytes()[HEADER_LEN..]].concat());
    let table = |bytes: &[u8]| first(&[]).raw(NONE_ID, bytes).end();
    let experimental = |version, experiment| {
        let batch = ExperimentalBatch {
            experiment,
            generation: 1,
            m: 5,
            time: 10,
            size: SizeField::Shortest,
            data: Vec::new(),
        };
        Build::new(version).m(5, &start()).item(Item::Experimental(batch)).end()
    };
    vec![
        Entry {
            rule: HeaderUnusual,
            reject: header(b"go  1.22 trace\0\0\0"),
            neighbour: header(&WIRE.header()),
            edit: "one of two blanks is left out",
        },
        entry(SilentEnd, table(&[4, 5, 1]), table(&[4, 5, 1, 0]), "the string gets its length"),
        entry(GenerationUnfinished, marked().next(2).cut(), marked().end(), "the second generation is left out"),
        entry(EndMarkerInBatch, marked().raw(6, &[52]).cut(), marked().end(), "the batch becomes an end marker"),
        entry(
            GenerationNumberJumps,
            marked().next(3).m(5, &start()).end(),
            marked().next(2).m(5, &start()).end(),
            "generation 3 becomes 2",
        ),
        entry(GenerationWithoutStart, only(&[p(), g()]), sound(&[]), "the number of Ps is there"),
        entry(
            BatchNotInVersion,
            experimental(Version::Go122, 1),
            experimental(Version::Go123, 1),
            "the header says 1.23",
        ),
        entry(
            ExperimentUnknown,
            experimental(Version::Go123, 2),
            experimental(Version::Go123, 1),
            "experiment 2 becomes 1",
        ),
    ]
}

fn tables_and_events() -> Vec<Entry> {
    use RejectRule::*;
    let clock = |clock| Build::bare(WIRE).sync(&[clock]).m(5, &start()).end();
    let sample = |stack| first(&[]).samples(&[CpuSample { time: 20, m: 5, p: 0, g: 1, stack }]).end();
    let wait = ev(GoStatus, &[9, NONE_ID, 4]);
    let unblock = [ev(GoUnblock, &[9, 1, 0])];
    vec![
        entry(FrequencyZero, clock(SyncRecord::Frequency(0)), clock(CLOCKS[0]), "the frequency is not 0"),
        entry(SampleStackId, sample(9), sample(0), "the stack becomes 0"),
        entry(
            EventNotInVersion,
            sound(&[ev(GoCreateBlocked, &[2, 0, 0])]),
            sound(&[ev(GoCreate, &[2, 0, 0])]),
            "the goroutine is created runnable",
        ),
        entry(
            EventWithoutThread,
            first(&[wait]).none(&unblock).end(),
            first(&[wait]).m(6, &unblock).end(),
            "the batch becomes one of thread 6",
        ),
    ]
}

fn procs() -> Vec<Entry> {
    use RejectRule::*;
    let status = |p, status| ev(ProcStatus, &[p, status]);
    let abandoned = |next| sound(&[status(1, 4), next]);
    let held_by = |m| first(&[]).next(2).m(m, &[p()]).m(5, &[g(), one_p()]).end();
    let in_syscall = |status| only(&[ev(ProcStatus, &[0, status]), g(), one_p(), ev(GoSyscallBegin, &[1, 0])]);
    vec![
        entry(ProcIdNone, sound(&[status(NONE_ID, 2)]), sound(&[status(1, 2)]), "the P becomes 1"),
        entry(ProcStatusUnwritten, sound(&[status(1, 0)]), sound(&[status(1, 2)]), "status 0 becomes 2"),
        entry(ProcStatusTwice, sound(&[p()]), sound(&[]), "the second status is left out"),
        entry(ProcHeldTwice, held_by(6), held_by(5), "the P's status stands in a batch of thread 5, which holds it"),
        entry(ThreadHoldsTwoProcs, sound(&[status(1, 1)]), sound(&[status(1, 2)]), "status 1 becomes 2"),
        entry(
            ProcAbandonedNotStolen,
            abandoned(ev(HeapAlloc, &[1])),
            abandoned(ev(ProcSteal, &[1, 1, 6])),
            "the P is stolen instead",
        ),
        entry(
            ProcWithoutStatus,
            second(&[], &[g(), one_p()]),
            continued(&[], &[]),
            "the second generation tells the P's status",
        ),
        entry(SyscallBeginProcState, in_syscall(3), in_syscall(1), "the P runs before"),
    ]
}

fn goroutines() -> Vec<Entry> {
    use RejectRule::*;
    let status = |g, m, status| ev(GoStatus, &[g, m, status]);
    let created = |g| sound(&[ev(GoCreate, &[g, 0, 0]), status(2, NONE_ID, 1)]);
    let on = |m, p| first(&[]).next(2).m(m, &[ev(ProcStatus, &[p, 1]), status(1, m, 2), one_p()]).end();
    let on6 = |events: &[Event]| first(&[]).m(6, events).end();
    vec![
        entry(GoIdNone, sound(&[status(NONE_ID, NONE_ID, 4)]), sound(&[status(2, NONE_ID, 4)]), "it becomes 2"),
        entry(
            GoStatusUnwritten,
            sound(&[status(2, NONE_ID, 0)]),
            sound(&[status(2, NONE_ID, 4)]),
            "status 0 becomes 4",
        ),
        entry(GoStatusTwice, created(2), created(3), "the new goroutine becomes 3"),
        entry(GoHeldTwice, on(6, 1), on(5, 0), "the goroutine is reported on thread 5 and P 0, which have it"),
        entry(ThreadRunsTwoGoroutines, sound(&[status(2, 5, 2)]), sound(&[status(2, 5, 4)]), "the second one waits"),
        entry(GoStatusThread, only(&[p(), status(1, 6, 2), one_p()]), sound(&[]), "thread 6 becomes 5"),
        entry(
            GoRunningWithoutProc,
            on6(&[status(2, 6, 2)]),
            on6(&[ev(ProcStatus, &[1, 1]), status(2, 6, 2)]),
            "the thread gets a P",
        ),
        entry(
            GoWithoutStatus,
            second(&[], &[p(), one_p()]),
            continued(&[], &[]),
            "the second generation tells the goroutine's status",
        ),
    ]
}

fn ranges() -> Vec<Entry> {
    use RejectRule::*;
    let (begin, active, end) = (ev(GCBegin, &[1, 0]), |n| ev(GCActive, &[n]), ev(GCEnd, &[2]));
    let (assist, assists, assisted) =
        (ev(GCMarkAssistBegin, &[0]), ev(GCMarkAssistActive, &[1]), ev(GCMarkAssistEnd, &[]));
    let stw = |kind| ev(STWBegin, &[kind, 0]);
    let stops = |events: &[Event]| first(events).strings(&[(1, b"x")]).end();
    let stop = ev(GoStop, &[0, 0]);
    let reported = [p(), g(), assists, one_p()];
    vec![
        entry(
            GcActiveMissing,
            continued(&[begin], &[end]),
            continued(&[begin], &[active(2)]),
            "the GC is reported active instead",
        ),
        entry(
            GcActiveLate,
            continued(&[begin], &[active(2), active(3)]),
            continued(&[begin], &[active(2)]),
            "the second report is left out",
        ),
        entry(
            GcContext,
            only(&[p(), begin, g(), one_p()]),
            only(&[p(), g(), begin, one_p()]),
            "the goroutine's status comes before",
        ),
        entry(StwNested, stops(&[stw(0), stw(1)]), stops(&[stw(0)]), "the second stop is left out"),
        entry(
            StwOverGenerations,
            continued(&[stw(0)], &[ev(STWEnd, &[])]),
            continued(&[stw(0)], &[]),
            "the end is left out",
        ),
        entry(SweepInterrupted, sound(&[ev(GCSweepBegin, &[0]), stop]), sound(&[stop]), "the sweep is left out"),
        entry(RangeActiveMisplaced, sound(&[assists]), only(&reported), "it comes before the number of Ps"),
        entry(
            RangeActiveUnreported,
            continued(&[assist], &[assisted]),
            second(&[assist], &[&reported[..], &[assisted]].concat()),
            "the second generation reports it active",
        ),
        entry(
            RangeLeftOpen,
            sound(&[assist, ev(GoDestroy, &[])]),
            sound(&[assist, stop]),
            "the goroutine stops instead",
        ),
    ]
}

fn annotations() -> Vec<Entry> {
    use RejectRule::*;
    let started = [ev(GoStop, &[0, 0]), ev(GoStart, &[1, 1])];
    let (heap, label) = (ev(HeapAlloc, &[1]), ev(GoLabel, &[0]));
    let labelled = |last: [Event; 2]| sound(&[started, last].concat());
    let task = |id, parent| ev(UserTaskBegin, &[id, parent, 0, 0]);
    let twice = |id| sound(&[task(1, 0), ev(UserTaskEnd, &[1, 0]), task(id, 0)]);
    vec![
        entry(LabelMisplaced, labelled([heap, label]), labelled([label, heap]), "it comes before the metric"),
        entry(TaskIdReserved, sound(&[task(0, 0)]), sound(&[task(1, 0)]), "task 0 becomes 1"),
        entry(TaskIdReused, twice(1), twice(2), "the second task becomes 2"),
        entry(TaskParentYounger, sound(&[task(2, 3)]), sound(&[task(2, 1)]), "parent 3 becomes 1"),
    ]
}
