//! What a file is when it is not a trace: the common mishaps, recognised by their first
//! bytes, each with a sentence of advice.
//!
//! It guesses, and only ever about files that have already been refused; nothing here
//! may influence a verdict.

use std::fmt;

/// Bytes in which a header is looked for when something stands in front of it.
const SEARCH_WINDOW: usize = 1 << 20;

/// What a file that cannot be opened as a v2 trace seems to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mishap {
    /// No bytes at all.
    Empty,
    /// The file ends inside the header.
    CutHeader,
    /// Compressed with gzip, which is also how CPU and heap profiles come.
    Gzip,
    /// Compressed with zstd.
    Zstd,
    /// A zip archive.
    Zip,
    /// A web page.
    Html,
    /// JSON, for example what a trace viewer exports.
    Json,
    /// UTF-16 text, as some shells write it when they redirect output.
    Utf16,
    /// A header whose white space or NULs were rewritten on the way.
    MangledHeader,
    /// A profile of `runtime/pprof` in one of its uncompressed forms.
    Pprof,
    /// A trace in the raw text format.
    TraceText,
    /// A `.test` archive.
    TestArchive,
    /// An executable.
    Executable,
    /// A trace with something in front of it, usually a program's own output.
    SomethingInFront {
        /// Offset in bytes at which the trace's header stands.
        header_at: usize,
    },
    /// A trace in the format of before Go 1.22.
    V1Trace {
        /// The number in its header: 11, 19 or 21.
        minor: u32,
    },
    /// A version newer than the newest that is known here.
    NewerVersion {
        /// The number in its header.
        minor: u32,
    },
    /// A version number that no Go release writes.
    UnknownVersion {
        /// The number in its header.
        minor: u32,
    },
    /// Nothing that is recognised.
    NotATrace,
}

impl Mishap {
    /// A stable kebab-case name.
    pub fn class(&self) -> &'static str {
        match self {
            Mishap::Empty => "empty",
            Mishap::CutHeader => "cut-header",
            Mishap::Gzip => "gzip",
            Mishap::Zstd => "zstd",
            Mishap::Zip => "zip",
            Mishap::Html => "html",
            Mishap::Json => "json",
            Mishap::Utf16 => "utf16",
            Mishap::MangledHeader => "mangled-header",
            Mishap::Pprof => "pprof",
            Mishap::TraceText => "trace-text",
            Mishap::TestArchive => "test-archive",
            Mishap::Executable => "executable",
            Mishap::SomethingInFront { .. } => "something-in-front",
            Mishap::V1Trace { .. } => "v1-trace",
            Mishap::NewerVersion { .. } => "newer-version",
            Mishap::UnknownVersion { .. } => "unknown-version",
            Mishap::NotATrace => "not-a-trace",
        }
    }
}

impl fmt::Display for Mishap {
    /// What the file is and what to do about it, in one sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mishap::Empty => f.write_str(
                "the file is empty; check that the program called trace.Stop (or was asked for the trace) before it ended",
            ),
            Mishap::CutHeader => f.write_str("the file ends inside the trace header; record or copy it again"),
            Mishap::Gzip => f.write_str(
                "this is gzip data; if it is a compressed trace, decompress it first (gzip -d), \
                 if it is a CPU or heap profile, read it with go tool pprof",
            ),
            Mishap::Zstd => f.write_str("this is zstd data; decompress it first (zstd -d)"),
            Mishap::Zip => f.write_str("this is a zip archive; extract the trace from it first"),
            Mishap::Html => f.write_str(
                "this is a web page, probably an error or login page that was saved instead of the trace; \
                 open it to see what the server said",
            ),
            Mishap::Json => {
                f.write_str("this is JSON; give the trace itself, not an export of a trace viewer or a server's answer")
            }
            Mishap::Utf16 => f.write_str(
                "this is UTF-16 text: a shell has converted the output (PowerShell's > does); \
                 let the program write the file itself",
            ),
            Mishap::MangledHeader => f.write_str(
                "this begins like a trace, but the rest of its header (`go 1.NN trace` and three NUL bytes) is damaged; \
                 copy the file again in binary mode",
            ),
            Mishap::Pprof => f.write_str("this is a profile, not a trace; read it with go tool pprof"),
            Mishap::TraceText => {
                f.write_str("this is a trace in the raw text format; convert it to binary first")
            }
            Mishap::TestArchive => {
                f.write_str("this is a .test archive (txtar) with a trace in text form inside; convert it to binary first")
            }
            Mishap::Executable => f.write_str("this is an executable; give the trace file that it wrote"),
            Mishap::SomethingInFront { header_at } => write!(
                f,
                "something else stands in front of the trace, whose header is at byte {header_at}, perhaps the program's own output; \
                 write the trace to a file of its own, or cut the first {header_at} bytes off"
            ),
            Mishap::V1Trace { minor } => write!(
                f,
                "this is a version 1 trace (go 1.{minor}), written before Go 1.22; \
                 record it again with Go 1.22 or later, or read it with go tool trace"
            ),
            Mishap::NewerVersion { minor } => write!(
                f,
                "the trace's format (go 1.{minor}) is newer than the newest that is known here (go 1.26); \
                 use a newer release of this reader"
            ),
            Mishap::UnknownVersion { minor } => write!(
                f,
                "no Go release writes the format go 1.{minor}; known are 1.22, 1.23, 1.25 and 1.26, so the header is damaged"
            ),
            Mishap::NotATrace => {
                f.write_str("expected `go 1.NN trace` and three NUL bytes; this is not a Go execution trace")
            }
        }
    }
}

/// Guesses what `bytes`, which have no readable header, are.
pub(crate) fn recognise(bytes: &[u8]) -> Mishap {
    const MAGIC: &[(&[u8], Mishap)] = &[
        (b"\x1f\x8b", Mishap::Gzip),
        (b"\x28\xb5\x2f\xfd", Mishap::Zstd),
        (b"PK\x03\x04", Mishap::Zip),
        (b"PK\x05\x06", Mishap::Zip),
        (b"\xff\xfe", Mishap::Utf16),
        (b"\xfe\xff", Mishap::Utf16),
        (b"g\0o\0 \0", Mishap::Utf16),
        (b"\0g\0o\0 ", Mishap::Utf16),
        (b"\x7fELF", Mishap::Executable),
        (b"MZ", Mishap::Executable),
        (b"\xcf\xfa\xed\xfe", Mishap::Executable),
        (b"heap profile: ", Mishap::Pprof),
        (b"goroutine profile: ", Mishap::Pprof),
        (b"threadcreate profile: ", Mishap::Pprof),
        (b"--- contention:", Mishap::Pprof),
        (b"--- mutex:", Mishap::Pprof),
        (b"Trace Go1.", Mishap::TraceText),
    ];
    if bytes.is_empty() {
        return Mishap::Empty;
    }
    if is_cut_header(bytes) {
        return Mishap::CutHeader;
    }
    if let Some((_, mishap)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return mishap.clone();
    }
    if let Some(header_at) = find_header(bytes) {
        return Mishap::SomethingInFront { header_at };
    }
    if bytes.starts_with(b"go 1.") {
        return Mishap::MangledHeader;
    }
    recognise_text(bytes).unwrap_or(Mishap::NotATrace)
}

fn is_cut_header(bytes: &[u8]) -> bool {
    crate::version::Version::ALL.iter().any(|v| v.header().starts_with(bytes))
}

fn find_header(bytes: &[u8]) -> Option<usize> {
    let window = &bytes[..bytes.len().min(SEARCH_WINDOW)];
    (1..window.len()).find(|&at| window[at..].starts_with(b"go 1.") && crate::header::scan(&bytes[at..]).is_ok())
}

fn recognise_text(bytes: &[u8]) -> Option<Mishap> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let begins = |s: &str| text.len() >= s.len() && text[..s.len()].eq_ignore_ascii_case(s.as_bytes());
    if begins("<!doctype html") || begins("<html") || begins("<?xml") {
        Some(Mishap::Html)
    } else if begins("{") || begins("[{") {
        Some(Mishap::Json)
    } else if begins("Trace Go1.") || (begins("#") && contains_line(text, b"Trace Go1.")) {
        Some(Mishap::TraceText)
    } else if contains_line(text, b"-- expect --") && contains_line(text, b"-- trace --") {
        Some(Mishap::TestArchive)
    } else {
        None
    }
}

fn contains_line(text: &[u8], start: &[u8]) -> bool {
    let window = &text[..text.len().min(SEARCH_WINDOW)];
    window.split(|&b| b == b'\n').any(|line| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::parse_header;

    #[test]
    fn common_mishaps_are_named() {
        let of = |bytes: &[u8]| parse_header(bytes).unwrap_err().mishap;
        assert_eq!(of(b""), Mishap::Empty);
        assert_eq!(of(b"go 1.2"), Mishap::CutHeader);
        assert_eq!(of(b"go 1.26 trace\0\0"), Mishap::CutHeader);
        assert_eq!(of(b"\x1f\x8b\x08\0\0"), Mishap::Gzip);
        assert_eq!(of(b"\x28\xb5\x2f\xfd\0"), Mishap::Zstd);
        assert_eq!(of(b"PK\x03\x04\x14\0"), Mishap::Zip);
        assert_eq!(of(b"\n <!DOCTYPE HTML><html>"), Mishap::Html);
        assert_eq!(of(b"{\"traceEvents\":[]}"), Mishap::Json);
        assert_eq!(of(b"\xff\xfeg\0o\0 \x001\0"), Mishap::Utf16);
        assert_eq!(of(b"g\0o\0 \x001\0.\x002\0"), Mishap::Utf16);
        assert_eq!(of(b"go 1.26 trace   "), Mishap::MangledHeader);
        assert_eq!(of(b"go 1.26 trace\r\n\0\0\0"), Mishap::MangledHeader);
        assert_eq!(of(b"goroutine profile: total 7\n"), Mishap::Pprof);
        assert_eq!(of(b"Trace Go1.26\n"), Mishap::TraceText);
        assert_eq!(of(b"# note\nTrace Go1.26\n"), Mishap::TraceText);
        assert_eq!(of(b"-- expect --\nSUCCESS\n-- trace --\nTrace Go1.22\n"), Mishap::TestArchive);
        assert_eq!(of(b"\x7fELF\x02"), Mishap::Executable);
        assert_eq!(of(b"listening on :80\ngo 1.26 trace\0\0\0"), Mishap::SomethingInFront { header_at: 17 });
        assert_eq!(of(b"\0\0\0\0"), Mishap::NotATrace);
    }

    #[test]
    fn every_advice_is_a_clause_that_says_what_to_do() {
        let error = parse_header(b"go 1.27 trace\0\0\0").unwrap_err();
        assert_eq!(
            error.to_string(),
            "header-version-unsupported: at byte 3: the trace's format (go 1.27) is newer than the newest that is known \
             here (go 1.26); use a newer release of this reader"
        );
        assert_eq!(error.mishap.class(), "newer-version");
    }
}
