//! A second thread that works ahead of the one that orders and delivers: it loads the next generation, decodes the
//! events of the one that is being delivered, and merges them by time.
//!
//! What it makes is a guess at the order: that in which events come if none has to wait for another thread's. That
//! is nearly always the order. Where it is not, and wherever anything else is unusual, the reader goes back
//! to where it would be alone, which it can find out from the state that each block of
//! events begins with, and does alone what comes next. So the results are the same by construction: nothing is decided here.

mod block;
mod worker;

pub(crate) use block::{Block, EVENT_WORDS, End, MOST_PLACES, describe};

use crate::cursor::{Arity, Cursor};
use crate::frontier::Slot;
use crate::generation::{Generation, LoadError, Loaded};
use crate::release::Switches;
use crate::tables::Tables;
use crate::threads::Threads;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Scope;
use tracehound_wire::Version;

/// How many blocks there are. They bound how far the second thread is ahead.
const BLOCKS: usize = 16;
/// So many blocks are given back at once, as waking the second thread takes time.
const GIVE_BACK: usize = BLOCKS / 2;

/// With more threads than this in a generation its events are not merged ahead: each block begins with all of their places.
const MOST_CURSORS: usize = 2_048;
/// After something unusual so many events go by before anything is merged ahead again; twice as many each time that it comes
/// again soon.
const QUIET: u64 = if cfg!(test) { 4 } else { 4_096 };
const MOST_QUIET: u64 = 1 << 20;

/// Where all threads of a generation are, between two events.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub cursors: Vec<Cursor>,
    /// The frontier's heap.
    pub slots: Vec<Slot>,
}

impl State {
    pub fn copy_from(&mut self, cursors: &[Cursor], slots: &[Slot]) {
        self.cursors.clear();
        self.cursors.extend_from_slice(cursors);
        self.slots.clear();
        self.slots.extend_from_slice(slots);
    }
}

/// A generation as it was loaded, and what came of that.
struct LoadedAhead {
    result: Result<Loaded, LoadError>,
    generation: Generation,
    tables: Tables,
    /// The Ms of the generation's streams.
    ms: Vec<i64>,
}

/// What the second thread is told.
enum Order {
    /// Give the next generation; the storage of the one before comes back.
    Load(Box<(Generation, Tables)>),
    /// Merge the events of the generation that was given last, from this state on; then load the next one.
    Merge { epoch: u64, state: State },
    /// Load the next one.
    Ahead,
    /// These blocks can be used again.
    Free(Vec<Block>),
}

/// What it answers.
enum Answer {
    Generation(Box<LoadedAhead>),
    Block(Block),
}

/// What both threads have to know of a trace.
#[derive(Clone, Copy)]
pub(crate) struct Setup {
    pub version: Version,
    pub switches: Switches,
    pub arity: Arity,
    pub pext: crate::bits::Pext,
    /// Where the first generation begins.
    pub pos: usize,
    /// See [`Options::share_from`](crate::Options::share_from).
    pub share_from: usize,
}

/// The reader's end of the line to the second thread.
pub(crate) struct Helper {
    orders: Sender<Order>,
    answers: Receiver<Answer>,
    /// The merge that was ordered last; what is left of earlier ones means nothing.
    epoch: u64,
    /// Blocks to be given back.
    used: Vec<Block>,
    share_from: usize,
    /// Whether the second thread knows what to do while the generation is delivered.
    busy: bool,
    /// Whether events are being merged ahead.
    pub merging: bool,
    /// How many events there have been at the last fall back, and how many have to follow it.
    fell_back_at: u64,
    quiet: u64,
}

impl Helper {
    /// Starts the second thread, on a whole trace in memory. It ends when the helper is dropped.
    pub fn start<'s, 'e>(scope: &'s Scope<'s, 'e>, bytes: &'s [u8], setup: Setup) -> Helper {
        let (orders, to_do) = channel();
        let (done, answers) = channel();
        scope.spawn(move || worker::work(bytes, setup, &to_do, &done));
        let used = Vec::new();
        let share_from = setup.share_from;
        Helper { orders, answers, epoch: 0, used, share_from, busy: false, merging: false, fell_back_at: 0, quiet: 0 }
    }

    fn order(&self, order: Order) {
        // It is only gone if it has panicked, which whoever waits for it learns.
        let _ = self.orders.send(order);
    }

    fn answer(&self) -> Answer {
        self.answers.recv().expect("the second thread answers as long as it is asked")
    }

    /// The next generation, as [`Generation::load`] would load it.
    pub fn load(
        &mut self,
        generation: &mut Generation,
        tables: &mut Tables,
        threads: &mut Threads,
    ) -> Result<Loaded, LoadError> {
        let old = (std::mem::take(generation), std::mem::take(tables));
        self.order(Order::Load(Box::new(old)));
        self.busy = false;
        loop {
            match self.answer() {
                // What is left of a merge that was given up.
                Answer::Block(block) => self.give_back(block),
                Answer::Generation(loaded) => {
                    let LoadedAhead { result, generation: new, tables: its, ms } = *loaded;
                    (*generation, *tables) = (new, its);
                    for (stream, m) in generation.streams.iter_mut().zip(ms) {
                        stream.thread = threads.place(m);
                    }
                    return result;
                }
            }
        }
    }

    /// Has the generation's events from this state on merged ahead, if that is worth it; `events` is how many there have
    /// been. True if so.
    pub fn merge(&mut self, generation: &Generation, cursors: &[Cursor], slots: &[Slot], events: u64) -> bool {
        if events < self.fell_back_at + self.quiet && self.busy {
            return false;
        }
        let bytes: usize = generation.batches.iter().map(|b| b.len as usize).sum();
        let worth = !slots.is_empty() && cursors.len() <= MOST_CURSORS && bytes >= self.share_from;
        if worth && events >= self.fell_back_at + self.quiet {
            self.epoch += 1;
            self.merging = true;
            self.busy = true;
            let mut state = State::default();
            state.copy_from(cursors, slots);
            self.order(Order::Merge { epoch: self.epoch, state });
        } else if !self.busy {
            self.busy = true;
            self.order(Order::Ahead);
        }
        self.merging
    }

    /// The next block of the merge.
    pub fn block(&mut self) -> Block {
        loop {
            match self.answer() {
                Answer::Block(block) if block.epoch == self.epoch => return block,
                Answer::Block(block) => self.give_back(block),
                // Comes only when it is asked for.
                Answer::Generation(_) => {}
            }
        }
    }

    /// A block has been used.
    pub fn give_back(&mut self, block: Block) {
        self.used.push(block);
        if self.used.len() >= GIVE_BACK {
            let used = std::mem::take(&mut self.used);
            self.order(Order::Free(used));
        }
    }

    /// The reader goes on alone, for a while.
    pub fn fall_back(&mut self, events: u64) {
        self.merging = false;
        self.quiet = if events < self.fell_back_at + 4 * self.quiet { (2 * self.quiet).min(MOST_QUIET) } else { QUIET };
        self.fell_back_at = events;
    }
}
