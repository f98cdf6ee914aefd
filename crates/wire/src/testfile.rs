//! `.test` files: a trace in text and what a reader has to say of it, in the txtar archive
//! in which Go keeps its own reader tests (`internal/trace/testtrace`, `internal/txtar`, Go 1.27.3).
//!
//! Whether an error text matches an expectation is for the caller, who has a regular
//! expression engine, to find out.

use crate::header::HeaderError;
use crate::limits::MAX_TEXT_LINE;
use crate::quote::{Unicode, go_quote, go_unquote};
use crate::raw::{FromTextError, TextError, TextStyle, ToTextError, from_text, to_text};
use std::fmt::Write as _;

/// What a reader has to say of the trace in a [`TestFile`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Expect {
    /// Nothing: it is accepted.
    #[default]
    Success,
    /// An error whose text this regular expression (RE2 syntax) matches somewhere.
    Failure(String),
}

/// A `.test` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestFile {
    /// The verdict to expect.
    pub expect: Expect,
    /// The trace as raw text. No line of it may look like `-- name --`.
    pub trace_text: Vec<u8>,
}

/// What is wrong with a `.test` file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TestFileError {
    /// Other files than `expect` and `trace`, in this order.
    #[error("test-files: expected exactly the files `expect` and `trace`, in this order, found {0:?}")]
    Files(Vec<String>),
    /// The first word of `expect` is neither SUCCESS nor FAILURE.
    #[error("test-expect: expected SUCCESS or FAILURE \"regexp\" in the first line of `expect`, found {0:?}")]
    Expect(String),
    /// The regular expression of a FAILURE is not one Go string literal in UTF-8.
    #[error("test-pattern: after `FAILURE ` there has to be a regular expression as a Go string literal, found {0:?}")]
    Pattern(String),
    /// The first line of `expect` is longer than Go reads.
    #[error("test-expect-too-long: the first line of `expect` is longer than 65535 bytes")]
    ExpectTooLong,
}

impl TestFileError {
    /// A stable kebab-case name.
    pub fn class(&self) -> &'static str {
        match self {
            TestFileError::Files(_) => "test-files",
            TestFileError::Expect(_) => "test-expect",
            TestFileError::Pattern(_) => "test-pattern",
            TestFileError::ExpectTooLong => "test-expect-too-long",
        }
    }
}

impl TestFile {
    /// A file for a binary trace, its text in the lossless style.
    ///
    /// # Errors
    /// If the trace's header cannot be read.
    pub fn from_binary(trace: &[u8], expect: Expect) -> Result<TestFile, HeaderError> {
        let mut trace_text = Vec::new();
        match to_text(trace, TextStyle::Lossless, &mut trace_text) {
            Err(ToTextError::Header(e)) => Err(e),
            // The lossless style has no error behind the header, and a vector takes everything.
            Ok(()) | Err(ToTextError::Event(_) | ToTextError::Io(_)) => Ok(TestFile { expect, trace_text }),
        }
    }

    /// Reads a `.test` file as Go does: text before the first file is ignored, and so is all
    /// but the first line of `expect`, whose absence means success.
    ///
    /// # Errors
    /// See [`TestFileError`]. The trace itself is not looked at.
    pub fn parse(bytes: &[u8]) -> Result<TestFile, TestFileError> {
        let mut files = archive_files(bytes);
        if files.iter().map(|(name, _)| name.as_str()).ne(["expect", "trace"]) {
            return Err(TestFileError::Files(files.into_iter().map(|(name, _)| name).collect()));
        }
        let expect = parse_expect(&files[0].1)?;
        Ok(TestFile { expect, trace_text: std::mem::take(&mut files[1].1) })
    }

    /// The trace in binary.
    ///
    /// # Errors
    /// If its text cannot be read; lines are counted from the start of the trace.
    pub fn to_binary(&self, style: TextStyle) -> Result<Vec<u8>, TextError> {
        let mut out = Vec::new();
        match from_text(&self.trace_text, style, &mut out) {
            Err(FromTextError::Text(e)) => Err(e),
            // A vector takes everything.
            Ok(()) | Err(FromTextError::Io(_)) => Ok(out),
        }
    }

    /// The file's bytes, as Go writes them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut head = String::from("-- expect --\n");
        match &self.expect {
            Expect::Success => head.push_str("SUCCESS\n"),
            // Writing to a String cannot fail.
            Expect::Failure(pattern) => _ = writeln!(head, "FAILURE {}", go_quote(pattern.as_bytes(), Unicode::V17)),
        }
        head.push_str("-- trace --\n");
        let mut out = [head.as_bytes(), &self.trace_text].concat();
        end_line(&mut out);
        out
    }
}

fn parse_expect(data: &[u8]) -> Result<Expect, TestFileError> {
    if data.is_empty() {
        return Ok(Expect::Success);
    }
    let line = data.split(|&b| b == b'\n').next().unwrap_or_default();
    if line.len() > MAX_TEXT_LINE {
        return Err(TestFileError::ExpectTooLong);
    }
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let shown = || String::from_utf8_lossy(&line[..line.len().min(200)]).into_owned();
    if line == b"SUCCESS" || line.starts_with(b"SUCCESS ") {
        return Ok(Expect::Success);
    }
    if line == b"FAILURE" {
        return Err(TestFileError::Pattern(String::new()));
    }
    let literal = line.strip_prefix(b"FAILURE ").ok_or_else(|| TestFileError::Expect(shown()))?;
    let pattern = go_unquote(literal).ok().and_then(|p| String::from_utf8(p).ok());
    pattern.map(Expect::Failure).ok_or_else(|| TestFileError::Pattern(shown()))
}

/// The files of a txtar archive: names and contents, each with a line feed at its end if it is not empty.
fn archive_files(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        match (marker_name(line), files.last_mut()) {
            (Some(name), _) => files.push((name, Vec::new())),
            (None, Some((_, data))) => data.extend_from_slice(line),
            (None, None) => {}
        }
    }
    files.iter_mut().for_each(|(_, data)| end_line(data));
    files
}

/// The name in a line `-- name --`.
fn marker_name(line: &[u8]) -> Option<String> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let name = String::from_utf8_lossy(line.strip_prefix(b"-- ")?.strip_suffix(b" --")?).trim().to_owned();
    (!name.is_empty()).then_some(name)
}

fn end_line(data: &mut Vec<u8>) {
    if data.last().is_some_and(|&b| b != b'\n') {
        data.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::Version;

    fn parse(text: &str) -> Result<TestFile, &'static str> {
        TestFile::parse(text.as_bytes()).map_err(|e| e.class())
    }

    fn expect(text: &str) -> Result<Expect, &'static str> {
        parse(&format!("-- expect --\n{text}-- trace --\nTrace Go1.26\n")).map(|f| f.expect)
    }

    #[test]
    fn archives() {
        let want = TestFile { expect: Expect::Success, trace_text: b"Trace Go1.22\n".to_vec() };
        for ok in [
            "-- expect --\nSUCCESS\n-- trace --\nTrace Go1.22\n",
            "-- expect --\nSUCCESS\n-- trace --\nTrace Go1.22",
            "ignored\n--  expect --\nSUCCESS\n--\t trace  --\nTrace Go1.22\n",
            "-- expect --\n-- trace --\nTrace Go1.22\n",
        ] {
            let ok = ok.replace("--\t trace", "-- \t trace");
            assert_eq!(parse(&ok), Ok(want.clone()), "{ok:?}");
        }
        assert_eq!(parse("-- expect --\n-- trace --").map(|f| f.trace_text), Ok(vec![]));
        for bad in [
            "",
            "SUCCESS\n",
            "-- expect --\nSUCCESS\n",
            "-- trace --\nTrace Go1.22\n-- expect --\nSUCCESS\n",
            "-- expect --\nSUCCESS\n-- trace --\nTrace Go1.22\n-- more --\n",
            "-- expect --\r\nSUCCESS\r\n-- trace --\r\nTrace Go1.22\r\n",
        ] {
            assert_eq!(parse(bad), Err("test-files"), "{bad:?}");
        }
        let not_markers = "-- expect --\n --  expect --\n--trace --\n-- --\n--  --\n-- trace --x\n-- trace --\nT\n";
        assert_eq!(parse(not_markers), Err("test-expect"));
    }

    #[test]
    fn expectations() {
        assert_eq!(expect(""), Ok(Expect::Success));
        assert_eq!(expect("SUCCESS whatever\nFAILURE\n"), Ok(Expect::Success));
        assert_eq!(expect("SUCCESS\r\n"), Ok(Expect::Success));
        let failure = |pattern: &str| Ok(Expect::Failure(pattern.to_owned()));
        assert_eq!(expect("FAILURE \"a\\\\d .*\"\nSUCCESS\n"), failure("a\\d .*"));
        assert_eq!(expect("FAILURE `a\\d`\n"), failure("a\\d"));
        for (bad, class) in [
            ("\nSUCCESS\n", "test-expect"),
            ("success\n", "test-expect"),
            (" SUCCESS\n", "test-expect"),
            ("SUCCESS\t\n", "test-expect"),
            ("FAILURE\n", "test-pattern"),
            ("FAILURE  \"a\"\n", "test-pattern"),
            ("FAILURE \"a\" \n", "test-pattern"),
            ("FAILURE a\n", "test-pattern"),
            ("FAILURE \"\\xff\"\n", "test-pattern"),
        ] {
            assert_eq!(expect(bad), Err(class), "{bad:?}");
        }
        assert_eq!(expect(&format!("FAILURE \"{}\"\n", "a".repeat(65536))), Err("test-expect-too-long"));
    }

    #[test]
    fn files_are_written_as_they_are_read() {
        let trace = [&Version::Go126.header()[..], &[1, 0x81, 0, 5, 9, 0, 0x34, 200]].concat();
        for expect in [Expect::Success, Expect::Failure("expected a \"proc\" \\(\u{e9}\\)\n".to_owned())] {
            let file = TestFile::from_binary(&trace, expect).unwrap();
            let again = TestFile::parse(&file.to_bytes()).unwrap();
            assert_eq!(again, file);
            assert_eq!(again.to_binary(TextStyle::Lossless).unwrap(), trace);
        }
        let file = TestFile { expect: Expect::Failure("a\"b".into()), trace_text: b"Trace Go1.26".to_vec() };
        assert_eq!(file.to_bytes(), b"-- expect --\nFAILURE \"a\\\"b\"\n-- trace --\nTrace Go1.26\n");
        assert!(TestFile::from_binary(b"", Expect::Success).is_err());
    }
}
