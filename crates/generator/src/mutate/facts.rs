//! What operators need to know of a trace: streams, numbers, bindings, ids.
//!
//! Bindings follow from each thread's own events, because in a legal trace only a theft
//! (of a P that is lent to a syscall) can change them from outside. That is why a P's hold
//! has three values here.

use crate::source::Source;
use std::collections::{BTreeMap, BTreeSet};
use tracehound_wire::event::{go_status, proc_status};
use tracehound_wire::{Batch, Body, Event, EventType, Item, NONE_ID, Trace};

/// Where an event stands in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// Index of the item.
    pub item: usize,
    /// Index of the event in its batch.
    pub index: usize,
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "item {}, event {}", self.item, self.index)
    }
}

/// A thread's hold on a P.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Hold {
    /// It has none.
    #[default]
    None,
    /// It has this one, and nobody can take it away.
    Held(u64),
    /// It has this one in a syscall, unless it has been stolen already.
    Lent(u64),
}

/// What a thread has before an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Binding {
    /// Its P.
    pub p: Hold,
    /// Its goroutine.
    pub g: Option<u64>,
    /// Whether that goroutine is in a syscall.
    pub syscall: bool,
    /// The goroutine's last number in this generation, if it is known.
    pub g_number: Option<u64>,
}

/// An event with its surroundings.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// Where it stands.
    pub at: At,
    /// The event.
    pub event: Event,
    /// Its thread.
    pub m: u64,
    /// Index of its generation.
    pub generation: usize,
    /// Position in its thread's stream of that generation.
    pub position: usize,
    /// What its thread has before it.
    pub before: Binding,
}

/// A numbered event of a P or G.
#[derive(Clone, Copy, Debug)]
pub struct Numbered {
    /// Its number.
    pub n: u64,
    /// Index of its [`Fact`].
    pub fact: usize,
}

/// A generation.
#[derive(Clone, Debug, Default)]
pub struct GenerationFacts {
    /// Its number.
    pub number: u64,
    /// Indexes of its items, the end marker left out.
    pub items: Vec<usize>,
    /// Facts of each thread's events, in order.
    pub streams: BTreeMap<u64, Vec<usize>>,
    /// Numbered events of each P, by number.
    pub procs: BTreeMap<u64, Vec<Numbered>>,
    /// Numbered events of each G, by number.
    pub goroutines: BTreeMap<u64, Vec<Numbered>>,
    /// String ids.
    pub strings: BTreeSet<u64>,
    /// Stack ids.
    pub stacks: BTreeSet<u64>,
    /// Goroutines that have a status in it, and that status.
    pub go_status: BTreeMap<u64, u64>,
    /// Ps that have a status in it, and the last one.
    pub proc_status: BTreeMap<u64, u64>,
    /// Goroutines that are created in it.
    pub created: BTreeSet<u64>,
    /// Goroutines that die in it.
    pub destroyed: BTreeSet<u64>,
}

/// Everything known of a trace.
pub struct Facts<'t> {
    /// The trace.
    pub trace: &'t Trace,
    /// Its events, generation by generation, stream by stream.
    pub all: Vec<Fact>,
    /// Its generations.
    pub generations: Vec<GenerationFacts>,
    /// Threads, with the first generation in which each has events.
    pub threads: BTreeMap<u64, usize>,
    /// Ps that are ever mentioned, with the first generation.
    pub procs: BTreeMap<u64, usize>,
    /// Goroutines that are ever mentioned.
    pub goroutines: BTreeSet<u64>,
    robust: bool,
}

impl<'t> Facts<'t> {
    /// Looks through a trace. Batches that are bytes only are taken to hold no events.
    pub fn new(trace: &'t Trace) -> Facts<'t> {
        let mut facts = Facts {
            trace,
            all: Vec::new(),
            generations: Vec::new(),
            threads: BTreeMap::new(),
            procs: BTreeMap::new(),
            goroutines: BTreeSet::new(),
            robust: true,
        };
        facts.split();
        let mut bindings = BTreeMap::new();
        for index in 0..facts.generations.len() {
            facts.follow(index, &mut bindings);
        }
        facts.robust = facts.is_robust();
        facts
    }

    /// Whether every order that keeps the streams succeeds, so far as this can be told at a
    /// glance; `false` may be said of a trace for which it is true.
    pub fn robust(&self) -> bool {
        self.robust
    }

    /// Whether Go's reader finds its way whatever the times are. Among more than twelve
    /// threads it can miss a legal order, because its sort is not stable then.
    pub(super) fn any_order_is_found(&self) -> bool {
        self.robust && self.generations.iter().all(|g| g.streams.len() <= 12)
    }

    /// A fact that `fits`, or `None`.
    pub(super) fn pick(&self, choose: &mut dyn Source, fits: impl Fn(&Fact) -> bool) -> Option<&Fact> {
        pick(choose, self.all.iter().filter(|f| fits(f)))
    }

    /// The event that follows in the same stream.
    pub(super) fn next(&self, fact: &Fact) -> Option<&Fact> {
        self.later(fact).next()
    }

    /// The events that follow in the same stream.
    pub(super) fn later<'a>(&'a self, fact: &Fact) -> impl Iterator<Item = &'a Fact> {
        let stream = &self.generations[fact.generation].streams[&fact.m];
        stream[fact.position + 1..].iter().map(|&i| &self.all[i])
    }

    /// The event of P `p` with number `n` in a generation, if there is exactly one.
    pub(super) fn proc_number(&self, generation: usize, p: u64, n: u64) -> Option<&Fact> {
        self.number(self.generations[generation].procs.get(&p), n)
    }

    /// The event of goroutine `g` with number `n` in a generation, if there is exactly one for certain.
    pub(super) fn go_number(&self, generation: usize, g: u64, n: u64) -> Option<&Fact> {
        let of = &self.generations[generation];
        if of.created.contains(&g) && (of.destroyed.contains(&g) || of.go_status.contains_key(&g)) {
            // It may have lived twice, with each number twice.
            return None;
        }
        self.number(self.generations[generation].goroutines.get(&g), n)
    }

    fn number(&self, numbered: Option<&Vec<Numbered>>, n: u64) -> Option<&Fact> {
        let mut with = numbered?.iter().filter(|x| x.n == n);
        match (with.next(), with.next()) {
            (Some(one), None) => Some(&self.all[one.fact]),
            _ => None,
        }
    }

    /// The largest number of a P in a generation; 0 if it has none.
    pub(super) fn last_proc_number(&self, generation: usize, p: u64) -> u64 {
        self.generations[generation].procs.get(&p).and_then(|v| v.last()).map_or(0, |x| x.n)
    }

    /// The largest number of a G in a generation; 0 if it has none.
    pub(super) fn last_go_number(&self, generation: usize, g: u64) -> u64 {
        self.generations[generation].goroutines.get(&g).and_then(|v| v.last()).map_or(0, |x| x.n)
    }

    /// The strings of a generation: id and bytes.
    pub(super) fn strings(&self, generation: usize) -> Vec<(u64, &'t [u8])> {
        let trace = self.trace;
        let items = self.generations[generation].items.iter().map(|&i| &trace.items[i]);
        let records = items.filter_map(|item| match item {
            Item::Batch(Batch { body: Body::Strings(records), .. }) => Some(records),
            _ => None,
        });
        records.flatten().map(|r| (r.id, &*r.bytes)).collect()
    }

    /// A goroutine id that the trace never mentions.
    pub(super) fn fresh_g(&self) -> u64 {
        fresh(self.goroutines.iter().copied(), 1000)
    }

    /// A P id that the trace never mentions.
    pub(super) fn fresh_p(&self) -> u64 {
        fresh(self.procs.keys().copied(), 100)
    }

    /// A thread id that the trace never mentions.
    pub(super) fn fresh_m(&self) -> u64 {
        fresh(self.threads.keys().copied(), 90000)
    }

    /// Splits the items into generations and collects each one's streams and tables.
    fn split(&mut self) {
        for (i, item) in self.trace.items.iter().enumerate() {
            let number = match item {
                Item::Batch(b) => b.generation,
                Item::Experimental(b) => b.generation,
                Item::EndOfGeneration | Item::Bytes(_) => continue,
            };
            if self.generations.last().is_none_or(|g| g.number != number) {
                self.generations.push(GenerationFacts { number, ..GenerationFacts::default() });
            }
            let index = self.generations.len() - 1;
            let generation = &mut self.generations[index];
            generation.items.push(i);
            let Item::Batch(batch) = item else { continue };
            match &batch.body {
                Body::Strings(records) => generation.strings.extend(records.iter().map(|r| r.id)),
                Body::Stacks(records) => generation.stacks.extend(records.iter().map(|r| r.id)),
                Body::Events(events) => {
                    let stream = generation.streams.entry(batch.m).or_default();
                    self.threads.entry(batch.m).or_insert(index);
                    for (k, &event) in events.iter().enumerate() {
                        let at = At { item: i, index: k };
                        let position = stream.len();
                        stream.push(self.all.len());
                        let before = Binding::default();
                        self.all.push(Fact { at, event, m: batch.m, generation: index, position, before });
                    }
                }
                _ => {}
            }
        }
    }

    /// Follows each thread through a generation.
    fn follow(&mut self, index: usize, bindings: &mut BTreeMap<u64, Binding>) {
        let streams: Vec<Vec<usize>> = self.generations[index].streams.values().cloned().collect();
        for binding in bindings.values_mut() {
            binding.g_number = None;
        }
        self.place_from_outside(&streams, bindings);
        let mut thefts = Vec::new();
        for &i in streams.iter().flatten() {
            let Fact { event, m, .. } = self.all[i];
            let binding = bindings.entry(m).or_default();
            self.all[i].before = *binding;
            if let (EventType::GoSyscallBegin, Hold::Held(p)) = (event.ty, binding.p) {
                self.note_number(index, Some((p, event.args[0])), None, i);
            }
            if m != NONE_ID {
                binding.follow(m, &event);
            }
            self.note(index, i, &event);
            if event.ty == EventType::ProcSteal {
                thefts.push((event.args[2], event.args[0], event.args[1]));
            }
        }
        let generation = &mut self.generations[index];
        for numbered in generation.procs.values_mut().chain(generation.goroutines.values_mut()) {
            numbered.sort_by_key(|x| x.n);
        }
        for (victim, p, n) in thefts {
            // A theft after the victim's last syscall in this generation, or in an earlier one.
            let begun = self.generations[index].procs.get(&p).into_iter().flatten().any(|x| {
                x.n > n && self.all[x.fact].m == victim && self.all[x.fact].event.ty == EventType::GoSyscallBegin
            });
            if let Some(binding) = bindings.get_mut(&victim)
                && binding.p == Hold::Lent(p)
                && !begun
            {
                binding.p = Hold::None;
            }
        }
    }

    /// Goroutines that others say are in a syscall on a thread of which nothing is known.
    fn place_from_outside(&self, streams: &[Vec<usize>], bindings: &mut BTreeMap<u64, Binding>) {
        for &i in streams.iter().flatten() {
            let Fact { event, m, .. } = self.all[i];
            let [g, named, status, _] = event.args;
            let is_status = matches!(event.ty, EventType::GoStatus | EventType::GoStatusStack);
            if is_status && status == go_status::SYSCALL && named != m && named != NONE_ID {
                let placed = Binding { g: Some(g), syscall: true, ..Binding::default() };
                bindings.entry(named).or_insert(placed);
            }
        }
    }

    /// Enters what an event says into its generation.
    fn note(&mut self, index: usize, i: usize, event: &Event) {
        use EventType as E;
        let args = event.args;
        let generation = &mut self.generations[index];
        match event.ty {
            E::ProcStart | E::ProcSteal => self.note_number(index, Some((args[0], args[1])), None, i),
            E::GoStart | E::GoUnblock | E::GoSwitch => self.note_number(index, None, Some((args[0], args[1])), i),
            E::GoSwitchDestroy => {
                generation.destroyed.extend(self.all[i].before.g);
                self.note_number(index, None, Some((args[0], args[1])), i);
            }
            E::GoDestroy | E::GoDestroySyscall => generation.destroyed.extend(self.all[i].before.g),
            E::ProcStatus => {
                generation.proc_status.insert(args[0], args[1]);
                self.procs.entry(args[0]).or_insert(index);
            }
            E::GoStatus | E::GoStatusStack => {
                generation.go_status.insert(args[0], args[2]);
                self.goroutines.insert(args[0]);
                if args[1] != NONE_ID {
                    self.threads.entry(args[1]).or_insert(index);
                }
            }
            E::GoCreate | E::GoCreateBlocked | E::GoCreateSyscall => {
                generation.created.insert(args[0]);
                self.goroutines.insert(args[0]);
            }
            E::GCMarkAssistActive => {
                self.goroutines.insert(args[0]);
            }
            E::GCSweepActive => {
                self.procs.entry(args[0]).or_insert(index);
            }
            _ => {}
        }
    }

    fn note_number(&mut self, index: usize, p: Option<(u64, u64)>, g: Option<(u64, u64)>, fact: usize) {
        let generation = &mut self.generations[index];
        if let Some((p, n)) = p {
            generation.procs.entry(p).or_default().push(Numbered { n, fact });
            self.procs.entry(p).or_insert(index);
        }
        if let Some((g, n)) = g {
            generation.goroutines.entry(g).or_default().push(Numbered { n, fact });
            self.goroutines.insert(g);
        }
    }

    fn is_robust(&self) -> bool {
        let mut births: BTreeMap<u64, usize> = BTreeMap::new();
        let mut task_threads: BTreeMap<u64, u64> = BTreeMap::new();
        let mut gc_thread = None;
        self.all.iter().all(|f| {
            use EventType as E;
            let [id, ..] = f.event.args;
            match f.event.ty {
                // The second life of a goroutine is not ordered after its first.
                E::GoCreate | E::GoCreateBlocked | E::GoCreateSyscall => {
                    *births.entry(id).or_insert(0) += 1;
                    births[&id] == 1
                }
                E::GoStatus | E::GoStatusStack => {
                    if f.generation == 0 {
                        *births.entry(id).or_insert(0) += 1;
                    }
                    births.get(&id).is_none_or(|&n| n < 2) && !self.may_come_too_late(f)
                }
                // As long as nothing is known of the GC, any number begins.
                E::GCBegin | E::GCActive if f.generation == 0 => *gc_thread.get_or_insert(f.m) == f.m,
                E::UserTaskBegin => *task_threads.entry(id).or_insert(f.m) == f.m,
                E::GCSweepActive | E::GCMarkAssistActive if f.generation == 0 => self.is_own_range(f),
                _ => true,
            }
        })
    }

    /// Whether a status puts a goroutine on a thread of which the reader may know already.
    fn may_come_too_late(&self, fact: &Fact) -> bool {
        let [_, m, status, _] = fact.event.args;
        let here = &self.generations[fact.generation].streams;
        status == go_status::SYSCALL && m != fact.m && here.contains_key(&m)
    }

    /// Whether a range is reported right after the status of what its own thread runs.
    fn is_own_range(&self, fact: &Fact) -> bool {
        let stream = &self.generations[fact.generation].streams[&fact.m];
        let Some(status) = fact.position.checked_sub(1).map(|i| &self.all[stream[i]].event) else { return false };
        let running = match status.ty {
            EventType::ProcStatus => status.args[1] == proc_status::RUNNING,
            EventType::GoStatus | EventType::GoStatusStack => status.args[2] == go_status::RUNNING,
            _ => false,
        };
        running && status.args[0] == fact.event.args[0]
    }
}

impl Binding {
    fn follow(&mut self, m: u64, event: &Event) {
        use EventType as E;
        let args = event.args;
        match event.ty {
            E::ProcStatus if args[1] == proc_status::RUNNING => self.p = Hold::Held(args[0]),
            E::ProcStatus if args[1] == proc_status::SYSCALL => self.p = Hold::Lent(args[0]),
            E::ProcStart => self.p = Hold::Held(args[0]),
            E::ProcStop => self.p = Hold::None,
            E::ProcSteal if args[2] == m && self.p == Hold::Lent(args[0]) => self.p = Hold::None,
            E::GoStatus | E::GoStatusStack => {
                let running = args[2] == go_status::RUNNING;
                let own_syscall = args[2] == go_status::SYSCALL && args[1] == m;
                if running || own_syscall {
                    self.take(args[0], own_syscall, Some(0));
                }
            }
            E::GoCreateSyscall => self.take(args[0], true, Some(0)),
            E::GoStart | E::GoSwitch | E::GoSwitchDestroy => self.take(args[0], false, Some(args[1])),
            E::GoStop | E::GoBlock | E::GoDestroy => self.g = None,
            E::GoSyscallBegin => {
                self.syscall = true;
                if let Hold::Held(p) = self.p {
                    self.p = Hold::Lent(p);
                }
            }
            E::GoSyscallEnd => {
                self.syscall = false;
                if let Hold::Lent(p) = self.p {
                    self.p = Hold::Held(p);
                }
            }
            E::GoSyscallEndBlocked => {
                (self.g, self.syscall) = (None, false);
                if let Hold::Lent(_) = self.p {
                    self.p = Hold::None;
                }
            }
            E::GoDestroySyscall => *self = Binding::default(),
            _ => {}
        }
    }

    fn take(&mut self, g: u64, syscall: bool, g_number: Option<u64>) {
        (self.g, self.syscall, self.g_number) = (Some(g), syscall, g_number);
    }
}

/// One of some things, chosen.
pub(super) fn pick<T>(choose: &mut dyn Source, from: impl Iterator<Item = T>) -> Option<T> {
    let mut all: Vec<T> = from.collect();
    if all.is_empty() {
        return None;
    }
    let at = choose.below(all.len().try_into().unwrap_or(u32::MAX)) as usize;
    Some(all.swap_remove(at))
}

fn fresh(used: impl Iterator<Item = u64>, at_least: u64) -> u64 {
    used.filter(|&id| id != NONE_ID).max().unwrap_or(0).saturating_add(1).max(at_least)
}
