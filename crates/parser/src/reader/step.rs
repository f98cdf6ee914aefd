//! One event at a time: whatever is next by the frontier and the samples.

use super::{Reader, Step, later};
use crate::cursor::Ground;
use crate::error::Error;
use crate::event::Emitted;
use crate::fault::fault;
use crate::order::{Refusal, World, ids};
use crate::queue::Change;
use crate::strict::Happened;
use tracehound_wire::RejectRule;

impl Reader<'_> {
    /// Puts the next event into `current`, wherever it comes from; false at the end of the trace.
    pub(super) fn step(&mut self) -> Step {
        if self.frontier.len() == 0
            && self.next_sample == self.generation.samples.len()
            && let Some(more) = self.between_generations()?
        {
            return Ok(more);
        }
        if self.next_sample < self.generation.samples.len() && self.sample_is_next() {
            self.take_sample();
            return Ok(true);
        }
        if self.frontier.len() == 0 {
            let message = "the generation has neither events nor samples, which this release refuses".to_owned();
            return Err(Error::rule_at(RejectRule::FrontierEmpty, self.place(), message));
        }
        if self.frontier.is_queue() {
            return self.step_in_queue();
        }
        if !self.try_advance(0)? {
            self.advance_any_other()?;
        }
        Ok(true)
    }

    /// The same while the frontier is a queue.
    fn step_in_queue(&mut self) -> Step {
        if let Some(queue) = self.frontier.queue() {
            for cursor in self.order.take_woken() {
                queue.add_candidate(self.cursors[cursor as usize].time, cursor);
            }
        }
        let first = self.frontier.first().map(|slot| slot.cursor);
        if let Some(cursor) = first
            && self.try_cursor(cursor)?
        {
            self.follow_in_queue(cursor)?;
            return Ok(true);
        }
        if let Some(queue) = self.frontier.queue() {
            queue.sort();
        }
        self.advance_in_queue()?;
        Ok(true)
    }

    /// The first thread of the queue has to wait: tries those that can go on in order of time.
    fn advance_in_queue(&mut self) -> Result<(), Error> {
        while let Some(cursor) = self.frontier.queue().and_then(|queue| queue.candidate(|c| self.order.is_blocked(c))) {
            if self.try_cursor(cursor)? {
                return self.follow_in_queue(cursor);
            }
        }
        self.frontier.end_queue();
        Err(self.stuck())
    }

    /// What [`follow`](Reader::follow) does, while the frontier is a queue.
    fn follow_in_queue(&mut self, index: u32) -> Result<(), Error> {
        let at = index as usize;
        let from = self.cursors[at].time;
        let to = self.decode_next(at)?;
        let change = Change { cursor: index, from, to };
        if self.frontier.queue().is_some_and(|queue| queue.change(change)) {
            return Ok(());
        }
        self.frontier.end_queue();
        self.order.record_woken(false);
        self.frontier.change(self.frontier.place_of(index), to);
        Ok(())
    }

    pub(super) fn sample_is_next(&self) -> bool {
        let sample = self.generation.samples[self.next_sample].time;
        match self.frontier.first() {
            None => true,
            Some(slot) => sample < slot.time || fault!(self.faults, SamplesLate) && sample == slot.time,
        }
    }

    fn take_sample(&mut self) {
        self.current = self.generation.samples[self.next_sample].event();
        self.next_sample += 1;
    }

    /// Tries the event of slot `i`. If it happens, decodes the thread's next one; an error
    /// there comes before the event that happened, as in Go.
    fn try_advance(&mut self, i: usize) -> Step {
        let index = self.frontier.get(i).cursor;
        let happens = self.try_cursor(index)?;
        if happens {
            self.follow(i, index as usize)?;
        }
        Ok(happens)
    }

    /// Tries the next event of this cursor.
    fn try_cursor(&mut self, index: u32) -> Step {
        if self.order.is_blocked(index) {
            return Ok(false);
        }
        #[cfg(test)]
        {
            self.tries += 1;
        }
        let at = index as usize;
        let cursor = &self.cursors[at];
        self.order.threads.take_to_hand(0, cursor.thread);
        self.order.give_turn(0);
        let ground = Ground::of(&self.input, &self.clock, self.arity);
        let data = ground.data;
        cursor.show(&ground, self.pext, &mut self.current);
        let mut world = World { scene: &mut self.scene, data };
        match self.order.advance(index, &mut self.current, &mut world) {
            Ok(()) => {}
            Err(Refusal::Waits) => return Ok(false),
            Err(Refusal::Breaks(reject)) => return Err(self.rejected(at, *reject)),
        }
        if let Some(strict) = &mut self.strict {
            let m = self.order.threads.get(cursor.thread).m;
            let happened = Happened { m, ty: cursor.ty(data), args: &cursor.all_args(data) };
            if let Err(reject) = strict.event(&happened) {
                return Err(self.rejected(at, *reject));
            }
        }
        Ok(true)
    }

    /// Decodes the next event of the thread in slot `i`, whose event has happened, and puts it where
    /// that belongs.
    pub(super) fn follow(&mut self, i: usize, at: usize) -> Result<(), Error> {
        let to = self.decode_next(at)?;
        self.frontier.change(i, to);
        Ok(())
    }

    /// Decodes the next event of the thread whose event has happened; its time, if there is one.
    pub(super) fn decode_next(&mut self, at: usize) -> Result<Option<i64>, Error> {
        let cursor = &mut self.cursors[at];
        match cursor.advance(&Ground::of(&self.input, &self.clock, self.arity), &self.generation.batches) {
            Ok(more) => Ok(more.then_some(cursor.time)),
            Err(e) => Err(self.undecodable(at, *e)),
        }
    }

    /// The first thread has to wait: tries the others in order of time. Slot 0 is not tried
    /// again although the sort may have put another thread there, as in Go.
    fn advance_any_other(&mut self) -> Result<(), Error> {
        self.frontier.sort(self.scene.switches.sort_shifts);
        let from = if fault!(self.faults, SortSkipsOne) { 2 } else { 1 };
        self.frontier.begin_queue(|cursor| self.order.is_blocked(cursor));
        if self.frontier.is_queue() {
            self.order.record_woken(true);
            return self.advance_in_queue();
        }
        for i in from..self.frontier.len() {
            if self.try_advance(i)? {
                return Ok(());
            }
        }
        Err(self.stuck())
    }

    /// Checks the event that a step has made, makes it and those that it brought ready, and sees who is next.
    pub(super) fn finish_event(&mut self) -> Result<(), Error> {
        self.check_ids(&self.current)?;
        self.current.time = later(self.current.time, &mut self.last_time, self.faults);
        self.ready.push(&self.current);
        if self.order.take_notable() {
            let mut extra = Emitted::EMPTY;
            while self.order.has_extra() {
                self.order.take_extra(&self.current, &mut extra);
                extra.time = later(self.last_time, &mut self.last_time, self.faults);
                self.ready.push(&extra);
            }
        }
        self.begin_run();
        Ok(())
    }

    /// Checks that the strings and stacks exist that the event names, if that is in doubt.
    pub(super) fn check_ids(&self, e: &Emitted) -> Result<(), Error> {
        match if e.dangling { ids::missing(e.ty.spec(), &self.scene.tables, &e.args, self.faults) } else { None } {
            Some((at, stack)) => Err(self.missing_id(e, at, stack)),
            None => Ok(()),
        }
    }
}
