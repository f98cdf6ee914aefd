//! The judge's own decoding of a trace's bytes into generations and streams: batches,
//! tables, clocks and event arguments, with the rule that refuses each of them.
//!
//! Written from the format's rules, apart from the parser, so that the two can be held
//! against each other. Knows nothing of scheduling. Base: internal/trace batch.go,
//! generation.go and batchcursor.go, Go 1.27.3.

use super::tables::{PayloadEnd, Tables, read_payload};
use rustc_hash::FxHashMap;
use tracehound_wire::event::TYPE_RANGE;
use tracehound_wire::limits::{MAX_BATCH_SIZE, MAX_EVENT_ARGS};
use tracehound_wire::{Event, EventType, RejectRule, Version, varint};

/// A trace as the judge sees it: generations in order, and how the file ends.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    /// The generations that were read in full.
    pub generations: Vec<Generation>,
    /// What comes after them.
    pub end: End,
}

/// How the input ends after the last whole generation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    /// As it should.
    #[default]
    Clean,
    /// A record that is cut right before one of its numbers is taken for the end of the file.
    Silent,
    /// Refused; more than one rule where Go's reader leaves open which is reported.
    Refused(Vec<RejectRule>),
}

/// One generation.
#[derive(Debug, Default)]
pub(super) struct Generation {
    /// Its number.
    pub number: u64,
    /// Strings, stacks and clocks.
    pub tables: Tables,
    /// Each thread's events, threads in the order of their first batch.
    pub streams: Vec<Stream>,
}

/// One thread's events of a generation.
#[derive(Debug)]
pub(super) struct Stream {
    /// The thread.
    pub m: u64,
    /// Its events, batch boundaries gone.
    pub events: Vec<Event>,
    /// Why the event after the last one cannot be read, if there is such an event.
    pub bad: Option<RejectRule>,
}

/// Why there is nothing to judge in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    /// The header is refused.
    Refused(RejectRule),
    /// The header announces a format before v2.
    OldFormat(u32),
}

/// Decodes a whole file.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, HeaderError> {
    let (version, at) = header(bytes)?;
    let mut loader = Loader { version, bytes, at, spilled: None };
    let mut decoded = Decoded::default();
    loop {
        match if version.has_end_of_generation() { loader.marked_generation() } else { loader.spilling_generation() } {
            Loaded::Generation(generation, end) => {
                decoded.generations.push(*generation);
                if let Some(end) = end {
                    decoded.end = end;
                    return Ok(decoded);
                }
            }
            Loaded::End(end) => {
                decoded.end = end;
                return Ok(decoded);
            }
        }
    }
}

/// Reads the header as leniently as Go's `fmt.Fscanf("go 1.%d trace\x00\x00\x00")`.
fn header(bytes: &[u8]) -> Result<(Version, usize), HeaderError> {
    const MALFORMED: HeaderError = HeaderError::Refused(RejectRule::HeaderMalformed);
    let rest = bytes.strip_prefix(b"go").ok_or(MALFORMED)?;
    let (blanks, rest) = blanks(rest);
    if blanks == 0 {
        return Err(MALFORMED);
    }
    let rest = rest.strip_prefix(b"1.").ok_or(MALFORMED)?;
    let (_, rest) = self::blanks(rest);
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let number = rest[..digits].iter().try_fold(0u32, |n, b| n.checked_mul(10)?.checked_add(u32::from(b - b'0')));
    let (Some(number), true) = (number, digits > 0) else { return Err(MALFORMED) };
    let (blanks, rest) = self::blanks(&rest[digits..]);
    if blanks == 0 {
        return Err(MALFORMED);
    }
    let rest = rest.strip_prefix(b"trace\0\0\0").ok_or(MALFORMED)?;
    match Version::from_minor(number) {
        Some(version) => Ok((version, bytes.len() - rest.len())),
        None if matches!(number, 11 | 19 | 21) => Err(HeaderError::OldFormat(number)),
        None => Err(HeaderError::Refused(RejectRule::HeaderVersionUnsupported)),
    }
}

/// Skips white space other than line feeds: how many characters, and what follows. A
/// carriage return right before a line feed counts as part of it.
fn blanks(mut rest: &[u8]) -> (usize, &[u8]) {
    let mut skipped = 0;
    loop {
        let width = rest.first().map_or(0, |b| match b {
            0..0x80 => 1,
            0xc0..0xe0 => 2,
            _ => 3,
        });
        let Some(c) = rest.get(..width).and_then(|b| std::str::from_utf8(b).ok()).and_then(|s| s.chars().next()) else {
            return (skipped, rest);
        };
        if !c.is_whitespace() || c == '\n' || rest.starts_with(b"\r\n") {
            return (skipped, rest);
        }
        skipped += 1;
        rest = &rest[width..];
    }
}

/// One item of the file.
#[derive(Clone, Copy)]
pub(super) struct RawItem<'a> {
    /// Generation number; 0 for an end marker.
    pub generation: u64,
    /// Thread.
    pub m: u64,
    /// The experiment; 0 for normal batches.
    pub experiment: u8,
    /// Whether this is the end marker byte.
    pub marker: bool,
    /// Payload.
    pub data: &'a [u8],
}

enum Next<'a> {
    Item(RawItem<'a>),
    CleanEof,
    Refused(RejectRule),
}

enum Loaded {
    Generation(Box<Generation>, Option<End>),
    End(End),
}

struct Loader<'a> {
    version: Version,
    bytes: &'a [u8],
    at: usize,
    spilled: Option<RawItem<'a>>,
}

/// A generation while it is being read.
struct Building<'a> {
    generation: Generation,
    batches: Vec<(u64, Vec<&'a [u8]>)>,
    thread_at: FxHashMap<u64, usize>,
}

impl<'a> Loader<'a> {
    fn next(&mut self) -> Next<'a> {
        let Some(&kind) = self.bytes.get(self.at) else { return Next::CleanEof };
        self.at += 1;
        let experiment = match EventType::from_byte(kind) {
            Some(EventType::EventBatch) => 0,
            Some(EventType::ExperimentalBatch) => match self.bytes.get(self.at) {
                Some(&e) => {
                    self.at += 1;
                    e
                }
                None => return Next::CleanEof,
            },
            Some(EventType::EndOfGeneration) => {
                return Next::Item(RawItem { generation: 0, m: 0, experiment: 0, marker: true, data: &[] });
            }
            _ => return Next::Refused(RejectRule::BatchExpected),
        };
        let mut fields = [0; 4];
        for field in &mut fields {
            let Ok((value, len)) = varint::read(&self.bytes[self.at..]) else {
                return Next::Refused(RejectRule::BatchHeaderVarint);
            };
            *field = value;
            self.at += len;
        }
        let [generation, m, _time, size] = fields;
        if size > MAX_BATCH_SIZE {
            return Next::Refused(RejectRule::BatchTooLarge);
        }
        let Some(data) = self.bytes[self.at..].get(..size as usize) else {
            return Next::Refused(RejectRule::BatchBodyTruncated);
        };
        self.at += data.len();
        Next::Item(RawItem { generation, m, experiment, marker: false, data })
    }

    /// Wire 1.22 to 1.25: a generation ends where the next one's first batch stands.
    fn spilling_generation(&mut self) -> Loaded {
        let mut building = Building::new();
        let mut deferred = None;
        if let Some(item) = self.spilled.take() {
            building.generation.number = item.generation;
            if let Err(end) = building.add(self.version, item) {
                return Loaded::End(end);
            }
        }
        loop {
            let current = building.generation.number;
            let item = match self.next() {
                Next::CleanEof => break,
                Next::Refused(rule) if current != 0 => {
                    deferred = Some(End::Refused(vec![rule]));
                    break;
                }
                Next::Refused(rule) => return Loaded::End(End::Refused(vec![rule])),
                Next::Item(item) => item,
            };
            if item.generation == 0 {
                return Loaded::End(End::Refused(vec![RejectRule::GenZero]));
            }
            if current == 0 {
                building.generation.number = item.generation;
            } else if current.checked_add(1) == Some(item.generation) {
                self.spilled = Some(item);
                break;
            } else if item.generation != current {
                return Loaded::End(End::Refused(vec![RejectRule::GenOutOfOrder]));
            }
            if let Err(end) = building.add(self.version, item) {
                return Loaded::End(end);
            }
        }
        match building.finish(self.version) {
            Err(end) => Loaded::End(end),
            Ok(generation) => {
                let end = deferred.or_else(|| self.spilled.is_none().then_some(End::Clean));
                Loaded::Generation(Box::new(generation), end)
            }
        }
    }

    /// Wire 1.26: a generation ends with a marker.
    fn marked_generation(&mut self) -> Loaded {
        let mut building = Building::new();
        loop {
            let item = match self.next() {
                Next::CleanEof if building.batches.is_empty() => return Loaded::End(End::Clean),
                Next::CleanEof => return Loaded::End(End::Refused(vec![RejectRule::GenIncomplete])),
                Next::Refused(rule) => return Loaded::End(End::Refused(vec![rule])),
                Next::Item(item) => item,
            };
            if building.generation.number == 0 {
                building.generation.number = item.generation;
            }
            let ends = item.experiment == 0 && item.data.first() == Some(&EventType::EndOfGeneration.byte());
            if item.marker || ends {
                break;
            }
            if item.generation == 0 {
                return Loaded::End(End::Refused(vec![RejectRule::GenZero]));
            }
            if item.generation != building.generation.number {
                return Loaded::End(End::Refused(vec![RejectRule::GenInterleaved]));
            }
            if let Err(end) = building.add(self.version, item) {
                return Loaded::End(end);
            }
        }
        match building.finish(self.version) {
            Err(end) => Loaded::End(end),
            Ok(generation) => Loaded::Generation(Box::new(generation), None),
        }
    }
}

impl<'a> Building<'a> {
    fn new() -> Building<'a> {
        Building { generation: Generation::default(), batches: Vec::new(), thread_at: FxHashMap::default() }
    }

    fn add(&mut self, version: Version, item: RawItem<'a>) -> Result<(), End> {
        match read_payload(version, &item, &mut self.generation.tables) {
            PayloadEnd::Read => Ok(()),
            PayloadEnd::Silent => Err(End::Silent),
            PayloadEnd::Refused(rule) => Err(End::Refused(vec![rule])),
            PayloadEnd::NotATable => {
                let at = *self.thread_at.entry(item.m).or_insert_with(|| {
                    self.batches.push((item.m, Vec::new()));
                    self.batches.len() - 1
                });
                self.batches[at].1.push(item.data);
                Ok(())
            }
        }
    }

    fn finish(mut self, version: Version) -> Result<Generation, End> {
        let missing = self.generation.tables.missing(version);
        if !missing.is_empty() {
            return Err(End::Refused(missing));
        }
        for (m, batches) in self.batches {
            let mut stream = Stream { m, events: Vec::new(), bad: None };
            for batch in batches {
                decode_events(batch, &mut stream);
                if stream.bad.is_some() {
                    break;
                }
            }
            if !stream.events.is_empty() || stream.bad.is_some() {
                self.generation.streams.push(stream);
            }
        }
        Ok(self.generation)
    }
}

fn decode_events(mut data: &[u8], stream: &mut Stream) {
    while let Some((&byte, rest)) = data.split_first() {
        data = rest;
        if byte >= TYPE_RANGE {
            stream.bad = Some(RejectRule::EventTypeRange);
            return;
        }
        let Some(ty) = EventType::from_byte(byte).filter(|ty| ty.spec().timed) else {
            stream.bad = Some(RejectRule::EventUntimed);
            return;
        };
        let mut take = || -> Option<u64> {
            let (value, len) = varint::read(data).ok()?;
            data = &data[len..];
            Some(value)
        };
        let Some(dt) = take() else {
            stream.bad = Some(RejectRule::EventDtVarint);
            return;
        };
        let mut args = [0; MAX_EVENT_ARGS];
        for arg in &mut args[..ty.arg_count()] {
            let Some(value) = take() else {
                stream.bad = Some(RejectRule::EventArgVarint);
                return;
            };
            *arg = value;
        }
        stream.events.push(Event { ty, dt, args });
    }
}
