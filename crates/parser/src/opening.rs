//! Opening a trace: its header, from a slice or a stream.

use crate::error::{Cause, Error, Place};
use crate::input::Input;
use crate::options::Options;
use crate::strict;
use tracehound_wire::{HeaderError, RejectRule, Version, parse_header};

/// How much of a stream is looked at to say what it is when it is not a trace.
const WINDOW: usize = (1 << 20) + 64;

/// Reads the header and moves behind it.
pub(crate) fn read_header(input: &mut Input<'_>, options: &Options) -> Result<Version, Error> {
    let release = options.release;
    let io = |e: std::io::Error| {
        let message = format!("the input could not be read: {e}");
        Error::new(Cause::Io(e), Place::default(), message)
    };
    let mut want = 64;
    loop {
        let whole = !input.ensure(want).map_err(io)?;
        match parse_header(input.data()) {
            Ok(header) => {
                let newest = release.switches().newest_wire;
                if header.version > newest {
                    let message = format!(
                        "the trace's format (go {}) is newer than what the reader of Go {release} knows (go {newest})",
                        header.version
                    );
                    return Err(Error::rule_at(
                        RejectRule::HeaderVersionUnsupported,
                        Place { offset: Some(3), ..Place::default() },
                        message,
                    ));
                }
                if options.strict && !strict::header_is_canonical(input.data(), header.len, header.version) {
                    let message = format!("the header is not the one that a runtime writes for go {}", header.version);
                    return Err(Error::rule_at(
                        RejectRule::HeaderUnusual,
                        Place { offset: Some(0), ..Place::default() },
                        message,
                    ));
                }
                input.pos = header.len;
                return Ok(header.version);
            }
            // More bytes may still complete the header, or tell what this is instead.
            Err(e) if !whole && (want < WINDOW || e.offset + 3 >= want) => want *= 2,
            Err(e) => return Err(unreadable(e)),
        }
    }
}

fn unreadable(e: HeaderError) -> Error {
    let place = Place { offset: Some(e.offset as u64), ..Place::default() };
    Error::rule_at(e.rule, place, e.mishap.to_string()).with_mishap(e.mishap)
}
