//! One raw event, borrowed from a binary trace or owned.

use crate::event::EventType;
use crate::limits::MAX_VARINT_LEN;
use crate::trace::Frame;
use crate::varint;

/// Most arguments of a raw event: a time delta and four more, or a CPU sample's five.
pub const MAX_RAW_ARGS: usize = 5;

/// Names of a stack frame's arguments in the text format.
pub(super) const FRAME_ARGS: [&str; 4] = ["pc", "func", "file", "line"];

/// Something in a binary trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawItem<'a> {
    /// An event.
    Event(RawEvent<'a>),
    /// A type byte in the table's gap (53 to 127), which Go's raw reader takes for an event without
    /// name and arguments when the header says 1.26. Only with [`TextStyle::Go`](super::TextStyle::Go).
    Nameless(u8),
    /// Bytes that cannot be decoded. Only with [`TextStyle::Lossless`](super::TextStyle::Lossless).
    Bytes(&'a [u8]),
}

/// An event in a binary trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawEvent<'a> {
    /// Offset in bytes of its type byte in the file.
    pub offset: usize,
    /// Its type.
    pub ty: EventType,
    pub(super) args: [u64; MAX_RAW_ARGS],
    pub(super) frame_bytes: &'a [u8],
    pub(super) data: Option<&'a [u8]>,
    pub(super) bytes: &'a [u8],
    pub(super) shortest: bool,
    /// The experiment's number was read as one raw byte and is no one-byte varint.
    pub(super) exp_byte: bool,
}

impl<'a> RawEvent<'a> {
    /// Its arguments in the table's order, a time delta first for timed events.
    pub fn args(&self) -> &[u64] {
        &self.args[..arg_count(self.ty)]
    }

    /// A stack's frames; none for other events.
    pub fn frames(&self) -> Frames<'a> {
        Frames { bytes: self.frame_bytes }
    }

    /// What follows the arguments of a `String` or an `ExperimentalBatch`; `None` for other events.
    pub fn data(&self) -> Option<&'a [u8]> {
        self.data
    }

    /// All its bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether writing its values in their shortest form gives the same bytes.
    pub fn is_shortest(&self) -> bool {
        self.shortest
    }

    /// The widths of all its numbers, in file order.
    pub fn widths(&self) -> Widths<'a> {
        let numbers = self.bytes.len() - self.data.map_or(0, <[u8]>::len);
        Widths { bytes: &self.bytes[1..numbers], exp_byte: self.exp_byte }
    }

    /// The event by itself, with its widths if they are not the shortest.
    pub fn to_buf(&self) -> RawEventBuf {
        RawEventBuf {
            ty: self.ty,
            args: self.args,
            frames: self.frames().collect(),
            data: self.data.unwrap_or_default().to_vec(),
            widths: if self.shortest { Vec::new() } else { self.widths().collect() },
        }
    }
}

/// Number of arguments of `ty` at this level, the time delta counted.
pub(super) fn arg_count(ty: EventType) -> usize {
    let spec = ty.spec();
    spec.args.len() + usize::from(spec.timed)
}

/// Names of the arguments of `ty` at this level.
pub(super) fn arg_names(ty: EventType) -> impl Iterator<Item = &'static str> {
    let spec = ty.spec();
    spec.timed.then_some("dt").into_iter().chain(spec.args.iter().map(|(name, _)| *name))
}

/// Whether bytes follow the arguments of `ty`.
pub(super) fn has_data(ty: EventType) -> bool {
    matches!(ty, EventType::String | EventType::ExperimentalBatch)
}

/// How many frames follow a `Stack` with this `nframes`: Go counts with a signed number, so
/// 2^63 and more are none.
pub(super) fn frame_count(nframes: u64) -> u64 {
    if nframes > i64::MAX as u64 { 0 } else { nframes }
}

/// A stack's frames, decoded as they are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Frames<'a> {
    bytes: &'a [u8],
}

impl Iterator for Frames<'_> {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let mut number = || {
            let (value, width) = varint::read(self.bytes).ok()?;
            self.bytes = &self.bytes[width..];
            Some(value)
        };
        Some(Frame { pc: number()?, func: number()?, file: number()?, line: number()? })
    }
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// As a varint of this many bytes.
    Varint(u8),
    /// As one raw byte (an experiment's number).
    Byte,
}

/// The widths of an event's numbers.
#[derive(Clone, Copy, Debug)]
pub struct Widths<'a> {
    bytes: &'a [u8],
    exp_byte: bool,
}

impl Iterator for Widths<'_> {
    type Item = Width;

    fn next(&mut self) -> Option<Width> {
        if std::mem::take(&mut self.exp_byte) {
            self.bytes = &self.bytes[1..];
            return Some(Width::Byte);
        }
        let (_, width) = varint::read(self.bytes).ok()?;
        self.bytes = &self.bytes[width..];
        Some(Width::Varint(width as u8))
    }
}

/// Something to be written to a binary trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawItemBuf {
    /// An event.
    Event(RawEventBuf),
    /// Bytes as they are.
    Bytes(Vec<u8>),
}

/// An event by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEventBuf {
    /// Its type.
    pub ty: EventType,
    /// Its arguments in the table's order, a time delta first; those beyond the type's own are 0.
    pub args: [u64; MAX_RAW_ARGS],
    /// Frames, if it is a `Stack`. Their number is not compared with `nframes`.
    pub frames: Vec<Frame>,
    /// Data, if it is a `String` or an `ExperimentalBatch`.
    pub data: Vec<u8>,
    /// How wide its numbers are written: arguments, frames, length of the data. Where there
    /// is none, or one that is too small, the number takes its shortest form.
    pub widths: Vec<Width>,
}

impl RawEventBuf {
    /// How many numbers the event is made of.
    pub fn number_count(&self) -> usize {
        arg_count(self.ty) + 4 * self.frames.len() + usize::from(has_data(self.ty))
    }

    /// Appends the event's bytes to `out`.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        out.push(self.ty.byte());
        let mut widths = self.widths.iter();
        let mut number = |out: &mut Vec<u8>, value: u64| match widths.next() {
            None => varint::write(out, value),
            Some(Width::Byte) => out.push(value as u8),
            Some(&Width::Varint(width)) => varint::write_width(out, value, usize::from(width).min(MAX_VARINT_LEN)),
        };
        for &arg in &self.args[..arg_count(self.ty)] {
            number(out, arg);
        }
        for f in &self.frames {
            for value in [f.pc, f.func, f.file, f.line] {
                number(out, value);
            }
        }
        if has_data(self.ty) {
            number(out, self.data.len() as u64);
            out.extend_from_slice(&self.data);
        }
    }
}
