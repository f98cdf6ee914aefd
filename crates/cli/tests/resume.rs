//! A campaign that is killed goes on: no finding lost, none doubled, counts right.
#![cfg(unix)]

mod common;

use common::{Folder, PROGRAM, finding, run};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A campaign with findings.
const CAMPAIGN: [&str; 7] = ["hunt", "--cases", "400", "--steps", "30", "--emission-fault", "syscall-begin-number"];

/// What is the same however often a campaign was interrupted: the counts of cases and of each finding.
fn outcome(dir: &Folder, out: &str, told: &[u8]) -> (Vec<String>, BTreeMap<String, u64>) {
    let text = String::from_utf8_lossy(told);
    let counted = ["cases", "first", "edits", "traces", "events", "corners", "laws asked", "reader", "findings"];
    let rows = text.lines().filter(|l| counted.iter().any(|row| l.starts_with(&format!("{row:<16} "))));
    let count = |folder: &Path| finding(folder)["count"].as_u64().expect("a count");
    let name = |folder: &Path| folder.file_name().expect("a name").to_string_lossy().into_owned();
    let findings = dir.findings(out).iter().map(|folder| (name(folder), count(folder))).collect();
    (rows.map(str::to_owned).collect(), findings)
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

/// Kills a campaign at these moments, one after another, and lets it go on to its end.
fn interrupted(moments: impl Iterator<Item = Duration>) -> usize {
    let dir = Folder::new();
    let whole = run(&[&CAMPAIGN[..], &["--out", "whole"]].concat(), dir.path(), b"");
    assert_eq!(whole.status.code(), Some(1), "{}", String::from_utf8_lossy(&whole.stdout));
    let wanted = outcome(&dir, "whole", &whole.stdout);
    assert!(!wanted.1.is_empty() && wanted.0.len() == 9, "{wanted:?}");
    let mut kills = 0;
    let first = [&CAMPAIGN[..], &["--out", "parts"]].concat();
    let on = ["hunt", "--resume", "parts"];
    for moment in moments {
        let begun = dir.path().join("parts/campaign/setup.json").exists();
        kills += usize::from(killed(dir.path(), if begun { &on } else { &first }, moment));
    }
    let begun = dir.path().join("parts/campaign/setup.json").exists();
    let end = run(if begun { &on[..] } else { &first[..] }, dir.path(), b"");
    assert_eq!(end.status.code(), Some(1), "{}", String::from_utf8_lossy(&end.stderr));
    assert_eq!(outcome(&dir, "parts", &end.stdout), wanted, "after {kills} kills");
    // Once more: there is nothing left to do, and nothing changes.
    let again = run(&on, dir.path(), b"");
    assert_eq!(outcome(&dir, "parts", &again.stdout), wanted);
    kills
}

/// The moments differ from run to run with the load of the machine; what has to come of them does not.
#[test]
fn a_campaign_that_is_killed_goes_on() {
    let kills = interrupted([40, 400, 90, 150, 700].into_iter().map(Duration::from_millis));
    assert!(kills > 0);
}

#[test]
#[ignore = "takes minutes: 50 kills; `cargo xtask kills` runs it"]
fn a_campaign_that_is_killed_fifty_times_goes_on() {
    // A walk that visits all residues: short and long moments in turn, while it starts, hunts, shrinks and writes.
    let moments = (0..50u64).map(|n| Duration::from_millis(20 + n * 37 % 50 * 16));
    let kills = interrupted(moments);
    println!("{kills} kills while it was running");
    assert!(kills >= 25, "{kills}");
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
