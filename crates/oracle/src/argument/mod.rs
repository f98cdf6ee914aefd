//! Why a trace is refused, as an argument that a person can check: who was where, since which
//! event, who could have changed it, and why nobody can.
//!
//! The parser's error says which rule broke, and for a trace that is stuck what each thread
//! waits for. What it does not keep, as it would cost every sound trace, is looked up here
//! afterwards in the file: the event that last changed a P or goroutine, and the events that
//! still stand in the streams behind the waiting ones.

mod history;
mod supply;
#[cfg(test)]
mod tests;

use history::History;
use std::fmt;
use supply::Streams;
use tracehound_parser::details::Resource;
use tracehound_parser::{Condition, Error, Options, Reader, Wait};
use tracehound_wire::{ArgKind, EventType, RejectRule};

/// An event by its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stands {
    /// The M whose stream it is in.
    pub m: i64,
    /// Its type.
    pub ty: EventType,
    /// Its arguments, the time delta left out.
    pub args: Vec<u64>,
    /// Its offset in the file, bytes.
    pub offset: u64,
}

impl fmt::Display for Stands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "M {}'s {}", self.m, self.ty)?;
        for (&(name, kind), &arg) in self.ty.spec().args.iter().zip(&self.args) {
            match kind {
                // All ones is none.
                ArgKind::M | ArgKind::P | ArgKind::G => write!(f, " {name}={}", arg as i64)?,
                _ => write!(f, " {name}={arg}")?,
            }
        }
        write!(f, " at byte {}", self.offset)
    }
}

/// The last event that changed a P or goroutine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// What it changed, such as `G18`.
    pub what: String,
    /// What that has been since, such as `waiting`.
    pub state: String,
    /// By which event.
    pub by: Stands,
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {} since {}", self.what, self.state, self.by)
    }
}

/// What came before an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// Since when what it is about is what it is.
    pub since: Vec<Since>,
    /// The last events of the Ms that it is about, where these are others.
    pub latest: Vec<Stands>,
}

impl fmt::Display for Before {
    /// As the rest of a sentence, with a colon; nothing if nothing is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.since.iter().map(Since::to_string);
        let latest = self.latest.iter().map(|e| format!("the last before it on its M was {e}"));
        let words: Vec<String> = since.chain(latest).collect();
        if words.is_empty() { Ok(()) } else { write!(f, ": {}", words.join("; ")) }
    }
}

/// One step of the argument: an event that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The waiting event.
    pub event: Stands,
    /// What it waits for, and what is the case instead, in words.
    pub needs: String,
    /// The event that made it so.
    pub since: Option<Since>,
    /// The event that would bring what is needed, behind another event that waits.
    pub supplier: Option<Stands>,
}

/// Where the argument ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// No M has an event that would bring what the last step needs.
    Missing,
    /// The supplier stands behind the event of this step, counted from 0.
    Cycle(usize),
}

/// Why a trace is refused.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Argument {
    /// What the P, the goroutine and what the event names were, for a rule that an event breaks.
    pub since: Vec<Since>,
    /// For a trace that is stuck: who waits for whom.
    pub steps: Vec<Step>,
    /// Where the steps end; `None` without any.
    pub end: Option<End>,
}

impl Argument {
    /// The argument for `error`, which reading `trace` with `options` gave. Reads the trace
    /// again.
    pub fn of(trace: &[u8], options: Options, error: &Error) -> Argument {
        let history = History::read(trace, options);
        match error.explain() {
            Some(explain) => {
                let streams = Streams::rest(trace, explain);
                chain(&explain.waits, &history, &streams)
            }
            None => Argument { since: history.about(trace, error), ..Argument::default() },
        }
    }
}

/// What the built-in reader refuses a trace for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The rule.
    pub rule: RejectRule,
    /// The event that breaks it, if one does.
    pub event: Option<Stands>,
    /// Its offset in the file, bytes, if it has one.
    pub offset: Option<u64>,
    /// What came before that event.
    pub before: Before,
    /// Why.
    pub argument: Argument,
}

/// Why the built-in reader refuses a trace; `None` if it accepts it, or not by a rule.
pub fn refused(trace: &[u8], options: Options) -> Option<Refused> {
    let error = Reader::with_options(trace, options).and_then(|mut r| r.for_each(|_| ())).err()?;
    let place = error.place();
    let event = place
        .offset
        .zip(place.event_type)
        .zip(place.thread)
        .and_then(|((offset, ty), m)| Some(Stands { m, ty, args: history::args_at(trace, offset, ty)?, offset }));
    let argument = Argument::of(trace, options, &error);
    let before = event.as_ref().map_or_else(Before::default, |e| History::before_refusal(trace, options, e));
    Some(Refused { rule: error.rule()?, event, offset: place.offset, before, argument })
}

/// The event that comes n-th, counted from 0 without Syncs, in the order that the built-in reader finds, in words, and
/// what came before it. `None` if there are not so many.
pub fn event_at(trace: &[u8], options: Options, n: usize) -> Option<(String, Before)> {
    let (event, within, before) = History::at(trace, options, n)?;
    let event = match within {
        Some(whole) => format!("the {} in {whole}", event.ty),
        None => event.to_string(),
    };
    Some((event, before))
}

/// Follows from the first wait to the one whose stream has what it needs, and so on.
fn chain(waits: &[Wait], history: &History, streams: &Streams) -> Argument {
    let mut argument = Argument::default();
    let mut seen: Vec<usize> = Vec::new();
    // A wait that nobody can satisfy says most; without one, all go round in circles.
    let orphan = waits.iter().position(|w| streams.supplier(w).is_none());
    let mut next = if waits.is_empty() { None } else { Some(0) };
    while let Some(at) = next {
        if let Some(step) = seen.iter().position(|&s| s == at) {
            argument.end = Some(End::Cycle(step));
            return argument;
        }
        seen.push(at);
        let wait = &waits[at];
        let supplier = streams.supplier(wait);
        next = supplier.as_ref().and_then(|s| waits.iter().position(|w| w.thread.0 == s.m));
        argument.steps.push(Step {
            event: Stands {
                m: wait.thread.0,
                ty: wait.event,
                args: wait.args[..wait.event.arg_count()].to_vec(),
                offset: wait.offset,
            },
            needs: format!("{}; {}", wait.condition, wait.found),
            since: resource(&wait.condition).and_then(|r| history.since(r)),
            supplier,
        });
        // The chain may lead into a cycle that only follows from what somebody else lacks.
        if next.is_some_and(|n| seen.contains(&n))
            && let Some(orphan) = orphan.filter(|o| !seen.contains(o))
        {
            argument = Argument::default();
            seen.clear();
            next = Some(orphan);
        }
    }
    argument.end = (!argument.steps.is_empty()).then_some(End::Missing);
    argument
}

/// What a condition is about.
fn resource(condition: &Condition) -> Option<Resource> {
    match *condition {
        Condition::Goroutine { id, .. } => Some(Resource::Goroutine(id)),
        Condition::Proc { id, .. } | Condition::ProcTaken { id } | Condition::NoProc { holds: id } => {
            Some(Resource::Proc(id))
        }
        Condition::Gc { .. } => None,
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for since in &self.since {
            writeln!(f, "{since}")?;
        }
        for step in &self.steps {
            writeln!(f, "{} waits for {}", step.event, step.needs)?;
            if let Some(since) = &step.since {
                writeln!(f, "  {since}")?;
            }
            if let Some(supplier) = &step.supplier {
                writeln!(f, "  {supplier} would bring it, but M {} waits itself:", supplier.m)?;
            }
        }
        match self.end {
            Some(End::Missing) => {
                writeln!(f, "  no M has an event that would bring it: one is missing, or this one is wrong")
            }
            Some(End::Cycle(0)) => writeln!(f, "and so all wait for each other in a circle"),
            Some(End::Cycle(step)) => {
                writeln!(
                    f,
                    "and so it comes back to M {}: these wait for each other in a circle",
                    self.steps[step].event.m
                )
            }
            None => Ok(()),
        }
    }
}
