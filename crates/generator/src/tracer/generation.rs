//! Generations: what is written when one begins and when it is complete, and in which order.

use super::status::{go_code, visible};
use super::{Buffer, NONE, Open, Tracer, names};
use crate::history::{Context, ExpectedClock, ExpectedEvent, ExpectedGeneration, Field, Resource, Transition};
use crate::model::state::{GPlace, State};
use tracehound_wire::limits::MAX_BATCH_SIZE;
use tracehound_wire::{
    Batch, Body, Event, EventType, Frame, Item, SizeField, StackRecord, StringRecord, SyncRecord, Trace, varint,
};

/// Turns a buffer's events into a batch.
pub(super) fn close_batch(generation: u32, tid: u64, buffer: &mut Buffer, batches: &mut Vec<Item>) {
    if buffer.events.is_empty() {
        return;
    }
    let events = std::mem::take(&mut buffer.events);
    batches.push(batch(generation, tid, buffer.base, Body::Events(events)));
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
        for content in names::registered(self.swarm.flavour.minor()) {
            open.strings.id(content);
        }
    }

    /// Statuses of all live goroutines that nothing in `number` mentioned, written by the tracer itself.
    pub fn quiet_statuses(&mut self, s: &mut State, number: u32) {
        let with_stack = self.swarm.flavour.minor() >= 23;
        self.section = number;
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
                m: if on_thread { Field::Is(thread) } else { Field::NONE },
                p: Field::NONE,
                g: if on_thread { Field::Any } else { Field::NONE },
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
            let args = [id, thread, go_code(place), open.stacks.id(stack)];
            open.quiet.push(Event { ty, dt: 1, args });
            s.gs[g].known = true;
            s.gs[g].slots.set_traced(number);
            if let GPlace::Syscall(m) = place {
                s.ms[m].vg = Some(g);
            }
        }
    }

    /// Completes a generation: nothing is written to it any more.
    pub fn finish(&mut self, s: &State, number: u32) {
        let mut open = std::mem::take(&mut self.open[(number & 1) as usize]);
        for (m, buffer) in open.buffers.iter_mut().enumerate() {
            close_batch(number, s.ms[m].tid, buffer, &mut open.batches);
        }
        let generation = self.assemble(&mut open);
        self.expected.generations.push(generation);
        self.expected.events.append(&mut open.events);
        open.strings.clear();
        open.stacks.clear();
        self.open[(number & 1) as usize] = open;
    }

    /// Puts the batches of a generation into file order.
    fn assemble(&mut self, open: &mut Open) -> ExpectedGeneration {
        let version = self.swarm.flavour.wire();
        let number = open.number;
        let frequency = self.stamps_frequency();
        let mut records = vec![SyncRecord::Frequency(frequency)];
        let mut clock = None;
        if version.has_sync_batch() {
            let (dt, mono, sec, nsec) = (1, open.sync_time * 64, 1_700_000_000 + u64::from(number), 5);
            records.push(SyncRecord::ClockSnapshot { dt, mono, sec, nsec });
            clock = Some(ExpectedClock { trace: open.sync_time + dt, mono, sec, nsec });
        }
        let sync = batch(number, NONE, open.sync_time, Body::Sync(records));
        let at = if version.has_sync_batch() { 0 } else { open.batches.len() };
        let first = self.items.len();
        self.items.append(&mut open.batches);
        self.items.insert(first + at, sync);
        let end = self.stamps.now(0);
        if !open.quiet.is_empty() {
            self.items.push(batch(number, NONE, end, Body::Events(std::mem::take(&mut open.quiet))));
        }
        self.dump_stacks(open, end);
        self.dump_strings(open, end);
        if version.has_end_of_generation() {
            self.items.push(Item::EndOfGeneration);
        }
        ExpectedGeneration {
            number: u64::from(number),
            frequency,
            clock,
            first_event: self.expected.events.len(),
            samples: std::mem::take(&mut open.samples),
            experiments: Vec::new(),
        }
    }

    fn stamps_frequency(&mut self) -> u64 {
        match self.expected.generations.first() {
            // A machine's clock keeps its frequency.
            Some(g) => g.frequency,
            None => self.stamps.frequency(),
        }
    }

    fn dump_stacks(&mut self, open: &mut Open, time: u64) {
        let mut records = Vec::new();
        let mut size = 1;
        for (i, &content) in open.stacks.used.iter().enumerate() {
            let frames: Vec<Frame> = self.pool.stacks[content as usize]
                .iter()
                .map(|f| Frame {
                    pc: f.pc,
                    func: open.strings.id(u64::from(f.func)),
                    file: open.strings.id(u64::from(f.file)),
                    line: f.line,
                })
                .collect();
            let record = StackRecord { id: i as u64 + 1, frames };
            let len = 21 + record.frames.len() * 40;
            if size + len > MAX_BATCH_SIZE as usize {
                self.items.push(batch(open.number, NONE, time, Body::Stacks(std::mem::take(&mut records))));
                size = 1;
            }
            size += len;
            records.push(record);
        }
        if !records.is_empty() {
            self.items.push(batch(open.number, NONE, time, Body::Stacks(records)));
        }
    }

    fn dump_strings(&mut self, open: &mut Open, time: u64) {
        let mut records = Vec::new();
        let mut size = 1;
        for (i, &content) in open.strings.used.iter().enumerate() {
            let bytes = self.pool.strings[content as usize].to_vec();
            let len = 1 + varint::len(i as u64 + 1) + varint::len(bytes.len() as u64) + bytes.len();
            if size + len > MAX_BATCH_SIZE as usize {
                self.items.push(batch(open.number, NONE, time, Body::Strings(std::mem::take(&mut records))));
                size = 1;
            }
            size += len;
            records.push(StringRecord { id: i as u64 + 1, bytes });
        }
        self.items.push(batch(open.number, NONE, time, Body::Strings(records)));
    }

    /// The finished trace and its truth.
    pub fn into_parts(mut self) -> (crate::Swarm, Trace, crate::Expected, u32) {
        let trace = Trace { version: self.swarm.flavour.wire(), header: None, items: self.items };
        self.expected.strings = self.pool.strings;
        self.expected.stacks = self.pool.stacks;
        self.expected.total_order = self.swarm.clock == crate::Clock::Exact && !self.inverted;
        (self.swarm, trace, self.expected, self.fault_hits)
    }
}
