//! `cargo xtask mutants`: which changes of our own code do the tests notice?
//!
//! cargo-mutants replaces one function body or operator at a time and runs tests. Each
//! package is run with the tests that are about it, which is what makes this affordable. The
//! share of what is caught is printed, for the parser also of its ordering and decoding alone.

use crate::cargo::{cargo, succeeds};
use crate::fault::{Doing, Fault, Result, repository};
use crate::tally::Tally;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs, thread};
use tracehound_oracle::readers::go::toolchain::cache_folder;

/// The release of cargo-mutants that is installed where there is none.
const VERSION: &str = "27.1.0";

/// The least share of caught mutants, in percent, on the parser's ordering and decoding.
const ENOUGH: u64 = 85;

/// What counts as the parser's ordering and decoding.
const ORDERING: [&str; 6] = [
    "crates/parser/src/order/",
    "crates/parser/src/cursor.rs",
    "crates/parser/src/generation.rs",
    "crates/parser/src/records.rs",
    "crates/parser/src/tables.rs",
    "crates/parser/src/frontier.rs",
];

/// What to mutate.
#[derive(clap::Args)]
pub struct Options {
    /// The package
    #[arg(long, value_enum, default_value_t = Package::Parser)]
    package: Package,
    /// Only this part of the mutants, such as 0/8
    #[arg(long, value_name = "I/N")]
    shard: Option<String>,
    /// Only files that fit this pattern (may be repeated); of the parser, its ordering and decoding without this
    #[arg(long = "file", value_name = "GLOB")]
    files: Vec<String>,
    /// All files of the package
    #[arg(long, conflicts_with = "files")]
    all: bool,
    /// Stop after this time; what was tried until then counts
    #[arg(long, value_name = "MINUTES")]
    minutes: Option<u64>,
    /// Print the mutants instead of trying them
    #[arg(long)]
    list: bool,
}

/// A package that is mutated.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Package {
    Parser,
    Generator,
    Oracle,
}

impl Package {
    fn name(self) -> &'static str {
        match self {
            Package::Parser => "tracehound-parser",
            Package::Generator => "tracehound-generator",
            Package::Oracle => "tracehound-oracle",
        }
    }

    /// The tests that are about it and quick: properties and what needs Go are left out.
    fn tests(self) -> &'static [&'static str] {
        match self {
            Package::Parser => {
                &["--lib", "--test", "classes", "--test", "quirks", "--test", "golden", "--test", "corpus"]
            }
            Package::Generator => &["--lib", "--test", "golden", "--test", "corners", "--test", "knobs"],
            Package::Oracle => &["--lib"],
        }
    }
}

/// Runs cargo-mutants and says what was caught. One check: the share on the parser's ordering
/// and decoding, if mutants of that were tried.
///
/// # Errors
/// If cargo-mutants cannot be installed or does not get as far as its first mutant.
pub fn mutants(options: &Options) -> Result<Tally> {
    let path = path_with_cargo_mutants()?;
    let part = options.shard.as_deref().unwrap_or("all").replace('/', "-of-");
    let out = repository().join("target/mutants").join(format!("{}-{part}", options.package.name()));
    fs::create_dir_all(&out).doing(out.display())?;
    let mut command = cargo(&["mutants", "--package", options.package.name(), "--cap-lints", "true"]);
    command.env("PATH", path).args(["--no-shuffle", "--timeout", "60", "--colors", "never"]);
    command.arg("--output").arg(&out).args(["--exclude-re", "impl (fmt::)?(Display|Debug|Error)"]);
    // Planted faults are switches, not behaviour.
    command.args(["--exclude", "**/fault.rs"]);
    if let Some(shard) = &options.shard {
        command.args(["--shard", shard]);
    }
    let ordering = ORDERING.map(|p| if p.ends_with('/') { format!("{p}*.rs") } else { p.to_owned() });
    let default: &[String] = if options.package == Package::Parser && !options.all { &ordering } else { &[] };
    for file in if options.files.is_empty() { default } else { &options.files } {
        command.args(["--file", file]);
    }
    if options.list {
        let mut tally = Tally::default();
        tally.count(succeeds(command.arg("--list"))?);
        return Ok(tally);
    }
    command.arg("--").args(options.package.tests());
    // The tests of this package are built again and again: nothing of that is wanted in the usual folder.
    command.env("CARGO_TARGET_DIR", repository().join("target/mutants/build"));
    let started = Instant::now();
    let mut child = command.spawn().doing("start cargo mutants")?;
    while child.try_wait().doing("wait for cargo mutants")?.is_none() {
        if options.minutes.is_some_and(|m| started.elapsed() >= Duration::from_secs(60 * m)) {
            println!("time is up");
            let pid = Pid::from_child(&child);
            kill_process(pid, Signal::INT).doing("stop cargo mutants")?;
            child.wait().doing("wait for cargo mutants")?;
            break;
        }
        thread::sleep(Duration::from_millis(200));
    }
    report(&out.join("mutants.out/outcomes.json"))
}

/// Reads what cargo-mutants wrote, and says it in a few lines.
fn report(path: &Path) -> Result<Tally> {
    let text = fs::read_to_string(path).doing(path.display())?;
    let outcomes: Value = serde_json::from_str(&text).doing(path.display())?;
    let (mut all, mut ordering) = (Score::default(), Score::default());
    for outcome in outcomes["outcomes"].as_array().into_iter().flatten() {
        let mutant = &outcome["scenario"]["Mutant"];
        let Some(file) = mutant["file"].as_str() else { continue };
        let summary = outcome["summary"].as_str().unwrap_or_default();
        all.count(summary);
        if ORDERING.iter().any(|p| file.starts_with(p)) {
            ordering.count(summary);
        }
        if summary == "MissedMutant" {
            println!("missed: {}", mutant["name"].as_str().unwrap_or(file));
        }
    }
    if all.tried() == 0 {
        return Err(Fault::new("no mutant was tried"));
    }
    println!("all of them: {all}");
    let mut tally = Tally::default();
    if ordering.tried() > 0 {
        println!("the parser's ordering and decoding: {ordering}; {ENOUGH} % are asked for");
        tally.count(ordering.share() >= 10 * ENOUGH);
    }
    Ok(tally)
}

/// How many mutants were caught. Those that do not build say nothing.
#[derive(Debug, Default, PartialEq, Eq)]
struct Score {
    caught: u64,
    missed: u64,
    unviable: u64,
}

impl Score {
    fn count(&mut self, summary: &str) {
        match summary {
            "CaughtMutant" | "Timeout" => self.caught += 1,
            "MissedMutant" => self.missed += 1,
            _ => self.unviable += 1,
        }
    }

    fn tried(&self) -> u64 {
        self.caught + self.missed
    }

    /// In tenths of a percent.
    fn share(&self) -> u64 {
        (1000 * self.caught).checked_div(self.tried()).unwrap_or(0)
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let share = self.share();
        write!(f, "{} of {} mutants caught, {}.{} %", self.caught, self.tried(), share / 10, share % 10)?;
        write!(f, " ({} do not build)", self.unviable)
    }
}

/// `PATH` with a folder that holds cargo-mutants, which is installed there if it is nowhere.
fn path_with_cargo_mutants() -> Result<OsString> {
    let tools = cache_folder().doing("find the cache folder")?.join("tools");
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).chain([tools.join("bin")]).collect();
    let with_tools = env::join_paths(&folders).doing("add to PATH")?;
    if folders.iter().any(|folder| folder.join("cargo-mutants").is_file()) {
        return Ok(with_tools);
    }
    println!("installing cargo-mutants {VERSION} into {}", tools.display());
    let mut install = cargo(&["install", "cargo-mutants", "--locked", "--quiet", "--version", VERSION, "--root"]);
    // Outside the repository: its pinned toolchain and profiles are not the tool's.
    install.arg(&tools).current_dir(env::temp_dir());
    if succeeds(&mut install)? {
        return Ok(with_tools);
    }
    Err(Fault::new(format!("cargo-mutants cannot be installed; try `cargo install cargo-mutants --version {VERSION}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_counted_and_too_small_a_share_fails() {
        let mutant = |file: &str, summary: &str| serde_json::json!({"scenario": {"Mutant": {"file": file, "name": "replace f"}}, "summary": summary});
        let order = "crates/parser/src/order/mod.rs";
        let report_of = |outcomes: Vec<Value>| {
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), serde_json::json!({ "outcomes": outcomes }).to_string()).unwrap();
            report(file.path())
        };
        let caught = || mutant(order, "CaughtMutant");
        let baseline = serde_json::json!({"scenario": "Baseline", "summary": "Success"});
        let fine = report_of(vec![baseline, caught(), mutant(order, "Timeout"), mutant(order, "Unviable")]).unwrap();
        assert_eq!(fine, Tally { passed: 1, failed: 0 });
        let poor = report_of(vec![caught(), caught(), caught(), mutant(order, "MissedMutant")]).unwrap();
        assert_eq!(poor, Tally { passed: 0, failed: 1 });
        let elsewhere = report_of(vec![mutant("crates/oracle/src/known.rs", "MissedMutant")]).unwrap();
        assert_eq!(elsewhere, Tally::default());
        assert!(report_of(vec![]).is_err());
    }

    #[test]
    fn a_score_is_told_in_tenths_of_a_percent() {
        let mut score = Score::default();
        for summary in ["CaughtMutant", "CaughtMutant", "MissedMutant", "Unviable"] {
            score.count(summary);
        }
        assert_eq!(score.to_string(), "2 of 3 mutants caught, 66.6 % (1 do not build)");
    }
}
