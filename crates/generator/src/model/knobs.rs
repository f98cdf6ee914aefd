//! Every knob of a swarm has the effect that it is there for: turned up, what it governs comes more often.

use super::World;
use super::choose::Act;
use crate::source::{Feed, Rng};
use crate::swarm::{Clock, Swarm, WEIGHTS};
use crate::{Config, Corner, Counts, Feature, Flavour, History};
use std::collections::{BTreeMap, BTreeSet};
use tracehound_wire::{Batch, Body, EventType, NONE_ID};

const CASES: u64 = 240;

impl World<'_> {
    /// Counts an action that was picked where there were others.
    pub(super) fn note_pick(&mut self, act: Act, of: usize) {
        if let Some(n) = self.picked.get_mut(act as usize)
            && of > 1
        {
            *n += 1;
        }
    }
}

/// The histories of some seeds with their swarms turned, and how often each action was picked.
fn made(turn: &dyn Fn(&mut Swarm)) -> (Vec<History>, [u32; WEIGHTS]) {
    let mut picked = [0; WEIGHTS];
    let histories = (0..CASES).map(|seed| {
        let flavour = Flavour::ALL[seed as usize % Flavour::ALL.len()];
        let mut rng = Rng::new(seed);
        let mut swarm = Swarm::draw(&mut rng, &Config::default(), flavour);
        turn(&mut swarm);
        let mut w = World::new(Feed::Seed(rng), swarm);
        w.run();
        picked.iter_mut().zip(w.picked).for_each(|(sum, n)| *sum += n);
        let (swarm, trace, expected, fault_hits) = w.t.into_parts(&mut Default::default());
        History { swarm, trace, expected, steps: w.steps, fault_hits }
    });
    (histories.collect(), picked)
}

#[test]
fn a_heavier_action_is_picked_more_often() {
    for i in 0..WEIGHTS {
        let picked = |weight| made(&|s| s.weights[i] = weight).1[i];
        let (none, light, heavy) = (picked(0), picked(1), picked(60));
        assert!(none == 0 && light < heavy && heavy > 10, "weight {i}: {none}, {light} and {heavy}");
    }
}

/// What a knob governs, of all histories together.
fn sum(of: &dyn Fn(&History) -> u64, turn: &dyn Fn(&mut Swarm)) -> u64 {
    made(turn).0.iter().map(of).sum()
}

/// Of each turn of a knob there has to be clearly more than of the one before.
fn rises(knob: &str, of: &dyn Fn(&History) -> u64, turns: &[&dyn Fn(&mut Swarm)]) {
    let sums: Vec<u64> = turns.iter().map(|turn| sum(of, turn)).collect();
    assert!(sums.windows(2).all(|w| w[1] > w[0] + w[0] / 20), "{knob}: {sums:?}");
}

fn count(ty: EventType) -> impl Fn(&History) -> u64 {
    move |h| h.expected().events.iter().filter(|e| e.ty == ty && !e.derived).count() as u64
}

/// The batches of Ms, with their events.
fn batches(h: &History) -> impl Iterator<Item = &Batch> {
    h.trace().batches().filter(|b| b.m != NONE_ID && matches!(b.body, Body::Events(_)))
}

fn first_generation(h: &History) -> u64 {
    h.expected().generations[0].number
}

#[test]
fn sizes_grow_what_they_say() {
    let generations: &dyn Fn(&History) -> u64 = &|h| h.expected().generations.len() as u64;
    let threads = |h: &History| h.expected().events.iter().map(|e| e.stream).collect::<BTreeSet<_>>().len() as u64;
    rises("steps", &|h| u64::from(h.steps()), &[&|s| s.steps /= 2, &|_| {}]);
    rises("generations", generations, &[&|s| s.generations = 1, &|s| s.generations = 2, &|_| {}]);
    rises("generation_gap", generations, &[&|s| s.generation_gap *= 10, &|_| {}]);
    rises("threads", &threads, &[&|s| s.threads = 1, &|s| s.threads = 3, &|s| s.threads = 6]);
    let starts = |n: u32| move |s: &mut Swarm| s.procs = n;
    rises("procs", &count(EventType::ProcStart), &[&starts(1), &starts(2), &starts(6)]);
    let statuses = count(EventType::GoStatus);
    rises("goroutines", &statuses, &[&|s| s.goroutines = 1, &|s| s.goroutines = 4, &|s| s.goroutines = 12]);
}

#[test]
fn numbers_of_generations_begin_where_they_are_told() {
    rises("first_generation", &first_generation, &[&|s| s.first_generation = 1, &|s| s.first_generation = 7]);
    rises("skip", &first_generation, &[&|s| s.skip = 0, &|s| s.skip = 1, &|s| s.skip = 2]);
}

#[test]
fn windows_and_syscalls_last_as_long_as_they_are_told() {
    // Others get in between a GCBegin and its stop of the world.
    let between = |h: &History| {
        let mut counts = Counts::default();
        counts.count(h);
        counts.get(Corner::GcBeginEarly)
    };
    let begin = Feature::Gc;
    let linger = |n: u32| {
        move |s: &mut Swarm| {
            s.features = s.features.with(begin);
            s.linger = n;
        }
    };
    rises("linger", &between, &[&linger(1), &linger(3), &linger(8)]);
    // The longer a syscall, the likelier its P is gone at its end.
    let kept = count(EventType::GoSyscallEnd);
    let stay = |n: u32| move |s: &mut Swarm| s.stay = n;
    rises("stay, from the longest", &kept, &[&stay(24), &stay(8), &stay(2), &stay(1)]);
}

#[test]
fn batches_are_cut_and_shuffled() {
    // Long enough for the largest.
    let size = |n: u32| {
        move |s: &mut Swarm| {
            (s.steps, s.threads, s.generations, s.skip, s.batch_size) = (2000, 1, 1, 0, n);
        }
    };
    let longest = |h: &History| {
        let of = |b: &Batch| if let Body::Events(events) = &b.body { events.len() as u64 } else { 0 };
        batches(h).map(of).max().unwrap_or_default()
    };
    rises("batch_size", &longest, &[&size(40), &size(256), &size(4096)]);
    // Few histories write more than that before a batch ends for another reason.
    assert!(sum(&longest, &size(65_536)) > sum(&longest, &size(4096)));
    // As the runtime queues them, batches of an exact clock end one after another but for those flushed at the end.
    let disorder = |h: &History| {
        let times: Vec<(u64, u64)> = batches(h).map(|b| (b.generation, b.time)).collect();
        times.windows(2).filter(|w| w[0].0 == w[1].0 && w[0].1 > w[1].1).count() as u64
    };
    let shuffled = |shuffle| {
        move |s: &mut Swarm| {
            (s.clock, s.batch_size, s.shuffle) = (Clock::Exact, 256, shuffle);
        }
    };
    rises("shuffle", &disorder, &[&shuffled(false), &shuffled(true)]);
}

#[test]
fn clocks_tie_and_invert_as_they_are_told() {
    // Times in the order of what happened: how many are equal to the one before, and how many lie before it.
    let of = |clock: Clock| {
        let (mut ties, mut inversions) = (0, 0);
        for h in made(&|s| s.clock = clock).0 {
            let mut times = BTreeMap::<(u64, u64), Vec<u64>>::new();
            for b in batches(&h) {
                let Body::Events(events) = &b.body else { continue };
                let mut now = b.time;
                let of_thread = times.entry((b.generation, b.m)).or_default();
                of_thread.extend(events.iter().map(|e| {
                    now += e.dt;
                    now
                }));
            }
            times.values_mut().for_each(|of_thread| of_thread.reverse());
            let written = h.expected().events.iter().filter(|e| !e.derived && e.stream != NONE_ID);
            let in_order: Vec<u64> = written.filter_map(|e| times.get_mut(&(e.generation, e.stream))?.pop()).collect();
            ties += in_order.windows(2).filter(|w| w[0] == w[1]).count();
            inversions += in_order.windows(2).filter(|w| w[0] > w[1]).count();
        }
        (ties, inversions)
    };
    let [exact, coarse, skewed, zero, adversarial] = Clock::ALL.map(of);
    assert!(exact.0 == 0 && coarse.0 > 1000 && zero.0 > 2 * coarse.0 && zero.1 == 0);
    assert!(skewed.1 > 10 * exact.1 && adversarial.1 > skewed.1);
}

#[test]
fn noise_is_another_trace_of_the_same_choices() {
    let bytes = |noise: u64| made(&|s| s.noise ^= noise).0.iter().map(History::bytes).collect::<Vec<_>>();
    let other = bytes(0).iter().zip(&bytes(1)).filter(|(a, b)| a != b).count();
    assert!(other as u64 > CASES * 9 / 10, "{other}");
}

/// Each value that a knob can be drawn at comes about as often as it should.
#[test]
fn every_value_of_every_knob_is_drawn() {
    let swarms: Vec<Swarm> = (0..4000u64)
        .map(|seed| Swarm::draw(&mut Rng::new(seed), &Config::default(), Flavour::ALL[seed as usize % 6]))
        .collect();
    let share = |name: &str, expected: &[(u64, u64)], of: &dyn Fn(&Swarm) -> u64| {
        let mut counts = BTreeMap::<u64, u64>::new();
        swarms.iter().for_each(|s| *counts.entry(of(s)).or_default() += 1);
        let total: u64 = expected.iter().map(|(_, weight)| weight).sum();
        assert_eq!(counts.keys().collect::<Vec<_>>(), expected.iter().map(|(v, _)| v).collect::<Vec<_>>(), "{name}");
        for &(value, weight) in expected {
            let (n, want) = (counts[&value], swarms.len() as u64 * weight / total);
            assert!(n > want * 3 / 4 && n < want * 5 / 4 + 40, "{name} {value}: {n} times, not about {want}");
        }
    };
    let even = |values: std::ops::RangeInclusive<u64>| values.map(|v| (v, 1)).collect::<Vec<_>>();
    for &f in Feature::ALL {
        share(f.name(), &[(0, 1), (1, 3)], &|s| u64::from(s.features.has(f)));
    }
    for i in 0..WEIGHTS {
        share("weight", &[(1, 1), (2, 1), (4, 1), (16, 1)], &|s| u64::from(s.weights[i]));
    }
    // A quarter up to 25, a quarter up to 100, the others up to 400.
    let steps = [(0, 333), (1, 289), (2, 62), (3, 62), (4, 62), (5, 62), (6, 62), (7, 62)];
    share("steps", &steps, &|s| match s.steps {
        0..=24 => 0,
        25..=99 => 1,
        n => u64::from(n.min(399) / 50),
    });
    share("generations", &even(1..=8), &|s| s.generations.into());
    share("threads", &even(1..=6), &|s| s.threads.into());
    share("procs", &[(1, 3), (2, 3), (3, 3), (4, 1), (5, 1), (6, 1)], &|s| s.procs.into());
    share("goroutines", &even(1..=12), &|s| s.goroutines.into());
    share("first_generation", &[(1, 2), (2, 1), (7, 1)], &|s| s.first_generation.into());
    // Half of the releases have it, three of four of their cases, and of these two of three.
    share("skip", &[(0, 6), (1, 1), (2, 1)], &|s| s.skip.into());
    share("linger", &[(1, 2), (3, 1), (8, 1)], &|s| s.linger.into());
    share("stay", &[(1, 1), (2, 1), (8, 1), (24, 1)], &|s| s.stay.into());
    share("clock", &even(0..=4), &|s| s.clock as u64);
    share("batch_size", &[(40, 1), (256, 1), (4096, 1), (65_536, 2)], &|s| s.batch_size.into());
    share("shuffle", &[(0, 3), (1, 1)], &|s| s.shuffle.into());
    let noises: BTreeSet<u64> = swarms.iter().map(|s| s.noise).collect();
    assert!(noises.len() > 3990, "{}", noises.len());
}
