//! Corners that several streams, the life of one P or goroutine, or the file's layout show.

use super::{Corner, Counts};
use crate::flavour::Class;
use crate::history::{Expected, ExpectedEvent, Field, History, Resource};
use rustc_hash::{FxHashMap, FxHashSet};
use tracehound_wire::EventType::*;
use tracehound_wire::event::go_status;
use tracehound_wire::{Body, NONE_ID};

impl Counts {
    /// Shapes across streams.
    pub(super) fn whole(&mut self, history: &History, streams: &FxHashMap<u64, Vec<&ExpectedEvent>>) {
        let expected = history.expected();
        self.each_generation(expected, streams);
        self.gc_and_stops(expected);
        self.goroutines(expected, history.swarm().class() == Class::B);
        self.annotations(expected);
        let quiet = streams.get(&NONE_ID).into_iter().flatten();
        let in_syscall = quiet.filter(|e| e.ty != GCMarkAssistActive && e.args[2] == go_status::SYSCALL);
        let threads: FxHashSet<u64> = in_syscall.map(|e| e.args[1]).collect();
        let silent = threads.iter().filter(|m| !streams.contains_key(m)).count();
        self.0[Corner::SilentThread as usize] += silent as u64;
    }

    fn each_generation(&mut self, expected: &Expected, streams: &FxHashMap<u64, Vec<&ExpectedEvent>>) {
        let generations = &expected.generations;
        self.add(Corner::LateSession, generations.first().is_some_and(|g| g.number > 1));
        let quiet: FxHashSet<u64> = streams.get(&NONE_ID).into_iter().flatten().map(|e| e.generation).collect();
        for (i, g) in generations.iter().enumerate() {
            self.add(Corner::NoQuiet, !quiet.contains(&g.number));
            let end = generations.get(i + 1).map_or(expected.events.len(), |next| next.first_event);
            let mut threads = expected.events[g.first_event..end].iter().map(|e| e.stream).filter(|&m| m != NONE_ID);
            let first = threads.next();
            self.add(Corner::AdvancerAlone, i > 0 && first.is_some() && threads.all(|m| Some(m) == first));
        }
        let starts = |e: &ExpectedEvent| e.ty == STWBegin && is(expected, e.args[0], b"start trace");
        self.add(Corner::MidSession, !expected.events.iter().any(starts));
    }

    fn gc_and_stops(&mut self, expected: &Expected) {
        let (mut actives, mut gc, mut steals) = (0, None, FxHashMap::<u64, u32>::default());
        let mut sweeps = FxHashSet::default();
        for e in expected.events.iter().filter(|e| !e.derived) {
            if let Some(begin) = gc {
                self.add(Corner::GcBeginEarly, e.ty != STWBegin && e.stream != begin && e.stream != NONE_ID);
                gc = None;
            }
            match e.ty {
                GCActive => {
                    actives += 1;
                    self.add(Corner::GcThreeGenerations, actives == 2);
                    self.add(Corner::GcAtStart, e.args[0] == 1);
                }
                GCBegin => {
                    actives = 0;
                    gc = Some(e.stream);
                }
                GCEnd => actives = 0,
                GCSweepBegin | GCSweepActive => {
                    sweeps.insert(e.stream);
                }
                GCSweepEnd => {
                    sweeps.remove(&e.stream);
                }
                STWBegin => {
                    steals.insert(e.stream, 0);
                }
                STWEnd => {
                    let n = steals.remove(&e.stream);
                    self.add(Corner::ManySteals, n.is_some_and(|n| n > 1));
                }
                ProcSteal => {
                    if let Some(n) = steals.get_mut(&e.stream) {
                        *n += 1;
                    }
                }
                _ => {}
            }
        }
        self.add(Corner::SweepOpenAtEnd, !sweeps.is_empty());
    }

    /// Mark workers, assists, suspensions, and the ends of C threads.
    fn goroutines(&mut self, expected: &Expected, class_b: bool) {
        let users = users(expected);
        let mut labelled = FxHashSet::default();
        let (mut assists, mut waits) = (FxHashMap::default(), FxHashSet::default());
        let mut preempted = FxHashMap::default();
        let mut marking = None;
        for e in expected.events.iter().filter(|e| !e.derived) {
            let g = goroutine(e);
            match e.ty {
                GoLabel => {
                    self.add(Corner::LabelOther, class_b && users.contains(&g));
                    labelled.insert(g);
                }
                GCBegin | GCActive => marking = Some(true),
                GCEnd => marking = Some(false),
                GCMarkAssistBegin => {
                    self.add(Corner::AssistLate, marking == Some(false));
                    assists.insert(g, (e.stream, e.generation));
                }
                GCMarkAssistActive => {
                    // One that began before the trace, or a later generation's word of one that did not.
                    assists.entry(e.args[0]).or_insert((e.stream, e.generation));
                }
                GCMarkAssistEnd => {
                    let began = assists.remove(&g);
                    let moved = began.is_some_and(|(m, generation)| m != e.stream && generation < e.generation);
                    self.add(Corner::AssistMoves, moved);
                }
                GoBlock if is(expected, e.args[0], b"GC mark assist wait for work") => {
                    waits.insert(g);
                }
                GoBlock if is(expected, e.args[0], b"preempted") => {
                    preempted.insert(g, e.stream);
                }
                GoUnblock => {
                    let by_worker = labelled.contains(&g) && !users.contains(&g);
                    self.add(Corner::WorkerWakesAssist, waits.remove(&e.args[0]) && by_worker);
                    let by = preempted.remove(&e.args[0]);
                    self.add(Corner::SuspendedByGc, by.is_some_and(|m| m != e.stream));
                }
                GoDestroySyscall => {
                    self.add(Corner::DestroyWithProc, e.context.p != Field::NONE && e.context.p != Field::ANY);
                    self.add(Corner::DestroyRobbed, e.context.p == Field::ANY);
                }
                _ => {}
            }
        }
        self.add(Corner::AssistOpenAtEnd, !assists.is_empty());
    }

    /// Tasks and regions.
    fn annotations(&mut self, expected: &Expected) {
        let (mut tasks, mut regions) = (FxHashMap::default(), FxHashMap::<u64, i64>::default());
        for e in &expected.events {
            let g = goroutine(e);
            match e.ty {
                UserTaskBegin => {
                    tasks.insert(e.args[0], (e.stream, e.generation));
                }
                UserTaskEnd => {
                    let began = tasks.remove(&e.args[0]);
                    self.add(Corner::TaskEndUnknown, began.is_none());
                    let elsewhere = began.is_some_and(|(m, generation)| m != e.stream && generation < e.generation);
                    self.add(Corner::TaskEndsElsewhere, elsewhere);
                }
                UserRegionBegin => *regions.entry(g).or_default() += 1,
                UserRegionEnd => {
                    let open = regions.entry(g).or_default();
                    self.add(Corner::RegionEndUnknown, *open == 0);
                    *open = (*open - 1).max(0);
                }
                GoDestroy | GoDestroySyscall => {
                    let open = regions.remove(&g);
                    self.add(Corner::RegionOpenAtDeath, open.is_some_and(|n| n > 0));
                }
                _ => {}
            }
        }
    }

    /// Shapes in the life of one P or goroutine.
    pub(super) fn resources(&mut self, history: &History) {
        let expected = history.expected();
        let mut seen: FxHashMap<Resource, &ExpectedEvent> = FxHashMap::default();
        let mut robbed = FxHashSet::default();
        let mut ended = FxHashMap::default();
        let (mut reborn, mut created) = (FxHashMap::default(), FxHashSet::default());
        for e in &expected.events {
            let Some(t) = e.transition else { continue };
            if let Some(before) = seen.get(&t.resource) {
                let apart = e.generation - before.generation;
                self.add(Corner::ProcReturns, matches!(t.resource, Resource::Proc(_)) && apart > 1);
                if e.ty == GoCreateSyscall && before.ty == GoDestroySyscall && apart == 0 {
                    reborn.insert(t.resource, e.generation);
                }
                if e.ty == GoSyscallEndBlocked && before.ty == GoCreateSyscall {
                    created.insert(t.resource);
                }
                self.add(Corner::SwitchDestroySilent, e.ty == GoDestroy && e.derived && apart > 0);
            }
            match e.ty {
                GoSyscallEndBlocked => {
                    ended.insert(t.resource, e.generation);
                    if let Some(m) = e.context.m.id() {
                        robbed.insert(m);
                    }
                }
                GoStart => {
                    let from = ended.remove(&t.resource);
                    self.add(Corner::NeverStarted, from.is_some_and(|g| e.generation > g + 1));
                    let later = created.remove(&t.resource) && from.is_some_and(|g| e.generation > g);
                    self.add(Corner::CreateThenEndLater, later);
                    let again = reborn.remove(&t.resource) == Some(e.generation);
                    self.add(Corner::GoroutineReborn, again && e.args[1] == 1);
                }
                ProcSteal if !e.derived => self.add(Corner::EndBeforeSteal, robbed.contains(&e.args[2])),
                GoSyscallBegin => {
                    if let Some(m) = e.context.m.id() {
                        robbed.remove(&m);
                    }
                }
                _ => {}
            }
            seen.insert(t.resource, e);
        }
        self.0[Corner::NeverStarted as usize] += ended.len() as u64;
    }

    /// Shapes of the file.
    pub(super) fn file(&mut self, history: &History) {
        // By generation: the latest time of a thread's event, and the earliest.
        let mut times: Vec<(u64, u64, u64)> = Vec::new();
        for batch in history.trace().batches() {
            match &batch.body {
                Body::Events(events) if batch.m != NONE_ID => {
                    let cut = events.last().is_some_and(|e| matches!(e.ty, ProcStatus | GoStatus));
                    self.add(Corner::CutAfterStatus, cut);
                    let first = batch.time + events.first().map_or(0, |e| e.dt);
                    let last = batch.time + events.iter().map(|e| e.dt).sum::<u64>();
                    match times.last_mut() {
                        Some((generation, latest, earliest)) if *generation == batch.generation => {
                            (*latest, *earliest) = (last.max(*latest), first.min(*earliest));
                        }
                        _ => times.push((batch.generation, last, first)),
                    }
                }
                Body::Strings(records) => {
                    let gap = records.windows(2).any(|w| w[1].id > w[0].id + 1);
                    self.add(Corner::IdGaps, gap);
                }
                _ => {}
            }
        }
        for pair in times.windows(2) {
            self.add(Corner::LateEvents, pair[0].1 > pair[1].2);
        }
    }
}

/// Whether a content id names this string.
fn is(expected: &Expected, string: u64, text: &[u8]) -> bool {
    expected.strings[string as usize] == text
}

/// The goroutine that an event happened on.
fn goroutine(e: &ExpectedEvent) -> u64 {
    e.context.g.id().unwrap_or(NONE_ID)
}

/// Goroutines that do at some time what a mark worker never does.
fn users(expected: &Expected) -> FxHashSet<u64> {
    let by_user = |e: &&ExpectedEvent| match e.ty {
        GoBlock => !is(expected, e.args[0], b"system goroutine wait") && !is(expected, e.args[0], b"preempted"),
        GoSyscallBegin | GoDestroy | GoSwitch | STWBegin | GCBegin | GCMarkAssistBegin | GCSweepBegin | UserLog
        | UserTaskBegin | UserTaskEnd | UserRegionBegin | UserRegionEnd => true,
        _ => false,
    };
    expected.events.iter().filter(by_user).map(goroutine).collect()
}
