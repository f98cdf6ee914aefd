//! Events that have happened and wait to be delivered.
//!
//! The reader works ahead of its caller: a thread's next events happen one after the other
//! without a look at anything else, and lie here until they are asked for. It knows nothing of
//! what events mean.

use crate::event::Emitted;

/// The most events that can lie here.
pub(crate) const ROOM: usize = 64;

/// The least room for an event and the two that it may bring with it.
pub(crate) const LEAST_ROOM: usize = 3;

/// The events, in a row that is filled from its start when all have been delivered.
pub(crate) struct Ready {
    row: Box<[Emitted; ROOM]>,
    next: usize,
    end: usize,
}

impl Ready {
    pub fn new() -> Ready {
        Ready { row: Box::new([Emitted::EMPTY; ROOM]), next: 0, end: 0 }
    }

    /// Takes the next event; gives its place.
    #[inline(always)]
    pub fn take(&mut self) -> Option<usize> {
        let at = self.next;
        if at >= self.end {
            return None;
        }
        self.next = at + 1;
        Some(at)
    }

    /// Takes all that have not been taken.
    #[inline(always)]
    pub fn take_all(&mut self) -> &[Emitted] {
        let next = std::mem::replace(&mut self.next, self.end);
        self.row.get(next..self.end).unwrap_or_default()
    }

    /// The event that was taken from this place.
    #[inline(always)]
    pub fn get(&self, at: usize) -> &Emitted {
        &self.row[at % ROOM]
    }

    /// All events, delivered ones included.
    #[inline]
    pub fn all(&self) -> &[Emitted] {
        &self.row[..self.end]
    }

    /// Forgets all events.
    #[inline]
    pub fn clear(&mut self) {
        (self.next, self.end) = (0, 0);
    }

    /// Adds an event.
    pub fn push(&mut self, event: &Emitted) {
        self.row[self.end] = *event;
        self.end += 1;
    }

    /// Forgets all events. What is written to the row that it gives becomes events by [`fill`](Ready::fill).
    #[inline(always)]
    pub fn restart(&mut self) -> &mut [Emitted; ROOM] {
        self.clear();
        &mut self.row
    }

    /// So many events have been written.
    #[inline(always)]
    pub fn fill(&mut self, events: usize) {
        self.end = events;
    }

    /// What was written behind the events.
    pub fn behind(&self) -> &Emitted {
        &self.row[self.end]
    }

    /// Forgets the last event and those that it brought with it, which have its place.
    pub fn drop_last(&mut self) {
        let offset = self.all().last().map(|e| e.offset);
        self.end = self.all().iter().take_while(|e| Some(e.offset) != offset).count();
    }
}
