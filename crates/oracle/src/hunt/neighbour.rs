//! The nearest trace on which nobody is wrong: one edit away from the finding's.
//!
//! Single edits of the smallest trace are tried in a fixed order; one that makes a legal trace that all accept
//! is best, one that makes an illegal trace that all refuse will do. If there is none, the edit that made
//! the trace is undone.

use super::examine::Examiner;
use crate::judge;
use crate::shrink::Budget;
use std::collections::BTreeSet;
use tracehound_wire::{ArgKind, Body, Event, EventType, Item, NONE_ID, Trace};

/// A neighbour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How it comes out of the finding's trace.
    pub edit: String,
    /// What all readers say to it, as one word.
    pub verdict: String,
}

/// The nearest trace to `trace` on which all readers agree with each other and with the judge, and
/// for which `wrong` does not hold. `undone` is the trace before it was edited, if it was.
pub(super) fn find(
    examiner: &mut Examiner,
    trace: Option<&Trace>,
    undone: Option<Vec<u8>>,
    mut budget: Budget,
    mut wrong: impl FnMut(&[u8]) -> bool,
) -> Option<Neighbour> {
    let mut refused = None;
    for (candidate, edit) in trace.into_iter().flat_map(single_edits) {
        if !budget.take() {
            break;
        }
        let bytes = candidate.to_bytes();
        let Some(verdict) = unanimous(examiner, &bytes) else { continue };
        let accepted = verdict == "accepted";
        if (accepted || refused.is_none()) && !wrong(&bytes) {
            let found = Neighbour { bytes, edit, verdict };
            if accepted {
                return Some(found);
            }
            refused = Some(found);
        }
    }
    let undo = |bytes: Vec<u8>| {
        let verdict = unanimous(examiner, &bytes)?;
        Some(Neighbour { bytes, edit: "the edit is undone, and all that was left out is there again".into(), verdict })
    };
    refused.or_else(|| undone.and_then(undo))
}

/// The verdict of all readers, if there is only one and the judge does not contradict it.
fn unanimous(examiner: &mut Examiner, bytes: &[u8]) -> Option<String> {
    let verdicts = examiner.verdicts(bytes);
    let word = verdicts.0.first().map(|(_, word)| word.clone())?;
    if !verdicts.is_unanimous() {
        return None;
    }
    let judged = judge::judge_bytes(bytes, judge::Options::default());
    let agrees = match word.as_str() {
        "accepted" => !judged.is_illegal(),
        refused => refused.starts_with("rejected") && !judged.is_legal(),
    };
    agrees.then_some(word)
}

/// All traces that are one edit away, plain edits first.
fn single_edits(trace: &Trace) -> impl Iterator<Item = (Trace, String)> + '_ {
    let places: Vec<(usize, usize, Event)> = events(trace).collect();
    let values = Values::of(trace);
    let changed = |at: usize, index: usize, event: Event| {
        let mut candidate = trace.clone();
        if let Some(events) = events_of(&mut candidate, at) {
            events[index] = event;
        }
        candidate
    };
    let other_arguments = places.clone().into_iter().flat_map(move |(at, index, event)| {
        let others: Vec<(Trace, String)> = values
            .changes(&event)
            .into_iter()
            .map(|(n, value)| {
                let mut other = event;
                other.args[n] = value;
                let (name, _) = event.ty.spec().args[n];
                (
                    changed(at, index, other),
                    format!("{name} of {} is {} instead of {}", event.ty, told(value), told(event.args[n])),
                )
            })
            .collect();
        others
    });
    let without = places.clone().into_iter().map(|(at, index, event)| {
        let mut candidate = trace.clone();
        if let Some(events) = events_of(&mut candidate, at) {
            events.remove(index);
        }
        (candidate, format!("{} is left out", in_words(&event)))
    });
    let other_types = places.clone().into_iter().flat_map(move |(at, index, event)| {
        siblings(event.ty).into_iter().map(move |ty| {
            let mut other = event;
            other.ty = ty;
            (changed(at, index, other), format!("{} is {ty} instead", in_words(&event)))
        })
    });
    let swapped = places.into_iter().filter_map(|(at, index, event)| {
        let mut candidate = trace.clone();
        let events = events_of(&mut candidate, at)?;
        let next = *events.get(index + 1)?;
        events.swap(index, index + 1);
        Some((candidate, format!("{} comes before {}", in_words(&next), in_words(&event))))
    });
    let items = (0..trace.items.len()).map(|at| {
        let mut candidate = trace.clone();
        let what = match candidate.items.remove(at) {
            Item::Batch(b) => format!("a batch of generation {} is left out", b.generation),
            Item::Experimental(_) => "an experimental batch is left out".to_owned(),
            Item::EndOfGeneration => "a generation's end is left out".to_owned(),
            Item::Bytes(bytes) => format!("{} bytes that are no batch are left out", bytes.len()),
        };
        (candidate, what)
    });
    other_arguments.chain(without).chain(other_types).chain(swapped).chain(items)
}

fn events(trace: &Trace) -> impl Iterator<Item = (usize, usize, Event)> + '_ {
    trace.items.iter().enumerate().flat_map(|(at, item)| {
        let events = match item {
            Item::Batch(b) => match &b.body {
                Body::Events(events) => events.as_slice(),
                _ => &[],
            },
            _ => &[],
        };
        events.iter().enumerate().map(move |(index, event)| (at, index, *event))
    })
}

fn events_of(trace: &mut Trace, at: usize) -> Option<&mut Vec<Event>> {
    match trace.items.get_mut(at) {
        Some(Item::Batch(b)) => match &mut b.body {
            Body::Events(events) => Some(events),
            _ => None,
        },
        _ => None,
    }
}

/// The ids that occur in a trace.
struct Values {
    ms: BTreeSet<u64>,
    ps: BTreeSet<u64>,
    gs: BTreeSet<u64>,
}

impl Values {
    fn of(trace: &Trace) -> Values {
        let mut all = Values { ms: trace.batches().map(|b| b.m).collect(), ps: BTreeSet::new(), gs: BTreeSet::new() };
        for (_, _, event) in events(trace) {
            for ((_, kind), value) in event.ty.spec().args.iter().zip(event.args) {
                match kind {
                    ArgKind::P => _ = all.ps.insert(value),
                    ArgKind::G | ArgKind::NewG => _ = all.gs.insert(value),
                    _ => {}
                }
            }
        }
        all
    }

    /// Other values of an event's arguments: which one, and what it may be.
    fn changes(&self, event: &Event) -> Vec<(usize, u64)> {
        let args = event.ty.spec().args.iter().zip(event.args).enumerate();
        let others = args.flat_map(|(n, (&(_, kind), value))| {
            let others: Vec<u64> = match kind {
                ArgKind::PSeq | ArgKind::GSeq | ArgKind::GcSeq => vec![value.wrapping_sub(1), value.wrapping_add(1)],
                ArgKind::PStatus | ArgKind::GStatus => (1..=4).collect(),
                ArgKind::M => self.ms.iter().copied().chain([NONE_ID]).collect(),
                ArgKind::P => self.ps.iter().copied().collect(),
                ArgKind::G => self.gs.iter().copied().collect(),
                ArgKind::NewG => vec![self.gs.last().map_or(1, |g| g.wrapping_add(1))],
                ArgKind::String | ArgKind::Stack | ArgKind::Task | ArgKind::Value => vec![0],
                ArgKind::Gen | ArgKind::Id => Vec::new(),
            };
            others.into_iter().filter(move |other| *other != value).map(move |other| (n, other))
        });
        others.collect()
    }
}

/// Event types with the same arguments, which an event can be turned into.
fn siblings(ty: EventType) -> Vec<EventType> {
    let same = |other: &EventType| {
        let (a, b) = (ty.spec(), other.spec());
        *other != ty
            && b.timed
            && a.timed
            && b.since <= a.since
            && a.args.iter().map(|x| x.1).eq(b.args.iter().map(|x| x.1))
    };
    EventType::ALL.iter().copied().filter(same).collect()
}

fn in_words(event: &Event) -> String {
    let args = event.ty.spec().args.iter().zip(event.args);
    let args = args.filter(|((_, kind), _)| !matches!(kind, ArgKind::Stack | ArgKind::String));
    format!("{}{}", event.ty, args.map(|((name, _), value)| format!(" {name}={}", told(value))).collect::<String>())
}

fn told(value: u64) -> String {
    if value == NONE_ID { "none".into() } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hunt::Setup;
    use crate::judge::matrix::{self, Sample};
    use std::time::Duration;

    /// Every illegal trace of the matrix that is one edit away from a legal one has a legal neighbour.
    #[test]
    fn illegal_traces_have_legal_neighbours() {
        let mut examiner = Examiner::new(&Setup::default()).unwrap();
        let (mut all, mut found) = (0, 0);
        for entry in matrix::entries() {
            let Sample::Trace(trace) = entry.reject else { continue };
            all += 1;
            let budget = Budget::new(10_000, Duration::from_secs(600));
            let neighbour = find(&mut examiner, Some(&trace), None, budget, |_| false);
            if neighbour.is_some_and(|n| n.verdict == "accepted") {
                found += 1;
            }
        }
        assert!(4 * found >= 3 * all, "{found} of {all}");
    }
}
