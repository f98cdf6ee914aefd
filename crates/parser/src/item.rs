//! The items of a trace file: batch headers and where their payloads are.

use crate::fault::{FaultSet, fault};
use crate::input::Input;
use crate::release::Switches;
use std::io;
use tracehound_wire::limits::MAX_BATCH_SIZE;
use tracehound_wire::varint::{self, VarintError};
use tracehound_wire::{EventType, RejectRule};

/// A batch or end marker. Positions are in the input's data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    /// The experiment's number; 0 for ordinary batches.
    pub experiment: u8,
    /// A lone end-of-generation byte: generation 0, no payload.
    pub is_end: bool,
    pub generation: u64,
    pub m: i64,
    pub ts: u64,
    /// Where the item begins.
    pub at: usize,
    pub start: usize,
    pub end: usize,
}

/// What comes next in the file.
pub(crate) enum Next {
    Item(Item),
    /// The end; `silent` if it is one that swallows a lone byte.
    End {
        silent: bool,
    },
}

/// Why an item could not be read.
pub(crate) enum ItemError {
    Rule(RejectRule, usize, String),
    Io(io::Error),
}

impl From<io::Error> for ItemError {
    fn from(e: io::Error) -> ItemError {
        ItemError::Io(e)
    }
}

/// Reads one item's header and skips its payload, which is then in the input's data.
pub(crate) fn next(input: &mut Input<'_>, sw: &Switches, faults: FaultSet) -> Result<Next, ItemError> {
    let at = input.pos;
    if !input.ensure(1)? {
        return Ok(Next::End { silent: false });
    }
    let byte = input.rest()[0];
    let mut item = Item { experiment: 0, is_end: false, generation: 0, m: -1, ts: 0, at, start: at, end: at + 1 };
    input.pos += 1;
    match EventType::from_byte(byte) {
        Some(EventType::EventBatch) => {}
        Some(EventType::ExperimentalBatch) if sw.experimental_batches => {
            if !input.ensure(1)? {
                return Ok(Next::End { silent: true });
            }
            item.experiment = input.rest()[0];
            input.pos += 1;
        }
        Some(EventType::EndOfGeneration) if sw.knows_end_of_generation => {
            item.is_end = true;
            return Ok(Next::Item(item));
        }
        _ => return Err(unexpected(byte, at, input)),
    }
    item.generation = number(input, "generation")?;
    item.m = number(input, "thread")? as i64;
    item.ts = number(input, "time")?;
    if fault!(faults, Times44Bits) {
        item.ts &= (1 << 44) - 1;
    }
    let size = number(input, "size")?;
    if size > MAX_BATCH_SIZE || fault!(faults, SmallBatchLimit) && size == MAX_BATCH_SIZE {
        let message = format!("a batch claims {size} bytes of payload, but at most {MAX_BATCH_SIZE} are allowed");
        return Err(ItemError::Rule(RejectRule::BatchTooLarge, at, message));
    }
    item.start = input.pos;
    item.end = item.start + size as usize;
    if !input.ensure(size as usize)? {
        let have = input.rest().len();
        let message = format!("expected {size} bytes of batch payload, but the input ends after {have} of them");
        return Err(ItemError::Rule(RejectRule::BatchBodyTruncated, at, message));
    }
    input.pos = item.end;
    Ok(Next::Item(item))
}

fn number(input: &mut Input<'_>, what: &str) -> Result<u64, ItemError> {
    loop {
        match varint::read(input.rest()) {
            Ok((value, len)) => {
                input.pos += len;
                return Ok(value);
            }
            Err(VarintError::Overflow) => {
                let message = format!("expected the batch's {what}, but the number has more than 64 bits");
                return Err(ItemError::Rule(RejectRule::BatchHeaderVarint, input.pos, message));
            }
            Err(_) if input.ensure(input.rest().len() + 1)? => {}
            Err(_) => {
                let message = format!("expected the batch's {what}, but the input ends");
                return Err(ItemError::Rule(RejectRule::BatchHeaderVarint, input.pos, message));
            }
        }
    }
}

/// So many bytes are shown of what is no batch.
const SHOWN: usize = 12;

#[cold]
fn unexpected(byte: u8, at: usize, input: &mut Input<'_>) -> ItemError {
    // A stream has to say the same as the whole trace. Should it break off here, that comes behind this error.
    let _ = input.ensure(SHOWN - 1);
    let shown = &input.data()[at..];
    let shown = &shown[..shown.len().min(SHOWN)];
    let looks = if shown.len() > 3 && shown.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) {
        format!(", which looks like text: \"{}\"", shown.escape_ascii())
    } else {
        String::new()
    };
    let message = format!("expected a batch (byte 1, 49 or 52), found byte {byte}{looks}");
    ItemError::Rule(RejectRule::BatchExpected, at, message)
}
