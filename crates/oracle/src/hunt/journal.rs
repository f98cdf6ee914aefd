//! What a campaign writes down while it runs, so that it can go on after any end, a kill included.
//!
//! A folder `campaign` holds `setup.json` (what the campaign is), `checkpoint.json` (all that was found up to
//! some moment) and `journal-N.log` (a line for each unit done since). A line holds what was counted and found in its
//! unit together, behind a checksum: either a unit is done and its findings are known, or neither. A checkpoint
//! replaces the one before in one step, and names the journal that goes on from it.

use super::agenda::{Done, Shard};
use super::groups::{Found, Group, Yield};
use super::stats::Stats;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The folder in the one for findings.
const FOLDER: &str = "campaign";

/// How many lines a journal gets before a checkpoint takes their place.
const MOST_LINES: usize = 2000;

/// Why a campaign cannot be written down, or not be gone on with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// A file cannot be read or written.
    #[error("cannot {doing} {}: {why}", path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        why: io::Error,
    },
    /// The folder holds no campaign.
    #[error("{} holds no campaign to go on with: give --resume the folder that was given to --out", .0.display())]
    NoCampaign(PathBuf),
    /// Another process is at it.
    #[error("another hunt is writing to {}: stop it first, or give --out another folder", .0.display())]
    Locked(PathBuf),
    /// A file that is only ever replaced whole holds something else.
    #[error("{} is damaged ({why}): start the campaign anew", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The same arguments mean another campaign now.
    #[error(
        "this is not the campaign that was begun in {}: its seeds, the program or the defaults have changed; \
         start it anew",
        .0.display()
    )]
    Changed(PathBuf),
}

impl JournalError {
    /// The stable kebab-case class.
    pub fn class(&self) -> &'static str {
        match self {
            JournalError::File { .. } => "journal-file",
            JournalError::NoCampaign(_) => "journal-no-campaign",
            JournalError::Locked(_) => "journal-locked",
            JournalError::Damaged { .. } => "journal-damaged",
            JournalError::Changed(_) => "journal-changed",
        }
    }

    /// Whether the one who named the folder made a mistake, not the machine.
    pub fn is_usage(&self) -> bool {
        matches!(self, JournalError::NoCampaign(_) | JournalError::Changed(_))
    }
}

fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |why| JournalError::File { doing, path, why }
}

/// What a campaign is: how it was asked for, and what that came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    arguments: Vec<String>,
    fingerprint: String,
}

/// All that was found up to some moment.
#[derive(Default, Serialize, Deserialize)]
struct Checkpoint {
    /// The journal that goes on from here.
    journal: u64,
    elapsed: Duration,
    done: Done,
    stats: Stats,
    groups: Vec<Group>,
}

/// A line of the journal.
#[derive(Serialize, Deserialize)]
struct Line {
    elapsed: Duration,
    found: Yield,
}

/// A campaign's journal, open for writing.
pub struct Journal {
    folder: PathBuf,
    shard: Shard,
    number: u64,
    lines: usize,
    log: File,
    /// Held for as long as the process lives.
    _lock: File,
}

/// The arguments with which the campaign in this folder for findings was started.
///
/// # Errors
/// If it holds no campaign.
pub fn arguments(out: &Path) -> Result<Vec<String>, JournalError> {
    Ok(identity(out)?.arguments)
}

fn identity(out: &Path) -> Result<Identity, JournalError> {
    let path = out.join(FOLDER).join("setup.json");
    let text = match fs::read(&path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(JournalError::NoCampaign(out.to_owned())),
        other => other.map_err(file("read", &path))?,
    };
    serde_json::from_slice(&text).map_err(|e| JournalError::Damaged { path, why: e.to_string() })
}

impl Journal {
    /// Begins a campaign's journal in its folder for findings; one that is there is given up.
    /// `fingerprint` is what the campaign depends on.
    ///
    /// # Errors
    /// If it cannot be written, or another process is at it.
    pub(super) fn create(
        out: &Path,
        arguments: &[String],
        fingerprint: &str,
        shard: Shard,
    ) -> Result<Journal, JournalError> {
        let folder = out.join(FOLDER);
        fs::create_dir_all(&folder).map_err(file("make", &folder))?;
        let lock = lock(out, &folder)?;
        for name in ["setup.json", "checkpoint.json"] {
            match fs::remove_file(folder.join(name)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(file("remove", &folder.join(name))(e)),
                _ => {}
            }
        }
        let identity = Identity { arguments: arguments.to_vec(), fingerprint: fingerprint.into() };
        let journal = Journal::begin(folder, shard, lock, &Checkpoint::default())?;
        // Last: what has a setup has all the rest.
        replace(&journal.folder.join("setup.json"), &identity)?;
        Ok(journal)
    }

    /// Goes on with the campaign in a folder for findings. Returns what was found, and how long it took.
    ///
    /// # Errors
    /// If there is none, it is another one, or another process is at it.
    pub(super) fn resume(
        out: &Path,
        fingerprint: &str,
        shard: Shard,
    ) -> Result<(Journal, Found, Duration), JournalError> {
        let folder = out.join(FOLDER);
        if identity(out)?.fingerprint != fingerprint {
            return Err(JournalError::Changed(out.to_owned()));
        }
        let lock = lock(out, &folder)?;
        let path = folder.join("checkpoint.json");
        let text = fs::read(&path).map_err(file("read", &path))?;
        let checkpoint: Checkpoint =
            serde_json::from_slice(&text).map_err(|e| JournalError::Damaged { path, why: e.to_string() })?;
        let groups = checkpoint.groups.into_iter().map(|g| (g.key(), g)).collect();
        let mut found = Found { done: checkpoint.done, stats: checkpoint.stats, groups };
        let mut elapsed = checkpoint.elapsed;
        for line in lines(&log_path(&folder, checkpoint.journal))? {
            elapsed = elapsed.max(line.elapsed);
            if !found.done.has(line.found.unit) {
                found.add(line.found, shard);
            }
        }
        let checkpoint = Checkpoint::of(&found, checkpoint.journal + 1, elapsed);
        Ok((Journal::begin(folder, shard, lock, &checkpoint)?, found, elapsed))
    }

    /// Writes a checkpoint, and opens the journal that goes on from it.
    fn begin(folder: PathBuf, shard: Shard, lock: File, checkpoint: &Checkpoint) -> Result<Journal, JournalError> {
        replace(&folder.join("checkpoint.json"), checkpoint)?;
        let path = log_path(&folder, checkpoint.journal);
        let log = File::create(&path).map_err(file("write", &path))?;
        if let Some(before) = checkpoint.journal.checked_sub(1) {
            // What a checkpoint covers is not read again; if it stays it does no harm.
            let _ = fs::remove_file(log_path(&folder, before));
        }
        Ok(Journal { folder, shard, number: checkpoint.journal, lines: 0, log, _lock: lock })
    }

    /// Writes down what was found in a unit, and then adds it to `all`. Returns the groups that are new.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn note(
        &mut self,
        all: &mut Found,
        found: Yield,
        elapsed: Duration,
    ) -> Result<Vec<Group>, JournalError> {
        let path = || log_path(&self.folder, self.number);
        let line = Line { elapsed, found };
        let json = serde_json::to_string(&line).map_err(|e| file("write", &path())(e.into()))?;
        let text = format!("{:08x} {json}\n", crc32c::crc32c(json.as_bytes()));
        self.log.write_all(text.as_bytes()).map_err(|e| file("write", &path())(e))?;
        self.lines += 1;
        let new = all.add(line.found, self.shard);
        if self.lines >= MOST_LINES {
            let checkpoint = Checkpoint::of(all, self.number + 1, elapsed);
            let lock = self._lock.try_clone().map_err(file("lock", &self.folder))?;
            *self = Journal::begin(self.folder.clone(), self.shard, lock, &checkpoint)?;
        }
        Ok(new)
    }
}

impl Checkpoint {
    fn of(found: &Found, journal: u64, elapsed: Duration) -> Checkpoint {
        let Found { done, stats, groups } = found.clone();
        Checkpoint { journal, elapsed, done, stats, groups: groups.into_values().collect() }
    }
}

fn log_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("journal-{number}.log"))
}

/// How often a lock is asked for. A reader that is being started holds on to the lock of a hunt that has just
/// ended until its program has been loaded.
const LOCK_TRIES: u32 = 50;

fn lock(out: &Path, folder: &Path) -> Result<File, JournalError> {
    let path = folder.join("lock");
    let lock = OpenOptions::new().create(true).append(true).open(&path).map_err(file("write", &path))?;
    for _ in 0..LOCK_TRIES {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::Error(e)) => return Err(file("lock", &path)(e)),
        }
    }
    Err(JournalError::Locked(out.to_owned()))
}

/// Writes a file so that it is there whole or not at all.
fn replace(path: &Path, value: &impl Serialize) -> Result<(), JournalError> {
    let text = serde_json::to_vec(value).map_err(|e| file("write", path)(e.into()))?;
    let partial = path.with_extension("partial");
    let write = || -> io::Result<()> {
        let mut out = File::create(&partial)?;
        out.write_all(&text)?;
        out.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(file("write", path))
}

/// The whole lines of a journal. One that was cut short is not yet a line, and nothing comes after it.
fn lines(path: &Path) -> Result<Vec<Line>, JournalError> {
    let text = match fs::read(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(file("read", path))?,
    };
    let whole = text.split_inclusive(|&b| b == b'\n').map_while(|line| {
        let (sum, json) = line.strip_suffix(b"\n")?.split_at_checked(9)?;
        let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?.trim_end(), 16).ok()?;
        (crc32c::crc32c(json) == sum).then(|| serde_json::from_slice(json).ok())?
    });
    Ok(whole.collect())
}

#[cfg(test)]
mod tests {
    use super::super::agenda::{Sort, Unit};
    use super::super::{Breach, HuntCase};
    use super::*;
    use crate::laws::Law;

    fn found_in(n: u64) -> Yield {
        let stats = Stats { legal: 16, breaches: n % 3, ..Stats::default() };
        let breach = |n: u64| Breach {
            law: Law::Accept,
            reader: "builtin".into(),
            words: "a legal history is refused".into(),
            key: format!("rejected:{}", n % 5),
            rule: Some(tracehound_wire::RejectRule::Stuck),
            case: HuntCase::legal(n, &Default::default()),
        };
        Yield::new(Unit(Sort::Histories, n), stats, (0..n % 3).map(|_| breach(n)).collect())
    }

    /// What is found when the first `n` units are done without an interruption.
    fn whole(n: u64) -> Found {
        let mut all = Found::default();
        for unit in 0..n {
            all.add(found_in(unit), Shard::WHOLE);
        }
        all
    }

    #[test]
    fn a_journal_that_is_cut_anywhere_loses_no_more_than_what_was_not_written() {
        let out = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(out.path(), &["hunt".into()], "x", Shard::WHOLE).unwrap();
        let log = log_path(&journal.folder, 0);
        let mut all = Found::default();
        let mut lengths = vec![0];
        for n in 0..12 {
            journal.note(&mut all, found_in(n), Duration::from_secs(n)).unwrap();
            lengths.push(fs::metadata(&log).unwrap().len());
        }
        drop(journal);
        let text = fs::read(&log).unwrap();
        for cut in (0..=text.len()).rev().step_by(7) {
            // The journal as it was before a resumption folded it into a checkpoint.
            replace(&out.path().join(FOLDER).join("checkpoint.json"), &Checkpoint::default()).unwrap();
            fs::write(&log, &text[..cut]).unwrap();
            let (journal, found, _) = Journal::resume(out.path(), "x", Shard::WHOLE).unwrap();
            let units = lengths.iter().filter(|&&len| len <= cut as u64).count() as u64 - 1;
            assert_eq!(found, whole(units), "cut at {cut}");
            drop(journal);
            let (_, again, _) = Journal::resume(out.path(), "x", Shard::WHOLE).unwrap();
            assert_eq!(again, found);
        }
    }

    #[test]
    fn checkpoints_take_the_place_of_lines() {
        let out = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(out.path(), &[], "x", Shard::WHOLE).unwrap();
        let mut all = Found::default();
        let n = MOST_LINES as u64 + 3;
        for unit in 0..n {
            journal.note(&mut all, found_in(unit), Duration::ZERO).unwrap();
        }
        assert_eq!((journal.number, journal.lines), (1, 3));
        drop(journal);
        let (_, found, _) = Journal::resume(out.path(), "x", Shard::WHOLE).unwrap();
        assert_eq!((&found, &found), (&all, &whole(n)));
    }

    #[test]
    fn a_damaged_line_ends_the_journal() {
        let out = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(out.path(), &[], "x", Shard::WHOLE).unwrap();
        let (log, mut all) = (log_path(&journal.folder, 0), Found::default());
        for unit in 0..5 {
            journal.note(&mut all, found_in(unit), Duration::ZERO).unwrap();
        }
        drop(journal);
        let mut text = fs::read(&log).unwrap();
        let middle = text.len() / 2;
        text[middle] ^= 1;
        fs::write(&log, text).unwrap();
        let (_, found, _) = Journal::resume(out.path(), "x", Shard::WHOLE).unwrap();
        assert!(found.stats.legal < all.stats.legal && found == whole(found.stats.legal / 16));
    }

    #[test]
    fn other_campaigns_and_folders_in_use_are_refused() {
        let out = tempfile::tempdir().unwrap();
        let class = |r: Result<_, JournalError>| r.map(|_: (Journal, Found, Duration)| ()).map_err(|e| e.class());
        assert_eq!(class(Journal::resume(out.path(), "x", Shard::WHOLE)), Err("journal-no-campaign"));
        let journal = Journal::create(out.path(), &[], "x", Shard::WHOLE).unwrap();
        assert_eq!(class(Journal::resume(out.path(), "x", Shard::WHOLE)), Err("journal-locked"));
        drop(journal);
        assert_eq!(class(Journal::resume(out.path(), "y", Shard::WHOLE)), Err("journal-changed"));
        assert_eq!(class(Journal::resume(out.path(), "x", Shard::WHOLE)), Ok(()));
    }
}
