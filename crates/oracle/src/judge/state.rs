//! What a reader knows at one point of an order, as a flat vector of words that can be
//! compared and hashed cheaply.

use super::plan::{Index, Plan};
use rustc_hash::FxHashMap;

/// Status word of a P or G that does not exist; status codes are stored plus one.
pub(super) const ABSENT: u64 = 0;

/// GC states.
pub(super) mod gc {
    /// Nothing is known yet.
    pub const UNDETERMINED: u64 = 0;
    /// Not running.
    pub const OFF: u64 = 1;
    /// Running.
    pub const RUNNING: u64 = 2;
}

/// Where which part of a state lies.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    threads: usize,
    procs: usize,
    goroutines: usize,
    tasks: usize,
    gc: usize,
    history: usize,
    len: usize,
}

const THREAD_WORDS: usize = 3;
const PROC_WORDS: usize = 4;
const GOROUTINE_WORDS: usize = 5;

/// Words in front: generation index, then one position for each stream slot.
const HEAD_WORDS: usize = 1;

impl Layout {
    /// The layout for a plan; `history` adds a word for each resource.
    pub(super) fn new(plan: &Plan, history: bool) -> Layout {
        let slots = plan.generations.iter().map(|g| g.streams.len()).max().unwrap_or(0);
        let threads = HEAD_WORDS + slots;
        let procs = threads + THREAD_WORDS * plan.threads.len();
        let goroutines = procs + PROC_WORDS * plan.procs.len();
        let tasks = goroutines + GOROUTINE_WORDS * plan.goroutines.len();
        let gc = tasks + plan.tasks.len();
        let history_at = gc + 2;
        let len = history_at + if history { plan.resources() } else { 0 };
        Layout { threads, procs, goroutines, tasks, gc, history: history_at, len }
    }

    /// Length of a state in words.
    pub(super) fn len(&self) -> usize {
        self.len
    }
}

/// A state, borrowed for reading and changing.
pub(super) struct State<'a> {
    pub layout: &'a Layout,
    pub words: &'a mut [u64],
}

/// A thread's binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Thread {
    pub known: bool,
    pub p: Index,
    pub g: Index,
}

/// A sequence number: the generation that it counts in, and the count.
pub(super) type Seq = (u64, u64);

impl State<'_> {
    pub(super) fn generation(&self) -> usize {
        self.words[0] as usize
    }

    pub(super) fn set_generation(&mut self, index: usize) {
        self.words[0] = index as u64;
        self.words[HEAD_WORDS..self.layout.threads].fill(0);
    }

    pub(super) fn position(&self, slot: usize) -> usize {
        self.words[HEAD_WORDS + slot] as usize
    }

    pub(super) fn advance(&mut self, slot: usize) {
        self.words[HEAD_WORDS + slot] += 1;
    }

    pub(super) fn thread(&self, m: Index) -> Thread {
        let at = self.layout.threads + m * THREAD_WORDS;
        Thread { known: self.words[at] != 0, p: self.words[at + 1] as usize, g: self.words[at + 2] as usize }
    }

    /// Sets a thread's binding; the batches of no thread keep none.
    pub(super) fn set_thread(&mut self, m: Index, thread: Thread) {
        if m == 0 {
            return;
        }
        let at = self.layout.threads + m * THREAD_WORDS;
        self.words[at] = u64::from(thread.known);
        self.words[at + 1] = thread.p as u64;
        self.words[at + 2] = thread.g as u64;
    }

    /// The first thread that holds a P.
    pub(super) fn holder(&self, p: Index) -> Option<Index> {
        let threads = (self.layout.procs - self.layout.threads) / THREAD_WORDS;
        (1..threads).find(|&m| {
            let thread = self.thread(m);
            thread.known && thread.p == p
        })
    }

    /// Status code of a P, if it exists.
    pub(super) fn proc_status(&self, p: Index) -> Option<u64> {
        self.words[self.layout.procs + p * PROC_WORDS].checked_sub(1)
    }

    pub(super) fn set_proc_status(&mut self, p: Index, status: u64) {
        self.words[self.layout.procs + p * PROC_WORDS] = status + 1;
    }

    pub(super) fn proc_seq(&self, p: Index) -> Seq {
        let at = self.layout.procs + p * PROC_WORDS;
        (self.words[at + 1], self.words[at + 2])
    }

    pub(super) fn set_proc_seq(&mut self, p: Index, seq: Seq) {
        let at = self.layout.procs + p * PROC_WORDS;
        (self.words[at + 1], self.words[at + 2]) = seq;
    }

    /// The interned list of ranges that are open on a P.
    pub(super) fn proc_ranges(&mut self, p: Index) -> &mut u64 {
        &mut self.words[self.layout.procs + p * PROC_WORDS + 3]
    }

    /// Status code of a G, if it exists.
    pub(super) fn go_status(&self, g: Index) -> Option<u64> {
        self.words[self.layout.goroutines + g * GOROUTINE_WORDS].checked_sub(1)
    }

    pub(super) fn set_go_status(&mut self, g: Index, status: u64) {
        self.words[self.layout.goroutines + g * GOROUTINE_WORDS] = status + 1;
    }

    pub(super) fn go_seq(&self, g: Index) -> Seq {
        let at = self.layout.goroutines + g * GOROUTINE_WORDS;
        (self.words[at + 1], self.words[at + 2])
    }

    pub(super) fn set_go_seq(&mut self, g: Index, seq: Seq) {
        let at = self.layout.goroutines + g * GOROUTINE_WORDS;
        (self.words[at + 1], self.words[at + 2]) = seq;
    }

    /// The interned list of ranges that are open on a G.
    pub(super) fn go_ranges(&mut self, g: Index) -> &mut u64 {
        &mut self.words[self.layout.goroutines + g * GOROUTINE_WORDS + 3]
    }

    /// The interned stack of regions that are open on a G.
    pub(super) fn regions(&mut self, g: Index) -> &mut u64 {
        &mut self.words[self.layout.goroutines + g * GOROUTINE_WORDS + 4]
    }

    /// Forgets a G and everything about it.
    pub(super) fn remove_goroutine(&mut self, g: Index) {
        let at = self.layout.goroutines + g * GOROUTINE_WORDS;
        self.words[at..at + GOROUTINE_WORDS].fill(ABSENT);
    }

    /// An open task: 0, or its interned parent and name plus one.
    pub(super) fn task(&mut self, task: Index) -> &mut u64 {
        &mut self.words[self.layout.tasks + task]
    }

    /// State and number of the GC.
    pub(super) fn gc(&self) -> (u64, u64) {
        (self.words[self.layout.gc], self.words[self.layout.gc + 1])
    }

    pub(super) fn set_gc(&mut self, state: u64, seq: u64) {
        self.words[self.layout.gc] = state;
        self.words[self.layout.gc + 1] = seq;
    }

    /// What happened to each resource so far, as hashes; empty if no history is kept.
    pub(super) fn history(&mut self) -> &mut [u64] {
        &mut self.words[self.layout.history..]
    }
}

/// Lists that are too long for a word, by content: equal lists have equal numbers, and
/// the empty list is 0.
#[derive(Debug)]
pub(super) struct Interner {
    lists: Vec<Vec<(u64, u64)>>,
    of: FxHashMap<Vec<(u64, u64)>, u64>,
}

impl Interner {
    pub(super) fn new() -> Interner {
        Interner { lists: vec![Vec::new()], of: FxHashMap::from_iter([(Vec::new(), 0)]) }
    }

    pub(super) fn get(&self, list: u64) -> &[(u64, u64)] {
        &self.lists[list as usize]
    }

    pub(super) fn intern(&mut self, list: Vec<(u64, u64)>) -> u64 {
        if let Some(&n) = self.of.get(&list) {
            return n;
        }
        let n = self.lists.len() as u64;
        self.of.insert(list.clone(), n);
        self.lists.push(list);
        n
    }
}
