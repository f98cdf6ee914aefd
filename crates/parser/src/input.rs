//! Where the bytes come from: a slice, used in place, or a stream, buffered for one
//! generation and a batch.
//!
//! Everything above holds positions into [`Input::data`]. For a stream those shift when
//! a finished generation is discarded, which happens only between generations.

use crate::fault::{FaultSet, fault};
use std::io::{self, Read};

/// How many bytes a stream is asked for at once, at least.
const CHUNK: usize = 64 << 10;

/// A full buffer grows by its size divided by this: what it is larger than a generation is memory for nothing.
const GROWTH: usize = 8;

pub(crate) struct Input<'a> {
    source: Source<'a>,
    /// File offset of `data()[0]`.
    base: u64,
    /// The next byte to read, as a position in `data()`.
    pub pos: usize,
}

enum Source<'a> {
    Slice(&'a [u8]),
    Stream { from: Box<dyn Read + 'a>, buf: Vec<u8>, filled: usize, ended: bool, faults: FaultSet },
}

impl<'a> Input<'a> {
    pub fn slice(bytes: &'a [u8]) -> Input<'a> {
        Input { source: Source::Slice(bytes), base: 0, pos: 0 }
    }

    pub fn stream(from: impl Read + 'a, faults: FaultSet) -> Input<'a> {
        let source = Source::Stream { from: Box::new(from), buf: Vec::new(), filled: 0, ended: false, faults };
        Input { source, base: 0, pos: 0 }
    }

    /// All bytes, if they are not a stream's.
    pub fn whole(&self) -> Option<&'a [u8]> {
        match self.source {
            Source::Slice(bytes) => Some(bytes),
            Source::Stream { .. } => None,
        }
    }

    /// The bytes that are there.
    #[inline]
    pub fn data(&self) -> &[u8] {
        match &self.source {
            Source::Slice(bytes) => bytes,
            Source::Stream { buf, filled, .. } => &buf[..*filled],
        }
    }

    /// The bytes from `pos` on that are there.
    #[inline]
    pub fn rest(&self) -> &[u8] {
        &self.data()[self.pos..]
    }

    /// File offset of a position.
    #[inline]
    pub fn offset(&self, pos: usize) -> u64 {
        self.base + pos as u64
    }

    /// Makes at least `n` bytes available from `pos` on; false if the input ends before.
    pub fn ensure(&mut self, n: usize) -> io::Result<bool> {
        while self.data().len() - self.pos < n {
            if !self.more(n)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads more from the stream; false at its end.
    fn more(&mut self, wanted: usize) -> io::Result<bool> {
        let Source::Stream { from, buf, filled, ended, faults } = &mut self.source else { return Ok(false) };
        if *ended {
            return Ok(false);
        }
        let room = wanted.max(CHUNK);
        if buf.len() < *filled + room {
            let len = (*filled + room).max(buf.len() + buf.len() / GROWTH);
            buf.reserve_exact(len - buf.len());
            buf.resize(len, 0);
        }
        loop {
            match from.read(&mut buf[*filled..]) {
                Ok(0) => {
                    *ended = true;
                    return Ok(false);
                }
                Ok(n) => {
                    *ended = n == 1 && fault!(faults, ShortReadEnds);
                    *filled += n;
                    return Ok(true);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Forgets what is before `pos`, if it takes memory. Returns by how much positions
    /// shift down.
    pub fn discard_before(&mut self, pos: usize) -> usize {
        match &mut self.source {
            Source::Slice(_) => 0,
            Source::Stream { buf, filled, .. } => {
                buf.copy_within(pos..*filled, 0);
                *filled -= pos;
                self.base += pos as u64;
                self.pos -= pos;
                pos
            }
        }
    }
}
