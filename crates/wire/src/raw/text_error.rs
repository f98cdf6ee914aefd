//! What can be wrong with a text trace.

use crate::quote::UnquoteError;
use std::fmt;

/// Where and why a text trace cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    /// The line, counted from 1; one past the last line if the text ends too early.
    pub line: usize,
    /// What is wrong with it.
    pub kind: TextErrorKind,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: line {}: {}", self.kind.class(), self.line, self.kind)
    }
}

impl std::error::Error for TextError {}

/// What can be wrong with a line of a text trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextErrorKind {
    /// The first line with something on it is not `Trace Go1.NN`.
    #[error("expected the header line `Trace Go1.NN`, such as `Trace Go1.26`")]
    Header,
    /// A version that is not one of the v2 format.
    #[error("the version Go1.{0} is not one of 1.22, 1.23, 1.25 and 1.26")]
    Version(u32),
    /// No event has this name (in this version, for Go's style).
    #[error("no event is called {0:?} in this version; names are case-sensitive")]
    UnknownEvent(String),
    /// An argument is not there.
    #[error("expected the argument {expected}=NUMBER; a `#` may not follow on the same line")]
    MissingArgument {
        /// Its name.
        expected: &'static str,
    },
    /// Another argument, or something else, stands in the place of this one.
    #[error("expected the argument {expected}=NUMBER, found {found:?}")]
    WrongArgument {
        /// The name of the argument that belongs here.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// An argument's value is not a number from 0 to 2^64-1 in decimal digits.
    #[error("the value of {name} has to be a decimal number from 0 to 18446744073709551615, found {found:?}")]
    BadNumber {
        /// The argument's name.
        name: &'static str,
        /// Its value.
        found: String,
    },
    /// Something follows the last argument.
    #[error("unexpected {0:?} at the end of the line; comments need a line of their own")]
    TrailingText(String),
    /// The text ends before all frames of a stack.
    #[error("the text ends {missing} frames before the end of a stack")]
    CutStack {
        /// Frames that are missing.
        missing: u64,
    },
    /// The text ends before the data line of an event.
    #[error("the text ends where the line `data=\"...\"` of an event has to follow")]
    MissingData,
    /// The line after an event with data is no data line.
    #[error("expected `data=\"...\"`, found {0:?}")]
    MalformedData(String),
    /// The data is not a Go literal.
    #[error("{0}")]
    BadLiteral(UnquoteError),
    /// A line is longer than Go reads.
    #[error("the line is longer than 65535 bytes, which is more than Go's text reader takes; use the lossless style")]
    LineTooLong,
    /// An annotation that is not understood or stands in the wrong place.
    #[error("annotation not understood: {0}")]
    BadAnnotation(&'static str),
}

impl TextErrorKind {
    /// A stable kebab-case name.
    pub fn class(&self) -> &'static str {
        match self {
            TextErrorKind::Header => "text-header",
            TextErrorKind::Version(_) => "text-version",
            TextErrorKind::UnknownEvent(_) => "text-unknown-event",
            TextErrorKind::MissingArgument { .. } => "text-missing-argument",
            TextErrorKind::WrongArgument { .. } => "text-wrong-argument",
            TextErrorKind::BadNumber { .. } => "text-bad-number",
            TextErrorKind::TrailingText(_) => "text-trailing",
            TextErrorKind::CutStack { .. } => "text-cut-stack",
            TextErrorKind::MissingData => "text-missing-data",
            TextErrorKind::MalformedData(_) => "text-malformed-data",
            TextErrorKind::BadLiteral(_) => "text-bad-literal",
            TextErrorKind::LineTooLong => "text-line-too-long",
            TextErrorKind::BadAnnotation(_) => "text-bad-annotation",
        }
    }
}

/// Part of a line for a message: no longer than a glance takes.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    const SHOWN: usize = 60;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * SHOWN)]);
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < bytes.len() {
        shown.push_str("...");
    }
    shown
}
