//! Running a target on files, without an engine.

use crate::target::Target;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The program of a target built without an engine: runs every file that it is given, and
/// every file in the folders that it is given. With `--entries` they are entries of the
/// committed corpus, in their envelopes.
pub fn main(target: &Target) -> ExitCode {
    let mut paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let as_entries = paths.first().is_some_and(|p| p == Path::new("--entries"));
    if as_entries {
        paths.remove(0);
    }
    if paths.is_empty() {
        eprintln!("usage: {} [--entries] FILE|FOLDER...", target.name);
        eprintln!("Replays inputs: {}.", target.law);
        eprintln!("To fuzz, run `cargo xtask fuzz run {}`.", target.name);
        return ExitCode::from(2);
    }
    for path in paths {
        match files(&path).and_then(|all| run_files(target, &all, as_entries)) {
            Ok(n) => println!("{}: {n} inputs hold", path.display()),
            Err(e) => {
                eprintln!("{}: {e}", path.display());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// The files at `path`, in the order of their names; itself if it is one.
///
/// # Errors
/// If it cannot be read.
pub fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut all: Vec<PathBuf> = fs::read_dir(path)?.map(|e| e.map(|e| e.path())).collect::<io::Result<_>>()?;
    all.retain(|p| p.is_file());
    all.sort();
    Ok(all)
}

fn run_files(target: &Target, all: &[PathBuf], as_entries: bool) -> io::Result<usize> {
    for path in all {
        let input = fs::read(path)?;
        // Before the run, so that a crash can be told from its input.
        println!("{} {}", target.name, path.display());
        if as_entries {
            target.replay(&input);
        } else {
            (target.run)(&input);
        }
    }
    Ok(all.len())
}
