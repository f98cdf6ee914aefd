//! Reading the canonical form back. The bytes come from a program under test, so
//! nothing in them is believed: every count is bounded by the bytes that are left.

use super::{
    CanonEvent, CanonFrame, CanonStack, Details, Edge, ExperimentData, PANIC_KIND, Resource, Snapshot, State, Text,
};
use tracehound_wire::varint;

/// Bytes that are not events in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {event} of the answer is not in canonical form at byte {offset}: {what}")]
pub struct CanonError {
    /// Number of the event, from 0.
    pub event: usize,
    /// Offset into the canonical form.
    pub offset: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// Decodes a list of events.
///
/// # Errors
/// If the bytes are not events in canonical form to the last one.
pub fn decode(bytes: &[u8]) -> Result<Vec<CanonEvent>, CanonError> {
    let mut d = Decoder { bytes, pos: 0, stacks: Vec::new() };
    let mut events = Vec::new();
    while d.pos < bytes.len() {
        let event = d.event().map_err(|what| CanonError { event: events.len(), offset: d.pos, what })?;
        events.push(event);
    }
    Ok(events)
}

struct Decoder<'a> {
    bytes: &'a [u8],
    pos: usize,
    stacks: Vec<CanonStack>,
}

type Part<T> = Result<T, &'static str>;

impl Decoder<'_> {
    fn event(&mut self) -> Part<CanonEvent> {
        let kind = self.byte()?;
        let [time, m, p, g] = [self.svarint()?, self.svarint()?, self.svarint()?, self.svarint()?];
        let stack = self.stack()?;
        let details = self.details(kind)?;
        Ok(CanonEvent { time, m, p, g, stack, details })
    }

    fn details(&mut self, kind: u8) -> Part<Details> {
        Ok(match kind {
            1 => self.sync()?,
            2 => Details::Metric { name: self.text()?, value: self.uvarint()? },
            3 => Details::Label { label: self.text()?, resource: self.resource()? },
            4 => Details::StackSample,
            5..=7 => Details::Range {
                edge: [Edge::Begin, Edge::Active, Edge::End][usize::from(kind - 5)],
                name: self.text()?,
                scope: self.resource()?,
                attributes: self.pairs()?,
            },
            8 | 9 => Details::Task {
                edge: if kind == 8 { Edge::Begin } else { Edge::End },
                id: self.uvarint()?,
                parent: self.uvarint()?,
                name: self.text()?,
            },
            10 | 11 => Details::Region {
                edge: if kind == 10 { Edge::Begin } else { Edge::End },
                task: self.uvarint()?,
                name: self.text()?,
            },
            12 => Details::Log { task: self.uvarint()?, category: self.text()?, message: self.text()? },
            13 => Details::StateTransition {
                resource: self.resource()?,
                old: self.state()?,
                new: self.state()?,
                reason: self.text()?,
                stack: self.stack()?,
            },
            14 => Details::Experimental { name: self.text()?, experiment: self.text()?, args: self.pairs()? },
            PANIC_KIND => Details::AccessorPanic { name: self.text()?, message: self.text()? },
            _ => return Err("no such kind of event"),
        })
    }

    fn sync(&mut self) -> Part<Details> {
        let n = self.uvarint()?;
        let snapshot = match self.byte()? {
            0 => None,
            1 => Some(Snapshot {
                trace: self.svarint()?,
                mono: self.uvarint()?,
                wall_sec: self.svarint()?,
                wall_nsec: self.uvarint()?,
            }),
            _ => return Err("the byte before a clock snapshot is neither 0 nor 1"),
        };
        let mut experiments = Vec::new();
        for _ in 0..self.count()? {
            let name = self.text()?;
            let mut batches = Vec::new();
            for _ in 0..self.count()? {
                batches.push((self.svarint()?, self.text()?));
            }
            experiments.push(ExperimentData { name, batches });
        }
        Ok(Details::Sync { n, snapshot, experiments })
    }

    fn stack(&mut self) -> Part<Option<CanonStack>> {
        match self.uvarint()? {
            0 => Ok(None),
            1 => {
                let mut frames = Vec::new();
                for _ in 0..self.count()? {
                    frames.push(CanonFrame {
                        pc: self.uvarint()?,
                        func: self.text()?,
                        file: self.text()?,
                        line: self.uvarint()?,
                    });
                }
                let stack: CanonStack = frames.into();
                self.stacks.push(stack.clone());
                Ok(Some(stack))
            }
            n => {
                let index = usize::try_from(n - 2).ok();
                let known = index.and_then(|i| self.stacks.get(i)).ok_or("a stack that was not written before")?;
                Ok(Some(known.clone()))
            }
        }
    }

    fn pairs(&mut self) -> Part<Vec<(Text, u64)>> {
        let mut pairs = Vec::new();
        for _ in 0..self.count()? {
            pairs.push((self.text()?, self.uvarint()?));
        }
        Ok(pairs)
    }

    fn resource(&mut self) -> Part<Resource> {
        Ok(match self.byte()? {
            0 => Resource::None,
            1 => Resource::Goroutine(self.svarint()?),
            2 => Resource::Proc(self.svarint()?),
            3 => Resource::Thread(self.svarint()?),
            _ => return Err("no such kind of resource"),
        })
    }

    fn state(&mut self) -> Part<State> {
        State::ALL.get(usize::from(self.byte()?)).copied().ok_or("no such state")
    }

    /// A number of things of at least one byte each that follow.
    fn count(&mut self) -> Part<usize> {
        match usize::try_from(self.uvarint()?) {
            Ok(n) if n <= self.bytes.len() - self.pos => Ok(n),
            _ => Err("a number larger than the bytes that follow"),
        }
    }

    fn text(&mut self) -> Part<Text> {
        let len = self.count()?;
        self.pos += len;
        Ok(Text(self.bytes[self.pos - len..self.pos].to_vec()))
    }

    fn byte(&mut self) -> Part<u8> {
        let b = *self.bytes.get(self.pos).ok_or("the bytes end inside an event")?;
        self.pos += 1;
        Ok(b)
    }

    fn uvarint(&mut self) -> Part<u64> {
        let (v, n) = varint::read(&self.bytes[self.pos..]).map_err(|_| "not a uvarint")?;
        self.pos += n;
        Ok(v)
    }

    fn svarint(&mut self) -> Part<i64> {
        let v = self.uvarint()?;
        Ok((v >> 1) as i64 ^ -((v & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Encoder, samples};
    use super::*;

    #[test]
    fn every_cut_inside_an_event_is_refused_and_none_panics() {
        let events = samples::one_of_each();
        let mut enc = Encoder::new(true);
        let mut ends = vec![0];
        for e in &events {
            enc.event(e);
            ends.push(enc.bytes().len());
        }
        for cut in 0..enc.bytes().len() {
            let got = decode(&enc.bytes()[..cut]);
            assert_eq!(got.is_ok(), ends.contains(&cut), "cut at {cut}");
        }
    }

    #[test]
    fn a_huge_count_costs_no_memory() {
        // StackSample whose stack claims 2^60 frames.
        let bytes = [4, 0, 0, 0, 0, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
        let err = decode(&bytes).unwrap_err();
        assert_eq!(err.what, "a number larger than the bytes that follow");
    }
}
