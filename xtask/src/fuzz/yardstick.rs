//! The yardstick: Go's own fuzz test of its reader, on the same core in the same run.

use super::build::on_core;
use super::engine::{self, Rate};
use crate::conformance;
use crate::fault::{Doing, Fault, Result};
use std::fs;
use std::path::Path;
use std::time::Duration;
use tracehound_oracle::readers::go::Toolchain;

/// The release whose FuzzReader is the yardstick.
const RELEASE: &str = "1.27";

/// Writes the seeds of Go's FuzzReader into a folder.
///
/// # Errors
/// If there is no toolchain, or they cannot be read or written.
pub fn seeds_of_go(into: &Path) -> Result<()> {
    let toolchain = Toolchain::resolve(RELEASE).doing("find the yardstick")?;
    for (n, seed) in conformance::fuzzed(&toolchain)?.iter().enumerate() {
        fs::write(into.join(format!("{n:03}")), seed).doing("write a seed")?;
    }
    Ok(())
}

/// Runs Go's FuzzReader from these seeds, with one worker for `time` on `core`, in a scratch folder: what it
/// finds must not get into the SDK.
///
/// # Errors
/// If the toolchain is missing, the test does not build, or says no figures.
pub fn go_fuzz_reader(time: Duration, core: usize, seeds: &Path) -> Result<Rate> {
    let toolchain = Toolchain::resolve(RELEASE).doing("find the yardstick")?;
    let scratch = tempfile::tempdir().doing("make a folder")?;
    let test = scratch.path().join("trace.test");
    let mut build = toolchain.command().doing("find the go command")?;
    build.args(["test", "-c", "-fuzz=FuzzReader", "-o"]).arg(&test).arg(".");
    // Only the SDK itself counts as the main module, whose packages -fuzz takes.
    build.current_dir(toolchain.trace_package());
    crate::fault::capture(&mut build)?;
    as_go_corpus(seeds, &scratch.path().join("testdata/fuzz/FuzzReader"))?;
    let mut run = on_core(&test, core);
    // What is new is not made smaller: that takes up to a minute for each, in which the engine counts no inputs.
    run.args(["-test.fuzz=FuzzReader", "-test.run=^$", "-test.parallel=1", "-test.fuzzminimizetime=1x"])
        .arg(format!("-test.fuzztime={}s", time.as_secs()))
        .arg(format!("-test.fuzzcachedir={}", scratch.path().join("cache").display()))
        .current_dir(scratch.path());
    // It fails if it finds a panic; the figures count all the same.
    let ended = engine::run(&mut run, |_| ())?;
    if ended.rate.runs == 0 {
        return Err(Fault::new(format!("Go's FuzzReader says no figures:\n{}", ended.output)));
    }
    Ok(ended.rate)
}

/// Writes inputs in the form in which Go keeps its seeds.
fn as_go_corpus(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).doing(format!("make {}", to.display()))?;
    for path in tracehound_fuzz::replay::files(from).doing("list the seeds")? {
        let bytes = fs::read(&path).doing(format!("read {}", path.display()))?;
        let quoted: String = bytes.iter().map(|b| format!("\\x{b:02x}")).collect();
        let text = format!("go test fuzz v1\n[]byte(\"{quoted}\")\n");
        fs::write(to.join(path.file_name().unwrap_or_default()), text).doing("write a seed for Go")?;
    }
    Ok(())
}
