//! `tracehound lift`: real traces as cases of the model, as far as it can explain them.

use super::Outcome;
use crate::args::Lift;
use crate::failure::Failure;
use crate::input::Input;
use crate::output;
use std::io::Write;
use std::path::Path;
use tracehound_oracle::lift::lift_generations;

pub fn run(a: &Lift) -> Result<Outcome, Failure> {
    let mut out = output::stdout();
    let mut outcome = Outcome::Fine;
    for file in &a.files {
        let input = Input::read(file)?;
        let generations = match lift_generations(&input.bytes) {
            Ok(generations) => generations,
            Err(e) => {
                writeln!(out, "{}: refused, so it cannot be lifted: {e}", input.name)?;
                outcome = Outcome::Finding;
                continue;
            }
        };
        let lifted = generations.iter().filter(|g| g.outcome.is_ok()).count();
        let events: usize = generations.iter().map(|g| g.events).sum();
        writeln!(out, "{}: {lifted} of {} generations lifted, {events} events", input.name, generations.len())?;
        for g in &generations {
            match &g.outcome {
                Ok(case) => {
                    if let Some(folder) = &a.out {
                        write_case(folder, &input.name, g.number, &case.to_string())?;
                    }
                }
                Err(unlifted) => {
                    outcome = Outcome::Finding;
                    writeln!(out, "  generation {}: {unlifted}", g.number)?;
                    if a.verbose {
                        writeln!(out, "    {}", unlifted.why)?;
                    }
                }
            }
        }
        out.flush()?;
    }
    Ok(outcome)
}

/// One file per case: its replay string.
fn write_case(folder: &str, input: &str, generation: u64, case: &str) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(Failure::file("make the folder", folder))?;
    let stem = Path::new(input).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = format!("{folder}/{stem}-{generation}.case");
    std::fs::write(&name, format!("{case}\n")).map_err(Failure::file("write", &name))
}
