//! Ordering what a second thread has decoded and merged ahead.
//!
//! The events come in the order that they have if none has to wait. As soon as one has to, breaks a rule or names
//! something that is missing, the reader goes to where it would be without the second thread, and goes on alone.

use super::pair::take_to_hand;
use super::run::{End, Notable, Run, bring};
use super::{Reader, later};
use crate::ahead::{self, Block, Helper, MOST_PLACES, Setup};
use crate::fault::FaultSet;
use crate::order::{Refusal, World};
use crate::ready::{LEAST_ROOM, ROOM};
use crate::threads::NONE;
use std::thread::Scope;

/// What comes from the second thread.
pub(super) struct Follower {
    pub helper: Helper,
    /// The events that come next, and where the first one of them is.
    block: Option<Block>,
    at: usize,
    /// The cursors of the threads in the ordering's hands.
    hands: [u32; 2],
}

impl Follower {
    /// Starts the second thread.
    pub fn start<'s, 'e>(scope: &'s Scope<'s, 'e>, bytes: &'s [u8], setup: Setup) -> Box<Follower> {
        let helper = Helper::start(scope, bytes, setup);
        Box::new(Follower { helper, block: None, at: 0, hands: [0, NONE] })
    }

    fn drop_block(&mut self) {
        if let Some(block) = self.block.take() {
            self.helper.give_back(block);
        }
    }
}

/// Why the block's events do not simply go on.
enum Pause {
    /// There is no room for more, or what is ready has to be delivered first.
    Full,
    /// Nothing is left of the block.
    Block,
    /// A sample comes first.
    Sample,
    /// The next event, of this cursor, cannot simply happen.
    Alone(u32, End),
}

/// Why no more events are made ready for now.
enum Stop {
    /// There is no room for more, or what is ready has to be delivered first.
    Pauses,
    /// All of the generation's events have happened.
    Finished,
    /// The follower's next event, of this cursor, cannot simply happen; `None` for one that is not in the block.
    Alone(Option<(u32, End)>),
}

impl<'a> Reader<'a> {
    /// The trace's bytes, if a second thread may work on them.
    pub(super) fn bytes_for_two(&self) -> Option<&'a [u8]> {
        let bytes = self.input.whole().filter(|bytes| bytes.len() < MOST_PLACES)?;
        let plain = self.strict.is_none() && self.faults == FaultSet::default();
        (self.threads > 1 && plain && self.follower.is_none() && self.generation.is_untouched()).then_some(bytes)
    }

    pub(super) fn setup(&self) -> Setup {
        Setup {
            version: self.version,
            switches: self.scene.switches,
            arity: self.arity,
            pext: self.pext,
            pos: self.input.pos,
            share_from: self.share_from,
        }
    }
}

/// A reader with a second thread, which ends with this, also if the caller panics.
pub(super) struct OnTwo<'r, 'a>(pub &'r mut Reader<'a>);

impl Drop for OnTwo<'_, '_> {
    fn drop(&mut self) {
        self.0.follower = None;
    }
}

impl Reader<'_> {
    /// Whether the next events come from the second thread.
    #[inline(always)]
    pub(super) fn follows(&self) -> bool {
        self.follower.as_ref().is_some_and(|follower| follower.helper.merging)
    }

    /// Has the second thread go on from here, if that can be and is worth it.
    pub(super) fn merge_ahead(&mut self) -> bool {
        let Some(follower) = &mut self.follower else { return false };
        if self.frontier.is_queue() || self.order.has_blocked() {
            return false;
        }
        let merging = follower.helper.merge(&self.generation, &self.cursors, self.frontier.slots(), self.events);
        if merging {
            self.run = Run::OVER;
        }
        merging
    }

    /// Lets the next events happen, as far as there is room.
    #[inline(never)]
    pub(super) fn follow_ahead(&mut self) {
        let Some(mut follower) = self.follower.take() else { return };
        let (data, base, arity) = (self.input.data(), self.input.offset(0), self.arity);
        let mut world = World { scene: &mut self.scene, data };
        let mut last_time = self.last_time;
        let row = self.ready.restart();
        let mut at = 0;
        let stop = loop {
            if follower.block.is_none() {
                (follower.block, follower.at) = (Some(follower.helper.block()), 0);
            }
            let Some(block) = &follower.block else { return };
            let sample = self.generation.samples.get(self.next_sample);
            let until = sample.map_or(i64::MAX, |sample| sample.time);
            let (mut place, mut hands) = (follower.at, follower.hands);
            let stop = loop {
                let words = block.at(place);
                if !words.is_event() {
                    let Some(new) = words.hands() else { break Pause::Block };
                    hands = new;
                    take_to_hand(hands, &self.cursors, &mut self.order.threads);
                    place += 1;
                    continue;
                }
                if words.time() > until {
                    break Pause::Sample;
                }
                let next = &mut row[at];
                words.show(base, arity, next);
                let cursor = hands[words.turn()];
                self.order.give_turn(words.turn());
                match self.order.advance(cursor, next, &mut world) {
                    Ok(()) => {}
                    Err(Refusal::Waits) => break Pause::Alone(cursor, End::Waits),
                    Err(Refusal::Breaks(reject)) => break Pause::Alone(cursor, End::Rejected(reject)),
                }
                next.time = later(next.time, &mut last_time, self.faults);
                if self.order.take_notable() {
                    match bring(&mut self.order, row, &mut at, &mut last_time, self.faults) {
                        Notable::Goes => {}
                        Notable::Dangles => break Pause::Alone(cursor, End::Dangles),
                        Notable::EndsTask => {
                            at += 1;
                            place += words.len();
                            break Pause::Full;
                        }
                    }
                }
                at += 1;
                place += words.len();
                if at + LEAST_ROOM > ROOM {
                    break Pause::Full;
                }
            };
            (follower.at, follower.hands) = (place, hands);
            match (stop, block.end) {
                (Pause::Full, _) => break Stop::Pauses,
                (Pause::Alone(cursor, end), _) => break Stop::Alone(Some((cursor, end))),
                (Pause::Block, ahead::End::Continues) => follower.drop_block(),
                (Pause::Block, ahead::End::Finished) => break Stop::Finished,
                (Pause::Block, ahead::End::Fails) => break Stop::Alone(None),
                (Pause::Sample, _) => {
                    let Some(sample) = sample else { continue };
                    row[at] = sample.event();
                    row[at].time = later(sample.time, &mut last_time, self.faults);
                    self.next_sample += 1;
                    at += 1;
                    if at + LEAST_ROOM > ROOM {
                        break Stop::Pauses;
                    }
                }
            }
        };
        self.last_time = last_time;
        self.ready.fill(at);
        #[cfg(test)]
        {
            self.followed.0 += at;
            self.followed.1 += usize::from(matches!(stop, Stop::Alone(_)));
        }
        let alone = match stop {
            Stop::Pauses => None,
            Stop::Finished => {
                self.frontier.set_slots(&[]);
                follower.helper.merging = false;
                Some(None)
            }
            Stop::Alone(what) => {
                self.go_where(&follower);
                follower.helper.fall_back(self.events + at as u64);
                Some(what)
            }
        };
        if alone.is_some() {
            follower.drop_block();
        }
        self.follower = Some(follower);
        match alone {
            None => {}
            Some(Some((cursor, end))) => self.end_at(cursor as usize, end),
            Some(None) if self.ready.all().is_empty() => self.look(),
            Some(None) => {}
        }
    }

    /// Puts all threads where they are before the follower's next event.
    fn go_where(&mut self, follower: &Follower) {
        let Some(block) = &follower.block else { return };
        self.cursors.clone_from(&block.start.cursors);
        self.frontier.set_slots(&block.start.slots);
        for _ in 0..block.events_before(follower.at) {
            let Some(first) = self.frontier.first() else { return };
            // The second thread has done the same, and no error was found then.
            let Ok(to) = self.decode_next(first.cursor as usize) else { return };
            self.frontier.change(0, to);
        }
    }
}
