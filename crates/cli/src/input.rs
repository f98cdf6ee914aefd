//! Traces from files and from standard input, in any of the three forms.

use crate::failure::Failure;
use crate::output;
use std::io::Read;
use std::ops::RangeInclusive;
use tracehound_mapped::Bytes;
use tracehound_wire::raw::{TextStyle, from_text};
use tracehound_wire::{Index, TestFile};

/// A trace, and what it was called.
#[derive(Debug)]
pub struct Input {
    /// The file's name, `-` for standard input.
    pub name: String,
    /// The trace's bytes: the file's own where it can be mapped.
    pub bytes: Bytes,
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
            bytes.into()
        } else if raw.starts_with(b"-- ") || name.ends_with(".test") {
            let file = TestFile::parse(&raw).map_err(|e| bad(&e))?;
            file.to_binary(style).map_err(|e| bad(&e))?.into()
        } else {
            raw
        };
        Ok(Input { name: name.to_owned(), bytes })
    }
}

impl Input {
    /// The trace's index.
    ///
    /// # Errors
    /// If the trace has no header that can be read.
    pub fn index(&self) -> Result<Index, Failure> {
        Index::of(&self.bytes).map_err(|e| Failure::Usage(format!("{}: {}", self.name, e.mishap)))
    }

    /// Only the generations of these numbers, if any are given. Says where they stand in the file, as offsets are
    /// counted within what is left.
    ///
    /// # Errors
    /// If the trace has none of them, or no header that can be read.
    pub fn of_generations(mut self, numbers: Option<&RangeInclusive<u64>>) -> Result<Input, Failure> {
        let Some(numbers) = numbers else { return Ok(self) };
        let index = self.index()?;
        let kept: Vec<_> = index.generations.iter().filter(|g| numbers.contains(&g.number)).collect();
        let (Some(first), Some(last)) = (kept.first(), kept.last()) else {
            let all = index.generations.first().zip(index.generations.last());
            let there = all.map_or("none".to_owned(), |(a, b)| format!("{} to {}", a.number, b.number));
            return Err(Failure::Usage(format!("{}: no such generation; the trace has {there}", self.name)));
        };
        output::note(&format!(
            "{}: generations {} to {}, bytes {} to {}; offsets count from {} bytes before them",
            self.name, first.number, last.number, first.bytes.start, last.bytes.end, index.header
        ));
        self.bytes = index.cut(&self.bytes, numbers).unwrap_or_default().into();
        Ok(self)
    }
}

/// Whether the first line that is not a comment is that of a text trace.
fn looks_like_text(bytes: &[u8]) -> bool {
    let lines = bytes.split(|&b| b == b'\n').take(1000);
    let first = lines.map(<[u8]>::trim_ascii).find(|l| !l.is_empty() && !l.starts_with(b"#"));
    first.is_some_and(|l| l.starts_with(b"Trace "))
}

/// The bytes of a file, mapped if that can be done, or of standard input for `-`.
///
/// # Errors
/// If it cannot be read.
pub fn read_bytes(name: &str) -> Result<Bytes, Failure> {
    if name == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(Failure::file("read", "standard input"))?;
        return Ok(bytes.into());
    }
    Bytes::of_file(name).map_err(Failure::file("read", name))
}
