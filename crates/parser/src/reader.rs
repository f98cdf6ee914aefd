//! The read loop: generations, samples, the frontier, times.
//!
//! It decides what is delivered and in which order; whether an event may happen is the
//! ordering's business, what bytes mean is the decoders'. Steps and their order are those
//! of `internal/trace/reader.go` (Go 1.27.3), with the switches of older releases.

use crate::cursor::{Arity, Cursor, DecodeError};
use crate::error::{Error, Place};
use crate::event::{Emitted, Event, Scene};
use crate::explain::Explain;
use crate::fault::{FaultSet, fault};
use crate::frontier::{Frontier, Slot};
use crate::generation::{Generation, LoadError, Loaded, Loader};
use crate::input::Input;
use crate::opening;
use crate::options::Options;
use crate::order::{Order, Reject};
use crate::strict::{Happened, Strict};
use std::io::Read;
use tracehound_wire::{EventType, RejectRule, Version};

/// How a trace ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It has not ended yet.
    Unfinished,
    /// All of it was read.
    Clean,
    /// It was accepted, but a table record that ends exactly where a number should begin
    /// made Go's reader, and this one, take it for the end: what follows was not read.
    SilentEnd,
    /// It was refused.
    Refused,
}

/// What comes when all events of a generation have been delivered.
#[derive(Debug)]
enum Ahead {
    /// Another generation, if the input has one.
    Load,
    /// An error that was found behind the generation; it gets a Sync first.
    SyncThenError(Error),
    /// An error that has had its Sync.
    Error(Error),
    /// A silent end that has had its Sync.
    Silent,
    /// Nothing: the last Sync has been given.
    Nothing,
}

/// Reads one trace.
///
/// The first error is final. (Go's reader can be asked again after one, and then repeats
/// events or tries them on changed state; what comes then means nothing.)
pub struct Reader<'a> {
    input: Input<'a>,
    version: Version,
    scene: Scene,
    generation: Generation,
    /// Whether a generation has been loaded and installed.
    has_generation: bool,
    next_sample: usize,
    cursors: Vec<Cursor>,
    frontier: Frontier,
    order: Order,
    arity: Arity,
    current: Emitted,
    last_time: i64,
    syncs: u64,
    events: u64,
    ahead: Ahead,
    /// Up to Go 1.24: the loaded generation's Sync is still to come.
    owes_sync: bool,
    outcome: Outcome,
    strict: Option<Box<Strict>>,
    faults: FaultSet,
}

/// Whether there is an event in `current`, or the trace has ended.
type Step = Result<bool, Error>;

impl<'a> Reader<'a> {
    /// A reader of a whole trace in memory, which follows Go 1.27.
    ///
    /// # Errors
    /// If the header is not that of a readable trace.
    pub fn new(bytes: &'a [u8]) -> Result<Reader<'a>, Error> {
        Reader::with_options(bytes, Options::default())
    }

    /// A reader of a whole trace in memory.
    ///
    /// # Errors
    /// If the header is not that of a readable trace.
    pub fn with_options(bytes: &'a [u8], options: Options) -> Result<Reader<'a>, Error> {
        Reader::open(Input::slice(bytes), options)
    }

    /// A reader of a stream. Holds one generation and a batch in memory.
    ///
    /// # Errors
    /// If the header is not that of a readable trace, or cannot be read.
    pub fn from_read(from: impl Read + 'a, options: Options) -> Result<Reader<'a>, Error> {
        Reader::open(Input::stream(from), options)
    }

    fn open(mut input: Input<'a>, options: Options) -> Result<Reader<'a>, Error> {
        let switches = options.release.switches();
        let faults = options.faults();
        let version = opening::read_header(&mut input, &options)?;
        Ok(Reader {
            input,
            version,
            arity: Arity::new(&switches),
            scene: Scene { tables: Default::default(), ended_task: Vec::new(), switches, faults },
            generation: Generation::default(),
            has_generation: false,
            next_sample: 0,
            cursors: Vec::new(),
            frontier: Frontier::new(faults),
            order: Order::new(faults),
            current: Emitted::EMPTY,
            last_time: 0,
            syncs: 0,
            events: 0,
            ahead: Ahead::Load,
            owes_sync: false,
            outcome: Outcome::Unfinished,
            strict: options.strict.then(|| Box::new(Strict::new(version))),
            faults,
        })
    }

    /// The wire version in the header.
    pub fn version(&self) -> Version {
        self.version
    }

    /// How the trace ended, once it has.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The next event; `None` at the end and after an error.
    #[inline]
    pub fn next_event(&mut self) -> Option<Result<Event<'_>, Error>> {
        if self.outcome != Outcome::Unfinished {
            return None;
        }
        let step = self.step().and_then(|more| {
            if more {
                self.finish_event()?;
            }
            Ok(more)
        });
        match step {
            Ok(true) => {
                self.events += 1;
                Some(Ok(Event { e: &self.current, scene: &self.scene, data: self.input.data() }))
            }
            Ok(false) => None,
            Err(e) => {
                self.outcome = Outcome::Refused;
                Some(Err(e.after(self.events)))
            }
        }
    }

    /// Calls `f` with every event.
    ///
    /// # Errors
    /// The trace's first error, after the events before it.
    pub fn for_each(&mut self, mut f: impl FnMut(&Event<'_>)) -> Result<Outcome, Error> {
        while let Some(event) = self.next_event() {
            f(&event?);
        }
        Ok(self.outcome)
    }

    /// What `f` makes of each event, and the trace's outcome or first error.
    pub fn collect_with<T>(&mut self, mut f: impl FnMut(&Event<'_>) -> T) -> (Vec<T>, Result<Outcome, Error>) {
        let mut all = Vec::new();
        let end = self.for_each(|event| all.push(f(event)));
        (all, end)
    }

    /// Puts the next event into `current`; false at the end of the trace.
    #[inline]
    fn step(&mut self) -> Step {
        if self.order.take_extra(&mut self.current) {
            return Ok(true);
        }
        if self.frontier.len() == 0
            && self.next_sample == self.generation.samples.len()
            && let Some(more) = self.between_generations()?
        {
            return Ok(more);
        }
        if self.next_sample < self.generation.samples.len() && self.sample_is_next() {
            self.take_sample();
            return Ok(true);
        }
        if self.frontier.len() == 0 {
            let message = "the generation has neither events nor samples, which this release refuses".to_owned();
            return Err(Error::rule_at(RejectRule::FrontierEmpty, self.place(), message));
        }
        if !self.try_advance(0)? {
            self.advance_any_other()?;
        }
        Ok(true)
    }

    fn sample_is_next(&self) -> bool {
        let sample = self.generation.samples[self.next_sample].time;
        match self.frontier.first() {
            None => true,
            Some(slot) => sample < slot.time || fault!(self.faults, SamplesLate) && sample == slot.time,
        }
    }

    fn take_sample(&mut self) {
        let s = self.generation.samples[self.next_sample];
        self.next_sample += 1;
        self.current = Emitted {
            time: s.time,
            m: s.m,
            p: s.p,
            g: s.g,
            args: [s.stack, 0, 0, 0],
            offset: s.offset,
            ty: Some(EventType::CPUSample),
            has_tables: true,
            ..Emitted::EMPTY
        };
    }

    /// Tries the event of slot `i`. If it happens, decodes the thread's next one; an error
    /// there comes before the event that happened, as in Go.
    #[inline]
    fn try_advance(&mut self, i: usize) -> Step {
        let index = self.frontier.get(i).cursor;
        if self.order.is_blocked(index) {
            return Ok(false);
        }
        let at = index as usize;
        let cursor = &mut self.cursors[at];
        let data = self.input.data();
        let offset = self.input.offset(cursor.at);
        match self.order.advance(index, cursor, &mut self.scene, data, offset, &mut self.current) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(reject) => return Err(self.rejected(at, *reject)),
        }
        if let Some(strict) = &mut self.strict {
            let m = self.order.threads.get(cursor.thread).m;
            if let Err(reject) = strict.event(&Happened { m, ty: cursor.ty, args: &cursor.args }) {
                return Err(self.rejected(at, *reject));
            }
        }
        let Some(clock) = &self.generation.clock else { return Ok(true) };
        match cursor.advance(data, &self.generation.batches, clock, self.arity) {
            Ok(true) => self.frontier.update(i, cursor.time),
            Ok(false) => self.frontier.remove(i),
            Err(e) => return Err(self.undecodable(at, *e)),
        }
        Ok(true)
    }

    /// The first thread has to wait: tries the others in order of time. Slot 0 is not tried
    /// again although the sort may have put another thread there, as in Go.
    #[cold]
    fn advance_any_other(&mut self) -> Result<(), Error> {
        self.frontier.sort(self.scene.switches.sort_shifts);
        let from = if fault!(self.faults, SortSkipsOne) { 2 } else { 1 };
        for i in from..self.frontier.len() {
            if self.try_advance(i)? {
                return Ok(());
            }
        }
        Err(self.stuck())
    }

    /// All of the generation's events have been delivered. `None` if a generation was
    /// installed without a Sync of its own.
    #[cold]
    fn between_generations(&mut self) -> Result<Option<bool>, Error> {
        self.end_strictly()?;
        if !self.scene.switches.sync_before_generation {
            return self.between_generations_before_125();
        }
        match std::mem::replace(&mut self.ahead, Ahead::Nothing) {
            Ahead::Load => {}
            Ahead::SyncThenError(error) => {
                self.ahead = Ahead::Error(error);
                self.sync_without_tables();
                return Ok(Some(true));
            }
            Ahead::Error(error) => return Err(error),
            Ahead::Silent => return Ok(Some(self.end(Outcome::SilentEnd))),
            Ahead::Nothing => return Ok(Some(self.end(self.last_outcome()))),
        }
        if self.has_generation && !self.version.has_end_of_generation() && !self.generation.has_spill() {
            self.sync_without_tables();
            return Ok(Some(true));
        }
        match self.load() {
            Ok(Loaded::Generation(deferred)) => {
                self.ahead = deferred.map_or(Ahead::Load, Ahead::SyncThenError);
                self.install()?;
                self.sync_with_tables();
            }
            Ok(Loaded::End { silent }) => {
                self.ahead = if silent { Ahead::Silent } else { Ahead::Nothing };
                self.sync_without_tables();
            }
            Err(LoadError::Failed(error)) => {
                self.ahead = Ahead::Error(error);
                self.sync_without_tables();
            }
            Err(LoadError::Silent) => {
                self.ahead = Ahead::Silent;
                self.sync_without_tables();
            }
        }
        Ok(Some(true))
    }

    /// Up to Go 1.24: a Sync after each generation, none elsewhere.
    fn between_generations_before_125(&mut self) -> Result<Option<bool>, Error> {
        if self.owes_sync {
            self.owes_sync = false;
            self.sync_with_tables();
            self.current.time = self.last_time;
            self.current.args[0] = 0;
            return Ok(Some(true));
        }
        if let Ahead::SyncThenError(error) | Ahead::Error(error) = std::mem::replace(&mut self.ahead, Ahead::Load) {
            return Err(error);
        }
        if self.has_generation && !self.generation.has_spill() {
            return Ok(Some(self.end(self.last_outcome())));
        }
        match self.load() {
            Ok(Loaded::Generation(deferred)) => {
                self.ahead = deferred.map_or(Ahead::Load, Ahead::Error);
                self.install()?;
                self.owes_sync = true;
                Ok(None)
            }
            Ok(Loaded::End { .. }) | Err(LoadError::Silent) => Ok(Some(self.end(Outcome::SilentEnd))),
            Err(LoadError::Failed(error)) => Err(error),
        }
    }

    /// How a trace ended whose last Sync has been given: silently if a byte was swallowed.
    fn last_outcome(&self) -> Outcome {
        if self.generation.swallowed { Outcome::SilentEnd } else { Outcome::Clean }
    }

    fn end(&mut self, outcome: Outcome) -> bool {
        self.outcome = outcome;
        false
    }

    fn load(&mut self) -> Result<Loaded, LoadError> {
        self.next_sample = 0;
        let loaded = self.generation.load(&mut Loader {
            input: &mut self.input,
            tables: &mut self.scene.tables,
            threads: &mut self.order.threads,
            version: self.version,
            sw: &self.scene.switches,
            strict: self.strict.is_some(),
            faults: self.faults,
        });
        if !matches!(loaded, Ok(Loaded::Generation(_))) {
            // What was read of a generation that is not delivered must not be delivered either.
            self.generation.samples.clear();
        }
        if self.strict.is_some() { self.strictly(loaded) } else { loaded }
    }

    /// Strict mode: an end that Go does not notice, as the error that it is.
    #[cold]
    fn strictly(&self, loaded: Result<Loaded, LoadError>) -> Result<Loaded, LoadError> {
        let place = Place { offset: Some(self.input.offset(self.input.pos)), ..self.place() };
        let error = |rule, message: &str| Error::rule_at(rule, place, message.to_owned());
        let silent = || error(RejectRule::SilentEnd, "a record is cut here, and with it the rest of the trace");
        match loaded {
            Ok(Loaded::Generation(None)) if self.generation.swallowed => Ok(Loaded::Generation(Some(silent()))),
            Ok(Loaded::End { silent: true }) | Err(LoadError::Silent) => Err(LoadError::Failed(silent())),
            Ok(Loaded::End { .. }) if self.generation.number() != 0 => Err(LoadError::Failed(error(
                RejectRule::GenerationUnfinished,
                "the input ends inside a generation that has only tables so far",
            ))),
            loaded => loaded,
        }
    }

    /// Strict mode: the generation that has been delivered had all that one has to have.
    fn end_strictly(&mut self) -> Result<(), Error> {
        match &mut self.strict {
            Some(strict) if self.has_generation => {
                strict.end_generation().map_err(|reject| Error::rule_at(reject.rule, self.place(), reject.message))
            }
            _ => Ok(()),
        }
    }

    /// Makes a cursor for each thread of the loaded generation.
    fn install(&mut self) -> Result<(), Error> {
        self.has_generation = true;
        let n = self.generation.streams.len();
        self.order.next_generation(n);
        if let Some(strict) = &mut self.strict {
            strict.begin_generation();
        }
        let Some(clock) = &self.generation.clock else { return Ok(()) };
        self.cursors.clear();
        self.cursors.reserve_exact(n);
        self.frontier.clear(n);
        for i in 0..n {
            let i = if fault!(self.faults, ThreadOrder) { n - 1 - i } else { i };
            let stream = self.generation.streams[i];
            let mut cursor = Cursor::new(stream.thread, stream.head, &self.generation.batches);
            let at = self.cursors.len();
            match cursor.advance(self.input.data(), &self.generation.batches, clock, self.arity) {
                Ok(true) => {
                    self.frontier.insert(Slot { time: cursor.time, cursor: at as u32 });
                    self.cursors.push(cursor);
                }
                Ok(false) => {}
                Err(e) => {
                    self.cursors.push(cursor);
                    return Err(self.undecodable(at, *e));
                }
            }
        }
        Ok(())
    }

    fn sync_with_tables(&mut self) {
        self.syncs += 1;
        let time = self.generation.clock.map_or(0, |c| c.ns(self.generation.min_ts));
        self.current = Emitted {
            time,
            args: [self.syncs, 0, 0, 0],
            offset: self.generation.offset,
            has_tables: true,
            ..Emitted::EMPTY
        };
    }

    fn sync_without_tables(&mut self) {
        self.syncs += 1;
        self.current = Emitted { time: self.last_time, args: [self.syncs, 0, 0, 0], ..Emitted::EMPTY };
    }

    /// Checks the ids of the event that is delivered, and makes its time increase.
    #[inline]
    fn finish_event(&mut self) -> Result<(), Error> {
        if let Some(ty) = self.current.ty {
            let ids = IDS[usize::from(ty.byte())];
            if ids != 0 {
                self.check_ids(ty, ids)?;
            }
        }
        let e = &mut self.current;
        if e.time <= self.last_time && !fault!(self.faults, TimesNotFixed) {
            e.time = self.last_time.wrapping_add(1);
        }
        self.last_time = e.time;
        Ok(())
    }

    /// Checks that the strings and stacks exist that the event names at the places `ids`.
    #[inline(always)]
    fn check_ids(&self, ty: EventType, ids: u16) -> Result<(), Error> {
        let (t, args) = (&self.scene.tables, &self.current.args);
        let stack = |at: u16| t.stacks.contains(args[usize::from(at - 1) & 3]) || fault!(self.faults, StackIdUnchecked);
        let string =
            |at: u16| t.strings.contains(args[usize::from(at - 1) & 3]) || fault!(self.faults, StringIdUnchecked);
        let [first, second, third, fourth] = [ids & 15, ids >> 4 & 15, ids >> 8 & 15, ids >> 12];
        if first != 0 && !stack(first) {
            return Err(self.missing_id(ty, first, true));
        }
        if ids >> 4 == 0 {
            return Ok(());
        }
        if second != 0 && !stack(second) {
            return Err(self.missing_id(ty, second, true));
        }
        if third != 0 && !string(third) {
            return Err(self.missing_id(ty, third, false));
        }
        if fourth != 0 && !string(fourth) {
            return Err(self.missing_id(ty, fourth, false));
        }
        Ok(())
    }

    fn place(&self) -> Place {
        Place { offset: None, generation: self.has_generation.then_some(self.scene.tables.number), ..Place::default() }
    }

    fn place_of(&self, cursor: usize) -> Place {
        let cursor = &self.cursors[cursor];
        Place {
            offset: Some(self.input.offset(cursor.at)),
            thread: Some(self.order.threads.get(cursor.thread).m),
            event_type: Some(cursor.ty),
            ..self.place()
        }
    }

    #[cold]
    fn rejected(&self, cursor: usize, reject: Reject) -> Error {
        Error::rule_at(reject.rule, self.place_of(cursor), reject.message)
    }

    #[cold]
    fn undecodable(&self, cursor: usize, e: DecodeError) -> Error {
        let offset = Some(self.input.offset(e.at));
        Error::rule_at(e.rule, Place { offset, event_type: e.ty, ..self.place_of(cursor) }, e.message)
    }

    #[cold]
    fn missing_id(&self, ty: EventType, at: u16, stack: bool) -> Error {
        let (e, arg) = (&self.current, usize::from(at - 1));
        let (rule, what) =
            if stack { (RejectRule::EventStackId, "stack") } else { (RejectRule::EventStringId, "string") };
        let message = format!(
            "{ty} names {what} {} as its {}, but the generation has no such {what}",
            e.args[arg],
            ty.spec().args[arg].0
        );
        let place = Place { offset: Some(e.offset), thread: Some(e.m), event_type: Some(ty), ..self.place() };
        Error::rule_at(rule, place, message)
    }

    #[cold]
    fn stuck(&self) -> Error {
        let all = (0..self.frontier.len()).map(|i| &self.cursors[self.frontier.get(i).cursor as usize]);
        let (waiting, untried): (Vec<&Cursor>, Vec<&Cursor>) = all.partition(|c| can_wait(c.ty));
        let waits = self.order.explain(&waiting, |at| self.input.offset(at));
        let message = match (untried.first(), waits.first()) {
            (Some(cursor), _) => format!(
                "{} threads wait, and thread {}'s {}, which need not wait, is not tried: Go's reader leaves out the \
                 first thread of its sorted frontier, and so may refuse a sound trace",
                waits.len(),
                self.order.threads.get(cursor.thread).m,
                cursor.ty
            ),
            (None, Some(first)) => format!(
                "no thread can go on: {} wait; thread {}'s {} waits for {}, but {}",
                waits.len(),
                first.thread,
                first.event,
                first.condition,
                first.found
            ),
            (None, None) => "no thread can go on".to_owned(),
        };
        let place = self.frontier.first().map_or_else(|| self.place(), |s| self.place_of(s.cursor as usize));
        let generation = self.scene.tables.number;
        Error::rule_at(RejectRule::Stuck, place, message).with_explain(Explain { generation, waits })
    }
}

/// Whether an event of this type may have to wait for another thread's.
fn can_wait(ty: EventType) -> bool {
    use EventType::*;
    matches!(
        ty,
        ProcStart
            | ProcSteal
            | GoStart
            | GoUnblock
            | GoSwitch
            | GoSwitchDestroy
            | GoSyscallEndBlocked
            | GCActive
            | GCBegin
            | GCEnd
    )
}

/// By type byte: up to two stack and two string arguments to check on delivery, as
/// position + 1 in four bits each. CPU samples are not checked, as in Go.
static IDS: [u16; 256] = {
    let mut table = [0u16; 256];
    let mut i = 0;
    while i < EventType::ALL.len() {
        let spec = EventType::ALL[i].spec();
        if spec.timed {
            let mut n = 0;
            while n < spec.stacks.len() {
                table[EventType::ALL[i].byte() as usize] |= (spec.stacks[n] as u16 + 1) << (4 * n);
                n += 1;
            }
            n = 0;
            while n < spec.strings.len() {
                table[EventType::ALL[i].byte() as usize] |= (spec.strings[n] as u16 + 1) << (8 + 4 * n);
                n += 1;
            }
        }
        i += 1;
    }
    table
};
