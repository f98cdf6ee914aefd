//! Reading one generation: sorting its batches into tables, samples and streams.
//!
//! Up to wire 1.25 a generation ends where the first batch of the next one begins, which
//! is then kept ("spilled"); from 1.26 on it has an end marker.

use crate::bits::Pext;
use crate::clock::Clock;
use crate::error::{Cause, Error, Place};
use crate::fault::{FaultSet, fault};
use crate::input::Input;
use crate::item::{self, Item, ItemError, Next};
use crate::records::{self, RecordError, Sample, SyncData};
use crate::release::Switches;
use crate::sort::sort;
use crate::tables::{ExperimentalSpan, Tables};
use crate::threads::{NONE, Threads};
use tracehound_wire::{EventType, RejectRule, Version};

/// A batch of events that is not empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchSpan {
    pub start: usize,
    pub ts: u64,
    pub len: u32,
    /// The next one of the same thread.
    pub next: u32,
}

/// The batches of one thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    pub thread: u32,
    pub head: u32,
    pub tail: u32,
}

/// Why a generation could not be loaded.
pub(crate) enum LoadError {
    Failed(Error),
    /// Go takes it for the end of the trace.
    Silent,
}

/// What loading came to.
pub(crate) enum Loaded {
    /// A generation; the error, if any, stands behind it.
    Generation(Option<Error>),
    /// The trace ended before another generation.
    End { silent: bool },
}

/// One generation's streams and samples. Its tables are kept apart, with the events.
#[derive(Debug, Default)]
pub(crate) struct Generation {
    pub batches: Vec<BatchSpan>,
    /// In the order of the threads' first use.
    pub streams: Vec<Stream>,
    pub samples: Vec<Sample>,
    pub clock: Option<Clock>,
    /// Least time of its batches; 0 counts as unset, as in Go.
    pub min_ts: u64,
    /// File offset of its first item.
    pub offset: u64,
    spill: Option<Item>,
    sync: SyncData,
    number: u64,
    stamp: u32,
    started: bool,
    /// With a fault: where the last table ends.
    tables_end: usize,
    /// Whether a lone byte at the input's end was taken for its end.
    pub swallowed: bool,
}

/// What a generation has to know of the one before it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Link {
    spill: Option<Item>,
    stamp: u32,
    swallowed: bool,
    number: u64,
    index: u64,
}

/// What loading needs besides the generation.
pub(crate) struct Loader<'x, 'a> {
    pub input: &'x mut Input<'a>,
    pub tables: &'x mut Tables,
    pub threads: &'x mut Threads,
    pub version: Version,
    pub sw: &'x Switches,
    pub strict: bool,
    pub pext: Pext,
    pub faults: FaultSet,
}

impl Generation {
    /// Its number; 0 if there is none yet.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether nothing has been loaded into it.
    pub fn is_untouched(&self) -> bool {
        self.stamp == 0
    }

    /// Whether a batch of a further generation has been read.
    pub fn has_spill(&self) -> bool {
        self.spill.is_some()
    }

    /// What the next one has to know, if that is another value.
    pub fn link(&self, tables: &Tables) -> Link {
        let Generation { spill, stamp, swallowed, .. } = *self;
        Link { spill, stamp, swallowed, number: tables.number, index: tables.index }
    }

    /// Makes this value, and the tables, ready to load what comes behind another one.
    pub fn succeed(&mut self, before: Link, tables: &mut Tables) {
        (self.spill, self.stamp, self.swallowed) = (before.spill, before.stamp, before.swallowed);
        (tables.number, tables.index) = (before.number, before.index);
    }

    /// Replaces this generation by the next one of the input.
    pub fn load(&mut self, l: &mut Loader<'_, '_>) -> Result<Loaded, LoadError> {
        let mut spill = self.spill.take();
        let keep_from = spill.map_or(l.input.pos, |s| s.at);
        let shift = l.input.discard_before(keep_from);
        if let Some(s) = &mut spill {
            (s.at, s.start, s.end) = (s.at - shift, s.start - shift, s.end - shift);
        }
        let before = (l.tables.number != 0).then_some(l.tables.number);
        self.clear();
        l.tables.clear();
        l.tables.index += u64::from(l.tables.number != 0);
        let loaded = if l.version.has_end_of_generation() {
            self.load_to_end_marker(l)?
        } else {
            self.load_with_spill(spill, l)?
        };
        if l.strict && matches!(loaded, Loaded::Generation(_)) {
            self.strict_generation(l, before)?;
        }
        Ok(loaded)
    }

    fn clear(&mut self) {
        self.batches.clear();
        self.streams.clear();
        self.samples.clear();
        self.clock = None;
        self.min_ts = 0;
        self.tables_end = 0;
        self.sync = SyncData::default();
        self.number = 0;
        self.stamp += 1;
        self.started = false;
    }

    fn load_to_end_marker(&mut self, l: &mut Loader<'_, '_>) -> Result<Loaded, LoadError> {
        loop {
            let item = match item::next(l.input, l.sw, l.faults) {
                Ok(Next::Item(item)) => item,
                Ok(Next::End { silent }) if self.streams.is_empty() => return Ok(Loaded::End { silent }),
                Ok(Next::End { .. }) if fault!(l.faults, CutIsClean) => return Ok(Loaded::End { silent: false }),
                Ok(Next::End { .. }) => {
                    let message = "the input ends before the generation's end marker".to_owned();
                    return Err(self.failed(l, RejectRule::GenIncomplete, l.input.pos, message));
                }
                Err(e) => return Err(LoadError::Failed(self.item_error(l, e))),
            };
            if self.number == 0 {
                self.begin(&item, l);
            }
            if item.is_end || item.experiment == 0 && kind(l, &item) == Some(EventType::EndOfGeneration) {
                if l.strict {
                    self.strict_marker(l, &item)?;
                }
                break;
            }
            self.nonzero(l, &item)?;
            if item.generation != self.number {
                let message = format!(
                    "expected a batch of generation {} or its end marker, found a batch of generation {}",
                    self.number, item.generation
                );
                return Err(self.failed(l, RejectRule::GenInterleaved, item.at, message));
            }
            self.add(l, &item)?;
        }
        self.finish(l)?;
        Ok(Loaded::Generation(None))
    }

    fn load_with_spill(&mut self, spill: Option<Item>, l: &mut Loader<'_, '_>) -> Result<Loaded, LoadError> {
        let mut deferred = None;
        if let Some(item) = spill {
            self.begin(&item, l);
            self.min_ts = item.ts;
            self.payload(l, &item)?;
        }
        loop {
            let item = match item::next(l.input, l.sw, l.faults) {
                Ok(Next::Item(item)) => item,
                Ok(Next::End { silent }) => {
                    self.swallowed = silent;
                    break;
                }
                Err(e) => {
                    let error = self.item_error(l, e);
                    if self.number == 0 || !l.sw.defers_read_errors || fault!(l.faults, LookaheadLosesGeneration) {
                        return Err(LoadError::Failed(error));
                    }
                    deferred = Some(error);
                    break;
                }
            };
            self.nonzero(l, &item)?;
            if self.number == 0 {
                self.begin(&item, l);
            }
            if item.generation == self.number.wrapping_add(1) {
                self.spill = Some(item);
                break;
            }
            if item.generation != self.number {
                let message = format!(
                    "expected a batch of generation {} or {}, found one of generation {}",
                    self.number,
                    self.number.wrapping_add(1),
                    item.generation
                );
                return Err(self.failed(l, RejectRule::GenOutOfOrder, item.at, message));
            }
            self.add(l, &item)?;
        }
        self.finish(l)?;
        Ok(Loaded::Generation(deferred))
    }

    fn begin(&mut self, item: &Item, l: &mut Loader<'_, '_>) {
        self.number = item.generation;
        l.tables.number = item.generation;
        if !self.started {
            self.started = true;
            self.offset = l.input.offset(item.at);
        }
    }

    fn nonzero(&self, l: &Loader<'_, '_>, item: &Item) -> Result<(), LoadError> {
        if item.generation != 0 {
            return Ok(());
        }
        let message = if item.is_end {
            "an end of generation in a version that has none".to_owned()
        } else {
            "a batch of generation 0, but generations count from 1".to_owned()
        };
        Err(self.failed(l, RejectRule::GenZero, item.at, message))
    }

    fn add(&mut self, l: &mut Loader<'_, '_>, item: &Item) -> Result<(), LoadError> {
        if self.min_ts == 0 || item.ts < self.min_ts {
            self.min_ts = item.ts;
        }
        self.payload(l, item)
    }

    /// Puts an item's payload where it belongs.
    fn payload(&mut self, l: &mut Loader<'_, '_>, item: &Item) -> Result<(), LoadError> {
        use EventType::*;
        if l.strict {
            self.strict_item(l, item)?;
        }
        let base = l.input.offset(0);
        let data = l.input.data();
        let sync_kind = if l.version.has_sync_batch() { Sync } else { Frequency };
        let kind = if item.experiment == 0 { kind(l, item) } else { None };
        if fault!(l.faults, FallingThreads) && matches!(kind, Some(Strings | Stacks)) {
            self.tables_end = item.end;
        }
        let result = match kind {
            Some(Strings) => records::strings(l.tables, data, item, l.faults),
            Some(Stacks) => records::stacks(l.tables, data, item, l.sw, l.pext),
            Some(CPUSamples) => records::samples(&mut self.samples, data, item, base, l.faults),
            Some(k) if k == sync_kind => records::sync(&mut self.sync, data, item, l.version, l.sw, l.faults),
            _ if item.experiment != 0 => {
                experimental(l, item);
                Ok(())
            }
            Some(EndOfGeneration) if l.sw.knows_end_of_generation => {
                let message = "an end of generation in a version that has none".to_owned();
                Err(RecordError::Rule(RejectRule::EogInOldBatch, item.start, message))
            }
            _ => {
                self.stream(l, item);
                Ok(())
            }
        };
        result.map_err(|e| match e {
            RecordError::Silent => LoadError::Silent,
            RecordError::Rule(rule, at, message) => self.failed(l, rule, at, message),
        })
    }

    /// Appends an event batch to its thread's stream. An empty one only makes the stream.
    fn stream(&mut self, l: &mut Loader<'_, '_>, item: &Item) {
        let at = l.threads.place(item.m);
        let thread = l.threads.get_mut(at);
        if thread.stamp != self.stamp {
            thread.stamp = self.stamp;
            thread.stream = self.streams.len() as u32;
            self.streams.push(Stream { thread: at, head: NONE, tail: NONE });
        }
        if item.start == item.end {
            return;
        }
        let stream = &mut self.streams[thread.stream as usize];
        if fault!(l.faults, ManyBatchesLost) && self.batches.len() >= 100 {
            return;
        }
        let new = self.batches.len() as u32;
        let len = (item.end - item.start) as u32;
        self.batches.push(BatchSpan { start: item.start, ts: item.ts, len, next: NONE });
        if stream.head == NONE {
            stream.head = new;
        } else {
            self.batches[stream.tail as usize].next = new;
        }
        stream.tail = new;
    }

    /// For a fault: whether the tables come first, then the threads, each with all of its batches and some with several.
    fn is_in_order(&self) -> bool {
        let next = |(at, batch): (usize, &BatchSpan)| (batch.next != NONE).then_some((at, batch.next as usize));
        let mut follow = self.batches.iter().enumerate().filter_map(next).peekable();
        let tables_first = self.batches.first().is_some_and(|first| first.start > self.tables_end);
        tables_first && follow.peek().is_some() && follow.all(|(at, next)| next == at + 1)
    }

    /// The checks on a complete generation, and its samples' times.
    fn finish(&mut self, l: &mut Loader<'_, '_>) -> Result<(), LoadError> {
        let Some(clock) = self.sync.clock else {
            let message = "the generation has no clock frequency".to_owned();
            return Err(self.failed(l, RejectRule::FreqMissing, l.input.pos, message));
        };
        if self.sync.snapshot.is_none() && l.version.has_sync_batch() {
            let message = "the generation has no clock snapshot".to_owned();
            return Err(self.failed(l, RejectRule::ClockMissing, l.input.pos, message));
        }
        if fault!(l.faults, FallingThreads) && self.streams.len() >= 3 && self.is_in_order() {
            let id = |s: &Stream| l.threads.get(s.thread).m;
            if self.streams.iter().skip(1).all(|s| id(s) < id(&self.streams[0])) {
                self.streams.pop();
            }
        }
        l.tables.settle();
        if let Some((stack, string, is_func)) = l.tables.stacks.dangling_frame(&l.tables.strings) {
            let (rule, what) = if is_func {
                (RejectRule::StackFuncStringMissing, "function")
            } else {
                (RejectRule::StackFileStringMissing, "file")
            };
            let message = format!("stack {stack} names string {string} as a {what}, but there is no such string");
            return Err(self.failed(l, rule, l.input.pos, message));
        }
        self.clock = Some(clock);
        l.tables.clock = self.sync.snapshot.map(|mut s| {
            s.trace = clock.ns(s.trace as u64);
            s
        });
        for s in &mut self.samples {
            s.time = clock.ns(s.time as u64);
        }
        sort(&mut self.samples, l.sw.sort_shifts, |s| s.time);
        if fault!(l.faults, BatchOrder) {
            self.order_batches_by_time();
        }
        Ok(())
    }

    fn order_batches_by_time(&mut self) {
        for stream in &mut self.streams {
            let mut list = Vec::new();
            let mut at = stream.head;
            while at != NONE {
                list.push(at);
                at = self.batches[at as usize].next;
            }
            list.sort_by_key(|&b| self.batches[b as usize].ts);
            for pair in list.windows(2) {
                self.batches[pair[0] as usize].next = pair[1];
            }
            if let (Some(&first), Some(&last)) = (list.first(), list.last()) {
                (stream.head, stream.tail) = (first, last);
                self.batches[last as usize].next = NONE;
            }
        }
    }

    fn place(&self, l: &Loader<'_, '_>, at: usize) -> Place {
        let generation = (self.number != 0).then_some(self.number);
        Place { offset: Some(l.input.offset(at)), generation, ..Place::default() }
    }

    #[cold]
    pub(crate) fn failed(&self, l: &Loader<'_, '_>, rule: RejectRule, at: usize, message: String) -> LoadError {
        LoadError::Failed(Error::rule_at(rule, self.place(l, at), message))
    }

    #[cold]
    fn item_error(&self, l: &Loader<'_, '_>, e: ItemError) -> Error {
        match e {
            ItemError::Rule(rule, at, message) => Error::rule_at(rule, self.place(l, at), message),
            ItemError::Io(e) => {
                let message = format!("the input could not be read: {e}");
                Error::new(Cause::Io(e), self.place(l, l.input.pos), message)
            }
        }
    }
}

fn experimental(l: &mut Loader<'_, '_>, item: &Item) {
    if fault!(l.faults, UnknownExperimentPanics) {
        assert_eq!(item.experiment, 1, "a batch of an experiment without a name");
    }
    if !fault!(l.faults, ExperimentalBatchesDropped) {
        let Item { experiment, m, start, end, .. } = *item;
        l.tables.experimental.push(ExperimentalSpan { experiment, m, start, end });
    }
}

/// The kind of an ordinary batch, by its first byte.
fn kind(l: &Loader<'_, '_>, item: &Item) -> Option<EventType> {
    if item.start == item.end { None } else { EventType::from_byte(l.input.data()[item.start]) }
}
