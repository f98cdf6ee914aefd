//! One generation under construction: its batches, tables, sync data and end.

use super::Clock;
use super::arg::{Arg, Args, EventName, M, StackFrame, StackId, StringId};
use crate::NONE_ID;
use crate::limits::{MAX_BATCH_SIZE, MAX_EVENT_ARGS};
use crate::trace::{
    self, Body, CpuSample, Event, ExperimentalBatch, Frame, Item, SizeField, StackRecord, StringRecord, SyncRecord,
};
use crate::varint;
use crate::version::Version;
use std::collections::HashMap;

/// Timestamp units per second unless [`Generation::sync`] says otherwise: 64 ns each, as on Linux.
const DEFAULT_FREQUENCY: u64 = 15_625_000;

/// A generation's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSync {
    /// Timestamp units per second.
    pub frequency: u64,
    /// When the clock snapshot was taken, in timestamp units; before wire 1.25 the time of the
    /// batch with the frequency.
    pub time: u64,
    /// Monotonic clock at that time, ns (from wire 1.25 on).
    pub mono: u64,
    /// Wall clock at that time, seconds since 1970 (from wire 1.25 on).
    pub sec: u64,
    /// Nanoseconds of that second (from wire 1.25 on).
    pub nsec: u64,
}

#[derive(Clone, Debug)]
enum SyncData {
    /// What suits the generation's batches.
    Default,
    Given(ClockSync),
    /// These records at this time.
    Records(u64, Vec<SyncRecord>),
    None,
}

/// A generation's contents.
#[derive(Clone, Debug)]
pub(super) struct GenerationState {
    number: u64,
    /// How many generations stand before it.
    nth: u64,
    items: Vec<Item>,
    strings: Vec<Vec<u8>>,
    string_ids: HashMap<Vec<u8>, u64>,
    stacks: Vec<Vec<Frame>>,
    stack_ids: HashMap<Vec<Frame>, u64>,
    sync: SyncData,
    /// Time of the tables; 0 if timestamps were off.
    table_time: u64,
    timestamps: bool,
    end_marker: bool,
}

impl GenerationState {
    pub(super) fn new(number: u64, nth: u64) -> GenerationState {
        GenerationState {
            number,
            nth,
            items: Vec::new(),
            strings: Vec::new(),
            string_ids: HashMap::new(),
            stacks: Vec::new(),
            stack_ids: HashMap::new(),
            sync: SyncData::Default,
            table_time: 0,
            timestamps: true,
            end_marker: true,
        }
    }

    /// Keeps the tables later than everything else.
    fn note_time(&mut self, clock: &Clock) {
        if clock.on {
            self.table_time = self.table_time.max(clock.last.wrapping_add(1));
        }
    }

    fn batch(&self, m: u64, time: u64, body: Body) -> Item {
        Item::Batch(trace::Batch { generation: self.number, m, time, size: SizeField::Shortest, body })
    }

    /// Appends the generation's items: sync data first from wire 1.25 on, batches, before 1.25 the
    /// frequency, tables, end marker.
    pub(super) fn build_into(&self, version: Version, out: &mut Vec<Item>) {
        let sync = self.sync_batch(version);
        let (first, last) = if version.has_sync_batch() { (sync, None) } else { (None, sync) };
        out.extend(first);
        out.extend(self.items.iter().cloned());
        out.extend(last);
        let sync_time = match self.sync {
            SyncData::Given(sync) if self.timestamps => sync.time.wrapping_add(1),
            _ => 0,
        };
        self.tables_into(self.table_time.max(sync_time), out);
        if version.has_end_of_generation() && self.end_marker {
            out.push(Item::EndOfGeneration);
        }
    }

    fn sync_batch(&self, version: Version) -> Option<Item> {
        let (time, records) = match &self.sync {
            SyncData::None => return None,
            SyncData::Records(time, records) => (*time, records.clone()),
            SyncData::Given(sync) => self.sync_records(version, *sync),
            SyncData::Default => self.sync_records(version, self.default_sync(version)),
        };
        Some(self.batch(NONE_ID, time, Body::Sync(records)))
    }

    /// Clocks that Go's validator is content with: they move on from generation to generation.
    fn default_sync(&self, version: Version) -> ClockSync {
        let times = self.items.iter().filter_map(|item| match item {
            Item::Batch(b) => Some(b.time),
            _ => None,
        });
        let time = if version.has_sync_batch() { times.min().unwrap_or(self.table_time).max(1) } else { 0 };
        ClockSync { frequency: DEFAULT_FREQUENCY, time, mono: self.nth + 1, sec: self.nth + 1, nsec: 0 }
    }

    fn sync_records(&self, version: Version, sync: ClockSync) -> (u64, Vec<SyncRecord>) {
        let ClockSync { frequency, time, mono, sec, nsec } = sync;
        let frequency = SyncRecord::Frequency(frequency);
        if !version.has_sync_batch() {
            return (if self.timestamps { time } else { 0 }, vec![frequency]);
        }
        // Without timestamps the snapshots still have to move on, or Go's validator complains.
        let (batch_time, dt) = if self.timestamps { (time.wrapping_sub(1), 1) } else { (0, self.nth + 1) };
        (batch_time, vec![frequency, SyncRecord::ClockSnapshot { dt, mono, sec, nsec }])
    }

    /// The stack and the string table, each cut into batches of a size that readers take.
    fn tables_into(&self, time: u64, out: &mut Vec<Item>) {
        let stacks = self.stacks.iter().zip(1..).map(|(frames, id)| StackRecord { id, frames: frames.clone() });
        let strings = self.strings.iter().zip(1..).map(|(bytes, id)| StringRecord { id, bytes: bytes.clone().into() });
        let stacks = split(stacks, |s| 20 + s.frames.len() * 4 * varint::len(u64::MAX));
        out.extend(stacks.into_iter().map(|t| self.batch(NONE_ID, time, Body::Stacks(t))));
        let strings = split(strings, |s| 20 + s.bytes.len());
        out.extend(strings.into_iter().map(|t| self.batch(NONE_ID, time, Body::Strings(t))));
    }

    fn intern_string(&mut self, text: &[u8]) -> u64 {
        if text.is_empty() {
            return 0;
        }
        if let Some(&id) = self.string_ids.get(text) {
            return id;
        }
        self.strings.push(text.to_vec());
        let id = self.strings.len() as u64;
        self.string_ids.insert(text.to_vec(), id);
        id
    }

    fn intern_stack(&mut self, frames: &[StackFrame<'_>]) -> u64 {
        if frames.is_empty() {
            return 0;
        }
        let mut stack = Vec::with_capacity(frames.len());
        for f in frames {
            let (func, file) = (self.intern_string(f.func.as_bytes()), self.intern_string(f.file.as_bytes()));
            stack.push(Frame { pc: f.pc, func, file, line: f.line });
        }
        if let Some(&id) = self.stack_ids.get(&stack) {
            return id;
        }
        self.stacks.push(stack.clone());
        let id = self.stacks.len() as u64;
        self.stack_ids.insert(stack, id);
        id
    }

    fn resolve(&mut self, arg: Arg<'_>) -> u64 {
        match arg {
            Arg::Value(v) | Arg::Any(v) => v,
            Arg::M(id) => id.0,
            Arg::P(id) => id.0,
            Arg::G(id) => id.0,
            Arg::Seq(n) => n.0,
            Arg::Task(id) => id.0,
            Arg::ProcStatus(status) => status as u64,
            Arg::GoStatus(status) => status as u64,
            Arg::Text(text) => self.intern_string(text),
            Arg::StringId(id) => id.0,
            Arg::Frames(frames) => self.intern_stack(frames),
            Arg::StackId(id) => id.0,
        }
    }
}

/// Records in groups of at most half a batch's size; one empty group if there are none.
fn split<T>(records: impl Iterator<Item = T>, size_of: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut groups = vec![Vec::new()];
    let mut size = 0;
    for record in records {
        size += size_of(&record);
        if let Some(group) = groups.last_mut() {
            group.push(record);
        }
        if size as u64 > MAX_BATCH_SIZE / 2 {
            groups.push(Vec::new());
            size = 0;
        }
    }
    if groups.len() > 1 && groups.last().is_some_and(Vec::is_empty) {
        groups.pop();
    }
    groups
}

/// A generation to add to; its tables, sync data and end marker come by themselves.
#[derive(Debug)]
pub struct Generation<'a> {
    state: &'a mut GenerationState,
    clock: &'a mut Clock,
}

impl<'a> Generation<'a> {
    pub(super) fn new(state: &'a mut GenerationState, clock: &'a mut Clock) -> Generation<'a> {
        state.timestamps = clock.on;
        state.table_time = if clock.on { clock.last + 1 } else { 0 };
        Generation { state, clock }
    }

    /// Adds an event batch of thread `m` that begins at `time` (timestamp units).
    pub fn batch(&mut self, m: M, time: u64) -> Batch<'_> {
        let time = self.clock.batch_time(time);
        let item = self.state.batch(m.0, time, Body::Events(Vec::new()));
        self.state.items.push(item);
        self.note_time();
        Batch { state: self.state, clock: self.clock, dt: 1 }
    }

    /// Adds a batch with this body.
    pub fn batch_of(&mut self, m: M, time: u64, body: Body) -> &mut Self {
        let time = self.clock.batch_time(time);
        let item = self.state.batch(m.0, time, body);
        self.item(item)
    }

    /// Adds a batch of CPU samples.
    pub fn cpu_samples(&mut self, time: u64, samples: Vec<CpuSample>) -> &mut Self {
        self.batch_of(M::NONE, time, Body::CpuSamples(samples))
    }

    /// Adds a batch of an experiment's data.
    pub fn experimental_batch(&mut self, experiment: u8, m: M, time: u64, data: &[u8]) -> &mut Self {
        let time = self.clock.batch_time(time);
        self.item(Item::Experimental(ExperimentalBatch {
            experiment,
            generation: self.state.number,
            m: m.0,
            time,
            size: SizeField::Shortest,
            data: data.to_vec(),
        }))
    }

    /// Adds an item as it is, after the batches so far.
    pub fn item(&mut self, item: Item) -> &mut Self {
        self.state.items.push(item);
        self.note_time();
        self
    }

    /// The id of a string in the generation's table; 0 for the empty one.
    pub fn string(&mut self, text: impl AsRef<[u8]>) -> StringId {
        StringId(self.state.intern_string(text.as_ref()))
    }

    /// The id of a stack in the generation's table; 0 for one without frames.
    pub fn stack(&mut self, frames: &[StackFrame<'_>]) -> StackId {
        StackId(self.state.intern_stack(frames))
    }

    /// Sets the clocks. By default a unit is 64 ns, the snapshot is taken at the time of the earliest
    /// batch, and monotonic and wall clock move on by a nanosecond and a second from generation to generation.
    /// [`ClockSync::time`] counts only while timestamps are on.
    pub fn sync(&mut self, sync: ClockSync) -> &mut Self {
        self.state.sync = SyncData::Given(sync);
        self
    }

    /// Writes these sync records in a batch of this time, right or not.
    pub fn sync_records(&mut self, time: u64, records: Vec<SyncRecord>) -> &mut Self {
        self.state.sync = SyncData::Records(time, records);
        self
    }

    /// Writes no sync data.
    pub fn no_sync(&mut self) -> &mut Self {
        self.state.sync = SyncData::None;
        self
    }

    /// Writes no end marker, which only wire 1.26 has.
    pub fn no_end(&mut self) -> &mut Self {
        self.state.end_marker = false;
        self
    }

    fn note_time(&mut self) {
        self.state.note_time(self.clock);
    }
}

/// An event batch to add to.
#[derive(Debug)]
pub struct Batch<'a> {
    state: &'a mut GenerationState,
    clock: &'a mut Clock,
    dt: u64,
}

impl Batch<'_> {
    /// Adds an event, one timestamp unit after the one before it (see [`Batch::after`]).
    ///
    /// # Panics
    /// If the event's name is unknown, if it carries no time delta, or if the arguments' number or kinds are not those of
    /// the event table.
    pub fn event<'b>(&mut self, event: impl EventName, args: impl Args<'b>) -> &mut Self {
        let ty = event.event_type();
        let spec = ty.spec();
        assert!(spec.timed, "{ty} cannot stand among a thread's events; use an item or a body");
        let mut given = Vec::with_capacity(MAX_EVENT_ARGS);
        args.append_to(&mut given);
        assert_eq!(given.len(), spec.args.len(), "{ty} has the arguments {:?}, given were {given:?}", spec.args);
        let mut values = [0; MAX_EVENT_ARGS];
        for ((arg, &(name, kind)), value) in given.into_iter().zip(spec.args).zip(&mut values) {
            assert!(arg.fits(kind), "argument {name} of {ty} is a {kind:?}, given was {arg:?}");
            *value = self.state.resolve(arg);
        }
        let dt = self.clock.delta(std::mem::replace(&mut self.dt, 1));
        self.push(Event { ty, dt, args: values })
    }

    /// The next event comes this many timestamp units after the one before it, not 1.
    pub fn after(&mut self, dt: u64) -> &mut Self {
        self.dt = dt;
        self
    }

    /// Adds an event as it is, its time delta included.
    pub fn push(&mut self, event: Event) -> &mut Self {
        if let Some(Item::Batch(trace::Batch { body: Body::Events(events), .. })) = self.state.items.last_mut() {
            events.push(event);
        }
        self.state.note_time(self.clock);
        self
    }

    /// Makes the batch's size field claim this, in its shortest form.
    pub fn claim_size(&mut self, value: u64) -> &mut Self {
        if let Some(Item::Batch(batch)) = self.state.items.last_mut() {
            batch.size = SizeField::Exactly { value, width: varint::len(value) as u8 };
        }
        self
    }
}
