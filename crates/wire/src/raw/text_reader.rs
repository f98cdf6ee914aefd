//! Text traces, read event by event.

use super::TextStyle;
use super::event::{
    FRAME_ARGS, MAX_RAW_ARGS, RawEventBuf, RawItemBuf, Width, arg_count, arg_names, frame_count, has_data,
};
use super::reader::go_knows;
use super::text_error::{TextError, TextErrorKind, excerpt};
use super::text_lines::{Line, Lines, token, trim};
use crate::event::EventType;
use crate::header::scan;
use crate::limits::MAX_VARINT_LEN;
use crate::quote::go_unquote;
use crate::trace::Frame;
use crate::varint;
use crate::version::Version;

/// The events of a text trace, one after the other; the first error ends it.
///
/// With [`TextStyle::Go`] it takes what `internal/trace/raw TextReader` of Go 1.27.3 takes, and sees
/// annotations as the comments that they are for Go. With [`TextStyle::Lossless`] it knows every event in every version,
/// heeds annotations, has no limit for a line, and takes a missing data line for empty data, which is what Go's writer leaves out.
#[derive(Clone, Debug)]
pub struct TextReader<'a> {
    lines: Lines<'a>,
    style: TextStyle,
    version: Version,
    header: Option<Vec<u8>>,
    done: bool,
}

impl<'a> TextReader<'a> {
    /// Opens a text trace by its header line.
    ///
    /// # Errors
    /// If the first line that says something is not `Trace Go1.NN` for a v2 version; Go also takes the v1 versions here,
    /// in which it knows no event.
    pub fn new(text: &'a [u8], style: TextStyle) -> Result<TextReader<'a>, TextError> {
        let mut lines = Lines::new(text, style);
        let mut header = None;
        let line = loop {
            match lines.next()? {
                Some(Line::Text(line)) => break line,
                Some(Line::Annotation(annotation)) => header = Some(header_annotation(&lines, annotation)?),
                None => return Err(lines.error(TextErrorKind::Header)),
            }
        };
        let version = header_line(line).map_err(|kind| lines.error(kind))?;
        if header.as_deref().is_some_and(|h| scan(h) != Ok((version.minor(), h.len()))) {
            return Err(
                lines.error(TextErrorKind::BadAnnotation("the header's bytes do not name the version of the text"))
            );
        }
        Ok(TextReader { lines, style, version, header, done: false })
    }

    /// The wire version in the header line.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The bytes of the binary header, if an annotation gives others than the version's canonical ones.
    pub fn unusual_header(&self) -> Option<&[u8]> {
        self.header.as_deref()
    }

    fn item(&mut self) -> Result<Option<RawItemBuf>, TextError> {
        let mut widths = Vec::new();
        loop {
            match self.lines.next()? {
                None if widths.is_empty() => return Ok(None),
                None => return Err(self.misplaced_widths()),
                Some(Line::Text(line)) => return self.event(line, widths).map(|e| Some(RawItemBuf::Event(e))),
                Some(Line::Annotation(_)) if !widths.is_empty() => return Err(self.misplaced_widths()),
                Some(Line::Annotation(annotation)) => match token(annotation) {
                    (b"bytes", rest) => {
                        let bytes =
                            go_unquote(trim(rest)).map_err(|e| self.lines.error(TextErrorKind::BadLiteral(e)))?;
                        return Ok(Some(RawItemBuf::Bytes(bytes)));
                    }
                    (b"widths", rest) => widths = self.widths(rest)?,
                    _ => return Err(self.bad_annotation("known here are `widths` and `bytes`")),
                },
            }
        }
    }

    fn event(&mut self, line: &[u8], widths: Vec<Width>) -> Result<RawEventBuf, TextError> {
        let (name, rest) = token(line);
        let ty = self.event_type(name).ok_or_else(|| self.lines.error(TextErrorKind::UnknownEvent(excerpt(name))))?;
        let mut event = RawEventBuf { ty, args: [0; MAX_RAW_ARGS], frames: Vec::new(), data: Vec::new(), widths };
        read_args(rest, arg_names(ty), &mut event.args[..arg_count(ty)]).map_err(|kind| self.lines.error(kind))?;
        if ty == EventType::Stack {
            self.frames(frame_count(event.args[1]), &mut event.frames)?;
        }
        if has_data(ty) {
            event.data = self.data()?;
        }
        if !event.widths.is_empty() && !widths_fit(&event) {
            return Err(self.bad_annotation("the widths before this event do not fit its numbers"));
        }
        Ok(event)
    }

    fn event_type(&self, name: &[u8]) -> Option<EventType> {
        let ty = EventType::from_name(std::str::from_utf8(name).ok()?)?;
        (self.style == TextStyle::Lossless || go_knows(self.version, ty)).then_some(ty)
    }

    /// The next line that is part of an event already begun.
    fn continuation(&mut self) -> Result<Option<&'a [u8]>, TextError> {
        match self.lines.next()? {
            Some(Line::Text(line)) => Ok(Some(line)),
            Some(Line::Annotation(_)) => Err(self.bad_annotation("it stands inside an event")),
            None => Ok(None),
        }
    }

    fn frames(&mut self, count: u64, frames: &mut Vec<Frame>) -> Result<(), TextError> {
        for done in 0..count {
            let Some(line) = self.continuation()? else {
                return Err(self.lines.error(TextErrorKind::CutStack { missing: count - done }));
            };
            let mut v = [0; 4];
            read_args(line, FRAME_ARGS.into_iter(), &mut v).map_err(|kind| self.lines.error(kind))?;
            frames.push(Frame { pc: v[0], func: v[1], file: v[2], line: v[3] });
        }
        Ok(())
    }

    fn data(&mut self) -> Result<Vec<u8>, TextError> {
        if self.style == TextStyle::Lossless {
            // Another event, an annotation or the end here: Go's writer left the empty data out.
            let ahead = self.lines.clone().next();
            if !matches!(ahead, Ok(Some(Line::Text(line))) if token(line).0.starts_with(b"data")) {
                return Ok(Vec::new());
            }
        }
        let Some(line) = self.continuation()? else { return Err(self.lines.error(TextErrorKind::MissingData)) };
        let literal =
            data_literal(line).ok_or_else(|| self.lines.error(TextErrorKind::MalformedData(excerpt(line))))?;
        go_unquote(literal).map_err(|e| self.lines.error(TextErrorKind::BadLiteral(e)))
    }

    fn widths(&self, text: &[u8]) -> Result<Vec<Width>, TextError> {
        let mut widths = Vec::new();
        let mut rest = text;
        loop {
            let (word, after) = token(rest);
            match (word, decimal(word)) {
                (b"", _) if widths.is_empty() || !trim(after).is_empty() => break,
                (b"", _) => return Ok(widths),
                (b"byte", _) => widths.push(Width::Byte),
                (_, Some(n)) if (1..=MAX_VARINT_LEN as u64).contains(&n) => widths.push(Width::Varint(n as u8)),
                _ => break,
            }
            rest = after;
        }
        Err(self.bad_annotation("widths are numbers from 1 to 10, or `byte`"))
    }

    fn bad_annotation(&self, what: &'static str) -> TextError {
        self.lines.error(TextErrorKind::BadAnnotation(what))
    }

    fn misplaced_widths(&self) -> TextError {
        self.bad_annotation("the line with widths before this one is not followed by an event")
    }
}

impl Iterator for TextReader<'_> {
    type Item = Result<RawItemBuf, TextError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = self.item().transpose();
        self.done = !matches!(item, Some(Ok(_)));
        item
    }
}

fn header_annotation(lines: &Lines<'_>, annotation: &[u8]) -> Result<Vec<u8>, TextError> {
    match token(annotation) {
        (b"header", rest) => go_unquote(trim(rest)).map_err(|e| lines.error(TextErrorKind::BadLiteral(e))),
        _ => Err(lines.error(TextErrorKind::BadAnnotation("only `header` can stand before the header line"))),
    }
}

fn header_line(line: &[u8]) -> Result<Version, TextErrorKind> {
    let (word, rest) = token(line);
    let (version, rest) = token(rest);
    let number = version.strip_prefix(b"Go1.").filter(|_| word == b"Trace").and_then(decimal);
    // Go cuts the number to 32 bits.
    let minor = number.ok_or(TextErrorKind::Header)? as u32;
    if !trim(rest).is_empty() {
        return Err(TextErrorKind::TrailingText(excerpt(trim(rest))));
    }
    Version::from_minor(minor).ok_or(TextErrorKind::Version(minor))
}

/// Reads `name=value` for each of `names`, in order, and nothing else.
fn read_args(text: &[u8], names: impl Iterator<Item = &'static str>, values: &mut [u64]) -> Result<(), TextErrorKind> {
    let mut rest = text;
    for (name, value) in names.zip(values) {
        let (word, after) = token(rest);
        if word.is_empty() {
            return Err(TextErrorKind::MissingArgument { expected: name });
        }
        let number = word
            .strip_prefix(name.as_bytes())
            .and_then(|word| word.strip_prefix(b"="))
            .ok_or_else(|| TextErrorKind::WrongArgument { expected: name, found: excerpt(word) })?;
        *value = decimal(number).ok_or_else(|| TextErrorKind::BadNumber { name, found: excerpt(number) })?;
        rest = after;
    }
    let rest = trim(rest);
    if rest.is_empty() { Ok(()) } else { Err(TextErrorKind::TrailingText(excerpt(rest))) }
}

/// A decimal number below 2^64 made of digits only, leading zeros allowed.
fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |n, b| {
        let digit = b.is_ascii_digit().then(|| u64::from(b - b'0'))?;
        n.checked_mul(10)?.checked_add(digit)
    })
}

/// The literal in `data=<literal>`; white space is allowed around both sides.
fn data_literal(line: &[u8]) -> Option<&[u8]> {
    let at = line.iter().position(|&b| b == b'=')?;
    (trim(&line[..at]) == b"data").then(|| trim(&line[at + 1..]))
}

fn widths_fit(event: &RawEventBuf) -> bool {
    let args = event.args[..arg_count(event.ty)].iter().copied();
    let frames = event.frames.iter().flat_map(|f| [f.pc, f.func, f.file, f.line]);
    let data = has_data(event.ty).then_some(event.data.len() as u64);
    event.widths.len() == event.number_count()
        && args.chain(frames).chain(data).zip(&event.widths).enumerate().all(|(i, (value, width))| match width {
            Width::Varint(n) => usize::from(*n) >= varint::len(value),
            Width::Byte => i == 0 && event.ty == EventType::ExperimentalBatch && value <= 0xff,
        })
}
