//! What the tests of the program share: running it in a folder of its own.
#![allow(dead_code)] // each test program uses a part

pub mod hold;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_tracehound");

/// A folder that is gone after the test.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The folders of findings in a folder for findings.
    pub fn findings(&self, out: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path().join(out)).expect("a folder");
        let paths = entries.map(|e| e.expect("an entry").path());
        let mut all: Vec<PathBuf> = paths.filter(|p| p.file_name().is_some_and(|n| n != "campaign")).collect();
        all.sort();
        all
    }
}

/// Runs the program to its end.
pub fn run(args: &[&str], dir: &Path, stdin: &[u8]) -> Output {
    let mut child = Command::new(PROGRAM)
        .args(args)
        .current_dir(dir)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that does not read its input is no reason to fail.
    let _ = child.stdin.take().expect("a pipe").write_all(stdin);
    child.wait_with_output().expect("the program ends")
}

/// The record of a finding's folder.
pub fn finding(folder: &Path) -> serde_json::Value {
    let text = std::fs::read(folder.join("finding.json")).expect("finding.json");
    serde_json::from_slice(&text).expect("JSON")
}

/// A frame of the protocol, as `printf` writes it.
pub fn frame(bytes: &[u8]) -> String {
    let len = u32::try_from(bytes.len()).expect("short").to_le_bytes();
    len.iter().chain(bytes).map(|b| format!("\\{b:03o}")).collect()
}
