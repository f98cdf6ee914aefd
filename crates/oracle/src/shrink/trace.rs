//! Shrinking a trace as a value: generations, threads, batches, events and table records are
//! left out, and numbers made plain, as long as a predicate holds.
//!
//! Leaving out an event leaves a hole in the sequence numbers of its P or G, so each try is
//! made twice: as it is, and with the numbers closed up.

use super::status::{change_in_status, status_for_change};
use super::window::{Film, View};
use super::{Budget, ShrinkError};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

use tracehound_wire::{ArgKind, Batch, Body, Event, Item, SizeField, Trace, leading_events};

/// The smallest trace found for which `holds` still says yes.
///
/// # Errors
/// If `holds` says no to the trace itself.
pub fn shrink_trace(
    trace: &Trace,
    budget: Budget,
    mut holds: impl FnMut(&Trace) -> bool,
) -> Result<Trace, ShrinkError> {
    if !holds(trace) {
        return Err(ShrinkError::PredicateFails);
    }
    let mut work = Work { best: trace.clone(), budget, holds: &mut holds };
    work.salvage();
    loop {
        let before = work.best.clone();
        work.narrow();
        work.leave_out_generations();
        work.leave_out_threads();
        work.leave_out_items();
        work.leave_out_events();
        work.leave_out_short_spans();
        work.leave_out_pairs();
        work.begin_later();
        work.make_plain();
        work.leave_out_records();
        if work.best == before || work.budget.is_over() {
            return Ok(work.best);
        }
    }
}

/// Up to so many events of a trace more ways of leaving some out are tried.
const SMALL: usize = 48;

/// Longest span that is tried from every event on.
const SPAN: usize = 8;

struct Work<'p> {
    best: Trace,
    budget: Budget,
    holds: &'p mut dyn FnMut(&Trace) -> bool,
}

impl Work<'_> {
    /// Keeps `candidate`, or it with sequence numbers closed up, if the predicate holds.
    fn offer(&mut self, candidate: Trace) -> bool {
        if candidate == self.best {
            return false;
        }
        if self.budget.take() && (self.holds)(&candidate) {
            self.best = candidate;
            return true;
        }
        let closed = close_up(&candidate);
        if closed != candidate && self.budget.take() && (self.holds)(&closed) {
            self.best = closed;
            return true;
        }
        false
    }

    /// Offers the best trace so far with an edit. A trace may be large: without a try left, it is
    /// not even copied.
    fn edit(&mut self, edit: impl FnOnce(&mut Trace)) -> bool {
        if self.budget.is_over() {
            return false;
        }
        let mut candidate = self.best.clone();
        edit(&mut candidate);
        self.offer(candidate)
    }

    /// Of batches with a damaged place only the events before it are kept.
    fn salvage(&mut self) {
        let damaged = |b: &Batch| matches!(&b.body, Body::Raw(data) if !leading_events(data).is_empty());
        if self.best.batches().any(damaged) {
            self.edit(|candidate| {
                for batch in candidate.batches_mut() {
                    if let Body::Raw(data) = &batch.body {
                        let events = leading_events(data);
                        if !events.is_empty() {
                            (batch.body, batch.size) = (Body::Events(events), SizeField::Shortest);
                        }
                    }
                }
            });
        }
    }

    /// Shows only the end of what happens before it goes wrong, as little of it as will do.
    fn narrow(&mut self) {
        let whole = self.best.clone();
        let Some(film) = Film::new(&whole) else { return };
        let all = film.order.len();
        if film.order.refused {
            // What happened last, and what each M wants to do then.
            self.narrow_to(&film, all, 1);
        } else {
            let to = self.first_that_holds(all, |work, to| {
                film.show(View { from: 0, to, beyond: 0, tables: true }).is_some_and(|trace| work.offer(trace))
            });
            self.narrow_to(&film, to.unwrap_or(all), 0);
        }
    }

    /// The latest beginning, by doubling and then by halving, of a window that ends before `to`.
    fn narrow_to(&mut self, film: &Film<'_>, to: usize, beyond: usize) {
        for tables in [false, true] {
            let offer = |work: &mut Self, len: usize| {
                let view = View { from: to - len, to, beyond, tables };
                film.show(view).is_some_and(|trace| work.offer(trace))
            };
            let mut len = 0;
            while len < to && !self.budget.is_over() {
                if offer(self, len) {
                    self.first_that_holds(len, |work, shorter| shorter > len / 2 && offer(work, shorter));
                    return;
                }
                len = (2 * len).max(1);
            }
        }
    }

    /// The smallest number up to `most` for which `holds`, if those above it hold as well; `None` if it does not even
    /// hold for the one below `most`.
    fn first_that_holds(&mut self, most: usize, mut holds: impl FnMut(&mut Self, usize) -> bool) -> Option<usize> {
        let (mut low, mut high, mut found) = (0, most, None);
        while low < high && !self.budget.is_over() {
            let middle = low + (high - low) / 2;
            if holds(self, middle) {
                (high, found) = (middle, Some(middle));
            } else {
                low = middle + 1;
            }
        }
        found
    }

    fn leave_out_generations(&mut self) {
        let numbers: BTreeSet<u64> = self.best.items.iter().filter_map(generation).collect();
        for number in numbers.into_iter().rev() {
            self.edit(|candidate| {
                let mut inside = false;
                candidate.items.retain(|item| {
                    inside = generation(item).map_or(inside, |g| g == number);
                    !inside
                });
            });
        }
    }

    fn leave_out_threads(&mut self) {
        let threads: BTreeSet<u64> =
            self.best.batches().filter(|b| matches!(b.body, Body::Events(_))).map(|b| b.m).collect();
        for m in threads {
            self.edit(|candidate| {
                let of_m = |i: &Item| matches!(i, Item::Batch(b) if b.m == m && matches!(b.body, Body::Events(_)));
                candidate.items.retain(|i| !of_m(i));
            });
        }
    }

    fn leave_out_items(&mut self) {
        let mut len = self.best.items.len().next_power_of_two();
        while len > 0 && !self.budget.is_over() {
            let mut end = self.best.items.len();
            while end > 0 {
                let start = end.saturating_sub(len);
                self.edit(|candidate| _ = candidate.items.drain(start..end));
                end = start.min(self.best.items.len());
            }
            len /= 2;
        }
    }

    fn leave_out_events(&mut self) {
        let mut len = self.best.event_count().next_power_of_two();
        while len > 0 {
            let mut end = self.best.event_count();
            while end > 0 && !self.budget.is_over() {
                let start = end.saturating_sub(len);
                self.edit(|candidate| remove_events(candidate, start, end));
                end = start.min(self.best.event_count());
            }
            len /= 2;
        }
    }

    /// Spans that begin anywhere: a P that stops and starts again goes only as a whole.
    fn leave_out_short_spans(&mut self) {
        if self.best.event_count() > SMALL {
            return;
        }
        for len in (1..=SPAN).rev() {
            let mut start = 0;
            while start + len <= self.best.event_count() {
                if !self.edit(|candidate| remove_events(candidate, start, start + len)) {
                    start += 1;
                }
            }
        }
    }

    /// Two events at a time, where there are few: what one thread does, another may undo.
    fn leave_out_pairs(&mut self) {
        let mut first = 0;
        while first < self.best.event_count() && self.best.event_count() <= SMALL {
            let mut second = first + 1;
            while second < self.best.event_count() {
                let both = |candidate: &mut Trace| {
                    remove_events(candidate, second, second + 1);
                    remove_events(candidate, first, first + 1);
                };
                if !self.edit(both) {
                    second += 1;
                }
            }
            first += 1;
        }
    }

    /// A P or goroutine that is told and then changed is told as changed instead.
    fn begin_later(&mut self) {
        if self.best.event_count() > SMALL {
            return;
        }
        let mut n = 0;
        while n < self.best.event_count() {
            let candidates = [status_for_change(&self.best, n), change_in_status(&self.best, n)];
            if !candidates.into_iter().flatten().any(|candidate| self.offer(candidate)) {
                n += 1;
            }
        }
    }

    /// Strings, stacks, times and sizes become as plain as they can be.
    fn make_plain(&mut self) {
        let edits: [fn(&mut Trace); 5] = [
            |t| zero_args(t, ArgKind::Stack),
            |t| zero_args(t, ArgKind::String),
            |t| t.batches_mut().for_each(|b| b.size = SizeField::Shortest),
            |t| each_event(t, |e| e.dt = 1),
            |t| {
                let mut time = 0;
                t.batches_mut().for_each(|b| {
                    time += 1;
                    b.time = time;
                });
            },
        ];
        for edit in edits {
            self.edit(edit);
        }
    }

    fn leave_out_records(&mut self) {
        for at in 0..self.best.items.len() {
            let mut len = records(&self.best, at).next_power_of_two();
            // Each record of a huge table is not worth a try of its own.
            let shortest = (len / MOST_SPANS).max(1);
            while len >= shortest && !self.budget.is_over() {
                let mut end = records(&self.best, at);
                while end > 0 {
                    let start = end.saturating_sub(len);
                    self.edit(|candidate| leave_out(candidate, at, start..end));
                    end = start.min(records(&self.best, at));
                }
                len /= 2;
            }
        }
    }
}

/// Into so many spans a table is cut at most.
const MOST_SPANS: usize = 64;

/// How many records the table has that is item `at`; 0 if it is none.
fn records(trace: &Trace, at: usize) -> usize {
    match trace.items.get(at) {
        Some(Item::Batch(b)) => match &b.body {
            Body::Strings(r) => r.len(),
            Body::Stacks(r) => r.len(),
            Body::CpuSamples(r) => r.len(),
            _ => 0,
        },
        _ => 0,
    }
}

/// Leaves out records of the table that is item `at`.
fn leave_out(trace: &mut Trace, at: usize, which: std::ops::Range<usize>) {
    let Some(Item::Batch(b)) = trace.items.get_mut(at) else { return };
    match &mut b.body {
        Body::Strings(r) => _ = r.drain(which),
        Body::Stacks(r) => _ = r.drain(which),
        Body::CpuSamples(r) => _ = r.drain(which),
        _ => {}
    }
}

fn generation(item: &Item) -> Option<u64> {
    match item {
        Item::Batch(b) => Some(b.generation),
        Item::Experimental(b) => Some(b.generation),
        _ => None,
    }
}

fn each_event(trace: &mut Trace, mut f: impl FnMut(&mut Event)) {
    for batch in trace.batches_mut() {
        if let Body::Events(events) = &mut batch.body {
            events.iter_mut().for_each(&mut f);
        }
    }
}

/// Leaves out events `start..end` in file order, and batches that have none left.
fn remove_events(trace: &mut Trace, start: usize, end: usize) {
    let mut n = 0;
    trace.items.retain_mut(|item| {
        let Item::Batch(b) = item else { return true };
        let Body::Events(events) = &mut b.body else { return true };
        let had = !events.is_empty();
        events.retain(|_| {
            n += 1;
            n <= start || n > end
        });
        !had || !events.is_empty()
    });
}

fn zero_args(trace: &mut Trace, kind: ArgKind) {
    each_event(trace, |e| zero(e, kind));
}

/// Makes the event's arguments of a kind 0.
pub(super) fn zero(e: &mut Event, kind: ArgKind) {
    for (arg, (_, k)) in e.args.iter_mut().zip(e.ty.spec().args) {
        if *k == kind {
            *arg = 0;
        }
    }
}

/// Closes up the sequence numbers of each P and G in each generation, and of the GC: their
/// order stays, holes go.
fn close_up(trace: &Trace) -> Trace {
    let mut used: FxHashMap<Sequence, Vec<u64>> = FxHashMap::default();
    let mut closed = trace.clone();
    number(&mut closed, |key, n| used.entry(key).or_default().push(*n));
    for numbers in used.values_mut() {
        numbers.sort_unstable();
        numbers.dedup();
    }
    number(&mut closed, |key, n| {
        if let Some(all) = used.get(&key) {
            *n = 1 + all.partition_point(|before| before < n) as u64;
        }
    });
    closed
}

/// Whose sequence a number belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Sequence {
    P(u64, u64),
    G(u64, u64),
    Gc,
}

/// Calls `f` with every sequence number. A syscall's begin names no P; it is that of its
/// thread's events around it, which is known only to a reader: the P of the last event of
/// the batch that names one.
fn number(trace: &mut Trace, mut f: impl FnMut(Sequence, &mut u64)) {
    let mut p_of_thread: BTreeMap<u64, u64> = BTreeMap::new();
    for batch in trace.batches_mut() {
        let (generation, m) = (batch.generation, batch.m);
        let Body::Events(events) = &mut batch.body else { continue };
        for e in events {
            let args = e.ty.spec().args;
            let value = |kind: ArgKind| args.iter().position(|(_, k)| *k == kind).map(|i| e.args[i]);
            let (p, g) = (value(ArgKind::P), value(ArgKind::G));
            if let Some(p) = p {
                p_of_thread.insert(m, p);
            }
            let p = p.or_else(|| p_of_thread.get(&m).copied());
            for (i, (_, kind)) in args.iter().enumerate().take(e.args.len()) {
                let key = match kind {
                    ArgKind::PSeq => p.map(|p| Sequence::P(generation, p)),
                    ArgKind::GSeq => g.map(|g| Sequence::G(generation, g)),
                    ArgKind::GcSeq => Some(Sequence::Gc),
                    _ => None,
                };
                if let Some(key) = key {
                    f(key, &mut e.args[i]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tracehound_generator::{Case, Config};
    use tracehound_wire::EventType;

    fn budget() -> Budget {
        Budget::new(100_000, Duration::from_secs(600))
    }

    #[test]
    fn only_the_event_that_counts_is_left() {
        let has =
            |t: &Trace, ty| t.batches().any(|b| matches!(&b.body, Body::Events(e) if e.iter().any(|e| e.ty == ty)));
        let traces = (0..).map(|seed| Case::from_seed(seed, Config::default()).generate().into_trace());
        let trace = traces.into_iter().find(|t| has(t, EventType::GoStart)).unwrap();
        let shrunk = shrink_trace(&trace, budget(), |t| has(t, EventType::GoStart)).unwrap();
        assert_eq!((shrunk.items.len(), shrunk.event_count()), (1, 1));
        assert!(has(&shrunk, EventType::GoStart));
    }

    #[test]
    fn nothing_is_tried_without_a_try_left() {
        let trace = Case::from_seed(5, Config::default()).generate().into_trace();
        let mut asked = 0;
        let kept = shrink_trace(&trace, Budget::new(0, Duration::from_secs(600)), |_| {
            asked += 1;
            true
        });
        assert_eq!((kept, asked), (Ok(trace), 1));
    }

    #[test]
    fn holes_in_sequences_are_closed() {
        let trace = Case::from_seed(3, Config::default()).generate().into_trace();
        let mut holed = trace.clone();
        each_event(&mut holed, |e| {
            for (i, (_, kind)) in e.ty.spec().args.iter().enumerate() {
                if *kind == ArgKind::GSeq {
                    e.args[i] *= 3;
                }
            }
        });
        let (mut want, mut got) = (Vec::new(), Vec::new());
        number(&mut close_up(&trace), |k, n| want.push((k, *n)));
        number(&mut close_up(&holed), |k, n| got.push((k, *n)));
        assert_eq!(want, got);
    }
}
