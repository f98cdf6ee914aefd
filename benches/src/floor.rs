//! The floor: what it costs to decode every event's bytes and do nothing with them.
//!
//! It walks batches and decodes each event's varints, without order, tables, times or
//! checks. A reader's time over this one's says what all its meaning costs.

use tracehound_wire::limits::MAX_EVENT_ARGS;
use tracehound_wire::{EventType, varint, version::HEADER_LEN};

/// Number of arguments by type byte, `dt` included; 0 for what is no timed event.
fn arg_counts() -> [u8; 256] {
    let mut counts = [0; 256];
    for ty in EventType::ALL {
        let spec = ty.spec();
        if spec.timed {
            counts[usize::from(ty.byte())] = spec.args.len() as u8 + 1;
        }
    }
    counts
}

/// Decodes all events of a well-formed trace with a canonical header: their number, and a sum
/// of all their arguments, so that nothing can be optimised away.
///
/// # Panics
/// If the trace is not well-formed.
pub fn decode_all(trace: &[u8]) -> (u64, u64) {
    let counts = arg_counts();
    let (mut events, mut sum) = (0u64, 0u64);
    let mut rest = &trace[HEADER_LEN..];
    while let Some((&kind, after)) = rest.split_first() {
        rest = after;
        if kind == EventType::EndOfGeneration.byte() {
            continue;
        }
        if kind == EventType::ExperimentalBatch.byte() {
            rest = &rest[1..];
        }
        let mut head = [0u64; 4];
        for value in &mut head {
            let (v, n) = varint::read(rest).expect("a batch header");
            *value = v;
            rest = &rest[n..];
        }
        let (payload, after) = rest.split_at(head[3] as usize);
        rest = after;
        if kind == EventType::EventBatch.byte() && payload.first().is_some_and(|&b| counts[usize::from(b)] > 0) {
            decode_batch(payload, &counts, &mut events, &mut sum);
        }
    }
    (events, sum)
}

fn decode_batch(payload: &[u8], counts: &[u8; 256], events: &mut u64, sum: &mut u64) {
    let mut at = 0;
    while let Some(&ty) = payload.get(at) {
        at += 1;
        let mut args = [0u64; MAX_EVENT_ARGS + 1];
        for arg in &mut args[..usize::from(counts[usize::from(ty)])] {
            let (v, n) = varint::read(&payload[at..]).expect("an argument");
            *arg = v;
            at += n;
        }
        *events += 1;
        *sum = args.iter().fold(*sum, |s, &a| s.wrapping_add(a));
    }
}
