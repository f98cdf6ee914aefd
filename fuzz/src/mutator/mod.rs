//! A mutator that knows what a trace is made of.
//!
//! Random bytes rarely get past a batch's length field. This one decodes the trace, edits
//! events, batches, ids and tables or splices two traces, and writes them again with the right
//! lengths, so that the readers' ordering is reached and not only their framing. It knows
//! the layout from `wire` and nothing about schedulers: whether an edit makes a trace
//! illegal is not its business.
//!
//! The engine's own mutations (bytes, dictionary, remembered comparisons) are still used, on
//! the whole input, on one batch's payload or on one string.

mod dice;
mod edit;
pub mod hints;
mod rename;
mod splice;

use dice::Dice;
use tracehound_wire::{Batch, Body, Item, StringRecord, Trace, Version, parse_header};

/// The engine's own mutation of `data[..size]` into at most `max_size` bytes; returns the new size.
pub type ByteMutator = fn(data: &mut [u8], size: usize, max_size: usize) -> usize;

/// Most edits of one call; more than half of the calls make one.
const MOST_EDITS: usize = 4;

/// Of so many splices that the engine asks for one is made: it asks for as many as for mutants, and a splice takes twice as
/// long and is seldom what is missing.
const SPLICED: usize = 4;

/// Of so many mutations one is of all bytes. The others leave the header as it is, or mend it: behind a broken one
/// nothing is read.
const WHOLE: usize = 16;

/// Mutates `data[..size]` in place into at most `max_size` bytes and returns the new size.
/// The same seed gives the same result, as far as `bytes` does.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32, bytes: ByteMutator) -> usize {
    let mut dice = Dice::new(seed);
    let whole = dice.one_in(WHOLE);
    let kept = match parse_header(&data[..size]) {
        _ if whole => 0,
        Ok(header) => header.len,
        Err(_) => return mend(data, size, max_size, &mut dice).unwrap_or_else(|| bytes(data, size, max_size)),
    };
    let trace = if whole || dice.one_in(4) { None } else { Trace::decode(&data[..size]).ok() };
    let Some(mut trace) = trace else {
        let kept = if kept < max_size { kept } else { 0 };
        return kept + bytes(&mut data[kept..], size - kept, max_size - kept);
    };
    // Each of these alone: among other edits it would seldom be what makes the difference.
    let done = match dice.below(7) {
        0 => mutate_payload(&mut trace, &mut dice, bytes),
        1 => mutate_string(&mut trace, &mut dice, bytes),
        2 => edit::answer_compare(&mut trace, &mut dice),
        3 => rename::rename(&mut trace, &mut dice),
        _ => None,
    };
    if done.is_none() {
        let edits = if dice.one_in(2) { 1 } else { 1 + dice.below(MOST_EDITS) };
        for _ in 0..edits {
            edit::edit(&mut trace, &mut dice);
        }
    }
    match store(&trace, data, max_size) {
        Some(new_size) if new_size != 0 => new_size,
        _ => bytes(data, size, max_size),
    }
}

/// Writes some version's header over the front; `None` if there is no room for it.
fn mend(data: &mut [u8], size: usize, max_size: usize, dice: &mut Dice) -> Option<usize> {
    let header = dice.pick(&Version::ALL)?.header();
    let new_size = size.max(header.len());
    data[..max_size].get_mut(..new_size)?[..header.len()].copy_from_slice(&header);
    Some(new_size)
}

/// Writes a splice of two traces into `out` and returns its size; 0 if they do not fit, and for three of four
/// seeds: the engine then mutates instead.
pub fn cross(first: &[u8], second: &[u8], out: &mut [u8], seed: u32) -> usize {
    let mut dice = Dice::new(seed);
    if !dice.one_in(SPLICED) {
        return 0;
    }
    let (Ok(mut trace), Ok(other)) = (Trace::decode(first), Trace::decode(second)) else {
        return splice::bytes(first, second, out, &mut dice);
    };
    splice::traces(&mut trace, &other, &mut dice);
    if dice.one_in(3) {
        edit::edit(&mut trace, &mut dice);
    }
    let room = out.len();
    store(&trace, out, room).unwrap_or_else(|| splice::bytes(first, second, out, &mut dice))
}

/// Lets the engine loose on one batch's payload; `None` if there is no batch.
fn mutate_payload(trace: &mut Trace, dice: &mut Dice, bytes: ByteMutator) -> Option<()> {
    let version = trace.version;
    let n = trace.batches().count();
    let batch = trace.batches_mut().nth(dice.below(n))?;
    let mut payload = Vec::new();
    batch.body.encode_into(version, &mut payload);
    batch.body = Body::Raw(by_engine(payload, bytes));
    Some(())
}

/// Lets the engine loose on one string; `None` if there is none. Inside a string, and not among
/// all bytes of the trace, it soon finds the place for what it has seen compared with one.
fn mutate_string(trace: &mut Trace, dice: &mut Dice, bytes: ByteMutator) -> Option<()> {
    fn strings(batch: &mut Batch) -> Option<&mut Vec<StringRecord>> {
        match &mut batch.body {
            Body::Strings(records) if !records.is_empty() => Some(records),
            _ => None,
        }
    }
    let n = trace.batches_mut().filter_map(strings).count();
    let records = trace.batches_mut().filter_map(strings).nth(dice.below(n))?;
    let at = dice.below(records.len());
    records[at].bytes = by_engine(records[at].bytes.to_vec(), bytes).into();
    Some(())
}

/// What the engine makes of these bytes, with room for a few more.
fn by_engine(mut data: Vec<u8>, bytes: ByteMutator) -> Vec<u8> {
    let size = data.len();
    let room = size + 16;
    data.resize(room, 0);
    let new_size = bytes(&mut data, size, room);
    data.truncate(new_size);
    data
}

/// Encodes into `data`, at most `max_size` bytes; items at the end are dropped until it fits.
fn store(trace: &Trace, data: &mut [u8], max_size: usize) -> Option<usize> {
    let mut bytes = trace.to_bytes();
    let room = max_size.min(data.len());
    if bytes.len() > room {
        let mut shorter = trace.clone();
        while bytes.len() > room {
            cut(&mut shorter.items)?;
            bytes = shorter.to_bytes();
        }
    }
    data[..bytes.len()].copy_from_slice(&bytes);
    Some(bytes.len())
}

/// Drops the last half of the items, at least one; `None` if there is none left.
fn cut(items: &mut Vec<Item>) -> Option<()> {
    if items.is_empty() {
        return None;
    }
    items.truncate(items.len() / 2);
    Some(())
}

#[cfg(test)]
mod tests;
