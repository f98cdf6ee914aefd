//! The reject matrix: for every rule of the catalogue a minimal trace that is refused with
//! just this rule, and its nearest accepted neighbour, one edit away.
//!
//! Traces of the strict rules are refused by the strict reader alone: every Go reader that
//! knows their version accepts both.
//!
//! `corpus/reject/` and `docs/rules.md` are made from here; a test fails when they are stale.

pub mod build;
mod entries;
mod page;
mod strict;

use crate::readers::go;
use std::path::Path;
use std::{fs, io};
use tracehound_wire::raw::TextStyle;
use tracehound_wire::testfile::{Expect, TestFile};
use tracehound_wire::{RejectRule, Trace, Version};

pub use page::rules_page;

/// One rule's two traces.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The rule.
    pub rule: RejectRule,
    /// The trace that is refused.
    pub reject: Sample,
    /// The trace that is accepted.
    pub neighbour: Sample,
    /// What makes the second out of the first, as a clause.
    pub edit: &'static str,
}

/// A trace of the matrix.
#[derive(Clone, Debug)]
pub enum Sample {
    /// A trace, which can be written as text.
    Trace(Trace),
    /// Bytes whose header may be none.
    Bytes(Vec<u8>),
}

impl Sample {
    /// The bytes to feed to a reader.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Sample::Trace(trace) => trace.to_bytes(),
            Sample::Bytes(bytes) => bytes.clone(),
        }
    }
}

/// A rule that no trace is refused with by the newest reader, and why.
pub const OLD_READERS_ONLY: &[(RejectRule, &str)] = &[(
    RejectRule::FrontierEmpty,
    "readers from Go 1.25 on accept a generation without events; those up to 1.24 refuse it",
)];

/// The entries of the rules of Go's reader, in the order of the catalogue.
pub fn entries() -> Vec<Entry> {
    entries::all()
}

/// The entries of the strict rules, in the order of the catalogue.
pub fn strict_entries() -> Vec<Entry> {
    strict::all()
}

/// The entry for [`RejectRule::FrontierEmpty`], which only readers up to Go 1.24 refuse.
pub fn old_entry() -> Entry {
    let empty = build::Build::new(Version::Go122);
    let neighbour = empty.clone().m(5, &[build::ev(tracehound_wire::EventType::ProcStatus, &[0, 1])]);
    Entry {
        rule: RejectRule::FrontierEmpty,
        reject: Sample::Trace(empty.end()),
        neighbour: Sample::Trace(neighbour.end()),
        edit: "the generation has an event",
    }
}

/// The files of `corpus/reject/`: name and contents. Traces whose header cannot be read are
/// binary (`.trace`), as are those whose header the text would lose; all others are text (`.test`) with the newest Go reader's verdict.
pub fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in entries() {
        let class = entry.rule.class();
        let words = Expect::Failure(go::pattern(entry.rule).unwrap_or_default());
        files.push(file(class, &entry.reject, words));
        files.push(file(&format!("{class}.neighbour"), &entry.neighbour, Expect::Success));
    }
    for entry in strict_entries().into_iter().chain([old_entry()]) {
        let class = entry.rule.class();
        files.push(file(class, &entry.reject, Expect::Success));
        files.push(file(&format!("{class}.neighbour"), &entry.neighbour, Expect::Success));
    }
    files
}

fn file(stem: &str, sample: &Sample, expect: Expect) -> (String, Vec<u8>) {
    let bytes = sample.to_bytes();
    match TestFile::from_binary(&bytes, expect) {
        Ok(test) if test.to_binary(TextStyle::Lossless).is_ok_and(|back| back == bytes) => {
            (format!("{stem}.test"), test.to_bytes())
        }
        _ => (format!("{stem}.trace"), bytes),
    }
}

/// Writes the files of `corpus/reject/` into `directory`, and removes those that it no
/// longer holds.
///
/// # Errors
/// If the directory cannot be written.
pub fn write_files(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let files = files();
    for found in fs::read_dir(directory)? {
        let found = found?;
        if files.iter().all(|(name, _)| found.file_name() != name.as_str()) {
            fs::remove_file(found.path())?;
        }
    }
    files.iter().try_for_each(|(name, contents)| fs::write(directory.join(name), contents))
}

#[cfg(test)]
mod tests;
