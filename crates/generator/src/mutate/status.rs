//! Status events that contradict what is known, come too late, or are missing.

use super::facts::{Fact, Facts, Hold, pick};
use super::{Edit, Family, Label, Operator};
use crate::source::Source;
use tracehound_wire::EventType::{self, *};
use tracehound_wire::RejectRule::*;
use tracehound_wire::event::{go_status, proc_status};
use tracehound_wire::{NONE_ID, RejectRule};

/// The operators of this family.
pub(super) const OPERATORS: &[Operator] = &[
    op(
        "drop-first-proc-status",
        Label::MustReject(&[Stuck, CtxWantProc, ProcStopUnknown, ProcStatusInconsistent]),
        "order.go: nothing can happen to a P that no status introduced",
        drop_first_proc_status,
    ),
    op(
        "drop-later-proc-status",
        Label::MustReject(&[Stuck, SyscallBeginSeq]),
        "order.go advanceProcStatus: only a status resets a P's number in a generation",
        |f, c| {
            let first = |x: &Fact| f.proc_number(x.generation, x.event.args[0], 1);
            let known = |x: &Fact| f.procs.get(&x.event.args[0]).is_some_and(|&g| g < x.generation);
            let fact = f.pick(c, |x| {
                x.event.ty == ProcStatus && known(x) && once(f, x) && first(x).is_some() && !is_theft(x)
            })?;
            let rules: &[_] = match first(fact)?.event.ty {
                GoSyscallBegin => &[SyscallBeginSeq],
                _ => &[Stuck],
            };
            Some(f.remove(fact).labelled(Label::MustReject(rules)))
        },
    ),
    op(
        "drop-later-go-status",
        // A status also binds, where a switch came between a goroutine's move and its report.
        Label::MustReject(&[Stuck, CtxWantGoroutine]),
        "order.go advanceGoStatus: only a status resets a goroutine's number in a generation",
        |f, c| {
            let fits = |x: &Fact| f.go_number(x.generation, x.event.args[0], 1).is_some();
            let fact = f.pick(c, |x| x.generation > 0 && is_go_status(x) && fits(x))?;
            Some(f.remove(fact))
        },
    ),
    op(
        "contradict-proc-status",
        Label::MustReject(&[ProcStatusInconsistent]),
        "order.go advanceProcStatus: a later generation's status must be what the events before say",
        |f, c| {
            let known = |x: &Fact| f.procs.get(&x.event.args[0]).is_some_and(|&g| g < x.generation);
            let fact = f.pick(c, |x| x.event.ty == ProcStatus && known(x) && !is_theft(x))?;
            let others = [proc_status::RUNNING, proc_status::IDLE].into_iter();
            let status = pick(c, others.filter(|&s| s != fact.event.args[1]))?;
            Some(f.with_arg(fact, 1, status))
        },
    ),
    op(
        "contradict-go-status",
        Label::MustReject(&[GoStatusInconsistent]),
        "order.go advanceGoStatus: a later generation's status must be what the events before say",
        |f, c| {
            let fact = f.pick(c, |x| x.generation > 0 && is_go_status(x))?;
            let others = [go_status::WAITING, go_status::RUNNABLE, go_status::RUNNING].into_iter();
            let status = pick(c, others.filter(|&s| s != fact.event.args[2]))?;
            Some(f.with_arg(fact, 2, status))
        },
    ),
    op(
        "contradict-first-go-status",
        Label::MustReject(&[Stuck]),
        "order.go: the goroutine's first number waits for its true state",
        |f, c| {
            let first = |x: &Fact| f.go_number(x.generation, x.event.args[0], 1).map(|n| n.event.ty);
            let wrong = |x: &Fact| match (x.event.args[2], first(x)?) {
                (go_status::WAITING, GoUnblock | GoSwitch) => Some(go_status::RUNNABLE),
                (go_status::RUNNABLE, GoStart) => Some(go_status::WAITING),
                _ => None,
            };
            let fact = f.pick(c, |x| x.generation == 0 && is_go_status(x) && wrong(x).is_some())?;
            Some(f.with_arg(fact, 2, wrong(fact)?))
        },
    ),
    op(
        "second-proc-status",
        Label::MustReject(&[ProcStatusInconsistent]),
        "order.go advanceProcStatus: two statuses of one moment contradict each other",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == ProcStatus && x.event.args[1] == proc_status::RUNNING)?;
            Some(f.insert_after(fact, ProcStatus, &[fact.event.args[0], proc_status::IDLE]))
        },
    ),
    op(
        "second-go-status",
        Label::MustReject(&[GoStatusInconsistent]),
        "order.go advanceGoStatus: two statuses of one moment contradict each other",
        |f, c| {
            let own =
                |x: &Fact| matches!(x.event.args[2], go_status::RUNNING | go_status::SYSCALL) && x.event.args[1] == x.m;
            let fact = f.pick(c, |x| is_go_status(x) && own(x))?;
            Some(f.insert_after(fact, GoStatus, &[fact.event.args[0], NONE_ID, go_status::WAITING]))
        },
    ),
    op(
        "status-of-stranger",
        Label::MustReject(&[GoStatusLate]),
        "order.go advanceGoStatus: after the first generation goroutines come into being by creation only",
        |f, c| {
            let fact = f.pick(c, |x| x.generation > 0)?;
            let status = pick(c, [go_status::WAITING, go_status::RUNNABLE].into_iter())?;
            Some(f.insert_before(fact, GoStatus, &[f.fresh_g(), NONE_ID, status]))
        },
    ),
    op(
        "syscall-status-without-thread",
        Label::MustReject(&[GoStatusSyscallNoThread]),
        "order.go advanceGoStatus: a syscall happens on a thread",
        |f, c| {
            let fact = f.pick(c, |x| is_go_status(x) && x.event.args[2] == go_status::SYSCALL)?;
            Some(f.with_arg(fact, 1, NONE_ID))
        },
    ),
    op(
        "syscall-status-on-wrong-thread",
        Label::MustReject(&[GoStatusSyscallThreadMismatch]),
        "order.go advanceGoStatus: the thread that is named must have that goroutine",
        |f, c| {
            let fact = f.pick(c, |x| {
                x.generation > 0 && is_go_status(x) && x.event.args[2] == go_status::SYSCALL && veteran(f, x).is_some()
            })?;
            Some(f.with_arg(fact, 1, veteran(f, fact)?))
        },
    ),
    op(
        "proc-status-out-of-range",
        Label::MustReject(&[ProcStatusInvalid]),
        "order.go advanceProcStatus: five codes are known",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == ProcStatus)?;
            Some(f.with_arg(fact, 1, 5 + u64::from(c.below(251))))
        },
    ),
    op(
        "go-status-out-of-range",
        Label::MustReject(&[GoStatusInvalid]),
        "order.go advanceGoStatus: five codes are known",
        |f, c| {
            let fact = f.pick(c, is_go_status)?;
            Some(f.with_arg(fact, 2, 5 + u64::from(c.below(251))))
        },
    ),
    op(
        "status-renumbers-proc",
        Label::MustReject(&[Stuck, SyscallBeginSeq]),
        "order.go advanceProcStatus: a second status resets the P's number in mid-generation",
        |f, c| {
            let next = |x: &Fact| f.proc_number(x.generation, x.event.args[0], x.event.args[1].wrapping_add(1));
            let fact = f.pick(c, |x| x.event.ty == ProcStart && next(x).is_some())?;
            let rules: &[_] = if next(fact)?.event.ty == GoSyscallBegin { &[SyscallBeginSeq] } else { &[Stuck] };
            let edit = f.insert_after(fact, ProcStatus, &[fact.event.args[0], proc_status::RUNNING]);
            Some(edit.labelled(Label::MustReject(rules)))
        },
    ),
    op(
        "go-status-bad",
        Label::Unspecified,
        "order.go advanceGoStatus: code 0 is accepted where nothing contradicts it; no runtime writes it",
        |f, c| {
            let fact = f.pick(c, is_go_status)?;
            Some(f.with_arg(fact, 2, go_status::BAD))
        },
    ),
    op(
        "status-code-beyond-a-byte",
        Label::Unspecified,
        "order.go cuts status codes to 8 bits, and accessors then see the whole number",
        |f, c| {
            let fact = f.pick(c, |x| x.event.ty == ProcStatus || is_go_status(x))?;
            let arg = if fact.event.ty == ProcStatus { 1 } else { 2 };
            Some(f.with_arg(fact, arg, fact.event.args[arg].wrapping_add(256)))
        },
    ),
];

const fn op(
    name: &'static str,
    label: Label,
    cite: &'static str,
    run: fn(&Facts<'_>, &mut dyn Source) -> Option<Edit>,
) -> Operator {
    Operator { name, family: Family::Status, label, cite, run }
}

pub(super) fn is_go_status(fact: &Fact) -> bool {
    matches!(fact.event.ty, GoStatus | GoStatusStack)
}

/// Whether a P's status is that of a theft, which means what the reader makes of it.
fn is_theft(fact: &Fact) -> bool {
    fact.event.args[1] >= proc_status::SYSCALL_ABANDONED
}

/// Whether a P has only this status in its generation.
fn once(facts: &Facts<'_>, fact: &Fact) -> bool {
    let same = |x: &&Fact| {
        x.event.ty == ProcStatus && x.generation == fact.generation && x.event.args[0] == fact.event.args[0]
    };
    facts.all.iter().filter(same).count() == 1
}

/// A thread that had events in an earlier generation, and has none in this one.
fn veteran(facts: &Facts<'_>, fact: &Fact) -> Option<u64> {
    let here = &facts.generations[fact.generation].streams;
    let unlike = |m: u64| m != fact.event.args[1] && m != fact.m && m != NONE_ID;
    // Only threads with streams of their own are sure to be known to the reader.
    let had_events = |m: &u64| facts.generations[..fact.generation].iter().any(|g| g.streams.contains_key(m));
    facts.threads.keys().copied().find(|m| unlike(*m) && had_events(m) && !here.contains_key(m))
}

/// A P's first status in the file, without which its first event has nothing to work on.
fn drop_first_proc_status(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let numbered = |x: &Fact| {
        facts.proc_number(x.generation, x.event.args[0], 1).filter(|n| matches!(n.event.ty, ProcStart | ProcSteal))
    };
    let needed = |x: &Fact| -> Option<&'static [RejectRule]> {
        if x.event.ty != ProcStatus || facts.procs.get(&x.event.args[0]) != Some(&x.generation) || !once(facts, x) {
            return None;
        }
        match x.event.args[1] {
            proc_status::IDLE if numbered(x).is_some() => Some(&[Stuck]),
            proc_status::RUNNING if x.before.p == Hold::None => facts
                .later(x)
                .find(|n| !matches!(n.event.ty, GoStatus | GoStatusStack))
                .and_then(|n| refused_without_proc(n.event.ty)),
            _ => None,
        }
    };
    let fact = facts.pick(choose, |x| needed(x).is_some())?;
    Some(facts.remove(fact).labelled(Label::MustReject(needed(fact)?)))
}

/// The rule that refuses an event at once on a thread without a P.
fn refused_without_proc(ty: EventType) -> Option<&'static [RejectRule]> {
    match ty {
        ProcStop => Some(&[ProcStopUnknown]),
        GoCreate | GoCreateBlocked | GoStop | GoBlock | GoDestroy | GoSyscallBegin | GoLabel | ProcsChange
        | UserLog | UserRegionBegin | UserRegionEnd | STWBegin | STWEnd | GCSweepBegin | GCSweepEnd
        | GCMarkAssistBegin | GCMarkAssistEnd | HeapAlloc | HeapGoal | UserTaskEnd => Some(&[CtxWantProc]),
        _ => None,
    }
}
