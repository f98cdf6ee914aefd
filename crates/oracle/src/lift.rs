//! From a trace back to a tape: the cases whose histories have the events of a given trace.
//!
//! Each generation is lifted by itself. *It lifts* means: there is a case (a tape) whose history, made again from the
//! replay string alone, has in its first generation exactly the generation's events, thread by thread: the same types, Ps,
//! statuses and sequence numbers, and the same threads and goroutines up to renaming. So the changes of state are the same,
//! and what comes before what. Not compared are times, the order of the tracer's own statuses, stacks, strings,
//! the sizes that metrics tell, and the numbers of user tasks. A tape is made by following the trace with the model (see
//! [`follow`]) and only counts after its history has been held against the trace.
//!
//! A generation that does not lift has a first event that the model cannot write: a gap of the
//! model, or of the world that it can begin with. [`Unlifted`] names it.
//!
//! For a hunt's seeds: [`lift`] gives the first generation of a trace that lifts, [`lift_generations`] all of them. The order of
//! events is the built-in reader's; the generator itself knows no reader.

use tracehound_generator::{Case, Flavour, Observed, Segment, follow, reproduces};
use tracehound_parser::{Error, Kind, Options, Reader};
use tracehound_wire::raw::{RawItem, RawReader, TextStyle};
use tracehound_wire::{EventType, NONE_ID, Version};

/// A generation, and what became of it.
#[derive(Clone, Debug)]
pub struct Generation {
    /// Its number in the trace.
    pub number: u64,
    /// How many events it has, samples not counted.
    pub events: usize,
    /// The case that has them, or why there is none.
    pub outcome: Result<Case, Unlifted>,
}

/// Why a generation does not lift.
#[derive(Clone, Debug)]
pub struct Unlifted {
    /// The kind of cause: the same words for alike causes.
    pub cause: &'static str,
    /// More about it.
    pub why: String,
    /// The first event that the model cannot write; none if it cannot end the generation.
    pub event: Option<Observed>,
    /// That event's place in the file.
    pub offset: Option<u64>,
}

impl std::fmt::Display for Unlifted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.event, self.offset) {
            (Some(e), Some(offset)) => {
                let args = &e.args[..e.ty.arg_count().min(4)];
                write!(f, "byte {offset}: {:?}{args:?} on thread {}: {}", e.ty, e.thread as i64, self.cause)
            }
            _ => write!(f, "its end: {}", self.cause),
        }
    }
}

/// The first generation of a trace that lifts, as a case.
pub fn lift(bytes: &[u8]) -> Option<Case> {
    lift_generations(bytes).ok()?.into_iter().find_map(|g| g.outcome.ok())
}

/// Lifts every generation of a trace.
///
/// # Errors
/// If the built-in reader refuses the trace: then there is no order to follow.
pub fn lift_generations(bytes: &[u8]) -> Result<Vec<Generation>, Error> {
    let read = read(bytes)?;
    let mut flavours = flavours(read.version);
    let mut out = Vec::new();
    for (n, generation) in read.generations.iter().enumerate() {
        let mut outcome = Err(Unlifted { cause: "", why: String::new(), event: None, offset: None });
        for i in 0..flavours.len() {
            let segment = Segment {
                flavour: flavours[i],
                starts_trace: n == 0 && starts_trace(&generation.events),
                events: &generation.events,
                ends_on: read.generations.get(n + 1).and_then(|g| beginner(&g.events)),
            };
            let lifted = lift_segment(&segment, &generation.offsets);
            if lifted.is_ok() {
                // Two releases can share a wire version; the one that fits goes first from now on.
                flavours.swap(0, i);
            }
            if lifted.is_ok() || i == 0 {
                outcome = lifted;
            }
            if outcome.is_ok() {
                break;
            }
        }
        out.push(Generation { number: generation.number, events: generation.events.len(), outcome });
    }
    Ok(out)
}

fn lift_segment(segment: &Segment<'_>, offsets: &[u64]) -> Result<Case, Unlifted> {
    let lifted = follow(segment).map_err(|gap| Unlifted {
        cause: gap.cause,
        why: gap.why,
        event: segment.events.get(gap.at).copied(),
        offset: offsets.get(gap.at).copied(),
    })?;
    match reproduces(segment, &lifted, &lifted.case.generate()) {
        Ok(()) => Ok(lifted.case),
        Err(why) => Err(Unlifted { cause: "the tape gives another history", why, event: None, offset: None }),
    }
}

/// The releases that write this version, the likeliest first.
fn flavours(version: Version) -> Vec<Flavour> {
    let mut all: Vec<Flavour> = Flavour::ALL.into_iter().filter(|f| f.wire() == version).collect();
    all.reverse();
    // What Go 1.26 and 1.27 write differs in nothing that is compared.
    all.truncate(if version == Version::Go126 { 1 } else { all.len() });
    all
}

/// The thread that begins a generation.
fn beginner(events: &[Observed]) -> Option<u64> {
    events.iter().find(|e| e.ty == EventType::ProcsChange).map(|e| e.thread)
}

/// Whether a generation begins with the start of a trace: with a stopped world.
fn starts_trace(events: &[Observed]) -> bool {
    let Some(at) = events.iter().position(|e| e.ty == EventType::ProcsChange) else { return false };
    let next = events[at + 1..].iter().find(|e| e.thread == events[at].thread);
    next.is_some_and(|e| e.ty == EventType::STWBegin)
}

struct Read {
    version: Version,
    generations: Vec<ReadGeneration>,
}

#[derive(Default)]
struct ReadGeneration {
    number: u64,
    events: Vec<Observed>,
    offsets: Vec<u64>,
}

/// Reads a trace into its generations' events, in the order in which the built-in reader delivers them.
fn read(bytes: &[u8]) -> Result<Read, Error> {
    let batches = batches(bytes);
    let mut reader = Reader::with_options(bytes, Options::default())?;
    let mut generations: Vec<ReadGeneration> = Vec::new();
    let mut current = None;
    reader.for_each(|e| {
        let (Some(ty), Some(offset), Some(number)) = (e.wire_type(), e.offset(), e.generation()) else { return };
        if e.is_synthetic() || e.kind() == Kind::StackSample || ty == EventType::CPUSample {
            return;
        }
        if current != Some(e.generation_index()) {
            current = Some(e.generation_index());
            generations.push(ReadGeneration { number, ..ReadGeneration::default() });
        }
        let at = batches.partition_point(|&(start, _)| start <= offset);
        let thread = at.checked_sub(1).map_or(NONE_ID, |i| batches[i].1);
        let mut args = [0; 4];
        for (to, &from) in args.iter_mut().zip(e.args()) {
            *to = from;
        }
        if let Some(g) = generations.last_mut() {
            g.events.push(Observed { thread, ty, args });
            g.offsets.push(offset);
        }
    })?;
    Ok(Read { version: reader.version(), generations })
}

/// Where each batch begins, and whose it is.
fn batches(bytes: &[u8]) -> Vec<(u64, u64)> {
    let mut out = Vec::new();
    let Ok(reader) = RawReader::new(bytes, TextStyle::Lossless) else { return out };
    for item in reader.flatten() {
        if let RawItem::Event(e) = item
            && e.ty == EventType::EventBatch
        {
            out.push((e.offset as u64, e.args()[1]));
        }
    }
    out
}
