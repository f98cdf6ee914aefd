//! `tracehound completions` and `tracehound man`: the command line told to shells and to `man`.

use super::Outcome;
use crate::args::{Args, Completions, Man};
use crate::failure::Failure;
use crate::output;
use clap::CommandFactory;
use std::io::Write;

/// The program's name.
const NAME: &str = "tracehound";

pub fn completions(a: &Completions) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(a.shell, &mut Args::command(), NAME, &mut script);
    write(&script)
}

pub fn page(a: &Man) -> Result<Outcome, Failure> {
    let mut program = Args::command();
    program.build();
    let command = match &a.subcommand {
        None => program,
        Some(name) => {
            let known: Vec<_> = program.get_subcommands().filter(|c| !c.is_hide_set()).map(|c| c.get_name()).collect();
            let wrong = || Failure::Usage(format!("no subcommand is called {name:?}; there are {}", known.join(", ")));
            program.find_subcommand(name).filter(|c| !c.is_hide_set()).ok_or_else(wrong)?.clone()
        }
    };
    let title = command.get_display_name().unwrap_or_else(|| command.get_name()).replace(' ', "-");
    let mut page = Vec::new();
    let source = format!("{NAME} {}", env!("CARGO_PKG_VERSION"));
    clap_mangen::Man::new(command).title(title.to_uppercase()).source(source).render(&mut page)?;
    write(&page)
}

fn write(text: &[u8]) -> Result<Outcome, Failure> {
    let mut out = output::stdout();
    out.write_all(text)?;
    out.flush()?;
    Ok(Outcome::Fine)
}
