//! Readers as they are named on the command line: `builtin`, `go:1.27`, `cmd:./adapter --flag`.

use super::go::{self, Toolchain, ToolchainError};
use super::{Builtin, CommandReader, Limits, NeverStarts, ReaderUnderTest};
use std::fmt;
use std::process::Command;
use std::str::FromStr;
use tracehound_parser::{Options, Release};

/// A reader by name, not yet started.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReaderSpec {
    /// Our own reader, as a Go release's reader behaves.
    Builtin(Release),
    /// The reader of a Go toolchain: a version, a release, a Go root or a go program.
    Go(String),
    /// A program that speaks the protocol, and its arguments.
    Command(Vec<String>),
}

/// Why there is no such reader.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReaderError {
    /// The name means nothing.
    #[error(
        "{0:?} names no reader: write builtin, builtin:1.24, go:VERSION, go:/path/to/goroot or \"cmd:PROGRAM ARGUMENTS\""
    )]
    Name(String),
    /// No Go toolchain, or none that builds the worker.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// The program does not start or does not speak the protocol.
    #[error("{0}; docs/protocol.md says what an adapter has to do")]
    Start(String),
    /// The program runs, and does not introduce itself as an adapter does.
    #[error("{0}; docs/protocol.md says what an adapter has to do")]
    NoHello(String),
}

impl ReaderError {
    /// The stable kebab-case class.
    pub fn class(&self) -> &'static str {
        match self {
            ReaderError::Name(_) => "reader-name",
            ReaderError::Toolchain(e) => e.class(),
            ReaderError::Start(_) => "reader-start",
            ReaderError::NoHello(_) => "reader-no-hello",
        }
    }

    /// Whether the one who named the reader made a mistake, not the machine.
    pub fn is_usage(&self) -> bool {
        matches!(self, ReaderError::Name(_))
    }
}

impl FromStr for ReaderSpec {
    type Err = ReaderError;

    fn from_str(s: &str) -> Result<ReaderSpec, ReaderError> {
        let wrong = || ReaderError::Name(s.to_owned());
        match s.split_once(':') {
            None if s == "builtin" => Ok(ReaderSpec::Builtin(Release::default())),
            Some(("builtin", release)) => {
                let minor = release.strip_prefix("1.").and_then(|m| m.parse().ok());
                minor.and_then(Release::from_minor).map(ReaderSpec::Builtin).ok_or_else(wrong)
            }
            Some(("go", which)) if !which.is_empty() => Ok(ReaderSpec::Go(which.into())),
            Some(("cmd", line)) => {
                let words = split_words(line);
                if words.is_empty() { Err(wrong()) } else { Ok(ReaderSpec::Command(words)) }
            }
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for ReaderSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReaderSpec::Builtin(release) if *release == Release::default() => f.write_str("builtin"),
            ReaderSpec::Builtin(release) => write!(f, "builtin:{release}"),
            ReaderSpec::Go(which) => write!(f, "go:{which}"),
            ReaderSpec::Command(words) => {
                f.write_str("cmd:")?;
                words.iter().enumerate().try_for_each(|(i, w)| {
                    let blank = if i == 0 { "" } else { " " };
                    if w.is_empty() || w.contains(char::is_whitespace) {
                        write!(f, "{blank}\"{w}\"")
                    } else {
                        write!(f, "{blank}{w}")
                    }
                })
            }
        }
    }
}

impl ReaderSpec {
    /// Starts the reader, or, if it runs and does not introduce itself, stands in for it with that as its verdict.
    ///
    /// # Errors
    /// If there is no such reader to begin with.
    pub fn open_whatever_it_does(
        &self,
        limits: Limits,
        options: Options,
    ) -> Result<Box<dyn ReaderUnderTest>, ReaderError> {
        match self.open(limits, options) {
            Err(ReaderError::NoHello(report)) => Ok(Box::new(NeverStarts::new(&self.to_string(), report))),
            other => other,
        }
    }

    /// Starts the reader. `options` are those of the built-in one, apart from its release.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn open(&self, limits: Limits, options: Options) -> Result<Box<dyn ReaderUnderTest>, ReaderError> {
        let name = self.to_string();
        match self {
            ReaderSpec::Builtin(release) => {
                let mut options = options;
                options.release = *release;
                Ok(Box::new(Builtin::new(&name, options, false)))
            }
            ReaderSpec::Go(which) => {
                let worker = Toolchain::resolve(which)?.worker()?;
                let command = move || Command::new(&worker);
                Ok(Box::new(CommandReader::start(&name, Box::new(command), go::classify, limits)?))
            }
            ReaderSpec::Command(words) => {
                let words = words.clone();
                let command = move || {
                    let mut command = Command::new(&words[0]);
                    command.args(&words[1..]);
                    command
                };
                Ok(Box::new(CommandReader::start(&name, Box::new(command), |_| None, limits)?))
            }
        }
    }
}

/// Splits at blanks; quotes, single or double, keep blanks together.
fn split_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written_back() {
        for name in ["builtin", "builtin:1.24", "go:1.27", "go:/usr/local/go", "cmd:./a --b \"c d\" e"] {
            assert_eq!(name.parse::<ReaderSpec>().unwrap().to_string(), name);
        }
        for name in ["", "go", "go:", "cmd:", "builtin:1.2", "builtins", "python"] {
            let e = name.parse::<ReaderSpec>().unwrap_err();
            assert!(e.is_usage() && e.to_string().contains("names no reader"), "{name}");
        }
    }
}
