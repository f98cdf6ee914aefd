//! The example of an adapter in Python: it passes the trial, the hunt has nothing to say against it, and a worse one
//! is told from it. (Needs `python3`.)
#![cfg(unix)]

mod common;

use common::{Folder, run};
use std::path::Path;

fn source() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../adapters/python/container.py");
    std::fs::read_to_string(path).expect("the example")
}

/// A folder with the adapter, after a change of its source.
fn adapter(from: &str, to: &str) -> Folder {
    let (dir, source) = (Folder::new(), source());
    assert!(source.contains(from), "{from}");
    std::fs::write(dir.path().join("container.py"), source.replacen(from, to, 1)).expect("a file");
    dir
}

const READER: &str = "cmd:python3 container.py";

#[test]
fn the_example_passes() {
    let dir = adapter("", "");
    let out = run(&["reader", "check", READER], dir.path(), b"");
    let told = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "is there a python3? {told}{}", String::from_utf8_lossy(&out.stderr));
    assert!(told.contains("judges: header, container") && told.contains("ready: "), "{told}");
    let hunt = ["hunt", "--cases", "100", "--shard", "1/100", "--reader", READER];
    let out = run(&hunt, dir.path(), b"");
    let told = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{told}");
    // What it does not judge is counted, and what it judges is not all left out.
    assert!(told.contains("does not judge the rule"), "{told}");
    let refused =
        told.lines().find_map(|l| l.split_once(READER)?.1.split(", ").nth(1)?.split(' ').next()?.parse().ok());
    assert!(refused.is_some_and(|n: u64| n >= 2), "{told}");
}

#[test]
fn a_worse_one_is_found() {
    for rule in ["gen-interleaved", "gen-out-of-order"] {
        // The rule is found broken, and nothing comes of it.
        let (from, to) = (format!("raise Refused(\"{rule}\""), format!("return Refused(\"{rule}\""));
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../corpus/reject/{rule}.test"));
        let compare = ["compare", &example.display().to_string(), "--reader", "builtin", "--reader", READER];
        for (dir, code) in [(adapter("", ""), 0), (adapter(&from, &to), 1)] {
            let out = run(&compare, dir.path(), b"");
            assert_eq!(out.status.code(), Some(code), "{rule}: {}", String::from_utf8_lossy(&out.stdout));
        }
    }
}

#[test]
fn groups_that_do_not_exist_are_refused() {
    let dir = adapter("[\"header\", \"container\"]", "[\"envelope\"]");
    let out = run(&["reader", "check", READER], dir.path(), b"");
    assert_ne!(out.status.code(), Some(0));
    let told = [out.stdout, out.stderr].concat();
    assert!(String::from_utf8_lossy(&told).contains("no group of rules"), "{}", String::from_utf8_lossy(&told));
}
