//! cargo-fuzz, and the targets built with it.

use crate::cargo::{cargo, succeeds};
use crate::fault::{Doing, Fault, Result, repository};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tracehound_oracle::readers::go::toolchain::cache_folder;

/// The version of cargo-fuzz that is installed when there is none.
const CARGO_FUZZ: &str = "0.13.2";

/// How the targets are built: always optimised, and without a sanitizer, which stable Rust can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// As fast as they get. Nothing is shown to the engine of what our own code compares: the numbers of a trace are
    /// varints, in which the engine does not find the operands again, and each comparison costs a call. What Go's
    /// reader compares is shown all the same.
    Fast,
    /// With debug assertions, checks for overflow, and the comparisons.
    Checked,
    /// As [`Build::Fast`], with the planted faults, of which none is armed.
    Faulty,
}

impl Build {
    /// Its folder, below `target/`. What has the same flags shares what it is made of.
    fn folder(self) -> &'static str {
        match self {
            Build::Fast | Build::Faulty => "fuzz",
            Build::Checked => "fuzz-checked",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Build::Fast => &["--release", "--no-trace-compares"],
            Build::Checked => &["--debug-assertions"],
            Build::Faulty => &["--release", "--no-trace-compares", "--features", "faults"],
        }
    }
}

/// Builds every target; gives the folder of the programs.
///
/// # Errors
/// If cargo-fuzz cannot be installed or a target does not build.
pub fn build(how: Build) -> Result<PathBuf> {
    let path = path_with_cargo_fuzz()?;
    let target_dir = repository().join("target").join(how.folder());
    let mut command = cargo(&["fuzz", "build", "--sanitizer", "none"]);
    command.args(how.arguments()).arg("--target-dir").arg(&target_dir).env("PATH", &path);
    // This program itself was started by cargo; its flags are not the targets'.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    // Code that can be compiled again in pieces is slower.
    command.env("CARGO_INCREMENTAL", "0");
    if !succeeds(&mut command)? {
        return Err(Fault::new("the fuzz targets do not build"));
    }
    Ok(target_dir.join(host()?).join("release"))
}

/// The triple of this machine, which cargo-fuzz builds for.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").current_dir(repository()).output().doing("run rustc -vV")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find_map(|l| l.strip_prefix("host: "));
    line.map(str::to_owned).ok_or_else(|| Fault::new("rustc -vV does not name its host"))
}

/// PATH, with cargo-fuzz on it; installs it into the cache folder if it is nowhere.
///
/// # Errors
/// If it cannot be installed.
pub fn path_with_cargo_fuzz() -> Result<OsString> {
    let tools = cache_folder().doing("find the cache folder")?.join("tools");
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([tools.join("bin")]);
    let with_tools = env::join_paths(folders).doing("add to PATH")?;
    if env::split_paths(&with_tools).any(|folder| folder.join("cargo-fuzz").is_file()) {
        return Ok(with_tools);
    }
    println!("installing cargo-fuzz {CARGO_FUZZ} into {}", tools.display());
    install(&tools)?;
    Ok(with_tools)
}

fn install(tools: &Path) -> Result<()> {
    let mut command = cargo(&["install", "cargo-fuzz", "--locked", "--quiet", "--version", CARGO_FUZZ, "--root"]);
    // Outside the repository: its pinned toolchain and profiles are not the tool's.
    command.arg(tools).current_dir(env::temp_dir());
    if succeeds(&mut command)? {
        return Ok(());
    }
    Err(Fault::new(format!("cargo-fuzz cannot be installed; try `cargo install cargo-fuzz --version {CARGO_FUZZ}`")))
}

/// `program`, bound to one core where the system can do that.
pub fn on_core(program: &Path, core: usize) -> Command {
    let there = Command::new("taskset").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if there.is_ok_and(|s| s.success()) {
        let mut command = Command::new("taskset");
        command.arg("-c").arg(core.to_string()).arg(program);
        return command;
    }
    Command::new(program)
}
