//! truth: for every legal history h: read(trace(h)) tells what happened in h.
//!
//! Every event that the history wrote has to come out exactly once, in its thread's order,
//! with the context, the change of state, the strings, stacks and numbers that it had, at the
//! time that Go's conversion gives it; Syncs and CPU samples as well. Where times leave the
//! order of threads open, only what all legal orders share is asked for. What comes before
//! what between threads is checked by the context law, which holds old states to new ones.

mod event;
mod times;

use super::Outcome;
use crate::canonical::{CanonEvent, Details, SyscallWindows, Text};
use crate::readers::Reports;
use event::Facts;
use rustc_hash::FxHashMap;
use times::Times;
use tracehound_generator::history::{ExpectedGeneration, ExpectedSample};
use tracehound_generator::{Expected, ExpectedEvent, History};
use tracehound_wire::{EventType, Experiment, NONE_ID};

/// truth, for the events that a reader with these reports delivered of a history's trace.
pub fn truth(history: &History, events: &[CanonEvent], reports: Reports) -> Outcome {
    let mut check = Check::new(history, reports);
    for (i, e) in events.iter().enumerate() {
        if let Err(words) = check.event(e) {
            return Outcome::Broken(format!("event {i} is not what happened: {words}\ngot\n{e:#}"));
        }
    }
    match check.end() {
        Ok(()) => Outcome::Holds,
        Err(words) => Outcome::Broken(words),
    }
}

struct Check<'h> {
    history: &'h History,
    facts: Facts<'h>,
    times: Times,
    reports: Reports,
    /// Where not all events have one order: what each thread's stream of each generation still has to deliver.
    streams: Vec<Vec<Stream>>,
    /// The generation, by position, that events come from.
    generation: usize,
    /// Where all events have one order: the next of them.
    next: usize,
    syncs: usize,
    samples_left: Vec<Vec<ExpectedSample>>,
    last: i64,
    windows: SyscallWindows,
}

/// A thread's events of one generation.
struct Stream {
    m: u64,
    /// Indexes into the expected events.
    left: std::vec::IntoIter<usize>,
}

fn streams_of(expected: &Expected) -> Vec<Vec<Stream>> {
    let mut all = Vec::new();
    for (n, generation) in expected.generations.iter().enumerate() {
        let end = expected.generations.get(n + 1).map_or(expected.events.len(), |g| g.first_event);
        let mut by_m: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
        for i in generation.first_event..end {
            by_m.entry(expected.events[i].stream).or_default().push(i);
        }
        let mut streams: Vec<_> = by_m.into_iter().map(|(m, left)| Stream { m, left: left.into_iter() }).collect();
        streams.sort_by_key(|s| s.m);
        all.push(streams);
    }
    all
}

impl<'h> Check<'h> {
    fn new(history: &'h History, reports: Reports) -> Check<'h> {
        let expected = history.expected();
        Check {
            history,
            facts: Facts::new(expected),
            times: Times::new(history),
            reports,
            streams: if expected.total_order { Vec::new() } else { streams_of(expected) },
            generation: 0,
            next: 0,
            syncs: 0,
            samples_left: expected.generations.iter().map(|g| g.samples.clone()).collect(),
            last: 0,
            windows: SyscallWindows::default(),
        }
    }

    fn event(&mut self, e: &CanonEvent) -> Result<(), String> {
        let result = match &e.details {
            Details::Sync { .. } => self.sync(e),
            Details::StackSample => self.sample(e),
            _ => self.written(e),
        };
        self.last = e.time;
        self.windows.step(e);
        result
    }

    /// The time that an event with this raw time gets after the one before it.
    fn time(&self, e: &CanonEvent, raw: i64) -> Result<(), String> {
        let want = if raw <= self.last { self.last.wrapping_add(1) } else { raw };
        if !self.reports.has(Reports::TIMES) || e.time == want {
            return Ok(());
        }
        Err(format!("its time should be {want}"))
    }

    fn written(&mut self, e: &CanonEvent) -> Result<(), String> {
        let expected = self.history.expected();
        if expected.total_order {
            let Some(want) = expected.events.get(self.next) else {
                return Err("nothing more happened".into());
            };
            self.facts.fits(self.next, e, false)?;
            self.time(e, self.times.raw[self.next])?;
            self.in_generation(want)?;
            self.next += 1;
            return Ok(());
        }
        let index = self.find(e)?;
        self.time(e, self.times.raw[index])?;
        self.in_generation(&expected.events[index])
    }

    /// Takes the expected event that `e` is: the next of its own thread's stream, or of a
    /// stream that tells of other threads.
    fn find(&mut self, e: &CanonEvent) -> Result<usize, String> {
        let events = &self.history.expected().events;
        let mut first_reason = None;
        let p_is_open = self.windows.p_is_open(e);
        while let Some(streams) = self.streams.get_mut(self.generation) {
            let (own, others): (Vec<_>, Vec<_>) = streams.iter_mut().partition(|s| s.m == e.m as u64);
            for stream in own.into_iter().chain(others) {
                let rest = stream.left.as_slice();
                // The end of a cgo callback takes the P away, if nobody has done so before.
                if let Some(&i) = rest.first()
                    && stream.m == e.m as u64
                    && events[i].ty == EventType::GoDestroySyscall
                    && event::is_loss_of_own_p(e)
                {
                    return Ok(i);
                }
                // What depends on an order that nothing fixes may be missing.
                let racy = rest.iter().take_while(|&&i| events[i].racy).count();
                for skip in 0..=racy {
                    let Some(&i) = rest.get(skip) else { break };
                    match self.facts.fits(i, e, p_is_open) {
                        Ok(()) => {
                            stream.left.nth(skip);
                            return Ok(i);
                        }
                        Err(words) => {
                            first_reason.get_or_insert(words);
                        }
                    }
                }
            }
            if streams.iter().any(|s| s.left.as_slice().iter().any(|&i| !events[i].racy)) {
                break;
            }
            self.generation += 1;
        }
        Err(first_reason.unwrap_or_else(|| "nothing more happened".into()))
    }

    /// Generations come one after the other, each behind its Sync.
    fn in_generation(&self, want: &ExpectedEvent) -> Result<(), String> {
        if !self.reports.has(Reports::SYNC_NUMBERS) {
            return Ok(());
        }
        let generations = &self.history.expected().generations;
        match self.syncs.checked_sub(1).and_then(|n| generations.get(n)) {
            Some(g) if g.number == want.generation => Ok(()),
            _ => Err(format!("it belongs to generation {}, but {} Syncs came before it", want.generation, self.syncs)),
        }
    }

    fn sync(&mut self, e: &CanonEvent) -> Result<(), String> {
        let Details::Sync { n, snapshot, experiments } = &e.details else { return Ok(()) };
        if (e.m, e.p, e.g) != (-1, -1, -1) || e.stack.is_some() {
            return Err("a Sync has no context and no stack".into());
        }
        if !self.reports.has(Reports::SYNC_NUMBERS) {
            return Ok(());
        }
        self.syncs += 1;
        if *n != self.syncs as u64 {
            return Err(format!("its number should be {}", self.syncs));
        }
        let Some(g) = self.history.expected().generations.get(self.syncs - 1) else {
            // The last Sync belongs to no generation.
            if snapshot.is_some() || !experiments.is_empty() {
                return Err("a Sync at the end has no clock and no data".into());
            }
            return self.time(e, self.last);
        };
        let clock = g.clock.map(|c| (self.times.convert(c.trace), c.mono, c.sec as i64, c.nsec));
        let told = snapshot.map(|s| (s.trace, s.mono, s.wall_sec, s.wall_nsec));
        if clock != told {
            return Err(format!("its clocks should be {clock:?}"));
        }
        experiments_fit(g, experiments)?;
        self.time(e, self.times.generation_start(self.syncs - 1))
    }

    fn sample(&mut self, e: &CanonEvent) -> Result<(), String> {
        let n = if self.reports.has(Reports::SYNC_NUMBERS) { self.syncs.wrapping_sub(1) } else { usize::MAX };
        let found = self.samples_left.iter_mut().enumerate().find_map(|(g, left)| {
            if n != usize::MAX && g != n {
                return None;
            }
            let at = left.iter().position(|s| {
                let raw = self.times.convert(s.time);
                let time = if raw <= self.last { self.last.wrapping_add(1) } else { raw };
                (s.m as i64, s.p as i64, s.g as i64) == (e.m, e.p, e.g)
                    && (!self.reports.has(Reports::TIMES) || e.time == time)
                    && self.facts.sample_stack_fits(s.stack, e)
            })?;
            Some((g, at))
        });
        let (g, at) = found.ok_or("no such sample was taken at that time")?;
        self.samples_left[g].remove(at);
        Ok(())
    }

    fn end(&self) -> Result<(), String> {
        let expected = self.history.expected();
        let missing = if expected.total_order {
            expected.events.get(self.next)
        } else {
            let left = self.streams.iter().flatten().flat_map(|s| s.left.as_slice());
            left.map(|&i| &expected.events[i]).find(|e| !e.racy)
        };
        if let Some(e) = missing {
            return Err(format!("an event is missing: {}", event::tell(e)));
        }
        if let Some(g) = self.samples_left.iter().position(|s| !s.is_empty()) {
            return Err(format!("a CPU sample of generation {} is missing", expected.generations[g].number));
        }
        if self.reports.has(Reports::SYNC_NUMBERS) && self.syncs != expected.generations.len() + 1 {
            return Err(format!("{} Syncs came, there should be {}", self.syncs, expected.generations.len() + 1));
        }
        Ok(())
    }
}

fn experiments_fit(g: &ExpectedGeneration, told: &[crate::canonical::ExperimentData]) -> Result<(), String> {
    let mut want: std::collections::BTreeMap<Text, Vec<(i64, Text)>> = Default::default();
    for (number, m, data) in &g.experiments {
        let name = Experiment::from_number(*number).map_or_else(|| number.to_string(), |x| x.name().to_owned());
        let m = if *m == NONE_ID { -1 } else { *m as i64 };
        want.entry(Text::from(name.as_str())).or_default().push((m, Text::from(data.as_slice())));
    }
    let told: std::collections::BTreeMap<_, _> = told.iter().map(|x| (x.name.clone(), x.batches.clone())).collect();
    if want == told {
        return Ok(());
    }
    Err("its experimental data is not what was written".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::State;
    use crate::laws::read_events;
    use crate::readers::Builtin;
    use tracehound_generator::{Case, Config};

    fn delivered(seed: u64) -> (History, Vec<CanonEvent>) {
        let history = Case::from_seed(seed, Config::default()).generate();
        let (_, events) = read_events(&mut Builtin::default(), &history.bytes()).expect("the built-in reader reads");
        (history, events)
    }

    #[test]
    fn what_the_builtin_reader_tells_is_what_happened() {
        for seed in 0..300 {
            let (history, events) = delivered(seed);
            assert_eq!(truth(&history, &events, Reports::ALL), Outcome::Holds, "seed {seed}");
        }
    }

    #[test]
    fn every_lie_is_seen() {
        type Lie = fn(&mut CanonEvent) -> bool;
        let lies: [(&str, Lie); 7] = [
            ("time", |e| {
                e.time += 1;
                true
            }),
            ("m", |e| {
                e.m += 1;
                true
            }),
            ("p", |e| {
                e.p += 1;
                e.m != -1
            }),
            ("g", |e| {
                e.g += 1;
                e.m != -1 && !is_status(e)
            }),
            ("old state", |e| match &mut e.details {
                Details::StateTransition { old, .. } => {
                    *old = if *old == State::Idle { State::Running } else { State::Idle };
                    true
                }
                _ => false,
            }),
            ("reason", |e| match &mut e.details {
                Details::StateTransition { reason, .. } => {
                    reason.0.push(b'x');
                    true
                }
                _ => false,
            }),
            ("stack", |e| {
                e.stack = match e.stack {
                    None => Some(Vec::new().into()),
                    Some(_) => None,
                };
                true
            }),
        ];
        for seed in 0..20 {
            let (history, events) = delivered(seed);
            for (what, lie) in lies {
                // Where times leave the order open, so is the P of a thread in a syscall, and
                // the old state of what races.
                if matches!(what, "p" | "old state") && !history.expected().total_order {
                    continue;
                }
                for i in (0..events.len()).step_by(7) {
                    // So is the thread of a P's status that tells that it has been left.
                    if what == "m" && is_status(&events[i]) && !history.expected().total_order {
                        continue;
                    }
                    let mut lied = events.clone();
                    if lie(&mut lied[i]) {
                        assert!(truth(&history, &lied, Reports::ALL).is_broken(), "{what} of {i}, seed {seed}");
                    }
                }
            }
            let mut lost = events.clone();
            lost.remove(events.len() / 2);
            assert!(truth(&history, &lost, Reports::ALL).is_broken(), "lost, seed {seed}");
        }
    }

    fn is_status(e: &CanonEvent) -> bool {
        matches!(&e.details, Details::StateTransition { old, new, .. } if *old == State::Undetermined || old == new)
    }
}
