//! A finding's folder: complete, readable on one screen, and its command, run word for word, shows it again.

mod common;

use common::hold::hold;
use common::{Folder, finding, run};
#[cfg(unix)]
use std::path::Path;

/// Hunts, expects findings, and holds each to its promises. Returns the records.
fn hunt(args: &[&str]) -> Vec<serde_json::Value> {
    let dir = Folder::new();
    let out = run(&[&["hunt", "--out", "f"], args].concat(), dir.path(), b"");
    assert_eq!(out.status.code(), Some(1), "{args:?}: {}", String::from_utf8_lossy(&out.stdout));
    let folders = dir.findings("f");
    assert!(!folders.is_empty());
    folders.iter().for_each(|folder| hold(folder, dir.path()));
    folders.iter().map(|folder| finding(folder)).collect()
}

#[test]
fn findings_of_emission_faults_are_complete() {
    for fault in ["syscall-begin-number", "tables-missing", "status-repeated"] {
        let records = hunt(&["--cases", "300", "--steps", "40", "--emission-fault", fault]);
        let who = format!("the runtime with the fault {fault}");
        assert!(records.iter().any(|r| r["suspicion"]["who"][0] == who.as_str()), "{fault}: {records:#?}");
        assert!(records.iter().any(|r| !r["neighbour"].is_null()), "{fault}: {records:#?}");
    }
}

/// A reader that introduces itself and refuses whatever it is given.
#[cfg(unix)]
fn refuses(dir: &Path) -> String {
    let hello = br#"{"protocol": 1, "name": "no", "version": "3", "reads": [22, 23, 25, 26]}"#;
    let no = [2, 0, 0, 0, 0, 0, 0, 0, 0, 2, b'n', b'o', 0];
    let script = format!("printf '{}'\nwhile printf '{}'; do :; done\n", common::frame(hello), common::frame(&no));
    std::fs::write(dir.join("no.sh"), script).expect("a file");
    "cmd:sh no.sh".into()
}

/// Another reader, and a trace from outside that is shrunk and replayed from its bytes.
#[cfg(unix)]
#[test]
fn findings_of_another_reader_are_complete() {
    let dir = Folder::new();
    let seeds = dir.path().join("seeds");
    std::fs::create_dir(&seeds).expect("a folder");
    run(&["gen", "--out", "seeds", "--count", "2", "--steps", "20"], dir.path(), b"");
    std::fs::write(seeds.join("notes.md"), "no trace").expect("a file");
    let reader = refuses(dir.path());
    let args = [
        "hunt", "--out", "f", "--cases", "90", "--steps", "20", "--reader", &reader, "--seeds", "seeds", "--shard",
        "1/400",
    ];
    let out = run(&args, dir.path(), b"");
    let told = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(1), "{told}");
    assert!(told.contains("2 traces as they are"), "{told}");
    assert!(String::from_utf8_lossy(&out.stderr).contains("1 other files are left out"));
    let folders = dir.findings("f");
    folders.iter().for_each(|folder| hold(folder, dir.path()));
    let records: Vec<_> = folders.iter().map(|folder| finding(folder)).collect();
    assert!(records.iter().any(|r| r["replay"].as_str().is_some_and(|s| s.starts_with("raw:"))), "{records:#?}");
    for record in records {
        assert_eq!(record["verdicts"][1], serde_json::json!([reader, "rejected/b"]), "{record:#}");
        assert_eq!(record["suspicion"]["who"], serde_json::json!([reader]), "{record:#}");
        assert_eq!(record["readers"][1]["version"], "3");
    }
}

#[cfg(feature = "faults")]
#[test]
fn findings_of_planted_faults_are_complete() {
    for (fault, event) in [("gc-begin-twice", "GCBegin"), ("go-create-twice", "GoCreate"), ("range-twice", "Begin")] {
        let records = hunt(&["--cases", "300", "--steps", "40", "--fault", fault]);
        assert!(records.iter().all(|r| r["suspicion"]["who"][0] == "builtin"), "{fault}: {records:#?}");
        let named = |r: &serde_json::Value| r["place"].as_str().is_some_and(|place| place.contains(event));
        assert!(records.iter().any(named), "{fault} {event}: {records:#?}");
    }
}
