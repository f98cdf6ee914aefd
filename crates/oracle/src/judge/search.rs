//! The search through all orders that keep each stream, with memory of visited states.

use super::container::End;
use super::independence::{footprint, keeps_off};
use super::plan::{Plan, PlannedGeneration, PlannedStream};
use super::state::{Interner, Layout, State};
use super::step::{Attempt, Step};
use super::{Depth, Options, Place, Refusal};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::collections::BTreeMap;
use std::hash::Hasher;
use tracehound_wire::{EventType, RejectRule};

type Words = Box<[u64]>;

/// What a search found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Complete orders seen; of equivalent ones only some if the search was a reduced one.
    pub orders: u128,
    /// Whether every state was looked at.
    pub exhausted: bool,
    /// States looked at.
    pub states: usize,
    /// The first complete order.
    pub order: Option<Vec<Place>>,
    /// Each rule that some order runs into, at the furthest point where one does.
    pub refusals: BTreeMap<RejectRule, Refusal>,
    /// The different histories of the resources, one row an outcome.
    pub histories: FxHashSet<Words>,
}

/// A search through one plan.
pub(super) struct Search<'p> {
    plan: &'p Plan,
    options: Options,
    layout: Layout,
    history: bool,
    interner: Interner,
    seen: FxHashMap<Words, usize>,
    orders_from: Vec<u128>,
    found: Found,
}

/// A state on the path that is being followed.
struct Frame {
    node: usize,
    children: Vec<Child>,
    next: usize,
    orders: u128,
}

/// One event that can happen in a state, and the state after it.
struct Child {
    place: Place,
    words: Words,
}

/// What a stream's next event does in a state.
enum Head {
    Finished,
    Waits,
    Refused(RejectRule),
    Happens(Words),
}

impl<'p> Search<'p> {
    /// A search that keeps the histories of resources apart if `history` is set.
    pub(super) fn new(plan: &'p Plan, options: Options, history: bool) -> Search<'p> {
        Search {
            plan,
            options,
            layout: Layout::new(plan, history),
            history,
            interner: Interner::new(),
            seen: FxHashMap::default(),
            orders_from: Vec::new(),
            found: Found::default(),
        }
    }

    /// Searches to the end, to the first legal order, or to the limit of states.
    pub(super) fn run(mut self) -> Found {
        let mut root: Words = vec![0; self.layout.len()].into();
        self.skip_finished(&mut root);
        let mut path: Vec<Frame> = Vec::new();
        self.enter(root, &mut path);
        self.found.exhausted = true;
        while let Some(frame) = path.last_mut() {
            let Some(child) = frame.children.get_mut(frame.next) else {
                let Frame { node, orders, .. } = *frame;
                self.orders_from[node] = orders;
                path.pop();
                match path.last_mut() {
                    Some(parent) => parent.orders = parent.orders.saturating_add(orders),
                    None => self.found.orders = orders,
                }
                continue;
            };
            let words = std::mem::take(&mut child.words);
            frame.next += 1;
            if let Some(&node) = self.seen.get(&words) {
                frame.orders = frame.orders.saturating_add(self.orders_from[node]);
                continue;
            }
            let enough = self.options.depth == Depth::Decide && self.found.order.is_some();
            if enough || self.seen.len() >= self.options.max_states {
                self.found.exhausted = false;
                break;
            }
            self.enter(words, &mut path);
        }
        for frame in path {
            self.found.orders = self.found.orders.saturating_add(frame.orders);
        }
        self.found.states = self.seen.len();
        self.found
    }

    /// Steps over generations that have nothing left to order.
    fn skip_finished(&self, words: &mut [u64]) {
        let mut state = State { layout: &self.layout, words };
        while let Some(generation) = self.plan.generations.get(state.generation()) {
            let mut streams = generation.streams.iter().enumerate();
            if !streams.all(|(slot, s)| s.ops.len() == state.position(slot) && s.bad.is_none()) {
                return;
            }
            let next = state.generation() + 1;
            state.set_generation(next);
        }
    }

    fn enter(&mut self, mut words: Words, path: &mut Vec<Frame>) {
        let node = self.orders_from.len();
        self.orders_from.push(0);
        let mut frame = Frame { node, children: Vec::new(), next: 0, orders: 0 };
        let plan = self.plan;
        match plan.generations.get(words[0] as usize) {
            None => frame.orders = u128::from(self.end(&mut words, path)),
            Some(generation) => frame.children = self.expand(&mut words, generation, path),
        }
        self.seen.insert(words, node);
        path.push(frame);
    }

    /// All generations are done: whether the file ends well.
    fn end(&mut self, words: &mut [u64], path: &[Frame]) -> bool {
        if let End::Refused(rules) = &self.plan.end {
            for &rule in rules {
                self.refuse(rule, path.len(), None);
            }
            return false;
        }
        if self.found.order.is_none() {
            self.found.order = Some(path.iter().map(|f| f.children[f.next - 1].place).collect());
        }
        if self.history {
            let mut state = State { layout: &self.layout, words };
            self.found.histories.insert(state.history().into());
        }
        true
    }

    /// The events that have to be tried from a state on: one if it is independent of the
    /// others, otherwise all that can happen.
    fn expand(&mut self, words: &mut [u64], generation: &PlannedGeneration, path: &[Frame]) -> Vec<Child> {
        if let Some(stream) = generation.streams.iter().find(|s| s.ops.is_empty()) {
            // A stream whose first event cannot be read is refused before any event happens.
            if let Some(rule) = stream.bad {
                self.refuse(rule, path.len(), None);
                return Vec::new();
            }
        }
        let slots = 0..generation.streams.len();
        let mut heads: Vec<Head> = slots.clone().map(|slot| self.head(words, generation, slot)).collect();
        let state = State { layout: &self.layout, words };
        let place = |slot: usize| Place {
            generation: generation.number,
            m: self.plan.threads[generation.streams[slot].m],
            index: state.position(slot),
        };
        let places: Vec<Place> = slots.map(place).collect();
        let seen_early = self.seen_early(&state, generation, &heads);
        if self.options.reduce
            && !self.plan.names_none
            && seen_early.is_empty()
            && let Some(slot) = self.independent(&state, generation, &heads)
            && let Head::Happens(words) = std::mem::replace(&mut heads[slot], Head::Waits)
        {
            return vec![Child { place: places[slot], words }];
        }
        for (head, &place) in heads.iter().zip(&places) {
            if let Head::Refused(rule) = *head {
                self.refuse(rule, path.len(), Some(place));
            }
        }
        for (rule, slot) in seen_early {
            self.refuse(rule, path.len(), Some(places[slot]));
        }
        if heads.iter().all(|h| matches!(h, Head::Finished | Head::Waits)) {
            let first = heads.iter().position(|h| matches!(h, Head::Waits)).map(|slot| places[slot]);
            self.refuse(RejectRule::Stuck, path.len(), first);
        }
        let happens = |(head, place)| match head {
            Head::Happens(words) => Some(Child { place, words }),
            _ => None,
        };
        heads.into_iter().zip(places).filter_map(happens).collect()
    }

    fn head(&mut self, words: &[u64], generation: &PlannedGeneration, slot: usize) -> Head {
        let mut words: Words = words.into();
        let mut state = State { layout: &self.layout, words: &mut words };
        let stream = &generation.streams[slot];
        let at = state.position(slot);
        let Some(op) = stream.ops.get(at) else { return Head::Finished };
        let touched = if self.history { footprint(self.plan, &state, stream, op) } else { Vec::new() };
        let before = state.thread(stream.m);
        let initial = generation.number == self.plan.initial;
        let interner = &mut self.interner;
        let mut attempt = Attempt { state: &mut state, interner, m: stream.m, generation: generation.number, initial };
        let said = match attempt.step(op) {
            Step::Wait => return Head::Waits,
            Step::Refuse(rule) => return Head::Refused(rule),
            Step::Done(said) => said,
        };
        // The reader decodes the next event before it delivers this one.
        if let Some(rule) = stream.bad.filter(|_| at + 1 == stream.ops.len()).or(op.dangling) {
            return Head::Refused(rule);
        }
        for &r in &touched {
            let mut hash = FxHasher::default();
            let happened = [state.generation(), slot, at, before.p, before.g];
            happened.iter().for_each(|&n| hash.write_usize(n));
            hash.write_u64(said);
            let history = &mut state.history()[r];
            hash.write_u64(*history);
            *history = hash.finish();
        }
        state.advance(slot);
        self.skip_finished(&mut words);
        Head::Happens(words)
    }

    /// A stream whose next event can happen and is independent of all that the others can do.
    fn independent(&self, state: &State<'_>, generation: &PlannedGeneration, heads: &[Head]) -> Option<usize> {
        let number = (generation.number, generation.number == self.plan.initial);
        heads.iter().enumerate().position(|(slot, head)| {
            if !matches!(head, Head::Happens(_)) {
                return false;
            }
            let stream = &generation.streams[slot];
            let touched = footprint(self.plan, state, stream, &stream.ops[state.position(slot)]);
            heads.iter().enumerate().all(|(other, head)| {
                let waits = matches!(head, Head::Waits);
                other == slot
                    || keeps_off(
                        self.plan,
                        state,
                        number,
                        &touched,
                        (&generation.streams[other], state.position(other), waits),
                    )
            })
        })
    }

    /// Go's reader takes note of a thread as soon as it tries an event of it, even in vain.
    /// What can be refused for that, with the stream that is.
    fn seen_early(
        &self,
        state: &State<'_>,
        generation: &PlannedGeneration,
        heads: &[Head],
    ) -> Vec<(RejectRule, usize)> {
        let mut refused = Vec::new();
        for (slot, head) in heads.iter().enumerate() {
            let stream = &generation.streams[slot];
            let Some(op) = stream.ops.get(state.position(slot)) else { continue };
            let tried_in_vain = |(other, h): (&PlannedStream, &Head)| other.m == op.m && matches!(h, Head::Waits);
            if op.m == 0 || op.m == stream.m || state.thread(op.m).known {
                continue;
            }
            if !generation.streams.iter().zip(heads).any(tried_in_vain) {
                continue;
            }
            match (op.event.ty, head) {
                (EventType::GoStatus | EventType::GoStatusStack, Head::Happens(_)) => {
                    refused.push((RejectRule::GoStatusSyscallThreadMismatch, slot));
                }
                (EventType::ProcSteal, Head::Refused(RejectRule::ProcStealUnknownThread)) => {
                    refused.push((RejectRule::ProcStealWrongProc, slot));
                }
                _ => {}
            }
        }
        refused
    }

    fn refuse(&mut self, rule: RejectRule, after: usize, at: Option<Place>) {
        let refusal = Refusal { rule, at, after };
        let furthest = self.found.refusals.entry(rule).or_insert(refusal);
        if furthest.after < after {
            *furthest = refusal;
        }
    }
}
