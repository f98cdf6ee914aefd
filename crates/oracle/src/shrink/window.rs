//! A window on a trace: a part of the order in which its events happen, with the world before it told by status
//! events instead of by how it came to be so.
//!
//! Leaving out events one by one never gets rid of a history: each event needs those before it. A window does, at once,
//! whatever the size of the trace.

use super::trace::zero;
use super::world::{Context, Thing, World};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::ops::Range;
use tracehound_parser::{Options, Reader};
use tracehound_wire::raw::{RawItem, RawReader, TextStyle};
use tracehound_wire::rule::RuleGroup;
use tracehound_wire::{ArgKind, Batch, Body, Event, EventType, Item, NONE_ID, RejectRule, SizeField, Trace};

/// Events in one batch at most: a batch must not be larger than 64 KiB.
const BATCH: usize = 1000;

/// The order in which a trace's events happen, as the built-in reader finds it.
pub(super) struct Order {
    /// By event in this order: its place among all timed events of the file.
    events: Vec<u32>,
    /// Whether the reader refused what came then.
    pub refused: bool,
}

/// Which part of an order a window shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View {
    /// From which event on; those before it are told by status events.
    pub from: usize,
    /// Up to which event.
    pub to: usize,
    /// How many events of each M are shown that did not happen.
    pub beyond: usize,
    /// Whether strings, stacks and samples are kept.
    pub tables: bool,
}

/// One M in one generation.
type StreamId = (u64, u64);

/// A trace with its events numbered, and the order in which they happen.
pub(super) struct Film<'t> {
    trace: &'t Trace,
    pub order: Order,
    /// By item: the number of its first event.
    firsts: Vec<u32>,
    /// By M of a generation: its items, in file order.
    streams: BTreeMap<StreamId, Vec<usize>>,
}

impl Order {
    /// How many events happen.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Reads a trace up to its end or its error. Where it is refused for what stands around the events, it is read
    /// without that.
    fn of(trace: &Trace) -> Option<Order> {
        let (order, rule) = Order::read(&trace.to_bytes())?;
        let around = matches!(rule, Some(rule) if matches!(rule.group(), RuleGroup::Container | RuleGroup::Tables));
        let bare = if around { Order::read(&events_only(trace).to_bytes()) } else { None };
        Some(bare.map_or(order, |(bare, _)| bare))
    }

    fn read(bytes: &[u8]) -> Option<(Order, Option<RejectRule>)> {
        let raw = RawReader::new(bytes, TextStyle::Lossless).ok()?;
        let timed = raw.map_while(Result::ok).filter_map(|item| match item {
            // A clock snapshot has a time too, but stands in no stream.
            RawItem::Event(e) if e.ty.spec().timed && e.ty != EventType::ClockSnapshot => Some(e.offset as u64),
            _ => None,
        });
        let offsets: Vec<u64> = timed.collect();
        let mut events: Vec<u32> = Vec::with_capacity(offsets.len());
        let mut reader = Reader::with_options(bytes, Options::default().without_faults()).ok()?;
        let end = reader.for_each(|event| {
            let place = event.offset().and_then(|offset| offsets.binary_search(&offset).ok());
            if let Some(place) = place.map(|place| place as u32)
                && events.last() != Some(&place)
            {
                events.push(place);
            }
        });
        let rule = end.as_ref().err().and_then(|e| e.rule());
        Some((Order { events, refused: end.is_err() }, rule))
    }
}

/// The events of a trace, and of the rest what no trace can do without.
fn events_only(trace: &Trace) -> Trace {
    let mut bare = trace.clone();
    bare.items.retain(|item| match item {
        Item::Batch(b) => matches!(b.body, Body::Events(_) | Body::Sync(_)),
        Item::EndOfGeneration => true,
        _ => false,
    });
    for batch in bare.batches_mut() {
        if let Body::Events(events) = &mut batch.body {
            events.iter_mut().for_each(|e| *e = plain(*e));
        }
        batch.size = SizeField::Shortest;
    }
    bare
}

impl<'t> Film<'t> {
    /// `None` if the trace has no beginning that can be read.
    pub fn new(trace: &'t Trace) -> Option<Film<'t>> {
        let order = Order::of(trace)?;
        let mut streams: BTreeMap<StreamId, Vec<usize>> = BTreeMap::new();
        let mut firsts = Vec::with_capacity(trace.items.len());
        let mut next = 0;
        for (at, item) in trace.items.iter().enumerate() {
            firsts.push(next);
            if let Item::Batch(Batch { generation, m, body: Body::Events(events), .. }) = item {
                next += events.len() as u32;
                streams.entry((*generation, *m)).or_default().push(at);
            }
        }
        let mut film = Film { trace, order, firsts, streams };
        film.order.events = film.with_silent_events();
        Some(film)
    }

    /// The order with the events that a reader delivers nothing for, each before the next one of its stream.
    fn with_silent_events(&self) -> Vec<u32> {
        let mut all = Vec::with_capacity(self.order.events.len());
        let mut rest: BTreeMap<StreamId, _> =
            self.streams.iter().map(|(&id, items)| (id, self.numbers(items).peekable())).collect();
        let mut now = None;
        for &number in &self.order.events {
            let Some((id, _)) = self.event(number) else { continue };
            if let Some(before) = now.filter(|&before| before != id.0) {
                // A generation is over when the next one begins.
                rest.range_mut((before, 0)..=(before, u64::MAX)).for_each(|(_, numbers)| all.extend(numbers));
            }
            now = Some(id.0);
            if let Some(numbers) = rest.get_mut(&id) {
                while let Some(number) = numbers.next_if(|n| *n <= number) {
                    all.push(number);
                }
            }
        }
        if !self.order.refused {
            rest.into_values().for_each(|numbers| all.extend(numbers));
        }
        all
    }

    /// The numbers of the events of a stream.
    fn numbers<'f>(&'f self, items: &'f [usize]) -> impl Iterator<Item = u32> + 'f {
        items.iter().flat_map(|&at| {
            let first = self.firsts[at];
            let events = if let Item::Batch(Batch { body: Body::Events(events), .. }) = &self.trace.items[at] {
                events.len() as u32
            } else {
                0
            };
            first..first + events
        })
    }

    /// An event by its number: its M, and what it is.
    fn event(&self, number: u32) -> Option<(StreamId, &Event)> {
        let at = self.firsts.partition_point(|&first| first <= number).checked_sub(1)?;
        let Item::Batch(Batch { generation, m, body: Body::Events(events), .. }) = &self.trace.items[at] else {
            return None;
        };
        Some(((*generation, *m), events.get((number - self.firsts[at]) as usize)?))
    }

    /// The trace that shows a part of the order; `None` if there is nothing to show.
    pub fn show(&self, view: View) -> Option<Trace> {
        let mut world = World::default();
        // By stream: the number behind the last event that has happened, before the window and in it.
        let mut before: FxHashMap<StreamId, u32> = FxHashMap::default();
        for &number in &self.order.events[..view.from] {
            let ((generation, m), event) = self.event(number)?;
            world.follow(generation, m, event);
            before.insert((generation, m), number + 1);
        }
        let mut after = before.clone();
        let shown = &self.order.events[view.from..view.to];
        for &number in shown {
            after.insert(self.event(number)?.0, number + 1);
        }
        let generation_of = |number: &u32| self.event(*number).map(|((generation, _), _)| generation);
        // What waits at the end may be the beginning of one more generation.
        let all: Vec<u64> = self.generations();
        let last = match self.order.events[..view.to].last().and_then(generation_of) {
            Some(last) => last,
            None => *all.first()?,
        };
        let first = shown.first().and_then(generation_of).unwrap_or(last);
        let mut cut = Cut { first, last, view, world, streams: BTreeMap::new() };
        for (&(generation, m), items) in &self.streams {
            if generation < first || generation > last {
                continue;
            }
            let id = (generation, m);
            let range = before.get(&id).copied().unwrap_or(0)..after.get(&id).copied().unwrap_or(0);
            let part = self.part(items, range, if generation == last { view.beyond } else { 0 });
            if !part.is_empty() {
                cut.streams.insert(id, part);
            }
        }
        Some(cut.into_trace(self.trace))
    }

    fn generations(&self) -> Vec<u64> {
        let mut all: Vec<u64> = Vec::new();
        for item in &self.trace.items {
            if let Item::Batch(b) = item
                && all.last() != Some(&b.generation)
            {
                all.push(b.generation);
            }
        }
        all
    }

    /// The events of a stream whose numbers are in `range`, and so many after it, with their times.
    fn part(&self, items: &[usize], range: Range<u32>, beyond: usize) -> Vec<(u64, Event)> {
        let mut part = Vec::new();
        let mut more = beyond;
        for &at in items {
            let Item::Batch(Batch { time, body: Body::Events(events), .. }) = &self.trace.items[at] else { continue };
            let first = self.firsts[at];
            if first + (events.len() as u32) <= range.start {
                continue;
            }
            let mut time = *time;
            for (number, event) in (first..).zip(events) {
                time = time.wrapping_add(event.dt);
                if range.contains(&number) {
                    part.push((time, *event));
                } else if number >= range.end {
                    if more == 0 {
                        return part;
                    }
                    more -= 1;
                    part.push((time, *event));
                }
            }
        }
        part
    }
}

/// What a window keeps of a trace.
struct Cut {
    first: u64,
    last: u64,
    view: View,
    world: World,
    streams: BTreeMap<StreamId, Vec<(u64, Event)>>,
}

/// The Ps and goroutines that a window needs to know.
#[derive(Default)]
struct Needed {
    ps: FxHashSet<u64>,
    gs: FxHashSet<u64>,
}

impl Cut {
    fn into_trace(mut self, whole: &Trace) -> Trace {
        self.renumber();
        let mut statuses = self.statuses();
        let mut out = Trace { version: whole.version, header: whole.header.clone(), items: Vec::new() };
        let mut inside = false;
        for item in &whole.items {
            match item {
                Item::Batch(b) => {
                    inside = (self.first..=self.last).contains(&b.generation);
                    let id = (b.generation, b.m);
                    match b.body {
                        Body::Events(_) => {
                            let told = if b.generation == self.first { statuses.remove(&b.m) } else { None };
                            let part = self.streams.remove(&id).unwrap_or_default();
                            batches(&mut out.items, id, b.time, told.unwrap_or_default(), part);
                        }
                        Body::Sync(_) if inside => out.items.push(item.clone()),
                        _ if inside && self.view.tables => out.items.push(item.clone()),
                        _ => {}
                    }
                }
                Item::EndOfGeneration if inside => out.items.push(Item::EndOfGeneration),
                _ if inside && self.view.tables => out.items.push(item.clone()),
                _ => {}
            }
        }
        let mut silent = Vec::new();
        for (m, told) in statuses {
            // An M in a syscall may have written nothing in all the generation.
            batches(&mut silent, (self.first, m), 0, told, Vec::new());
        }
        let of_first = |i: &Item| matches!(i, Item::Batch(b) if b.generation == self.first);
        let at = out.items.iter().position(of_first).unwrap_or(out.items.len());
        out.items.splice(at..at, silent);
        out
    }

    /// Counts sequence numbers from the window's beginning; without tables nothing refers to them.
    fn renumber(&mut self) {
        for (&(generation, m), events) in &mut self.streams {
            let mut p = if generation == self.first { self.world.ms.get(&m).and_then(|c| c.p) } else { None };
            for (_, e) in events {
                if matches!(e.ty, EventType::ProcStart | EventType::ProcStatus) {
                    p = Some(e.args[0]);
                }
                if generation == self.first {
                    self.world.renumber(generation, p, e);
                }
                if !self.view.tables {
                    *e = plain(*e);
                }
            }
        }
    }

    /// By M: the events that tell how the world stands.
    fn statuses(&self) -> BTreeMap<u64, Vec<Event>> {
        let needed = self.needed();
        let (ps, gs) = (self.known(&self.world.ps, &needed.ps), self.known(&self.world.gs, &needed.gs));
        let mut told: BTreeMap<u64, Vec<Event>> = BTreeMap::new();
        for (&m, context) in &self.world.ms {
            let mut events = Vec::new();
            if let Some((p, thing)) = context.p.and_then(|p| ps.get_key_value(&p)) {
                events.push(Event::new(EventType::ProcStatus, 0, &[*p, thing.status]));
            }
            if let Some((g, thing)) = context.g.and_then(|g| gs.get_key_value(&g)) {
                events.push(Event::new(EventType::GoStatus, 0, &[*g, m, thing.status]));
                let begin = self.world.stopped.filter(|(stopper, _)| *stopper == m);
                let begin = begin.map(|(_, begin)| Event { dt: 0, ..begin });
                events.extend(begin.map(|begin| if self.view.tables { begin } else { plain(begin) }));
            }
            if !events.is_empty() {
                told.insert(m, events);
            }
        }
        self.tell_of_rest(&mut told);
        // Whatever no M has may be told by any; it is told by the one that acts first.
        let anyone = self.streams.keys().find(|(generation, _)| *generation == self.first).map_or(NONE_ID, |id| id.1);
        let free = self.free(&ps, &gs);
        if !free.is_empty() {
            told.entry(anyone).or_default().extend(free);
        }
        told
    }

    /// That no garbage collection goes on can only be told by the end of one; needed where another one follows.
    fn tell_of_rest(&self, told: &mut BTreeMap<u64, Vec<Event>>) {
        let is_of_gc = |e: &Event| e.ty.spec().args.iter().any(|(_, kind)| *kind == ArgKind::GcSeq);
        let follows = self.streams.values().flatten().any(|(_, e)| is_of_gc(e));
        let has_both = |events: &Vec<Event>| {
            let has = |ty| events.iter().any(|e| e.ty == ty);
            has(EventType::ProcStatus) && has(EventType::GoStatus)
        };
        if let Some(end) = self.world.rests.filter(|end| follows && *end > 0)
            && let Some(events) = told.values_mut().find(|events| has_both(events))
        {
            events.push(Event::new(EventType::GCActive, 0, &[end - 1]));
            events.push(Event::new(EventType::GCEnd, 0, &[end]));
        }
    }

    /// Those that are needed and have been told of in the window's first generation.
    fn known(&self, things: &FxHashMap<u64, Thing>, needed: &FxHashSet<u64>) -> BTreeMap<u64, Thing> {
        let known = things.iter().filter(|(id, thing)| needed.contains(id) && thing.generation == self.first);
        known.map(|(&id, &thing)| (id, thing)).collect()
    }

    /// What belongs to no M.
    fn free(&self, ps: &BTreeMap<u64, Thing>, gs: &BTreeMap<u64, Thing>) -> Vec<Event> {
        let mut events = Vec::new();
        for (&p, thing) in ps.iter().filter(|(_, p)| p.m.is_none()) {
            events.push(Event::new(EventType::ProcStatus, 0, &[p, thing.status]));
        }
        for (&g, thing) in gs.iter().filter(|(_, g)| g.m.is_none()) {
            events.push(Event::new(EventType::GoStatus, 0, &[g, NONE_ID, thing.status]));
        }
        let ranges = ps.iter().chain(gs).filter_map(|(&id, thing)| Some((id, thing.range?)));
        let ranges = ranges.filter(|(_, (_, generation))| *generation == self.first);
        events.extend(ranges.map(|(id, (active, _))| Event::new(active, 0, &[id])));
        let collects = self.world.collects.filter(|(_, generation)| *generation == self.first);
        events.extend(collects.map(|(seq, _)| Event::new(EventType::GCActive, 0, &[seq])));
        events
    }

    /// The Ps and goroutines that the window's events name, and those that their Ms have.
    fn needed(&self) -> Needed {
        let mut needed = Needed::default();
        if self.first < self.last {
            // Of what a later generation tells, its reader has to have heard.
            needed.ps.extend(self.world.ps.keys());
            needed.gs.extend(self.world.gs.keys());
            return needed;
        }
        let mut ms: FxHashSet<u64> = FxHashSet::default();
        for (&(generation, m), events) in &self.streams {
            if generation != self.first {
                continue;
            }
            ms.insert(m);
            for (_, e) in events {
                for ((_, kind), &arg) in e.ty.spec().args.iter().zip(&e.args) {
                    match kind {
                        ArgKind::P => _ = needed.ps.insert(arg),
                        ArgKind::G | ArgKind::NewG => _ = needed.gs.insert(arg),
                        ArgKind::M => _ = ms.insert(arg),
                        _ => {}
                    }
                }
            }
        }
        let holders = |things: &FxHashMap<u64, Thing>, ids: &FxHashSet<u64>| -> Vec<u64> {
            ids.iter().filter_map(|id| things.get(id)?.m).collect()
        };
        ms.extend(holders(&self.world.ps, &needed.ps));
        ms.extend(holders(&self.world.gs, &needed.gs));
        for Context { p, g } in ms.iter().filter_map(|m| self.world.ms.get(m)) {
            needed.ps.extend(p);
            needed.gs.extend(g);
        }
        needed
    }
}

/// The event without what refers to tables.
fn plain(mut e: Event) -> Event {
    [ArgKind::String, ArgKind::Stack].into_iter().for_each(|kind| zero(&mut e, kind));
    e
}

/// Adds the batches of an M: first what is told, at the time of what comes then.
fn batches(items: &mut Vec<Item>, id: StreamId, time: u64, told: Vec<Event>, part: Vec<(u64, Event)>) {
    let first = part.first().map_or(time, |(time, event)| time.wrapping_sub(event.dt));
    let mut batch = |time: u64, events: Vec<Event>| {
        let (generation, m) = id;
        let body = Body::Events(events);
        items.push(Item::Batch(Batch { generation, m, time, size: SizeField::Shortest, body }));
    };
    let (mut from, mut now, mut events) = (first, first, told);
    for (time, mut event) in part {
        if events.len() >= BATCH || time < now {
            batch(from, std::mem::take(&mut events));
            (from, now) = (time, time);
        }
        event.dt = time - now;
        now = time;
        events.push(event);
    }
    if !events.is_empty() {
        batch(from, events);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge;
    use tracehound_generator::{Case, Config};

    #[test]
    fn any_window_on_a_legal_history_is_legal() {
        let (mut windows, mut illegal) = (0, Vec::new());
        for seed in 0..400 {
            let trace = Case::from_seed(seed, Config { steps: 60, ..Config::default() }).generate().into_trace();
            let Some(film) = Film::new(&trace) else { continue };
            for from in (0..film.order.len()).step_by(5) {
                let to = (from + 12).min(film.order.len());
                let Some(window) = film.show(View { from, to, beyond: 0, tables: false }) else { continue };
                windows += 1;
                let judged = judge::judge_bytes(&window.to_bytes(), judge::Options::default());
                if !judged.is_legal() {
                    illegal.push((seed, from, format!("{judged:?}")));
                }
            }
        }
        assert!(windows > 3000, "{windows}");
        // A window is a guess that is tried; it has to be right nearly always to be of use.
        assert!(illegal.len() * 200 < windows, "{} of {windows}: {illegal:#?}", illegal.len());
    }
}
