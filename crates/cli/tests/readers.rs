//! Readers that misbehave: the hunt goes on, and a finding says what each did.
#![cfg(unix)]

mod common;

use common::{Folder, finding, frame, run};

/// A script that introduces itself, waits for a request, and then does something.
fn adapter(then: &str) -> String {
    let hello = frame(br#"{"protocol": 1, "name": "bad", "reads": [22, 23, 25, 26]}"#);
    format!("printf '{hello}'\nhead -c 5 > /dev/null\n{then}\n")
}

/// An answer with a verdict and nothing else.
fn answer(verdict: u8, message: &[u8]) -> String {
    let head = [verdict, 0, 0, 0, 0, 0, 0, 0, 0, message.len() as u8];
    frame(&[&head[..], message, &[0]].concat())
}

/// Hunts with such a reader, and expects a finding with this key. Returns the reader's verdict in words. On
/// a machine that is busy enough any reader may be late as well.
fn hunted(script: &str, key: &str) -> String {
    let dir = Folder::new();
    std::fs::write(dir.path().join("bad.sh"), script).expect("a file");
    let limits = ["--deadline", "2", "--memory", "64", "--threads", "1"];
    let args = [&["hunt", "--cases", "32", "--shard", "1/400", "--reader", "cmd:sh bad.sh"][..], &limits].concat();
    let out = run(&args, dir.path(), b"");
    let told = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(1), "{script}: {told}{}", String::from_utf8_lossy(&out.stderr));
    let cases = told.lines().find_map(|l| l.strip_prefix("cases")?.trim().split(' ').next()?.parse::<u64>().ok());
    assert!(cases >= Some(32), "the hunt did not go on: {told}");
    let folders = dir.findings("findings");
    let records: Vec<_> = folders.iter().map(|folder| finding(folder)).collect();
    for record in &records {
        assert_eq!((record["law"].as_str(), record["reader"].as_str()), (Some("bounded"), Some("cmd:sh bad.sh")));
        assert_eq!(record["suspicion"]["who"][0], "cmd:sh bad.sh", "{record:#}");
    }
    let record = records.iter().find(|r| r["key"] == key).unwrap_or_else(|| panic!("no {key}: {folders:?}"));
    record["readers"][1]["words"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_reader_that_panics() {
    let script = adapter(&format!("while printf '{}'; do :; done", answer(3, b"boom")));
    assert_eq!(hunted(&script, "panicked"), "panicked: boom");
}

#[test]
fn a_reader_that_hangs() {
    hunted(&adapter("exec sleep 100"), "hung");
}

#[test]
fn a_reader_that_answers_late() {
    hunted(&adapter(&format!("sleep 3; printf '{}'; exec sleep 100", answer(0, b""))), "late");
}

#[test]
fn a_reader_that_prints_garbage() {
    hunted(&adapter("printf 'this is no frame at all'; exec sleep 100"), "broke-protocol");
}

#[test]
fn a_reader_that_dies() {
    let words = hunted(&adapter("echo it hurts >&2; exit 3"), "died");
    assert!(words.contains("exit status: 3"), "{words}");
}

#[test]
fn a_reader_that_dies_on_start() {
    let words = hunted("echo no such flag >&2; exit 2\n", "died-on-start");
    assert!(words.contains("ended without a hello"), "{words}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_takes_memory_without_end() {
    let script = adapter("exec awk 'BEGIN { x = \"0123456789abcdef\"; while (1) x = x x }'");
    hunted(&script, "out-of-memory");
}
