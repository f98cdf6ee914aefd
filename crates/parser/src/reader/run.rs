//! Runs: one thread's events, one after the other, without a look at the other threads.
//!
//! Most events are followed by one of the same thread. A run lets a thread's events happen until one
//! of another thread comes first, and makes them ready to be delivered. Where threads take turns, their
//! runs follow each other without a way out and in again.

use super::{Reader, later};
use crate::bits::Work;
use crate::fault::{FaultSet, fault};
use crate::frontier::Frontier;
use crate::order::{Order, Refusal, Reject, World};
use crate::ready::{LEAST_ROOM, ROOM};
use crate::records::Sample;
use crate::threads::NONE;
use tracehound_wire::EventType;

/// The thread that goes on without a look at the others, as long as its next event is not
/// later than theirs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// Its cursor, in the frontier's first slot (whose time is not kept up to date
    /// meanwhile); [`NONE`] if the next event has to be looked for.
    cursor: u32,
    /// The last time for which no other thread and no sample comes first.
    until: i64,
    /// Whether its next event has been decoded already, and lies behind those that are ready.
    decoded: bool,
}

impl Run {
    pub const OVER: Run = Run { cursor: NONE, until: i64::MIN, decoded: false };

    #[inline]
    pub fn is_over(&self) -> bool {
        self.cursor == NONE
    }

    /// The run of the frontier's first thread, if that is what comes next; `sample` is the next one.
    #[inline(always)]
    fn next(frontier: &Frontier, order: &Order, sample: Option<&Sample>, faults: FaultSet) -> Run {
        let Some(first) = frontier.first() else { return Run::OVER };
        if order.has_blocked() && order.is_blocked(first.cursor) {
            return Run::OVER;
        }
        let mut until = frontier.first_until();
        if let Some(sample) = sample {
            let late = fault!(faults, SamplesLate);
            if sample.time < first.time || late && sample.time == first.time {
                return Run::OVER;
            }
            until = until.min(sample.time.saturating_sub(i64::from(late)));
        }
        Run { cursor: first.cursor, until, decoded: false }
    }
}

/// Why a run makes no more events ready for now.
enum Stop {
    /// There is no room for more, or what is ready has to be delivered first.
    Pauses,
    /// What is behind the last event is not known.
    Unknown,
    /// The next event has to wait for another thread's.
    Waits,
    /// The next event breaks a rule.
    Rejected(Box<Reject>),
    /// The next event names a string or stack that is missing.
    Dangles,
}

impl Reader<'_> {
    /// Lets the frontier's first thread go on, if it is what comes next. Not in strict mode, which
    /// looks at every event.
    #[inline]
    pub(super) fn begin_run(&mut self) {
        let sample = self.generation.samples.get(self.next_sample);
        self.run = match self.strict {
            Some(_) => Run::OVER,
            None => Run::next(&self.frontier, &self.order, sample, self.faults),
        };
    }

    /// Lets the run's next events happen, and those of the runs behind it, as far as there is room.
    #[inline(always)]
    fn go_on<const PEXT: bool>(&mut self) {
        let Run { cursor: mut index, mut until, decoded } = self.run;
        let (data, base) = (self.input.data(), self.input.offset(0));
        let sample = self.generation.samples.get(self.next_sample);
        let mut world = World { scene: &mut self.scene, data };
        let row = self.ready.restart();
        let mut cursor = &mut self.cursors[index as usize];
        let mut scan = cursor.scan(data, base, &self.clock, self.arity);
        self.order.enter(cursor.thread);
        if !decoded {
            cursor.show_with::<PEXT>(data, base, &mut row[0]);
        }
        // The place of the event that is tried, which in the end is the one that is next, but not ready.
        let mut at = 0;
        let stop = loop {
            let next = &mut row[at];
            match self.order.advance(index, next, &mut world) {
                Ok(()) => {}
                Err(Refusal::Waits) => break Stop::Waits,
                Err(Refusal::Breaks(reject)) => break Stop::Rejected(reject),
            }
            next.time = later(next.time, &mut self.last_time, self.faults);
            if self.order.take_notable() {
                if next.dangling {
                    break Stop::Dangles;
                }
                // The name of a task lies where the next end of a task puts its own.
                let ends_task = next.ty == EventType::UserTaskEnd;
                let first = at;
                while self.order.has_extra() {
                    at += 1;
                    let (happened, free) = row.split_at_mut(at);
                    let extra = &mut free[0];
                    self.order.take_extra(&happened[first], extra);
                    extra.time = later(extra.time, &mut self.last_time, self.faults);
                }
                if ends_task {
                    break Stop::Unknown;
                }
            }
            if !scan.next::<PEXT>(&mut row[at + 1]) {
                break Stop::Unknown;
            }
            at += 1;
            if scan.time() > until {
                // Another thread goes on in the same row.
                cursor.settle(&scan, &row[at]);
                self.frontier.update(0, scan.time());
                self.run = Run::next(&self.frontier, &self.order, sample, self.faults);
                if self.run.is_over() || at + LEAST_ROOM >= ROOM {
                    self.ready.fill(at);
                    return;
                }
                Run { cursor: index, until, .. } = self.run;
                cursor = &mut self.cursors[index as usize];
                scan = cursor.scan(data, base, &self.clock, self.arity);
                self.order.enter(cursor.thread);
                cursor.show_with::<PEXT>(data, base, &mut row[at]);
            } else if at + LEAST_ROOM >= ROOM {
                break Stop::Pauses;
            }
        };
        cursor.settle(&scan, &row[at]);
        self.ready.fill(if matches!(stop, Stop::Unknown) { at + 1 } else { at });
        match stop {
            Stop::Pauses => self.run.decoded = true,
            stop => self.stop_run(stop),
        }
    }

    /// The run ends, but not because of another thread's time.
    #[inline(never)]
    fn stop_run(&mut self, stop: Stop) {
        let index = std::mem::replace(&mut self.run, Run::OVER).cursor as usize;
        let error = match stop {
            Stop::Waits => {
                self.frontier.set_first(self.cursors[index].time);
                if self.ready.all().is_empty() {
                    self.look();
                }
                return;
            }
            Stop::Rejected(reject) => self.rejected(index, *reject),
            // An error behind an event comes before one of the event itself, which there is.
            Stop::Dangles => match self.follow(0, index).and_then(|()| self.check_ids(self.ready.behind())) {
                Ok(()) => return,
                Err(error) => error,
            },
            Stop::Pauses | Stop::Unknown => match self.follow(0, index) {
                Ok(()) => return self.begin_run(),
                Err(error) => {
                    self.ready.drop_last();
                    error
                }
            },
        };
        self.fail(error);
    }
}

/// Lets a reader's run go on.
pub(super) struct GoOn<'r, 'a>(pub &'r mut Reader<'a>);

impl Work for GoOn<'_, '_> {
    type Out = ();
    #[inline(always)]
    fn run<const PEXT: bool>(self) {
        self.0.go_on::<PEXT>();
    }
}
