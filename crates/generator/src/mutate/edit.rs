//! The few ways in which operators change a trace.

use super::facts::{At, Fact, Facts};
use super::{Edit, Edited, Label};
use tracehound_wire::{Body, Event, EventType, Item, Trace};

impl Edit {
    /// The same edit with a label of its own.
    pub(super) fn labelled(self, label: Label) -> Edit {
        Edit { label: Some(label), ..self }
    }

    /// An edited trace, and the sentence that says how.
    pub(super) fn of(trace: Trace, what: String) -> Edit {
        Edit { edited: Edited::Trace(trace), what, label: None }
    }
}

impl Facts<'_> {
    /// The trace, changed.
    pub(super) fn changed(&self, what: String, change: impl FnOnce(&mut Trace)) -> Edit {
        let mut trace = self.trace.clone();
        change(&mut trace);
        Edit::of(trace, what)
    }

    /// Puts another event in an event's place.
    pub(super) fn replace(&self, fact: &Fact, event: Event) -> Edit {
        let what = format!("{} becomes {} ({})", say(&fact.event), say(&event), fact.at);
        self.changed(what, |t| events(t, fact.at)[fact.at.index] = event)
    }

    /// Replaces one argument of an event.
    pub(super) fn with_arg(&self, fact: &Fact, arg: usize, value: u64) -> Edit {
        let mut event = fact.event;
        event.args[arg] = value;
        self.replace(fact, event)
    }

    /// Takes an event out; the one after it keeps its time.
    pub(super) fn remove(&self, fact: &Fact) -> Edit {
        let what = format!("{} is left out ({})", say(&fact.event), fact.at);
        self.changed(what, |t| {
            let events = events(t, fact.at);
            let dt = events.remove(fact.at.index).dt;
            if let Some(next) = events.get_mut(fact.at.index) {
                next.dt = next.dt.wrapping_add(dt);
            }
        })
    }

    /// Puts an event right after another, at its time; the others keep theirs.
    pub(super) fn insert_after(&self, fact: &Fact, ty: EventType, args: &[u64]) -> Edit {
        let event = Event::new(ty, 0, args);
        let what = format!("{} is put after {} ({})", say(&event), say(&fact.event), fact.at);
        self.changed(what, |t| events(t, fact.at).insert(fact.at.index + 1, event))
    }

    /// Puts an event right before another, at its time; the others keep theirs.
    pub(super) fn insert_before(&self, fact: &Fact, ty: EventType, args: &[u64]) -> Edit {
        let event = Event::new(ty, fact.event.dt, args);
        let what = format!("{} is put before {} ({})", say(&event), say(&fact.event), fact.at);
        self.changed(what, |t| {
            let events = events(t, fact.at);
            events[fact.at.index].dt = 0;
            events.insert(fact.at.index, event);
        })
    }

    /// Exchanges two events, each keeping its time.
    pub(super) fn exchange(&self, a: &Fact, b: &Fact) -> Edit {
        let what = format!("{} ({}) and {} ({}) change places", say(&a.event), a.at, say(&b.event), b.at);
        self.changed(what, |t| {
            events(t, a.at)[a.at.index] = Event { dt: a.event.dt, ..b.event };
            events(t, b.at)[b.at.index] = Event { dt: b.event.dt, ..a.event };
        })
    }
}

/// The events of the batch that an event stands in. Facts only point into event batches.
pub(super) fn events(trace: &mut Trace, at: At) -> &mut Vec<Event> {
    match &mut trace.items[at.item] {
        Item::Batch(batch) => match &mut batch.body {
            Body::Events(events) => events,
            _ => unreachable!("facts point at events"),
        },
        _ => unreachable!("facts point at batches"),
    }
}

/// An event as it reads in a sentence.
pub(super) fn say(event: &Event) -> String {
    let args: Vec<String> = event.args().iter().map(|&a| (a as i64).to_string()).collect();
    format!("{}({})", event.ty, args.join(","))
}
