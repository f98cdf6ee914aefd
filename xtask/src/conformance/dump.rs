//! The dump of a large trace: ours beside the output of `go tool trace -d=parsed`, compared
//! as both come, since either is many times the size of the trace.

use crate::fault::{Doing, Fault, Result};
use std::fs;
use std::io::{BufReader, Read};
use std::path::Path;
use std::process::Stdio;
use tracehound_oracle::readers::go::Toolchain;
use tracehound_parser::{Reader, dump};

/// The first difference, if there is one.
///
/// # Errors
/// If either dump cannot be made.
pub fn compare(toolchain: &Toolchain, path: &Path) -> Result<Option<String>> {
    let trace = fs::read(path).doing(path.display())?;
    let mut reader = Reader::new(&trace).doing("open the trace")?;
    let mut command = toolchain.command().doing("find the go command")?;
    command.args(["tool", "trace", "-d=parsed"]).arg(path).env("TZ", "UTC").stdout(Stdio::piped());
    let mut child = command.spawn().doing("start go tool trace")?;
    let output = child.stdout.take().ok_or_else(|| Fault::new("go tool trace has no output"))?;
    let mut theirs = BufReader::with_capacity(1 << 20, output);
    let mut number = 0;
    let mut difference = None;
    let (mut ours, mut beside) = (Vec::new(), Vec::new());
    while let Some(event) = reader.next_event() {
        let event = event.doing("read the trace")?;
        ours.clear();
        dump::write(&mut ours, &event);
        ours.push(b'\n');
        beside.clear();
        theirs.by_ref().take(ours.len() as u64).read_to_end(&mut beside).doing("read Go's dump")?;
        if ours != beside {
            difference = Some(format!("event {number}:\nours: {}\nGo's: {}", shown(&ours), shown(&beside)));
            break;
        }
        number += 1;
    }
    if difference.is_none() {
        beside.clear();
        theirs.take(1 << 10).read_to_end(&mut beside).doing("read Go's dump")?;
        if !beside.is_empty() {
            difference = Some(format!("after {number} events Go's goes on: {}", shown(&beside)));
        }
    }
    // It may still be writing after a difference.
    let _ = child.kill();
    child.wait().doing("wait for go tool trace")?;
    Ok(difference)
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).trim_end().to_owned()
}
