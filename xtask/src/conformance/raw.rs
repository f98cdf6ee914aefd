//! Go's own converter between the binary and the text format: the worker with `-raw`.

use crate::fault::{Doing, Fault, Result};
use std::io::{BufReader, BufWriter, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tracehound_oracle::readers::go::Toolchain;

const BINARY_TO_TEXT: u8 = 0;
const TEXT_TO_BINARY: u8 = 1;

/// A running converter.
pub struct Raw {
    child: Child,
    input: BufWriter<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Raw {
    /// Starts the toolchain's converter.
    pub fn start(toolchain: &Toolchain) -> Result<Raw> {
        let worker = toolchain.worker().doing("build the worker")?;
        let mut child = Command::new(worker)
            .arg("-raw")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .doing("start the worker")?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => {
                Ok(Raw { child, input: BufWriter::new(input), output: BufReader::new(output) })
            }
            _ => Err(Fault::new("the worker has no pipes")),
        }
    }

    /// Text to binary, as Go does it.
    ///
    /// # Errors
    /// Go's refusal in its words.
    pub fn binary_of(&mut self, text: &[u8]) -> Result<Vec<u8>> {
        self.convert(TEXT_TO_BINARY, text)
    }

    /// Binary to text, as Go does it.
    ///
    /// # Errors
    /// Go's refusal in its words.
    pub fn text_of(&mut self, binary: &[u8]) -> Result<Vec<u8>> {
        self.convert(BINARY_TO_TEXT, binary)
    }

    fn convert(&mut self, direction: u8, from: &[u8]) -> Result<Vec<u8>> {
        let mut frame = self.exchange(direction, from).doing("talk with the worker")?;
        match frame.first() {
            Some(0) => {
                frame.remove(0);
                Ok(frame)
            }
            Some(_) => Err(Fault::new(String::from_utf8_lossy(&frame[1..]))),
            None => Err(Fault::new("the worker sent an empty frame")),
        }
    }

    fn exchange(&mut self, direction: u8, from: &[u8]) -> std::io::Result<Vec<u8>> {
        self.input.write_all(&(from.len() as u32 + 1).to_le_bytes())?;
        self.input.write_all(&[direction])?;
        self.input.write_all(from)?;
        self.input.flush()?;
        let mut length = [0; 4];
        self.output.read_exact(&mut length)?;
        let mut frame = vec![0; u32::from_le_bytes(length) as usize];
        self.output.read_exact(&mut frame)?;
        Ok(frame)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
