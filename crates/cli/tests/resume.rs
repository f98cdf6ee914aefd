//! A campaign that is killed goes on: no finding lost, none doubled, counts right. The moments of the kills differ from
//! run to run with the load of the machine; what has to come of them does not.
#![cfg(unix)]

mod common;

use common::{Folder, PROGRAM, finding, run};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tracehound_generator::Source;
use tracehound_generator::source::Rng;

/// A campaign with findings, left alone; and what has to come of it however often it is killed.
struct Campaign {
    dir: Folder,
    args: Vec<&'static str>,
    wanted: Outcome,
    /// How long it took, from its start to its end.
    took: Duration,
}

/// Goes on with the campaign that is killed.
const ON: [&str; 3] = ["hunt", "--resume", "parts"];

/// The counts of cases, and of each finding.
type Outcome = (Vec<String>, BTreeMap<String, u64>);

impl Campaign {
    /// Runs a campaign of so many cases to its end.
    fn whole(cases: &'static str) -> Campaign {
        let args = vec!["hunt", "--cases", cases, "--steps", "30", "--emission-fault", "wake-lost"];
        let dir = Folder::new();
        let start = Instant::now();
        let whole = run(&[&args[..], &["--out", "whole"]].concat(), dir.path(), b"");
        let took = start.elapsed();
        assert_eq!(whole.status.code(), Some(1), "{}", String::from_utf8_lossy(&whole.stdout));
        let wanted = outcome(&dir, "whole", &whole.stdout);
        assert!(wanted.1.len() > 1 && wanted.0.len() == 9, "{wanted:?}");
        Campaign { dir, args, wanted, took }
    }

    /// Begins the campaign again, or goes on with it.
    fn command(&self) -> Vec<&str> {
        match self.dir.path().join("parts/campaign/setup.json").exists() {
            true => ON.to_vec(),
            false => [&self.args[..], &["--out", "parts"]].concat(),
        }
    }

    /// Kills it at these moments after each start, until it ends by itself or they do, lets it go on to its end, and
    /// holds what comes of it to what has to. Returns how many kills met it.
    fn killed_at(&self, moments: impl Iterator<Item = Duration>) -> usize {
        let dir = self.dir.path();
        let (mut kills, mut fruitful, mut before) = (0, 0, 0);
        for moment in moments {
            if !killed(dir, &self.command(), moment) {
                break;
            }
            kills += 1;
            let after = written(&dir.join("parts"));
            fruitful += usize::from(after != before);
            before = after;
        }
        let end = run(&self.command(), dir, b"");
        assert_eq!(end.status.code(), Some(1), "{}", String::from_utf8_lossy(&end.stderr));
        assert_eq!(outcome(&self.dir, "parts", &end.stdout), self.wanted, "after {kills} kills");
        // Once more: there is nothing left to do, and nothing changes.
        let again = run(&ON, dir, b"");
        assert_eq!(outcome(&self.dir, "parts", &again.stdout), self.wanted);
        println!("{kills} kills met it running, {fruitful} of them after it had written something");
        std::fs::remove_dir_all(dir.join("parts")).expect("it was there");
        kills
    }

    /// Kills it until so many kills have met it running, as often over as that takes.
    fn killed(&self, times: usize) {
        // The moments are shares of the time that it took on this machine just now, and on average so short
        // that it is not over before the last of them.
        let mut longest = 2 * self.took / (times as u32 + 10);
        let mut rng = Rng::new(0);
        let mut left = times;
        println!("left alone it took {:?}; {} findings; killed within {longest:?}", self.took, self.wanted.1.len());
        while left > 0 {
            left -= self.killed_at((0..left).map(|_| longest * rng.below(1000) / 1000));
            longest /= 2;
        }
    }
}

/// What is the same however often a campaign was interrupted.
fn outcome(dir: &Folder, out: &str, told: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(told);
    let counted = ["cases", "first", "edits", "traces", "events", "corners", "laws asked", "reader", "findings"];
    let rows = text.lines().filter(|l| counted.iter().any(|row| l.starts_with(&format!("{row:<16} "))));
    let count = |folder: &Path| finding(folder)["count"].as_u64().expect("a count");
    let name = |folder: &Path| folder.file_name().expect("a name").to_string_lossy().into_owned();
    let findings: BTreeMap<String, u64> = dir.findings(out).iter().map(|f| (name(f), count(f))).collect();
    for folder in findings.keys().map(|name| dir.path().join(out).join(name)) {
        let files = ["README.md", "trace.test", "trace.bin", "report.html"];
        assert!(files.iter().all(|file| folder.join(file).exists()), "{}", folder.display());
    }
    (rows.map(str::to_owned).collect(), findings)
}

/// How many bytes the files in a folder and its folders have.
fn written(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |data| data.len());
    entries.map(|e| e.path()).map(|path| if path.is_dir() { written(&path) } else { size(&path) }).sum()
}

/// Starts the campaign, or goes on with it, and kills it after a time; whether it was still running.
fn killed(dir: &Path, args: &[&str], after: Duration) -> bool {
    let mut child = Command::new(PROGRAM)
        .args(args)
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(after);
    let running = child.try_wait().expect("it can be asked").is_none();
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
    running
}

#[test]
fn a_campaign_that_is_killed_goes_on() {
    Campaign::whole("2000").killed(5);
}

#[test]
#[ignore = "takes minutes: 50 kills; `cargo xtask kills` runs it"]
fn a_campaign_that_is_killed_fifty_times_goes_on() {
    Campaign::whole("400000").killed(50);
}

#[test]
fn what_cannot_be_gone_on_with_is_said() {
    let dir = Folder::new();
    let out = run(&["hunt", "--resume", "nowhere"], dir.path(), b"");
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("holds no campaign"));
    let both = run(&["hunt", "--resume", "nowhere", "--cases", "5"], dir.path(), b"");
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn an_interrupt_ends_with_the_summary_and_can_be_gone_on_from() {
    let dir = Folder::new();
    let child = Command::new(PROGRAM)
        .args(["hunt", "--endless", "--json", "--steps", "30", "--out", "f"])
        .current_dir(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(Duration::from_millis(1500));
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill starts");
    assert!(kill.success());
    let out = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{told}");
    let lines: Vec<serde_json::Value> = told.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    let (first, last) = (&lines[0], lines.last().expect("a line"));
    assert_eq!((&first["type"], &last["type"], &last["stopped"]), (&"start".into(), &"end".into(), &true.into()));
    assert!(last["stats"]["legal"].as_u64() > Some(0), "{last:#}");
}
