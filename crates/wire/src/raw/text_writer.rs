//! Text traces, written event by event.

use super::TextStyle;
use super::event::{FRAME_ARGS, RawEvent, RawItem, Width, arg_names};
use super::writer::FLUSH_AT;
use crate::event::EventType;
use crate::quote::{Unicode, go_quote_into};
use crate::version::Version;
use std::io::{self, Write};

/// Undecodable bytes in one annotation line: quoted, they stay well below Go's limit for a line.
const BYTES_PER_LINE: usize = 4096;

/// Writes a text trace event by event, as `internal/trace/raw TextWriter` of Go 1.27.3 does, and with
/// [`TextStyle::Lossless`] the annotations besides.
#[derive(Debug)]
pub struct TextWriter<W: Write> {
    out: W,
    buf: String,
    style: TextStyle,
}

impl<W: Write> TextWriter<W> {
    /// Begins a text with its header line; `header` are the binary header's bytes if they are not canonical.
    ///
    /// # Errors
    /// If `out` fails.
    pub fn new(out: W, style: TextStyle, version: Version, header: Option<&[u8]>) -> io::Result<TextWriter<W>> {
        let mut writer = TextWriter { out, buf: String::new(), style };
        if let (Some(header), TextStyle::Lossless) = (header, style) {
            writer.annotate("header", header);
        }
        writer.buf.push_str("Trace Go");
        writer.buf.push_str(&version.to_string());
        writer.buf.push('\n');
        Ok(writer)
    }

    /// Writes an item as its line or lines.
    ///
    /// # Errors
    /// If the output fails.
    pub fn write(&mut self, item: &RawItem<'_>) -> io::Result<()> {
        match item {
            RawItem::Event(event) => self.event(event),
            RawItem::Nameless(_) => self.buf.push('\n'),
            RawItem::Bytes(bytes) => bytes.chunks(BYTES_PER_LINE).for_each(|chunk| self.annotate("bytes", chunk)),
        }
        self.flush_at(FLUSH_AT)
    }

    /// Writes what is still held back; gives the output back.
    ///
    /// # Errors
    /// If the output fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.flush_at(0)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn flush_at(&mut self, limit: usize) -> io::Result<()> {
        if self.buf.len() >= limit {
            self.out.write_all(self.buf.as_bytes())?;
            self.buf.clear();
        }
        Ok(())
    }

    fn annotate(&mut self, keyword: &str, bytes: &[u8]) {
        self.buf.push_str("#~ ");
        self.buf.push_str(keyword);
        self.buf.push(' ');
        go_quote_into(&mut self.buf, bytes, Unicode::V17);
        self.buf.push('\n');
    }

    fn event(&mut self, event: &RawEvent<'_>) {
        if self.style == TextStyle::Lossless && !event.is_shortest() {
            self.widths(event);
        }
        self.buf.push_str(event.ty.name());
        for (name, &value) in arg_names(event.ty).zip(event.args()) {
            self.arg(' ', name, value);
        }
        self.buf.push('\n');
        if event.ty == EventType::Stack {
            for frame in event.frames() {
                let values = [frame.pc, frame.func, frame.file, frame.line];
                for (i, (name, value)) in FRAME_ARGS.into_iter().zip(values).enumerate() {
                    self.arg(if i == 0 { '\t' } else { ' ' }, name, value);
                }
                self.buf.push('\n');
            }
        }
        if let Some(data) = event.data().filter(|data| !data.is_empty() || self.style == TextStyle::Lossless) {
            self.buf.push_str("\tdata=");
            go_quote_into(&mut self.buf, data, Unicode::V17);
            self.buf.push('\n');
        }
    }

    fn arg(&mut self, before: char, name: &str, value: u64) {
        self.buf.push(before);
        self.buf.push_str(name);
        self.buf.push('=');
        push_decimal(&mut self.buf, value);
    }

    fn widths(&mut self, event: &RawEvent<'_>) {
        self.buf.push_str("#~ widths");
        for width in event.widths() {
            match width {
                Width::Byte => self.buf.push_str(" byte"),
                Width::Varint(n) => {
                    self.buf.push(' ');
                    push_decimal(&mut self.buf, u64::from(n));
                }
            }
        }
        self.buf.push('\n');
    }
}

/// Appends `value` in decimal; most of the text is numbers, and this is several times faster than `write!`.
fn push_decimal(out: &mut String, mut value: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend(digits[at..].iter().map(|&d| char::from(d)));
}
