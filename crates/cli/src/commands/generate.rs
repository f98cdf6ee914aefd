//! `tracehound gen`: legal histories as files.

use super::Outcome;
use crate::args::Gen;
use crate::failure::Failure;
use crate::output;
use std::io::Write;
use tracehound_oracle::hunt::HuntCase;

pub fn run(a: &Gen) -> Result<Outcome, Failure> {
    std::fs::create_dir_all(&a.out).map_err(Failure::file("make the folder", &a.out))?;
    let mut out = output::stdout();
    let config = a.generator.config()?;
    for seed in a.seed..a.seed.saturating_add(a.count) {
        let case = HuntCase::legal(seed, &config);
        let Some(made) = case.make() else { continue };
        let name = format!("{}/{seed}.trace", a.out);
        std::fs::write(&name, &made.bytes).map_err(Failure::file("write", &name))?;
        writeln!(out, "{name} {} bytes {case}", made.bytes.len())?;
    }
    out.flush()?;
    Ok(Outcome::Fine)
}
