//! Every trace of the corpus, read as several releases do and strictly: the verdict, and a
//! digest of everything that is delivered and said.
//!
//! The digests are those of a reader that was compared with Go's own, event by event, so a
//! change here is a change of behaviour: `UPDATE_CORPUS=1` writes the new ones, and the
//! difference of the file shows which traces are concerned.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tracehound_parser::{Options, Reader, Release, dump};
use tracehound_wire::TestFile;
use tracehound_wire::raw::TextStyle;

const FOLDERS: [&str; 4] = ["findings", "mutations", "reject", "fuzz-seeds/bytes"];

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// FNV-1a, which is the same on every machine.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// How the trace ended, and a digest of all that came.
fn read(bytes: &[u8], options: Options) -> (String, u64) {
    let mut told = Vec::new();
    let end = Reader::with_options(bytes, options).and_then(|mut reader| {
        reader.for_each(|event| {
            dump::write(&mut told, event);
            told.push(b'\n');
        })
    });
    let end = match end {
        Ok(outcome) => format!("{outcome:?}").to_lowercase(),
        Err(e) => {
            told.extend_from_slice(e.to_string().as_bytes());
            for wait in e.explain().map(|x| x.waits.as_slice()).unwrap_or_default() {
                told.extend_from_slice(wait.to_string().as_bytes());
            }
            e.class().to_owned()
        }
    };
    (end, digest(&told))
}

fn line(name: &str, bytes: &[u8]) -> String {
    let modes = [
        ("1.22", Options::release(Release::Go122)),
        ("1.24", Options::release(Release::Go124)),
        ("1.25", Options::release(Release::Go125)),
        ("1.27", Options::default()),
        ("strict", Options::default().strictly()),
    ];
    let mut out = name.to_owned();
    let mut last = None;
    for (mode, options) in modes {
        let read = read(bytes, options);
        // Only what differs from the mode before is told.
        if last.as_ref() != Some(&read) {
            let _ = write!(out, " {mode}:{}:{:016x}", read.0, read.1);
        }
        last = Some(read);
    }
    out
}

#[test]
fn every_trace_of_the_corpus_is_read_as_it_was() {
    let mut made = String::new();
    for folder in FOLDERS {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(here("../../corpus").join(folder)).unwrap().map(|f| f.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let file = fs::read(&path).unwrap();
            let name = format!("{folder}/{}", path.file_name().unwrap().to_string_lossy());
            let bytes = match path.extension() {
                Some(e) if e == "test" => {
                    let test = TestFile::parse(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
                    test.to_binary(TextStyle::Lossless).unwrap_or_else(|e| panic!("{name}: {e}"))
                }
                _ => file,
            };
            let _ = writeln!(made, "{}", line(&name, &bytes));
        }
    }
    let kept = here("tests/corpus.txt");
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        fs::write(&kept, &made).unwrap();
    }
    let kept = fs::read_to_string(kept).unwrap_or_default();
    for (was, is) in kept.lines().zip(made.lines()) {
        assert_eq!(is, was, "read differently than before");
    }
    assert_eq!(kept.lines().count(), made.lines().count(), "the corpus has other files: set UPDATE_CORPUS=1");
}
