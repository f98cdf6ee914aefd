//! The one error of xtask: a sentence for the person at the terminal.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What went wrong, and what to do next.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Fault(String);

impl Fault {
    /// A fault with these words.
    pub fn new(words: impl Into<String>) -> Fault {
        Fault(words.into())
    }
}

/// The result of a step of xtask.
pub type Result<T> = std::result::Result<T, Fault>;

/// Adds what was being done to any error.
pub trait Doing<T> {
    /// Turns an error into a [`Fault`] that begins with `what`.
    fn doing(self, what: impl Display) -> Result<T>;
}

impl<T, E: Display> Doing<T> for std::result::Result<T, E> {
    fn doing(self, what: impl Display) -> Result<T> {
        self.map_err(|e| Fault(format!("{what}: {e}")))
    }
}

/// Runs a command and gives its standard output; its standard error appears only in the fault.
pub fn capture(command: &mut Command) -> Result<Vec<u8>> {
    let shown = shown(command);
    let output = command.output().doing(&shown)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Fault(format!("{shown}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr))))
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
    let arguments = command.get_args().map(|a| a.to_string_lossy());
    std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}
