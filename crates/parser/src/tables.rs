//! The tables of one generation: strings, stacks, clocks, experimental data.
//!
//! Strings stay where they are in the input; tables hold positions. Ids are mostly
//! small and dense, but may be any u64, so each table is an array for the compact part
//! and a hash map for the rest.

use crate::bits::{gather, number_end_bits, number_ends, up_to_lowest, without_lowest};
use crate::details::ClockSnapshot;
use rustc_hash::FxHashMap;
use tracehound_wire::limits::MAX_STRING_LEN;

/// Map from a table id to the position of its record.
#[derive(Debug, Default)]
pub(crate) struct IdMap {
    /// Position + 1 by id; 0 is absent. Id 0, which has no record, is never absent.
    dense: Vec<u32>,
    sparse: FxHashMap<u64, u32>,
    len: u32,
    max: u64,
    min: u64,
}

impl IdMap {
    fn clear(&mut self) {
        self.dense.clear();
        self.dense.push(u32::MAX);
        self.sparse.clear();
        self.len = 0;
        self.max = 0;
        self.min = u64::MAX;
    }

    /// Gives `id` the next position; false if it has one already or is 0.
    fn insert(&mut self, id: u64) -> bool {
        if id == 0 || self.find(id).is_some() {
            return false;
        }
        self.len += 1;
        self.max = self.max.max(id);
        self.min = if self.len == 1 { id } else { self.min.min(id) };
        if id < 256 + 4 * u64::from(self.len) {
            let i = id as usize;
            if i >= self.dense.len() {
                make_room(&mut self.dense, i + 1);
                self.dense.resize(i + 1, 0);
            }
            self.dense[i] = self.len;
        } else {
            self.sparse.insert(id, self.len - 1);
        }
        true
    }

    #[inline]
    fn find(&self, id: u64) -> Option<u32> {
        if id < self.dense.len() as u64 {
            let slot = self.dense[id as usize];
            if slot != 0 {
                return Some(slot - 1);
            }
        }
        if self.sparse.is_empty() { None } else { self.sparse.get(&id).copied() }
    }

    /// Moves what came too early for the array into it, when all ids are in.
    fn settle(&mut self) {
        if !self.sparse.is_empty() && self.max < 256 + 4 * u64::from(self.len) {
            self.dense.resize(self.max as usize + 1, 0);
            for (id, pos) in self.sparse.drain() {
                self.dense[id as usize] = pos + 1;
            }
        }
    }

    /// Whether there is a record of this id; id 0 stands for an empty one, which is always there.
    fn contains(&self, id: u64) -> bool {
        id == 0 || self.find(id).is_some()
    }

    /// Whether this id is in the compact part.
    #[inline(always)]
    fn has_at_hand(&self, id: u64) -> bool {
        self.dense.get(id as usize).is_some_and(|&slot| slot != 0)
    }

    /// Whether Go stores this table as an array, and so walks it in order of ids
    /// (`internal/trace/base.go`, Go 1.27.3); otherwise its order is random.
    fn compact_in_go(&self) -> bool {
        self.len > 0
            && self.max < i64::MAX as u64
            && self.max - self.min <= 2 * u64::from(self.len)
            && self.min <= u64::from(self.len)
    }
}

/// A full list grows by its size divided by this: some traces have millions of strings, and what a list is larger than
/// they are is memory for nothing.
const GROWTH: usize = 8;
const LEAST_GROWTH: usize = 64;

/// Makes sure that a list can hold so many, without much room behind them.
#[inline(always)]
fn make_room<T>(list: &mut Vec<T>, len: usize) {
    if len > list.capacity() {
        let more = (list.capacity() / GROWTH).max(LEAST_GROWTH).max(len - list.len());
        list.reserve_exact(more);
    }
}

/// Where in the input a string is, and its length in the low bits, in one word: there may be millions.
#[derive(Clone, Copy, Debug)]
struct Span(u64);

const LEN_BITS: u32 = MAX_STRING_LEN.ilog2() + 1;

impl Span {
    fn new(start: usize, len: usize) -> Span {
        Span((start as u64) << LEN_BITS | len as u64)
    }

    #[inline]
    fn bytes(self, data: &[u8]) -> &[u8] {
        let (start, len) = ((self.0 >> LEN_BITS) as usize, (self.0 & ((1 << LEN_BITS) - 1)) as usize);
        &data[start..start + len]
    }
}

/// The string table: where in the input each string is.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    ids: IdMap,
    spans: Vec<Span>,
}

impl Strings {
    /// Puts in a string of at most [`MAX_STRING_LEN`] bytes; false if its id is taken.
    pub fn insert(&mut self, id: u64, start: usize, len: usize) -> bool {
        let new = self.ids.insert(id);
        if new {
            let many = self.spans.len() + 1;
            make_room(&mut self.spans, many);
            self.spans.push(Span::new(start, len));
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

    /// The place of string `id` among all, of which there are [`places`](Strings::places): 0 is the empty
    /// string's, which has id 0.
    #[inline]
    pub fn place(&self, id: u64) -> Option<usize> {
        if id == 0 { Some(0) } else { self.ids.find(id).map(|at| at as usize + 1) }
    }

    pub fn places(&self) -> usize {
        self.spans.len() + 1
    }

    #[inline]
    pub fn get<'d>(&self, data: &'d [u8], id: u64) -> Option<&'d [u8]> {
        if id == 0 {
            return Some(b"");
        }
        Some(self.spans[self.ids.find(id)? as usize].bytes(data))
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
        let new = self.ids.insert(id);
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
        self.strings.spans.clear();
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

    fn ids_of(ids: &[u64]) -> IdMap {
        let mut map = IdMap::default();
        map.clear();
        for &id in ids {
            assert!(map.insert(id));
        }
        map
    }

    /// Go wastes at most twice the memory on an array, and nothing on ids before the first one that are more than the table.
    #[test]
    fn a_table_is_an_array_where_go_makes_it_one() {
        let mut sets: Vec<Vec<u64>> =
            (1_u64..1 << 10).map(|set| (1..=10).filter(|i| set >> (i - 1) & 1 == 1).collect()).collect();
        sets.extend([
            vec![i64::MAX as u64],
            vec![1, i64::MAX as u64],
            vec![u64::MAX],
            vec![300, 301],
            vec![1, 2, 3, 40],
        ]);
        for set in sets {
            let (min, max, len) = (set[0], set[set.len() - 1], set.len() as u64);
            let array = max < i64::MAX as u64 && max - min <= 2 * len && min <= len;
            assert_eq!(ids_of(&set).compact_in_go(), array, "{set:?}");
            let backwards: Vec<u64> = set.iter().rev().copied().collect();
            assert_eq!(ids_of(&backwards).compact_in_go(), array, "{backwards:?}");
        }
        assert!(!ids_of(&[]).compact_in_go());
    }

    #[test]
    fn a_list_grows_by_an_eighth_and_no_more() {
        let grown = |len: usize, to: usize| {
            let mut list = vec![0_u8; len];
            list.shrink_to_fit();
            make_room(&mut list, to);
            list.capacity()
        };
        assert_eq!(grown(0, 1), LEAST_GROWTH);
        assert_eq!((grown(64, 64), grown(64, 65)), (64, 128));
        assert_eq!((grown(800, 801), grown(800, 5_000)), (900, 5_000));
    }

    #[test]
    fn strings_are_found_by_id_and_place_in_little_more_memory_than_they_need() {
        let mut strings = Strings::default();
        strings.ids.clear();
        for (n, id) in (1..=2_000).rev().enumerate() {
            assert!(!strings.has_at_hand(id) && strings.insert(id, n, 1) && !strings.insert(id, 0, 0));
            assert!(strings.spans.capacity() <= n + 1 + (n / 8).max(LEAST_GROWTH), "{n}");
        }
        strings.ids.settle();
        let data: Vec<u8> = (0..=255).cycle().take(2_000).collect();
        assert_eq!((strings.place(0), strings.places()), (Some(0), 2_001));
        for (n, id) in (1..=2_000).rev().enumerate() {
            assert_eq!((strings.place(id), strings.get(&data, id)), (Some(n + 1), Some(&data[n..=n])));
            assert!(strings.has_at_hand(id));
        }
        assert_eq!((strings.place(2_001), strings.get(&data, 2_001)), (None, None));
        assert!(strings.insert(1 << 40, 7, 2) && !strings.has_at_hand(1 << 40));
        assert_eq!((strings.place(1 << 40), strings.get(&data, 1 << 40)), (Some(2_001), Some(&data[7..9])));
    }
}
