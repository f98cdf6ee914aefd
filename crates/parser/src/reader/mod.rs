//! The read loop: generations, samples, the frontier, times.
//!
//! It decides what is delivered and in which order; whether an event may happen is the
//! ordering's business, what bytes mean is the decoders'. Steps and their order are those
//! of `internal/trace/reader.go` (Go 1.27.3), with the switches of older releases.

mod failures;
mod follow;
#[cfg(test)]
mod follow_tests;
mod generations;
pub(crate) mod pair;
#[cfg(test)]
mod queue_tests;
mod run;
mod step;

use crate::bits::{Pext, perform};
use crate::clock::Clock;
use crate::cursor::{Arity, Cursor};
use crate::error::Error;
use crate::event::{Emitted, Event, Scene};
use crate::fault::{FaultSet, fault};
use crate::frontier::Frontier;
use crate::generation::Generation;
use crate::input::Input;
use crate::opening;
use crate::options::Options;
use crate::order::Order;
use crate::ready::Ready;
use crate::strict::Strict;
use follow::{Follower, OnTwo};
use pair::Habit;
use run::{GoOn, Run};
use std::io::Read;
use tracehound_wire::{EventType, Version};

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
    habit: Habit,
    /// The loaded generation's; before the first one's never looked at.
    clock: Clock,
    order: Order,
    arity: Arity,
    /// What has happened and is still to be delivered.
    ready: Ready,
    /// The event that a step makes.
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
    threads: usize,
    share_from: usize,
    /// With a second thread that works ahead: its results.
    follower: Option<Box<Follower>>,
    /// With a fault: an event to deliver again before an error.
    last: Option<Emitted>,
    faults: FaultSet,
    /// How many events were tried one at a time.
    #[cfg(test)]
    tries: u64,
    /// How many events came from a second thread, and how often the reader went on alone.
    #[cfg(test)]
    followed: (usize, usize),
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
            habit: Habit::default(),
            clock: Clock::new(1, faults),
            order: Order::new(faults),
            ready: Ready::new(),
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
            threads: options.threads,
            share_from: options.share_from,
            follower: None,
            last: None,
            faults,
            #[cfg(test)]
            tries: 0,
            #[cfg(test)]
            followed: (0, 0),
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
        let at = match self.ready.take() {
            Some(at) => at,
            None => match self.prepare()? {
                Ok(at) => at,
                Err(failure) => return Some(Err(failure)),
            },
        };
        Some(Ok(Event { e: self.ready.get(at), scene: &self.scene, data: self.input.data() }))
    }

    /// Lets events happen, and takes the first of them; `None` at the end.
    #[inline(never)]
    fn prepare(&mut self) -> Option<Result<usize, Error>> {
        if self.outcome != Outcome::Unfinished {
            return None;
        }
        if self.failure.is_none() {
            if self.follows() {
                self.follow_ahead();
            } else if self.run.is_over() {
                self.ready.clear();
                self.look();
            } else {
                let pext = self.pext;
                perform(GoOn(self), pext);
            }
            self.events += self.ready.all().len() as u64;
            if fault!(self.faults, ErrorRepeatsEvent)
                && let Some(e) = self.ready.all().iter().rfind(|e| e.ty == EventType::ProcStatus)
            {
                self.last = Some(*e);
            }
            if let Some(at) = self.ready.take() {
                return Some(Ok(at));
            }
        }
        let failure = self.failure.take()?;
        if fault!(self.faults, ErrorRepeatsEvent)
            && let Some(last) = self.last.take()
        {
            self.failure = Some(failure);
            self.ready.clear();
            self.ready.push(&last);
            return self.ready.take().map(Ok);
        }
        self.outcome = Outcome::Refused;
        Some(Err(failure.after(self.events)))
    }

    /// No thread is known to be next.
    #[inline(never)]
    fn look(&mut self) {
        let step = self.step().and_then(|more| {
            if more {
                self.finish_event()?;
            }
            Ok(())
        });
        if let Err(error) = step {
            self.fail(error);
        }
    }

    /// The trace ends with an error, behind the events that are ready.
    #[cold]
    fn fail(&mut self, error: Error) {
        self.failure = Some(error);
    }

    /// Calls `f` with every event, on this thread. With [`Options::threads`] of two and more a second one decodes ahead if the
    /// trace is in memory and nothing was read of it before; what comes of it is the same.
    ///
    /// # Errors
    /// The trace's first error, after the events before it.
    ///
    /// # Panics
    /// If the system has no second thread.
    pub fn for_each(&mut self, mut f: impl FnMut(&Event<'_>)) -> Result<Outcome, Error> {
        match self.bytes_for_two() {
            None => self.deliver(&mut f),
            Some(bytes) => std::thread::scope(|scope| {
                self.follower = Some(Follower::start(scope, bytes, self.setup()));
                OnTwo(self).0.deliver(&mut f)
            }),
        }
    }

    fn deliver(&mut self, f: &mut impl FnMut(&Event<'_>)) -> Result<Outcome, Error> {
        loop {
            for e in self.ready.take_all() {
                f(&Event { e, scene: &self.scene, data: self.input.data() });
            }
            match self.prepare() {
                None => return Ok(self.outcome),
                Some(first) => {
                    let e = self.ready.get(first?);
                    f(&Event { e, scene: &self.scene, data: self.input.data() });
                }
            }
        }
    }

    /// What `f` makes of each event, and the trace's outcome or first error.
    pub fn collect_with<T>(&mut self, mut f: impl FnMut(&Event<'_>) -> T) -> (Vec<T>, Result<Outcome, Error>) {
        let mut all = Vec::new();
        let end = self.for_each(|event| all.push(f(event)));
        (all, end)
    }
}

/// The time of an event that is delivered behind one at `last`, which it becomes: later, if it was not.
#[inline(always)]
fn later(time: i64, last: &mut i64, faults: FaultSet) -> i64 {
    let time = if time <= *last && !fault!(faults, TimesNotFixed) { last.wrapping_add(1) } else { time };
    *last = time;
    time
}
