//! ClusterFuzz's own engine, from the Python package index: whether its bots could run what build.sh puts out.

use crate::cargo::succeeds;
use crate::fault::{Doing, Fault, Result, capture};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tracehound_oracle::readers::go::toolchain::cache_folder;

/// The version that is installed. It wants old versions of what it uses, so that it gets an environment of its own.
const CLUSTERFUZZ: &str = "2.6.0";

/// How long it fuzzes each target, in seconds.
const SECONDS: u32 = 5;

/// How many checks the script makes of each target, behind one of them all.
const CHECKS: usize = 5;

/// What is told to Python.
const SCRIPT: &str = include_str!("clusterfuzz.py");

/// Lets the engine find, run and minimise `targets` in the folder `out`: each check in words, and whether it passed.
///
/// # Errors
/// If it cannot be installed, or ends before its last check.
pub fn examine(out: &Path, targets: &[&str]) -> Result<Vec<(String, bool)>> {
    let python = python()?;
    let scratch = tempfile::tempdir().doing("make a folder")?;
    let script = scratch.path().join("clusterfuzz-engine.py");
    fs::write(&script, SCRIPT).doing("write the script")?;
    let mut command = Command::new(python);
    command.arg(script).arg(out).arg(scratch.path()).arg(SECONDS.to_string()).args(targets);
    let said = capture(command.current_dir(scratch.path()))?;
    let checks = checks(&String::from_utf8_lossy(&said));
    if checks.len() != 1 + targets.len() * CHECKS {
        return Err(Fault::new(format!("ClusterFuzz's engine made {} checks only", checks.len())));
    }
    Ok(checks)
}

/// The checks among the lines of the script; the engine prints others.
fn checks(said: &str) -> Vec<(String, bool)> {
    let check = |line: &str| match line.strip_prefix("ok   ") {
        Some(words) => Some((words.to_owned(), true)),
        None => Some((line.strip_prefix("FAIL ")?.to_owned(), false)),
    };
    said.lines().filter_map(check).collect()
}

/// A Python that has ClusterFuzz; it is installed into the cache folder if it is not there.
fn python() -> Result<PathBuf> {
    let environment =
        cache_folder().doing("find the cache folder")?.join("tools").join(format!("clusterfuzz-{CLUSTERFUZZ}"));
    let python = environment.join("bin/python");
    let there = Command::new(&python).args(["-c", "import clusterfuzz"]).output().is_ok_and(|o| o.status.success());
    if there {
        return Ok(python);
    }
    println!("installing ClusterFuzz {CLUSTERFUZZ} into {}", environment.display());
    let made = succeeds(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    let package = format!("clusterfuzz=={CLUSTERFUZZ}");
    if made && succeeds(Command::new(&python).args(["-m", "pip", "install", "--quiet", &package]))? {
        return Ok(python);
    }
    Err(Fault::new("ClusterFuzz cannot be installed: it needs python3 with venv, and the Python package index"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn checks_are_told_from_what_the_engine_says() {
        let said = "INFO: Seed: 1\nok   bytes: it runs\nFAIL text: it runs\nokay\n";
        let wanted = [("bytes: it runs".to_owned(), true), ("text: it runs".to_owned(), false)];
        assert_eq!(super::checks(said), wanted);
    }
}
