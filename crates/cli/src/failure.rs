//! What ends the program without an answer, and which exit status it has.

use std::fmt;
use std::io;
use tracehound_oracle::hunt::HuntError;
use tracehound_oracle::readers::ReaderError;

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// The command was given something that makes no sense; exit status 2.
    Usage(String),
    /// The machine, not the command, is at fault; exit status 3.
    Environment(String),
    /// Writing the output failed.
    Output(io::Error),
}

impl Failure {
    /// The exit status.
    pub fn status(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Output(_) if self.is_closed_pipe() => 0,
            Failure::Environment(_) | Failure::Output(_) => 3,
        }
    }

    /// Whether somebody, such as `head`, has read enough.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Failure::Output(e) if e.kind() == io::ErrorKind::BrokenPipe)
    }

    /// A file that could not be read or written.
    pub fn file(doing: &str, name: &str) -> impl FnOnce(io::Error) -> Failure {
        let words = format!("cannot {doing} {name}");
        move |e| Failure::Environment(format!("{words}: {e}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(words) | Failure::Environment(words) => f.write_str(words),
            Failure::Output(e) => write!(f, "cannot write the output: {e}"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(e: io::Error) -> Failure {
        Failure::Output(e)
    }
}

impl From<ReaderError> for Failure {
    fn from(e: ReaderError) -> Failure {
        let words = e.to_string();
        if e.is_usage() { Failure::Usage(words) } else { Failure::Environment(words) }
    }
}

impl From<HuntError> for Failure {
    fn from(e: HuntError) -> Failure {
        let words = e.to_string();
        if e.is_usage() { Failure::Usage(words) } else { Failure::Environment(words) }
    }
}
