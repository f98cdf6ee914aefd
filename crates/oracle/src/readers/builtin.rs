//! Our own reader, in process.
//!
//! Compared with a reader that names a Go release, it behaves as that release's reader
//! does, accessor panics included: an event on which that release's accessors panic is
//! written as such a panic. That makes the comparison exact where releases differ.

use super::{Hello, ReaderUnderTest, Reports};
use crate::canonical::{Encoder, PANIC_KIND, Resource, Snapshot, State};
use crate::verdict::{Answer, Mode, Rejection, Verdict};
use rustc_hash::FxHashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tracehound_parser::details::{Change, Resource as ParserResource};
use tracehound_parser::{Details, Error, Event, GoState, Kind, Options, ProcState, Reader, Release, Stack};
use tracehound_wire::Version;

/// The built-in reader.
#[derive(Debug)]
pub struct Builtin {
    name: String,
    hello: Hello,
    options: Options,
    mimic_panics: bool,
    work: Work,
}

#[derive(Debug, Default)]
struct Work {
    encoder: Encoder,
    stacks: FxHashMap<u64, u64>,
    generation: u64,
    panics: u64,
    text: Vec<u8>,
}

impl Default for Builtin {
    fn default() -> Builtin {
        Builtin::new("builtin", Options::default(), false)
    }
}

impl Builtin {
    /// A reader with these options. With `mimic_panics` events on which the release's own
    /// accessors panic are told as such.
    pub fn new(name: &str, options: Options, mimic_panics: bool) -> Builtin {
        let release = options.release;
        let newest = release.switches().newest_wire;
        let hello = Hello {
            name: "builtin".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            reads: Version::ALL.into_iter().filter(|v| *v <= newest).map(Version::minor).collect(),
            reports: reports_of(release),
            release: Some(release.to_string()),
            judges: None,
        };
        Builtin { name: name.into(), hello, options, mimic_panics, work: Work::default() }
    }

    /// The reader that another reader is compared with: that reader's release, if it names
    /// one that is known, and its reports.
    pub fn like(other: &Hello, options: Options) -> Builtin {
        let release = other.release.as_deref().and_then(|r| r.strip_prefix("1.")?.parse().ok());
        match release.and_then(Release::from_minor) {
            Some(release) => {
                let mut options = options;
                options.release = release;
                Builtin::new(&format!("builtin:{release}"), options, true)
            }
            None => Builtin::new("builtin", options, false),
        }
    }
}

/// What the release's public reader tells.
fn reports_of(release: Release) -> Reports {
    let all = Reports::ALL;
    if release.switches().sync_before_generation {
        return all;
    }
    all.without(Reports::SYNC_NUMBERS).without(Reports::CLOCK_SNAPSHOTS).without(Reports::EXPERIMENTAL_BATCHES)
}

impl ReaderUnderTest for Builtin {
    fn name(&self) -> &str {
        &self.name
    }

    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn read(&mut self, trace: &[u8], mode: Mode) -> Answer {
        let options = self.options;
        self.read_with(mode, || Reader::with_options(trace, options))
    }

    fn read_in_pieces(&mut self, trace: &[u8], sizes: &[usize]) -> Option<Answer> {
        let options = self.options;
        let pieces = Pieces { rest: trace, sizes, next: 0 };
        Some(self.read_with(Mode::Digest, || Reader::from_read(pieces, options)))
    }
}

/// A trace that comes in pieces.
struct Pieces<'a> {
    rest: &'a [u8],
    sizes: &'a [usize],
    next: usize,
}

impl std::io::Read for Pieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let size = self.sizes.get(self.next % self.sizes.len().max(1)).copied().unwrap_or(usize::MAX).max(1);
        self.next += 1;
        let n = size.min(buf.len()).min(self.rest.len());
        buf[..n].copy_from_slice(&self.rest[..n]);
        self.rest = &self.rest[n..];
        Ok(n)
    }
}

impl Builtin {
    fn read_with<'a>(&mut self, mode: Mode, open: impl FnOnce() -> Result<Reader<'a>, Error>) -> Answer {
        let work = &mut self.work;
        work.reset(mode == Mode::Events);
        let (reports, mimic) = (self.hello.reports, self.mimic_panics);
        let outcome = catch_unwind(AssertUnwindSafe(|| work.read(open, reports, mimic, mode)));
        let verdict = outcome.unwrap_or_else(|panic| {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words");
            Verdict::Panicked { message: words.to_owned() }
        });
        Answer {
            verdict,
            digest: work.encoder.digest(),
            accessor_panics: work.panics,
            events: (mode == Mode::Events).then(|| work.encoder.bytes().to_vec()),
            text: (mode == Mode::Text).then(|| std::mem::take(&mut work.text)),
        }
    }
}

impl Work {
    fn reset(&mut self, keep: bool) {
        self.encoder.reset(keep);
        self.stacks.clear();
        (self.generation, self.panics) = (u64::MAX, 0);
        self.text.clear();
    }

    fn read<'a>(
        &mut self,
        open: impl FnOnce() -> Result<Reader<'a>, Error>,
        reports: Reports,
        mimic: bool,
        mode: Mode,
    ) -> Verdict {
        let rejected = |opening, e: Error| {
            Verdict::Rejected(Rejection {
                opening,
                rule: e.rule(),
                message: e.message().to_owned(),
                place: e.place().offset,
            })
        };
        let mut reader = match open() {
            Ok(reader) => reader,
            Err(e) => return rejected(true, e),
        };
        let end = reader.for_each(|event| {
            self.add(event, reports, mimic);
            if mode == Mode::Text {
                tracehound_parser::dump::write(&mut self.text, event);
                self.text.push(b'\n');
            }
        });
        end.map_or_else(|e| rejected(false, e), |_| Verdict::Accepted)
    }

    fn add(&mut self, e: &Event<'_>, reports: Reports, mimic: bool) {
        if e.generation_index() != self.generation {
            self.generation = e.generation_index();
            self.stacks.clear();
        }
        let panics = mimic && e.accessor_panic().is_some();
        let kind = if panics { PANIC_KIND } else { kind_number(e.kind()) };
        self.encoder.begin(kind, e.time(), e.thread().0, e.proc().0, e.goroutine().0);
        if panics {
            self.panics += 1;
            self.encoder.no_stack();
            self.encoder.string(e.kind().name().as_bytes());
            self.encoder.string(b"");
            return;
        }
        self.stack(e.stack());
        self.details(&e.details(), reports);
    }

    fn stack(&mut self, stack: Option<Stack<'_>>) {
        let Some(stack) = stack else { return self.encoder.no_stack() };
        if let Some(&number) = self.stacks.get(&stack.id()) {
            return self.encoder.known_stack(number);
        }
        let number = self.encoder.stack(stack.frames().map(|f| (f.pc, f.func, f.file, f.line)));
        self.stacks.insert(stack.id(), number);
    }

    fn details(&mut self, details: &Details<'_>, reports: Reports) {
        match details {
            Details::Sync(s) => {
                let w = &mut self.encoder;
                w.uvarint(s.n);
                w.snapshot(s.clock.map(|c| Snapshot {
                    trace: c.trace,
                    mono: c.mono,
                    wall_sec: c.wall_sec,
                    wall_nsec: u64::from(c.wall_nsec),
                }));
                self.experiments(s, reports);
            }
            Details::Metric(m) => {
                self.encoder.string(m.name.as_bytes());
                self.encoder.uvarint(m.value);
            }
            Details::Label(l) => {
                self.encoder.string(l.label.bytes());
                self.encoder.resource(Resource::Goroutine(l.goroutine.0));
            }
            Details::StackSample => {}
            Details::Range(r) => {
                let w = &mut self.encoder;
                let parts = r.name.parts();
                w.string_of(&parts);
                w.resource(resource(r.scope));
                match r.swept {
                    None => w.uvarint(0),
                    Some((swept, reclaimed)) => {
                        w.uvarint(2);
                        w.string(b"bytes swept");
                        w.uvarint(swept);
                        w.string(b"bytes reclaimed");
                        w.uvarint(reclaimed);
                    }
                }
            }
            Details::Task(t) => {
                self.encoder.uvarint(t.id.0);
                self.encoder.uvarint(t.parent.0);
                self.encoder.string(t.name.bytes());
            }
            Details::Region(r) => {
                self.encoder.uvarint(r.task.0);
                self.encoder.string(r.name.bytes());
            }
            Details::Log(l) => {
                self.encoder.uvarint(l.task.0);
                self.encoder.string(l.category.bytes());
                self.encoder.string(l.message.bytes());
            }
            Details::StateTransition(t) => {
                let w = &mut self.encoder;
                match t.change {
                    Change::Goroutine { id, old, new } => {
                        w.resource(Resource::Goroutine(id.0));
                        w.state(go_state(old));
                        w.state(go_state(new));
                    }
                    Change::Proc { id, old, new } => {
                        w.resource(Resource::Proc(id.0));
                        w.state(proc_state(old));
                        w.state(proc_state(new));
                    }
                }
                w.string(t.reason.bytes());
                self.stack(t.stack);
            }
            Details::Experimental(x) => {
                let w = &mut self.encoder;
                w.string(x.name.as_bytes());
                w.string(x.experiment.name().as_bytes());
                w.uvarint(x.args.len() as u64);
                for ((name, _), &value) in x.arg_names.iter().zip(x.args) {
                    w.string(name.as_bytes());
                    w.uvarint(value);
                }
            }
        }
    }

    /// The Sync's experimental batches, by experiment. Rare, so that it may allocate.
    fn experiments(&mut self, sync: &tracehound_parser::details::Sync<'_>, reports: Reports) {
        let w = &mut self.encoder;
        if !reports.has(Reports::EXPERIMENTAL_BATCHES) || sync.experimental_batches().next().is_none() {
            return w.uvarint(0);
        }
        let mut by_name: std::collections::BTreeMap<String, Vec<_>> = Default::default();
        for batch in sync.experimental_batches() {
            by_name.entry(experiment_name(batch.experiment)).or_default().push(batch);
        }
        w.uvarint(by_name.len() as u64);
        for (name, batches) in by_name {
            w.string(name.as_bytes());
            w.uvarint(batches.len() as u64);
            for batch in batches {
                w.svarint(batch.thread.0);
                w.string(batch.data);
            }
        }
    }
}

/// The experiment's name in Go; an unknown one's number, since Go has no name for it.
fn experiment_name(number: u8) -> String {
    match tracehound_wire::Experiment::from_number(number) {
        Some(experiment) => experiment.name().into(),
        None => number.to_string(),
    }
}

fn kind_number(kind: Kind) -> u8 {
    match kind {
        Kind::Sync => 1,
        Kind::Metric => 2,
        Kind::Label => 3,
        Kind::StackSample => 4,
        Kind::RangeBegin => 5,
        Kind::RangeActive => 6,
        Kind::RangeEnd => 7,
        Kind::TaskBegin => 8,
        Kind::TaskEnd => 9,
        Kind::RegionBegin => 10,
        Kind::RegionEnd => 11,
        Kind::Log => 12,
        Kind::StateTransition => 13,
        Kind::Experimental => 14,
    }
}

fn resource(r: ParserResource) -> Resource {
    match r {
        ParserResource::None => Resource::None,
        ParserResource::Proc(id) => Resource::Proc(id.0),
        ParserResource::Goroutine(id) => Resource::Goroutine(id.0),
    }
}

fn go_state(s: GoState) -> State {
    match s {
        GoState::Undetermined => State::Undetermined,
        GoState::NotExist => State::NotExist,
        GoState::Runnable => State::Runnable,
        GoState::Running => State::Running,
        GoState::Waiting => State::Waiting,
        GoState::Syscall => State::Syscall,
    }
}

fn proc_state(s: ProcState) -> State {
    match s {
        ProcState::Undetermined => State::Undetermined,
        ProcState::NotExist => State::NotExist,
        ProcState::Running => State::Running,
        ProcState::Idle => State::Idle,
    }
}
