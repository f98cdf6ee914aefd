//! The text format: there and back is the identity, and both ways are Go's.

use super::inputs::Input;
use super::raw::Raw;
use crate::fault::{Doing, Fault, Result};
use tracehound_wire::parse_header;
use tracehound_wire::raw::{TextStyle, from_text, to_text};
use tracehound_wire::testfile::TestFile;

/// What came of each check, by its name.
pub type Outcomes = Vec<(&'static str, Result<()>)>;

/// Checks one input. With `as_go`, our conversions are held against those of `raw`, which then
/// has to be of the release whose text our Go style writes.
pub fn check(input: &Input, raw: &mut Raw, as_go: bool) -> Outcomes {
    let mut outcomes = Outcomes::new();
    if parse_header(&input.bytes).is_err() {
        return outcomes;
    }
    outcomes.push(("binary to text to binary", there_and_back(&input.bytes)));
    if let Some(archive) = &input.archive {
        outcomes.push(("test archive to test archive", archive_identity(archive)));
        outcomes.push(("text to binary to text", text_identity(archive, &input.bytes)));
    }
    if as_go {
        outcomes.push(("text as Go writes it", text_as_go(&input.bytes, raw)));
    }
    outcomes
}

fn there_and_back(binary: &[u8]) -> Result<()> {
    let text = text_of(binary, TextStyle::Lossless)?;
    let back = binary_of(&text, TextStyle::Lossless)?;
    same(binary, &back)?;
    same(&text, &text_of(&back, TextStyle::Lossless)?)
}

fn archive_identity(archive: &[u8]) -> Result<()> {
    let parsed = TestFile::parse(archive).doing("parse")?;
    same(archive, &parsed.to_bytes())
}

/// The archive's text in the Go style gives the binary that Go made of it, and comes back.
fn text_identity(archive: &[u8], binary: &[u8]) -> Result<()> {
    let text = TestFile::parse(archive).doing("parse")?.trace_text;
    let ours = binary_of(&text, TextStyle::Go)?;
    same(binary, &ours)?;
    same(&text, &text_of(&ours, TextStyle::Go)?)
}

/// Go and we write the same text, or both refuse; and we read each other's.
fn text_as_go(binary: &[u8], raw: &mut Raw) -> Result<()> {
    match (raw.text_of(binary), text_of(binary, TextStyle::Go)) {
        (Ok(theirs), Ok(ours)) => {
            same(&theirs, &ours)?;
            match (raw.binary_of(&theirs), binary_of(&theirs, TextStyle::Go)) {
                (Ok(theirs), Ok(ours)) => same(&theirs, &ours),
                (Err(_), Err(_)) => Ok(()),
                (Ok(_), Err(e)) => Err(e).doing("Go reads the text, we do not"),
                (Err(e), Ok(_)) => Err(e).doing("we read the text, Go does not"),
            }
        }
        (Err(_), Err(_)) => Ok(()),
        (Ok(_), Err(e)) => Err(e).doing("Go writes a text, we do not"),
        (Err(e), Ok(_)) => Err(e).doing("we write a text, Go does not"),
    }
}

fn text_of(binary: &[u8], style: TextStyle) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    to_text(binary, style, &mut text).doing("write text")?;
    Ok(text)
}

fn binary_of(text: &[u8], style: TextStyle) -> Result<Vec<u8>> {
    let mut binary = Vec::new();
    from_text(text, style, &mut binary).doing("read text")?;
    Ok(binary)
}

/// Equal, or the place where they part.
fn same(expected: &[u8], got: &[u8]) -> Result<()> {
    if expected == got {
        return Ok(());
    }
    let at = expected.iter().zip(got).take_while(|(a, b)| a == b).count();
    Err(Fault::new(format!(
        "{} bytes became {}; they part at byte {at}: {:?} against {:?}",
        expected.len(),
        got.len(),
        excerpt(expected, at),
        excerpt(got, at),
    )))
}

fn excerpt(bytes: &[u8], at: usize) -> String {
    let end = bytes.len().min(at + 40);
    bytes[at.saturating_sub(20)..end].escape_ascii().to_string()
}
