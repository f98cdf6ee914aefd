//! The order and the thread of events: exchanged, moved, left without what they need.

use super::facts::{Fact, Facts, Hold};
use super::{Edit, Family, Label, Operator};
use crate::source::Source;
use tracehound_wire::EventType::{self, *};
use tracehound_wire::RejectRule::*;
use tracehound_wire::event::go_status;
use tracehound_wire::{Event, Item, RejectRule};

/// The operators of this family.
pub(super) const OPERATORS: &[Operator] = &[
    op(
        "exchange-neighbours",
        Label::MustReject(&[
            CtxWantProc,
            CtxWantGoroutine,
            CtxUnwantedGoroutine,
            GoNotInSyscall,
            RangeEndMissing,
            Stuck,
        ]),
        "order.go: a thread's own order is binding, and these two do not commute",
        |f, c| {
            let refused = |x: &Fact| f.next(x).and_then(|n| refused_in_reverse(x, n));
            let fact = f.pick(c, |x| refused(x).is_some())?;
            let edit = f.exchange(fact, f.next(fact)?);
            Some(edit.labelled(Label::MustReject(refused(fact)?)))
        },
    ),
    op(
        "batch-of-unknown-thread",
        Label::MustReject(&[CtxWantProc]),
        "order.go validateCtx: a thread that nobody has heard of holds no P",
        |f, c| {
            let alone = |x: &Fact| x.at.index == 0 && f.later(x).all(|n| n.at.item == x.at.item);
            let fact = f.pick(c, |x| alone(x) && needs_proc(x.event.ty))?;
            let m = f.fresh_m();
            Some(f.changed(format!("the batch of M {} becomes one of M {m} (item {})", fact.m, fact.at.item), |t| {
                if let Item::Batch(batch) = &mut t.items[fact.at.item] {
                    batch.m = m;
                }
            }))
        },
    ),
    op(
        "numbered-event-in-next-generation",
        Label::MustReject(&[Stuck, GoStatusInconsistent, ProcStatusInconsistent]),
        "order.go seqCounter.succeeds: a number counts in its own generation only",
        into_next_generation,
    ),
    op(
        "stop-in-previous-generation",
        Label::MustReject(&[GoStatusInconsistent, GoStatusLate]),
        "order.go advanceGoStatus: a generation's statuses say what the one before left",
        into_previous_generation,
    ),
    op(
        "exchange-neighbouring-batches",
        Label::Unspecified,
        "a thread's batches are one stream in file order; what stands in them may commute",
        |f, c| {
            let is_last = |x: &&Fact| f.next(x).is_some_and(|n| n.at.item != x.at.item);
            let fact = f.pick(c, |x| is_last(&x))?;
            let next = f.next(fact)?.at.item;
            let what = format!("two batches of M {} change places (items {} and {next})", fact.m, fact.at.item);
            Some(f.changed(what, |t| t.items.swap(fact.at.item, next)))
        },
    ),
    op(
        "event-to-other-thread",
        Label::Unspecified,
        "an event that needs nothing of its thread may stand on another",
        |f, c| {
            let fact = f.pick(c, |_| true)?;
            let other = f.pick(c, |x| x.generation == fact.generation && x.m != fact.m)?;
            let edit = f.insert_before(other, fact.event.ty, fact.event.args());
            let super::Edited::Trace(mut trace) = edit.edited else { return None };
            super::edit::events(&mut trace, fact.at).remove(fact.at.index);
            Some(Edit::of(trace, format!("{}, and taken from M {} ({})", edit.what, fact.m, fact.at)))
        },
    ),
    op("drop-any-event", Label::Unspecified, "an event that nothing depends on may be missing", |f, c| {
        Some(f.remove(f.pick(c, |_| true)?))
    }),
    op("double-any-event", Label::Unspecified, "an event that changes nothing may come twice", |f, c| {
        let fact = f.pick(c, |_| true)?;
        Some(f.insert_after(fact, fact.event.ty, fact.event.args()))
    }),
    op("change-any-argument", Label::Unspecified, "an argument that is not checked may be anything", |f, c| {
        let fact = f.pick(c, |x| !x.event.args().is_empty())?;
        let arg = c.below(fact.event.args().len() as u32) as usize;
        let old = fact.event.args[arg];
        let values = [old.wrapping_add(1), old.wrapping_sub(1), 0, u64::MAX, old ^ 2, old.wrapping_add(256), 1 << 63];
        Some(f.with_arg(fact, arg, values[c.below(values.len() as u32) as usize]))
    }),
];

const fn op(
    name: &'static str,
    label: Label,
    cite: &'static str,
    run: fn(&Facts<'_>, &mut dyn Source) -> Option<Edit>,
) -> Operator {
    Operator { name, family: Family::Streams, label, cite, run }
}

/// What refuses two neighbours of one stream in reverse order.
fn refused_in_reverse(a: &Fact, b: &Fact) -> Option<&'static [RejectRule]> {
    let bare = a.before.p == Hold::None;
    match (a.event.ty, b.event.ty) {
        (ProcStart, GoStart) if bare && a.before.g.is_none() => Some(&[CtxWantProc]),
        (ProcStart, HeapAlloc | HeapGoal | GoCreate) if bare => Some(&[CtxWantProc]),
        (GoBlock | GoStop | GoDestroy, ProcStop) => Some(&[CtxWantProc]),
        (GoSyscallBegin, GoSyscallEnd) => Some(&[GoNotInSyscall]),
        (GoStart, GoBlock | GoStop | GoDestroy | GoSyscallBegin | GoLabel) => Some(&[CtxWantGoroutine]),
        (GCMarkAssistBegin, GCMarkAssistEnd) | (STWBegin, STWEnd) => Some(&[RangeEndMissing]),
        (ProcStop, ProcStart) => Some(&[Stuck]),
        (GoSyscallEndBlocked, GoStart) if a.before.g == Some(b.event.args[0]) => Some(&[Stuck]),
        (GoBlock | GoStop | GoDestroy, GoStart) if a.before.g == Some(b.event.args[0]) => Some(&[Stuck]),
        _ => None,
    }
}

/// Events that need a P, and are refused at once without one.
fn needs_proc(ty: EventType) -> bool {
    matches!(
        ty,
        GoBlock
            | GoStop
            | GoDestroy
            | GoSyscallBegin
            | GoCreate
            | HeapAlloc
            | HeapGoal
            | GoLabel
            | UserLog
            | ProcsChange
            | GCSweepBegin
            | GCMarkAssistBegin
            | STWBegin
            | STWEnd
            | UserRegionBegin
            | UserRegionEnd
    )
}

/// A thread's last event in a generation becomes its first in the next, where its number is
/// too high.
fn into_next_generation(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let head = |x: &Fact| {
        let next = facts.generations.get(x.generation + 1)?;
        next.streams.get(&x.m).map(|s| &facts.all[s[0]])
    };
    let too_high = |x: &Fact| {
        let [id, n, ..] = x.event.args;
        let last = match x.event.ty {
            ProcSteal | ProcStart => facts.last_proc_number(x.generation + 1, id),
            GoUnblock | GoStart => facts.last_go_number(x.generation + 1, id),
            _ => return false,
        };
        facts.next(x).is_none() && n > last.saturating_add(1)
    };
    let fact = facts.pick(choose, |x| head(x).is_some() && too_high(x))?;
    let head = head(fact)?;
    let what = format!("{} moves from the end of its generation to {}", super::edit::say(&fact.event), head.at);
    Some(facts.changed(what, |t| {
        super::edit::events(t, head.at).insert(head.at.index, fact.event);
        super::edit::events(t, fact.at).remove(fact.at.index);
    }))
}

/// What a goroutine does first in a generation, if it stops running there, comes at the end of
/// the generation before; then the status that it has in its own contradicts that.
fn into_previous_generation(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let tail = |x: &Fact| {
        let before = &facts.generations[x.generation.checked_sub(1)?];
        before.streams.get(&x.m).and_then(|s| s.last()).map(|&i| &facts.all[i])
    };
    let runs_over = |x: &Fact| {
        let first = facts.generations[x.generation].streams.get(&x.m).and_then(|s| s.first()).map(|&i| &facts.all[i]);
        let told = x.before.g.and_then(|g| facts.generations[x.generation].go_status.get(&g));
        told == Some(&go_status::RUNNING)
            && first
                .is_some_and(|f| f.before.g == x.before.g && !f.before.syscall && matches!(f.before.p, Hold::Held(_)))
    };
    let stops = |x: &Fact| matches!(x.event.ty, GoStop | GoBlock | GoDestroy);
    let fact = facts.pick(choose, |x| stops(x) && runs_over(x) && tail(x).is_some())?;
    let tail = tail(fact)?;
    let args: &[u64] = if fact.event.ty == GoDestroy { &[] } else { &[0, 0] };
    let event = Event::new(fact.event.ty, 1, args);
    let what = format!("{} moves to the end of the generation before ({})", super::edit::say(&event), tail.at);
    Some(facts.changed(what, |t| {
        super::edit::events(t, fact.at).remove(fact.at.index);
        super::edit::events(t, tail.at).insert(tail.at.index + 1, event);
    }))
}
