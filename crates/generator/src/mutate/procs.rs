//! Ps: stolen from the wrong thread, started where they are not idle, stopped twice.

use super::facts::{Fact, Facts, Hold, pick};
use super::{Edit, Family, Label, Operator};
use crate::source::Source;
use tracehound_wire::EventType::{self, *};
use tracehound_wire::event::proc_status;
use tracehound_wire::{NONE_ID, RejectRule};

const STUCK: Label = Label::MustReject(&[RejectRule::Stuck]);

/// The operators of this family.
pub(super) const OPERATORS: &[Operator] = &[
    op(
        "steal-from-unknown-thread",
        Label::MustReject(&[RejectRule::ProcStealUnknownThread]),
        "order.go advanceProcSteal: the victim must be a thread that the reader has seen",
        |f, c| {
            let fact = f.pick(c, |x| sees_victim(f, x))?;
            Some(f.with_arg(fact, 2, f.fresh_m()))
        },
    ),
    op(
        "steal-from-wrong-thread",
        Label::MustReject(&[RejectRule::ProcStealWrongProc, RejectRule::ProcStealUnknownThread]),
        "order.go advanceProcSteal: the victim must hold the P",
        steal_from_wrong_thread,
    ),
    op(
        "steal-from-self-instead",
        Label::MustReject(&[RejectRule::ProcStealSelfMismatch]),
        "order.go advanceProcSteal: a thread can only steal from itself the P that it holds",
        |f, c| {
            let fact = f.pick(c, |x| sees_victim(f, x) && x.event.args[2] != x.m)?;
            Some(f.with_arg(fact, 2, fact.m))
        },
    ),
    op(
        "self-steal-becomes-other",
        Label::MustReject(&[RejectRule::ProcStealWrongProc, RejectRule::ProcStealUnknownThread]),
        "order.go advanceProcSteal: the victim must hold the P",
        |f, c| {
            let fact = f.pick(c, |x| sees_victim(f, x) && x.event.args[2] == x.m)?;
            let m = pick(c, f.threads.keys().copied().filter(|&m| m != fact.m && m != NONE_ID))?;
            Some(f.with_arg(fact, 2, m))
        },
    ),
    op(
        "steal-becomes-stop",
        Label::MustReject(&[RejectRule::ProcStopUnknown]),
        "order.go advanceProcStop: a thread without a P has none to stop",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == ProcSteal && x.before.p == Hold::None)?;
            Some(f.replace(fact, tracehound_wire::Event::new(ProcStop, fact.event.dt, &[])))
        },
    ),
    op(
        "steal-of-idle-proc",
        STUCK,
        "order.go advanceProcSteal: only a P in a syscall can be stolen",
        steal_of_idle_proc,
    ),
    op(
        "steal-of-running-proc",
        STUCK,
        "order.go advanceProcSteal: only a P in a syscall can be stolen, whatever its number",
        steal_of_running_proc,
    ),
    op(
        "start-running-proc",
        STUCK,
        "order.go advanceProcStart: waits until the P is idle, whatever its number",
        start_running_proc,
    ),
    op("drop-steal", STUCK, "order.go advanceProcStart: the P's next number is missing", |f, c| {
        let fact = f.pick(c, |x| x.event.ty == ProcSteal && has_successor(f, x))?;
        Some(f.remove(fact))
    }),
    op("start-unknown-proc", STUCK, "order.go advanceProcStart: waits until the P exists", |f, c| {
        let fact = f.pick(c, |x| x.event.ty == ProcStart)?;
        Some(f.with_arg(fact, 0, f.fresh_p()))
    }),
    op(
        "start-proc-out-of-turn",
        STUCK,
        "order.go advanceProcStart: waits for a number that nobody reaches",
        start_out_of_turn,
    ),
    op(
        "drop-proc-start",
        Label::MustReject(&[RejectRule::CtxWantProc, RejectRule::ProcStopUnknown, RejectRule::Stuck]),
        "order.go validateCtx: the thread's next event needs the P",
        drop_proc_start,
    ),
    op("drop-proc-stop", STUCK, "order.go advanceProcStart: waits while the thread holds another P", |f, c| {
        let next_start = |x: &Fact| f.later(x).find(|n| matches!(n.event.ty, ProcStart | ProcStop));
        let fits = |x: &Fact| x.event.ty == ProcStop && next_start(x).is_some_and(|n| n.event.ty == ProcStart);
        let fact = f.pick(c, |x| fits(x) && matches!(x.before.p, Hold::Held(_)) && keeps_p_until_start(f, x))?;
        Some(f.remove(fact))
    }),
    op(
        "stop-twice",
        Label::MustReject(&[RejectRule::ProcStopUnknown]),
        "order.go advanceProcStop: the thread's P is gone after the first",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == ProcStop)?;
            Some(f.insert_after(fact, ProcStop, &[]))
        },
    ),
    op("start-second-proc", STUCK, "order.go advanceProcStart: waits while the thread holds a P", |f, c| {
        let holds = |x: &Fact| matches!(x.before.p, Hold::Held(_)) && !x.before.syscall;
        let fact = f.pick(c, holds)?;
        let Hold::Held(own) = fact.before.p else { return None };
        let q = pick(c, f.procs.keys().copied().filter(|&q| q != own)).unwrap_or_else(|| f.fresh_p());
        let n = f.last_proc_number(fact.generation, q).saturating_add(1);
        Some(f.insert_before(fact, ProcStart, &[q, n]))
    }),
];

const fn op(
    name: &'static str,
    label: Label,
    cite: &'static str,
    run: fn(&Facts<'_>, &mut dyn Source) -> Option<Edit>,
) -> Operator {
    Operator { name, family: Family::Procs, label, cite, run }
}

/// Whether a theft is one in which the reader looks at the victim: its P went into a
/// syscall in this generation, on a thread that did not give up its goroutine since.
fn sees_victim(facts: &Facts<'_>, fact: &Fact) -> bool {
    let [p, n, victim, _] = fact.event.args;
    let begun = |b: &Fact| {
        b.event.ty == GoSyscallBegin && b.m == victim && facts.later(b).all(|l| l.event.ty != GoDestroySyscall)
    };
    fact.event.ty == ProcSteal && facts.proc_number(fact.generation, p, n.wrapping_sub(1)).is_some_and(begun)
}

/// Whether an event of the same P with the next number follows in the generation.
fn has_successor(facts: &Facts<'_>, fact: &Fact) -> bool {
    facts.proc_number(fact.generation, fact.event.args[0], fact.event.args[1].wrapping_add(1)).is_some()
}

fn steal_from_wrong_thread(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let fact = facts.pick(choose, |x| sees_victim(facts, x))?;
    let victim = fact.event.args[2];
    let others = facts.threads.keys().copied().filter(|&m| m != victim && m != fact.m && m != NONE_ID);
    Some(facts.with_arg(fact, 2, pick(choose, others)?))
}

fn steal_of_idle_proc(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let fact = facts.pick(choose, |x| x.event.ty == ProcSteal)?;
    let q = pick(choose, facts.procs.keys().copied().filter(|&p| !is_ever_in_syscall(facts, p)))?;
    Some(facts.with_arg(fact, 0, q))
}

/// Whether a P is in a syscall at any time of the trace.
fn is_ever_in_syscall(facts: &Facts<'_>, p: u64) -> bool {
    facts.all.iter().any(|x| match x.event.ty {
        GoSyscallBegin => has(x, p),
        ProcSteal => x.event.args[0] == p,
        ProcStatus => x.event.args[0] == p && x.event.args[1] >= proc_status::SYSCALL,
        _ => false,
    })
}

/// Whether an event's thread has this P.
fn has(fact: &Fact, p: u64) -> bool {
    matches!(fact.before.p, Hold::Held(q) | Hold::Lent(q) if q == p)
}

/// A theft, of a P that runs instead, with the number that this P has next.
fn steal_of_running_proc(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let running = |generation: usize| {
        let told = facts.generations[generation].proc_status.iter();
        told.filter(|&(&p, &status)| status == proc_status::RUNNING && !is_ever_in_syscall(facts, p)).map(|(&p, _)| p)
    };
    let fact = facts.pick(choose, |x| x.event.ty == ProcSteal && running(x.generation).next().is_some())?;
    Some(of_other_proc(facts, fact, pick(choose, running(fact.generation))?))
}

/// A start, of a P instead that another thread keeps through the generation, with the number
/// that this P has next.
fn start_running_proc(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let is_given_up = |generation: usize, p: u64| {
        facts.all.iter().filter(|x| x.generation == generation).any(|x| match x.event.ty {
            ProcStart | ProcSteal => x.event.args[0] == p,
            ProcStop => has(x, p),
            _ => false,
        })
    };
    let kept = |generation: usize| {
        let told = facts.generations[generation].proc_status.iter();
        told.filter(move |&(&p, &status)| status == proc_status::RUNNING && !is_given_up(generation, p))
            .map(|(&p, _)| p)
    };
    let fact = facts.pick(choose, |x| x.event.ty == ProcStart && kept(x.generation).next().is_some())?;
    Some(of_other_proc(facts, fact, pick(choose, kept(fact.generation))?))
}

/// An event of P `p` instead, with the next number of that P.
fn of_other_proc(facts: &Facts<'_>, fact: &Fact, p: u64) -> Edit {
    let mut event = fact.event;
    event.args[0] = p;
    event.args[1] = facts.last_proc_number(fact.generation, p).saturating_add(1);
    facts.replace(fact, event)
}

fn start_out_of_turn(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let other = |x: &Fact| {
        let [p, n, ..] = x.event.args;
        facts.procs.keys().copied().find(|&q| q != p && n > facts.last_proc_number(x.generation, q).saturating_add(1))
    };
    let fact = facts.pick(choose, |x| x.event.ty == ProcStart && other(x).is_some())?;
    Some(facts.with_arg(fact, 0, other(fact)?))
}

/// The first event after a start that is refused at once without a P, if no other comes
/// between that waits for something or changes the thread's P.
fn drop_proc_start(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let needs = |x: &Fact| facts.later(x).find(|n| !is_indifferent(n.event.ty)).map(|n| n.event.ty);
    let refused = |ty: EventType| -> Option<&'static [RejectRule]> {
        match ty {
            ProcStop => Some(&[RejectRule::ProcStopUnknown]),
            GoCreate | GCSweepBegin | HeapAlloc | HeapGoal => Some(&[RejectRule::CtxWantProc]),
            GoStart => Some(&[RejectRule::CtxWantProc, RejectRule::Stuck]),
            _ => None,
        }
    };
    let rules = |x: &Fact| needs(x).and_then(refused).filter(|_| x.event.ty == ProcStart && x.before.p == Hold::None);
    let fact = facts.pick(choose, |x| rules(x).is_some())?;
    Some(facts.remove(fact).labelled(Label::MustReject(rules(fact)?)))
}

/// Events that neither need a P, nor wait, nor change what the thread holds.
fn is_indifferent(ty: EventType) -> bool {
    matches!(ty, GoStatus | GoStatusStack | GCSweepActive | GCMarkAssistActive)
}

/// Whether nothing between a stop and the thread's next start goes wrong with the P kept.
fn keeps_p_until_start(facts: &Facts<'_>, stop: &Fact) -> bool {
    let between = facts.later(stop).take_while(|x| x.event.ty != ProcStart);
    between.into_iter().all(|x| matches!(x.event.ty, GoUnblock | GoStatus | GoStatusStack | GoSyscallEndBlocked))
}
