//! A stream that comes in pieces, is interrupted, and breaks off: what was read of it is what is read of a trace that ends there.

use std::error::Error as _;
use std::fmt::Write;
use std::hash::Hasher;
use std::io::{self, ErrorKind, Read};
use tracehound_parser::details::Change;
use tracehound_parser::{Cause, Details, Error, Event, Options, Outcome, Reader};

/// Bytes that a call gives at most.
const PIECE: usize = 600;

/// Events, as digests, and how they ended.
type Told = (Vec<u64>, Result<Outcome, Error>);

/// Holds a stream that breaks off, where the last byte says, to a trace that ends there.
pub(super) fn hold(bytes: &[u8]) {
    let Some(&last) = bytes.last() else { return };
    let there = &bytes[..bytes.len() - bytes.len() * usize::from(last) / 256];
    let (cut, cut_end) = told(Reader::new(there));
    let reader = Reader::from_read(Flaky { rest: there, calls: 0 }, Options::default());
    // More is looked at than the header, so that a short stream does not open.
    let opens = reader.is_ok();
    let (broken, broken_end) = told(reader);
    assert!(!opens || broken == cut, "stream: {} events are not the same {}", broken.len(), cut.len());
    match broken_end {
        Err(e) if matches!(e.cause(), Cause::Io(_)) => {
            assert!(e.rule().is_none() && e.source().is_some(), "stream: {e}");
            assert!(e.to_string().starts_with(e.class()) && !e.help().is_empty(), "stream: {e}");
        }
        // It was over before the stream broke off.
        broken_end => {
            // The words may quote what is there, of which a stream has not read all.
            let what = |end: &Result<Outcome, Error>| end.as_ref().map_err(|e| (e.class(), *e.place())).copied();
            assert_eq!(what(&broken_end), what(&cut_end), "stream: it ends otherwise");
        }
    }
}

/// What a reader tells. Left out are Syncs without generation, as one also comes where the stream breaks off.
fn told(reader: Result<Reader<'_>, Error>) -> Told {
    let mut reader = match reader {
        Ok(reader) => reader,
        Err(e) => return (Vec::new(), Err(e)),
    };
    let version = reader.version();
    let mut words = String::new();
    let (all, end) = reader.collect_with(|e| {
        words.clear();
        // Writing to a string cannot fail.
        let _ = write!(words, "{version} {e:?}");
        tell(&mut words, e);
        let mut digest = rustc_hash::FxHasher::default();
        digest.write(words.as_bytes());
        e.generation().map(|_| digest.finish())
    });
    assert!(end.as_ref().map_or(Outcome::Refused, |o| *o) == reader.outcome(), "stream: the outcome is not what came");
    (all.into_iter().flatten().collect(), end)
}

/// What an event's form for people leaves out, and that the accessors fit together.
fn tell(words: &mut String, e: &Event<'_>) {
    let (thread, proc, goroutine) = (e.thread(), e.proc(), e.goroutine());
    let frames = e.stack().map(|s| (s.is_dangling(), s.frames().map(|f| f.pc).fold(0, u64::wrapping_add)));
    let about = (e.wire_type(), e.args(), e.offset(), e.generation(), e.generation_index(), e.is_synthetic());
    let _ = write!(words, "{thread} {proc} {goroutine} {about:?} {frames:?} {:?}", e.accessor_panic());
    assert!(thread.is_none() != thread.is_some() && proc.is_none() != proc.is_some(), "stream: {words}");
    match e.details() {
        Details::Sync(sync) => {
            let fits = sync.has_generation() == e.generation().is_some() && e.wire_type().is_none();
            assert!(fits, "stream: a Sync of no generation: {words}");
        }
        Details::Task(task) => {
            let _ = write!(words, "{} {}", task.id, task.parent);
        }
        Details::StateTransition(transition) => {
            let _ = match transition.change {
                Change::Goroutine { id, old, new } => write!(words, "{id} {old} {new}"),
                Change::Proc { id, old, new } => write!(words, "{id} {old} {new}"),
            };
        }
        _ => assert!(e.wire_type().is_some() && e.offset().is_some(), "stream: an event from nowhere: {words}"),
    }
}

/// A stream that is interrupted at every other call and fails behind its last byte.
struct Flaky<'a> {
    rest: &'a [u8],
    calls: u32,
}

impl Read for Flaky<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls.is_multiple_of(2) {
            return Err(ErrorKind::Interrupted.into());
        }
        if self.rest.is_empty() {
            return Err(io::Error::other("nothing comes any more"));
        }
        let (piece, rest) = self.rest.split_at(PIECE.min(self.rest.len()).min(buf.len()));
        buf[..piece.len()].copy_from_slice(piece);
        self.rest = rest;
        Ok(piece.len())
    }
}
