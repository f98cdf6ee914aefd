//! What every finding's folder has to be.

use super::{finding, run};
use std::path::Path;
use std::process::Command;

/// Lines of a screen.
const SCREEN: usize = 64;

/// Holds a finding's folder to all that it promises.
pub fn hold(folder: &Path, dir: &Path) {
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
