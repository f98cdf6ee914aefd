//! `tracehound convert`: between binary, text and `.test`.

use super::Outcome;
use crate::args::Convert;
use crate::failure::Failure;
use crate::input::Input;
use crate::output;
use std::io::Write;
use tracehound_wire::raw::{TextStyle, to_text};
use tracehound_wire::{Expect, TestFile};

pub fn run(a: &Convert) -> Result<Outcome, Failure> {
    let style = if a.go { TextStyle::Go } else { TextStyle::Lossless };
    let input = Input::read_in(&a.input, style)?.of_generations(a.generations.as_ref())?;
    let bad = |e: &dyn std::fmt::Display| Failure::Usage(format!("{}: {e}", input.name));
    let bytes = match form_of(&a.output) {
        // A copy: what is mapped would go away if the output is the same file.
        Form::Binary => input.bytes.into_vec(),
        Form::Text => {
            let mut text = Vec::new();
            to_text(&input.bytes, style, &mut text).map_err(|e| bad(&e))?;
            text
        }
        Form::Test => TestFile::from_binary(&input.bytes, Expect::Success).map_err(|e| bad(&e))?.to_bytes(),
    };
    if a.output == "-" || a.output.starts_with("-.") {
        let mut out = output::stdout();
        out.write_all(&bytes)?;
        out.flush()?;
    } else {
        std::fs::write(&a.output, bytes).map_err(Failure::file("write", &a.output))?;
    }
    Ok(Outcome::Fine)
}

enum Form {
    Binary,
    Text,
    Test,
}

/// The form that a file's extension asks for; standard output gets text.
fn form_of(name: &str) -> Form {
    match name.rsplit_once('.') {
        Some((_, "txt" | "text")) => Form::Text,
        Some((_, "test")) => Form::Test,
        _ if name == "-" => Form::Text,
        _ => Form::Binary,
    }
}
