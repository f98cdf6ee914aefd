//! Traces from files and from standard input, in any of the three forms.

use crate::failure::Failure;
use std::io::Read;
use tracehound_wire::TestFile;
use tracehound_wire::raw::{TextStyle, from_text};

/// A trace, and what it was called.
#[derive(Debug)]
pub struct Input {
    /// The file's name, `-` for standard input.
    pub name: String,
    /// The trace's bytes.
    pub bytes: Vec<u8>,
}

impl Input {
    /// Reads a trace. Text and `.test` files are turned into the trace that they describe.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read(name: &str) -> Result<Input, Failure> {
        Input::read_in(name, TextStyle::Lossless)
    }

    /// As [`Input::read`], with text in this style.
    pub fn read_in(name: &str, style: TextStyle) -> Result<Input, Failure> {
        let raw = read_bytes(name)?;
        let bad = |e: &dyn std::fmt::Display| Failure::Usage(format!("{name}: {e}"));
        let bytes = if looks_like_text(&raw) {
            let mut bytes = Vec::new();
            from_text(&raw, style, &mut bytes).map_err(|e| bad(&e))?;
            bytes
        } else if raw.starts_with(b"-- ") || name.ends_with(".test") {
            let file = TestFile::parse(&raw).map_err(|e| bad(&e))?;
            file.to_binary(style).map_err(|e| bad(&e))?
        } else {
            raw
        };
        Ok(Input { name: name.to_owned(), bytes })
    }
}

/// Whether the first line that is not a comment is that of a text trace.
fn looks_like_text(bytes: &[u8]) -> bool {
    let lines = bytes.split(|&b| b == b'\n').take(1000);
    let first = lines.map(<[u8]>::trim_ascii).find(|l| !l.is_empty() && !l.starts_with(b"#"));
    first.is_some_and(|l| l.starts_with(b"Trace "))
}

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// If it cannot be read.
pub fn read_bytes(name: &str) -> Result<Vec<u8>, Failure> {
    if name == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(Failure::file("read", "standard input"))?;
        return Ok(bytes);
    }
    std::fs::read(name).map_err(Failure::file("read", name))
}
