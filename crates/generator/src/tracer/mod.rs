//! What the runtime writes for each step: events in per-M buffers, statuses on first
//! mention, sequence numbers, tables, clocks, generations.
//!
//! The tracer follows the model and never leads it: it decides how things are written, not what
//! happens.

mod clock;
mod faults;
mod generation;
mod names;
mod pool;
mod status;

use crate::fault::EmissionFault;
use crate::history::{Context, Expected, ExpectedEvent, ExpectedSample, Field, Transition};
use crate::model::state::{Mi, State};
use crate::swarm::Swarm;
use clock::Stamps;
pub(crate) use names::{BLOCK_REASONS, Name, STW_KINDS};
use pool::Pool;
use tracehound_wire::limits::MAX_EVENT_ARGS;
use tracehound_wire::{Event, EventType, Item, NONE_ID, Trace, varint};

/// No more steps than these have their room from the start.
const MOST_RESERVED: u32 = 1000;

/// Which arguments of a type are strings and stacks, as bit masks: the event table in the form that the hot path wants.
#[derive(Clone, Copy)]
struct Shape {
    strings: u8,
    stacks: u8,
}

const SHAPES: [Shape; 256] = {
    let mut shapes = [Shape { strings: 0, stacks: 0 }; 256];
    let mut i = 0;
    while i < EventType::ALL.len() {
        let spec = EventType::ALL[i].spec();
        let mut shape = Shape { strings: 0, stacks: 0 };
        let mut k = 0;
        while k < spec.strings.len() {
            shape.strings |= 1 << spec.strings[k];
            k += 1;
        }
        k = 0;
        while k < spec.stacks.len() {
            shape.stacks |= 1 << spec.stacks[k];
            k += 1;
        }
        shapes[EventType::ALL[i] as usize] = shape;
        i += 1;
    }
    shapes
};

/// As many arguments as an event can have: these, and 0 for those that it has not.
#[inline]
fn all<const N: usize>(args: &[u64; N]) -> [u64; MAX_EVENT_ARGS] {
    std::array::from_fn(|i| args.get(i).copied().unwrap_or(0))
}

/// The places of an event's arguments whose bits are set, the lowest first.
#[inline]
fn ones(mut mask: u8) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let i = mask.trailing_zeros() as usize % MAX_EVENT_ARGS;
        let some = mask != 0;
        mask &= mask.wrapping_sub(1);
        some.then_some(i)
    })
}

/// Events of one M in one generation that are not yet in a batch.
#[derive(Debug, Default)]
struct Buffer {
    events: Vec<Event>,
    /// Encoded size so far.
    size: u32,
    /// Time in the batch's header.
    base: u64,
    /// Time of the latest event.
    last: u64,
}

/// What belongs to one open generation.
#[derive(Debug, Default)]
struct Open {
    number: u32,
    /// By M.
    buffers: Vec<Buffer>,
    /// Closed event batches, in the order in which they were closed.
    batches: Vec<Item>,
    /// Batches that a fault holds back.
    late: Vec<Item>,
    /// The tracer's own status events.
    quiet: Vec<Event>,
    /// Truth, in order of writing.
    events: Vec<ExpectedEvent>,
    strings: pool::Ids,
    stacks: pool::Ids,
    samples: Vec<ExpectedSample>,
    sync_time: u64,
}

impl Open {
    /// No generation, in the space of one that is finished.
    fn emptied(mut self) -> Open {
        let finished = self.number == 0 && self.events.is_empty() && self.batches.is_empty() && self.late.is_empty();
        debug_assert!(finished && self.quiet.is_empty() && self.samples.is_empty(), "generation {}", self.number);
        for buffer in &mut self.buffers {
            buffer.last = 0;
        }
        self
    }
}

/// Space that one trace after another can use: all empty.
#[derive(Debug, Default)]
pub(crate) struct Space {
    open: [Open; 2],
    items: Vec<Item>,
    events: Vec<ExpectedEvent>,
}

impl Space {
    /// Takes back the space of a history that nobody needs any more.
    pub fn reclaim(&mut self, trace: Trace, expected: Expected) {
        let (mut items, mut events) = (trace.items, expected.events);
        items.clear();
        events.clear();
        (self.items, self.events) = (items, events);
    }
}

/// Writes the trace.
pub(crate) struct Tracer {
    pub swarm: Swarm,
    stamps: Stamps,
    pool: &'static Pool,
    /// The two generations that can be open, by parity.
    open: [Open; 2],
    /// Finished generations.
    items: Vec<Item>,
    expected: Expected,
    /// The generation that the current section writes to.
    pub section: u32,
    /// The first generation that is kept in the file.
    visible_from: u32,
    /// Whether the order of writing is not an order in which the events can have happened.
    pub inverted: bool,
    drop_next: bool,
    /// For the fault that starts the GC's numbers over: the generation, and where it began.
    gc_generation: u32,
    gc_base: u64,
    pub fault_hits: u32,
}

impl Tracer {
    pub fn new(swarm: Swarm, space: &mut Space) -> Tracer {
        let stamps = Stamps::new(&swarm);
        let pool = Pool::of(&swarm);
        let visible_from = swarm.first_generation + swarm.skip;
        let Space { open, items, mut events } = std::mem::take(space);
        // Most steps write one event.
        events.reserve(swarm.steps.min(MOST_RESERVED) as usize + 64);
        Tracer {
            swarm,
            stamps,
            pool,
            open,
            items,
            expected: Expected { events, ..Expected::default() },
            section: 0,
            visible_from,
            inverted: false,
            drop_next: false,
            gc_generation: 0,
            gc_base: 0,
            fault_hits: 0,
        }
    }

    /// A number below `n` that no choice decides.
    #[inline]
    pub fn noise(&mut self, n: u32) -> u32 {
        self.stamps.noise(n)
    }

    /// Some stack of the pool, often the empty one.
    #[inline]
    pub fn stack(&mut self) -> u64 {
        // Stacks at the limits are large, so they come seldom.
        let usual = pool::USUAL_STACKS;
        let n = if self.stamps.noise(64) == 0 { self.pool.stacks.len() as u32 } else { usual };
        u64::from(self.stamps.noise(n))
    }

    /// Content id of a string that the case's user code uses.
    #[inline]
    pub fn user_string(&mut self) -> u64 {
        let n = self.pool.user.len() as u32;
        let i = self.stamps.noise(n) as usize;
        self.pool.user[i]
    }

    /// Where `m` is, by what has been written. Between the theft of its P and the first event that
    /// waits for the theft, a reader may see it with the P or without.
    #[inline]
    pub fn context(&self, s: &State, m: Mi) -> Context {
        let open = s.ms[m].robbed == self.section && !(self.in_time() && self.swarm.class() == crate::Class::B);
        let p = if open { Field::ANY } else { Field::is(s.view_p(m)) };
        Context { m: Field::is(s.ms[m].tid), p, g: Field::is(s.view_g(m)) }
    }

    /// What has been written to a generation so far, or all of it.
    pub fn written(&self, number: u32) -> &[ExpectedEvent] {
        let open = &self.open[(number & 1) as usize];
        if open.number == number { &open.events } else { &self.expected.events }
    }

    /// Whether times say in which order things happened.
    pub fn in_time(&self) -> bool {
        self.swarm.clock == crate::Clock::Exact
    }

    /// Whether the section's generation is not kept in the file.
    #[inline]
    pub fn muted(&self) -> bool {
        self.section < self.visible_from
    }

    /// Writes one event on `m`'s buffer, in the section's generation, and notes the truth.
    /// Strings and stacks are content ids.
    #[inline]
    pub fn put<const N: usize>(
        &mut self,
        s: &State,
        m: Mi,
        ty: EventType,
        args: &[u64; N],
        change: Option<Transition>,
    ) {
        let context = self.context(s, m);
        self.put_as(s.ms[m].tid, m, ty, all(args), change, context);
    }

    /// As [`Tracer::put`], with a context that is not the M's own.
    pub fn put_as(
        &mut self,
        tid: u64,
        m: Mi,
        ty: EventType,
        mut args: [u64; MAX_EVENT_ARGS],
        change: Option<Transition>,
        context: Context,
    ) {
        if self.muted() {
            return;
        }
        let open = &mut self.open[(self.section & 1) as usize];
        open.events.push(ExpectedEvent {
            generation: u64::from(self.section),
            stream: tid,
            ty,
            derived: false,
            racy: false,
            context,
            args,
            transition: change,
        });
        if let Some(fault) = self.swarm.fault
            && !self.twist(fault, ty, &mut args)
        {
            return;
        }
        self.write(tid, m, ty, args);
    }

    /// Writes one event without noting any truth: what a fault writes.
    #[inline]
    pub fn write(&mut self, tid: u64, m: Mi, ty: EventType, mut args: [u64; MAX_EVENT_ARGS]) {
        if self.muted() {
            return;
        }
        let shape = SHAPES[ty as usize];
        let parity = (self.section & 1) as usize;
        let open = &mut self.open[parity];
        if shape.strings | shape.stacks != 0 {
            for i in ones(shape.strings) {
                args[i] = open.strings.id(args[i]);
            }
            for i in ones(shape.stacks) {
                args[i] = open.stacks.id(args[i]);
            }
        }
        if open.buffers.len() <= m {
            open.buffers.resize_with(m + 1, Buffer::default);
        }
        let mut size = 1;
        for &arg in &args[..ty.arg_count()] {
            size += varint::len(arg) as u32;
        }
        let buffer = &mut open.buffers[m];
        // Room for the largest time delta, as the runtime reserves it.
        if !buffer.events.is_empty() && buffer.size + size + 10 > self.swarm.batch_size {
            generation::close_batch(open.number, tid, buffer, &mut open.batches);
        }
        let dt = if buffer.events.is_empty() {
            buffer.events.reserve(16);
            let (base, dt) = self.stamps.open_batch(m, buffer.last);
            buffer.base = base;
            buffer.last = base + dt;
            dt
        } else {
            let dt = self.stamps.step(m, buffer.last);
            buffer.last += dt;
            dt
        };
        buffer.size += size + varint::len(dt) as u32;
        buffer.events.push(Event { ty, dt, args });
    }

    /// Notes an event that a reader derives from one that is written beside it.
    pub fn derive(&mut self, tid: u64, ty: EventType, args: [u64; 4], change: Option<Transition>, context: Context) {
        if self.muted() {
            return;
        }
        self.open[(self.section & 1) as usize].events.push(ExpectedEvent {
            generation: u64::from(self.section),
            stream: tid,
            ty,
            derived: true,
            racy: false,
            context,
            args,
            transition: change,
        });
    }

    /// Marks the latest event as one whose place or old state only an exact clock fixes.
    pub fn mark_racy(&mut self) {
        if self.muted() {
            return;
        }
        if let Some(e) = self.open[(self.section & 1) as usize].events.last_mut() {
            e.racy = true;
        }
    }

    /// Puts what `m` has written as thread `tid` into batches, since the thread goes.
    pub fn flush(&mut self, m: Mi, tid: u64) {
        for open in &mut self.open {
            if let Some(buffer) = open.buffers.get_mut(m) {
                let late = self.swarm.fault == Some(EmissionFault::LeftoverBatchLate);
                let to = if late { &mut open.late } else { &mut open.batches };
                generation::close_batch(open.number, tid, buffer, to);
            }
        }
    }

    /// A CPU sample on thread `tid`.
    pub fn sample(&mut self, m: Mi, tid: u64, p: u64, g: u64) {
        if self.muted() {
            return;
        }
        let time = self.stamps.now(m);
        let stack = self.stack();
        let open = &mut self.open[(self.section & 1) as usize];
        open.samples.push(ExpectedSample { time, m: tid, p, g, stack });
    }
}

/// The id that means none.
pub(crate) const NONE: u64 = NONE_ID;
