//! `cargo xtask test`: all that a change has to pass, one after another, counted.

use crate::cargo::{cargo, release, succeeds, test};
use crate::fault::{Result, repository};
use crate::hunt;
use crate::provision;
use crate::tally::Tally;
use std::process::Command;
use std::time::Instant;

/// Legal and mutated cases for each reader in the short hunts.
const HUNT_CASES: u64 = 2000;
/// Cases of the hunt with the built-in reader alone.
const BUILTIN_HUNT_CASES: &str = "10000";
/// Edits of the short soak.
const SOAK_EDITS: &str = "200000";

/// Runs everything. `go` false leaves out what needs Go SDKs.
///
/// # Errors
/// If a program could not be started at all.
pub fn everything(go: bool) -> Result<Tally> {
    let mut checks = Checks { tally: Tally::default(), skipped: Vec::new(), started: Instant::now() };
    checks.sources()?;
    let sdks = if go { checks.sdks() } else { Vec::new() };
    checks.tests()?;
    if checks.one("build in release mode", &mut cargo(&["build", "--release", "-p", "tracehound", "-p", "xtask"]))? {
        checks.programs(&sdks)?;
    }
    if !go {
        checks.skipped.push("everything that needs Go: left out by --no-go".to_owned());
    }
    for skipped in &checks.skipped {
        println!("skipped: {skipped}");
    }
    Ok(checks.tally)
}

struct Checks {
    tally: Tally,
    skipped: Vec<String>,
    started: Instant,
}

impl Checks {
    /// Format, lints and documentation.
    fn sources(&mut self) -> Result<()> {
        self.one("format", &mut cargo(&["fmt", "--all", "--check"]))?;
        let mut clippy = cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--all-features"]);
        self.one("lints", clippy.args(["--", "-D", "warnings"]))?;
        let mut doc = cargo(&["doc", "--quiet", "--workspace", "--no-deps"]);
        self.one("documentation", doc.env("RUSTDOCFLAGS", "-D warnings"))?;
        Ok(())
    }

    /// The versions that are there or could be installed.
    fn sdks(&mut self) -> Vec<String> {
        self.title("Go SDKs");
        let mut versions = Vec::new();
        for sdk in provision::listed() {
            match provision::provide(&[sdk]) {
                Ok(found) => {
                    found.iter().for_each(|t| println!("Go {:8} {}", t.version(), t.goroot().display()));
                    versions.push(sdk.version.to_owned());
                }
                Err(fault) => println!("{fault}"),
            }
            self.tally.count(versions.last().is_some_and(|v| v == sdk.version));
        }
        versions
    }

    /// Every test, without and with the planted faults compiled in.
    fn tests(&mut self) -> Result<()> {
        for (title, arguments) in
            [("tests", &["--workspace"][..]), ("tests with faults", &["--workspace", "--all-features"])]
        {
            self.title(title);
            let run = test(arguments)?;
            self.tally += run.tally;
            self.skipped.extend(run.ignored.into_iter().map(|name| format!("{title}: {name}")));
        }
        Ok(())
    }

    /// What is run rather than tested: hunts, soak, conformance.
    fn programs(&mut self, sdks: &[String]) -> Result<()> {
        let mut hunt = Command::new(release("tracehound"));
        self.one("hunt, built-in reader", hunt.args(["hunt", "--cases", BUILTIN_HUNT_CASES]))?;
        let mut corners = Command::new(release("xtask"));
        self.one("corners of 100,000 cases", corners.arg("corners"))?;
        let mut soak = Command::new(release("xtask"));
        self.one("soak", soak.args(["soak", "--edits", SOAK_EDITS]))?;
        if sdks.len() == provision::listed().len() {
            let mut generate = Command::new(release("xtask"));
            self.one("generated files", generate.args(["generate", "--check"]))?;
        } else {
            self.skipped.push("generated files: docs/rules.md has a column for every SDK".to_owned());
        }
        let faults =
            ["run", "--quiet", "--release", "--features", "faults", "-p", "tracehound", "--", "faults", "--check"];
        self.one("planted faults that are still seen", &mut cargo(&faults))?;
        for version in sdks {
            self.one(&format!("hunt, Go {version}"), &mut hunt::command(version, HUNT_CASES, 0))?;
            let mut conformance = Command::new(release("xtask"));
            self.one(&format!("conformance, Go {version}"), conformance.args(["conformance", "--sdk", version]))?;
        }
        Ok(())
    }

    /// One check, done by a command.
    fn one(&mut self, title: &str, command: &mut Command) -> Result<bool> {
        self.title(title);
        let passed = succeeds(command.current_dir(repository()))?;
        if !passed {
            println!("FAILED: {title}");
        }
        self.tally.count(passed);
        Ok(passed)
    }

    fn title(&self, title: &str) {
        println!("== {title} ({} s)", self.started.elapsed().as_secs());
    }
}
