//! Binary traces, event by event.

use super::TextStyle;
use super::event::{MAX_RAW_ARGS, RawEvent, RawItem, arg_count, frame_count, has_data};
use crate::event::{EventType, TYPE_RANGE};
use crate::header::{Header, HeaderError, parse_header};
use crate::varint::{self, VarintError};
use crate::version::Version;

/// Where and why Go's raw reader gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: at byte {offset}: {kind}", kind.class())]
pub struct RawError {
    /// Offset in bytes into the file: the event's type byte, or the number.
    pub offset: usize,
    /// What is wrong there.
    pub kind: RawErrorKind,
}

/// What Go's raw reader refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RawErrorKind {
    /// A type byte that the header's version does not have.
    #[error("the version in the header has no event type {0}; the lossless text style shows it as bytes")]
    EventType(u8),
    /// The file ends inside a number.
    #[error("the file ends inside a number; it is cut short")]
    CutNumber,
    /// A number of more than 64 bits.
    #[error("a number has more than 64 bits; the file is damaged before this place")]
    NumberOverflow,
}

impl RawErrorKind {
    /// A stable kebab-case name.
    pub fn class(self) -> &'static str {
        match self {
            RawErrorKind::EventType(_) => "raw-event-type",
            RawErrorKind::CutNumber => "raw-cut-number",
            RawErrorKind::NumberOverflow => "raw-number-overflow",
        }
    }
}

/// The events of a binary trace, one after the other.
///
/// With [`TextStyle::Go`] it sees what `internal/trace/raw Reader` of Go 1.27.3 sees: it fails on types that the
/// header's version does not have, and ends without an error where the file is cut exactly before
/// a number or a data byte. With [`TextStyle::Lossless`] it knows every event in every version, reads an
/// experiment's number as one raw byte (as the runtime writes it), and never fails: what cannot be decoded is
/// [`RawItem::Bytes`], up to the end of the batch that it stands in, or of the file.
#[derive(Clone, Debug)]
pub struct RawReader<'a> {
    bytes: &'a [u8],
    pos: usize,
    header: Header,
    style: TextStyle,
    /// Where the payload of the batch that was seen last ends.
    batch_end: usize,
    done: bool,
}

impl<'a> RawReader<'a> {
    /// Opens a trace.
    ///
    /// # Errors
    /// If the header cannot be read. That includes the v1 versions, in which Go's raw reader knows no event.
    pub fn new(bytes: &'a [u8], style: TextStyle) -> Result<RawReader<'a>, HeaderError> {
        let header = parse_header(bytes)?;
        Ok(RawReader { bytes, pos: header.len, header, style, batch_end: 0, done: false })
    }

    /// The wire version in the header.
    pub fn version(&self) -> Version {
        self.header.version
    }

    /// The header's bytes, if they are not the version's canonical ones.
    pub fn unusual_header(&self) -> Option<&'a [u8]> {
        (!self.header.is_canonical(self.bytes)).then(|| &self.bytes[..self.header.len])
    }

    /// The next event, `Ok(None)` at the place where Go sees the end of the file.
    fn event(&self) -> Result<Option<RawItem<'a>>, RawError> {
        let Some(&byte) = self.bytes.get(self.pos) else { return Ok(None) };
        if self.style == TextStyle::Go && byte != 0 && byte < go_type_range(self.version()) {
            if EventType::from_byte(byte).is_none() {
                return Ok(Some(RawItem::Nameless(byte)));
            }
        } else if self.style == TextStyle::Go {
            return Err(RawError { offset: self.pos, kind: RawErrorKind::EventType(byte) });
        }
        let Some(ty) = EventType::from_byte(byte) else {
            return Err(RawError { offset: self.pos, kind: RawErrorKind::EventType(byte) });
        };
        Decoder { bytes: self.bytes, pos: self.pos + 1, shortest: true, exp_byte: false, style: self.style }
            .event(ty, self.pos)
    }

    /// What cannot be decoded from here on.
    fn undecodable(&mut self) -> RawItem<'a> {
        let end = if self.batch_end > self.pos { self.batch_end } else { self.bytes.len() };
        let bytes = &self.bytes[self.pos..end];
        self.pos = end;
        RawItem::Bytes(bytes)
    }

    fn note_batch(&mut self, event: &RawEvent<'a>) {
        if let (EventType::EventBatch, &[_, _, _, size]) = (event.ty, event.args()) {
            let end = usize::try_from(size).ok().and_then(|size| self.pos.checked_add(size));
            self.batch_end = end.filter(|&end| end <= self.bytes.len()).unwrap_or(0);
        }
    }
}

/// One more than the largest type byte that Go's raw reader takes (`version.go`, Go 1.27.3).
fn go_type_range(version: Version) -> u8 {
    match version {
        Version::Go122 => EventType::UserLog.byte() + 1,
        Version::Go123 => EventType::ExperimentalBatch.byte() + 1,
        Version::Go125 => EventType::ClockSnapshot.byte() + 1,
        Version::Go126 => TYPE_RANGE,
    }
}

/// Whether Go's raw text knows events of type `ty` by name in this version.
pub(super) fn go_knows(version: Version, ty: EventType) -> bool {
    ty.byte() < go_type_range(version)
}

impl<'a> Iterator for RawReader<'a> {
    type Item = Result<RawItem<'a>, RawError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done || self.pos >= self.bytes.len() {
            return None;
        }
        match (self.event(), self.style) {
            (Ok(Some(RawItem::Event(event))), _) => {
                self.pos += event.bytes.len();
                self.note_batch(&event);
                Some(Ok(RawItem::Event(event)))
            }
            (Ok(Some(item)), _) => {
                self.pos += 1;
                Some(Ok(item))
            }
            (Ok(None) | Err(_), TextStyle::Lossless) => Some(Ok(self.undecodable())),
            (end, TextStyle::Go) => {
                self.done = true;
                end.err().map(Err)
            }
        }
    }
}

/// Reads one event; `None` is an end of file where Go takes it for the end of the trace.
struct Decoder<'a> {
    bytes: &'a [u8],
    pos: usize,
    shortest: bool,
    exp_byte: bool,
    style: TextStyle,
}

impl<'a> Decoder<'a> {
    fn event(mut self, ty: EventType, offset: usize) -> Result<Option<RawItem<'a>>, RawError> {
        let mut args = [0; MAX_RAW_ARGS];
        for (i, arg) in args[..arg_count(ty)].iter_mut().enumerate() {
            let number = if i == 0 && ty == EventType::ExperimentalBatch { self.experiment()? } else { self.number()? };
            let Some(value) = number else { return Ok(None) };
            *arg = value;
        }
        let frames_start = self.pos;
        if ty == EventType::Stack && !self.frames(frame_count(args[1]))? {
            return Ok(None);
        }
        let frame_bytes = &self.bytes[frames_start..self.pos];
        let mut data = None;
        if has_data(ty) {
            data = match self.number()? {
                Some(len) => self.data(len),
                None => None,
            };
            if data.is_none() {
                return Ok(None);
            }
        }
        let bytes = &self.bytes[offset..self.pos];
        let Decoder { exp_byte, .. } = self;
        let shortest = self.shortest && !exp_byte;
        Ok(Some(RawItem::Event(RawEvent { offset, ty, args, frame_bytes, data, bytes, shortest, exp_byte })))
    }

    #[inline]
    fn number(&mut self) -> Result<Option<u64>, RawError> {
        match varint::read(&self.bytes[self.pos..]) {
            Ok((value, width)) => {
                self.pos += width;
                self.shortest &= width == 1 || width == varint::len(value);
                Ok(Some(value))
            }
            Err(VarintError::BareEof) => Ok(None),
            Err(VarintError::UnexpectedEof) => Err(RawError { offset: self.pos, kind: RawErrorKind::CutNumber }),
            Err(VarintError::Overflow) => Err(RawError { offset: self.pos, kind: RawErrorKind::NumberOverflow }),
        }
    }

    /// An experiment's number: one raw byte on the wire, which Go's raw reader takes for a varint.
    fn experiment(&mut self) -> Result<Option<u64>, RawError> {
        if self.style == TextStyle::Go {
            return self.number();
        }
        let Some(&byte) = self.bytes.get(self.pos) else { return Ok(None) };
        self.pos += 1;
        self.exp_byte = byte >= 0x80;
        Ok(Some(u64::from(byte)))
    }

    fn frames(&mut self, count: u64) -> Result<bool, RawError> {
        for _ in 0..count {
            for _ in 0..4 {
                if self.number()?.is_none() {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn data(&mut self, len: u64) -> Option<&'a [u8]> {
        // Go counts with a signed number, so 2^63 and more are no bytes.
        let len = if self.style == TextStyle::Go && len > i64::MAX as u64 { 0 } else { len };
        let rest = &self.bytes[self.pos..];
        let data = rest.get(..usize::try_from(len).ok()?)?;
        self.pos += data.len();
        Some(data)
    }
}
