//! The OSS-Fuzz project folder, checked without its image: build.sh is run with the variables
//! that OSS-Fuzz sets, and what it puts out has to pass what OSS-Fuzz's own check of bad builds asks, and to be run
//! by ClusterFuzz's own engine.

use super::build::path_with_cargo_fuzz;
use super::clusterfuzz;
use crate::cargo::succeeds;
use crate::fault::{Doing, Fault, Result, capture, repository};
use crate::tally::Tally;
use std::fs;
use std::path::Path;
use std::process::Command;
use tracehound_fuzz::TARGETS;

/// Targets that run on machines which have no Go.
fn targets() -> impl Iterator<Item = &'static str> {
    TARGETS.iter().map(|t| t.name).filter(|name| *name != "compare_go")
}

/// The least number of edges that a target with coverage has.
const LEAST_EDGES: u64 = 100;
/// The least number of calls into the address sanitizer of a target built with it.
const LEAST_ASAN_CALLS: usize = 1000;
/// The most calls into the memory sanitizer, which was not asked for.
const MOST_MSAN_CALLS: usize = 3;
/// The most calls into the undefined-behaviour sanitizer, which was not asked for.
const MOST_UBSAN_CALLS: usize = 200;

/// Builds and checks.
pub fn check(sanitizer: &str) -> Result<Tally> {
    let scratch = tempfile::tempdir().doing("make a folder")?;
    let (out, work) = (scratch.path().join("out"), repository().join("target/oss-fuzz"));
    for folder in [&out, &work] {
        fs::create_dir_all(folder).doing("make a folder")?;
    }
    let mut rustflags = "--cfg fuzzing -Cdebuginfo=1 -Cforce-frame-pointers".to_owned();
    if sanitizer != "none" {
        rustflags.push_str(&format!(" -Zsanitizer={sanitizer}"));
    }
    let mut build = Command::new(repository().join("oss-fuzz/build.sh"));
    build
        .envs([("SANITIZER", sanitizer), ("FUZZING_ENGINE", "libfuzzer"), ("ARCHITECTURE", "x86_64")])
        .env("SRC", repository().parent().unwrap_or(Path::new("/")))
        .env("OUT", &out)
        .env("WORK", &work)
        .env("RUSTFLAGS", rustflags)
        .env("PATH", path_with_cargo_fuzz()?)
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO");
    if !succeeds(&mut build)? {
        return Err(Fault::new("oss-fuzz/build.sh failed"));
    }
    let mut tally = Tally::default();
    for target in targets() {
        for (what, passed) in checks(&out, target, sanitizer)? {
            tally.report(passed, format_args!("{target}: {what}"));
        }
    }
    // Its bots run targets with a sanitizer.
    if sanitizer == "address" {
        for (what, passed) in clusterfuzz::examine(&out, &targets().collect::<Vec<_>>())? {
            tally.report(passed, what);
        }
    }
    Ok(tally)
}

fn checks(out: &Path, target: &str, sanitizer: &str) -> Result<Vec<(String, bool)>> {
    let program = out.join(target);
    let mut checks = Vec::new();
    let run = Command::new(&program).arg("-runs=4").current_dir(out).output().doing(format!("start {target}"))?;
    let text = String::from_utf8_lossy(&run.stderr).into_owned();
    checks.push(("starts and says \"Done 4 runs\"".to_owned(), text.contains("Done 4 runs")));
    let edges = edges(&text);
    checks.push((format!("{edges} edges, at least {LEAST_EDGES}"), edges >= LEAST_EDGES));
    let elf = fs::read(&program).doing(format!("read {target}"))?;
    // Class 64 bit, little endian, machine 62.
    let x86_64 = elf.starts_with(b"\x7fELF\x02\x01") && elf.get(18..20) == Some(&[62, 0]);
    checks.push(("an ELF program for x86_64".to_owned(), x86_64));
    if sanitizer == "address" {
        let code = capture(Command::new("objdump").arg("-d").arg(&program))?;
        let code = String::from_utf8_lossy(&code);
        let calls = |what: &str| code.lines().filter(|l| l.contains("call") && l.contains(what)).count();
        let (asan, msan, ubsan) = (calls("<__asan"), calls("<__msan"), calls("<__ubsan"));
        checks.push((format!("{asan} calls of asan, at least {LEAST_ASAN_CALLS}"), asan >= LEAST_ASAN_CALLS));
        checks.push((format!("{msan} calls of msan, at most {MOST_MSAN_CALLS}"), msan <= MOST_MSAN_CALLS));
        checks.push((format!("{ubsan} calls of ubsan, at most {MOST_UBSAN_CALLS}"), ubsan <= MOST_UBSAN_CALLS));
    }
    checks.push(seeds(out, target)?);
    let options = fs::read_to_string(out.join(format!("{target}.options"))).doing("read the options")?;
    checks.push(("its options have a section for libFuzzer".to_owned(), options.starts_with("[libfuzzer]\n")));
    let dictionary = format!("-dict={}", out.join(format!("{target}.dict")).display());
    let run = Command::new(&program).args([&dictionary, "-runs=1"]).output().doing(format!("start {target}"))?;
    checks.push(("libFuzzer reads its dictionary".to_owned(), run.status.success()));
    Ok(checks)
}

/// Unpacks the seeds as ClusterFuzz does, and runs all of them.
fn seeds(out: &Path, target: &str) -> Result<(String, bool)> {
    let folder = out.join(format!("{target}-seeds"));
    let zip = out.join(format!("{target}_seed_corpus.zip"));
    capture(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&zip).arg(&folder))?;
    let n = fs::read_dir(&folder).doing("list the seeds")?.count();
    let run = Command::new(out.join(target)).arg("-runs=0").arg(&folder).output().doing(format!("start {target}"))?;
    Ok((format!("its {n} seeds run"), n > 0 && run.status.success()))
}

/// "INFO: Loaded 1 modules   (199 inline 8-bit counters): ..."
fn edges(text: &str) -> u64 {
    let line = text.lines().find(|l| l.contains("inline 8-bit counters")).unwrap_or_default();
    line.split('(').nth(1).and_then(|l| l.split(' ').next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn edges_are_read() {
        let text = "INFO: Seed: 1\nINFO: Loaded 1 modules   (2986 inline 8-bit counters): 2986 [0x1, 0x2), \n";
        assert_eq!(super::edges(text), 2986);
        assert_eq!(super::edges(""), 0);
    }
}
