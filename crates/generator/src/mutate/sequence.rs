//! Numbers of Ps, Gs and the GC: holes, repetitions, exchanges.
//!
//! A numbered event happens when its number is exactly the next one of its P or G in its
//! generation, and nothing but such events moves the number on. So a number that is
//! skipped or used up leaves an event waiting for ever; only a syscall's begin is refused
//! at once instead, because its thread already owns the P.

use super::facts::{Fact, Facts, pick};
use super::{Edit, Family, Label, Operator};
use crate::source::Source;
use tracehound_wire::EventType::{self, *};
use tracehound_wire::RejectRule::{CtxWantProc, Stuck, SyscallBeginSeq};

const STUCK: Label = Label::MustReject(&[Stuck]);

/// The operators of this family.
pub(super) const OPERATORS: &[Operator] = &[
    skip("skip-number-of-proc-start", |f, c| shift(f, c, &[ProcStart], 1)),
    skip("skip-number-of-proc-steal", |f, c| shift(f, c, &[ProcSteal], 1)),
    skip("skip-number-of-go-start", |f, c| shift(f, c, &[GoStart], 1)),
    skip("skip-number-of-go-unblock", |f, c| shift(f, c, &[GoUnblock], 1)),
    skip("skip-number-of-go-switch", |f, c| shift(f, c, &[GoSwitch, GoSwitchDestroy], 1)),
    Operator {
        name: "repeat-number-of-proc-start",
        family: Family::Sequence,
        // The P may be started earlier than it was; a syscall then begins with a number too high.
        label: Label::MustReject(&[Stuck, SyscallBeginSeq]),
        cite: "order.go seqCounter.succeeds: numbers count up by one within a generation",
        run: |f, c| shift(f, c, &[ProcStart], u64::MAX),
    },
    Operator {
        name: "repeat-number-of-proc-steal",
        family: Family::Sequence,
        // The P may be stolen from an earlier syscall, which was to end with it.
        label: Label::MustReject(&[Stuck, CtxWantProc]),
        cite: "order.go seqCounter.succeeds: numbers count up by one within a generation",
        run: |f, c| shift(f, c, &[ProcSteal], u64::MAX),
    },
    skip("repeat-number-of-goroutine", |f, c| shift(f, c, &[GoStart, GoUnblock, GoSwitch, GoSwitchDestroy], u64::MAX)),
    Operator {
        name: "skip-number-of-syscall-begin",
        family: Family::Sequence,
        label: Label::MustReject(&[SyscallBeginSeq]),
        cite: "order.go advanceGoSyscallBegin: the P's number must be the next one, and the event does not wait",
        run: |f, c| shift(f, c, &[GoSyscallBegin], 1),
    },
    Operator {
        name: "repeat-number-of-syscall-begin",
        family: Family::Sequence,
        label: Label::MustReject(&[SyscallBeginSeq]),
        cite: "order.go advanceGoSyscallBegin: the P's number must be the next one, and the event does not wait",
        run: |f, c| shift(f, c, &[GoSyscallBegin], u64::MAX),
    },
    skip("exchange-numbers-of-proc", exchange_proc),
    skip("exchange-numbers-of-goroutine", exchange_goroutine),
    skip("number-of-previous-generation", continue_numbers),
    skip("double-numbered-event", double),
];

const fn skip(name: &'static str, run: fn(&Facts<'_>, &mut dyn Source) -> Option<Edit>) -> Operator {
    Operator {
        name,
        family: Family::Sequence,
        label: STUCK,
        cite: "order.go seqCounter.succeeds: numbers count up by one within a generation",
        run,
    }
}

/// Position of the number among an event's arguments.
fn number_arg(ty: EventType) -> usize {
    if ty == GoSyscallBegin { 0 } else { 1 }
}

fn shift(facts: &Facts<'_>, choose: &mut dyn Source, types: &[EventType], by: u64) -> Option<Edit> {
    let fact = facts.pick(choose, |f| types.contains(&f.event.ty) && lives_once(facts, f))?;
    let arg = number_arg(fact.event.ty);
    Some(facts.with_arg(fact, arg, fact.event.args[arg].wrapping_add(by)))
}

/// Whether a numbered event's goroutine is not born twice in the generation, which would
/// give each number twice.
fn lives_once(facts: &Facts<'_>, fact: &Fact) -> bool {
    let [g, n, ..] = fact.event.args;
    !matches!(fact.event.ty, GoStart | GoUnblock | GoSwitch | GoSwitchDestroy)
        || facts.go_number(fact.generation, g, n).is_some()
}

/// Two events of one P with neighbouring numbers, neither of which can stand for the other.
fn exchange_proc(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let lists = facts.generations.iter().flat_map(|g| g.procs.values());
    let pairs = lists.flat_map(|list| list.windows(2)).map(|w| (&facts.all[w[0].fact], &facts.all[w[1].fact]));
    let waiting = |f: &Fact| matches!(f.event.ty, ProcStart | ProcSteal);
    let (a, b) = pick(choose, pairs.filter(|(a, b)| a.event.ty != b.event.ty && waiting(a) && waiting(b)))?;
    Some(exchange(facts, a, b))
}

fn exchange_goroutine(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let lists = facts.generations.iter().flat_map(|g| g.goroutines.values());
    let pairs = lists.flat_map(|list| list.windows(2)).map(|w| (&facts.all[w[0].fact], &facts.all[w[1].fact]));
    let starts = |f: &Fact| f.event.ty == GoStart;
    let once = |f: &Fact| lives_once(facts, f);
    let (a, b) = pick(choose, pairs.filter(|(a, b)| starts(a) != starts(b) && once(a) && once(b)))?;
    Some(exchange(facts, a, b))
}

fn exchange(facts: &Facts<'_>, a: &Fact, b: &Fact) -> Edit {
    let (na, nb) = (a.event.args[1], b.event.args[1]);
    let what = format!("numbers {na} of {} ({}) and {nb} of {} ({}) are exchanged", a.event.ty, a.at, b.event.ty, b.at);
    facts.changed(what, |t| {
        super::edit::events(t, a.at)[a.at.index].args[1] = nb;
        super::edit::events(t, b.at)[b.at.index].args[1] = na;
    })
}

/// A later generation's first number goes on where the generation before left off.
fn continue_numbers(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let previous = |f: &Fact| -> u64 {
        let Some(before) = f.generation.checked_sub(1) else { return 0 };
        match f.event.ty {
            ProcStart | ProcSteal => facts.last_proc_number(before, f.event.args[0]),
            GoStart | GoUnblock | GoSwitch => facts.last_go_number(before, f.event.args[0]),
            _ => 0,
        }
    };
    let fact = facts.pick(choose, |f| f.event.args[1] == 1 && previous(f) > 0 && lives_once(facts, f))?;
    Some(facts.with_arg(fact, 1, previous(fact).wrapping_add(1)))
}

/// The second of two equal events comes too late for its number.
fn double(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<Edit> {
    let numbered = |f: &Fact| matches!(f.event.ty, ProcStart | ProcSteal | GoStart | GoUnblock | GoSwitch);
    let fact = facts.pick(choose, |f| numbered(f) && lives_once(facts, f))?;
    Some(facts.insert_after(fact, fact.event.ty, fact.event.args()))
}
