//! Tasks, regions, logs, labels and metrics: misused, or where they cannot be.

use super::facts::{Fact, Facts, Hold, pick};
use super::syscalls::runs;
use super::{Edit, Family, Label, Operator};
use crate::source::Source;
use tracehound_wire::EventType::{self, *};
use tracehound_wire::RejectRule::*;
use tracehound_wire::{Batch, Body, Event, Item, NONE_ID, SizeField, Version};

/// The operators of this family.
pub(super) const OPERATORS: &[Operator] = &[
    op(
        "task-begins-twice",
        Label::MustReject(&[TaskIdConflict]),
        "order.go advanceUserTaskBegin: the id must not be in use",
        |f, c| {
            let ends_elsewhere = |x: &Fact| {
                let same = |y: &Fact| y.event.ty == UserTaskEnd && y.event.args[0] == x.event.args[0];
                f.all.iter().any(|y| same(y) && y.m != x.m && y.generation == x.generation)
            };
            let fact = f.pick(c, |x| x.event.ty == UserTaskBegin && !ends_elsewhere(x))?;
            Some(f.insert_after(fact, UserTaskBegin, fact.event.args()))
        },
    ),
    op(
        "region-ends-for-other-task",
        Label::MustReject(&[RegionMismatch]),
        "order.go advanceUserRegionEnd: the innermost region must be the one that ends",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == UserRegionBegin)?;
            let [task, name, ..] = fact.event.args;
            Some(f.insert_after(fact, UserRegionEnd, &[task.wrapping_add(1), name, 0]))
        },
    ),
    op(
        "region-ends-under-other-name",
        Label::MustReject(&[RegionMismatch]),
        "order.go advanceUserRegionEnd: the innermost region must be the one that ends",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == UserRegionBegin && other_name(f, x).is_some())?;
            Some(f.insert_after(fact, UserRegionEnd, &[fact.event.args[0], other_name(f, fact)?, 0]))
        },
    ),
    op(
        "regions-end-crosswise",
        Label::MustReject(&[RegionMismatch]),
        "order.go advanceUserRegionEnd: the innermost region must be the one that ends",
        |f, c| {
            let inner =
                |x: &Fact| x.event.ty == UserRegionBegin && f.next(x).is_some_and(|n| n.event.ty == UserRegionBegin);
            let fact = f.pick(c, |x| inner(x) && f.next(x).is_some_and(|n| n.event.args[0] != x.event.args[0]))?;
            let [task, name, ..] = fact.event.args;
            Some(f.insert_after(f.next(fact)?, UserRegionEnd, &[task, name, 0]))
        },
    ),
    op(
        "annotation-without-goroutine",
        Label::MustReject(&[CtxWantGoroutine]),
        "order.go validateCtx: annotations and labels belong to a goroutine",
        |f, c| annotate(f, c, idles),
    ),
    op(
        "annotation-without-proc",
        Label::MustReject(&[CtxWantProc]),
        "order.go validateCtx: annotations and labels need a P",
        |f, c| annotate(f, c, is_without_proc),
    ),
    op(
        "metric-without-proc",
        Label::MustReject(&[CtxWantProc]),
        "order.go validateCtx: heap metrics need a P",
        |f, c| {
            let fact = f.pick(c, is_without_proc)?;
            Some(f.insert_before(fact, pick(c, [HeapAlloc, HeapGoal].into_iter())?, &[1]))
        },
    ),
    op(
        "event-without-thread",
        Label::MustReject(&[CtxWantThread]),
        "order.go validateCtx: most events need a thread",
        |f, c| {
            let types = [HeapAlloc, GoLabel, UserLog, GCSweepBegin, STWBegin, GoCreateSyscall, GoDestroy, SpanFree];
            let ty = pick(c, types.into_iter())?;
            let fact = f.pick(c, |x| x.position == 0)?;
            let events = vec![Event::new(ty, 1, &[])];
            let item = batch_like(f, fact, NONE_ID, Body::Events(events))?;
            let what = format!("{ty} stands in a batch of no thread (before item {})", fact.at.item);
            Some(f.changed(what, |t| t.items.insert(fact.at.item, item)))
        },
    ),
    op(
        "experiment-event-anywhere",
        Label::MustAccept(super::Law::Extra),
        "order.go advanceAllocFree: allocation events need nothing but a thread",
        |f, c| {
            let fact = f.pick(c, |x| x.m != NONE_ID && f.trace.version >= Version::Go123)?;
            Some(f.insert_before(fact, HeapObjectFree, &[1]))
        },
    ),
    op(
        "task-end-without-begin",
        Label::MustAccept(super::Law::Extra),
        "order.go advanceUserTaskEnd: a task may have begun before the trace",
        |f, c| Some(f.insert_before(f.pick(c, runs)?, UserTaskEnd, &[u64::MAX - 7, 0])),
    ),
];

const fn op(
    name: &'static str,
    label: Label,
    cite: &'static str,
    run: fn(&Facts<'_>, &mut dyn Source) -> Option<Edit>,
) -> Operator {
    Operator { name, family: Family::Annotations, label, cite, run }
}

/// Whether the thread holds a P but no goroutine before an event.
pub(super) fn idles(fact: &Fact) -> bool {
    matches!(fact.before.p, Hold::Held(_)) && super::syscalls::is_bare_thread(fact)
}

/// Whether the thread certainly has no P before an event.
pub(super) fn is_without_proc(fact: &Fact) -> bool {
    fact.m != NONE_ID && fact.before.p == Hold::None && fact.position > 0
}

fn annotate(facts: &Facts<'_>, choose: &mut dyn Source, fits: fn(&Fact) -> bool) -> Option<Edit> {
    let types: [EventType; 5] = [GoLabel, UserLog, UserRegionBegin, UserTaskEnd, ProcsChange];
    let ty = pick(choose, types.into_iter())?;
    Some(facts.insert_before(facts.pick(choose, fits)?, ty, &[]))
}

/// An id of a string with other bytes than the region's name.
fn other_name(facts: &Facts<'_>, fact: &Fact) -> Option<u64> {
    let name = fact.event.args[1];
    let strings = facts.strings(fact.generation);
    let bytes = |id: u64| if id == 0 { Some(&b""[..]) } else { strings.iter().find(|s| s.0 == id).map(|s| s.1) };
    let own = bytes(name)?;
    strings.iter().map(|s| s.0).chain([0]).find(|&id| bytes(id).is_some_and(|b| b != own))
}

/// A batch of another kind at the same time and in the same generation as an event's.
pub(super) fn batch_like(facts: &Facts<'_>, fact: &Fact, m: u64, body: Body) -> Option<Item> {
    let Item::Batch(batch) = &facts.trace.items[fact.at.item] else { return None };
    Some(Item::Batch(Batch { generation: batch.generation, m, time: batch.time, size: SizeField::Shortest, body }))
}
