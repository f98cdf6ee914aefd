//! The GC and ranges: begun twice, ended without a beginning, active from nowhere.

use super::facts::{Fact, Facts, pick};
use super::syscalls::{runs, survivors};
use super::{Edit, Family, Label, Operator};
use crate::source::Source;
use std::collections::BTreeSet;
use tracehound_wire::EventType::{self, *};
use tracehound_wire::RejectRule::*;

/// The operators of this family.
pub(super) const OPERATORS: &[Operator] = &[
    op(
        "skip-gc-number",
        Label::MustReject(&[Stuck]),
        "order.go advanceGCEnd: GC numbers count up by one over the whole trace",
        |f, c| {
            let fact = f.pick(c, |x| matches!(x.event.ty, GCEnd | GCBegin | GCActive) && follows_gc(f, x))?;
            Some(f.with_arg(fact, 0, fact.event.args[0].wrapping_add(1)))
        },
    ),
    op(
        "repeat-gc-number",
        Label::MustReject(&[Stuck, GcEndUndetermined, GcEndNotRunning]),
        "order.go advanceGCEnd: GC numbers count up by one over the whole trace",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == GCEnd)?;
            Some(f.with_arg(fact, 0, fact.event.args[0].wrapping_sub(1)))
        },
    ),
    op(
        "gc-begins-twice",
        Label::MustReject(&[GcBeginRunning, Stuck]),
        "order.go advanceGCBegin: the GC must not be running",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == GCBegin)?;
            Some(f.insert_after(fact, GCBegin, &[fact.event.args[0].wrapping_add(1), 0]))
        },
    ),
    op(
        "gc-ends-twice",
        Label::MustReject(&[GcEndNotRunning, Stuck]),
        "order.go advanceGCEnd: the GC must be running",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == GCEnd)?;
            Some(f.insert_after(fact, GCEnd, &[fact.event.args[0].wrapping_add(1)]))
        },
    ),
    op(
        "gc-ends-first",
        Label::MustReject(&[GcEndUndetermined]),
        "order.go advanceGCEnd: nothing is known of the GC yet",
        |f, c| {
            let fact = f.pick(c, |x| runs(x) && f.all.iter().all(|y| !is_gc(y.event.ty)))?;
            Some(f.insert_before(fact, GCEnd, &[1]))
        },
    ),
    op(
        "gc-active-after-begin",
        Label::MustReject(&[GcActiveNotFirst]),
        "order.go advanceGCActive: in the first generation it is the first word on the GC",
        |f, c| {
            let fact = f.pick(c, |x| x.generation == 0 && is_gc(x.event.ty))?;
            Some(f.insert_after(fact, GCActive, &[fact.event.args[0].wrapping_add(1)]))
        },
    ),
    op(
        "gc-active-while-off",
        Label::MustReject(&[GcActiveNotRunning]),
        "order.go advanceGCActive: the GC must be running",
        gc_active_while_off,
    ),
    op("drop-gc-active", Label::MustReject(&[Stuck]), "order.go advanceGCEnd: a GC number is missing", |f, c| {
        let number = |x: &Fact| is_gc(x.event.ty).then_some(x.event.args[0]);
        let goes_on = |n: u64| f.all.iter().any(|y| number(y) == Some(n.wrapping_add(1)));
        let fact = f.pick(c, |x| x.event.ty == GCActive && x.generation > 0 && goes_on(x.event.args[0]))?;
        Some(f.remove(fact))
    }),
    op(
        "range-begins-twice",
        Label::MustReject(&[RangeBeginDup]),
        "order.go beginRange: the range is open already",
        |f, c| {
            let fact = f.pick(c, |x| matches!(x.event.ty, GCSweepBegin | GCMarkAssistBegin | STWBegin))?;
            Some(f.insert_after(fact, fact.event.ty, fact.event.args()))
        },
    ),
    op(
        "range-ends-twice",
        Label::MustReject(&[RangeEndMissing]),
        "order.go endRange: the range is not open any more",
        |f, c| {
            let fact = f.pick(c, |x| matches!(x.event.ty, GCSweepEnd | GCMarkAssistEnd | STWEnd))?;
            Some(f.insert_after(fact, fact.event.ty, fact.event.args()))
        },
    ),
    op(
        "range-ends-unbegun",
        Label::MustReject(&[RangeEndMissing]),
        "order.go endRange: the range is not open",
        |f, c| {
            let (ty, known) = pick(c, END_AND_KIN.iter().copied())?;
            let ever = f.all.iter().any(|x| known(x.event.ty));
            let fact = f.pick(c, |x| !ever && runs(x))?;
            Some(f.insert_before(fact, ty, &[]))
        },
    ),
    op(
        "drop-range-begin",
        Label::MustReject(&[RangeEndMissing]),
        "order.go endRange: the range is not open",
        |f, c| {
            let fact = f.pick(c, |x| ends_undisturbed(f, x))?;
            Some(f.remove(fact))
        },
    ),
    op(
        "assist-active-from-nowhere",
        Label::MustReject(&[RangeActiveMissing]),
        "order.go activeRange: after the first generation the range must be open",
        |f, c| {
            let ever = assisting(f);
            let idle = |generation| survivors(f, generation).filter(|g| !ever.contains(g));
            let fact = f.pick(c, |x| x.generation > 0 && idle(x.generation).next().is_some())?;
            Some(f.insert_before(fact, GCMarkAssistActive, &[pick(c, idle(fact.generation))?]))
        },
    ),
    op(
        "sweep-active-from-nowhere",
        Label::MustReject(&[RangeActiveMissing]),
        "order.go activeRange: after the first generation the range must be open",
        |f, c| {
            let swept = f.all.iter().any(|x| matches!(x.event.ty, GCSweepBegin | GCSweepActive));
            let known = |generation: usize| f.procs.iter().filter(move |&(_, &first)| first < generation);
            let fact = f.pick(c, |x| !swept && known(x.generation).next().is_some())?;
            Some(f.insert_before(fact, GCSweepActive, &[*pick(c, known(fact.generation))?.0]))
        },
    ),
    op(
        "range-active-twice",
        Label::MustReject(&[RangeActiveDup]),
        "order.go activeRange: in the first generation it opens the range",
        |f, c| {
            let fact = f.pick(c, |x| x.generation == 0 && matches!(x.event.ty, GCSweepActive | GCMarkAssistActive))?;
            Some(f.insert_after(fact, fact.event.ty, fact.event.args()))
        },
    ),
    op(
        "assist-active-of-stranger",
        Label::MustReject(&[RangeUnknownGoroutine]),
        "order.go advanceGCMarkAssistActive: the goroutine must exist",
        |f, c| {
            let fact = f.pick(c, |_| true)?;
            Some(f.insert_before(fact, GCMarkAssistActive, &[f.fresh_g()]))
        },
    ),
    op(
        "sweep-active-of-stranger",
        Label::MustReject(&[RangeUnknownProc]),
        "order.go advanceGCSweepActive: the P must exist",
        |f, c| {
            let fact = f.pick(c, |_| true)?;
            Some(f.insert_before(fact, GCSweepActive, &[f.fresh_p()]))
        },
    ),
    op(
        "range-without-goroutine",
        Label::MustReject(&[CtxWantGoroutine]),
        "order.go validateCtx: stop-the-world and assists belong to a goroutine",
        |f, c| {
            let ty = pick(c, [GCMarkAssistBegin, STWBegin].into_iter())?;
            let fact = f.pick(c, super::annotations::idles)?;
            Some(f.insert_before(fact, ty, &[]))
        },
    ),
    op(
        "sweep-without-proc",
        Label::MustReject(&[CtxWantProc]),
        "order.go validateCtx: sweeping belongs to a P",
        |f, c| {
            let fact = f.pick(c, super::annotations::is_without_proc)?;
            Some(f.insert_before(fact, GCSweepBegin, &[]))
        },
    ),
];

/// Whether an event could have opened a range.
type IsKin = fn(EventType) -> bool;

/// Ends of ranges, each with the events that could have opened one.
const END_AND_KIN: [(EventType, IsKin); 3] = [
    (GCSweepEnd, |ty| matches!(ty, GCSweepBegin | GCSweepActive)),
    (GCMarkAssistEnd, |ty| matches!(ty, GCMarkAssistBegin | GCMarkAssistActive)),
    (STWEnd, |ty| matches!(ty, STWBegin)),
];

const fn op(
    name: &'static str,
    label: Label,
    cite: &'static str,
    run: fn(&Facts<'_>, &mut dyn Source) -> Option<Edit>,
) -> Operator {
    Operator { name, family: Family::Ranges, label, cite, run }
}

fn is_gc(ty: EventType) -> bool {
    matches!(ty, GCActive | GCBegin | GCEnd)
}

/// Whether a GC event with a lower number comes first for certain: in an earlier generation,
/// or one that the event ends.
fn follows_gc(facts: &Facts<'_>, fact: &Fact) -> bool {
    let n = fact.event.args[0];
    facts.all.iter().any(|x| is_gc(x.event.ty) && x.event.args[0].wrapping_add(1) == n)
        && (fact.event.ty == GCEnd || facts.all.iter().any(|x| is_gc(x.event.ty) && x.generation < fact.generation))
}

/// Reports the GC active in a generation after the trace's last GC event ended it.
fn gc_active_while_off(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let last = facts.all.iter().filter(|x| is_gc(x.event.ty)).max_by_key(|x| x.event.args[0])?;
    if last.event.ty != GCEnd {
        return None;
    }
    let fact = facts.pick(choose, |x| x.generation > last.generation)?;
    Some(facts.insert_before(fact, GCActive, &[last.event.args[0].wrapping_add(1)]))
}

/// Whether a range begins here and ends later on the same thread, with nothing between
/// that could change its goroutine or P.
fn ends_undisturbed(facts: &Facts<'_>, fact: &Fact) -> bool {
    let end = match fact.event.ty {
        GCSweepBegin => GCSweepEnd,
        GCMarkAssistBegin => GCMarkAssistEnd,
        STWBegin => STWEnd,
        _ => return false,
    };
    let harmless = |ty: EventType| {
        matches!(ty, HeapAlloc | HeapGoal | GoUnblock | GoCreate | UserLog | ProcsChange | GCBegin | GCEnd) || ty == end
    };
    facts.later(fact).take_while(|x| harmless(x.event.ty)).any(|x| x.event.ty == end)
}

/// Goroutines that are ever seen in a mark assist.
fn assisting(facts: &Facts<'_>) -> BTreeSet<u64> {
    let begins = facts.all.iter().filter_map(|x| match x.event.ty {
        GCMarkAssistBegin => x.before.g,
        GCMarkAssistActive => Some(x.event.args[0]),
        _ => None,
    });
    begins.collect()
}
