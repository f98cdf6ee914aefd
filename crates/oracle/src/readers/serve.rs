//! The other side of the protocol: any reader served on a pair of pipes.
//!
//! With it the built-in reader can stand in for a foreign one, in tests and for people who
//! write an adapter and want to see a correct one at work.

use super::link::read_frame;
use super::{PROTOCOL, ReaderUnderTest, answer};
use crate::verdict::Mode;
use std::io::{self, Read, Write};

/// The largest request that is taken, bytes.
const MAX_REQUEST: u32 = u32::MAX;

/// Answers requests from `input` on `output` until the input ends.
///
/// # Errors
/// If the pipes fail, or a request is not one.
pub fn serve(reader: &mut dyn ReaderUnderTest, mut input: impl Read, mut output: impl Write) -> io::Result<()> {
    let hello = reader.hello();
    let reports = hello.reports.to_string();
    let names: Vec<&str> = reports.split(", ").filter(|n| !n.is_empty()).collect();
    let mut frame = serde_json::to_vec(&serde_json::json!({
        "protocol": PROTOCOL, "name": hello.name, "version": hello.version, "reads": hello.reads,
        "reports": names, "release": hello.release,
    }))?;
    loop {
        let len = u32::try_from(frame.len()).map_err(|_| io::Error::other("an answer too long for a frame"))?;
        output.write_all(&len.to_le_bytes())?;
        output.write_all(&frame)?;
        output.flush()?;
        let Some(request) = read_frame(&mut input, MAX_REQUEST)? else { return Ok(()) };
        let (mode, trace) = match request.split_first() {
            Some((0, trace)) => (Mode::Digest, trace),
            Some((1, trace)) => (Mode::Events, trace),
            Some((2, trace)) => (Mode::Text, trace),
            Some((mode, _)) => return Err(io::Error::other(format!("a request has the unknown mode {mode}"))),
            None => return Err(io::Error::other("a request has no mode byte")),
        };
        frame.clear();
        answer::write(&mut frame, &reader.read(trace, mode));
    }
}
