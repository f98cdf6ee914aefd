//! Sabotage: takes Go's reader apart, one rule at a time, and asks the hunt whether it notices.
//!
//! `adapters/go/sabotage` lists and plants the faults, by syntax alone; each one becomes a Go root of
//! its own, whose reader takes part in a hunt beside the built-in one. What survives is
//! either no fault (the rule can't be reached, or the change means nothing) or a gap of ours.

use crate::cargo::{cargo, release};
use crate::fault::{Doing, Fault, Result, capture, repository};
use crate::provision;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tracehound_oracle::readers::go::Toolchain;

/// What to plant, and how hard to look.
#[derive(clap::Args)]
pub struct Options {
    /// The SDK whose reader is taken apart
    #[arg(long, default_value = "1.27", value_name = "VERSION")]
    sdk: String,
    /// Only faults of this kind, such as rule-deleted (may be repeated)
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// Only every Nth fault of those
    #[arg(long, default_value_t = 1, value_name = "N")]
    every: usize,
    /// Only the fault with this number
    #[arg(long, value_name = "ID")]
    fault: Option<u64>,
    /// Cases of each hunt
    #[arg(long, default_value_t = 10_000)]
    cases: u64,
    /// Write the table to this file (docs/sabotage.md is one)
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
}

/// A fault that can be planted.
struct Planted {
    id: u64,
    file: String,
    line: u64,
    function: String,
    kind: String,
}

/// What the hunt said of it.
enum Fate {
    NotBuilt,
    Killed { law: String, cases: u64, events: u64 },
    Survived,
}

/// Plants the chosen faults one after another; prints each fate and the score.
///
/// # Errors
/// No Go SDK, or a clean reader that the hunt complains of: then nothing else would mean anything.
pub fn sabotage(options: &Options) -> Result<()> {
    let toolchains = provision::provide(&provision::chosen(std::slice::from_ref(&options.sdk))?)?;
    let toolchain = toolchains.first().ok_or_else(|| Fault::new("no such Go SDK"))?;
    capture(&mut cargo(&["build", "--quiet", "--release", "--package", "tracehound"]))?;
    let scratch = tempfile::tempdir().doing("create a folder")?;
    let bench = Bench::new(toolchain, scratch.path(), options.cases)?;
    if let Fate::Killed { law, .. } = bench.hunt()? {
        return Err(Fault::new(format!(
            "the hunt has a finding against the clean reader (law {law}); look at that first"
        )));
    }
    let mut rows = Vec::new();
    let chosen = bench.list()?.into_iter().filter(|p| options.fault.is_none_or(|id| id == p.id));
    let chosen = chosen.filter(|p| options.kinds.is_empty() || options.kinds.contains(&p.kind));
    for planted in chosen.step_by(options.every.max(1)) {
        let fate = bench.try_out(&planted)?;
        println!("{:4} {}", planted.id, row(&planted, &fate));
        rows.push((planted, fate));
    }
    let score = score(&rows);
    println!("{score}");
    if let Some(file) = &options.table {
        fs::write(file, table(&rows, &score, toolchain.version(), options.cases)).doing(file.display())?;
    }
    Ok(())
}

struct Bench {
    tool: PathBuf,
    /// The SDK's reader.
    package: PathBuf,
    /// A Go root that is the SDK's but for one file.
    mirror: PathBuf,
    /// The reader's folder in the mirror.
    mirrored: PathBuf,
    scratch: PathBuf,
    cases: u64,
}

impl Bench {
    fn new(toolchain: &Toolchain, scratch: &Path, cases: u64) -> Result<Bench> {
        let tool = scratch.join("sabotage");
        let mut go = toolchain.command().doing("find the go command")?;
        go.current_dir(repository().join("adapters/go/sabotage")).args(["build", "-o"]).arg(&tool).arg("main.go");
        capture(&mut go)?;
        let mirror = scratch.join("go");
        mirror_folder(toolchain.goroot(), &mirror)?;
        let package = toolchain.trace_package();
        let below = package.strip_prefix(toolchain.goroot()).doing("find the reader's folder")?;
        let mirrored = mirror.join(below);
        Ok(Bench { tool, mirrored, mirror, package, scratch: scratch.to_owned(), cases })
    }

    fn list(&self) -> Result<Vec<Planted>> {
        let lines = capture(Command::new(&self.tool).arg(&self.package))?;
        let parse = |line: &str| -> Option<Planted> {
            let v: serde_json::Value = serde_json::from_str(line).ok()?;
            let text = |key: &str| v[key].as_str().map(str::to_owned);
            let (file, function, kind) = (text("file")?, text("func")?, text("kind")?);
            Some(Planted { id: v["id"].as_u64()?, file, line: v["line"].as_u64()?, function, kind })
        };
        Ok(String::from_utf8_lossy(&lines).lines().filter_map(parse).collect())
    }

    /// Plants the fault, hunts, and puts the clean file back.
    fn try_out(&self, planted: &Planted) -> Result<Fate> {
        let place = self.mirrored.join(&planted.file);
        fs::remove_file(&place).doing(place.display())?;
        capture(Command::new(&self.tool).arg(&self.package).arg(planted.id.to_string()).arg(&self.mirrored))?;
        let built = Toolchain::at(&self.mirror).doing("use the mirror")?.worker();
        let fate = match built {
            Ok(_) => self.hunt(),
            Err(_) => Ok(Fate::NotBuilt),
        };
        if let Ok(worker) = built {
            // Hundreds of workers that nobody asks for again would fill the cache.
            fs::remove_file(&worker).doing(worker.display())?;
        }
        fs::remove_file(&place).doing(place.display())?;
        link(&self.package.join(&planted.file), &place)?;
        fate
    }

    fn hunt(&self) -> Result<Fate> {
        let findings = self.scratch.join("findings");
        if findings.exists() {
            fs::remove_dir_all(&findings).doing(findings.display())?;
        }
        let mut hunt = Command::new(release("tracehound"));
        hunt.args(["hunt", "--cases", &self.cases.to_string(), "--deadline", "2", "--memory", "1024"]);
        hunt.args(["--reader", "builtin", "--reader"]).arg(format!("go:{}", self.mirror.display()));
        let output = hunt.arg("--out").arg(&findings).output().doing("tracehound hunt")?;
        match output.status.code() {
            Some(0) => Ok(Fate::Survived),
            Some(1) => first_finding(&findings),
            _ => Err(Fault::new(format!("tracehound hunt: {}", String::from_utf8_lossy(&output.stderr)))),
        }
    }
}

/// The finding that came after the fewest cases.
fn first_finding(folder: &Path) -> Result<Fate> {
    let mut best: Option<(u64, String, u64)> = None;
    for entry in fs::read_dir(folder).doing(folder.display())? {
        let file = entry.doing(folder.display())?.path().join("finding.json");
        let Ok(text) = fs::read(&file) else { continue };
        let v: serde_json::Value = serde_json::from_slice(&text).doing(file.display())?;
        let cases = cases_of(v["found_in"].as_str().unwrap_or_default());
        let law = v["law"].as_str().unwrap_or_default().to_owned();
        let found = (cases, law, v["events"].as_u64().unwrap_or_default());
        if best.as_ref().is_none_or(|b| found < *b) {
            best = Some(found);
        }
    }
    Ok(best.map_or(Fate::Survived, |(cases, law, events)| Fate::Killed { law, cases, events }))
}

/// How many histories had been made when a case `th1:flavour:config:sHEX/...` of a hunt from seed 0 came up.
fn cases_of(replay: &str) -> u64 {
    let choices = replay.split([':', '/']).nth(3).unwrap_or_default();
    choices.strip_prefix('s').and_then(|hex| u64::from_str_radix(hex, 16).ok()).map_or(0, |seed| seed + 1)
}

fn row(p: &Planted, fate: &Fate) -> String {
    let place = format!("{}:{} {} {}", p.file, p.line, p.function, p.kind);
    match fate {
        Fate::NotBuilt => format!("{place}: does not compile"),
        Fate::Killed { law, cases, events } => {
            format!("{place}: killed by {law} after {cases} histories, {events} events")
        }
        Fate::Survived => format!("{place}: SURVIVED"),
    }
}

fn score(rows: &[(Planted, Fate)]) -> String {
    let mut killed: Vec<u64> = rows
        .iter()
        .filter_map(|(_, fate)| match fate {
            Fate::Killed { cases, .. } => Some(*cases),
            _ => None,
        })
        .collect();
    killed.sort();
    let survived = rows.iter().filter(|(_, f)| matches!(f, Fate::Survived)).count();
    let median = killed.get(killed.len() / 2).copied().unwrap_or_default();
    format!(
        "{} faults planted: {} killed (median after {median} histories), {survived} survived, {} did not compile",
        rows.len(),
        killed.len(),
        rows.len() - killed.len() - survived
    )
}

/// The page of `docs/sabotage.md`.
fn table(rows: &[(Planted, Fate)], score: &str, version: &str, cases: u64) -> String {
    let mut page = format!(
        "# Sabotage\n\nFaults planted one at a time in the reader of Go {version} by `cargo xtask sabotage`, and what a hunt of {cases} cases\n\
         made of it beside the built-in reader. Generated; the places are lines of `internal/trace`.\n\n{score}.\n\n\
         | place | function | fault | killed by | after histories | events |\n| --- | --- | --- | --- | --- | --- |\n"
    );
    for (p, fate) in rows {
        let (law, cases, events) = match fate {
            Fate::NotBuilt => continue,
            Fate::Killed { law, cases, events } => (law.as_str(), cases.to_string(), events.to_string()),
            Fate::Survived => ("survived", String::new(), String::new()),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| {}:{} | {} | {} | {law} | {cases} | {events} |", p.file, p.line, p.function, p.kind);
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
