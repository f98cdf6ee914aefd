//! Laws about reading the same bytes again, in pieces, or not to the end.
//!
//! - twice: read(t) = read(t).
//! - split: for every cutting of t into pieces: read(pieces) = read(t).
//! - prefix: for every beginning t' of t and every M: what read(t') delivers of M is a beginning of
//!   what read(t) delivers of M.

use super::{Outcome, read_events};
use crate::canonical::{CanonEvent, Details};
use crate::readers::ReaderUnderTest;
use crate::verdict::{Mode, is_status};
use std::collections::BTreeMap;

/// twice.
pub fn twice(reader: &mut dyn ReaderUnderTest, trace: &[u8]) -> Outcome {
    let (first, second) = (reader.read(trace, Mode::Digest), reader.read(trace, Mode::Digest));
    if first == second {
        return Outcome::Holds;
    }
    Outcome::Broken(format!(
        "the same trace is read differently the second time: {} events, {}; then {} events, {}",
        first.digest.events, first.verdict, second.digest.events, second.verdict
    ))
}

/// split. `sizes` are the lengths of the pieces, again and again.
pub fn split(reader: &mut dyn ReaderUnderTest, trace: &[u8], sizes: &[usize]) -> Outcome {
    let Some(pieces) = reader.read_in_pieces(trace, sizes) else {
        return Outcome::not_applicable("the reader is given traces whole");
    };
    let whole = reader.read(trace, Mode::Digest);
    if whole == pieces {
        return Outcome::Holds;
    }
    Outcome::Broken(format!(
        "read whole: {} events, {}; read in pieces of {sizes:?} bytes: {} events, {}",
        whole.digest.events, whole.verdict, pieces.digest.events, pieces.verdict
    ))
}

/// prefix, for the cut before byte `at`.
pub fn prefix(reader: &mut dyn ReaderUnderTest, trace: &[u8], at: usize) -> Outcome {
    let (whole, cut) = match (read_events(reader, trace), read_events(reader, &trace[..at.min(trace.len())])) {
        (Ok((_, whole)), Ok((_, cut))) => (whole, cut),
        (Err(e), _) | (_, Err(e)) => return e,
    };
    let (whole, cut) = (by_thread(&whole), by_thread(&cut));
    for (m, events) in &cut {
        let all = whole.get(m).map(Vec::as_slice).unwrap_or_default();
        let parts = (0..events.len()).find(|&i| all.get(i) != events.get(i));
        if let Some(i) = parts {
            let side = |e: Option<&&Details>| e.map_or_else(|| "nothing".to_owned(), |d| format!("{d:?}"));
            return Outcome::Broken(format!(
                "cut at byte {at}, event {i} of M{m} is {}, in the whole trace it is {}",
                side(events.get(i)),
                side(all.get(i))
            ));
        }
    }
    Outcome::Holds
}

/// What each thread's events say. Times, and the contexts that other threads' events decide,
/// may change when those are missing; status events may come from other threads.
fn by_thread(events: &[CanonEvent]) -> BTreeMap<i64, Vec<&Details>> {
    let mut out: BTreeMap<i64, Vec<&Details>> = BTreeMap::new();
    for e in events {
        match e.details {
            Details::Sync { .. } | Details::StackSample => {}
            Details::StateTransition { old, new, .. } if is_status(old, new) => {}
            _ => out.entry(e.m).or_default().push(&e.details),
        }
    }
    out
}
