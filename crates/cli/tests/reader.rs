//! `tracehound reader check`: adapters that are right, and adapters that are wrong in one thing.

use std::process::{Command, Output};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tracehound");

fn check(reader: &str) -> (String, Option<i32>) {
    let Output { stdout, status, .. } =
        Command::new(PROGRAM).args(["reader", "check", reader]).output().expect("the program starts");
    (String::from_utf8_lossy(&stdout).into_owned(), status.code())
}

#[test]
fn the_built_in_reader_behind_the_protocol_passes() {
    let (told, status) = check(&format!("cmd:{PROGRAM} serve"));
    assert_eq!(status, Some(0), "{told}");
    assert_eq!(told.matches("ok    ").count(), 8, "{told}");
    assert!(told.contains("ready: tracehound hunt"), "{told}");
}

#[cfg(unix)]
#[test]
fn what_is_no_adapter_is_told_so() {
    let (told, status) = check("cmd:sh -c 'echo hello, I am a reader'");
    assert_eq!(status, Some(1), "{told}");
    assert!(told.starts_with("FAILED") && told.contains("Hello"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_reader_that_ends_after_its_hello_fails_at_the_first_trace() {
    let hello = r#"{"protocol":1,"name":"short","reads":[26]}"#;
    // A frame of this length, then nothing.
    let script = format!("printf '\\{:03o}\\000\\000\\000%s' '{}'", hello.len(), hello.replace('"', "\\042"));
    let script = script.replace("%s' '", "%b' '");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("adapter.sh");
    std::fs::write(&file, script).expect("a file");
    let (told, status) = check(&format!("cmd:sh {}", file.display()));
    assert_eq!(status, Some(1), "{told}");
    assert!(told.contains("ok      introduces itself") && told.contains("FAILED  accepts a sound trace"), "{told}");
}
