//! The index of a trace: its batches and generations, found by batch headers alone.
//!
//! Payloads are skipped, so that a trace of gigabytes is indexed in milliseconds, a range of generations can be cut
//! out of it, and damaged files still show what is there. It knows nothing of what batches hold beyond their first
//! byte, and judges nothing.

use crate::header::{Header, HeaderError, parse_header};
use crate::limits::MAX_BATCH_SIZE;
use crate::{EventType, NONE_ID, Version, varint};
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

/// A batch in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchSpan {
    /// Offset of its first byte.
    pub offset: usize,
    /// Its payload, as far as it is there.
    pub body: Range<usize>,
    /// Whether the input ends before the payload that it claims, or it claims more than is allowed.
    pub cut: bool,
    /// The experiment's number; 0 for an ordinary batch.
    pub experiment: u8,
    /// The generation's number as written.
    pub generation: u64,
    /// Which generation of the file it belongs to, counted from 0.
    pub segment: u32,
    /// The thread; -1 for none.
    pub m: i64,
    /// The time from which its events count, in timestamp units.
    pub ts: u64,
    /// What the payload's first byte says, if that is the name of an event or table.
    pub first: Option<EventType>,
}

impl BatchSpan {
    /// Whether it is a thread's stream of events, by its first byte.
    pub fn holds_events(&self) -> bool {
        self.experiment == 0 && self.first.is_none_or(|ty| ty.spec().timed)
    }

    /// Whether it begins with the byte that marks the end of a generation, from wire 1.26 on.
    pub fn ends_generation(&self) -> bool {
        self.experiment == 0 && self.first == Some(EventType::EndOfGeneration)
    }
}

/// A generation in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationSpan {
    /// Its number as its first batch has it.
    pub number: u64,
    /// Its bytes, its end marker included.
    pub bytes: Range<usize>,
    /// How many batches it has.
    pub batches: usize,
    /// Bytes of the payloads of threads' streams.
    pub event_bytes: usize,
    /// Threads with batches of events.
    pub threads: BTreeSet<i64>,
    /// The least and the greatest time of its batches of events, in timestamp units; `None` without any.
    pub times: Option<(u64, u64)>,
    /// Timestamp units per second, if a batch says so.
    pub frequency: Option<u64>,
}

/// A trace's index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The wire version of the header.
    pub version: Version,
    /// Bytes of the header.
    pub header: usize,
    /// All batches, in file order.
    pub batches: Vec<BatchSpan>,
    /// All generations, in file order.
    pub generations: Vec<GenerationSpan>,
    /// Where the first thing is that is neither batch nor marker; the file's length if there is none.
    pub end: usize,
}

impl Index {
    /// Reads the headers of all batches, up to the first thing that is none.
    ///
    /// # Errors
    /// If the trace's own header cannot be read.
    pub fn of(bytes: &[u8]) -> Result<Index, HeaderError> {
        let Header { version, len } = parse_header(bytes)?;
        let mut index = Index { version, header: len, batches: Vec::new(), generations: Vec::new(), end: len };
        let marked = version.has_end_of_generation();
        // Whether the last generation still goes on.
        let mut open = false;
        while let Some(&byte) = bytes.get(index.end) {
            if byte == EventType::EndOfGeneration.byte() {
                index.end += 1;
                if let (true, Some(last)) = (open, index.generations.last_mut()) {
                    last.bytes.end = index.end;
                }
                open = false;
                continue;
            }
            let Some(mut batch) = batch(bytes, index.end) else { break };
            let same = index.generations.last().is_some_and(|g| g.number == batch.generation);
            if !open || !marked && !same {
                index.generations.push(GenerationSpan::new(batch.generation, index.end));
            }
            batch.segment = index.generations.len() as u32 - 1;
            index.end = batch.body.end;
            if let Some(generation) = index.generations.last_mut() {
                generation.add(&batch, bytes);
            }
            // Go's reader takes a batch that begins with a marker for one.
            open = !(marked && batch.ends_generation());
            index.batches.push(batch);
        }
        Ok(index)
    }

    /// A trace of the generations whose numbers are in this range: the header and their bytes. `bytes` are those that
    /// the index is of. `None` if there is no such generation.
    ///
    /// A reader can begin with any generation, as each one tells the state of everything that is in it.
    pub fn cut(&self, bytes: &[u8], numbers: &RangeInclusive<u64>) -> Option<Vec<u8>> {
        let mut out = bytes[..self.header].to_vec();
        for generation in self.generations.iter().filter(|g| numbers.contains(&g.number)) {
            out.extend_from_slice(&bytes[generation.bytes.clone()]);
        }
        (out.len() > self.header).then_some(out)
    }

    /// The batch whose payload holds the byte at `offset`, by its position.
    pub fn batch_of(&self, offset: u64) -> Option<usize> {
        let offset = usize::try_from(offset).ok()?;
        let i = self.batches.partition_point(|b| b.body.start <= offset).checked_sub(1)?;
        self.batches[i].body.contains(&offset).then_some(i)
    }
}

impl GenerationSpan {
    fn new(number: u64, at: usize) -> GenerationSpan {
        GenerationSpan {
            number,
            bytes: at..at,
            batches: 0,
            event_bytes: 0,
            threads: BTreeSet::new(),
            times: None,
            frequency: None,
        }
    }

    fn add(&mut self, batch: &BatchSpan, bytes: &[u8]) {
        self.batches += 1;
        self.bytes.end = batch.body.end;
        if batch.holds_events() {
            self.event_bytes += batch.body.len();
            if batch.m as u64 != NONE_ID {
                self.threads.insert(batch.m);
            }
            let (least, greatest) = self.times.unwrap_or((batch.ts, batch.ts));
            self.times = Some((least.min(batch.ts), greatest.max(batch.ts)));
        } else if self.frequency.is_none() {
            self.frequency = frequency(&bytes[batch.body.clone()]);
        }
    }

    /// How long from its first batch of events to its last, in seconds, if the clock's frequency is known.
    pub fn seconds(&self) -> Option<f64> {
        let (first, last) = self.times?;
        let frequency = self.frequency.filter(|&f| f != 0)?;
        Some((last - first) as f64 / frequency as f64)
    }
}

/// The clock's frequency, if the payload is that of a frequency or sync batch.
fn frequency(mut payload: &[u8]) -> Option<u64> {
    if payload.first() == Some(&EventType::Sync.byte()) {
        payload = &payload[1..];
    }
    let number = payload.strip_prefix(&[EventType::Frequency.byte()])?;
    varint::read(number).ok().map(|(value, _)| value)
}

/// The batch that begins at `offset`, if one does.
fn batch(bytes: &[u8], offset: usize) -> Option<BatchSpan> {
    let (mut at, experiment) = match EventType::from_byte(*bytes.get(offset)?)? {
        EventType::EventBatch => (offset + 1, 0),
        EventType::ExperimentalBatch => (offset + 2, *bytes.get(offset + 1)?),
        _ => return None,
    };
    let mut numbers = [0; 4];
    for n in &mut numbers {
        let (value, len) = varint::read(bytes.get(at..)?).ok()?;
        (*n, at) = (value, at + len);
    }
    let [generation, m, ts, claimed] = numbers;
    let size = usize::try_from(claimed.min(MAX_BATCH_SIZE)).ok()?;
    let body = at..(at + size).min(bytes.len());
    let first = bytes[body.clone()].first().and_then(|&b| EventType::from_byte(b));
    let cut = body.len() as u64 != claimed;
    Some(BatchSpan { offset, body, cut, experiment, generation, segment: 0, m: m as i64, ts, first })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_found_by_marker_or_by_number() {
        let batch = |generation: u8, ts: u8| [1, generation, 5, ts, 4, 13, 1, 0, 1];
        for (version, marker) in [("go 1.22", &[][..]), ("go 1.26", &[0x34][..])] {
            let mut bytes = format!("{version} trace\0\0\0").into_bytes();
            bytes.extend([1, 1, 9, 0, 2, 8, 50]);
            bytes.extend([batch(1, 3), batch(1, 7)].concat());
            bytes.extend(marker);
            let second = bytes.len();
            bytes.extend(batch(2, 9));
            bytes.extend(marker);
            let index = Index::of(&bytes).unwrap();
            assert_eq!(index.end, bytes.len(), "{version}");
            let [first, last] = &index.generations[..] else { panic!("{index:?}") };
            assert_eq!((first.number, first.bytes.clone(), first.batches), (1, 16..second, 3));
            assert_eq!((first.times, first.frequency, first.event_bytes), (Some((3, 7)), Some(50), 8));
            assert_eq!(first.seconds(), Some(0.08));
            assert_eq!((last.number, last.bytes.clone(), last.threads.len()), (2, second..bytes.len(), 1));
            let cut = index.cut(&bytes, &(2..=9)).unwrap();
            assert_eq!(cut, [&bytes[..16], &bytes[second..]].concat());
            assert_eq!(index.cut(&bytes, &(3..=9)), None);
            assert_eq!(index.batch_of(second as u64 + 6), Some(3));
        }
    }

    #[test]
    fn a_batch_that_begins_with_a_marker_ends_its_generation_where_there_are_markers() {
        let batch = |generation: u8, first: u8| [1, generation, 5, 3, 4, first, 1, 0, 1];
        for (version, generations) in [("go 1.25", vec![(1, 3)]), ("go 1.26", vec![(1, 2), (1, 1)])] {
            let mut bytes = format!("{version} trace\0\0\0").into_bytes();
            bytes.extend([batch(1, 13), batch(1, 0x34), batch(1, 13)].concat());
            let index = Index::of(&bytes).unwrap();
            let found: Vec<(u64, usize)> = index.generations.iter().map(|g| (g.number, g.batches)).collect();
            assert_eq!(found, generations, "{version}");
        }
    }

    #[test]
    fn a_damaged_file_shows_what_is_there() {
        let mut bytes = b"go 1.26 trace\0\0\0".to_vec();
        bytes.extend([1, 1, 5, 3, 200, 1, 13, 1]);
        let index = Index::of(&bytes).unwrap();
        assert!(index.batches[0].cut && index.end == bytes.len());
        for end in 0..bytes.len() {
            let _ = Index::of(&bytes[..end]);
        }
    }
}
