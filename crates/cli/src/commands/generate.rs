//! `tracehound gen`: legal histories as files.

use super::Outcome;
use crate::args::{Form, Gen};
use crate::failure::Failure;
use crate::output;
use std::io::Write;
use tracehound_oracle::hunt::HuntCase;
use tracehound_wire::raw::{TextStyle, to_text};
use tracehound_wire::{Expect, TestFile};

pub fn run(a: &Gen) -> Result<Outcome, Failure> {
    let config = a.generator.config()?;
    if config.fault.is_some() && a.format == Form::Test {
        return Err(Failure::Usage(
            "--format test says what readers have to say, and nobody knows that of a trace written under a fault: \
             write it as text and let `tracehound check` read it"
                .into(),
        ));
    }
    let mut out = output::stdout();
    if a.out == "-" {
        if a.count != 1 {
            return Err(Failure::Usage("standard output takes one trace: give --count 1, or a folder to --out".into()));
        }
        let case = HuntCase::legal(a.seed, &config);
        if let Some(made) = case.make() {
            out.write_all(&in_form(a.format, &made.bytes, &case)?.1)?;
        }
        out.flush()?;
        return Ok(Outcome::Fine);
    }
    std::fs::create_dir_all(&a.out).map_err(Failure::file("make the folder", &a.out))?;
    for seed in a.seed..a.seed.saturating_add(a.count) {
        let case = HuntCase::legal(seed, &config);
        let Some(made) = case.make() else { continue };
        let bytes = made.bytes;
        let (extension, file) = in_form(a.format, &bytes, &case)?;
        let name = format!("{}/{seed}.{extension}", a.out);
        std::fs::write(&name, &file).map_err(Failure::file("write", &name))?;
        writeln!(out, "{name} {} bytes {case}", file.len())?;
    }
    out.flush()?;
    Ok(Outcome::Fine)
}

/// The extension and the contents of a file in this form.
fn in_form(form: Form, bytes: &[u8], case: &HuntCase) -> Result<(&'static str, Vec<u8>), Failure> {
    // The generator writes headers that can be read.
    let unreadable = |e: &dyn std::fmt::Display| Failure::Environment(format!("{case}: {e}"));
    Ok(match form {
        Form::Binary => ("trace", bytes.to_vec()),
        Form::Text => {
            let mut text = Vec::new();
            to_text(bytes, TextStyle::Lossless, &mut text).map_err(|e| unreadable(&e))?;
            ("txt", text)
        }
        Form::Test => {
            let mut file = TestFile::from_binary(bytes, Expect::Success).map_err(|e| unreadable(&e))?;
            file.trace_text.splice(0..0, format!("# tracehound replay '{case}'\n").into_bytes());
            ("test", file.to_bytes())
        }
    })
}
