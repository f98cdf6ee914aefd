//! Bytes to [`Trace`], without loss: what the encoder would not write back byte for byte
//! stays bytes.
//!
//! Whoever edits traces (mutations, shrinking, the judge) starts here. It decides nothing
//! about legality: a batch for generation 0, a string table with duplicate ids or an event
//! of the wrong version decode like any other.

use crate::event::EventType;
use crate::header::{HeaderError, parse_header};
use crate::limits::{MAX_EVENT_ARGS, RUNTIME_SIZE_WIDTH};
use crate::trace::{
    Batch, Body, CpuSample, Event, ExperimentalBatch, Frame, Item, SizeField, StackRecord, StringRecord, SyncRecord,
    Trace,
};
use crate::varint;
use crate::version::Version;

impl Trace {
    /// Decodes any bytes behind a readable header, so that [`Trace::to_bytes`] gives the same bytes back.
    ///
    /// A payload that is not made of shortest-form records of its kind becomes [`Body::Raw`].
    /// From the first place on that is not a whole item (an unknown type byte, a batch header with
    /// over-long numbers, a batch that runs past the end), the rest is one [`Item::Bytes`].
    /// Memory stays within a constant multiple of the input's size.
    ///
    /// # Errors
    /// If the header cannot be read; see [`parse_header`].
    pub fn decode(bytes: &[u8]) -> Result<Trace, HeaderError> {
        let header = parse_header(bytes)?;
        let mut trace = Trace::new(header.version);
        if !header.is_canonical(bytes) {
            trace.header = Some(bytes[..header.len].to_vec());
        }
        let mut rest = Cursor { bytes: &bytes[header.len..] };
        while !rest.bytes.is_empty() {
            let before = rest.bytes;
            let item = rest.item(header.version).unwrap_or_else(|| {
                rest.bytes = &[];
                Item::Bytes(before.to_vec())
            });
            trace.items.push(item);
        }
        Ok(trace)
    }
}

impl Body {
    /// Decodes a batch's payload by the kind that its first byte announces in this version
    /// (`internal/trace/generation.go processBatch`, Go 1.27.3), or keeps it as [`Body::Raw`].
    pub fn decode(version: Version, data: &[u8]) -> Body {
        let mut c = Cursor { bytes: data };
        let first = data.first().and_then(|&b| EventType::from_byte(b));
        let body = match first {
            None if data.is_empty() => Some(Body::Events(Vec::new())),
            None => None,
            Some(EventType::Strings) => c.led_records(Cursor::string).map(Body::Strings),
            Some(EventType::Stacks) => c.led_records(Cursor::stack).map(Body::Stacks),
            Some(EventType::CPUSamples) => c.led_records(Cursor::cpu_sample).map(Body::CpuSamples),
            Some(EventType::Sync) if version.has_sync_batch() => c.led_records(Cursor::sync_record).map(Body::Sync),
            Some(EventType::Frequency) if !version.has_sync_batch() => c.records(Cursor::sync_record).map(Body::Sync),
            Some(_) => c.records(Cursor::event).map(Body::Events),
        };
        body.unwrap_or_else(|| Body::Raw(data.to_vec()))
    }
}

/// The timed events at the beginning of a payload, up to the first that is none.
///
/// For payloads that [`Body::decode`] keeps as bytes because of damage further on.
pub fn leading_events(data: &[u8]) -> Vec<Event> {
    let mut c = Cursor { bytes: data };
    std::iter::from_fn(|| c.event()).collect()
}

/// Reads forms that the encoder writes; anything else is `None`.
struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(first)
    }

    fn expect(&mut self, ty: EventType) -> Option<()> {
        (self.byte()? == ty.byte()).then_some(())
    }

    fn take(&mut self, n: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(usize::try_from(n).ok()?)?;
        self.bytes = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<(u64, usize)> {
        let (value, width) = varint::read(self.bytes).ok()?;
        self.bytes = &self.bytes[width..];
        Some((value, width))
    }

    #[inline]
    fn shortest(&mut self) -> Option<u64> {
        let (value, width) = self.varint()?;
        (width == 1 || width == varint::len(value)).then_some(value)
    }

    fn item(&mut self, version: Version) -> Option<Item> {
        match EventType::from_byte(self.byte()?)? {
            EventType::EndOfGeneration => Some(Item::EndOfGeneration),
            EventType::EventBatch => {
                let [generation, m, time] = [self.shortest()?, self.shortest()?, self.shortest()?];
                let (size, data) = self.payload()?;
                Some(Item::Batch(Batch { generation, m, time, size, body: Body::decode(version, data) }))
            }
            EventType::ExperimentalBatch => {
                let experiment = self.byte()?;
                let [generation, m, time] = [self.shortest()?, self.shortest()?, self.shortest()?];
                let (size, data) = self.payload()?;
                let data = data.to_vec();
                Some(Item::Experimental(ExperimentalBatch { experiment, generation, m, time, size, data }))
            }
            _ => None,
        }
    }

    fn payload(&mut self) -> Option<(SizeField, &'a [u8])> {
        let (value, width) = self.varint()?;
        let size = match width {
            w if w == varint::len(value) => SizeField::Shortest,
            RUNTIME_SIZE_WIDTH => SizeField::Runtime,
            w => SizeField::Exactly { value, width: w as u8 },
        };
        Some((size, self.take(value)?))
    }

    /// Records up to the end, behind one byte that names their kind.
    fn led_records<T>(&mut self, one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.byte()?;
        self.records(one)
    }

    fn records<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut records = Vec::new();
        while !self.bytes.is_empty() {
            records.push(one(self)?);
        }
        Some(records)
    }

    fn event(&mut self) -> Option<Event> {
        let ty = EventType::from_byte(self.byte()?)?;
        let spec = ty.spec();
        if !spec.timed {
            return None;
        }
        let dt = self.shortest()?;
        let mut args = [0; MAX_EVENT_ARGS];
        for arg in &mut args[..spec.args.len()] {
            *arg = self.shortest()?;
        }
        Some(Event { ty, dt, args })
    }

    fn string(&mut self) -> Option<StringRecord> {
        self.expect(EventType::String)?;
        let id = self.shortest()?;
        let len = self.shortest()?;
        Some(StringRecord { id, bytes: self.take(len)?.to_vec().into() })
    }

    fn stack(&mut self) -> Option<StackRecord> {
        self.expect(EventType::Stack)?;
        let id = self.shortest()?;
        let mut frames = Vec::new();
        for _ in 0..self.shortest()? {
            let [pc, func, file, line] = [self.shortest()?, self.shortest()?, self.shortest()?, self.shortest()?];
            frames.push(Frame { pc, func, file, line });
        }
        Some(StackRecord { id, frames })
    }

    fn cpu_sample(&mut self) -> Option<CpuSample> {
        self.expect(EventType::CPUSample)?;
        let [time, m, p] = [self.shortest()?, self.shortest()?, self.shortest()?];
        Some(CpuSample { time, m, p, g: self.shortest()?, stack: self.shortest()? })
    }

    fn sync_record(&mut self) -> Option<SyncRecord> {
        match EventType::from_byte(self.byte()?)? {
            EventType::Frequency => self.shortest().map(SyncRecord::Frequency),
            EventType::ClockSnapshot => {
                let [dt, mono] = [self.shortest()?, self.shortest()?];
                Some(SyncRecord::ClockSnapshot { dt, mono, sec: self.shortest()?, nsec: self.shortest()? })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NONE_ID;

    fn decode(version: Version, body: &[u8]) -> Trace {
        let bytes = [&version.header()[..], body].concat();
        let trace = Trace::decode(&bytes).unwrap();
        assert_eq!(trace.to_bytes(), bytes);
        trace
    }

    fn only_batch(version: Version, body: &[u8]) -> Batch {
        match &decode(version, body).items[..] {
            [Item::Batch(b)] => b.clone(),
            other => panic!("not one batch: {other:?}"),
        }
    }

    #[test]
    fn every_kind_of_body_is_structured() {
        let of = |version, data: &[u8]| only_batch(version, &[&[1, 1, 5, 9, data.len() as u8], data].concat()).body;
        assert_eq!(
            of(Version::Go122, &[4, 5, 1, 2, 0xff, b'a']),
            Body::Strings(vec![StringRecord { id: 1, bytes: vec![0xff, b'a'].into() }])
        );
        let frame = Frame { pc: 9, func: 1, file: 2, line: 3 };
        assert_eq!(
            of(Version::Go122, &[2, 3, 1, 1, 9, 1, 2, 3]),
            Body::Stacks(vec![StackRecord { id: 1, frames: vec![frame] }])
        );
        let sample = CpuSample { time: 8, m: 1, p: 2, g: 3, stack: 4 };
        assert_eq!(of(Version::Go122, &[6, 7, 8, 1, 2, 3, 4]), Body::CpuSamples(vec![sample]));
        assert_eq!(of(Version::Go123, &[8, 15]), Body::Sync(vec![SyncRecord::Frequency(15)]));
        let clock = SyncRecord::ClockSnapshot { dt: 1, mono: 2, sec: 3, nsec: 4 };
        assert_eq!(
            of(Version::Go125, &[50, 8, 15, 51, 1, 2, 3, 4]),
            Body::Sync(vec![SyncRecord::Frequency(15), clock])
        );
        assert_eq!(of(Version::Go126, &[11, 1]), Body::Events(vec![Event::new(EventType::ProcStop, 1, &[])]));
        assert_eq!(of(Version::Go126, &[]), Body::Events(vec![]));
    }

    #[test]
    fn what_the_encoder_would_not_write_stays_bytes() {
        for (version, data) in [
            (Version::Go126, &[11, 0x81, 0][..]),           // over-long time delta
            (Version::Go126, &[11]),                        // cut event
            (Version::Go126, &[8, 15]),                     // frequency outside a sync batch
            (Version::Go123, &[50, 8, 15]),                 // sync batch before 1.25
            (Version::Go126, &[4, 5, 1, 9, b'a']),          // string past the end
            (Version::Go126, &[2, 3, 1, 0xff, 0xff, 3, 1]), // stack past the end
            (Version::Go126, &[53, 1]),                     // unassigned type
            (Version::Go126, &[0]),
        ] {
            let body = only_batch(version, &[&[1, 1, 5, 9, data.len() as u8], data].concat()).body;
            assert_eq!(body, Body::Raw(data.to_vec()), "{version} {data:?}");
        }
    }

    #[test]
    fn events_before_damage_are_found() {
        let stop = [EventType::ProcStop.byte(), 3];
        let data = [&stop[..], &[EventType::GoStart.byte(), 1, 7, 1], &stop, &[0, 0], &stop].concat();
        assert!(matches!(Body::decode(Version::Go126, &data), Body::Raw(_)));
        let types: Vec<EventType> = leading_events(&data).iter().map(|e| e.ty).collect();
        assert_eq!(types, [EventType::ProcStop, EventType::GoStart, EventType::ProcStop]);
        assert!(leading_events(&[0xff]).is_empty() && leading_events(&[]).is_empty());
    }

    #[test]
    fn size_fields_keep_their_width() {
        let size = |field: &[u8]| only_batch(Version::Go126, &[&[1, 1, 5, 9], field, &[11, 1]].concat()).size;
        assert_eq!(size(&[2]), SizeField::Shortest);
        assert_eq!(size(&[0x82, 0]), SizeField::Exactly { value: 2, width: 2 });
        assert_eq!(size(&[0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]), SizeField::Runtime);
    }

    #[test]
    fn broken_items_leave_the_rest_as_bytes() {
        for rest in [
            &[1, 0x81, 0, 5, 9, 0][..], // over-long generation
            &[1, 1, 5],                 // cut header
            &[1, 1, 5, 9, 4, 11, 1],    // cut payload
            &[9, 1, 1, 5, 9, 0],        // not an item
            &[0x31],
            &[0x31, 1, 1, 5, 9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        ] {
            let trace = decode(Version::Go126, &[&[0x34, 0x31, 200, 1, 5, 9, 1, 7], rest].concat());
            let experimental = ExperimentalBatch {
                experiment: 200,
                generation: 1,
                m: 5,
                time: 9,
                size: SizeField::Shortest,
                data: vec![7],
            };
            assert_eq!(
                trace.items,
                [Item::EndOfGeneration, Item::Experimental(experimental), Item::Bytes(rest.to_vec())]
            );
        }
    }

    #[test]
    fn an_unusual_header_is_kept() {
        let bytes = b"go\t1.0026  trace\0\0\0\x34";
        let trace = Trace::decode(bytes).unwrap();
        assert_eq!(trace.header.as_deref(), Some(&bytes[..19]));
        assert_eq!(trace.items, [Item::EndOfGeneration]);
        assert_eq!(trace.to_bytes(), bytes);
        assert!(Trace::decode(b"nothing").is_err());
    }

    #[test]
    fn thread_none_survives() {
        let mut trace = Trace::new(Version::Go122);
        trace.items.push(Item::Batch(Batch {
            generation: 1,
            m: NONE_ID,
            time: u64::MAX,
            size: SizeField::Runtime,
            body: Body::Sync(vec![SyncRecord::Frequency(u64::MAX)]),
        }));
        assert_eq!(Trace::decode(&trace.to_bytes()).unwrap(), trace);
    }
}
