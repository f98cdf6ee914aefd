//! When each written event has to come out: Go's conversion of ticks, written down once more,
//! independently of any reader.

use rustc_hash::FxHashMap;
use tracehound_generator::History;
use tracehound_wire::{Body, EventType, Item};

/// Raw times (before times are made to increase) of a history's events.
pub(super) struct Times {
    /// By index of the expected event.
    pub(super) raw: Vec<i64>,
    starts: Vec<i64>,
    ns_per_tick: f64,
}

impl Times {
    pub(super) fn new(history: &History) -> Times {
        let expected = history.expected();
        let frequency = expected.generations.first().map_or(1, |g| g.frequency);
        let mut times = Times { raw: Vec::new(), starts: Vec::new(), ns_per_tick: ns_per_tick(frequency) };
        let mut streams: FxHashMap<(u64, u64), Vec<i64>> = FxHashMap::default();
        let mut first_ticks: Vec<(u64, u64)> = Vec::new();
        for item in &history.trace().items {
            let (generation, time) = match item {
                Item::Batch(b) => (b.generation, b.time),
                Item::Experimental(b) => (b.generation, b.time),
                Item::EndOfGeneration | Item::Bytes(_) => continue,
            };
            match first_ticks.last_mut() {
                // A time of 0 counts as none.
                Some((g, first)) if *g == generation => {
                    if *first == 0 || time < *first {
                        *first = time;
                    }
                }
                _ => first_ticks.push((generation, time)),
            }
            let Item::Batch(batch) = item else { continue };
            let Body::Events(events) = &batch.body else { continue };
            let stream = streams.entry((generation, batch.m)).or_default();
            let mut now = times.convert(batch.time);
            for (i, e) in events.iter().enumerate() {
                if now == 0 && i > 0 {
                    now = times.convert(batch.time);
                }
                now = now.wrapping_add(times.convert(e.dt));
                stream.push(now);
            }
        }
        times.starts = first_ticks.iter().map(|&(_, t)| times.convert(t)).collect();
        let mut read: FxHashMap<(u64, u64), usize> = FxHashMap::default();
        for e in &expected.events {
            let at = read.entry((e.generation, e.stream)).or_default();
            // What is derived has the time of the event that it comes from: the loss of a P that of
            // the end of the callback after it, all else that of the event before it.
            let index = match (e.derived, e.ty) {
                (false, _) => {
                    *at += 1;
                    *at - 1
                }
                (true, EventType::ProcSteal) => *at,
                (true, _) => at.wrapping_sub(1),
            };
            let stream = streams.get(&(e.generation, e.stream));
            times.raw.push(stream.and_then(|s| s.get(index)).copied().unwrap_or(i64::MIN));
        }
        times
    }

    /// A number of ticks in nanoseconds: one product of floating point numbers, cut.
    pub(super) fn convert(&self, ticks: u64) -> i64 {
        let ns = ticks as f64 * self.ns_per_tick;
        let fits = ns >= -(2f64.powi(63)) && ns < 2f64.powi(63);
        if fits { ns as i64 } else { i64::MIN }
    }

    /// The raw time of the Sync of the n-th generation.
    pub(super) fn generation_start(&self, n: usize) -> i64 {
        self.starts.get(n).copied().unwrap_or(i64::MIN)
    }
}

fn ns_per_tick(frequency: u64) -> f64 {
    1.0 / (frequency as f64 / 1e9)
}
