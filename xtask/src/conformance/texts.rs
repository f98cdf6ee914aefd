//! The text format: there and back is the identity.

use super::inputs::Input;
use super::raw::Raw;
use crate::fault::{Fault, Result};

/// Checks one input; the name of each check and what came of it.
pub fn check(input: &Input, raw: &mut Raw) -> Vec<(&'static str, Result<()>)> {
    let mut outcomes = Vec::new();
    if let Some(text) = &input.text {
        let back = raw.text_of(&input.bytes);
        outcomes.push(("Go's text to binary to text", back.and_then(|back| same(text, &back))));
    }
    outcomes
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
