//! Cargo, started with its output on the terminal, and what its test runs say.

use crate::fault::{Doing, Result, repository};
use crate::tally::Tally;
use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The cargo that runs this program, in the repository's root.
pub fn cargo(arguments: &[&str]) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(repository()).args(arguments);
    command
}

/// Runs a command with its output on the terminal; gives whether it ended with 0.
pub fn succeeds(command: &mut Command) -> Result<bool> {
    let program = command.get_program().to_owned();
    Ok(command.status().doing(program.display())?.success())
}

/// A program of this workspace, built in release mode.
pub fn release(name: &str) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
    target.join("release").join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// Runs this program once more with the same arguments, built in release mode; gives its exit
/// status. For work that takes many times as long without optimisation.
pub fn again_in_release() -> Result<Option<i32>> {
    let mut command = cargo(&["run", "--quiet", "--release", "--package", "xtask", "--"]);
    let status = command.args(env::args_os().skip(1)).status().doing("start cargo run")?;
    Ok(status.code())
}

/// What a run of tests came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TestRun {
    /// Tests that passed and failed. A run that ends with an error without a failed test (it
    /// did not build) counts as one failure.
    pub tally: Tally,
    /// Names of ignored tests, with the reasons.
    pub ignored: Vec<String>,
}

/// Runs `cargo test` with these arguments, its output on the terminal, and counts.
pub fn test(arguments: &[&str]) -> Result<TestRun> {
    let mut command = cargo(&["test", "--no-fail-fast"]);
    let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().doing("start cargo test")?;
    let mut run = TestRun::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line.doing("read the output of cargo test")?;
            if run.note(&line) {
                println!("{line}");
            }
        }
    }
    let success = child.wait().doing("wait for cargo test")?.success();
    if !success && run.tally.failed == 0 {
        run.tally.failed = 1;
    }
    Ok(run)
}

impl TestRun {
    /// Takes in a line; whether a person wants to see it.
    fn note(&mut self, line: &str) -> bool {
        if let Some(result) = line.strip_prefix("test result: ") {
            let number = |what: &str| {
                let before = result.split([';', '.']).map(str::trim).find_map(|part| part.strip_suffix(what));
                before.and_then(|n| n.trim().parse().ok()).unwrap_or(0)
            };
            self.tally += Tally { passed: number("passed"), failed: number("failed") };
        }
        let Some(test) = line.strip_prefix("test ") else { return true };
        if test.contains(" ... ignored") || test.ends_with("ignored") {
            self.ignored.push(test.replace(" ... ", " "));
        }
        !test.ends_with("... ok")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_results_are_added_up() {
        let mut run = TestRun::default();
        let shown: Vec<bool> = [
            "running 3 tests",
            "test a::b ... ok",
            "test a::c ... FAILED",
            "test [needs Go] d ... ignored",
            "test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s",
            "test result: ok. 41 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s",
        ]
        .map(|line| run.note(line))
        .to_vec();
        assert_eq!(shown, [true, false, true, true, true, true]);
        assert_eq!(run.tally, Tally { passed: 42, failed: 1 });
        assert_eq!(run.ignored, ["[needs Go] d ignored"]);
    }
}
