//! Goroutines: woken, created, started and switched to at the wrong time or not at all.

use super::facts::{Fact, Facts, Hold, pick};
use super::syscalls::runs;
use super::{Edit, Family, Label, Operator};
use crate::source::Source;
use tracehound_wire::EventType::{self, *};
use tracehound_wire::RejectRule::*;
use tracehound_wire::event::go_status;
use tracehound_wire::{Event, Version};

const STUCK: Label = Label::MustReject(&[Stuck]);

/// The operators of this family.
pub(super) const OPERATORS: &[Operator] = &[
    op("drop-unblock", STUCK, "order.go advanceGoStart: the goroutine's next number is missing", |f, c| {
        let fact = f.pick(c, |x| x.event.ty == GoUnblock && successor(f, x).is_some())?;
        Some(f.remove(fact))
    }),
    op(
        "drop-unblock-and-renumber",
        STUCK,
        "order.go advanceGoStart: waits until the goroutine is runnable",
        drop_renumbered,
    ),
    op("stop-becomes-block", STUCK, "order.go advanceGoStart: waits until the goroutine is runnable", |f, c| {
        let fact = f.pick(c, |x| x.event.ty == GoStop && next_of_current(f, x) == Some(GoStart))?;
        Some(f.replace(fact, Event { ty: GoBlock, ..fact.event }))
    }),
    op("block-becomes-stop", STUCK, "order.go advanceGoUnblock: waits until the goroutine is waiting", |f, c| {
        let fact =
            f.pick(c, |x| x.event.ty == GoBlock && matches!(next_of_current(f, x), Some(GoUnblock | GoSwitch)))?;
        Some(f.replace(fact, Event { ty: GoStop, ..fact.event }))
    }),
    op(
        "drop-block",
        Label::MustReject(&[CtxUnwantedGoroutine, Stuck]),
        "order.go advanceGoStart: the thread still has the goroutine that was not blocked",
        |f, c| {
            let fact = f.pick(c, |x| matches!(x.event.ty, GoBlock | GoStop | GoDestroy) && starts_next(f, x))?;
            Some(f.remove(fact))
        },
    ),
    op(
        "drop-go-start",
        Label::MustReject(&[CtxWantGoroutine]),
        "order.go validateCtx: the thread's next event needs the goroutine",
        |f, c| {
            let next = |x: &Fact| f.later(x).find(|n| !is_indifferent(n.event.ty));
            let needs = |x: &Fact| next(x).is_some_and(|n| needs_goroutine(n.event.ty));
            let fact = f.pick(c, |x| x.event.ty == GoStart && needs(x))?;
            Some(f.remove(fact))
        },
    ),
    op(
        "create-twice",
        Label::MustReject(&[GoCreateExists]),
        "order.go advanceGoCreate: the goroutine must be new",
        |f, c| {
            let fact = f.pick(c, |x| matches!(x.event.ty, GoCreate | GoCreateBlocked) && outlives(f, x))?;
            Some(f.insert_after(fact, fact.event.ty, fact.event.args()))
        },
    ),
    op(
        "create-existing",
        Label::MustReject(&[GoCreateExists]),
        "order.go advanceGoCreate: the goroutine must be new",
        |f, c| {
            let fact = f.pick(c, |x| runs(x) && x.event.ty != GoDestroy)?;
            Some(f.insert_before(fact, GoCreate, &[fact.before.g?, 0, 0]))
        },
    ),
    op("drop-create", STUCK, "order.go advanceGoStart: waits until the goroutine exists", |f, c| {
        let first = |x: &Fact| f.go_number(x.generation, x.event.args[0], 1).is_some();
        let fact = f.pick(c, |x| matches!(x.event.ty, GoCreate | GoCreateBlocked) && first(x))?;
        Some(f.remove(fact))
    }),
    op(
        "drop-create-before-status",
        Label::MustReject(&[GoStatusLate]),
        "order.go advanceGoStatus: after the first generation goroutines come into being by creation only",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == GoCreate && reported_next(f, x))?;
            Some(f.remove(fact))
        },
    ),
    op(
        "create-blocked-becomes-runnable",
        STUCK,
        "order.go advanceGoSwitch: waits until the target is waiting",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == GoCreateBlocked && successor_of_new(f, x))?;
            Some(f.replace(fact, Event { ty: GoCreate, ..fact.event }))
        },
    ),
    op("create-becomes-blocked", STUCK, "order.go advanceGoStart: waits until the goroutine is runnable", |f, c| {
        let fact =
            f.pick(c, |x| x.event.ty == GoCreate && f.trace.version >= Version::Go123 && successor_of_new(f, x))?;
        Some(f.replace(fact, Event { ty: GoCreateBlocked, ..fact.event }))
    }),
    op(
        "block-after-destroy",
        Label::MustReject(&[CtxWantGoroutine]),
        "order.go validateCtx: the goroutine is gone",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == GoDestroy)?;
            Some(f.insert_after(fact, GoBlock, &[0, 0]))
        },
    ),
    op("start-unknown-goroutine", STUCK, "order.go advanceGoStart: waits until the goroutine exists", |f, c| {
        let fact = f.pick(c, |x| x.event.ty == GoStart)?;
        Some(f.with_arg(fact, 0, f.fresh_g()))
    }),
    op("unblock-unknown-goroutine", STUCK, "order.go advanceGoUnblock: waits until the goroutine exists", |f, c| {
        let fact = f.pick(c, |x| x.event.ty == GoUnblock)?;
        Some(f.with_arg(fact, 0, f.fresh_g()))
    }),
    op("unblock-self", STUCK, "order.go advanceGoUnblock: waits until the goroutine is waiting", |f, c| {
        let fact = f.pick(c, runs)?;
        let g = fact.before.g?;
        let n = f.last_go_number(fact.generation, g).saturating_add(1);
        Some(f.insert_before(fact, GoUnblock, &[g, n, 0]))
    }),
    op("switch-to-self", STUCK, "order.go advanceGoSwitch: waits until the target is waiting", |f, c| {
        let fact = f.pick(c, |x| matches!(x.event.ty, GoSwitch | GoSwitchDestroy) && x.before.g.is_some())?;
        Some(f.with_arg(fact, 0, fact.before.g?))
    }),
    op("switch-to-unknown-goroutine", STUCK, "order.go advanceGoSwitch: waits until the target exists", |f, c| {
        let fact = f.pick(c, |x| matches!(x.event.ty, GoSwitch | GoSwitchDestroy))?;
        Some(f.with_arg(fact, 0, f.fresh_g()))
    }),
    op(
        "start-running-goroutine",
        STUCK,
        "order.go advanceGoStart: waits until the goroutine is runnable, whatever its number",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == GoStart && untouched(f, x, go_status::RUNNING).next().is_some())?;
            Some(of_other_goroutine(f, fact, pick(c, untouched(f, fact, go_status::RUNNING))?))
        },
    ),
    op(
        "switch-to-runnable-goroutine",
        STUCK,
        "order.go advanceGoSwitch: waits until the target is waiting, whatever its number",
        |f, c| {
            let switch = |x: &Fact| matches!(x.event.ty, GoSwitch | GoSwitchDestroy);
            let fact = f.pick(c, |x| switch(x) && untouched(f, x, go_status::RUNNABLE).next().is_some())?;
            Some(of_other_goroutine(f, fact, pick(c, untouched(f, fact, go_status::RUNNABLE))?))
        },
    ),
    op(
        "start-without-proc",
        Label::MustReject(&[CtxWantProc, Stuck]),
        "order.go advanceGoStart: a goroutine runs on a P",
        |f, c| {
            let idle = |x: &Fact| x.before.p == Hold::None && x.before.g.is_none();
            let fact =
                f.pick(c, |x| x.event.ty == ProcStart && idle(x) && f.next(x).is_some_and(|n| n.event.ty == GoStart))?;
            Some(f.exchange(fact, f.next(fact)?))
        },
    ),
];

const fn op(
    name: &'static str,
    label: Label,
    cite: &'static str,
    run: fn(&Facts<'_>, &mut dyn Source) -> Option<Edit>,
) -> Operator {
    Operator { name, family: Family::Goroutines, label, cite, run }
}

/// Goroutines that have this status in an event's generation, and keep it through all of it.
fn untouched<'a>(facts: &'a Facts<'_>, fact: &Fact, status: u64) -> impl Iterator<Item = u64> + 'a {
    let generation = fact.generation;
    let of = &facts.generations[generation];
    let leaves = |x: &Fact| {
        matches!(x.event.ty, GoStop | GoBlock | GoDestroy | GoSwitch | GoSwitchDestroy)
            || matches!(x.event.ty, GoSyscallEndBlocked | GoDestroySyscall)
    };
    let has_it = move |&(&g, &told): &(&u64, &u64)| told == status && !of.goroutines.contains_key(&g);
    of.go_status
        .iter()
        .filter(has_it)
        .map(|(&g, _)| g)
        .filter(move |&g| !facts.all.iter().any(|x| x.generation == generation && x.before.g == Some(g) && leaves(x)))
}

/// A numbered event of goroutine `g` instead, which has no number in the generation yet.
fn of_other_goroutine(facts: &Facts<'_>, fact: &Fact, g: u64) -> Edit {
    let mut event = fact.event;
    (event.args[0], event.args[1]) = (g, 1);
    facts.replace(fact, event)
}

/// The event with the next number of the goroutine that a numbered event is about.
fn successor<'a>(facts: &'a Facts<'_>, fact: &Fact) -> Option<&'a Fact> {
    let [g, n, ..] = fact.event.args;
    facts.go_number(fact.generation, g, n)?;
    facts.go_number(fact.generation, g, n.wrapping_add(1))
}

/// Whether a goroutine that is created here does not end in the same generation, where its
/// end could be ordered before a second creation.
fn outlives(facts: &Facts<'_>, fact: &Fact) -> bool {
    !facts.generations[fact.generation].destroyed.contains(&fact.event.args[0])
}

/// What happens first to a goroutine that is created here, if that can only happen to it in
/// the state in which it is created.
fn successor_of_new(facts: &Facts<'_>, fact: &Fact) -> bool {
    let first = facts.go_number(fact.generation, fact.event.args[0], 1).map(|n| n.event.ty);
    match fact.event.ty {
        GoCreate => first == Some(GoStart),
        _ => matches!(first, Some(GoSwitch | GoSwitchDestroy | GoUnblock)),
    }
}

/// The type of the next numbered event of the goroutine that the thread runs.
fn next_of_current(facts: &Facts<'_>, fact: &Fact) -> Option<EventType> {
    let (g, n) = (fact.before.g?, fact.before.g_number?);
    if n > 0 {
        facts.go_number(fact.generation, g, n)?;
    }
    Some(facts.go_number(fact.generation, g, n.wrapping_add(1))?.event.ty)
}

/// Leaves an unblock out, and closes the hole in the goroutine's numbers.
fn drop_renumbered(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let starts = |x: &Fact| successor(facts, x).is_some_and(|s| s.event.ty == GoStart);
    let fact = facts.pick(choose, |x| x.event.ty == GoUnblock && starts(x))?;
    let [g, n, ..] = fact.event.args;
    let numbered = &facts.generations[fact.generation].goroutines[&g];
    let edit = facts.remove(fact);
    let super::Edited::Trace(mut trace) = edit.edited else { return None };
    for after in numbered.iter().filter(|x| x.n > n) {
        let mut at = facts.all[after.fact].at;
        if at.item == fact.at.item && at.index > fact.at.index {
            at.index -= 1;
        }
        super::edit::events(&mut trace, at)[at.index].args[1] = after.n.wrapping_sub(1);
    }
    Some(Edit::of(trace, format!("{}, and the later numbers of G {g} close up", edit.what)))
}

/// Whether the thread's next event about a goroutine is the start of one.
fn starts_next(facts: &Facts<'_>, fact: &Fact) -> bool {
    let is_about = |ty: EventType| !matches!(ty, ProcStop | ProcStart | GoUnblock | ProcSteal | ProcStatus | HeapAlloc);
    facts.later(fact).find(|x| is_about(x.event.ty)).is_some_and(|x| x.event.ty == GoStart)
        && facts.later(fact).take_while(|x| x.event.ty != GoStart).all(|x| x.event.ty != ProcStatus)
}

/// Events that neither need a goroutine, nor wait, nor bind one.
fn is_indifferent(ty: EventType) -> bool {
    matches!(ty, HeapAlloc | HeapGoal | ProcStatus | GCSweepActive)
}

/// Events that are refused at once on a thread without a goroutine, whatever else it has.
fn needs_goroutine(ty: EventType) -> bool {
    matches!(
        ty,
        GoBlock
            | GoStop
            | GoDestroy
            | GoSyscallBegin
            | GoSwitch
            | GoSwitchDestroy
            | GoLabel
            | UserLog
            | UserRegionBegin
            | UserRegionEnd
            | STWBegin
            | GCMarkAssistBegin
            | ProcsChange
    )
}

/// Whether the only thing known of a new goroutine in its generation is its creation, and
/// the next generation says where it is.
fn reported_next(facts: &Facts<'_>, fact: &Fact) -> bool {
    let g = fact.event.args[0];
    let here = &facts.generations[fact.generation];
    let Some(next) = facts.generations.get(fact.generation + 1) else { return false };
    let mentions = |x: &&Fact| {
        x.generation == fact.generation && x.before.g == Some(g)
            || matches!(x.event.ty, GCMarkAssistActive) && x.event.args[0] == g
    };
    !here.goroutines.contains_key(&g)
        && next.go_status.contains_key(&g)
        && facts.all.iter().filter(mentions).count() == 0
}
