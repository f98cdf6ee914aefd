//! Building the worker inside a Go toolchain, once, into the cache folder.
//!
//! The worker is kept under a key made of the toolchain's version, the sources of its reader
//! and the worker's own sources: a patched copy of a toolchain gets a worker of its own.

use super::error::ToolchainError;
use super::recipe::Recipe;
use super::toolchain::{Toolchain, cache_folder};
use std::env;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

/// The command of the SDK whose main package the worker takes the place of. Its folder
/// exists in every release, which an overlay needs before Go 1.27.
const HOST_COMMAND: &str = "cmd/addr2line";

impl Toolchain {
    /// The program of the worker that speaks the protocol; see [`Toolchain::worker_of`].
    ///
    /// # Errors
    /// As [`Toolchain::worker_of`].
    pub fn worker(&self) -> Result<PathBuf, ToolchainError> {
        self.worker_of(&Recipe::plain())
    }

    /// The program of a worker, built now unless it is in the cache. Several processes may ask
    /// at once: one builds, the others wait.
    ///
    /// # Errors
    /// [`ToolchainError::Build`] with the compiler's words, [`ToolchainError::NoCache`],
    /// [`ToolchainError::Io`].
    pub fn worker_of(&self, recipe: &Recipe) -> Result<PathBuf, ToolchainError> {
        let folder = cache_folder()?.join("workers");
        fs::create_dir_all(&folder).map_err(ToolchainError::io(format!("create {}", folder.display())))?;
        let key = format!("go{}-{:016x}", self.version(), self.fingerprint(recipe)?);
        let worker = folder.join(format!("{key}{}", env::consts::EXE_SUFFIX));
        if worker.is_file() {
            return Ok(worker);
        }
        let lock_path = folder.join(format!("{key}.lock"));
        let lock = File::create(&lock_path).map_err(ToolchainError::io("create a lock file"))?;
        lock.lock().map_err(ToolchainError::io("wait for another build of the worker"))?;
        if !worker.is_file() {
            self.build(recipe, &folder, &worker)?;
        }
        Ok(worker)
    }

    /// Builds in a folder of its own and moves the finished program into place.
    fn build(&self, recipe: &Recipe, folder: &Path, worker: &Path) -> Result<(), ToolchainError> {
        let scratch = tempfile::tempdir_in(folder).map_err(ToolchainError::io("create a build folder"))?;
        let overlay =
            self.write_overlay(recipe, scratch.path()).map_err(ToolchainError::io("write the worker's sources"))?;
        let program = scratch.path().join("worker");
        let output = self
            .command()?
            .current_dir(scratch.path())
            .args(["build", "-trimpath", "-overlay"])
            .arg(&overlay)
            .args(recipe.flags)
            .arg("-o")
            .arg(&program)
            .arg(HOST_COMMAND)
            .output()
            .map_err(ToolchainError::io(format!("run the go command of {}", self.goroot().display())))?;
        if !output.status.success() {
            let output = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(ToolchainError::Build { version: self.version().to_owned(), output });
        }
        fs::rename(&program, worker).map_err(ToolchainError::io("move the worker into place"))
    }

    /// Writes the sources and the overlay that lays them over the host command.
    fn write_overlay(&self, recipe: &Recipe, scratch: &Path) -> io::Result<PathBuf> {
        let host = self.goroot().join("src").join(HOST_COMMAND);
        let mut replace = serde_json::Map::new();
        let sources = recipe.sources.iter().map(|(name, content)| (host.join(name), content.as_bytes()));
        let replaced = recipe.replaced.iter().map(|(p, content)| (self.goroot().join("src").join(p), &content[..]));
        for (i, (place, content)) in sources.chain(replaced).enumerate() {
            let source = scratch.join(format!("source{i}.go"));
            fs::write(&source, content)?;
            replace.insert(place.to_string_lossy().into_owned(), source.to_string_lossy().into_owned().into());
        }
        let overlay = scratch.join("overlay.json");
        fs::write(&overlay, serde_json::json!({ "Replace": replace }).to_string())?;
        Ok(overlay)
    }

    /// A hash of all that decides what the worker is.
    fn fingerprint(&self, recipe: &Recipe) -> Result<u64, ToolchainError> {
        let mut hasher = DefaultHasher::new();
        recipe.hash(&mut hasher);
        self.version().hash(&mut hasher);
        let package = self.trace_package();
        hash_go_files(&package, &mut hasher)
            .map_err(ToolchainError::io(format!("read the reader's sources in {}", package.display())))?;
        Ok(hasher.finish())
    }
}

/// Hashes the Go files below `folder`, tests and test data left out.
fn hash_go_files(folder: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<io::Result<_>>()?;
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "testdata" {
                hash_go_files(&path, hasher)?;
            }
        } else if name.ends_with(".go") && !name.ends_with("_test.go") {
            name.hash(hasher);
            fs::read(&path)?.hash(hasher);
        }
    }
    Ok(())
}
