//! Generations: what is written when one begins and when it is complete, and in which order.

use super::status::{go_code, visible};
use super::{Buffer, NONE, Open, Space, Tracer, names};
use crate::fault::EmissionFault;
use crate::history::{Context, ExpectedClock, ExpectedEvent, ExpectedGeneration, Field, Resource, Transition};
use crate::model::state::{GPlace, State};
use crate::swarm::Feature;
use std::borrow::Cow;
use tracehound_wire::limits::MAX_BATCH_SIZE;
use tracehound_wire::{
    Batch, Body, CpuSample, Event, EventType, Experiment, ExperimentalBatch, Frame, Item, SizeField, StackRecord,
    StringRecord, SyncRecord, Trace, varint,
};

/// Turns a buffer's events into a batch.
pub(super) fn close_batch(generation: u32, tid: u64, buffer: &mut Buffer, batches: &mut Vec<Item>) {
    if buffer.events.is_empty() {
        return;
    }
    // Exactly as large as it has to be; the buffer keeps its space.
    batches.push(batch(generation, tid, buffer.base, Body::Events(buffer.events.as_slice().to_vec())));
    buffer.events.clear();
    buffer.size = 0;
}

fn batch(generation: u32, m: u64, time: u64, body: Body) -> Item {
    Item::Batch(Batch { generation: u64::from(generation), m, time, size: SizeField::Runtime, body })
}

impl Tracer {
    /// Opens a generation.
    pub fn begin(&mut self, number: u32) {
        self.section = number;
        let sync_time = self.stamps.now(0);
        let open = &mut self.open[(number & 1) as usize];
        debug_assert!(open.events.is_empty() && open.batches.is_empty(), "a generation is opened twice");
        open.number = number;
        open.sync_time = sync_time;
        open.strings.reserve(self.pool.strings.len());
        open.stacks.reserve(self.pool.stacks.len());
        open.strings.register(names::registered(self.swarm.flavour.minor()));
    }

    /// Statuses of all live goroutines that nothing in `number` mentioned, written by the tracer itself.
    pub fn quiet_statuses(&mut self, s: &mut State, number: u32) {
        let with_stack = self.swarm.flavour.minor() >= 23;
        self.section = number;
        if self.muted() {
            return;
        }
        let unknown = self.unknown(s);
        for g in 0..s.gs.len() {
            let (place, id) = (s.gs[g].place, s.gs[g].id);
            if place == GPlace::Dead || s.gs[g].slots.traced(number) {
                continue;
            }
            let thread = match place {
                GPlace::Syscall(m) | GPlace::Running(m) => s.ms[m].tid,
                _ => NONE,
            };
            let stack = if with_stack { self.stack() } else { 0 };
            let new = visible(place);
            let old = if s.gs[g].known { new } else { unknown };
            let ty = if stack != 0 { EventType::GoStatusStack } else { EventType::GoStatus };
            // A syscall is reported on its own thread; whether a reader knows the goroutine there
            // depends on how far it has read that thread.
            let on_thread = matches!(place, GPlace::Syscall(_));
            let context = Context {
                m: if on_thread { Field::is(thread) } else { Field::NONE },
                p: Field::NONE,
                g: if on_thread { Field::ANY } else { Field::NONE },
            };
            let open = &mut self.open[(number & 1) as usize];
            open.events.push(ExpectedEvent {
                generation: u64::from(number),
                stream: NONE,
                ty,
                derived: false,
                racy: false,
                context,
                args: [id, thread, go_code(place), stack],
                transition: Some(Transition { resource: Resource::Goroutine(id), old, new }),
            });
            let mut args = [id, thread, go_code(place), open.stacks.id(stack)];
            if self.swarm.fault == Some(EmissionFault::QuietThreadId) && matches!(place, GPlace::Syscall(_)) {
                args[1] = thread - 999;
                self.fault_hits += 1;
            }
            if open.quiet.is_empty() {
                open.quiet.reserve(s.gs.len() - g);
            }
            open.quiet.push(Event { ty, dt: 1, args });
            if s.gs[g].assist {
                self.quiet_assist(number, id);
            }
            s.gs[g].known = true;
            s.gs[g].slots.set_traced(number);
            if let GPlace::Syscall(m) = place {
                s.ms[m].vg = Some(g);
            }
        }
    }

    /// A mark assist that is open on a quiet goroutine is announced with its status.
    fn quiet_assist(&mut self, number: u32, id: u64) {
        let open = &mut self.open[(number & 1) as usize];
        open.events.push(ExpectedEvent {
            generation: u64::from(number),
            stream: NONE,
            ty: EventType::GCMarkAssistActive,
            derived: false,
            racy: false,
            context: Context { m: Field::NONE, p: Field::NONE, g: Field::NONE },
            args: [id, 0, 0, 0],
            transition: None,
        });
        open.quiet.push(Event { ty: EventType::GCMarkAssistActive, dt: 1, args: [id, 0, 0, 0] });
    }

    /// Completes a generation: nothing is written to it any more.
    pub fn finish(&mut self, s: &State, number: u32) {
        let at = (number & 1) as usize;
        if self.open[at].number != number {
            return;
        }
        let mut open = std::mem::take(&mut self.open[at]);
        for (m, buffer) in open.buffers.iter_mut().enumerate().filter(|(_, buffer)| !buffer.events.is_empty()) {
            close_batch(number, s.ms[m].tid, buffer, &mut open.batches);
        }
        if number >= self.visible_from {
            let generation = self.assemble(&mut open);
            self.expected.generations.push(generation);
        }
        // The first ones, which are often all, need not be copied.
        if self.expected.events.is_empty() {
            std::mem::swap(&mut self.expected.events, &mut open.events);
        } else {
            self.expected.events.append(&mut open.events);
        }
        open.strings.clear();
        open.stacks.clear();
        open.number = 0;
        self.open[at] = open;
    }

    /// Puts the batches of a generation into file order.
    fn assemble(&mut self, open: &mut Open) -> ExpectedGeneration {
        let version = self.swarm.flavour.wire();
        let number = open.number;
        let frequency = self.stamps_frequency();
        let mut records = Vec::with_capacity(2);
        records.extend([SyncRecord::Frequency(frequency)]);
        let mut clock = None;
        if version.has_sync_batch() {
            let (dt, mono, sec, nsec) = (1, open.sync_time * 64, 1_700_000_000 + u64::from(number), 5);
            records.push(SyncRecord::ClockSnapshot { dt, mono, sec, nsec });
            clock = Some(ExpectedClock { trace: open.sync_time + dt, mono, sec, nsec });
        }
        let sync = batch(number, NONE, open.sync_time, Body::Sync(records));
        let end = self.stamps.now(0);
        let mut items = std::mem::take(&mut open.batches);
        // Seldom are there more besides the batches of Ms.
        items.reserve(8);
        self.append_late(open, &mut items);
        if self.armed(EmissionFault::SyncMissing) {
            self.hit();
        } else {
            items.insert(if version.has_sync_batch() { 0 } else { items.len() }, sync);
        }
        if !open.quiet.is_empty() {
            items.push(batch(number, NONE, end, Body::Events(std::mem::take(&mut open.quiet))));
        }
        let experiments = self.dump_experiments(open, end, &mut items);
        dump_samples(open, end, &mut items);
        if self.armed(EmissionFault::TablesMissing) && number == self.section {
            self.hit();
        } else {
            self.dump_stacks(open, end, &mut items);
            self.dump_strings(open, end, &mut items);
        }
        self.order(&mut items);
        self.items.append(&mut items);
        // The space is used again.
        open.batches = items;
        if self.armed(EmissionFault::EndMissing) && version.has_end_of_generation() {
            self.hit();
        } else if version.has_end_of_generation() {
            self.items.push(Item::EndOfGeneration);
        }
        ExpectedGeneration {
            number: u64::from(number),
            frequency,
            clock,
            first_event: self.expected.events.len(),
            samples: std::mem::take(&mut open.samples),
            experiments,
        }
    }

    /// Adds the batches that a fault has held back. It matters where a later thread has the same id.
    fn append_late(&mut self, open: &mut Open, items: &mut Vec<Item>) {
        for item in std::mem::take(&mut open.late) {
            let m = m_of(&item);
            if items.iter().any(|other| m_of(other) == m) {
                self.fault_hits += 1;
            }
            items.push(item);
        }
    }

    /// Orders a generation's batches: as the runtime queues them, or any other way that keeps each
    /// thread's own order.
    fn order(&mut self, items: &mut Vec<Item>) {
        if !self.swarm.shuffle {
            return;
        }
        // There can be thousands: places are drawn, and then each item moves once.
        let mut rest: Vec<(u64, usize)> = items.iter().map(m_of).zip(0..).collect();
        let mut from: Vec<Option<Item>> = items.drain(..).map(Some).collect();
        while !rest.is_empty() {
            let i = self.stamps.noise(rest.len() as u32) as usize;
            let m = rest[i].0;
            let first = rest.iter().position(|&(other, _)| other == m).unwrap_or(i);
            items.extend(from[rest.remove(first).1].take());
        }
    }

    /// The allocation experiment's own data: an account of the heap, opaque to readers.
    fn dump_experiments(&mut self, open: &Open, time: u64, items: &mut Vec<Item>) -> Vec<(u8, u64, Vec<u8>)> {
        let mut all = Vec::new();
        if self.swarm.flavour.minor() < 23 || !self.swarm.features.has(Feature::AllocFree) {
            return all;
        }
        for _ in 0..1 + self.stamps.noise(2) {
            let mut data = Vec::new();
            for _ in 0..self.stamps.noise(12) {
                varint::write(&mut data, u64::from(self.stamps.noise(1 << 20)));
            }
            items.push(Item::Experimental(ExperimentalBatch {
                experiment: Experiment::AllocFree.number(),
                generation: u64::from(open.number),
                m: NONE,
                time,
                size: SizeField::Runtime,
                data: data.clone(),
            }));
            all.push((Experiment::AllocFree.number(), NONE, data));
        }
        all
    }

    fn stamps_frequency(&mut self) -> u64 {
        match self.expected.generations.first() {
            // A machine's clock keeps its frequency.
            Some(g) => g.frequency,
            None => self.stamps.frequency(),
        }
    }

    fn dump_stacks(&mut self, open: &mut Open, time: u64, items: &mut Vec<Item>) {
        let mut records = Vec::with_capacity(open.stacks.used.len());
        let mut size = 1;
        for &(content, id) in &open.stacks.used {
            let frames: Vec<Frame> = self.pool.stacks[content as usize]
                .iter()
                .map(|f| Frame {
                    pc: f.pc,
                    func: open.strings.id(u64::from(f.func)),
                    file: open.strings.id(u64::from(f.file)),
                    line: f.line,
                })
                .collect();
            let record = StackRecord { id: u64::from(id), frames };
            let len = 21 + record.frames.len() * 40;
            if size + len > MAX_BATCH_SIZE as usize {
                items.push(batch(open.number, NONE, time, Body::Stacks(std::mem::take(&mut records))));
                size = 1;
            }
            size += len;
            records.push(record);
        }
        if !records.is_empty() {
            items.push(batch(open.number, NONE, time, Body::Stacks(records)));
        }
    }

    fn dump_strings(&mut self, open: &mut Open, time: u64, items: &mut Vec<Item>) {
        let mut records = Vec::with_capacity(open.strings.used.len());
        let mut size = 1;
        for &(content, id) in &open.strings.used {
            let bytes = Cow::Borrowed(self.pool.strings[content as usize]);
            let len = 1 + varint::len(u64::from(id)) + varint::len(bytes.len() as u64) + bytes.len();
            if size + len > MAX_BATCH_SIZE as usize {
                items.push(batch(open.number, NONE, time, Body::Strings(std::mem::take(&mut records))));
                size = 1;
            }
            size += len;
            records.push(StringRecord { id: u64::from(id), bytes });
        }
        items.push(batch(open.number, NONE, time, Body::Strings(records)));
    }

    /// The finished trace and its truth.
    pub fn into_parts(mut self, space: &mut Space) -> (crate::Swarm, Trace, crate::Expected, u32) {
        space.open = self.open.map(Open::emptied);
        let trace = Trace { version: self.swarm.flavour.wire(), header: None, items: self.items };
        self.expected.strings = &self.pool.strings;
        self.expected.stacks = &self.pool.stacks;
        self.expected.total_order = self.swarm.clock == crate::Clock::Exact && !self.inverted;
        (self.swarm, trace, self.expected, self.fault_hits)
    }
}

/// The thread of a batch.
fn m_of(item: &Item) -> u64 {
    match item {
        Item::Batch(b) => b.m,
        _ => NONE,
    }
}

/// The generation's CPU samples as batches.
fn dump_samples(open: &mut Open, time: u64, items: &mut Vec<Item>) {
    // A sample takes at most 51 bytes, so this many always fit.
    const MOST: usize = 1000;
    for chunk in open.samples.chunks(MOST) {
        let mut records = Vec::with_capacity(chunk.len());
        for s in chunk {
            let g = if s.g == NONE { 0 } else { s.g };
            let stack = open.stacks.id(s.stack);
            records.push(CpuSample { time: s.time, m: s.m, p: s.p, g, stack });
        }
        items.push(batch(open.number, NONE, time, Body::CpuSamples(records)));
    }
}
