//! Where campaigns keep things.

use crate::fault::{Doing, Result, repository};
use std::fs;
use std::path::{Path, PathBuf};
use tracehound_fuzz::Target;

/// The folders of one target.
pub struct Places {
    /// The committed seeds.
    pub committed: PathBuf,
    /// The committed seeds as the engine reads them: without envelopes.
    pub seeds: PathBuf,
    /// What campaigns on this machine have found so far.
    pub working: PathBuf,
    /// Inputs on which the target crashed.
    pub crashes: PathBuf,
}

impl Places {
    /// The folders of `target`, made if they are missing.
    ///
    /// # Errors
    /// If a folder cannot be made.
    pub fn of(target: &Target) -> Result<Places> {
        let below = |what: &str| repository().join("target").join(what).join(target.name);
        let places = Places {
            committed: repository().join("corpus/fuzz-seeds").join(target.name),
            seeds: below("fuzz-seeds"),
            working: below("fuzz-corpus"),
            crashes: below("fuzz-crashes"),
        };
        for folder in [&places.seeds, &places.working, &places.crashes] {
            fs::create_dir_all(folder).doing(format!("make {}", folder.display()))?;
        }
        Ok(places)
    }

    /// Puts the committed seeds where the engine reads them.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn unpack(&self, target: &Target) -> Result<()> {
        let doing = || format!("unpack {}", self.committed.display());
        fs::remove_dir_all(&self.seeds).doing(doing())?;
        fs::create_dir_all(&self.seeds).doing(doing())?;
        if !self.committed.is_dir() {
            return Ok(());
        }
        for path in tracehound_fuzz::replay::files(&self.committed).doing(doing())? {
            let entry = fs::read(&path).doing(doing())?;
            if let Some(input) = target.unpack(&entry) {
                fs::write(self.seeds.join(path.file_name().unwrap_or_default()), input).doing(doing())?;
            }
        }
        Ok(())
    }
}

/// Copies the files of one folder into another, which is made if it is missing.
///
/// # Errors
/// If one cannot be read or written.
pub fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).doing(format!("make {}", to.display()))?;
    for path in tracehound_fuzz::replay::files(from).doing("list a corpus")? {
        fs::copy(&path, to.join(path.file_name().unwrap_or_default())).doing("copy a corpus")?;
    }
    Ok(())
}
