//! Traces one event after the other, without batch logic, in binary and in text: the
//! level of Go's `internal/trace/raw`.
//!
//! This is for converting, for reading a trace with one's eyes, and for editing it by hand.
//! It knows how single events are laid out and nothing of what they add up to: a batch's
//! size field is copied, not checked, and no event is refused for where it stands.
//!
//! Go's text loses things: how wide a varint was, empty data, the bytes where decoding
//! fails, unusual headers. [`TextStyle::Lossless`] keeps them in *annotations*, comment lines
//! that begin with `#~`, which Go's text reader skips:
//!
//! | line | says |
//! |---|---|
//! | `#~ header "..."` | (before the `Trace` line) the header's bytes are these |
//! | `#~ widths 1 1 5 10` | the numbers of the next event take this many bytes: arguments, frames, length of data; `byte` for an experiment number that is one raw byte above 127 |
//! | `#~ bytes "..."` | these bytes stand here |
//!
//! An event that its header's version does not know is written under its name all the same.
//! Go's text reader refuses such a line, which is better than a comment that it would skip:
//! its text cannot express the event.

mod event;
mod reader;
mod text_error;
mod text_lines;
mod text_reader;
mod text_writer;
mod writer;

pub use event::{Frames, MAX_RAW_ARGS, RawEvent, RawEventBuf, RawItem, RawItemBuf, Width};
pub use reader::{RawError, RawErrorKind, RawReader};
pub use text_error::{TextError, TextErrorKind};
pub use text_reader::TextReader;
pub use text_writer::TextWriter;
pub use writer::RawWriter;

use crate::header::HeaderError;
use crate::trace::Trace;
use std::io::{self, Write};

/// Which text is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum TextStyle {
    /// Go's text plus annotations for what it would lose. Binary to text to binary is the
    /// identity for any bytes behind a readable header, and so is text to binary to text for
    /// text that [`TextWriter`] wrote.
    #[default]
    Lossless,
    /// Byte for byte what `internal/trace/raw` of Go 1.27.3 reads and writes, its limits and
    /// losses included.
    Go,
}

/// Why a conversion to text stopped.
#[derive(Debug, thiserror::Error)]
pub enum ToTextError {
    /// The input is not a v2 trace.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// An event cannot be decoded; only with [`TextStyle::Go`].
    #[error(transparent)]
    Event(#[from] RawError),
    /// The output failed.
    #[error("cannot write the text: {0}")]
    Io(#[from] io::Error),
}

/// Why a conversion from text stopped.
#[derive(Debug, thiserror::Error)]
pub enum FromTextError {
    /// The text is not as it should be.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The output failed.
    #[error("cannot write the trace: {0}")]
    Io(#[from] io::Error),
}

/// Writes a binary trace as text. What was decoded before an error has been written.
///
/// # Errors
/// See [`ToTextError`]; with [`TextStyle::Lossless`] only an unreadable header or a failing `out`.
pub fn to_text(trace: &[u8], style: TextStyle, out: impl Write) -> Result<(), ToTextError> {
    let reader = RawReader::new(trace, style)?;
    let mut writer = TextWriter::new(out, style, reader.version(), reader.unusual_header())?;
    for item in reader {
        match item {
            Ok(item) => writer.write(&item)?,
            Err(e) => {
                writer.finish()?;
                return Err(e.into());
            }
        }
    }
    writer.finish()?;
    Ok(())
}

/// Writes a text trace as binary. What was read before an error has been written.
///
/// # Errors
/// See [`FromTextError`].
pub fn from_text(text: &[u8], style: TextStyle, out: impl Write) -> Result<(), FromTextError> {
    let reader = TextReader::new(text, style)?;
    let mut writer = RawWriter::new(out, reader.version(), reader.unusual_header())?;
    for item in reader {
        match item {
            Ok(item) => writer.write(&item)?,
            Err(e) => {
                writer.finish()?;
                return Err(e.into());
            }
        }
    }
    writer.finish()?;
    Ok(())
}

impl Trace {
    /// The trace as text in the lossless style.
    ///
    /// # Errors
    /// If [`Trace::header`] holds bytes that are no readable header.
    pub fn to_text(&self) -> Result<String, HeaderError> {
        let mut out = Vec::new();
        match to_text(&self.to_bytes(), TextStyle::Lossless, &mut out) {
            Err(ToTextError::Header(e)) => Err(e),
            // The lossless style has no error behind the header, and a vector takes everything.
            Ok(()) | Err(ToTextError::Event(_) | ToTextError::Io(_)) => Ok(String::from_utf8_lossy(&out).into_owned()),
        }
    }

    /// Reads a trace from text in the lossless style, which Go's own text is as well.
    ///
    /// # Errors
    /// If a line cannot be read.
    ///
    /// # Panics
    /// Never: text whose header line can be read gives a readable header.
    pub fn from_text(text: &[u8]) -> Result<Trace, TextError> {
        let mut out = Vec::new();
        match from_text(text, TextStyle::Lossless, &mut out) {
            Err(FromTextError::Text(e)) => Err(e),
            // A vector takes everything.
            Ok(()) | Err(FromTextError::Io(_)) => Ok(Trace::decode(&out).expect("the header has been checked")),
        }
    }
}
