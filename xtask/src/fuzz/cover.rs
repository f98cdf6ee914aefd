//! Which lines of the parser and of wire the committed corpus reaches, by LLVM's source coverage, and which statements
//! of Go's reader.

use super::Places;
use super::llvm::Tools;
use super::unreached::Unreached;
use crate::cargo::{cargo, succeeds};
use crate::coverage;
use crate::fault::{Doing, Fault, Result, capture, repository};
use crate::tally::Tally;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use tracehound_fuzz::{Input, TARGETS};

/// Parts of the paths that count.
const OF_INTEREST: [&str; 2] = ["crates/parser/src/", "crates/wire/src/"];

/// Parts that no bytes lead to: what makes traces.
const NOT_COUNTED: [&str; 1] = ["crates/wire/src/build/"];

/// The share of the lines of each part that is wanted, percent.
pub const LEAST: f64 = 97.0;

/// Replays the corpus and prints the tables, of Go's reader too; `least` is the least share of the lines of each part, percent.
pub fn cover(list_lines: bool, least: f64) -> Result<Tally> {
    let tools = Tools::provide()?;
    let target_dir = repository().join("target/cover");
    let mut build = cargo(&["build", "--quiet", "--release", "-p", "tracehound-fuzz", "--bins"]);
    // Of a crate in several units only those are linked, and counted, that are needed.
    build.args(["--config", "profile.release.package.tracehound-wire.codegen-units=1", "--target-dir"]);
    build.arg(&target_dir).env("RUSTFLAGS", "-C instrument-coverage").env_remove("CARGO_ENCODED_RUSTFLAGS");
    // Profiles of build scripts are of no use.
    build.env("LLVM_PROFILE_FILE", "/dev/null");
    if !succeeds(&mut build)? {
        return Err(Fault::new("the fuzz crate does not build with coverage"));
    }
    let scratch = tempfile::tempdir().doing("make a folder")?;
    let programs: Vec<PathBuf> = TARGETS.iter().map(|t| target_dir.join("release").join(t.name)).collect();
    for (target, program) in TARGETS.iter().zip(&programs) {
        let corpus = repository().join("corpus/fuzz-seeds").join(target.name);
        if corpus.is_dir() {
            let mut replay = std::process::Command::new(program);
            replay.arg("--entries").arg(corpus);
            capture(replay.env("LLVM_PROFILE_FILE", scratch.path().join(format!("{}.profraw", target.name))))?;
        }
    }
    let merged = scratch.path().join("all.profdata");
    let raw = tracehound_fuzz::replay::files(scratch.path()).doing("list the profiles")?;
    capture(tools.tool("llvm-profdata").args(["merge", "-sparse", "-o"]).arg(&merged).args(raw))?;
    let mut export = tools.tool("llvm-cov");
    export.args(["export", "--format=lcov"]).arg("--instr-profile").arg(&merged).arg(&programs[0]);
    for program in &programs[1..] {
        export.arg("--object").arg(program);
    }
    let lcov = String::from_utf8_lossy(&capture(&mut export)?).into_owned();
    let mut tally = print(&lines_of(&lcov), list_lines, least);
    println!();
    tally += of_go()?;
    Ok(tally)
}

/// Lets Go's reader read the corpus and prints the table.
///
/// # Errors
/// If there is no Go SDK, or an entry cannot be read.
pub fn of_go() -> Result<Tally> {
    coverage::of_corpus(traces()?)
}

/// The traces of the committed corpus: those that are entries, and those that the choices make.
fn traces() -> Result<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    for target in TARGETS {
        let places = Places::of(target)?;
        places.unpack(target)?;
        for path in tracehound_fuzz::replay::files(&places.seeds).doing("list the seeds")? {
            let input = fs::read(&path).doing(format!("read {}", path.display()))?;
            match target.input {
                Input::Trace => all.push(input),
                Input::Choices(case) => all.extend(case(&input).map(|(_, made)| made.bytes.to_vec())),
                Input::Text => {}
            }
        }
    }
    Ok(all)
}

/// For each file, its lines and how often each was run; unit tests are not counted.
fn lines_of(lcov: &str) -> BTreeMap<String, BTreeMap<u32, u64>> {
    let mut files: BTreeMap<String, BTreeMap<u32, u64>> = BTreeMap::new();
    let mut current = None;
    for line in lcov.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            let at = OF_INTEREST.iter().find_map(|part| path.find(part));
            let file = at.map(|at| &path[at..]);
            current = file.filter(|f| !NOT_COUNTED.iter().any(|part| f.starts_with(part))).map(str::to_owned);
        } else if let (Some(file), Some(rest)) = (&current, line.strip_prefix("DA:")) {
            let mut fields = rest.split(',');
            let (number, count) = (fields.next(), fields.next());
            if let (Some(Ok(number)), Some(Ok(count))) = (number.map(str::parse), count.map(str::parse)) {
                let sum = files.entry(file.clone()).or_default().entry(number).or_insert(0u64);
                *sum = u64::max(*sum, count);
            }
        }
    }
    files
}

fn print(files: &BTreeMap<String, BTreeMap<u32, u64>>, list_lines: bool, least: f64) -> Tally {
    let missing = |lines: &BTreeMap<u32, u64>| lines.iter().filter(|&(_, &n)| n == 0).map(|(&l, _)| l).collect();
    let missing: BTreeMap<String, Vec<u32>> =
        files.iter().map(|(file, lines)| (file.clone(), missing(lines))).collect();
    let unreached = Unreached::of(&missing, |file| fs::read_to_string(repository().join(file)).unwrap_or_default());
    let mut tally = Tally::default();
    println!("{:40} {:>6} {:>8} {:>7}", "file", "lines", "reached", "%");
    let percent = |reached: usize, all: usize| 100.0 * reached as f64 / all.max(1) as f64;
    let mut sums: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (file, lines) in files {
        let all = lines.len() - unreached.not_counted(file);
        let reached = lines.values().filter(|&&n| n > 0).count();
        println!("{file:40} {all:>6} {reached:>8} {:>7.1}", percent(reached, all));
        let part = OF_INTEREST.iter().find(|p| file.starts_with(**p)).copied().unwrap_or_default();
        let sum = sums.entry(part).or_default();
        *sum = (sum.0 + all, sum.1 + reached);
    }
    for (part, (all, reached)) in sums {
        println!("{part:40} {all:>6} {reached:>8} {:>7.1}", percent(reached, all));
        tally.count(percent(reached, all) >= least);
    }
    tally += tell_why(&unreached, list_lines);
    tally
}

/// Tells of the lines that are not reached: those without a reason always, the others if they are asked for.
fn tell_why(unreached: &Unreached, list_lines: bool) -> Tally {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for ((why, _), lines) in &unreached.explained {
        *reasons.entry(why).or_default() += lines.len();
    }
    println!("\n{:>6}  lines are not reached for a known reason", reasons.values().sum::<usize>());
    for (why, lines) in reasons {
        println!("{lines:>6}  {why}");
        let of_it = unreached.explained.iter().filter(|((reason, _), _)| list_lines && *reason == why);
        of_it.for_each(|((_, file), lines)| println!("        {file}: {}", ranges(lines)));
    }
    for (file, lines) in &unreached.unexplained {
        println!("not reached, and no reason is given: {file}: {}", ranges(lines));
    }
    for reason in &unreached.stale {
        println!("a reason is given, but nothing is unreached: {reason}");
    }
    let mut tally = Tally::default();
    tally.count(unreached.unexplained.is_empty());
    tally.count(unreached.stale.is_empty());
    tally
}

/// Line numbers, runs of them shortened.
fn ranges(lines: &[u32]) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut i = 0;
    while i < lines.len() {
        let mut j = i;
        while j + 1 < lines.len() && lines[j + 1] == lines[j] + 1 {
            j += 1;
        }
        out.push(if i == j { lines[i].to_string() } else { format!("{}-{}", lines[i], lines[j]) });
        i = j + 1;
    }
    out.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read() {
        let lcov = "SF:/a/crates/wire/src/x.rs\nDA:1,0\nDA:2,5\nend_of_record\nSF:/b/std.rs\nDA:9,9\n\
                    SF:/a/crates/wire/src/x.rs\nDA:1,2\nDA:3,0\nSF:/a/crates/wire/src/build/mod.rs\nDA:1,1\n";
        let files = lines_of(lcov);
        assert_eq!(files.len(), 1);
        assert_eq!(files["crates/wire/src/x.rs"], BTreeMap::from([(1, 2), (2, 5), (3, 0)]));
        assert_eq!(ranges(&[1, 2, 3, 7, 9, 10]), "1-3 7 9-10");
    }
}
