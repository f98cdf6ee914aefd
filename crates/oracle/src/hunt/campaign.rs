//! Running a campaign on several threads: each takes a unit, examines its cases, and hands
//! in what was counted and found. What is new is shrunk and written meanwhile.

use super::Setup;
use super::agenda::{Agenda, Maker, Unit};
use super::desk::{Desk, Written};
use super::examine::Examiner;
use super::folder::Presentation;
use super::groups::{Found, Group, Yield};
use super::journal::{Journal, JournalError};
use super::stats::Stats;
use crate::readers::ReaderError;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// When a campaign ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// After this many cases, or a few more.
    Cases(u64),
    /// After this time.
    Time(Duration),
    /// When it is stopped.
    Never,
}

impl Bound {
    /// How many histories there are, if that is bounded.
    fn histories(self, setup: &Setup) -> Option<u64> {
        let of_seeds = u64::from(!setup.seeds.is_empty());
        match self {
            Bound::Cases(n) => Some(n.div_ceil(1 + setup.edits as u64 + of_seeds)),
            Bound::Time(_) | Bound::Never => None,
        }
    }
}

/// Where a campaign keeps its findings and its journal.
#[derive(Clone, Debug)]
pub struct Place {
    /// The folder.
    pub out: PathBuf,
    /// Whether to go on with the campaign in it instead of beginning one.
    pub resume: bool,
    /// What is kept of how the campaign was asked for, to be asked for in the same way again.
    pub arguments: Vec<String>,
    /// How findings are presented.
    pub presentation: Presentation,
}

/// Why a campaign ended before its time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HuntError {
    /// A reader cannot be started.
    #[error(transparent)]
    Reader(#[from] ReaderError),
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A finding cannot be written.
    #[error("cannot write the finding {}: {why}", folder.display())]
    Folder {
        /// Its folder.
        folder: PathBuf,
        /// What went wrong.
        why: io::Error,
    },
}

impl HuntError {
    /// The stable kebab-case class.
    pub fn class(&self) -> &'static str {
        match self {
            HuntError::Reader(e) => e.class(),
            HuntError::Journal(e) => e.class(),
            HuntError::Folder { .. } => "finding-folder",
        }
    }

    /// Whether the one who asked made a mistake, not the machine.
    pub fn is_usage(&self) -> bool {
        match self {
            HuntError::Reader(e) => e.is_usage(),
            HuntError::Journal(e) => e.is_usage(),
            HuntError::Folder { .. } => false,
        }
    }
}

/// A campaign under way, or at its end.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// What was counted.
    pub stats: Stats,
    /// The breaches, grouped.
    pub groups: Vec<Group>,
    /// The findings that have their folder since this process started.
    pub written: Vec<Written>,
    /// How many findings wait for theirs.
    pub waiting: usize,
    /// How many get none, since there are too many or only the first is wanted.
    pub left_out: usize,
    /// Whether there is something left to hunt.
    pub hunting: bool,
    /// Cases that were run before this process started.
    pub cases_before: u64,
    /// Time of the campaign, that before a resumption included.
    pub elapsed: Duration,
    /// Time since this process started with it.
    pub elapsed_here: Duration,
}

struct Shared {
    agenda: Mutex<Agenda>,
    found: Mutex<(Found, Option<Journal>)>,
    desk: Option<Desk>,
    stop: AtomicBool,
    hunting: AtomicUsize,
    failed: Mutex<Option<HuntError>>,
    cases_before: u64,
    elapsed_before: Duration,
    start: Instant,
}

/// Runs a campaign that keeps nothing on disk. `tick` is called a few times a second, and with
/// the end; as soon as it returns false the campaign stops.
///
/// # Errors
/// If a reader cannot be started.
pub fn hunt(setup: &Setup, bound: Bound, tick: impl FnMut(&Progress) -> bool) -> Result<Progress, HuntError> {
    run(setup, bound, None, tick)
}

/// Runs a campaign, or goes on with one, and keeps its findings in folders. `tick` is called a few times a second;
/// as soon as it returns false the campaign stops, and what is being shrunk is written as it is.
///
/// # Errors
/// If a reader cannot be started, or something cannot be written.
pub fn campaign(
    setup: &Setup,
    bound: Bound,
    place: &Place,
    tick: impl FnMut(&Progress) -> bool,
) -> Result<Progress, HuntError> {
    run(setup, bound, Some(place), tick)
}

fn run(
    setup: &Setup,
    bound: Bound,
    place: Option<&Place>,
    mut tick: impl FnMut(&Progress) -> bool,
) -> Result<Progress, HuntError> {
    let mut examiners = Vec::new();
    for _ in 0..setup.threads.max(1) {
        examiners.push(Examiner::new(setup)?);
    }
    let shared = Shared::new(setup, bound, place, examiners.len())?;
    let histories = bound.histories(setup);
    std::thread::scope(|scope| {
        let work = |examiner| shared.work(setup, histories, examiner);
        let mut workers: Vec<_> = examiners.into_iter().map(|x| scope.spawn(move || work(x))).collect();
        if let Some(desk) = &shared.desk {
            workers.push(scope.spawn(|| desk.work(setup)));
        }
        while !workers.iter().all(|w| w.is_finished()) {
            std::thread::park_timeout(Duration::from_millis(100));
            let progress = shared.progress();
            if matches!(bound, Bound::Time(limit) if progress.elapsed >= limit) {
                shared.stop.store(true, Ordering::Relaxed);
            }
            if !tick(&progress) {
                shared.stop.store(true, Ordering::Relaxed);
                shared.desk.iter().for_each(Desk::make_haste);
            }
        }
    });
    shared.end()
}

impl Shared {
    fn new(setup: &Setup, bound: Bound, place: Option<&Place>, threads: usize) -> Result<Shared, HuntError> {
        let start = Instant::now();
        let (mut found, mut journal, mut elapsed_before) = (Found::default(), None, Duration::ZERO);
        if let Some(place) = place {
            let fingerprint = setup.fingerprint(bound);
            journal = Some(if place.resume {
                let (journal, before, elapsed) = Journal::resume(&place.out, &fingerprint, setup.shard)?;
                (found, elapsed_before) = (before, elapsed);
                journal
            } else {
                Journal::create(&place.out, &place.arguments, &fingerprint, setup.shard)?
            });
        }
        let desk = place.map(|place| Desk::new(&place.out, &place.presentation, setup.first, found.groups.values()));
        Ok(Shared {
            agenda: Mutex::new(Agenda::new(setup, found.done.clone(), bound.histories(setup))),
            desk,
            stop: AtomicBool::new(false),
            hunting: AtomicUsize::new(threads),
            failed: Mutex::default(),
            cases_before: found.stats.cases(),
            found: Mutex::new((found, journal)),
            elapsed_before,
            start,
        })
    }

    fn progress(&self) -> Progress {
        let elapsed_here = self.start.elapsed();
        let mut progress = Progress {
            hunting: self.hunting.load(Ordering::Relaxed) > 0,
            cases_before: self.cases_before,
            elapsed: self.elapsed_before + elapsed_here,
            elapsed_here,
            ..Progress::default()
        };
        if let Ok(found) = self.found.lock() {
            progress.stats = found.0.stats.clone();
            progress.groups = found.0.groups.values().cloned().collect();
        }
        if let Some(desk) = &self.desk {
            let look = desk.look();
            (progress.written, progress.waiting, progress.left_out) = (look.written, look.waiting, look.left_out);
        }
        progress
    }

    /// One thread's part: hunting, and then shrinking what is left.
    fn work(&self, setup: &Setup, histories: Option<u64>, mut examiner: Examiner) {
        let mut maker = Maker::new(setup, histories);
        while let Some(unit) = self.next() {
            let cases = maker.make(unit);
            if cases.is_empty() {
                self.end_before(unit);
                continue;
            }
            let breaches = examiner.examine(&cases);
            let mut stats = std::mem::take(&mut examiner.stats);
            stats.without_place += std::mem::take(&mut maker.without_place);
            stats.lifted += std::mem::take(&mut maker.lifted);
            if let Err(e) = self.note(setup, Yield::new(unit, stats, breaches)) {
                self.stop.store(true, Ordering::Relaxed);
                if let Ok(mut failed) = self.failed.lock() {
                    failed.get_or_insert(e.into());
                }
            }
        }
        // Its readers are of no more use, and may be large.
        drop(examiner);
        let last = self.hunting.fetch_sub(1, Ordering::Relaxed) == 1;
        if let Some(desk) = &self.desk {
            if last {
                desk.close();
            }
            desk.work(setup);
        }
    }

    /// Writes down and adds what was found in a unit, and puts what is new on the desk.
    fn note(&self, setup: &Setup, found: Yield) -> Result<(), JournalError> {
        let Ok(mut all) = self.found.lock() else { return Ok(()) };
        let (all, journal) = &mut *all;
        let new = match journal {
            Some(journal) => journal.note(all, found, self.elapsed_before + self.start.elapsed())?,
            None => all.add(found, setup.shard),
        };
        if setup.first && !new.is_empty() {
            self.stop.store(true, Ordering::Relaxed);
        }
        if let Some(desk) = &self.desk {
            new.into_iter().for_each(|group| desk.put(group));
        }
        Ok(())
    }

    /// The end of the campaign: the counts in the folders become those of the whole.
    fn end(self) -> Result<Progress, HuntError> {
        let progress = self.progress();
        if let Ok(Some(e)) = self.failed.into_inner() {
            return Err(e);
        }
        if let Some(desk) = &self.desk {
            if let Some(e) = desk.failure() {
                return Err(e);
            }
            desk.recount(progress.groups.iter())?;
        }
        Ok(progress)
    }

    fn next(&self) -> Option<Unit> {
        if self.stop.load(Ordering::Relaxed) {
            return None;
        }
        self.agenda.lock().ok()?.next()
    }

    fn end_before(&self, unit: Unit) {
        if let Ok(mut agenda) = self.agenda.lock() {
            agenda.end_before(unit);
        }
    }
}
