//! Runs: the events of one thread, or of two that take turns, without a look at the others.
//!
//! Most events are followed by one of the same thread or of the one that runs beside it. A run lets their events
//! happen until one of a third comes first, and makes them ready to be delivered. Runs follow each other without a
//! way out and in again, as long as there is room.

use super::pair::Pair;
use super::{Reader, later};
use crate::bits::Work;
use crate::cursor::Ground;
use crate::event::Emitted;
use crate::fault::{FaultSet, fault};
use crate::frontier::{Frontier, Turns};
use crate::order::{Order, Refusal, Reject, World};
use crate::ready::{LEAST_ROOM, ROOM};
use crate::records::Sample;
use crate::threads::NONE;
use tracehound_wire::EventType;

/// The threads that go on without a look at the others: one, or two that take turns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// The cursor of the thread that is next, in the frontier's first slot; [`NONE`] if that has to be looked for.
    cursor: u32,
    turns: Turns,
}

impl Run {
    pub const OVER: Run = Run { cursor: NONE, turns: Turns { with: 0, until: i64::MIN } };

    #[inline]
    pub fn is_over(&self) -> bool {
        self.cursor == NONE
    }

    /// The run of the frontier's first thread, if that is what comes next, and of the one behind it, if it may be one
    /// of two; `sample` is the next one.
    #[inline(always)]
    fn next(frontier: &Frontier, order: &Order, sample: Option<&Sample>, two: bool, faults: FaultSet) -> Run {
        if frontier.is_queue() {
            return Run::OVER;
        }
        let Some(first) = frontier.first() else { return Run::OVER };
        let mut until = i64::MAX;
        if let Some(sample) = sample {
            let late = fault!(faults, SamplesLate);
            if sample.time < first.time || late && sample.time == first.time {
                return Run::OVER;
            }
            until = sample.time.saturating_sub(i64::from(late));
        }
        let blocked = order.has_blocked();
        if blocked && order.is_blocked(first.cursor) {
            return Run::OVER;
        }
        let turns = if two && !blocked { frontier.turns(until) } else { frontier.alone(until) };
        Run { cursor: first.cursor, turns }
    }
}

/// Why a run makes no more events ready for now.
enum Stop {
    /// There is no room for more, or what is ready has to be delivered first.
    Pauses,
    /// The next event is later than another thread's.
    Third,
    /// The run ends.
    Ends(End),
}

/// Why a run ends, but not because of another thread's time.
pub(super) enum End {
    /// What is behind the last event is not known.
    Unknown,
    /// The next event has to wait for another thread's.
    Waits,
    /// The next event breaks a rule.
    Rejected(Box<Reject>),
    /// The next event names a string or stack that is missing.
    Dangles,
}

/// What is to be done about a notable event.
pub(super) enum Notable {
    /// Nothing more.
    Goes,
    /// It names something that is missing.
    Dangles,
    /// It has to be delivered at once: the name of the task that it ends lies where the next end of a task puts its own.
    EndsTask,
}

/// Puts the events that a notable one, at `at`, brought with it behind it; `at` is the last one's place then.
#[inline(always)]
pub(super) fn bring(
    order: &mut Order,
    row: &mut [Emitted; ROOM],
    at: &mut usize,
    last_time: &mut i64,
    faults: FaultSet,
) -> Notable {
    let first = *at;
    if row[first].dangling {
        return Notable::Dangles;
    }
    let ends_task = row[first].ty == EventType::UserTaskEnd;
    while order.has_extra() {
        *at += 1;
        let (happened, free) = row.split_at_mut(*at);
        let extra = &mut free[0];
        order.take_extra(&happened[first], extra);
        // The one that brought it was the last, and has this time.
        extra.time = later(*last_time, last_time, faults);
    }
    if ends_task { Notable::EndsTask } else { Notable::Goes }
}

impl Reader<'_> {
    /// Lets the frontier's first thread go on, if it is what comes next. Not in strict mode, which
    /// looks at every event.
    #[inline]
    pub(super) fn begin_run(&mut self) {
        if self.follower.is_some() && self.merge_ahead() {
            return;
        }
        let sample = self.generation.samples.get(self.next_sample);
        self.run = match self.strict {
            Some(_) => Run::OVER,
            None => Run::next(&self.frontier, &self.order, sample, true, self.faults),
        };
    }

    /// Lets the run's next events happen, and those of the runs behind it, as far as there is room.
    #[inline(always)]
    fn go_on<const PEXT: bool>(&mut self) {
        let sample = self.generation.samples.get(self.next_sample);
        let ground = Ground::of(&self.input, &self.clock, self.arity);
        let mut world = World { scene: &mut self.scene, data: ground.data };
        let mut last_time = self.last_time;
        let row = self.ready.restart();
        // The place of the event that is tried, behind those that are ready.
        let mut at = 0;
        let stop = loop {
            let (Turns { with, until }, before) = (self.run.turns, at);
            let mut pair = Pair::begin(self.run.cursor, with, &self.frontier, &self.cursors);
            pair.take_to_hand(&self.cursors, &mut self.order.threads);
            let stop = loop {
                let next = &mut row[at];
                pair.own.show::<PEXT>(&ground, next);
                self.order.give_turn(pair.turn);
                match self.order.advance(pair.cursor(), next, &mut world) {
                    Ok(()) => {}
                    Err(Refusal::Waits) => break Stop::Ends(End::Waits),
                    Err(Refusal::Breaks(reject)) => break Stop::Ends(End::Rejected(reject)),
                }
                next.time = later(next.time, &mut last_time, self.faults);
                if self.order.take_notable() {
                    match bring(&mut self.order, row, &mut at, &mut last_time, self.faults) {
                        Notable::Goes => {}
                        Notable::Dangles => break Stop::Ends(End::Dangles),
                        Notable::EndsTask => {
                            at += 1;
                            break Stop::Ends(End::Unknown);
                        }
                    }
                }
                at += 1;
                if !pair.next::<PEXT>(&ground) {
                    break Stop::Ends(End::Unknown);
                }
                if pair.own.time() > until {
                    break Stop::Third;
                }
                pair.take_turns();
                if at + LEAST_ROOM > ROOM {
                    break Stop::Pauses;
                }
            };
            pair.settle(&mut self.frontier, &mut self.cursors);
            self.run.cursor = pair.cursor();
            if !matches!(stop, Stop::Third) {
                break stop;
            }
            if with != 0 {
                self.habit.had(at - before);
            }
            self.frontier.update(0, pair.own.time());
            let two = self.habit.is_for_two();
            self.run = Run::next(&self.frontier, &self.order, sample, two, self.faults);
            if self.run.is_over() || at + LEAST_ROOM > ROOM {
                break Stop::Pauses;
            }
        };
        self.last_time = last_time;
        self.ready.fill(at);
        if let Stop::Ends(end) = stop {
            self.end_run(end);
        }
    }

    #[inline(never)]
    fn end_run(&mut self, end: End) {
        let index = std::mem::replace(&mut self.run, Run::OVER).cursor as usize;
        self.end_at(index, end);
    }

    /// Ends the run of the thread with this cursor, the frontier's first one.
    pub(super) fn end_at(&mut self, index: usize, end: End) {
        let error = match end {
            End::Waits => {
                if self.ready.all().is_empty() {
                    self.look();
                }
                return;
            }
            End::Rejected(reject) => self.rejected(index, *reject),
            // An error behind an event comes before one of the event itself, which there is.
            End::Dangles => match self.follow(0, index).and_then(|()| self.check_ids(self.ready.behind())) {
                Ok(()) => return,
                Err(error) => error,
            },
            End::Unknown => match self.follow(0, index) {
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
