//! context: for every accepted trace, every event's M, P and G and every old state follow from
//! the transitions before it.
//!
//! The law needs no second reader: it replays the public transitions and asks whether the
//! reader contradicts itself. The rules are those by which `internal/trace` binds Ps and Gs
//! to threads (order.go, Go 1.27.3), told in public terms.

use super::Outcome;
use crate::canonical::{CanonEvent, Details, Resource, State};
use rustc_hash::FxHashMap;

/// No thread, proc or goroutine.
const NONE: i64 = -1;

/// context, for the events of an accepted trace.
pub fn context(events: &[CanonEvent]) -> Outcome {
    let mut world = World::default();
    for (i, e) in events.iter().enumerate() {
        if matches!(e.details, Details::Sync { .. } | Details::StackSample) {
            continue;
        }
        if let Err(what) = world.step(e) {
            return match what {
                Trouble::Contradiction(words) => Outcome::Broken(format!("event {i} contradicts {words}:\n{e}")),
                Trouble::Ambiguous => Outcome::not_applicable("two threads are told to hold one P"),
            };
        }
    }
    Outcome::Holds
}

enum Trouble {
    Contradiction(String),
    Ambiguous,
}

#[derive(Default)]
struct World {
    p_of: FxHashMap<i64, i64>,
    g_of: FxHashMap<i64, i64>,
    states: FxHashMap<Resource, State>,
}

impl World {
    fn step(&mut self, e: &CanonEvent) -> Result<(), Trouble> {
        let Details::StateTransition { resource, old, new, .. } = &e.details else {
            return self.same_context(e, true);
        };
        let (resource, old, new) = (*resource, *old, *new);
        let is_status = match resource {
            Resource::Goroutine(_) => old == State::Undetermined || old == new,
            _ => matches!(old, State::Undetermined | State::NotExist) || (old == new && new == State::Running),
        };
        self.known_state(resource, old, is_status)?;
        // A status event may tell of another thread than the one that wrote it. The end of a
        // cgo callback shows the P that the steal before it has taken away.
        let ends_callback =
            matches!(resource, Resource::Goroutine(_)) && old == State::Syscall && new == State::NotExist;
        if !is_status {
            self.same_context(e, !ends_callback)?;
        }
        match resource {
            Resource::Goroutine(g) => self.goroutine(e.m, g, new, is_status),
            Resource::Proc(p) => self.proc(e, p, old, new)?,
            _ => {}
        }
        if new == State::NotExist {
            self.states.remove(&resource);
        } else {
            self.states.insert(resource, new);
        }
        Ok(())
    }

    fn known_state(&self, resource: Resource, old: State, is_status: bool) -> Result<(), Trouble> {
        let fits = match self.states.get(&resource) {
            Some(&known) => known == old,
            // The first thing that is told of a resource is its status or its creation.
            None => matches!(old, State::Undetermined | State::NotExist),
        };
        if fits {
            return Ok(());
        }
        let known = self.states.get(&resource);
        let what = if is_status { "status" } else { "change" };
        Err(Trouble::Contradiction(match known {
            Some(known) => format!("the events before it, by which {resource} is {known} before this {what}"),
            None => format!("the events before it, which have not mentioned {resource}"),
        }))
    }

    fn same_context(&self, e: &CanonEvent, look_at_p: bool) -> Result<(), Trouble> {
        if e.m == NONE {
            return Ok(());
        }
        let bound = |map: &FxHashMap<i64, i64>| map.get(&e.m).copied().unwrap_or(NONE);
        let (p, g) = (bound(&self.p_of), bound(&self.g_of));
        if look_at_p && p != e.p {
            return Err(Trouble::Contradiction(format!("the events before it, by which M{} holds P{p}", e.m)));
        }
        if g != e.g {
            return Err(Trouble::Contradiction(format!("the events before it, by which M{} has G{g}", e.m)));
        }
        Ok(())
    }

    fn goroutine(&mut self, m: i64, g: i64, new: State, is_status: bool) {
        if m == NONE {
            return;
        }
        match new {
            State::Running | State::Syscall => {
                self.g_of.insert(m, g);
            }
            // A status does not take a goroutine away, nor does waking another one.
            _ if !is_status && self.g_of.get(&m) == Some(&g) => {
                self.g_of.insert(m, NONE);
            }
            _ => {}
        }
    }

    fn proc(&mut self, e: &CanonEvent, p: i64, old: State, new: State) -> Result<(), Trouble> {
        match (old, new) {
            (_, State::Running) if e.m != NONE => {
                self.p_of.insert(e.m, p);
            }
            (State::Running, State::Idle) => {
                let holders: Vec<i64> = self.p_of.iter().filter(|(_, held)| **held == p).map(|(m, _)| *m).collect();
                match holders[..] {
                    [] => {}
                    [m] => {
                        self.p_of.insert(m, NONE);
                    }
                    _ => return Err(Trouble::Ambiguous),
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(m: i64, p: i64, g: i64, resource: Resource, old: State, new: State) -> CanonEvent {
        let details = Details::StateTransition { resource, old, new, reason: Default::default(), stack: None };
        CanonEvent { time: 0, m, p, g, stack: None, details }
    }

    /// A thread takes a P, starts a goroutine, enters a syscall and steals its own P.
    fn story() -> Vec<CanonEvent> {
        use State::*;
        let (p, g) = (Resource::Proc(0), Resource::Goroutine(1));
        vec![
            change(7, -1, -1, p, Undetermined, Running),
            change(7, 0, -1, g, Undetermined, Running),
            change(7, 0, 1, g, Running, Syscall),
            change(7, 0, 1, p, Running, Idle),
            change(7, -1, 1, p, Idle, Running),
            change(7, 0, 1, g, Syscall, Runnable),
            change(7, 0, -1, g, Runnable, Running),
        ]
    }

    #[test]
    fn a_sound_story_holds() {
        assert_eq!(context(&story()), Outcome::Holds);
    }

    #[test]
    fn every_wrong_context_and_old_state_is_seen() {
        // Status events tell of their thread as it was before anything was known.
        for i in 2..story().len() {
            for (what, edit) in [
                ("p", (|e: &mut CanonEvent| e.p += 1) as fn(&mut CanonEvent)),
                ("g", |e| e.g += 1),
                ("old", |e| {
                    if let Details::StateTransition { old, .. } = &mut e.details {
                        *old = State::Waiting;
                    }
                }),
            ] {
                let mut events = story();
                edit(&mut events[i]);
                assert!(context(&events).is_broken(), "{what} of event {i}");
            }
        }
    }
}
