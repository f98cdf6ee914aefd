//! A finding's folder: complete, readable on one screen, and its command, run word for word, shows it again.

mod common;

use common::{Folder, finding, run};
use std::path::Path;
use std::process::Command;
use tracehound_generator::EmissionFault;
use tracehound_parser::Fault;

/// Lines of a screen.
const SCREEN: usize = 64;

/// Holds a finding's folder to all that it promises.
fn hold(folder: &Path, dir: &Path) {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let record = finding(folder);
    let names = std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").file_name());
    assert!(names.into_iter().all(|n| !n.to_string_lossy().starts_with('.')), "nothing half done is left");
    assert!(record["shrunk"].as_bool().is_some() && record["count"].as_u64() >= Some(1));
    assert!(record["readers"][0]["version"].is_string() && record["configuration"]["histories"].is_string());
    // The text and the bytes are the same trace.
    let trace = folder.join("trace.test").display().to_string();
    run(&["convert", &trace, "again.bin"], dir, b"");
    let bytes = std::fs::read(dir.join("again.bin")).expect("a trace");
    assert_eq!(bytes, std::fs::read(folder.join("trace.bin")).expect("trace.bin"));
    assert!(read("trace.test").lines().filter(|l| l.starts_with("# ")).count() >= 3, "it is commented");
    assert!(read("report.html").starts_with("<!doctype html>"));
    let readme = read("README.md");
    let command = record["command"].as_str().expect("a command");
    assert!(readme.contains(command) && readme.contains("Likely wrong: ") && readme.contains("paste into an issue"));
    assert!(readme.lines().count() <= SCREEN, "{readme}");
    assert!(record["place"].as_str().is_none_or(|place| readme.contains(place)), "{readme}");
    if !record["neighbour"].is_null() {
        let neighbour = folder.join("neighbour.test").display().to_string();
        let accepted = record["neighbour"]["verdict"] == "accepted";
        let out = run(&["check", &neighbour], dir, b"");
        // With a fault armed the built-in reader of the test is another one than that of the hunt.
        if !command.contains("--fault") {
            assert_eq!(out.status.success(), accepted, "{}", String::from_utf8_lossy(&out.stdout));
        }
        let difference: Vec<&str> =
            record["neighbour"]["difference"].as_array().expect("lines").iter().filter_map(|l| l.as_str()).collect();
        assert!(difference.iter().any(|l| l.starts_with(['+', '-'])), "{difference:?}");
    }
    let again = Command::new("sh").args(["-c", command]).current_dir(dir).output().expect("sh starts");
    assert_eq!(again.status.code(), Some(1), "{command}\n{}", String::from_utf8_lossy(&again.stdout));
    let told = String::from_utf8_lossy(&again.stdout);
    let (reader, law) = (record["reader"].as_str().expect("a name"), record["law"].as_str().expect("a law"));
    assert!(told.contains(&format!("{reader} breaks {law}")), "{told}");
}

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

/// Every fault of the emission, and of the reader where they are compiled in: what a campaign of each finds is
/// complete and small.
#[test]
#[ignore = "takes minutes: a hunt for every fault; `cargo xtask findings` runs it"]
fn findings_of_every_fault_are_complete_and_small() {
    let emission = EmissionFault::ALL.iter().map(|f| ("--emission-fault", f.name()));
    let planted = Fault::ALL.iter().map(|f| ("--fault", f.name())).filter(|_| cfg!(feature = "faults"));
    let (mut sizes, mut all, mut missed) = (Vec::new(), Vec::new(), Vec::new());
    let mut without_place = Vec::new();
    for (option, fault) in emission.chain(planted) {
        let dir = Folder::new();
        run(&["hunt", "--out", "f", "--cases", "600", option, fault], dir.path(), b"");
        let folders = dir.findings("f");
        folders.iter().for_each(|folder| hold(folder, dir.path()));
        let events: Vec<u64> = folders.iter().filter_map(|folder| finding(folder)["events"].as_u64()).collect();
        println!("{option} {fault}: events {events:?}");
        all.extend_from_slice(&events);
        let mute = folders.iter().map(|folder| finding(folder)).filter(|record| record["place"].is_null());
        without_place.extend(mute.map(|record| format!("{fault}: {} {}", record["law"], record["events"])));
        match events.iter().min() {
            Some(smallest) => sizes.push(*smallest),
            None => missed.push(fault),
        }
    }
    let middle = |sizes: &mut Vec<u64>| {
        sizes.sort_unstable();
        sizes[sizes.len() / 2]
    };
    let (median, of_all) = (middle(&mut sizes), middle(&mut all));
    println!(
        "{} faults found, median {median} events; {} findings, median {of_all} events; not found in 600 cases: {missed:?}",
        sizes.len(),
        all.len()
    );
    println!("{} of {} do not say where it goes wrong: {without_place:#?}", without_place.len(), all.len());
    assert!(without_place.len() * 5 <= all.len());
    assert!(median <= 12 && of_all <= 12, "{sizes:?} {all:?}");
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
