//! Go's own runtime test programs (`runtime/testdata/testprog` of an SDK), each traced while it runs.
//!
//! They deadlock, panic, exhaust and preempt on purpose, and so record what well-behaved programs do not. A file of
//! ours is laid over the package when it is built; the SDK itself stays as it is.

use crate::fault::{Doing, Result, capture, repository};
use crate::record::traces_in;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tracehound_oracle::readers::go::Toolchain;
use tracehound_oracle::readers::go::toolchain::cache_folder;
use wait_timeout::ChildExt;

/// What is laid over the package.
const OVERLAY: &str = "zz_tracehound.go";
/// How long a program may run.
const PATIENCE: Duration = Duration::from_secs(4);

/// The traces of one SDK's test programs.
pub struct Programs {
    /// The complete traces, in the order of their names.
    pub traces: Vec<PathBuf>,
    /// The programs that left none: they die by design, do not end in time, or trace themselves.
    pub silent: Vec<String>,
}

/// Runs each program that `toolchain`'s SDK has, into the cache folder; nothing if the SDK has no such programs.
///
/// # Errors
/// A package that does not build.
pub fn record(toolchain: &Toolchain) -> Result<Programs> {
    let package = toolchain.goroot().join("src/runtime/testdata/testprog");
    let mut programs = Programs { traces: Vec::new(), silent: Vec::new() };
    if !package.is_dir() {
        return Ok(programs);
    }
    let cache = cache_folder().doing("find the cache folder")?;
    let folder = cache.join("traces").join(toolchain.version()).join("testprog");
    if folder.exists() {
        fs::remove_dir_all(&folder).doing(folder.display())?;
    }
    fs::create_dir_all(&folder).doing(folder.display())?;
    let scratch = tempfile::tempdir().doing("create a folder")?;
    let binary = build(toolchain, &package, scratch.path())?;
    let names = capture(Command::new(&binary).env("TRACEHOUND_LIST", "1"))?;
    for name in String::from_utf8_lossy(&names).lines() {
        let trace = folder.join(format!("{}.trace", name.replace('/', "-")));
        run(&binary, name, &trace, scratch.path())?;
        if !trace.exists() {
            programs.silent.push(name.to_owned());
        }
    }
    programs.traces = traces_in(&folder)?;
    Ok(programs)
}

fn build(toolchain: &Toolchain, package: &Path, scratch: &Path) -> Result<PathBuf> {
    let ours = repository().join("adapters/go/testprog").join(OVERLAY);
    let overlay = serde_json::json!({ "Replace": { package.join(OVERLAY).to_string_lossy(): ours.to_string_lossy() } });
    let list = scratch.join("overlay.json");
    fs::write(&list, overlay.to_string()).doing(list.display())?;
    let binary = scratch.join(format!("testprog{}", std::env::consts::EXE_SUFFIX));
    let mut go = toolchain.command().doing("find the go command")?;
    go.current_dir(package).env("CGO_ENABLED", "0").args(["build", "-trimpath", "-overlay"]);
    capture(go.arg(&list).arg("-o").arg(&binary).arg("."))?;
    Ok(binary)
}

/// Runs one program, whatever becomes of it.
fn run(binary: &Path, name: &str, trace: &Path, scratch: &Path) -> Result<()> {
    let mut child = Command::new(binary)
        .arg(name)
        .current_dir(scratch)
        .env("TRACEHOUND_TRACE", trace)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .doing(name)?;
    if child.wait_timeout(PATIENCE).doing(name)?.is_none() {
        child.kill().doing(name)?;
        child.wait().doing(name)?;
    }
    let part = PathBuf::from(format!("{}.part", trace.display()));
    if part.exists() {
        fs::remove_file(&part).doing(part.display())?;
    }
    Ok(())
}
