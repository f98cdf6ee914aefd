//! What is offered to a target as seeds.

use super::Input;
use crate::fault::{Doing, Result, repository};
use std::fs;
use tracehound_fuzz::targets::bytes::{WAYS, WORDS};
use tracehound_fuzz::{Target, choices};
use tracehound_generator::source::{Rng, Source};
use tracehound_oracle::hunt::{self, HuntCase};
use tracehound_wire::raw::TextStyle;
use tracehound_wire::{Batch, Body, Item, NONE_ID, SizeField, StringRecord, TestFile, Trace};

/// Generated cases of each kind that are offered to each target.
const GENERATED: u64 = 400;

/// How files begin that people take for traces.
const NO_TRACES: [&[u8]; 19] = [
    b"go 1",
    b"go 1.21 trace\0\0\0",
    b"go 1.24 trace\0\0\0",
    b"go 1.99 trace\0\0\0",
    b"go 1.26 trace\r\n\0\0\0",
    b"listening\ngo 1.26 trace\0\0\0",
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
    b"PK\x03\x04",
    b"\xff\xfe",
    b"\x7fELF",
    b"heap profile: ",
    b"Trace Go1.26\n",
    b"# a note\nTrace Go1.26\n",
    b"-- expect --\nSUCCESS\n-- trace --\nTrace Go1.22\n",
    b"<html>",
    b"{}",
    b"[{}]",
    b"\0\0",
];

/// Inputs from everywhere but the fuzzers.
///
/// # Errors
/// If a file of `corpus/` cannot be read.
pub fn offers(target: &Target) -> Result<Vec<Vec<u8>>> {
    Ok(match target.input {
        Input::Choices(_) => random_choices(target.max_len),
        Input::Trace => {
            let mut all = traces()?;
            all.extend(NO_TRACES.iter().map(|begin| padded(begin.to_vec(), WORDS)));
            all
        }
        Input::Text => {
            let text = |bytes: &Vec<u8>| Some(Trace::decode(bytes).ok()?.to_text().ok()?.into_bytes());
            let mut all: Vec<Vec<u8>> = traces()?.iter().filter_map(text).collect();
            all.extend(test_files()?);
            all
        }
    })
}

fn random_choices(max_len: usize) -> Vec<Vec<u8>> {
    let mut rng = Rng::new(1);
    (0..GENERATED * 4)
        .map(|_| {
            let len = 1 + rng.below(max_len as u32);
            (0..len).map(|_| rng.below(256) as u8).collect()
        })
        .collect()
}

/// Generated histories, edits of them, what every hunt begins with, and the traces of `corpus/`.
fn traces() -> Result<Vec<Vec<u8>>> {
    let mut all: Vec<Vec<u8>> = hunt::fixed_traces().map(|bytes| bytes.to_vec()).collect();
    for seed in 0..GENERATED {
        let case = HuntCase::legal(seed, &choices::config());
        all.extend(case.make().map(|m| m.bytes.to_vec()));
    }
    for choices in random_choices(512).iter().take(4 * GENERATED as usize) {
        all.extend(choices::mutated(choices).map(|(_, made)| made.bytes.to_vec()));
    }
    for file in test_files()? {
        let binary = TestFile::parse(&file).ok().and_then(|t| t.to_binary(TextStyle::Lossless).ok());
        all.extend(binary.iter().flat_map(|trace| (0..WAYS).filter_map(|way| in_way(trace, way))));
        all.extend(binary);
    }
    Ok(all)
}

/// The text traces below `corpus/`.
fn test_files() -> Result<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    let mut folders = vec![repository().join("corpus")];
    folders.retain(|f| f.is_dir());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).doing(format!("read {}", folder.display()))?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "test") {
                all.push(fs::read(&path).doing(format!("read {}", path.display()))?);
            }
        }
    }
    all.sort();
    Ok(all)
}

/// The trace with a string more, so long that the target `bytes` reads it in this way; `None` for what is no trace.
fn in_way(trace: &[u8], way: usize) -> Option<Vec<u8>> {
    let trace = Trace::decode(trace).ok()?;
    let generation = trace.batches().next()?.generation;
    // An id that no trace of the corpus uses.
    let filled = |n: usize| {
        let string = StringRecord { id: 1 << 40, bytes: vec![b'x'; n].into() };
        let body = Body::Strings(vec![string]);
        let batch = Batch { generation, m: NONE_ID, time: 0, size: SizeField::Shortest, body };
        let mut longer = trace.clone();
        longer.items.insert(0, Item::Batch(batch));
        longer.to_bytes()
    };
    (0..WAYS).map(filled).find(|bytes| bytes.len() % WAYS == way)
}

/// Bytes with spaces behind them, so many that the target `bytes` reads them in this way.
fn padded(mut bytes: Vec<u8>, way: usize) -> Vec<u8> {
    while bytes.len() % WAYS != way {
        bytes.push(b' ');
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trace_can_be_read_in_every_way() {
        let history = HuntCase::legal(1, &choices::config()).make().map(|m| m.bytes.to_vec()).unwrap_or_default();
        for way in 0..WAYS {
            let longer = in_way(&history, way).unwrap();
            assert!(longer.len() % WAYS == way && longer.len() > history.len());
            assert_eq!(padded(b"go 1".to_vec(), way).len() % WAYS, way);
        }
        assert_eq!(in_way(b"no trace", 0), None);
    }
}
