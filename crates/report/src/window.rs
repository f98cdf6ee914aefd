//! Which events of a long trace are shown: a window around one of them, or the first ones,
//! kept while the reader runs, so that memory does not grow with the trace.

use crate::layout::Layout;
use crate::model::Delivered;
use crate::track::{Subject, Track};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::ops::Range;

/// The event that a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The delivered event with this number, counted from 0.
    Index(u64),
    /// The first event delivered from this byte offset.
    Offset(u64),
}

/// A run of delivered events and what was the case before them.
#[derive(Default)]
pub(crate) struct Window {
    /// The events.
    pub events: Vec<Delivered>,
    /// Number of the first one.
    pub first: u64,
    /// The states before the first one.
    pub before: Track,
}

/// Collects a window while events go by.
pub(crate) struct Collector<'a> {
    size: usize,
    focus: Option<Focus>,
    layout: &'a Layout<'a>,
    head: Vec<Delivered>,
    tail: VecDeque<Delivered>,
    before: Track,
    evicted: u64,
    /// Events that may still come in; none left once the focus is far enough behind.
    room: Option<usize>,
    total: u64,
    /// For each thread the place of its last delivered event, in the generation at hand.
    last: FxHashMap<i64, u64>,
    segment: u32,
    /// The payload of the batch that the last event stood in, and that batch's position.
    batch: Range<u64>,
    batch_at: usize,
    scratch: Vec<Subject>,
}

impl<'a> Collector<'a> {
    pub fn new(size: usize, focus: Option<Focus>, layout: &'a Layout<'a>) -> Collector<'a> {
        Collector {
            size: size.max(2),
            focus,
            layout,
            head: Vec::new(),
            tail: VecDeque::new(),
            before: Track::default(),
            evicted: 0,
            room: None,
            total: 0,
            last: FxHashMap::default(),
            segment: 0,
            batch: 0..0,
            batch_at: 0,
            scratch: Vec::new(),
        }
    }

    pub fn push(&mut self, e: Delivered) {
        let index = self.total;
        self.total += 1;
        self.note_place(&e);
        if self.head.len() < self.size && self.focus.is_none() {
            self.head.push(e);
        }
        if self.room == Some(0) {
            return;
        }
        self.room = self.room.map(|r| r - 1);
        let here = match self.focus {
            Some(Focus::Index(i)) => i == index,
            Some(Focus::Offset(o)) => e.offset == Some(o),
            None => false,
        };
        if here && self.room.is_none() {
            self.room = Some(self.size / 2);
            self.shrink_to(self.size - self.size / 2 - 1);
        }
        self.tail.push_back(e);
        self.shrink_to(self.size);
    }

    fn note_place(&mut self, e: &Delivered) {
        let Some(offset) = e.offset else { return };
        if !self.batch.contains(&offset) {
            let Some(i) = self.layout.batch_of(offset) else { return };
            let body = &self.layout.batches()[i].body;
            (self.batch, self.batch_at) = (body.start as u64..body.end as u64, i);
        }
        let batch = &self.layout.batches()[self.batch_at];
        if batch.segment != self.segment {
            self.segment = batch.segment;
            self.last.clear();
        }
        let at = self.last.entry(batch.m).or_insert(0);
        *at = (*at).max(offset);
    }

    fn shrink_to(&mut self, size: usize) {
        while self.tail.len() > size {
            let Some(e) = self.tail.pop_front() else { return };
            self.before.apply_into(&e, &mut self.scratch);
            self.evicted += 1;
        }
    }

    /// Number of all events that went by.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The offset of the last delivered event of each thread in the last generation.
    pub fn places(&self) -> &FxHashMap<i64, u64> {
        &self.last
    }

    /// The generation of the file, counted from 0, that [`places`](Self::places) is about.
    pub fn segment(&self) -> u32 {
        self.segment
    }

    /// The window: around the focus, else the last events if the reader `refused`, else the first.
    pub fn finish(self, refused: bool) -> Window {
        let found = self.room.is_some();
        if self.focus.is_none() && !refused && self.total > self.size as u64 {
            return Window { events: self.head, first: 0, before: Track::default() };
        }
        debug_assert!(found || self.evicted + self.tail.len() as u64 == self.total);
        Window { events: self.tail.into(), first: self.evicted, before: self.before }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(size: usize, focus: Option<Focus>, total: u64, refused: bool) -> (u64, usize) {
        let layout = Layout::new(b"");
        let mut c = Collector::new(size, focus, &layout);
        for i in 0..total {
            c.push(Delivered {
                time: i as i64,
                m: 1,
                p: 0,
                g: 1,
                ty: None,
                args: [0; 4],
                offset: Some(i * 10),
                generation: Some(1),
                synthetic: false,
            });
        }
        assert_eq!(c.total(), total);
        let w = c.finish(refused);
        assert!(w.events.first().is_none_or(|e| e.time == w.first as i64));
        (w.first, w.events.len())
    }

    #[test]
    fn the_window_is_where_it_should_be() {
        assert_eq!(window(10, None, 7, false), (0, 7));
        assert_eq!(window(10, None, 100, false), (0, 10));
        assert_eq!(window(10, None, 100, true), (90, 10));
        assert_eq!(window(10, Some(Focus::Index(50)), 100, false), (46, 10));
        assert_eq!(window(10, Some(Focus::Offset(500)), 100, true), (46, 10));
        assert_eq!(window(10, Some(Focus::Index(2)), 100, false), (0, 8));
        assert_eq!(window(10, Some(Focus::Index(98)), 100, false), (94, 6));
        assert_eq!(window(10, Some(Focus::Index(500)), 100, false), (90, 10));
    }
}
