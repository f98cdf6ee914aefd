//! Laws about edits of a trace that change nothing, or only what is said.
//!
//! - shift: for every c: read(t with all times + c) = read(t) with all times + c.
//! - rebatch: for every cutting of the threads' streams into batches: read(t cut) = read(t).
//! - permute: for every order of a generation's batches that keeps each thread's: read(t permuted) =
//!   read(t) up to the order of events with equal times.

use super::change::how;
use super::{Law, Outcome, edit, events_differ, read_events, verdicts_differ};
use crate::canonical::Details;
use crate::readers::{ReaderUnderTest, Reports};
use crate::verdict::{NotComparable, compare_events};
use tracehound_wire::{Batch, Body, Item, SizeField, Trace};

/// shift, by `ticks`.
pub fn shift(reader: &mut dyn ReaderUnderTest, trace: &Trace, ticks: u64) -> Outcome {
    let Some(ns_per_tick) = applicable_clock(trace, ticks) else {
        return Outcome::not_applicable("adding times is not exact on this trace's clock");
    };
    let ns = (ticks * ns_per_tick) as i64;
    same_events(reader, trace, &shifted(trace, ticks), Law::Shift, |events| {
        for e in events {
            e.time += ns;
            if let Details::Sync { snapshot: Some(s), .. } = &mut e.details {
                s.trace += ns;
            }
        }
    })
}

/// The trace with all times later by `ticks`.
pub(super) fn shifted(trace: &Trace, ticks: u64) -> Trace {
    let mut moved = trace.clone();
    for item in &mut moved.items {
        match item {
            Item::Batch(b) => {
                b.time += ticks;
                if let Body::CpuSamples(samples) = &mut b.body {
                    samples.iter_mut().for_each(|s| s.time += ticks);
                }
            }
            Item::Experimental(b) => b.time += ticks,
            Item::EndOfGeneration | Item::Bytes(_) => {}
        }
    }
    moved
}

/// rebatch: every event batch of two events and more is cut into two, after a number of
/// events that `seed` decides; if `seed` is odd, into batches of one event each.
pub fn rebatch(reader: &mut dyn ReaderUnderTest, trace: &Trace, seed: u64) -> Outcome {
    if applicable_clock(trace, 0).is_none() {
        return Outcome::not_applicable("adding times is not exact on this trace's clock");
    }
    let cut = rebatched(trace, seed);
    if cut.items.len() == trace.items.len() {
        return Outcome::not_applicable("no batch has two events");
    }
    same_events(reader, trace, &cut, Law::Rebatch, |_| {})
}

/// The trace with its batches cut.
pub(super) fn rebatched(trace: &Trace, seed: u64) -> Trace {
    let mut cut = trace.clone();
    cut.items = Vec::with_capacity(trace.items.len() * 2);
    for (n, item) in trace.items.iter().enumerate() {
        match item {
            Item::Batch(b) => {
                let mut rest = b.clone();
                while let Some((first, second)) = halves(&rest, seed.wrapping_add(n as u64), seed % 2 == 1) {
                    cut.items.push(Item::Batch(first));
                    rest = second;
                    if seed.is_multiple_of(2) {
                        break;
                    }
                }
                cut.items.push(Item::Batch(rest));
            }
            other => cut.items.push(other.clone()),
        }
    }
    cut
}

fn halves(batch: &Batch, seed: u64, smallest: bool) -> Option<(Batch, Batch)> {
    let Body::Events(events) = &batch.body else { return None };
    if events.len() < 2 || matches!(batch.size, SizeField::Exactly { .. }) {
        return None;
    }
    let at = if smallest { 1 } else { 1 + (seed % (events.len() as u64 - 1)) as usize };
    let time = events[..at].iter().try_fold(batch.time, |t, e| t.checked_add(e.dt))?;
    let part = |time, events: &[_]| Batch { time, body: Body::Events(events.to_vec()), ..batch.clone() };
    Some((part(batch.time, &events[..at]), part(time, &events[at..])))
}

/// permute: in every generation the threads' batches come thread by thread, the last thread first.
pub fn permute(reader: &mut dyn ReaderUnderTest, trace: &Trace) -> Outcome {
    if !edit::is_plain(trace) || edit::has_time_zero(trace) {
        return Outcome::not_applicable("the place of a batch means something in this trace");
    }
    let (before, after) = (trace.to_bytes(), permuted(trace).to_bytes());
    let ((was, events), (is, got)) = match (read_events(reader, &before), read_events(reader, &after)) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(e), _) | (_, Err(e)) => return e,
    };
    if !was.verdict.is_accepted() && !is.verdict.is_accepted() {
        return Outcome::NotComparable(NotComparable::RefusalsAmongTies);
    }
    if verdicts_differ(&was.verdict, &is.verdict) {
        return Outcome::Broken(format!("{}; {} {}", was.verdict, how(Law::Permute), is.verdict));
    }
    match compare_events(events, got, Reports::ALL.without(Reports::TIES)) {
        None => Outcome::Holds,
        Some(d) => Outcome::Broken(format!("{} {d}", how(Law::Permute))),
    }
}

/// The trace with every generation's threads in the opposite order.
pub(super) fn permuted(trace: &Trace) -> Trace {
    let mut permuted = trace.clone();
    permuted.items.clear();
    let mut rest = trace.items.as_slice();
    while let Some(first) = rest.first() {
        let number = edit::generation(first);
        let len = rest.iter().take_while(|i| number.is_some() && edit::generation(i) == number).count().max(1);
        let (generation, after) = rest.split_at(len);
        permuted.items.extend(last_thread_first(generation));
        rest = after;
    }
    permuted
}

/// The items of a generation: tables and the like as they are, then the threads' event batches.
fn last_thread_first(items: &[Item]) -> Vec<Item> {
    let thread = |item: &Item| match item {
        Item::Batch(Batch { m, body: Body::Events(_), .. }) => Some(*m),
        _ => None,
    };
    let mut threads = Vec::new();
    for m in items.iter().filter_map(thread) {
        if !threads.contains(&m) {
            threads.push(m);
        }
    }
    let mut out: Vec<Item> = items.iter().filter(|i| thread(i).is_none()).cloned().collect();
    for m in threads.into_iter().rev() {
        out.extend(items.iter().filter(|i| thread(i) == Some(m)).cloned());
    }
    out
}

/// Nanoseconds per tick, if the law applies for times moved by `ticks`.
pub(super) fn applicable_clock(trace: &Trace, ticks: u64) -> Option<u64> {
    let ns_per_tick = edit::exact_clock(trace)?;
    let last = edit::last_tick(trace)?.checked_add(ticks)?;
    let applies = edit::is_plain(trace) && !edit::has_time_zero(trace) && last < edit::exact_limit(ns_per_tick);
    applies.then_some(ns_per_tick)
}

/// Whether the edited trace gives what `expect` makes of the events of the original.
fn same_events(
    reader: &mut dyn ReaderUnderTest,
    trace: &Trace,
    edited: &Trace,
    law: Law,
    expect: impl FnOnce(&mut [crate::canonical::CanonEvent]),
) -> Outcome {
    let (before, after) = (trace.to_bytes(), edited.to_bytes());
    let ((was, mut events), (is, got)) = match (read_events(reader, &before), read_events(reader, &after)) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(e), _) | (_, Err(e)) => return e,
    };
    if verdicts_differ(&was.verdict, &is.verdict) {
        return Outcome::Broken(format!("{}; {} {}", was.verdict, how(law), is.verdict));
    }
    if !was.verdict.is_accepted() {
        return Outcome::not_applicable("the trace is refused");
    }
    expect(&mut events);
    match events_differ(&events, &got) {
        None => Outcome::Holds,
        Some(words) => Outcome::Broken(format!("{} {words}", how(law))),
    }
}
