//! Binary traces, written event by event.

use super::event::{RawItem, RawItemBuf};
use crate::version::Version;
use std::io::{self, Write};

/// Bytes that are gathered before they go to the output.
pub(super) const FLUSH_AT: usize = 1 << 16;

/// Writes a binary trace event by event.
#[derive(Debug)]
pub struct RawWriter<W: Write> {
    out: W,
    buf: Vec<u8>,
}

impl<W: Write> RawWriter<W> {
    /// Begins a trace with the version's canonical header, or with these bytes for one.
    ///
    /// # Errors
    /// If `out` fails.
    pub fn new(out: W, version: Version, header: Option<&[u8]>) -> io::Result<RawWriter<W>> {
        let buf = header.unwrap_or(&version.header()).to_vec();
        Ok(RawWriter { out, buf })
    }

    /// Writes an item.
    ///
    /// # Errors
    /// If the output fails.
    pub fn write(&mut self, item: &RawItemBuf) -> io::Result<()> {
        match item {
            RawItemBuf::Event(event) => event.encode_into(&mut self.buf),
            RawItemBuf::Bytes(bytes) => self.buf.extend_from_slice(bytes),
        }
        self.flush_at(FLUSH_AT)
    }

    /// Copies an item of another trace, byte for byte.
    ///
    /// # Errors
    /// If the output fails.
    pub fn copy(&mut self, item: &RawItem<'_>) -> io::Result<()> {
        match item {
            RawItem::Event(event) => self.buf.extend_from_slice(event.bytes()),
            RawItem::Nameless(byte) => self.buf.push(*byte),
            RawItem::Bytes(bytes) => self.buf.extend_from_slice(bytes),
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
            self.out.write_all(&self.buf)?;
            self.buf.clear();
        }
        Ok(())
    }
}
