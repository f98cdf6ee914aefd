//! Helpers for laws that edit a trace: its clock, and its generations.

use tracehound_wire::{Batch, Body, Item, SyncRecord, Trace};

/// A trace's clock, if every tick is a whole number of nanoseconds in all generations, so
/// that adding times and converting them can be exchanged: nanoseconds per tick.
pub(super) fn exact_clock(trace: &Trace) -> Option<u64> {
    let mut ns_per_tick = None;
    for batch in trace.batches() {
        let Body::Sync(records) = &batch.body else { continue };
        for record in records {
            if let SyncRecord::Frequency(f) = *record {
                let ns = 1_000_000_000u64.checked_div(f).filter(|ns| ns * f == 1_000_000_000)?;
                // Exact in Go's floating point too: the reciprocal is a whole number again.
                if 1.0 / (f as f64 / 1e9) != ns as f64 || *ns_per_tick.get_or_insert(ns) != ns {
                    return None;
                }
            }
        }
    }
    ns_per_tick
}

/// The largest time, in ticks, up to which floating point keeps every nanosecond.
pub(super) fn exact_limit(ns_per_tick: u64) -> u64 {
    (1 << 53) / ns_per_tick.max(1)
}

/// The largest time of any event in ticks; `None` if a sum overflows.
pub(super) fn last_tick(trace: &Trace) -> Option<u64> {
    let mut last = 0u64;
    for batch in trace.batches() {
        last = last.max(batch.time);
        match &batch.body {
            Body::Events(events) => {
                let sum = events.iter().try_fold(batch.time, |t, e| t.checked_add(e.dt))?;
                last = last.max(sum);
            }
            Body::CpuSamples(samples) => samples.iter().for_each(|s| last = last.max(s.time)),
            Body::Sync(records) => {
                for r in records {
                    if let SyncRecord::ClockSnapshot { dt, .. } = *r {
                        last = last.max(batch.time.checked_add(dt)?);
                    }
                }
            }
            _ => {}
        }
    }
    Some(last)
}

/// Whether a batch or sample stands at time 0, which Go's reader takes for "not set".
pub(super) fn has_time_zero(trace: &Trace) -> bool {
    trace.items.iter().any(|item| match item {
        Item::Batch(b) => b.time == 0 || matches!(&b.body, Body::CpuSamples(s) if s.iter().any(|s| s.time == 0)),
        Item::Experimental(b) => b.time == 0,
        Item::EndOfGeneration | Item::Bytes(_) => false,
    })
}

/// Whether every item is of a kind that the laws know how to move, without raw bytes.
pub(super) fn is_plain(trace: &Trace) -> bool {
    trace.header.is_none()
        && trace.items.iter().all(|item| match item {
            Item::Batch(b) => !matches!(b.body, Body::Raw(_)),
            Item::Bytes(_) => false,
            _ => true,
        })
}

/// The generation of an item; `None` for what belongs to the generation before it.
pub(super) fn generation(item: &Item) -> Option<u64> {
    match item {
        Item::Batch(Batch { generation, .. }) => Some(*generation),
        Item::Experimental(b) => Some(b.generation),
        _ => None,
    }
}
