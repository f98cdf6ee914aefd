//! Running a campaign on several threads. Which cases there are depends on the seed alone;
//! which thread takes which does not matter to what is found. It begins with the reject matrix
//! and the probes: a reader that lacks a rule is found out by the trace that breaks only that rule.

use super::case::{HuntCase, Made, edits_of, first_cases};
use super::examine::Examiner;
use super::stats::Stats;
use super::{Breach, Setup};
use crate::laws::Law;
use crate::readers::ReaderError;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many histories a thread takes at once.
const CHUNK: u64 = 16;

/// How many of the cases that come first are examined at once.
const FIRST_CHUNK: usize = 64;

/// When a campaign ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// After this many cases, or a few more.
    Cases(u64),
    /// After this time.
    Time(Duration),
}

/// A campaign under way, or at its end.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// What was counted.
    pub stats: Stats,
    /// For each finding its simplest breach so far, and how many breaches it has.
    pub groups: Vec<(Breach, u64)>,
    /// Time since the start.
    pub elapsed: Duration,
}

type Groups = BTreeMap<(Law, String, String), (u64, Breach, u64)>;

struct Shared {
    /// Whether a thread has taken the cases that come first.
    first_taken: AtomicBool,
    next: AtomicU64,
    stop: AtomicBool,
    found: Mutex<(Stats, Groups)>,
}

/// Runs a campaign. `tick` is called a few times a second, and with the end; as soon as it
/// returns false the campaign stops.
///
/// # Errors
/// If a reader cannot be started.
pub fn hunt(setup: &Setup, bound: Bound, mut tick: impl FnMut(&Progress) -> bool) -> Result<Progress, ReaderError> {
    let mut examiners = Vec::new();
    for _ in 0..setup.threads.max(1) {
        examiners.push(Examiner::new(setup)?);
    }
    let shared = Shared {
        first_taken: AtomicBool::new(false),
        next: AtomicU64::new(0),
        stop: AtomicBool::new(false),
        found: Mutex::new(Default::default()),
    };
    let start = Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> =
            examiners.into_iter().map(|x| scope.spawn(|| work(setup, bound, start, x, &shared))).collect();
        while !workers.iter().all(|w| w.is_finished()) {
            std::thread::park_timeout(Duration::from_millis(100));
            if !tick(&progress(&shared, start)) {
                shared.stop.store(true, Ordering::Relaxed);
            }
        }
    });
    Ok(progress(&shared, start))
}

fn progress(shared: &Shared, start: Instant) -> Progress {
    let Ok(found) = shared.found.lock() else { return Progress::default() };
    let groups = found.1.values().map(|(_, breach, n)| (breach.clone(), *n)).collect();
    Progress { stats: found.0.clone(), groups, elapsed: start.elapsed() }
}

fn work(setup: &Setup, bound: Bound, start: Instant, mut examiner: Examiner, shared: &Shared) {
    if !shared.first_taken.swap(true, Ordering::Relaxed) {
        let mut all = first_cases(!setup.readers.is_empty()).peekable();
        while all.peek().is_some() && !shared.stop.load(Ordering::Relaxed) {
            let cases: Vec<_> = all.by_ref().take(FIRST_CHUNK).collect();
            shared.note(&mut examiner, &cases, &[0; FIRST_CHUNK]);
        }
    }
    loop {
        let first = shared.next.fetch_add(CHUNK, Ordering::Relaxed);
        let done = match bound {
            Bound::Cases(n) => first >= n.div_ceil(1 + setup.edits as u64),
            Bound::Time(limit) => start.elapsed() >= limit,
        };
        if done || shared.stop.load(Ordering::Relaxed) {
            return;
        }
        let last = match bound {
            Bound::Cases(n) => (first + CHUNK).min(n.div_ceil(1 + setup.edits as u64)),
            Bound::Time(_) => first + CHUNK,
        };
        let mut cases = Vec::new();
        let mut indexes = Vec::new();
        for n in first..last {
            let seed = setup.seed.wrapping_add(n);
            let legal = HuntCase::legal(seed, &setup.config);
            let Some(made) = legal.make() else { continue };
            // Labels hold for edits of legal histories only, which a runtime's fault spoils.
            let count = if made.history.fault_hits() == 0 { setup.edits } else { 0 };
            let (edits, without_place) = edits_of(&legal, &made, count, seed);
            examiner.stats.without_place += without_place;
            indexes.resize(indexes.len() + 1 + edits.len(), n);
            cases.push((legal, made));
            cases.extend(edits);
        }
        shared.note(&mut examiner, &cases, &indexes);
    }
}

impl Shared {
    /// Examines cases, and keeps what was counted and found. The indexes say which of two breaches
    /// that are the same finding came first.
    fn note(&self, examiner: &mut Examiner, cases: &[(HuntCase, Made)], indexes: &[u64]) {
        let breaches = examiner.examine(cases);
        let stats = std::mem::take(&mut examiner.stats);
        let Ok(mut found) = self.found.lock() else { return };
        found.0.add(stats);
        for breach in breaches {
            let at = cases.iter().position(|(case, _)| *case == breach.case);
            let index = at.map_or(u64::MAX, |at| indexes[at]);
            let (law, reader, key) = breach.group();
            let group = (law, reader.to_owned(), key.to_owned());
            match found.1.get_mut(&group) {
                None => {
                    found.1.insert(group, (index, breach, 1));
                }
                Some((first, kept, n)) => {
                    *n += 1;
                    if index < *first {
                        (*first, *kept) = (index, breach);
                    }
                }
            }
        }
    }
}
