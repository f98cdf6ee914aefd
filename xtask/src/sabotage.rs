//! Sabotage: takes Go's reader apart, one rule at a time, and asks the hunt whether it notices.
//!
//! `adapters/go/sabotage` lists and plants the faults, by syntax alone, all of them in one Go root,
//! whose reader takes part in a hunt beside the built-in one with one fault awake. What survives is
//! either no fault (the rule can't be reached, or the change means nothing) or a gap of ours.

use crate::cargo::{cargo, release};
use crate::fault::{Doing, Fault, Result, capture, repository};
use crate::provision;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tracehound_oracle::hunt::{self, Setup};
use tracehound_oracle::readers::ReaderSpec;
use tracehound_oracle::readers::go::Toolchain;

/// Where survivors are judged: a line each, `FILE:LINE:COLUMN KIND: why`.
const JUDGED: &str = include_str!("../../adapters/go/sabotage/judged.txt");

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
    /// Only every Nth fault of those
    #[arg(long, default_value_t = 1, value_name = "N")]
    every: usize,
    /// Only the faults with these numbers
    #[arg(long = "fault", value_name = "ID")]
    faults: Vec<u64>,
    /// Only the faults that no judgement excuses and that this table says survived
    #[arg(long, value_name = "FILE")]
    survivors_of: Option<PathBuf>,
    /// Cases of each hunt
    #[arg(long, default_value_t = 4_000)]
    cases: u64,
    /// Hunts at once
    #[arg(long, default_value_t = 2, value_name = "N")]
    jobs: usize,
    /// Write the table to this file (docs/sabotage.md is one)
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
}

/// A fault that can be planted.
#[derive(Clone)]
struct Planted {
    id: u64,
    /// `FILE:LINE:COLUMN`.
    place: String,
    file: String,
    function: String,
    kind: String,
}

/// What the hunt said of it.
enum Fate {
    Killed { law: String, cases: u64, stage: &'static str, events: u64 },
    Survived,
}

/// Plants the chosen faults one after another; prints each fate and the score.
///
/// All faults are in one worker, asleep until the environment names one of them, so that nothing
/// but the first hunt waits for a build.
///
/// # Errors
/// No Go SDK, or a clean reader that the hunt complains of: then nothing else would mean anything.
pub fn sabotage(options: &Options) -> Result<()> {
    let toolchains = provision::provide(&provision::chosen(std::slice::from_ref(&options.sdk))?)?;
    let toolchain = toolchains.first().ok_or_else(|| Fault::new("no such Go SDK"))?;
    capture(&mut cargo(&["build", "--quiet", "--release", "--package", "tracehound"]))?;
    let scratch = tempfile::tempdir().doing("create a folder")?;
    let bench = Bench::new(toolchain, scratch.path(), options.cases)?;
    bench.hunt_clean()?;
    let chosen = choose(options, bench.list()?)?;
    let rows = bench.hunt_all(&chosen, options.jobs)?;
    let score = score(&rows);
    println!("{score}");
    if let Some(file) = &options.table {
        fs::write(file, table(&rows, &score, toolchain.version(), options.cases)).doing(file.display())?;
    }
    Ok(())
}

fn choose(options: &Options, all: Vec<Planted>) -> Result<Vec<Planted>> {
    let table = match &options.survivors_of {
        Some(file) => Some(fs::read_to_string(file).doing(file.display())?),
        None => None,
    };
    let survived = |p: &Planted| {
        table.as_ref().is_none_or(|t| {
            t.lines().any(|line| {
                line.contains(&format!("| {} |", p.place)) && line.contains(&p.kind) && line.contains("survived")
            })
        })
    };
    let wanted = |list: &[String], it: &String| list.is_empty() || list.contains(it);
    let chosen = all.into_iter().filter(|p| options.faults.is_empty() || options.faults.contains(&p.id));
    let chosen = chosen.filter(|p| wanted(&options.kinds, &p.kind) && wanted(&options.files, &p.file) && survived(p));
    Ok(chosen.step_by(options.every.max(1)).collect())
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
            let text = |key: &str| v[key].as_str().map(str::to_owned);
            let (file, function, kind) = (text("file")?, text("func")?, text("kind")?);
            let place = format!("{file}:{}:{}", v["line"].as_u64()?, v["column"].as_u64()?);
            Some(Planted { id: v["id"].as_u64()?, place, file, function, kind })
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

    /// A hunt for each of the faults, some at once.
    fn hunt_all(&self, chosen: &[Planted], jobs: usize) -> Result<Vec<(Planted, Fate)>> {
        let next = AtomicUsize::new(0);
        let rows: Mutex<BTreeMap<u64, (Planted, Fate)>> = Mutex::default();
        let work = || -> Result<()> {
            while let Some(planted) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                let fate = self.hunt(planted.id)?;
                println!("{:4} {}", planted.id, row(planted, &fate));
                if let Ok(mut rows) = rows.lock() {
                    rows.insert(planted.id, (planted.clone(), fate));
                }
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|w| w.join().unwrap_or_else(|_| Err(Fault::new("a hunt panicked"))))
        })?;
        Ok(rows.into_inner().unwrap_or_default().into_values().collect())
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

    fn hunt(&self, fault: u64) -> Result<Fate> {
        let output = self.command(fault).output().doing("tracehound hunt")?;
        let findings = self.findings(fault);
        let fate = match output.status.code() {
            Some(0) => Ok(Fate::Survived),
            Some(1) => self.first_finding(&findings),
            _ => Err(Fault::new(format!("tracehound hunt: {}", String::from_utf8_lossy(&output.stderr)))),
        };
        if findings.exists() {
            fs::remove_dir_all(&findings).doing(findings.display())?;
        }
        fate
    }

    /// The finding that came after the fewest cases.
    fn first_finding(&self, folder: &Path) -> Result<Fate> {
        let mut best: Option<(u64, &str, String, u64)> = None;
        for entry in fs::read_dir(folder).doing(folder.display())? {
            let file = entry.doing(folder.display())?.path().join("finding.json");
            let Ok(text) = fs::read(&file) else { continue };
            let v: serde_json::Value = serde_json::from_slice(&text).doing(file.display())?;
            let replay = v["found_in"].as_str().unwrap_or_default();
            let cases = self.number(replay);
            let law = v["law"].as_str().unwrap_or_default().to_owned();
            let found = (cases, stage(replay), law, v["events"].as_u64().unwrap_or_default());
            if best.as_ref().is_none_or(|b| found < *b) {
                best = Some(found);
            }
        }
        Ok(best.map_or(Fate::Survived, |(cases, stage, law, events)| Fate::Killed { law, cases, stage, events }))
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

fn row(p: &Planted, fate: &Fate) -> String {
    let place = format!("{} {} {}", p.place, p.function, p.kind);
    match fate {
        Fate::Killed { law, cases, stage, events } => {
            format!("{place}: killed by {law} after {cases} cases ({stage}), {events} events")
        }
        Fate::Survived => {
            format!("{place}: {}", judged(p).map_or("SURVIVED".to_owned(), |why| format!("survived: {why}")))
        }
    }
}

/// Why a fault may survive, if somebody has judged it.
fn judged(p: &Planted) -> Option<&'static str> {
    let of = format!("{} {}: ", p.place, p.kind);
    JUDGED.lines().find_map(|line| line.strip_prefix(&of))
}

fn score(rows: &[(Planted, Fate)]) -> String {
    let mut killed: Vec<u64> = rows
        .iter()
        .filter_map(|(_, fate)| match fate {
            Fate::Killed { cases, .. } => Some(*cases),
            Fate::Survived => None,
        })
        .collect();
    killed.sort();
    let excused = rows.iter().filter(|(p, f)| matches!(f, Fate::Survived) && judged(p).is_some()).count();
    let median = killed.get(killed.len() / 2).copied().unwrap_or_default();
    format!(
        "{} faults planted: {} killed (median after {median} cases), {excused} survived and are no faults, {} survived",
        rows.len(),
        killed.len(),
        rows.len() - killed.len() - excused
    )
}

/// The page of `docs/sabotage.md`.
fn table(rows: &[(Planted, Fate)], score: &str, version: &str, cases: u64) -> String {
    let mut page = format!(
        "# Sabotage\n\nFaults planted one at a time in the reader of Go {version} by `cargo xtask sabotage`, and what a hunt of {cases} cases\n\
         made of it beside the built-in reader. Made by that command with `--table`; do not edit it. The places are lines and columns of\n\
         `internal/trace`. Cases count from the hunt's first one: the opening's histories and edits, the reject matrix, the probes, then\n\
         histories and edits in turn. Survivors are judged by reading Go's source, in `adapters/go/sabotage/judged.txt`.\n\n{score}.\n\n"
    );
    // Writing to a string cannot fail.
    let survivors: Vec<&Planted> = rows.iter().filter(|(_, f)| matches!(f, Fate::Survived)).map(|(p, _)| p).collect();
    let _ = writeln!(page, "## Survivors\n\n| place | function | fault | judgement |\n| --- | --- | --- | --- |");
    for p in &survivors {
        let why = judged(p).unwrap_or("a gap");
        let _ = writeln!(page, "| {} | {} | {} | survived: {why} |", p.place, p.function, p.kind);
    }
    let _ = writeln!(
        page,
        "\n## Kills\n\n| place | function | fault | law | by | after cases | events |\n| --- | --- | --- | --- | --- | --- | --- |"
    );
    for (p, fate) in rows {
        if let Fate::Killed { law, cases, stage, events } = fate {
            let _ =
                writeln!(page, "| {} | {} | {} | {law} | {stage} | {cases} | {events} |", p.place, p.function, p.kind);
        }
    }
    page
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
