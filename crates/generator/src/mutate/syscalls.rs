//! Syscalls and the goroutines of C threads.

use super::facts::{Fact, Facts, Hold, pick};
use super::{Edit, Family, Label, Operator};
use crate::source::Source;
use tracehound_wire::Event;
use tracehound_wire::EventType::{self, *};
use tracehound_wire::RejectRule::*;
use tracehound_wire::event::go_status;

/// The operators of this family.
pub(super) const OPERATORS: &[Operator] = &[
    op(
        "blocked-end-becomes-end",
        Label::MustReject(&[CtxWantProc, SyscallEndProcState, Stuck, CtxUnwantedGoroutine, ProcStatusInconsistent]),
        "order.go advanceGoSyscallEnd: only a thread that kept its P may end a syscall this way",
        blocked_end_becomes_end,
    ),
    op(
        "end-becomes-blocked-end",
        Label::MustReject(&[Stuck]),
        "order.go advanceGoSyscallEndBlocked: waits until the thread's P is stolen, and nobody does",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == GoSyscallEnd)?;
            Some(f.replace(fact, Event::new(GoSyscallEndBlocked, fact.event.dt, &[])))
        },
    ),
    op(
        "end-without-begin",
        Label::MustReject(&[GoNotInSyscall]),
        "order.go advanceGoSyscallEnd: the goroutine must be in a syscall",
        |f, c| Some(f.insert_before(f.pick(c, runs)?, GoSyscallEnd, &[])),
    ),
    op(
        "blocked-end-without-begin",
        Label::MustReject(&[GoNotInSyscall]),
        "order.go advanceGoSyscallEndBlocked: the goroutine must be in a syscall",
        |f, c| Some(f.insert_before(f.pick(c, runs)?, GoSyscallEndBlocked, &[])),
    ),
    op(
        "begin-twice",
        Label::MustReject(&[GoNotRunning]),
        "order.go advanceGoSyscallBegin: the goroutine must be running",
        |f, c| inside_kept_syscall(f, c, |n| (GoSyscallBegin, vec![n.wrapping_add(1), 0])),
    ),
    op(
        "block-inside-syscall",
        Label::MustReject(&[GoNotRunning]),
        "order.go advanceGoStopOrBlock: the goroutine must be running",
        |f, c| inside_kept_syscall(f, c, |_| (GoBlock, vec![0, 0])),
    ),
    op(
        "create-inside-syscall",
        Label::MustReject(&[GoNotRunning]),
        "order.go advanceGoCreate: a creator in a syscall cannot create",
        |f, c| {
            let g = f.fresh_g();
            inside_kept_syscall(f, c, |_| (GoCreate, vec![g, 0, 0]))
        },
    ),
    op(
        "start-proc-inside-syscall",
        Label::MustReject(&[Stuck]),
        "order.go advanceProcStart: waits while the thread has its P, and nobody steals it",
        |f, c| {
            let p = f.fresh_p();
            inside_kept_syscall(f, c, |_| (ProcStart, vec![p, 1]))
        },
    ),
    op(
        "drop-syscall-begin",
        Label::MustReject(&[GoNotInSyscall]),
        "order.go advanceGoSyscallEnd: the goroutine must be in a syscall",
        |f, c| {
            let fact = f.pick(c, |x| kept_end(f, x).is_some())?;
            Some(f.remove(fact))
        },
    ),
    op(
        "drop-syscall-end",
        Label::MustReject(&[GoNotRunning]),
        "order.go: the goroutine's next event needs it running",
        |f, c| {
            let next = |x: &Fact| f.next(x).is_some_and(|n| needs_running(n.event.ty));
            let fact = f.pick(c, |x| x.event.ty == GoSyscallEnd && next(x))?;
            Some(f.remove(fact))
        },
    ),
    op(
        "c-thread-with-goroutine",
        Label::MustReject(&[CtxUnwantedGoroutine]),
        "order.go advanceGoCreateSyscall: a C thread enters Go without a goroutine",
        |f, c| {
            let fact = f.pick(c, |x| x.before.g.is_some() && x.event.ty != GoSwitchDestroy)?;
            Some(f.insert_before(fact, GoCreateSyscall, &[f.fresh_g()]))
        },
    ),
    op(
        "c-thread-takes-live-goroutine",
        Label::MustReject(&[GoCreateExists]),
        "order.go advanceGoCreateSyscall: the goroutine must not exist",
        |f, c| {
            let fact = f.pick(c, |x| x.generation > 0 && is_bare_thread(x) && survivor(f, x.generation).is_some())?;
            Some(f.insert_before(fact, GoCreateSyscall, &[pick(c, survivors(f, fact.generation))?]))
        },
    ),
    op(
        "c-thread-ends-syscall-with-proc",
        Label::MustReject(&[CtxWantProc]),
        "order.go advanceGoSyscallEnd: a C thread that enters Go has no P to come back with",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == GoCreateSyscall && x.before.p == Hold::None)?;
            Some(f.insert_after(fact, GoSyscallEnd, &[]))
        },
    ),
    op(
        "c-thread-destroys-running",
        Label::MustReject(&[GoNotInSyscall]),
        "order.go advanceGoDestroySyscall: the goroutine must be in a syscall",
        |f, c| Some(f.insert_before(f.pick(c, runs)?, GoDestroySyscall, &[])),
    ),
    op(
        "c-thread-destroys-nothing",
        Label::MustReject(&[CtxWantGoroutine]),
        "order.go advanceGoDestroySyscall: there must be a goroutine",
        |f, c| Some(f.insert_before(f.pick(c, is_bare_thread)?, GoDestroySyscall, &[])),
    ),
];

const fn op(
    name: &'static str,
    label: Label,
    cite: &'static str,
    run: fn(&Facts<'_>, &mut dyn Source) -> Option<Edit>,
) -> Operator {
    Operator { name, family: Family::Syscalls, label, cite, run }
}

/// Whether the thread runs a goroutine on its own P before an event.
pub(super) fn runs(fact: &Fact) -> bool {
    matches!(fact.before.p, Hold::Held(_)) && fact.before.g.is_some() && !fact.before.syscall
}

/// Whether the thread is a real one without a goroutine, known or to come.
pub(super) fn is_bare_thread(fact: &Fact) -> bool {
    let arrives = matches!(fact.event.ty, GoStatus | GoStatusStack | GoSwitchDestroy | GoDestroySyscall);
    fact.m != tracehound_wire::NONE_ID && fact.before.g.is_none() && fact.position > 0 && !arrives
}

/// Goroutines that exist through a whole later generation, and are not in a syscall at its start.
pub(super) fn survivors(facts: &Facts<'_>, generation: usize) -> impl Iterator<Item = u64> {
    let facts = &facts.generations[generation];
    let alive =
        facts.go_status.iter().filter(|&(g, status)| *status != go_status::SYSCALL && !facts.destroyed.contains(g));
    alive.map(|(&g, _)| g)
}

fn survivor(facts: &Facts<'_>, generation: usize) -> Option<u64> {
    survivors(facts, generation).next()
}

fn needs_running(ty: EventType) -> bool {
    matches!(ty, GoBlock | GoStop | GoDestroy | GoSyscallBegin | GoCreate | GoSwitch | GoSwitchDestroy)
}

/// The end of the syscall that begins here, if the P is kept and nothing stands between.
fn kept_end<'a>(facts: &'a Facts<'_>, begin: &Fact) -> Option<&'a Fact> {
    let next = if begin.event.ty == GoSyscallBegin { facts.next(begin) } else { None };
    next.filter(|n| n.event.ty == GoSyscallEnd)
}

/// Puts an event into a syscall from which the thread comes back with its P.
fn inside_kept_syscall(
    facts: &Facts<'_>,
    choose: &mut dyn Source,
    event: impl Fn(u64) -> (EventType, Vec<u64>),
) -> Option<Edit> {
    let begin = facts.pick(choose, |x| kept_end(facts, x).is_some())?;
    let (ty, args) = event(begin.event.args[0]);
    Some(facts.insert_after(begin, ty, &args))
}

/// The end of a syscall whose P was lost, ended as if it had been kept.
fn blocked_end_becomes_end(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let fact = facts.pick(choose, |x| x.event.ty == GoSyscallEndBlocked && x.before.g.is_some())?;
    let edit = facts.replace(fact, Event::new(GoSyscallEnd, fact.event.dt, &[]));
    let rules: &[_] = match fact.before.p {
        Hold::None => &[CtxWantProc],
        Hold::Held(_) => &[SyscallEndProcState],
        // Before the theft it is taken at its word, and then the thief waits for ever.
        Hold::Lent(_) => &[CtxWantProc, Stuck, CtxUnwantedGoroutine, ProcStatusInconsistent],
    };
    Some(edit.labelled(Label::MustReject(rules)))
}
