//! The tables of one generation: strings, stacks, clocks, experimental data.
//!
//! Strings stay where they are in the input; tables hold positions.

use crate::bits::{gather, number_end_bits, number_ends, up_to_lowest, without_lowest};
use crate::details::ClockSnapshot;
use crate::id_map::IdMap;
use rustc_hash::FxHashMap;
use tracehound_wire::varint;

/// The string table: where in the input each string is. There may be millions, of which only that is kept: four bytes.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    /// Where the length is written that stands before each string, counted from `base`.
    ids: IdMap,
    base: usize,
}

impl Strings {
    /// Puts in a string whose length, at most [`MAX_STRING_LEN`](tracehound_wire::limits::MAX_STRING_LEN), is written at `at`
    /// with the string behind it; false if its id is taken.
    pub fn insert(&mut self, id: u64, at: usize) -> bool {
        if self.ids.is_empty() {
            self.base = at;
        }
        self.ids.insert(id, at.wrapping_sub(self.base) as u64)
    }

    pub fn contains(&self, id: u64) -> bool {
        self.ids.contains(id)
    }

    /// Whether it is there and among the many that are found at once.
    #[inline(always)]
    pub fn has_at_hand(&self, id: u64) -> bool {
        self.ids.has_at_hand(id)
    }

    #[inline]
    pub fn get<'d>(&self, data: &'d [u8], id: u64) -> Option<&'d [u8]> {
        if id == 0 {
            return Some(b"");
        }
        let at = self.base.wrapping_add(self.ids.find(id)? as usize);
        let (len, width) = varint::read(data.get(at..)?).ok()?;
        data.get(at + width..)?.get(..len as usize)
    }
}

/// A stack frame as it stands in the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TableFrame {
    pub pc: u64,
    pub func: u64,
    pub file: u64,
    pub line: u64,
}

/// The stack table. Frames are stored once; stacks are lists of frame positions.
#[derive(Debug, Default)]
pub(crate) struct Stacks {
    ids: IdMap,
    /// Id, and where in `lists` its frames begin; they end where the next one's begin.
    starts: Vec<(u64, u32)>,
    lists: Vec<u32>,
    frames: Vec<TableFrame>,
    by_pc: FxHashMap<u64, u32>,
    /// Guesses at the places of frames, by [`guess_at`]; empty as long as there are few frames. Short ones, so that
    /// they stay in the fastest memory.
    guesses: Vec<u16>,
}

/// How many guesses there are, and how many frames make them worth their memory.
const GUESSES_BITS: u32 = 12;
const MANY_FRAMES: usize = 16;

/// The first twelve: four numbers take at least a byte each.
const KNOWN_FRAME_BYTES: u64 = 0xfff;

/// Where the guess is at the place of the frame of this program counter.
#[inline(always)]
fn guess_at(pc: u64) -> usize {
    (pc.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - GUESSES_BITS)) as usize
}

impl Stacks {
    /// What [`push_frame`](Stacks::push_frame) with `per_pc` does, for the frame that `bytes` begin with, if its
    /// program counter is one that was pushed before, as nearly all are: how many bytes the frame has. `None`, and
    /// nothing done, if that is not seen at once.
    #[inline(always)]
    pub fn push_known_frame<const PEXT: bool>(&mut self, bytes: &[u8]) -> Option<usize> {
        let (words, _) = bytes.first_chunk::<16>()?.as_chunks::<8>();
        let [first, second] = [words[0], words[1]].map(u64::from_le_bytes);
        // A bit for each byte: the first number has to end in the first word, the fourth one within as many bytes as
        // leave none room for the ten in which a number can be too large.
        let ends = (number_end_bits::<PEXT>(first) | number_end_bits::<PEXT>(second) << 8) & KNOWN_FRAME_BYTES;
        let pc = gather::<PEXT>(first & up_to_lowest(number_ends(first)));
        let last = without_lowest(without_lowest(without_lowest(ends)));
        let at = u32::from(*self.guesses.get(guess_at(pc))?);
        if ends & 0xff == 0 || last == 0 || self.frames.get(at as usize)?.pc != pc {
            return None;
        }
        self.lists.push(at);
        Some(last.trailing_zeros() as usize + 1)
    }

    /// Adds a frame to the stack that is being read. With `per_pc`, an earlier frame with
    /// the same program counter takes its place.
    pub fn push_frame(&mut self, frame: TableFrame, per_pc: bool) {
        let next = self.frames.len() as u32;
        let at = if per_pc { *self.by_pc.entry(frame.pc).or_insert(next) } else { next };
        if at == next {
            self.frames.push(frame);
        }
        self.lists.push(at);
        if self.guesses.is_empty() && self.frames.len() > MANY_FRAMES {
            self.guesses.resize(1 << GUESSES_BITS, 0);
        }
        if let (Some(guess), Ok(at)) = (self.guesses.get_mut(guess_at(frame.pc)), at.try_into()) {
            *guess = at;
        }
    }

    /// Where the stack that is read next begins.
    pub fn mark(&self) -> u32 {
        self.lists.len() as u32
    }

    /// Ends the stack whose frames were pushed since `mark`; false if the id is taken.
    pub fn insert(&mut self, id: u64, mark: u32) -> bool {
        let new = self.ids.insert(id, self.starts.len() as u64);
        if new {
            self.starts.push((id, mark));
        }
        new
    }

    pub fn contains(&self, id: u64) -> bool {
        self.ids.contains(id)
    }

    /// Whether it is there and among the many that are found at once.
    #[inline(always)]
    pub fn has_at_hand(&self, id: u64) -> bool {
        self.ids.has_at_hand(id)
    }

    pub fn frames(&self, id: u64) -> &[u32] {
        match self.ids.find(id) {
            Some(pos) if id != 0 => self.list(pos as usize),
            _ => &[],
        }
    }

    fn list(&self, pos: usize) -> &[u32] {
        let start = self.starts[pos].1 as usize;
        let end = self.starts.get(pos + 1).map_or(self.lists.len(), |s| s.1 as usize);
        &self.lists[start..end]
    }

    pub fn frame(&self, at: u32) -> &TableFrame {
        &self.frames[at as usize]
    }

    /// The first frame, in the order in which Go looks, whose function or file is not in
    /// `strings`: stack id, string id, and whether it is the function. Where Go's order
    /// is random (a table that it does not store as an array), file order.
    pub fn dangling_frame(&self, strings: &Strings) -> Option<(u64, u64, bool)> {
        if self.frames.iter().all(|f| strings.contains(f.func) && strings.contains(f.file)) {
            return None;
        }
        let mut order: Vec<(u64, usize)> = self.starts.iter().enumerate().map(|(i, s)| (s.0, i)).collect();
        if self.ids.compact_in_go() {
            order.sort_unstable();
        }
        order.into_iter().find_map(|(id, pos)| {
            self.list(pos).iter().map(|&i| self.frame(i)).find_map(|f| {
                if !strings.contains(f.func) {
                    Some((id, f.func, true))
                } else if !strings.contains(f.file) {
                    Some((id, f.file, false))
                } else {
                    None
                }
            })
        })
    }
}

/// Where an experimental batch's data is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExperimentalSpan {
    pub experiment: u8,
    pub m: i64,
    pub start: usize,
    pub end: usize,
}

/// Everything that the ids in a generation's events refer to.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// The generation's number as written.
    pub number: u64,
    /// How many generations were loaded before.
    pub index: u64,
    pub strings: Strings,
    pub stacks: Stacks,
    pub experimental: Vec<ExperimentalSpan>,
    pub clock: Option<ClockSnapshot>,
}

impl Tables {
    /// Empties the tables for the next generation, keeping their memory.
    pub fn clear(&mut self) {
        self.strings.ids.clear();
        let s = &mut self.stacks;
        s.ids.clear();
        s.starts.clear();
        s.lists.clear();
        s.frames.clear();
        s.by_pc.clear();
        self.experimental.clear();
        self.clock = None;
    }

    /// Prepares lookups when the generation is complete.
    pub fn settle(&mut self) {
        self.strings.ids.settle();
        self.stacks.ids.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_frame_with_a_number_that_is_too_large_is_not_passed_over() {
        let mut stacks = Stacks::default();
        for pc in 1..=MANY_FRAMES as u64 + 1 {
            stacks.push_frame(TableFrame { pc, func: 1, file: 2, line: 3 }, true);
        }
        let frame = |file: &[u8]| [&[17, 1], file, &[3], &[0; 16]].concat();
        assert_eq!(stacks.push_known_frame::<false>(&frame(&[2])), Some(4));
        assert_eq!(
            stacks.push_known_frame::<false>(&frame(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])),
            Some(12)
        );
        let too_large = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        assert_eq!(stacks.push_known_frame::<false>(&frame(&too_large)), None);
    }

    #[test]
    fn strings_are_found_where_they_stand() {
        // The lengths have one byte and two; the first string does not begin the input.
        let lengths: Vec<usize> = (0..300).collect();
        let mut data = vec![0xff; 5];
        let at: Vec<usize> = lengths
            .iter()
            .map(|&len| {
                let at = data.len();
                varint::write(&mut data, len as u64);
                data.extend((0..len).map(|i| (i + len) as u8));
                at
            })
            .collect();
        let mut strings = Strings::default();
        strings.ids.clear();
        for (&len, &at) in lengths.iter().zip(&at) {
            let id = if len == 299 { 1 << 40 } else { len as u64 + 1 };
            assert!(!strings.contains(id) && strings.insert(id, at) && !strings.insert(id, at), "{id}");
        }
        assert!(!strings.insert(0, 5));
        strings.ids.settle();
        for len in 0..299_usize {
            let bytes: Vec<u8> = (0..len).map(|i| (i + len) as u8).collect();
            assert_eq!(strings.get(&data, len as u64 + 1), Some(&bytes[..]));
            assert!(strings.has_at_hand(len as u64 + 1));
        }
        assert_eq!(strings.get(&data, 1 << 40).map(<[u8]>::len), Some(299));
        assert_eq!((strings.get(&data, 0), strings.get(&data, 300)), (Some(&[][..]), None));
    }
}
