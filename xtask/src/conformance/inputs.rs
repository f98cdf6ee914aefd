//! The traces that conformance is checked on.

use super::raw::Raw;
use crate::fault::{Doing, Fault, Result};
use crate::record::record;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tracehound_oracle::readers::go::Toolchain;
use tracehound_wire::quote::go_unquote;
use tracehound_wire::testfile::TestFile;

/// A trace and where it is from.
pub struct Input {
    /// For reports: `tests/...`, `fuzz/...`, `recorded/...`.
    pub name: String,
    /// The binary trace.
    pub bytes: Arc<[u8]>,
    /// The test archive that it was in, if it was in one.
    pub archive: Option<Vec<u8>>,
}

/// The hand-made tests and the fuzz inputs that the toolchain's sources bring along.
pub fn shipped(toolchain: &Toolchain, raw: &mut Raw) -> Result<Vec<Input>> {
    let data = toolchain.trace_package().join("testdata");
    let mut inputs = Vec::new();
    for path in files(&data.join("tests"))? {
        let archive = read(&path)?;
        let text = TestFile::parse(&archive).doing(path.display())?.trace_text;
        let bytes = raw.binary_of(&text).doing(path.display())?;
        inputs.push(Input { name: named("tests", &path), bytes: bytes.into(), archive: Some(archive) });
    }
    inputs.extend(fuzzed(toolchain)?);
    Ok(inputs)
}

/// The seeds of Go's own fuzz tests.
pub fn fuzzed(toolchain: &Toolchain) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for folder in files(&toolchain.trace_package().join("testdata/fuzz"))? {
        for path in files(&folder)? {
            let bytes = fuzz_input(&read(&path)?).doing(path.display())?;
            inputs.push(Input { name: named("fuzz", &path), bytes: bytes.into(), archive: None });
        }
    }
    Ok(inputs)
}

/// Traces recorded now. Those of other toolchains are left alone.
pub fn recorded(toolchain: &Toolchain, large: bool) -> Result<(Vec<PathBuf>, Vec<String>)> {
    let recorded = record(toolchain, large)?;
    Ok((recorded.traces, recorded.skipped))
}

/// A recorded trace, read into memory.
pub fn load(path: &Path) -> Result<Input> {
    Ok(Input { name: named("recorded", path), bytes: read(path)?.into(), archive: None })
}

fn named(group: &str, path: &Path) -> String {
    format!("{group}/{}", path.file_name().unwrap_or_default().to_string_lossy())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).doing(path.display())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).doing(folder.display())? {
        files.push(entry.doing(folder.display())?.path());
    }
    files.sort();
    Ok(files)
}

/// The bytes in a file of Go's fuzzer: a version line, then `[]byte("...")`.
fn fuzz_input(file: &[u8]) -> Result<Vec<u8>> {
    let mut lines = file.split(|b| *b == b'\n');
    let version = lines.next().unwrap_or_default();
    let value = lines.next().unwrap_or_default();
    let literal = value.strip_prefix(b"[]byte(").and_then(|v| v.strip_suffix(b")"));
    match literal {
        Some(literal) if version == b"go test fuzz v1" => go_unquote(literal).doing("read the literal"),
        _ => Err(Fault::new("not a file of Go's fuzzer with one []byte")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuzz_files_are_unquoted() {
        let file = b"go test fuzz v1\n[]byte(\"go 1.22 trace\\x00\\xff\\b\")\n";
        assert_eq!(fuzz_input(file).unwrap(), b"go 1.22 trace\0\xff\x08");
        assert!(fuzz_input(b"go test fuzz v1\nint(5)\n").is_err());
    }
}
