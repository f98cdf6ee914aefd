//! The read loop: generations, samples, the frontier, times.
//!
//! It decides what is delivered and in which order; whether an event may happen is the
//! ordering's business, what bytes mean is the decoders'. Steps and their order are those
//! of `internal/trace/reader.go` (Go 1.27.3), with the switches of older releases.

use crate::bits::{Pext, Work, perform};
use crate::clock::Clock;
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
use crate::order::{Order, Reject, ids};
use crate::strict::{Happened, Strict};
use crate::threads::NONE;
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
    run: Run,
    /// The loaded generation's; before the first one's never looked at.
    clock: Clock,
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
    /// The error that ends the trace, on its way out.
    failure: Option<Error>,
    pext: Pext,
    /// With a fault: an event to deliver again before an error.
    last: Option<Emitted>,
    faults: FaultSet,
}

/// Whether there is an event in `current`, or the trace has ended.
type Step = Result<bool, Error>;

/// The thread that goes on without a look at the others, as long as its next event is not
/// later than theirs.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Its cursor, in the frontier's first slot (whose time is not kept up to date
    /// meanwhile); [`NONE`] if the next event has to be looked for.
    cursor: u32,
    /// The last time for which no other thread and no sample comes first.
    until: i64,
}

impl Run {
    const OVER: Run = Run { cursor: NONE, until: i64::MIN };
}

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
        let mut reader = Reader::open(Input::slice(bytes), options)?;
        if fault!(reader.faults, StaleCache) && crate::fault::is_third_reading(bytes) {
            reader.syncs = 1;
        }
        Ok(reader)
    }

    /// A reader of a stream. Holds one generation and a batch in memory.
    ///
    /// # Errors
    /// If the header is not that of a readable trace, or cannot be read.
    pub fn from_read(from: impl Read + 'a, options: Options) -> Result<Reader<'a>, Error> {
        Reader::open(Input::stream(from, options.faults()), options)
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
            run: Run::OVER,
            clock: Clock::new(1, faults),
            order: Order::new(faults),
            current: Emitted::EMPTY,
            last_time: 0,
            syncs: 0,
            events: 0,
            ahead: Ahead::Load,
            owes_sync: false,
            outcome: Outcome::Unfinished,
            strict: options.strict.then(|| Box::new(Strict::new(version))),
            failure: None,
            pext: Pext::detect(),
            last: None,
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
        if fault!(self.faults, ErrorRepeatsEvent)
            && let Some(failure) = self.failure.take()
        {
            self.outcome = Outcome::Refused;
            return Some(Err(failure.after(self.events)));
        }
        let pext = self.pext;
        if perform(NextEvent(self), pext) {
            if fault!(self.faults, ErrorRepeatsEvent) && self.current.ty == EventType::ProcStatus {
                self.last = Some(self.current);
            }
            self.events += 1;
            return Some(Ok(Event { e: &self.current, scene: &self.scene, data: self.input.data() }));
        }
        let failure = self.failure.take()?;
        if fault!(self.faults, ErrorRepeatsEvent)
            && let Some(last) = self.last.take()
        {
            (self.current, self.failure) = (last, Some(failure));
            return Some(Ok(Event { e: &self.current, scene: &self.scene, data: self.input.data() }));
        }
        self.outcome = Outcome::Refused;
        Some(Err(failure.after(self.events)))
    }

    /// Puts the next event into `current`; false at the end of the trace, and if `failure` is set.
    #[inline(always)]
    fn advance<const PEXT: bool>(&mut self) -> bool {
        if self.order.take_extra(&mut self.current) {
            self.make_time_increase();
            return true;
        }
        let index = self.run.cursor;
        let Some(cursor) = self.cursors.get_mut(index as usize) else { return self.look() };
        let data = self.input.data();
        let offset = self.input.offset(cursor.at);
        match self.order.advance::<PEXT>(index, cursor, &mut self.scene, data, offset, &mut self.current) {
            Ok(true) => {
                let found = cursor.advance_in_word::<PEXT>(data, &self.clock, self.arity);
                if !found || cursor.time > self.run.until || self.current.dangling {
                    return self.end_run(found);
                }
                self.make_time_increase();
                true
            }
            Ok(false) => self.look_elsewhere(),
            Err(reject) => {
                let error = self.rejected(index as usize, *reject);
                self.fail(error)
            }
        }
    }

    /// The run's event has happened, but something else may come next. `found` says that
    /// the thread's next event has been decoded.
    #[inline(never)]
    fn end_run(&mut self, found: bool) -> bool {
        let index = std::mem::replace(&mut self.run.cursor, NONE) as usize;
        if let Err(error) = self.follow(0, index, found).and_then(|()| self.check_ids()) {
            return self.fail(error);
        }
        self.make_time_increase();
        self.begin_run();
        true
    }

    /// Lets the frontier's first thread go on, if it is what comes next. Not in strict mode, which
    /// looks at every event.
    #[inline]
    fn begin_run(&mut self) {
        self.run.cursor = NONE;
        let Some(first) = self.frontier.first() else { return };
        if self.strict.is_some() || self.order.has_blocked() && self.order.is_blocked(first.cursor) {
            return;
        }
        let mut until = self.frontier.first_until();
        if let Some(sample) = self.generation.samples.get(self.next_sample) {
            if self.sample_is_next() {
                return;
            }
            let before = i64::from(fault!(self.faults, SamplesLate));
            until = until.min(sample.time.saturating_sub(before));
        }
        self.order.make_known(self.cursors[first.cursor as usize].thread);
        self.run = Run { cursor: first.cursor, until };
    }

    /// The run's thread has to wait.
    #[inline(never)]
    fn look_elsewhere(&mut self) -> bool {
        let index = std::mem::replace(&mut self.run.cursor, NONE);
        self.frontier.set_first(self.cursors[index as usize].time);
        match self.advance_any_other().and_then(|()| self.finish_event()) {
            Ok(()) => true,
            Err(error) => self.fail(error),
        }
    }

    /// No thread is known to be next.
    #[inline(never)]
    fn look(&mut self) -> bool {
        let step = self.step().and_then(|more| {
            if more {
                self.finish_event()?;
            }
            Ok(more)
        });
        match step {
            Ok(more) => more,
            Err(error) => self.fail(error),
        }
    }

    #[cold]
    fn fail(&mut self, error: Error) -> bool {
        self.failure = Some(error);
        false
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

    /// Puts the next event into `current`, wherever it comes from; false at the end of the trace.
    fn step(&mut self) -> Step {
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
            ty: EventType::CPUSample,
            has_tables: true,
            ..Emitted::EMPTY
        };
    }

    /// Tries the event of slot `i`. If it happens, decodes the thread's next one; an error
    /// there comes before the event that happened, as in Go.
    fn try_advance(&mut self, i: usize) -> Step {
        let index = self.frontier.get(i).cursor;
        if self.order.is_blocked(index) {
            return Ok(false);
        }
        let at = index as usize;
        let cursor = &self.cursors[at];
        self.order.make_known(cursor.thread);
        let data = self.input.data();
        let offset = self.input.offset(cursor.at);
        match self.order.advance::<false>(index, cursor, &mut self.scene, data, offset, &mut self.current) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(reject) => return Err(self.rejected(at, *reject)),
        }
        if let Some(strict) = &mut self.strict {
            let m = self.order.threads.get(cursor.thread).m;
            let happened = Happened { m, ty: cursor.ty, args: &cursor.all_args(data) };
            if let Err(reject) = strict.event(&happened) {
                return Err(self.rejected(at, *reject));
            }
        }
        self.follow(i, at, false)?;
        Ok(true)
    }

    /// Puts the thread in slot `i`, whose event has happened, where its next one belongs,
    /// which is decoded unless it has been `found`.
    #[inline]
    fn follow(&mut self, i: usize, cursor: usize, found: bool) -> Result<(), Error> {
        let at = cursor;
        let cursor = &mut self.cursors[at];
        if found {
            self.frontier.update(i, cursor.time);
            return Ok(());
        }
        match cursor.advance(self.input.data(), &self.generation.batches, &self.clock, self.arity) {
            Ok(true) => self.frontier.update(i, cursor.time),
            Ok(false) => self.frontier.remove(i),
            Err(e) => return Err(self.undecodable(at, *e)),
        }
        Ok(())
    }

    /// The first thread has to wait: tries the others in order of time. Slot 0 is not tried
    /// again although the sort may have put another thread there, as in Go.
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
        if let Some(strict) = &mut self.strict {
            strict.begin_generation();
        }
        let Some(clock) = self.generation.clock else { return Ok(()) };
        self.clock = clock;
        self.cursors.clear();
        self.cursors.reserve_exact(n);
        self.frontier.clear(n);
        for i in 0..n {
            let i = if fault!(self.faults, ThreadOrder) { n - 1 - i } else { i };
            let stream = self.generation.streams[i];
            let mut cursor = Cursor::new(stream.thread, stream.head, &self.generation.batches);
            let at = self.cursors.len();
            match cursor.advance(self.input.data(), &self.generation.batches, &self.clock, self.arity) {
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
        self.order.next_generation(self.scene.tables.number, n, self.frontier.len() > 0);
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

    /// Checks the event that is delivered, makes its time increase, and sees who is next.
    #[inline]
    fn finish_event(&mut self) -> Result<(), Error> {
        self.check_ids()?;
        self.make_time_increase();
        self.begin_run();
        Ok(())
    }

    #[inline(always)]
    fn make_time_increase(&mut self) {
        let e = &mut self.current;
        if e.time <= self.last_time && !fault!(self.faults, TimesNotFixed) {
            e.time = self.last_time.wrapping_add(1);
        }
        self.last_time = e.time;
    }

    /// Checks that the strings and stacks exist that the event names, if that is in doubt.
    #[inline]
    fn check_ids(&self) -> Result<(), Error> {
        let e = &self.current;
        match if e.dangling { ids::missing(e.ty.spec(), &self.scene.tables, &e.args, self.faults) } else { None } {
            Some((at, stack)) => Err(self.missing_id(e.ty, at, stack)),
            None => Ok(()),
        }
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
    fn missing_id(&self, ty: EventType, arg: usize, stack: bool) -> Error {
        let e = &self.current;
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
        let waits = self.order.explain(&waiting, self.input.data(), |at| self.input.offset(at));
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

struct NextEvent<'r, 'a>(&'r mut Reader<'a>);

impl Work for NextEvent<'_, '_> {
    type Out = bool;
    #[inline(always)]
    fn run<const PEXT: bool>(self) -> bool {
        self.0.advance::<PEXT>()
    }
}
