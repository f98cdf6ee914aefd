//! Where findings are shrunk and written while the hunt goes on.
//!
//! Each new group is put on the desk once. A thread takes one after another; when there is nothing left
//! to hunt, the others help.

use super::Setup;
use super::campaign::HuntError;
use super::finding::Finding;
use super::folder::{self, Presentation};
use super::groups::Group;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// How many findings are shrunk and written: a reader that is wrong everywhere is wrong in more ways than
/// anybody reads.
const MOST_FINDINGS: usize = 40;

/// A finding that has its folder.
#[derive(Clone, Debug)]
pub struct Written {
    /// What it is.
    pub finding: Arc<Finding>,
    /// Where it is.
    pub folder: PathBuf,
}

/// The groups that wait, and the findings that are written.
pub(super) struct Desk {
    out: PathBuf,
    presentation: Presentation,
    /// How many groups get a folder.
    most: usize,
    state: Mutex<State>,
    changed: Condvar,
    /// Set when whatever is being shrunk has to be written as it is.
    pub(super) hurry: Arc<AtomicBool>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Group>,
    at_work: usize,
    /// Groups that have a folder or will get one.
    taken: usize,
    /// Groups beyond the most that get one.
    left_out: usize,
    closed: bool,
    written: Vec<Written>,
    failed: Option<HuntError>,
}

/// How far the desk is.
pub(super) struct Look {
    pub(super) written: Vec<Written>,
    pub(super) waiting: usize,
    pub(super) left_out: usize,
}

impl Desk {
    /// A desk for a folder. Of the groups that are known, those without a whole folder are put on it.
    ///
    /// Where only the first finding is wanted, one group gets a folder: a unit of a reader that is wrong
    /// everywhere has many, and whoever waits for the first would wait for all of them.
    pub(super) fn new<'g>(
        out: &Path,
        presentation: &Presentation,
        first: bool,
        known: impl Iterator<Item = &'g Group>,
    ) -> Desk {
        let mut desk = Desk {
            out: out.to_owned(),
            presentation: presentation.clone(),
            most: MOST_FINDINGS,
            state: Mutex::default(),
            changed: Condvar::new(),
            hurry: Arc::default(),
        };
        let (whole, rest): (Vec<_>, Vec<_>) = known.partition(|group| desk.is_whole(group));
        desk.with(|state| state.taken = whole.len());
        if first {
            desk.most = whole.len() + 1;
        }
        rest.into_iter().for_each(|group| desk.put(group.clone()));
        desk
    }

    /// Whether a group has its folder already, shrunk to the end.
    fn is_whole(&self, group: &Group) -> bool {
        folder::read(&group.folder(&self.out)).is_ok_and(|record| record.shrunk)
    }

    fn with<T: Default>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        self.state.lock().map(|mut state| f(&mut state)).unwrap_or_default()
    }

    /// Puts a new group on the desk.
    pub(super) fn put(&self, group: Group) {
        self.with(|state| {
            if state.taken >= self.most {
                state.left_out += 1;
            } else {
                state.taken += 1;
                state.waiting.push_back(group);
            }
        });
        self.changed.notify_one();
    }

    /// No more groups come.
    pub(super) fn close(&self) {
        self.with(|state| state.closed = true);
        self.changed.notify_all();
    }

    /// Shrinks and writes groups until none is left and the desk is closed.
    pub(super) fn work(&self, setup: &Setup) {
        while let Some(group) = self.take() {
            let result = self.write(setup, &group);
            self.with(|state| {
                state.at_work -= 1;
                match result {
                    Ok(written) => state.written.push(written),
                    Err(e) => _ = state.failed.get_or_insert(e),
                }
            });
            self.changed.notify_all();
        }
    }

    fn take(&self) -> Option<Group> {
        let mut state = self.state.lock().ok()?;
        loop {
            if let Some(group) = state.waiting.pop_front() {
                state.at_work += 1;
                return Some(group);
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).ok()?;
        }
    }

    fn write(&self, setup: &Setup, group: &Group) -> Result<Written, HuntError> {
        let mut finding = Finding::shrink(setup, &group.breach, group.count, &self.hurry)?;
        let folder = folder::write(&self.out, &mut finding, &self.presentation)
            .map_err(|why| HuntError::Folder { folder: group.folder(&self.out), why })?;
        Ok(Written { finding: Arc::new(finding), folder })
    }

    /// Puts the final counts into the folders.
    pub(super) fn recount<'g>(&self, groups: impl Iterator<Item = &'g Group>) -> Result<(), HuntError> {
        for group in groups {
            let folder = group.folder(&self.out);
            if folder.is_dir() {
                folder::recount(&folder, group.count, &self.presentation)
                    .map_err(|why| HuntError::Folder { folder, why })?;
            }
        }
        Ok(())
    }

    /// How far it is; an error if something could not be written.
    pub(super) fn look(&self) -> Look {
        let look = |state: &mut State| {
            Some(Look {
                written: state.written.clone(),
                waiting: state.waiting.len() + state.at_work,
                left_out: state.left_out,
            })
        };
        self.with(look).unwrap_or(Look { written: Vec::new(), waiting: 0, left_out: 0 })
    }

    /// Why something could not be written, if so.
    pub(super) fn failure(&self) -> Option<HuntError> {
        self.with(|state| state.failed.take())
    }

    /// Makes haste: what is being shrunk is written as it is.
    pub(super) fn make_haste(&self) {
        self.hurry.store(true, Ordering::Relaxed);
    }
}
