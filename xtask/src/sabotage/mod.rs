//! Sabotage: takes Go's reader apart, one rule at a time, and asks the hunt whether it notices.
//!
//! `adapters/go/sabotage` lists and plants the faults, by syntax alone, all of them in one Go root,
//! whose reader takes part in a hunt beside the built-in one with one fault awake. What survives is
//! either no fault (the rule can't be reached, or the change means nothing) or a gap of ours.

mod record;

use crate::cargo::{cargo, release};
use crate::fault::{Doing, Fault, Result, capture, repository};
use crate::provision;
use record::{Fate, Kill, Record};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tracehound_generator::source::{Rng, Source};
use tracehound_oracle::hunt::{self, Setup};
use tracehound_oracle::readers::ReaderSpec;
use tracehound_oracle::readers::go::Toolchain;

/// The variable that wakes a fault.
const AWAKE: &str = "TRACEHOUND_SABOTAGE";

/// What to plant, and how hard to look.
#[derive(clap::Args)]
pub struct Options {
    /// The SDK whose reader is taken apart
    #[arg(long, default_value = "1.27", value_name = "VERSION")]
    sdk: String,
    /// Only faults of this kind, such as rule-deleted (may be repeated)
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// Only faults of this file, such as order.go (may be repeated)
    #[arg(long = "file", value_name = "FILE")]
    files: Vec<String>,
    /// Only the faults with these numbers
    #[arg(long = "fault", value_name = "ID")]
    faults: Vec<u64>,
    /// Only faults that no hunt has been asked about
    #[arg(long)]
    untried: bool,
    /// Only faults that were missed
    #[arg(long)]
    missed: bool,
    /// Only so many of those, drawn at random
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Seed of what is drawn
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// Cases of each hunt, beside those that it begins with
    #[arg(long, default_value_t = 4_000)]
    cases: u64,
    /// Hunts at once
    #[arg(long, default_value_t = 2, value_name = "N")]
    jobs: usize,
    /// Only make docs/sabotage.md again from what is known
    #[arg(long)]
    page: bool,
}

/// A fault that can be planted.
#[derive(Clone)]
struct Planted {
    id: u64,
    file: String,
    line: u64,
    column: u64,
    /// Tells faults of one kind at one place apart.
    nth: u64,
    function: String,
    kind: String,
}

/// Plants the chosen faults one after another; prints each fate, and keeps it in the record.
///
/// All faults are in one worker, asleep until the environment names one of them, so that nothing
/// but the first hunt waits for a build.
///
/// # Errors
/// No Go SDK, or a clean reader that the hunt complains of: then nothing else would mean anything.
pub fn sabotage(options: &Options) -> Result<()> {
    let mut record = Record::read()?;
    if options.page {
        return record.write();
    }
    let toolchains = provision::provide(&provision::chosen(std::slice::from_ref(&options.sdk))?)?;
    let toolchain = toolchains.first().ok_or_else(|| Fault::new("no such Go SDK"))?;
    capture(&mut cargo(&["build", "--quiet", "--release", "--package", "tracehound"]))?;
    let scratch = tempfile::tempdir().doing("create a folder")?;
    let bench = Bench::new(toolchain, scratch.path(), options.cases)?;
    bench.hunt_clean()?;
    let all = bench.list()?;
    record.keep(toolchain.version(), &all);
    let chosen = choose(options, &record, all);
    println!("{} faults", chosen.len());
    let record = bench.hunt_all(&chosen, options.jobs, record)?;
    record.write()?;
    println!("{}", record.summary());
    Ok(())
}

fn choose(options: &Options, record: &Record, all: Vec<Planted>) -> Vec<Planted> {
    let wanted = |list: &[String], it: &String| list.is_empty() || list.contains(it);
    let chosen = all.into_iter().filter(|p| options.faults.is_empty() || options.faults.contains(&p.id));
    let chosen = chosen.filter(|p| wanted(&options.kinds, &p.kind) && wanted(&options.files, &p.file));
    let chosen = chosen.filter(|p| !(options.untried && record.has(p)) && (!options.missed || record.is_missed(p)));
    let mut chosen: Vec<Planted> = chosen.collect();
    if let Some(few) = options.sample {
        let mut random = Rng::new(options.seed);
        let mut drawn: Vec<(u32, Planted)> = chosen.into_iter().map(|p| (random.below(u32::MAX), p)).collect();
        drawn.sort_by_key(|(number, _)| *number);
        chosen = drawn.into_iter().take(few).map(|(_, p)| p).collect();
    }
    chosen
}

struct Bench {
    tool: PathBuf,
    /// The SDK's reader.
    package: PathBuf,
    /// A Go root that is the SDK's but for the reader's files, which hold all faults.
    mirror: PathBuf,
    scratch: PathBuf,
    cases: u64,
    /// The cases that each hunt begins with, and their numbers from 1 on.
    beginning: HashMap<String, u64>,
}

impl Bench {
    fn new(toolchain: &Toolchain, scratch: &Path, cases: u64) -> Result<Bench> {
        let tool = scratch.join("sabotage");
        let mut go = toolchain.command().doing("find the go command")?;
        let source = repository().join("adapters/go/sabotage");
        go.current_dir(source).args(["build", "-o"]).arg(&tool).args(["main.go", "plant.go"]);
        capture(&mut go)?;
        let mirror = scratch.join("go");
        mirror_folder(toolchain.goroot(), &mirror)?;
        let package = toolchain.trace_package();
        let below = package.strip_prefix(toolchain.goroot()).doing("find the reader's folder")?;
        capture(Command::new(&tool).arg(&package).arg("all").arg(mirror.join(below)))?;
        Toolchain::at(&mirror).doing("use the mirror")?.worker().doing("build the worker with all faults")?;
        Ok(Bench { tool, mirror, package, scratch: scratch.to_owned(), cases, beginning: beginning() })
    }

    fn list(&self) -> Result<Vec<Planted>> {
        let lines = capture(Command::new(&self.tool).arg(&self.package))?;
        let parse = |line: &str| -> Option<Planted> {
            let v: serde_json::Value = serde_json::from_str(line).ok()?;
            let (text, number) = (|key: &str| v[key].as_str().map(str::to_owned), |key: &str| v[key].as_u64());
            Some(Planted {
                id: number("id")?,
                file: text("file")?,
                line: number("line")?,
                column: number("column")?,
                nth: number("nth")?,
                function: text("func")?,
                kind: text("kind")?,
            })
        };
        Ok(String::from_utf8_lossy(&lines).lines().filter_map(parse).collect())
    }

    /// A hunt with no fault awake, which must find nothing.
    fn hunt_clean(&self) -> Result<()> {
        let output = self.command(0).output().doing("tracehound hunt")?;
        let text = String::from_utf8_lossy(&output.stdout);
        if output.status.code() != Some(0) {
            return Err(Fault::new(format!("the hunt complains of the clean reader; look at that first:\n{text}")));
        }
        Ok(())
    }

    /// A hunt for each of the faults, some at once. The record is written after each, so that a run
    /// that is stopped has not been for nothing.
    fn hunt_all(&self, chosen: &[Planted], jobs: usize, record: Record) -> Result<Record> {
        let next = AtomicUsize::new(0);
        let record = Mutex::new(record);
        let work = || -> Result<()> {
            while let Some(planted) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                let fate = Fate { function: planted.function.clone(), kill: self.hunt(planted.id)? };
                println!("{:4} {}", planted.id, record::line(planted, &fate));
                if let Ok(mut record) = record.lock() {
                    record.set(planted, fate);
                    record.write()?;
                }
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|w| w.join().unwrap_or_else(|_| Err(Fault::new("a hunt panicked"))))
        })?;
        record.into_inner().map_err(|_| Fault::new("a hunt panicked"))
    }

    fn findings(&self, fault: u64) -> PathBuf {
        self.scratch.join(format!("findings-{fault}"))
    }

    /// A hunt with this fault awake; 0 is none.
    fn command(&self, fault: u64) -> Command {
        let mut hunt = Command::new(release("tracehound"));
        hunt.env(AWAKE, fault.to_string()).args(["hunt", "--first", "--threads", "1", "--shrink-time", "2s"]);
        hunt.args(["--cases", &self.cases.to_string(), "--deadline", "5", "--memory", "1024"]);
        hunt.args(["--reader", "builtin", "--reader"]).arg(format!("go:{}", self.mirror.display()));
        hunt.arg("--out").arg(self.findings(fault));
        hunt
    }

    fn hunt(&self, fault: u64) -> Result<Option<Kill>> {
        let start = Instant::now();
        let output = self.command(fault).output().doing("tracehound hunt")?;
        let seconds = start.elapsed().as_secs_f64().ceil() as u64;
        let findings = self.findings(fault);
        let kill = match output.status.code() {
            Some(0) => Ok(None),
            Some(1) => self.first_finding(&findings, seconds),
            _ => Err(Fault::new(format!("tracehound hunt: {}", String::from_utf8_lossy(&output.stderr)))),
        };
        if findings.exists() {
            fs::remove_dir_all(&findings).doing(findings.display())?;
        }
        kill
    }

    /// The finding that came after the fewest cases.
    fn first_finding(&self, folder: &Path, seconds: u64) -> Result<Option<Kill>> {
        let mut best: Option<Kill> = None;
        for entry in fs::read_dir(folder).doing(folder.display())? {
            let file = entry.doing(folder.display())?.path().join("finding.json");
            let Ok(text) = fs::read(&file) else { continue };
            let v: serde_json::Value = serde_json::from_slice(&text).doing(file.display())?;
            let replay = v["found_in"].as_str().unwrap_or_default();
            let law = v["law"].as_str().unwrap_or_default().to_owned();
            let (case, stage) = (self.number(replay), stage(replay).to_owned());
            let found = Kill { case, stage, law, events: v["events"].as_u64().unwrap_or_default(), seconds };
            best = Some(best.map_or(found.clone(), |best| best.min(found)));
        }
        Ok(best)
    }

    /// The number of a case, given as its replay string, in a hunt from seed 0 with one edit of each history.
    fn number(&self, replay: &str) -> u64 {
        if let Some(number) = self.beginning.get(replay) {
            return *number;
        }
        let history = replay.split('/').next().unwrap_or_default();
        let seed = history.rsplit(':').next().and_then(|s| u64::from_str_radix(s.strip_prefix('s')?, 16).ok());
        let within = 2 * seed.unwrap_or_default() + 1 + u64::from(stage(replay) == "edit");
        self.beginning.len() as u64 + within
    }
}

/// What a hunt from seed 0 with another reader begins with.
fn beginning() -> HashMap<String, u64> {
    let setup = Setup { readers: vec![ReaderSpec::Builtin(Default::default())], ..Setup::default() };
    hunt::beginning(&setup).map(|case| case.to_string()).zip(1..).collect()
}

/// The part of a hunt that a case belongs to.
fn stage(replay: &str) -> &'static str {
    match replay.split_once('/') {
        None => "history",
        Some((_, edit)) if edit.starts_with("matrix@") => "matrix",
        Some((_, edit)) if edit.starts_with("probe@") => "probe",
        Some(_) => "edit",
    }
}

/// Makes real folders with links to `from`'s files.
fn mirror_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).doing(to.display())?;
    for entry in fs::read_dir(from).doing(from.display())? {
        let entry = entry.doing(from.display())?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() { mirror_folder(&source, &target)? } else { link(&source, &target)? }
    }
    Ok(())
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> Result<()> {
    std::os::unix::fs::symlink(from, to).doing(to.display())
}

#[cfg(not(unix))]
fn link(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map(|_| ()).doing(to.display())
}
