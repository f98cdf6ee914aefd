//! Every trace of `corpus/findings` does in the built-in reader what FINDINGS.md says of Go's, and
//! the page names every one of them.

use std::path::{Path, PathBuf};
use tracehound_parser::{Outcome, Reader};
use tracehound_wire::raw::TextStyle;
use tracehound_wire::testfile::{Expect, TestFile};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn findings() -> Vec<(String, TestFile)> {
    let folder = repository().join("corpus/findings");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let read = |p: &PathBuf| {
        let name = p.file_stem().unwrap().to_string_lossy().into_owned();
        (name, TestFile::parse(&std::fs::read(p).unwrap()).unwrap())
    };
    files.iter().map(read).collect()
}

/// How the built-in reader ends on a trace, and on how many events Go's accessors would panic.
fn read(bytes: &[u8]) -> (Outcome, usize) {
    let mut reader = Reader::new(bytes).unwrap();
    let mut panics = 0;
    while let Some(event) = reader.next_event() {
        match event {
            Ok(e) => panics += usize::from(e.accessor_panic().is_some()),
            Err(_) => break,
        }
    }
    (reader.outcome(), panics)
}

#[test]
fn each_finding_is_reproduced() {
    for (name, file) in findings() {
        let (outcome, panics) = read(&file.to_binary(TextStyle::Lossless).unwrap());
        let expected = match (&file.expect, name.as_str()) {
            (Expect::Failure(_), _) => Outcome::Refused,
            (_, "silent-end") => Outcome::SilentEnd,
            _ => Outcome::Clean,
        };
        assert_eq!(outcome, expected, "{name}");
        assert_eq!(panics, usize::from(name.ends_with("-panics")), "{name}");
    }
}

#[test]
fn the_page_names_each_trace() {
    let page = std::fs::read_to_string(repository().join("FINDINGS.md")).unwrap();
    for (name, _) in findings() {
        assert!(page.contains(&format!("corpus/findings/{name}.test")), "{name}");
    }
}
