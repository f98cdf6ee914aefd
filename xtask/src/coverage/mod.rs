//! How much of Go's reader legal histories reach: statement coverage of its files, beside what the SDK's own
//! test data reaches, as the page `docs/coverage.md`.
//!
//! What no legal history reaches is listed with the reason. A place without one is a history that the
//! model cannot make.

mod page;
mod profile;

use crate::conformance;
use crate::fault::{Doing, Fault, Result, capture, repository};
use crate::provision;
use crate::tally::Tally;
use profile::Profile;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use tracehound_generator::{Case, Config};
use tracehound_oracle::readers::go::{Recipe, Toolchain};

/// The files of `internal/trace` that read the v2 format.
const FILES: [&str; 6] = ["order.go", "reader.go", "generation.go", "batch.go", "batchcursor.go", "event.go"];

/// Every how many traces the events are asked for as text as well, which is slower.
const TEXT_EVERY: u64 = 16;

/// How many, and of which reader.
#[derive(clap::Args)]
pub struct Options {
    /// Legal histories, from seed 0 on
    #[arg(long, default_value_t = 100_000)]
    cases: u64,
    /// The SDK whose reader is measured
    #[arg(long, default_value = "1.27", value_name = "VERSION")]
    sdk: String,
}

/// Measures, prints the table, and writes `docs/coverage.md`.
///
/// # Errors
/// No Go SDK, a worker that does not build or end well, a page that cannot be written.
pub fn coverage(options: &Options) -> Result<()> {
    let toolchains = provision::provide(&provision::chosen(std::slice::from_ref(&options.sdk))?)?;
    let toolchain = toolchains.first().ok_or_else(|| Fault::new("no such Go SDK"))?;
    let worker = toolchain.worker_of(&Recipe::statements()).doing("build the worker that counts statements")?;
    let shipped = conformance::shipped(toolchain)?;
    let tests = measure(toolchain, &worker, shipped.iter().map(|bytes| bytes.to_vec()))?;
    let bytes = (0..options.cases).map(|seed| Case::from_seed(seed, Config::default()).generate().bytes());
    let legal = measure(toolchain, &worker, bytes)?;
    let summary = page::summary(&legal, &tests);
    print!("{summary}");
    let text = page::page(toolchain, &legal, &summary, options.cases, shipped.len())?;
    let path = repository().join("docs/coverage.md");
    fs::write(&path, text).doing(path.display())
}

/// Of Go's reader's files, those that read traces and not what is in them.
const READING: [&str; 5] = ["order.go", "reader.go", "generation.go", "batch.go", "batchcursor.go"];

/// The least share of the statements of [`READING`] that the committed corpus has to reach, percent.
const LEAST: f64 = 95.0;

/// Prints which statements of the newest Go reader these traces reach, and of those that none reaches why.
///
/// # Errors
/// No Go SDK, or a worker that does not build or end well.
pub fn of_corpus(traces: Vec<Vec<u8>>) -> Result<Tally> {
    let toolchain = Toolchain::resolve("1.27").doing("find the newest Go SDK")?;
    let worker = toolchain.worker_of(&Recipe::statements()).doing("build the worker that counts statements")?;
    let profile = measure(&toolchain, &worker, traces.into_iter())?;
    let percent = |part: u32, all: u32| 100.0 * f64::from(part) / f64::from(all.max(1));
    let mut sum = (0, 0);
    println!("| Go {} | statements | reached | % |\n| --- | --- | --- | --- |", toolchain.version());
    for file in READING {
        let (part, all) = profile.of(file);
        sum = (sum.0 + part, sum.1 + all);
        println!("| {file} | {all} | {part} | {:.1} |", percent(part, all));
    }
    println!("| all | {} | {} | {:.1} |\n", sum.1, sum.0, percent(sum.0, sum.1));
    print!("{}", page::missing(&toolchain, &profile, &READING)?);
    let mut tally = Tally::default();
    tally.count(percent(sum.0, sum.1) >= LEAST);
    Ok(tally)
}

/// The coverage of these traces, read one after another by one process.
fn measure(toolchain: &Toolchain, worker: &Path, traces: impl Iterator<Item = Vec<u8>>) -> Result<Profile> {
    let folder = tempfile::tempdir().doing("make a folder")?;
    let mut child = Command::new(worker)
        .env("GOCOVERDIR", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .doing("start the worker")?;
    let mut input = BufWriter::new(child.stdin.take().ok_or_else(|| Fault::new("the worker has no input"))?);
    for (n, trace) in traces.enumerate() {
        // Modes 0 and 2 of docs/protocol.md.
        let mode = if (n as u64).is_multiple_of(TEXT_EVERY) { 2 } else { 0 };
        let mut frame = (trace.len() as u32 + 1).to_le_bytes().to_vec();
        frame.push(mode);
        frame.extend(trace);
        input.write_all(&frame).doing("write to the worker")?;
    }
    drop(input.into_inner().doing("write to the worker")?);
    let status = child.wait().doing("wait for the worker")?;
    if !status.success() {
        return Err(Fault::new(format!("the worker that counts statements: {status}")));
    }
    let text = folder.path().join("profile");
    let mut go = toolchain.command().doing("find the go command")?;
    go.args(["tool", "covdata", "textfmt", "-i"]).arg(folder.path()).arg("-o").arg(&text);
    capture(&mut go)?;
    Ok(Profile::parse(&fs::read_to_string(&text).doing(text.display())?, &FILES))
}
