//! The events that still stand in the streams of a trace that is stuck, and which of them would
//! bring what another one waits for.

use super::Stands;
use rustc_hash::FxHashMap;
use tracehound_parser::{Condition, Explain, Found, Wait};
use tracehound_wire::raw::{RawItem, RawReader, TextStyle};
use tracehound_wire::{ArgKind, EventType};

/// What an event carries the sequence number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Numbered {
    Go(i64),
    Proc(i64),
    Gc,
}

/// The undelivered events of the generation that is stuck, by what they number or create, as far as
/// somebody waits for that.
#[derive(Debug, Default)]
pub(super) struct Streams {
    numbered: FxHashMap<Numbered, Vec<(u64, Stands)>>,
    /// The P that each M would hold at the place that has been read so far.
    holds: FxHashMap<i64, i64>,
}

impl Streams {
    /// Reads the events from each M's waiting one on.
    pub fn rest(trace: &[u8], explain: &Explain) -> Streams {
        let mut streams = Streams::default();
        let from: FxHashMap<i64, u64> = explain.waits.iter().map(|w| (w.thread.0, w.offset)).collect();
        streams.numbered = explain.waits.iter().map(|w| (awaited(&w.condition).0, Vec::new())).collect();
        streams.holds = explain.waits.iter().map(|w| (w.thread.0, w.proc.0)).collect();
        let Ok(reader) = RawReader::new(trace, TextStyle::Lossless) else { return streams };
        // The M of the batch that is being read, if it is one of the generation's.
        let mut m = None;
        for item in reader.map_while(Result::ok) {
            let RawItem::Event(e) = item else { continue };
            if let (EventType::EventBatch, &[generation, thread, ..]) = (e.ty, e.args()) {
                m = (generation == explain.generation).then_some(thread as i64);
            } else if let Some(m) = m
                && e.ty.spec().timed
                && from.get(&m).is_some_and(|&from| e.offset as u64 >= from)
            {
                streams.put(m, e.ty, &e.args()[1..], e.offset as u64);
            }
        }
        streams
    }

    fn put(&mut self, m: i64, ty: EventType, args: &[u64], offset: u64) {
        let spec = ty.spec();
        let arg = |kind: ArgKind| spec.args.iter().position(|a| a.1 == kind).map(|i| args[i]);
        let of = match (arg(ArgKind::P), arg(ArgKind::G), arg(ArgKind::NewG)) {
            (Some(p), ..) => arg(ArgKind::PSeq).map(|n| (Numbered::Proc(p as i64), n)),
            // A syscall's begin numbers the P that its M holds.
            _ if ty == EventType::GoSyscallBegin => {
                let p = self.holds.get(&m).copied();
                p.zip(arg(ArgKind::PSeq)).map(|(p, n)| (Numbered::Proc(p), n))
            }
            (_, Some(g), _) => Some((Numbered::Go(g as i64), arg(ArgKind::GSeq).unwrap_or(0))),
            // A creation counts as number 0.
            (.., Some(g)) => Some((Numbered::Go(g as i64), 0)),
            _ => arg(ArgKind::GcSeq).map(|n| (Numbered::Gc, n)),
        };
        match ty {
            EventType::ProcStart => _ = self.holds.insert(m, args[0] as i64),
            EventType::ProcStop => _ = self.holds.remove(&m),
            _ => {}
        }
        if let Some((of, n)) = of
            && let Some(events) = self.numbered.get_mut(&of)
        {
            events.push((n, Stands { m, ty, args: args.to_vec(), offset }));
        }
    }

    /// The event behind a waiting one that has to come before what `wait` waits for can be.
    pub fn supplier(&self, wait: &Wait) -> Option<Stands> {
        let last = match wait.found {
            Found::State { seq, .. } => Some(seq),
            Found::Unknown => None,
        };
        let (of, number) = awaited(&wait.condition);
        let others = self.numbered.get(&of)?.iter().filter(|(_, e)| e.offset != wait.offset);
        let fits = |n: u64| last.is_none_or(|last| n > last) && number.is_none_or(|number| n < number);
        others.filter(|(n, _)| fits(*n)).min_by_key(|(n, _)| *n).map(|(_, e)| e.clone())
    }
}

/// Whose change is waited for, and the number that it has to come before.
fn awaited(condition: &Condition) -> (Numbered, Option<u64>) {
    match *condition {
        Condition::Goroutine { id, seq, .. } => (Numbered::Go(id.0), Some(seq)),
        Condition::Proc { id, seq, .. } => (Numbered::Proc(id.0), Some(seq)),
        Condition::Gc { seq } => (Numbered::Gc, Some(seq)),
        Condition::ProcTaken { id } | Condition::NoProc { holds: id } => (Numbered::Proc(id.0), None),
    }
}
