//! What the second thread does: it loads generations and merges their events.

use super::block::{Block, End, Pen};
use super::{Answer, BLOCKS, LoadedAhead, Order, Setup, State};
use crate::bits::{Work, perform};
use crate::clock::Clock;
use crate::cursor::{Cursor, Ground};
use crate::fault::FaultSet;
use crate::frontier::{Frontier, Turns};
use crate::generation::{BatchSpan, Generation, Link, Loaded, Loader};
use crate::input::Input;
use crate::reader::pair::{Habit, Pair};
use crate::tables::Tables;
use crate::threads::Threads;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};

/// A merge that has not come to its end.
struct Merge {
    epoch: u64,
    cursors: Vec<Cursor>,
    frontier: Frontier,
    habit: Habit,
}

/// The second thread's state.
struct Worker<'d> {
    setup: Setup,
    input: Input<'d>,
    /// Its own numbering of threads, for their streams.
    threads: Threads,
    /// What the generation that is loaded next has to know of the one before.
    before: Link,
    /// Storage to be used again.
    spare: Option<Box<(Generation, Tables)>>,
    /// A generation that was loaded before it was asked for.
    ahead: Option<Box<LoadedAhead>>,
    /// Of the generation that was given last.
    batches: Vec<BatchSpan>,
    clock: Option<Clock>,
    merge: Option<Merge>,
    free: Vec<Block>,
    /// How many blocks have been made.
    made: usize,
}

/// Does what it is told, until nobody tells it anything any more.
pub(super) fn work(bytes: &[u8], setup: Setup, orders: &Receiver<Order>, answers: &Sender<Answer>) {
    let mut input = Input::slice(bytes);
    input.pos = setup.pos;
    let mut worker = Worker {
        setup,
        input,
        threads: Threads::default(),
        before: Link::default(),
        spare: None,
        ahead: None,
        batches: Vec::new(),
        clock: None,
        merge: None,
        free: Vec::new(),
        made: 0,
    };
    loop {
        let order = if worker.can_go_on() {
            match orders.try_recv() {
                Ok(order) => Some(order),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => return,
            }
        } else {
            match orders.recv() {
                Ok(order) => Some(order),
                Err(_) => return,
            }
        };
        let answer = match order {
            Some(Order::Free(blocks)) => {
                worker.free.extend(blocks);
                continue;
            }
            Some(Order::Merge { epoch, state }) => {
                worker.begin(epoch, state);
                continue;
            }
            Some(Order::Ahead) => {
                worker.load_ahead();
                continue;
            }
            Some(Order::Load(storage)) => {
                worker.spare = Some(storage);
                Answer::Generation(worker.give())
            }
            None => match worker.go_on() {
                Some(block) => Answer::Block(block),
                None => continue,
            },
        };
        let ends = matches!(&answer, Answer::Block(block) if block.end != End::Continues);
        if answers.send(answer).is_err() {
            return;
        }
        if ends {
            worker.load_ahead();
        }
    }
}

impl<'d> Worker<'d> {
    /// Whether there is something to be merged, and a block for it.
    fn can_go_on(&self) -> bool {
        self.merge.is_some() && (self.made < BLOCKS || !self.free.is_empty())
    }

    /// Loads the generation behind the one that was given last, if that has not been done.
    fn load_ahead(&mut self) {
        if self.ahead.is_none() && self.clock.is_some() {
            self.ahead = Some(self.load());
        }
    }

    fn load(&mut self) -> Box<LoadedAhead> {
        let (mut generation, mut tables) = self.spare.take().map_or_else(Default::default, |storage| *storage);
        generation.succeed(self.before, &mut tables);
        let result = generation.load(&mut Loader {
            input: &mut self.input,
            tables: &mut tables,
            threads: &mut self.threads,
            version: self.setup.version,
            sw: &self.setup.switches,
            strict: false,
            pext: self.setup.pext,
            faults: FaultSet::default(),
        });
        self.before = generation.link(&tables);
        let ms = generation.streams.iter().map(|s| self.threads.get(s.thread).m).collect();
        Box::new(LoadedAhead { result, generation, tables, ms })
    }

    /// The next generation, whose events can be merged from now on.
    fn give(&mut self) -> Box<LoadedAhead> {
        self.merge = None;
        let loaded = self.ahead.take().unwrap_or_else(|| self.load());
        self.batches.clone_from(&loaded.generation.batches);
        self.clock = match (&loaded.result, loaded.generation.clock) {
            (Ok(Loaded::Generation(_)), clock) => clock,
            _ => None,
        };
        loaded
    }

    fn begin(&mut self, epoch: u64, state: State) {
        let State { cursors, slots } = state;
        self.merge = Some(Merge { epoch, cursors, frontier: Frontier::of(slots), habit: Habit::default() });
    }

    /// The next block of the merge.
    fn go_on(&mut self) -> Option<Block> {
        let (merge, clock) = (self.merge.as_mut()?, self.clock.as_ref()?);
        let mut block = match self.free.pop() {
            Some(block) => block,
            None => {
                self.made += 1;
                Block::new()
            }
        };
        block.epoch = merge.epoch;
        block.start.copy_from(&merge.cursors, merge.frontier.slots());
        let ground = Ground::of(&self.input, clock, self.setup.arity);
        let fill = Fill { merge, pen: Pen::new(&mut block), ground, batches: &self.batches };
        let end = perform(fill, self.setup.pext);
        block.end = end;
        if end != End::Continues {
            self.merge = None;
        }
        Some(block)
    }
}

/// Fills a block with the next events.
struct Fill<'w, 'd> {
    merge: &'w mut Merge,
    pen: Pen<'w>,
    ground: Ground<'d>,
    batches: &'w [BatchSpan],
}

impl Work for Fill<'_, '_> {
    type Out = End;
    #[inline(always)]
    fn run<const PEXT: bool>(self) -> End {
        let Fill { merge: Merge { cursors, frontier, habit, .. }, mut pen, ground, batches } = self;
        let end = loop {
            let Some(first) = frontier.first() else { break End::Finished };
            let two = habit.is_for_two();
            let Turns { with, until } = if two { frontier.turns(i64::MAX) } else { frontier.alone(i64::MAX) };
            let mut pair = Pair::begin(first.cursor, with, frontier, cursors);
            pen.hands(pair.cursors);
            let mut events = 0;
            let stop = loop {
                let words = pair.own.record::<PEXT>(&ground, pair.turn, pen.room());
                if !pair.next::<PEXT>(&ground) {
                    break Stop::Unknown(words);
                }
                pen.len += words;
                events += 1;
                if pair.own.time() > until {
                    break Stop::Third;
                }
                pair.take_turns();
                if !pen.has_room() {
                    break Stop::Full;
                }
            };
            pair.settle(frontier, cursors);
            match stop {
                Stop::Third => {
                    if with != 0 {
                        habit.had(events);
                    }
                    frontier.update(0, pair.own.time());
                }
                Stop::Unknown(words) => {
                    let cursor = &mut cursors[pair.cursor() as usize];
                    match cursor.advance(&ground, batches) {
                        Ok(more) => frontier.change(0, more.then_some(cursor.time)),
                        // An error behind an event comes before the event.
                        Err(_) => break End::Fails,
                    }
                    pen.len += words;
                }
                Stop::Full => {}
            }
            if !pen.has_room() {
                break End::Continues;
            }
        };
        pen.close();
        end
    }
}

/// Why the two threads do not go on in turns.
enum Stop {
    /// What is behind the event, which has so many words, is not known.
    Unknown(usize),
    /// Another thread's event comes first.
    Third,
    /// The block is full.
    Full,
}
