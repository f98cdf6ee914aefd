//! Laws about reading the same bytes again, in pieces, or not to the end.
//!
//! - twice: read(t) = read(t).
//! - split: for every cutting of t into pieces: read(pieces) = read(t).
//! - prefix: for every beginning t' of t and every M: what read(t') delivers of M is a beginning of
//!   what read(t) delivers of M.

use super::{Outcome, read_events};
use crate::canonical::{CanonEvent, Details, Edge, Resource, State};
use crate::readers::ReaderUnderTest;
use crate::verdict::{Mode, ends_callback, is_status};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

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
    // Whether a C thread has lost its P before its goroutine ends depends on the thief, whom the cut may have taken away.
    let callers: BTreeSet<i64> = whole.iter().chain(&cut).filter(|e| ends_callback(e)).map(|e| e.m).collect();
    let (whole, cut) = (by_thread(&whole, &callers), by_thread(&cut, &callers));
    for (m, events) in &cut {
        let all = whole.get(m).map(Vec::as_slice).unwrap_or_default();
        let parts = (0..events.len()).find(|&i| all.get(i) != events.get(i));
        if let Some(i) = parts {
            let side = |e: Option<&Cow<'_, Details>>| e.map_or_else(|| "nothing".to_owned(), |d| format!("{d:?}"));
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
/// may change when those are missing; status events may come from other threads. Of `callers` the end of a P's time on them is
/// left out, and if there are any, so is each theft.
fn by_thread<'e>(events: &'e [CanonEvent], callers: &BTreeSet<i64>) -> BTreeMap<i64, Vec<Cow<'e, Details>>> {
    let mut out: BTreeMap<i64, Vec<Cow<'_, Details>>> = BTreeMap::new();
    for e in events {
        match e.details {
            Details::Sync { .. } | Details::StackSample => {}
            Details::StateTransition { old, new, .. } if is_status(old, new) => {}
            Details::StateTransition { resource: Resource::Proc(_), new: State::Idle, .. }
                if callers.contains(&e.m) => {}
            // The same for the thief: where the P was left behind, it was idle before.
            Details::StateTransition { resource: Resource::Proc(p), new: State::Idle, .. }
                if !callers.is_empty() && e.p != p => {}
            // What the end of a task says of its begin depends on whether that, on another thread, is there.
            Details::Task { edge: Edge::End, .. } => {
                let mut end = e.details.clone();
                if let Details::Task { parent, name, .. } = &mut end {
                    *parent = 0;
                    name.0.clear();
                }
                out.entry(e.m).or_default().push(Cow::Owned(end));
            }
            _ => out.entry(e.m).or_default().push(Cow::Borrowed(&e.details)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::{Encoder, decode};
    use crate::readers::{Builtin, Hello};
    use crate::verdict::Answer;
    use tracehound_generator::{Case, Config};

    /// Leaves out the first event of a thread that is no status, if the trace is shorter than it should be.
    struct Forgets(Builtin, usize);

    impl ReaderUnderTest for Forgets {
        fn name(&self) -> &str {
            "forgets"
        }
        fn hello(&self) -> &Hello {
            self.0.hello()
        }
        fn read(&mut self, trace: &[u8], mode: Mode) -> Answer {
            let mut answer = self.0.read(trace, mode);
            if let Some(Ok(mut events)) = answer.events.as_deref().map(decode)
                && trace.len() < self.1
            {
                let told = |e: &CanonEvent| matches!(e.details, Details::Metric { .. } | Details::Range { .. });
                if let Some(at) = events.iter().position(told) {
                    events.remove(at);
                }
                let mut encoder = Encoder::new(true);
                events.iter().for_each(|e| encoder.event(e));
                answer.events = Some(encoder.bytes().to_vec());
            }
            answer
        }
    }

    #[test]
    fn a_thread_that_tells_another_story_when_cut_is_seen() {
        let mut broken = 0;
        for seed in 0..20 {
            let bytes = Case::from_seed(seed, Config::default()).generate().bytes();
            let at = bytes.len() - 1;
            assert!(!prefix(&mut Builtin::default(), &bytes, at).is_broken(), "seed {seed}");
            broken += u32::from(prefix(&mut Forgets(Builtin::default(), bytes.len()), &bytes, at).is_broken());
        }
        assert!(broken > 5, "{broken}");
    }

    #[test]
    fn a_cut_may_take_the_thief_of_a_c_threads_proc_and_the_begin_of_a_task() {
        for case in ["th1:go1.24:-:s90961", "th1:go1.24:-:s98fd5"] {
            let bytes = case.parse::<Case>().unwrap().generate().bytes();
            for at in 0..bytes.len() {
                let outcome = prefix(&mut Builtin::default(), &bytes, at);
                assert!(!outcome.is_broken(), "{case} at {at}: {outcome:?}");
            }
        }
    }
}
