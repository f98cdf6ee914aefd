//! Status events in place of what made it so: a world that begins later has less to tell.

use tracehound_wire::event::{go_status, proc_status};
use tracehound_wire::{Body, Event, EventType, Item, NONE_ID, Trace};

/// The trace with its n-th event, which changes a P or goroutine, replaced by a status that tells of the change as
/// done, and with what is before that in its sequence left out; `None` for other events.
pub(super) fn status_for_change(trace: &Trace, n: usize) -> Option<Trace> {
    let (generation, m, change) = event(trace, n)?;
    let (id, seq) = (change.args[0], change.args[1]);
    let status = |ty, args: &[u64]| Event::new(ty, change.dt, args);
    let (told, status): (&[EventType], Event) = match change.ty {
        EventType::ProcStart => (&[EventType::ProcStatus], status(EventType::ProcStatus, &[id, proc_status::RUNNING])),
        EventType::GoStart => (GO_STATUS, status(EventType::GoStatus, &[id, m, go_status::RUNNING])),
        EventType::GoUnblock => (GO_STATUS, status(EventType::GoStatus, &[id, NONE_ID, go_status::RUNNABLE])),
        _ => return None,
    };
    let of_sequence = change.ty.spec().args[1].1;
    let before = |e: &Event| {
        let numbered = e.ty.spec().args.get(1).is_some_and(|(_, kind)| *kind == of_sequence);
        e.args[0] == id && (told.contains(&e.ty) || numbered && e.args[1] < seq)
    };
    let mut candidate = trace.clone();
    let mut at = 0;
    for batch in candidate.batches_mut() {
        let same = batch.generation == generation;
        let Body::Events(events) = &mut batch.body else { continue };
        events.retain_mut(|e| {
            at += 1;
            if at == n + 1 {
                *e = status;
            }
            at == n + 1 || !same || !before(e)
        });
    }
    candidate.items.retain(|i| !matches!(i, Item::Batch(b) if matches!(&b.body, Body::Events(e) if e.is_empty())));
    Some(candidate)
}

/// The events that tell a goroutine's status.
const GO_STATUS: &[EventType] = &[EventType::GoStatus, EventType::GoStatusStack];

/// The n-th event, with its generation and M.
fn event(trace: &Trace, n: usize) -> Option<(u64, u64, Event)> {
    let mut at = 0;
    for batch in trace.batches() {
        let Body::Events(events) = &batch.body else { continue };
        if n < at + events.len() {
            return Some((batch.generation, batch.m, events[n - at]));
        }
        at += events.len();
    }
    None
}

/// The trace without its n-th event, the begin or the end of a syscall, and with the statuses before it in its batch
/// telling of that as done; `None` for other events.
pub(super) fn change_in_status(trace: &Trace, n: usize) -> Option<Trace> {
    let (_, _, change) = event(trace, n)?;
    let (go, proc) = match change.ty {
        EventType::GoSyscallBegin => (go_status::SYSCALL, Some(proc_status::SYSCALL)),
        EventType::GoSyscallEnd => (go_status::RUNNING, Some(proc_status::RUNNING)),
        EventType::GoSyscallEndBlocked => (go_status::RUNNABLE, None),
        _ => return None,
    };
    let mut candidate = trace.clone();
    let mut at = 0;
    let events = candidate.batches_mut().find_map(|batch| {
        let Body::Events(events) = &mut batch.body else { return None };
        at += events.len();
        (n < at).then_some(events)
    })?;
    let place = n + events.len() - at;
    events.remove(place);
    let before = &mut events[..place];
    before.iter_mut().rev().find(|e| GO_STATUS.contains(&e.ty))?.args[2] = go;
    if let Some(status) = proc {
        before.iter_mut().rev().find(|e| e.ty == EventType::ProcStatus)?.args[1] = status;
    }
    Some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracehound_wire::Batch;
    use tracehound_wire::{SizeField, Version};

    fn trace(events: &[Event]) -> Trace {
        let mut trace = Trace::new(Version::Go126);
        let body = Body::Events(events.to_vec());
        trace.items.push(Item::Batch(Batch { generation: 1, m: 7, time: 1, size: SizeField::Shortest, body }));
        trace
    }

    const PROC: Event = Event { ty: EventType::ProcStatus, dt: 0, args: [0, proc_status::RUNNING, 0, 0] };

    #[test]
    fn a_start_becomes_a_status() {
        let go = |status| Event::new(EventType::GoStatus, 0, &[1, 7, status]);
        let unblock = Event::new(EventType::GoUnblock, 0, &[1, 1, 0]);
        let before = trace(&[PROC, go(go_status::WAITING), unblock, Event::new(EventType::GoStart, 0, &[1, 2])]);
        assert_eq!(status_for_change(&before, 3), Some(trace(&[PROC, go(go_status::RUNNING)])));
        assert_eq!(status_for_change(&before, 0), None);
    }

    #[test]
    fn a_syscall_is_told_by_statuses() {
        let go = |status| Event::new(EventType::GoStatus, 0, &[1, 7, status]);
        let begin = Event::new(EventType::GoSyscallBegin, 0, &[1, 0]);
        let inside = trace(&[Event::new(EventType::ProcStatus, 0, &[0, proc_status::SYSCALL]), go(go_status::SYSCALL)]);
        assert_eq!(change_in_status(&trace(&[PROC, go(go_status::RUNNING), begin]), 2), Some(inside));
        assert_eq!(change_in_status(&trace(&[begin]), 0), None);
    }
}
