//! The header of a trace file, read as leniently as Go reads it, and what a file is
//! when it is not a trace.
//!
//! Everything that opens a trace (parser, decoder, raw reader) comes through
//! [`parse_header`], so that all of them agree on what a readable header is. Source:
//! `internal/trace/version ReadHeader`, Go 1.27.3, which scans with `fmt.Fscanf`; the
//! leniency below is `Fscanf`'s.

use crate::mishap::{self, Mishap};
use crate::rule::RejectRule;
use crate::version::Version;
use std::fmt;

/// The numbers in headers of the v1 format.
const V1_MINORS: [u32; 3] = [11, 19, 21];

/// A header that could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The wire version that it names.
    pub version: Version,
    /// Its length in bytes: the first item starts here.
    pub len: usize,
}

impl Header {
    /// Whether `bytes`, from which this header was read, begin with the version's canonical header.
    pub fn is_canonical(&self, bytes: &[u8]) -> bool {
        bytes.get(..self.len) == Some(&self.version.header()[..])
    }
}

/// Why a file cannot be opened as a v2 trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderError {
    /// The reject rule: [`RejectRule::HeaderMalformed`] or [`RejectRule::HeaderVersionUnsupported`].
    pub rule: RejectRule,
    /// Offset in bytes at which the header stopped being one.
    pub offset: usize,
    /// What the file seems to be instead.
    pub mishap: Mishap,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: at byte {}: {}", self.rule, self.offset, self.mishap)
    }
}

impl std::error::Error for HeaderError {}

/// Reads the header at the front of `bytes`.
///
/// Between `go` and `1.`, before and after the number, white space other than a line feed
/// is skipped, and the number may have leading zeros, as in Go.
///
/// # Errors
/// [`RejectRule::HeaderMalformed`] if the bytes are not a header at all;
/// [`RejectRule::HeaderVersionUnsupported`] if they name a version that is not one of
/// [`Version::ALL`]. The v1 versions (1.11, 1.19, 1.21), which Go's reader converts, are
/// refused as well, with [`Mishap::V1Trace`].
pub fn parse_header(bytes: &[u8]) -> Result<Header, HeaderError> {
    let (minor, len) = scan(bytes).map_err(|offset| HeaderError {
        rule: RejectRule::HeaderMalformed,
        offset,
        mishap: mishap::recognise(bytes),
    })?;
    match Version::from_minor(minor) {
        Some(version) => Ok(Header { version, len }),
        None => Err(HeaderError {
            rule: RejectRule::HeaderVersionUnsupported,
            offset: bytes.iter().position(u8::is_ascii_digit).unwrap_or(0),
            mishap: unsupported(minor),
        }),
    }
}

fn unsupported(minor: u32) -> Mishap {
    if V1_MINORS.contains(&minor) {
        Mishap::V1Trace { minor }
    } else if minor > Version::Go126.minor() {
        Mishap::NewerVersion { minor }
    } else {
        Mishap::UnknownVersion { minor }
    }
}

/// The number and the length of the header, or the offset at which it fails.
pub(crate) fn scan(bytes: &[u8]) -> Result<(u32, usize), usize> {
    let mut pos = literal(bytes, 0, b"go")?;
    pos = gap(bytes, pos, 1)?;
    pos = literal(bytes, pos, b"1.")?;
    pos = gap(bytes, pos, 0)?;
    let start = pos;
    let mut minor = 0u32;
    while let Some(digit) = bytes.get(pos).filter(|b| b.is_ascii_digit()) {
        minor = minor.checked_mul(10).and_then(|n| n.checked_add(u32::from(digit - b'0'))).ok_or(start)?;
        pos += 1;
    }
    if pos == start {
        return Err(pos);
    }
    pos = gap(bytes, pos, 1)?;
    pos = literal(bytes, pos, b"trace\0\0\0")?;
    Ok((minor, pos))
}

fn literal(bytes: &[u8], pos: usize, want: &[u8]) -> Result<usize, usize> {
    let same = bytes[pos..].iter().zip(want).take_while(|(a, b)| a == b).count();
    if same == want.len() { Ok(pos + same) } else { Err(pos + same) }
}

/// Skips white space from `pos` on; fails on a line feed and
/// on fewer than `least` characters.
fn gap(bytes: &[u8], mut pos: usize, least: usize) -> Result<usize, usize> {
    let mut skipped = 0;
    loop {
        if bytes.get(pos) == Some(&b'\n') {
            return Err(pos);
        }
        match white_space_len(&bytes[pos..]) {
            0 if skipped >= least => return Ok(pos),
            0 => return Err(pos),
            n => {
                pos += n;
                skipped += 1;
            }
        }
    }
}

/// Length in bytes of the white-space character at the front, 0 if there is none. Go's set
/// is Unicode's White_Space, which is also Rust's.
pub(crate) fn white_space_len(bytes: &[u8]) -> usize {
    match bytes {
        [b, ..] if *b < 0x80 => usize::from(matches!(b, b' ' | b'\t'..=b'\r')),
        _ => {
            let upto = bytes.len().min(3);
            (2..=upto)
                .find_map(|n| std::str::from_utf8(&bytes[..n]).ok())
                .and_then(|s| s.chars().next())
                .filter(|c| c.is_whitespace())
                .map_or(0, char::len_utf8)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minor_and_len(bytes: &[u8]) -> Option<(u32, usize)> {
        scan(bytes).ok()
    }

    #[test]
    fn canonical_headers_read_back() {
        for version in Version::ALL {
            let header = version.header();
            let got = parse_header(&header).unwrap();
            assert_eq!(got, Header { version, len: 16 });
            assert!(got.is_canonical(&header));
        }
    }

    #[test]
    fn leniency_is_that_of_go() {
        let end = "trace\0\0\0";
        for front in [
            "go \t1.26 ",
            "go\u{b}1.26\u{c}",
            "go\r1.26\r",
            "go\u{85}1.26\u{a0}",
            "go\u{1680}1.26\u{2003}",
            "go\u{3000}1.26\u{205f}",
            "go 1. 26 ",
            "go 1.\t\r\u{2028}26 ",
            "go 1.00026 ",
        ] {
            let text = format!("{front}{end}");
            assert_eq!(minor_and_len(text.as_bytes()), Some((26, text.len())), "{text:?}");
            let header = parse_header(text.as_bytes()).unwrap();
            assert!(!header.is_canonical(text.as_bytes()), "{text:?}");
        }
        for bad in [
            " go 1.26 trace\0\0\0",
            "Go 1.26 trace\0\0\0",
            "go1.26 trace\0\0\0",
            "go\n1.26 trace\0\0\0",
            "go\r\n1.26 trace\0\0\0",
            "go 1.\n26 trace\0\0\0",
            "go 1.\r\n26 trace\0\0\0",
            "go 1.+26 trace\0\0\0",
            "go 1.2_6 trace\0\0\0",
            "go 1.0x1a trace\0\0\0",
            "go 1.4294967296 trace\0\0\0",
            "go 1. trace\0\0\0",
            "go 1.26trace\0\0\0",
            "go 1.26.1 trace\0\0\0",
            "go 1.26\ntrace\0\0\0",
            "go 1.26 trace \0\0\0",
            "go 1.26 trace\0\0",
            "go 1.26 trace\0\0x",
            "go 1.26 trace",
            "go 1.26\u{feff} trace\0\0\0",
        ] {
            assert_eq!(minor_and_len(bad.as_bytes()), None, "{bad:?}");
            assert_eq!(parse_header(bad.as_bytes()).unwrap_err().rule, RejectRule::HeaderMalformed, "{bad:?}");
        }
        assert_eq!(minor_and_len(b"go 1.4294967295 trace\0\0\0"), Some((u32::MAX, 24)));
    }

    #[test]
    fn other_versions_are_told_apart() {
        let of = |n: u32| parse_header(format!("go 1.{n} trace\0\0\0").as_bytes()).unwrap_err();
        assert_eq!(of(21).mishap, Mishap::V1Trace { minor: 21 });
        assert_eq!(of(24).mishap, Mishap::UnknownVersion { minor: 24 });
        assert_eq!(of(27).mishap, Mishap::NewerVersion { minor: 27 });
        assert_eq!(of(27).rule, RejectRule::HeaderVersionUnsupported);
        assert_eq!(of(27).offset, 3);
    }
}
