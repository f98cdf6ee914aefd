//! The event that last changed each P and goroutine.

use super::{Before, Since, Stands};
use rustc_hash::FxHashMap;
use tracehound_parser::details::{Change, Details, Resource};
use tracehound_parser::{Error, GoId, Options, ProcId, Reader};
use tracehound_wire::limits::MAX_EVENT_ARGS;
use tracehound_wire::raw::{RawItem, RawReader, TextStyle};
use tracehound_wire::{ArgKind, EventType};

/// What a P or goroutine became last, and by which event; and what each M had last.
#[derive(Debug, Default)]
pub(super) struct History {
    last: FxHashMap<Resource, Last>,
    /// By M: the P and goroutine in the context of its last event.
    context: FxHashMap<i64, (ProcId, GoId)>,
    /// By M: the offset of its last event, if that is kept.
    latest: Option<FxHashMap<i64, u64>>,
}

/// The last change of a P or goroutine. There are millions of changes in a large trace, so that
/// nothing is put into words before somebody asks.
#[derive(Clone, Copy, Debug)]
struct Last {
    change: Change,
    m: i64,
    ty: EventType,
    args: [u64; MAX_EVENT_ARGS],
    offset: u64,
}

impl Last {
    fn in_words(&self) -> Since {
        let (what, state) = match self.change {
            Change::Proc { id, new, .. } => (format!("P{id}"), new.to_string()),
            Change::Goroutine { id, new, .. } => (format!("G{id}"), new.to_string()),
        };
        let state = match state.as_str() {
            "NotExist" => "gone".to_owned(),
            "Syscall" => "in a syscall".to_owned(),
            other => other.to_lowercase(),
        };
        let args = self.args[..self.ty.arg_count()].to_vec();
        let by = Stands { m: self.m, ty: self.ty, args, offset: self.offset };
        Since { what, state, by }
    }
}

impl History {
    /// Reads a trace up to its end or its error.
    pub fn read(trace: &[u8], options: Options) -> History {
        let mut history = History::default();
        if let Ok(mut reader) = Reader::with_options(trace, options) {
            // The error is known; this is about what came before it.
            let _ = reader.for_each(|event| history.event(event));
        }
        history
    }

    fn event(&mut self, event: &tracehound_parser::Event<'_>) {
        let m = event.thread().0;
        self.context.insert(m, (event.proc(), event.goroutine()));
        if let (Some(latest), Some(offset)) = (&mut self.latest, event.offset()) {
            latest.insert(m, offset);
        }
        let Details::StateTransition(transition) = event.details() else { return };
        let resource = match transition.change {
            Change::Proc { id, .. } => Resource::Proc(id),
            Change::Goroutine { id, .. } => Resource::Goroutine(id),
        };
        let (Some(ty), Some(offset)) = (event.wire_type(), event.offset()) else { return };
        let mut args = [0; MAX_EVENT_ARGS];
        args[..event.args().len()].copy_from_slice(event.args());
        self.last.insert(resource, Last { change: transition.change, m, ty, args, offset });
    }

    /// What a P or goroutine is, and since when.
    pub fn since(&self, resource: Resource) -> Option<Since> {
        self.last.get(&resource).map(Last::in_words)
    }

    /// What the event at the error's place names, and what its M had.
    pub fn about(&self, trace: &[u8], error: &Error) -> Vec<Since> {
        let place = error.place();
        let event = place.offset.zip(place.event_type).and_then(|(at, ty)| Some((ty, args_at(trace, at, ty)?)));
        let (ty, args) = event.unwrap_or((EventType::ProcStop, Vec::new()));
        self.of_event(ty, &args, place.thread)
    }

    /// What an event names, and what its M had.
    fn of_event(&self, ty: EventType, args: &[u64], m: Option<i64>) -> Vec<Since> {
        let named = ty.spec().args.iter().zip(args).filter_map(|(&(_, kind), &arg)| match kind {
            ArgKind::G | ArgKind::NewG => Some(Resource::Goroutine(GoId(arg as i64))),
            ArgKind::P => Some(Resource::Proc(ProcId(arg as i64))),
            _ => None,
        });
        let context = m.and_then(|m| self.context.get(&m));
        let had = context.into_iter().flat_map(|(p, g)| [Resource::Proc(*p), Resource::Goroutine(*g)]);
        let mut known: Vec<Since> = Vec::new();
        for since in named.chain(had).filter_map(|r| self.since(r)) {
            if !known.contains(&since) {
                known.push(since);
            }
        }
        known
    }

    /// The event that comes n-th, counted from 0 without Syncs, the one in the file that it comes from, if that says more,
    /// and what came before it.
    pub fn at(trace: &[u8], options: Options, n: usize) -> Option<(Stands, Option<Stands>, Before)> {
        let mut history = History { latest: Some(FxHashMap::default()), ..History::default() };
        let mut reader = Reader::with_options(trace, options).ok()?;
        let mut before = 0;
        while let Some(Ok(event)) = reader.next_event() {
            let Some(ty) = event.wire_type() else { continue };
            if before == n {
                let (m, args) = (event.thread().0, event.args().to_vec());
                let offset = event.offset()?;
                let event = Stands { m, ty, args, offset };
                let before = history.before(trace, &event);
                let within = at_offset(trace, offset).filter(|(written, _)| *written != ty);
                let within = within.map(|(ty, args)| Stands { m, ty, args, offset });
                return Some((event, within, before));
            }
            before += 1;
            history.event(&event);
        }
        None
    }

    /// What the built-in reader delivers of a trace that it refuses, and what came before an event that it does not get past.
    pub fn before_refusal(trace: &[u8], options: Options, event: &Stands) -> Before {
        let mut history = History { latest: Some(FxHashMap::default()), ..History::default() };
        if let Ok(mut reader) = Reader::with_options(trace, options) {
            let _ = reader.for_each(|event| history.event(event));
        }
        history.before(trace, event)
    }

    /// What came before an event. Changes are told with the event in the file that they come from.
    fn before(&self, trace: &[u8], event: &Stands) -> Before {
        let mut since = self.of_event(event.ty, &event.args, Some(event.m));
        since.iter_mut().for_each(|since| since.by.be_as_written(trace));
        let args = event.ty.spec().args.iter().zip(&event.args);
        let named = args.filter(|((_, kind), _)| *kind == ArgKind::M).map(|(_, &m)| m as i64);
        let mut latest: Vec<Stands> = Vec::new();
        for m in [event.m].into_iter().chain(named) {
            let Some(&offset) = self.latest.as_ref().and_then(|latest| latest.get(&m)) else { continue };
            let told = since.iter().map(|since| &since.by).chain(&latest).any(|e| e.offset == offset);
            if let Some((ty, args)) = at_offset(trace, offset).filter(|_| !told) {
                latest.push(Stands { m, ty, args, offset });
            }
        }
        Before { since, latest }
    }
}

impl Stands {
    /// Becomes the event that stands in the file where this one comes from.
    fn be_as_written(&mut self, trace: &[u8]) {
        if let Some((ty, args)) = at_offset(trace, self.offset) {
            (self.ty, self.args) = (ty, args);
        }
    }
}

/// The arguments of the event of this type at `offset`.
pub(super) fn args_at(trace: &[u8], offset: u64, ty: EventType) -> Option<Vec<u64>> {
    at_offset(trace, offset).filter(|(written, _)| *written == ty).map(|(_, args)| args)
}

/// The timed event at `offset`, and its arguments without the time.
fn at_offset(trace: &[u8], offset: u64) -> Option<(EventType, Vec<u64>)> {
    let reader = RawReader::new(trace, TextStyle::Lossless).ok()?;
    reader.map_while(Result::ok).find_map(|item| match item {
        RawItem::Event(e) if e.offset as u64 == offset && e.ty.spec().timed => Some((e.ty, e.args()[1..].to_vec())),
        _ => None,
    })
}
