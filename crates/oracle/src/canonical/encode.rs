//! Writing the canonical form, and its digest as it is written.
//!
//! The encoder is pushed field by field, so that a reader's own events go in without a
//! [`CanonEvent`] between, and nothing is allocated per event: one buffer is reused, and
//! a stack costs memory only the first time that it comes up.

use super::{CanonEvent, CanonFrame, Details, PANIC_KIND, Resource, Snapshot, State};
use rustc_hash::FxHashMap;
use serde::Serialize;
use std::hash::{Hash, Hasher};
use tracehound_wire::varint;

/// What stands for a list of events: how many, and a checksum and length of their canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize)]
pub struct Digest {
    /// Number of events.
    pub events: u64,
    /// CRC-32C of the canonical form.
    pub crc: u32,
    /// Length in bytes of the canonical form.
    pub size: u64,
}

/// How many bytes may gather before they go into the checksum.
const CHUNK: usize = 32 << 10;

/// A stack's bytes and its number.
type Numbered = (Box<[u8]>, u64);

/// Writes events in canonical form.
#[derive(Debug, Default)]
pub struct Encoder {
    buf: Vec<u8>,
    summed: usize,
    flushed: u64,
    crc: u32,
    events: u64,
    keep: bool,
    stacks: FxHashMap<u64, Vec<Numbered>>,
    stack_count: u64,
    scratch: Vec<u8>,
}

impl Encoder {
    /// An encoder; with `keep` the bytes are there at the end, otherwise only their digest.
    pub fn new(keep: bool) -> Encoder {
        Encoder { keep, ..Encoder::default() }
    }

    /// Forgets everything but the memory that it holds.
    pub fn reset(&mut self, keep: bool) {
        self.buf.clear();
        (self.summed, self.flushed, self.crc, self.events, self.keep) = (0, 0, 0, 0, keep);
        self.stacks.clear();
        self.stack_count = 0;
    }

    /// The digest of all that was written.
    pub fn digest(&mut self) -> Digest {
        self.sum();
        Digest { events: self.events, crc: self.crc, size: self.flushed + self.buf.len() as u64 }
    }

    /// The bytes that were kept.
    pub fn bytes(&self) -> &[u8] {
        &self.buf
    }

    /// Starts an event; the stack and the details have to follow.
    #[inline]
    pub fn begin(&mut self, kind: u8, time: i64, m: i64, p: i64, g: i64) {
        if self.buf.len() - self.summed >= CHUNK {
            self.sum();
        }
        self.events += 1;
        self.buf.push(kind);
        for v in [time, m, p, g] {
            self.svarint(v);
        }
    }

    /// Writes a number.
    #[inline]
    pub fn uvarint(&mut self, v: u64) {
        varint::write(&mut self.buf, v);
    }

    /// Writes a signed number.
    #[inline]
    pub fn svarint(&mut self, v: i64) {
        varint::write(&mut self.buf, zigzag(v));
    }

    /// Writes a byte.
    #[inline]
    pub fn byte(&mut self, v: u8) {
        self.buf.push(v);
    }

    /// Writes a string.
    #[inline]
    pub fn string(&mut self, s: &[u8]) {
        self.uvarint(s.len() as u64);
        self.buf.extend_from_slice(s);
    }

    /// Writes a string that is given in parts.
    #[inline]
    pub fn string_of(&mut self, parts: &[&[u8]]) {
        self.uvarint(parts.iter().map(|p| p.len() as u64).sum());
        parts.iter().for_each(|p| self.buf.extend_from_slice(p));
    }

    /// Writes what a state or range belongs to.
    #[inline]
    pub fn resource(&mut self, r: Resource) {
        let (kind, id) = match r {
            Resource::None => return self.buf.push(0),
            Resource::Goroutine(id) => (1, id),
            Resource::Proc(id) => (2, id),
            Resource::Thread(id) => (3, id),
        };
        self.buf.push(kind);
        self.svarint(id);
    }

    /// Writes a state.
    #[inline]
    pub fn state(&mut self, s: State) {
        self.buf.push(s as u8);
    }

    /// Writes a clock snapshot, or that there is none.
    pub fn snapshot(&mut self, s: Option<Snapshot>) {
        let Some(s) = s else { return self.buf.push(0) };
        self.buf.push(1);
        self.svarint(s.trace);
        self.uvarint(s.mono);
        self.svarint(s.wall_sec);
        self.uvarint(s.wall_nsec);
    }

    /// Writes that there is no stack.
    #[inline]
    pub fn no_stack(&mut self) {
        self.buf.push(0);
    }

    /// Writes a stack given frame by frame as (pc, function, file, line). Returns its number,
    /// with which [`Encoder::known_stack`] writes it again without looking at its frames.
    pub fn stack<'a>(&mut self, frames: impl Iterator<Item = (u64, &'a [u8], &'a [u8], u64)>) -> u64 {
        let mut body = std::mem::take(&mut self.scratch);
        body.clear();
        let mut count = 0;
        for (pc, func, file, line) in frames {
            count += 1;
            varint::write(&mut body, pc);
            for s in [func, file] {
                varint::write(&mut body, s.len() as u64);
                body.extend_from_slice(s);
            }
            varint::write(&mut body, line);
        }
        let mut hasher = rustc_hash::FxHasher::default();
        body.hash(&mut hasher);
        let same_hash = self.stacks.entry(hasher.finish()).or_default();
        let number = match same_hash.iter().find(|(b, _)| **b == *body) {
            Some(&(_, n)) => {
                varint::write(&mut self.buf, n + 2);
                n
            }
            None => {
                let n = self.stack_count;
                self.stack_count += 1;
                same_hash.push((body.as_slice().into(), n));
                self.buf.push(1);
                varint::write(&mut self.buf, count);
                self.buf.extend_from_slice(&body);
                n
            }
        };
        self.scratch = body;
        number
    }

    /// Writes a stack that [`Encoder::stack`] has numbered in this answer.
    #[inline]
    pub fn known_stack(&mut self, number: u64) {
        self.uvarint(number + 2);
    }

    /// Writes a whole event.
    pub fn event(&mut self, e: &CanonEvent) {
        self.begin(e.kind(), e.time, e.m, e.p, e.g);
        self.canon_stack(e.stack.as_deref());
        match &e.details {
            Details::Sync { n, snapshot, experiments } => {
                self.uvarint(*n);
                self.snapshot(*snapshot);
                self.uvarint(experiments.len() as u64);
                for x in experiments {
                    self.string(&x.name.0);
                    self.uvarint(x.batches.len() as u64);
                    for (m, data) in &x.batches {
                        self.svarint(*m);
                        self.string(&data.0);
                    }
                }
            }
            Details::Metric { name, value } => {
                self.string(&name.0);
                self.uvarint(*value);
            }
            Details::Label { label, resource } => {
                self.string(&label.0);
                self.resource(*resource);
            }
            Details::StackSample => {}
            Details::Range { name, scope, attributes, .. } => {
                self.string(&name.0);
                self.resource(*scope);
                self.pairs(attributes);
            }
            Details::Task { id, parent, name, .. } => {
                self.uvarint(*id);
                self.uvarint(*parent);
                self.string(&name.0);
            }
            Details::Region { task, name, .. } => {
                self.uvarint(*task);
                self.string(&name.0);
            }
            Details::Log { task, category, message } => {
                self.uvarint(*task);
                self.string(&category.0);
                self.string(&message.0);
            }
            Details::StateTransition { resource, old, new, reason, stack } => {
                self.resource(*resource);
                self.state(*old);
                self.state(*new);
                self.string(&reason.0);
                self.canon_stack(stack.as_deref());
            }
            Details::Experimental { name, experiment, args } => {
                self.string(&name.0);
                self.string(&experiment.0);
                self.pairs(args);
            }
            Details::AccessorPanic { name, message } => {
                debug_assert_eq!(e.kind(), PANIC_KIND);
                self.string(&name.0);
                self.string(&message.0);
            }
        }
    }

    fn canon_stack(&mut self, stack: Option<&[CanonFrame]>) {
        match stack {
            None => self.no_stack(),
            Some(frames) => {
                self.stack(frames.iter().map(|f| (f.pc, &*f.func.0, &*f.file.0, f.line)));
            }
        }
    }

    fn pairs(&mut self, pairs: &[(super::Text, u64)]) {
        self.uvarint(pairs.len() as u64);
        for (name, value) in pairs {
            self.string(&name.0);
            self.uvarint(*value);
        }
    }

    fn sum(&mut self) {
        self.crc = crc32c::crc32c_append(self.crc, &self.buf[self.summed..]);
        if self.keep {
            self.summed = self.buf.len();
        } else {
            self.flushed += self.buf.len() as u64;
            self.buf.clear();
            self.summed = 0;
        }
    }
}

fn zigzag(v: i64) -> u64 {
    ((v << 1) ^ (v >> 63)) as u64
}

#[cfg(test)]
mod tests {
    use super::super::{decode, samples};
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_again() {
        let events = samples::one_of_each();
        let mut enc = Encoder::new(true);
        events.iter().for_each(|e| enc.event(e));
        let digest = enc.digest();
        assert_eq!(digest.events, events.len() as u64);
        assert_eq!(digest.size, enc.bytes().len() as u64);
        assert_eq!(digest.crc, crc32c::crc32c(enc.bytes()));
        assert_eq!(decode(enc.bytes()).unwrap(), events);
    }

    #[test]
    fn the_digest_is_the_same_whether_bytes_are_kept_or_not() {
        let events = samples::one_of_each();
        let run = |keep| {
            let mut enc = Encoder::new(keep);
            for _ in 0..1000 {
                events.iter().for_each(|e| enc.event(e));
            }
            enc.digest()
        };
        assert_eq!(run(true), run(false));
        assert!(run(true).size > CHUNK as u64);
    }

    /// The bytes of a small list, fixed by hand from `docs/protocol.md`.
    #[test]
    fn the_form_is_the_protocols() {
        let mut enc = Encoder::new(true);
        let frame = CanonFrame { pc: 300, func: "f".into(), file: "g".into(), line: 2 };
        let stack: super::super::CanonStack = vec![frame].into();
        let sample =
            CanonEvent { time: -1, m: 1, p: -1, g: 2, stack: Some(stack.clone()), details: Details::StackSample };
        enc.event(&sample);
        enc.event(&sample);
        let want = [4, 1, 2, 1, 4, 1, 1, 0xac, 2, 1, b'f', 1, b'g', 2]
            .into_iter()
            .chain([4, 1, 2, 1, 4, 2])
            .collect::<Vec<u8>>();
        assert_eq!(enc.bytes(), want);
    }
}
