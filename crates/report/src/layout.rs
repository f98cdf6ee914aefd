//! Where everything stands in the file: batches with their offsets, and single events taken
//! apart byte by byte.
//!
//! The reader delivers events with an offset; this module shows the bytes behind it, and
//! those that the reader never got to. It goes as far as it can and says where it stopped;
//! it knows nothing of order or legality.

use std::collections::HashMap;
use tracehound_wire::index::BatchSpan;
use tracehound_wire::{Body, EventType, Frame, Index, Version, varint};

/// One field of an event: its name, its value, and how many bytes it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub name: &'static str,
    pub value: u64,
    pub len: u8,
}

/// An event taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawEvent {
    pub offset: usize,
    /// The type byte, whatever it is.
    pub byte: u8,
    pub ty: Option<EventType>,
    /// The fields that could be read, `dt` first where the event has one.
    pub fields: Vec<Field>,
    pub len: usize,
    /// Why the stream cannot be read beyond this event.
    pub broken: Option<&'static str>,
}

impl RawEvent {
    /// The argument called `name`.
    pub fn arg(&self, name: &str) -> Option<u64> {
        self.fields.iter().find(|f| f.name == name).map(|f| f.value)
    }
}

/// The strings and stacks of one generation.
#[derive(Default, Debug)]
pub(crate) struct Tables {
    strings: HashMap<u64, Vec<u8>>,
    stacks: HashMap<u64, Vec<Frame>>,
    frames: HashMap<u64, Frame>,
}

impl Tables {
    /// The string; `None` for an id that the table does not have. 0 is the empty string.
    pub fn string(&self, id: u64) -> Option<&[u8]> {
        if id == 0 { Some(b"") } else { self.strings.get(&id).map(Vec::as_slice) }
    }

    /// The frames of a stack, each as its program counter's first definition has it.
    pub fn stack(&self, id: u64) -> Option<impl Iterator<Item = Frame>> {
        Some(self.stacks.get(&id)?.iter().map(|f| self.frames.get(&f.pc).copied().unwrap_or(*f)))
    }
}

/// A file's items.
pub(crate) struct Layout<'a> {
    bytes: &'a [u8],
    version: Option<Version>,
    index: Option<Index>,
}

impl<'a> Layout<'a> {
    /// Finds the batches of `bytes`, up to the first thing that is none.
    pub fn new(bytes: &'a [u8]) -> Layout<'a> {
        let index = Index::of(bytes).ok();
        Layout { bytes, version: index.as_ref().map(|i| i.version), index }
    }

    /// All batches, in file order.
    pub fn batches(&self) -> &[BatchSpan] {
        self.index.as_ref().map_or(&[], |i| &i.batches)
    }

    /// The batch whose payload holds the byte at `offset`, by its position.
    pub fn batch_of(&self, offset: u64) -> Option<usize> {
        self.index.as_ref()?.batch_of(offset)
    }

    /// The event that starts at `offset`; `None` if no batch of events is there.
    pub fn event_at(&self, offset: u64) -> Option<RawEvent> {
        let batch = &self.batches()[self.batch_of(offset)?];
        let offset = usize::try_from(offset).ok()?;
        if self.bytes[batch.body.start] == EventType::CPUSamples.byte() && offset > batch.body.start {
            return self.parse_event(offset, batch.body.end, EventType::from_byte(self.bytes[offset]));
        }
        batch.holds_events().then(|| self.event(offset, batch.body.end))?
    }

    /// The events of a batch, the last one perhaps broken.
    pub fn events(&self, batch: &BatchSpan, from: usize) -> impl Iterator<Item = RawEvent> {
        let (mut at, end) = (from.max(batch.body.start), batch.body.end);
        std::iter::from_fn(move || {
            let event = self.event(at, end)?;
            at = if event.broken.is_some() { end } else { event.offset + event.len };
            Some(event)
        })
    }

    fn event(&self, offset: usize, end: usize) -> Option<RawEvent> {
        let ty = EventType::from_byte(*self.bytes[..end].get(offset)?).filter(|t| t.spec().timed);
        self.parse_event(offset, end, ty)
    }

    fn parse_event(&self, offset: usize, end: usize, ty: Option<EventType>) -> Option<RawEvent> {
        let bytes = self.bytes[..end].get(offset..)?;
        let mut event = RawEvent { offset, byte: *bytes.first()?, ty, fields: Vec::new(), len: 1, broken: None };
        let Some(spec) = ty.map(EventType::spec) else {
            event.broken = Some("this byte is no event of a thread's stream");
            return Some(event);
        };
        let names = spec.timed.then_some("dt").into_iter().chain(spec.args.iter().map(|a| a.0));
        for name in names {
            match varint::read(&bytes[event.len..]) {
                Ok((value, len)) => {
                    event.fields.push(Field { name, value, len: len as u8 });
                    event.len += len;
                }
                Err(_) => {
                    event.len = bytes.len().min(event.len + tracehound_wire::limits::MAX_VARINT_LEN);
                    event.broken = Some("the event's numbers run past the end of its batch or of 64 bits");
                    break;
                }
            }
        }
        Some(event)
    }

    /// The bytes of an event.
    pub fn bytes_of(&self, event: &RawEvent) -> &'a [u8] {
        &self.bytes[event.offset..event.offset + event.len]
    }

    /// The tables of one generation, by its position in the file.
    pub fn tables(&self, segment: u32) -> Tables {
        let mut tables = Tables::default();
        let Some(version) = self.version else { return tables };
        for batch in self.batches().iter().filter(|b| b.segment == segment && !b.holds_events()) {
            match Body::decode(version, &self.bytes[batch.body.clone()]) {
                Body::Strings(records) => {
                    for r in records {
                        tables.strings.entry(r.id).or_insert(r.bytes.into_owned());
                    }
                }
                Body::Stacks(records) => {
                    for r in records {
                        for f in &r.frames {
                            tables.frames.entry(f.pc).or_insert(*f);
                        }
                        tables.stacks.entry(r.id).or_insert(r.frames);
                    }
                }
                _ => {}
            }
        }
        tables
    }

    /// The header's version, if it has one that is known.
    pub fn version(&self) -> Option<Version> {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace() -> Vec<u8> {
        let mut t = b"go 1.26 trace\0\0\0".to_vec();
        t.extend([1, 1, 9, 5, 6, 4, 5, 7, 2, b'h', b'i']); // a string table: id 7, "hi"
        t.extend([1, 1, 5, 9, 8, 13, 1, 0, 1, 25, 1, 1, 5]); // ProcStatus, then a GoStatus cut short
        t.push(0x34);
        t.extend([1, 2, 5, 9, 0]);
        t
    }

    #[test]
    fn batches_and_events_have_their_places() {
        let bytes = trace();
        let layout = Layout::new(&bytes);
        let segments: Vec<_> = layout.batches().iter().map(|b| (b.offset, b.generation, b.segment, b.m)).collect();
        assert_eq!(segments, [(16, 1, 0, 9), (27, 1, 0, 5), (41, 2, 1, 5)]);
        let events: Vec<_> = layout.events(&layout.batches()[1], 0).collect();
        assert_eq!(events[0].offset, 32);
        assert_eq!(layout.bytes_of(&events[0]), [13, 1, 0, 1]);
        assert_eq!(events[0].arg("pstatus"), Some(1));
        assert!(events[1].broken.is_some() && events[1].arg("m") == Some(5));
        assert_eq!(layout.event_at(32).unwrap(), events[0]);
        assert_eq!(layout.tables(0).string(7), Some(&b"hi"[..]));
        assert_eq!(layout.tables(1).string(7), None);
    }

    #[test]
    fn any_cut_is_fine() {
        let bytes = trace();
        for end in 0..bytes.len() {
            let layout = Layout::new(&bytes[..end]);
            for b in layout.batches() {
                layout.events(b, 0).for_each(drop);
            }
            assert!(layout.event_at(end as u64).is_none());
        }
    }
}
