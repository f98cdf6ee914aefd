//! Recording real traces: the programs of `adapters/go/programs`, run with each Go SDK.

use crate::fault::{Doing, Result, capture, repository};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tracehound_oracle::readers::go::Toolchain;
use tracehound_oracle::readers::go::toolchain::cache_folder;

/// The size of a large trace, bytes.
const LARGE: u64 = 50 << 20;
/// Workloads that reach [`LARGE`] within seconds.
const LARGE_WORKLOADS: &[&str] = &["annotations", "coroutines", "files", "gc"];
/// How a workload runs once more, for traces of many generations and with the allocation
/// experiment: a suffix for the trace's name and the `GODEBUG` setting.
const VARIATIONS: &[(&str, &str, &str)] = &[
    ("alloc", "allocfree", "traceallocfree=1"),
    ("channels", "allocfree", "traceallocfree=1"),
    ("gc", "generations", "traceadvanceperiod=5000000"),
    ("cpu-profile", "generations", "traceadvanceperiod=20000000"),
    ("blocking-syscalls", "generations", "traceadvanceperiod=1000000"),
    ("network", "generations", "traceadvanceperiod=1000000"),
    ("annotations", "generations", "traceadvanceperiod=1000000"),
    ("procs", "generations-allocfree", "traceadvanceperiod=3000000,traceallocfree=1"),
];

/// The traces recorded with one toolchain.
pub struct Recorded {
    /// The files, in the order of their names.
    pub traces: Vec<PathBuf>,
    /// What could not be recorded, and why.
    pub skipped: Vec<String>,
}

/// Records afresh with `toolchain`, into the cache folder: small traces of every workload, or
/// with `large` some of at least 50 MiB.
///
/// # Errors
/// A program that does not build or run.
pub fn record(toolchain: &Toolchain, large: bool) -> Result<Recorded> {
    let size = if large { "large" } else { "small" };
    let folder = cache_folder().doing("find the cache folder")?.join("traces").join(toolchain.version()).join(size);
    if folder.exists() {
        fs::remove_dir_all(&folder).doing(folder.display())?;
    }
    let programs = tempfile::tempdir().doing("create a folder")?;
    let recorder = Recorder { toolchain, programs: programs.path(), folder: &folder };
    fs::create_dir_all(&folder).doing(folder.display())?;
    let skipped = if large { recorder.large()? } else { recorder.small()? };
    Ok(Recorded { traces: traces_in(&folder)?, skipped })
}

struct Recorder<'a> {
    toolchain: &'a Toolchain,
    programs: &'a Path,
    folder: &'a Path,
}

impl Recorder<'_> {
    fn small(&self) -> Result<Vec<String>> {
        let program = self.build(".", "programs", false)?;
        for workload in self.workloads(&program)? {
            capture(Command::new(&program).arg(&workload).arg(self.folder))?;
        }
        let available = self.workloads(&program)?;
        for (workload, suffix, godebug) in VARIATIONS {
            if available.iter().any(|w| w == workload) {
                self.variation(&program, workload, suffix, godebug)?;
            }
        }
        self.cgo()
    }

    fn large(&self) -> Result<Vec<String>> {
        let program = self.build(".", "programs", false)?;
        for workload in self.workloads(&program)?.iter().filter(|w| LARGE_WORKLOADS.contains(&w.as_str())) {
            capture(Command::new(&program).args(["-min-bytes", &LARGE.to_string(), workload]).arg(self.folder))?;
        }
        Ok(Vec::new())
    }

    /// Runs a workload in a folder of its own, then gives the trace its longer name.
    fn variation(&self, program: &Path, workload: &str, suffix: &str, godebug: &str) -> Result<()> {
        let scratch = tempfile::tempdir().doing("create a folder")?;
        capture(Command::new(program).arg(workload).arg(scratch.path()).env("GODEBUG", godebug))?;
        let from = scratch.path().join(format!("{workload}.trace"));
        let to = self.folder.join(format!("{workload}-{suffix}.trace"));
        fs::copy(&from, &to).doing(to.display())?;
        Ok(())
    }

    /// Calls from C into Go, where there is a C compiler.
    fn cgo(&self) -> Result<Vec<String>> {
        if Command::new("gcc").arg("--version").output().is_err() {
            return Ok(vec!["cgo-callbacks: there is no gcc".to_owned()]);
        }
        let program = self.build("./cgocallbacks", "cgocallbacks", true)?;
        capture(Command::new(program).arg(self.folder))?;
        Ok(Vec::new())
    }

    fn build(&self, package: &str, name: &str, cgo: bool) -> Result<PathBuf> {
        let program = self.programs.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let mut go = self.toolchain.command().doing("find the go command")?;
        go.current_dir(repository().join("adapters/go/programs"))
            .env("CGO_ENABLED", if cgo { "1" } else { "0" })
            .args(["build", "-trimpath", "-o"])
            .arg(&program)
            .arg(package);
        capture(&mut go)?;
        Ok(program)
    }

    fn workloads(&self, program: &Path) -> Result<Vec<String>> {
        let names = capture(Command::new(program).arg("-list"))?;
        Ok(String::from_utf8_lossy(&names).lines().map(str::to_owned).collect())
    }
}

/// The files of a folder, in the order of their names.
///
/// # Errors
/// A folder that cannot be read.
pub fn traces_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut traces = Vec::new();
    for entry in fs::read_dir(folder).doing(folder.display())? {
        traces.push(entry.doing(folder.display())?.path());
    }
    traces.sort();
    Ok(traces)
}
