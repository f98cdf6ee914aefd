//! The event that last changed each P and goroutine.

use super::{Since, Stands};
use rustc_hash::FxHashMap;
use tracehound_parser::details::{Change, Details, Resource};
use tracehound_parser::{Error, GoId, Options, ProcId, Reader};
use tracehound_wire::raw::{RawItem, RawReader, TextStyle};
use tracehound_wire::{ArgKind, EventType};

/// What a P or goroutine became last, and by which event; and what each M had last.
#[derive(Debug, Default)]
pub(super) struct History {
    last: FxHashMap<Resource, Since>,
    /// By M: the P and goroutine in the context of its last event.
    context: FxHashMap<i64, (ProcId, GoId)>,
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
        let Details::StateTransition(transition) = event.details() else { return };
        let (what, resource, state) = match transition.change {
            Change::Proc { id, new, .. } => (format!("P{id}"), Resource::Proc(id), new.to_string()),
            Change::Goroutine { id, new, .. } => (format!("G{id}"), Resource::Goroutine(id), new.to_string()),
        };
        let (Some(ty), Some(offset)) = (event.wire_type(), event.offset()) else { return };
        let by = Stands { m, ty, args: event.args().to_vec(), offset };
        self.last.insert(resource, Since { what, state: state.to_lowercase(), by });
    }

    /// What a P or goroutine is, and since when.
    pub fn since(&self, resource: Resource) -> Option<Since> {
        self.last.get(&resource).cloned()
    }

    /// What the event at the error's place names, and what its M had.
    pub fn about(&self, trace: &[u8], error: &Error) -> Vec<Since> {
        let place = error.place();
        let mut resources = Vec::new();
        if let (Some(offset), Some(ty)) = (place.offset, place.event_type)
            && let Some(args) = args_at(trace, offset, ty)
        {
            for (&(_, kind), &arg) in ty.spec().args.iter().zip(&args) {
                match kind {
                    ArgKind::G | ArgKind::NewG => resources.push(Resource::Goroutine(GoId(arg as i64))),
                    ArgKind::P => resources.push(Resource::Proc(ProcId(arg as i64))),
                    _ => {}
                }
            }
        }
        if let Some((p, g)) = place.thread.and_then(|m| self.context.get(&m)) {
            resources.extend([Resource::Proc(*p), Resource::Goroutine(*g)]);
        }
        let mut known: Vec<Since> = Vec::new();
        for since in resources.into_iter().filter_map(|r| self.since(r)) {
            if !known.contains(&since) {
                known.push(since);
            }
        }
        known
    }
}

/// The arguments of the event of this type at `offset`.
fn args_at(trace: &[u8], offset: u64, ty: EventType) -> Option<Vec<u64>> {
    let reader = RawReader::new(trace, TextStyle::Lossless).ok()?;
    reader.map_while(Result::ok).find_map(|item| match item {
        RawItem::Event(e) if e.offset as u64 == offset && e.ty == ty => Some(e.args()[1..].to_vec()),
        _ => None,
    })
}
