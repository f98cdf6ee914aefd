//! Which event may be tried first without losing any verdict.
//!
//! If an event can happen now, and no other stream can touch anything that it reads or
//! writes before it has happened, then every order of the remaining events has an
//! equivalent one in which it comes first: the search need not try the others first.
//! (A persistent set of one.) "Touch" is over-approximated: a stream touches what its
//! arguments name from now on, and what its thread holds now; a numbered event cannot
//! touch its P, G or the GC as long as its number is not the next one.

use super::plan::{NEVER, Op, Plan, PlannedStream};
use super::state::{State, gc};
use tracehound_wire::EventType;
use tracehound_wire::event::proc_status;

/// Everything that an event reads or writes in this state, as resources.
pub(super) fn footprint(plan: &Plan, state: &State<'_>, stream: &PlannedStream, op: &Op) -> Vec<usize> {
    let mut touched = vec![plan.thread_resource(stream.m)];
    let thread = state.thread(stream.m);
    if thread.p != 0 {
        touched.push(plan.proc_resource(thread.p));
    }
    if thread.g != 0 {
        touched.push(plan.goroutine_resource(thread.g));
    }
    let abandoned =
        op.event.ty == EventType::ProcSteal && state.proc_status(op.p) == Some(proc_status::SYSCALL_ABANDONED);
    for &r in &op.named {
        let r = usize::from(r);
        // Whom an abandoned P is stolen from plays no part.
        let victim = abandoned && r == plan.thread_resource(op.m);
        if !victim && !touched.contains(&r) {
            touched.push(r);
        }
    }
    touched
}

/// Whether nothing in `other` can touch `footprint` before the event with that footprint
/// has happened. `waits`: `other`'s next event cannot happen now.
pub(super) fn keeps_off(
    plan: &Plan,
    state: &State<'_>,
    generation: (u64, bool),
    footprint: &[usize],
    other: (&PlannedStream, usize, bool),
) -> bool {
    let (stream, at, waits) = other;
    let Some(head) = stream.ops.get(at) else { return true };
    if waits && blocked_on(plan, state, generation, stream, head).iter().all(|r| footprint.contains(r)) {
        return true;
    }
    let thread = state.thread(stream.m);
    if footprint.contains(&plan.thread_resource(stream.m))
        || thread.p != 0 && footprint.contains(&plan.proc_resource(thread.p))
        || thread.g != 0 && footprint.contains(&plan.goroutine_resource(thread.g))
    {
        return false;
    }
    let resources = plan.resources();
    footprint.iter().all(|&r| match stream.next_named(resources, at, r) {
        NEVER => true,
        first => number_guard(plan, state, generation, &stream.ops[usize::from(first)])
            .is_some_and(|guard| footprint.contains(&guard)),
    })
}

/// The resource without whose change the event's number cannot become the next one, if
/// it is not the next one now.
fn number_guard(plan: &Plan, state: &State<'_>, (generation, initial): (u64, bool), op: &Op) -> Option<usize> {
    use EventType as E;
    let follows = |n: u64, seq: (u64, u64)| seq.0 == generation && seq.1.wrapping_add(1) == n;
    let args = &op.event.args;
    let (next, resource) = match op.event.ty {
        E::ProcStart | E::ProcSteal => (follows(args[1], state.proc_seq(op.p)), plan.proc_resource(op.p)),
        E::GoStart | E::GoUnblock | E::GoSwitch | E::GoSwitchDestroy => {
            (follows(args[1], state.go_seq(op.g)), plan.goroutine_resource(op.g))
        }
        E::GCActive | E::GCBegin | E::GCEnd => {
            let (gc_state, seq) = state.gc();
            let free = match op.event.ty {
                E::GCActive => initial,
                E::GCBegin => gc_state == gc::UNDETERMINED,
                _ => false,
            };
            (free || seq.wrapping_add(1) == args[0], plan.gc_resource())
        }
        _ => return None,
    };
    (!next).then_some(resource)
}

/// For an event that waits: resources of which one has to change before it can happen.
fn blocked_on(plan: &Plan, state: &State<'_>, generation: (u64, bool), stream: &PlannedStream, op: &Op) -> Vec<usize> {
    use EventType as E;
    let thread = plan.thread_resource(stream.m);
    match op.event.ty {
        E::ProcStart => {
            let idle = state.proc_status(op.p) == Some(proc_status::IDLE);
            if !idle || number_guard(plan, state, generation, op).is_some() {
                vec![plan.proc_resource(op.p)]
            } else {
                vec![thread]
            }
        }
        E::ProcSteal => vec![plan.proc_resource(op.p)],
        E::GoStart | E::GoUnblock | E::GoSwitch | E::GoSwitchDestroy => vec![plan.goroutine_resource(op.g)],
        E::GoSyscallEndBlocked => vec![thread, plan.proc_resource(state.thread(stream.m).p)],
        E::GCActive | E::GCBegin | E::GCEnd => vec![plan.gc_resource()],
        // No other event waits; were there one, it would be taken to depend on everything.
        _ => vec![usize::MAX],
    }
}
