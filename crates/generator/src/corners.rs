//! Named corners: rare shapes that a history can have, each with a detector.
//!
//! A generator that is never seen to reach a corner does not test it. The detectors read only
//! the truth and the trace, so they count what a reader has to cope with. [`Matrix`] counts
//! every event kind with the change of state that it reports.

use crate::flavour::Class;
use crate::history::{ExpectedEvent, Field, History, Resource, Visible};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use tracehound_wire::EventType::{self, *};
use tracehound_wire::event::{go_status, proc_status};
use tracehound_wire::{Body, NONE_ID};

macro_rules! corners {
    ($( $variant:ident $name:literal $classes:literal $about:literal; )*) => {
        /// A named corner.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)] // each is described by `about`
        pub enum Corner { $( $variant, )* }

        impl Corner {
            /// Every corner.
            pub const ALL: &'static [Corner] = &[$(Corner::$variant),*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self { $(Corner::$variant => $name),* }
            }

            /// What it is.
            pub fn about(self) -> &'static str {
                match self { $(Corner::$variant => $about),* }
            }

            /// The syscall families that can have it: `A`, `B` or `AB`.
            pub fn classes(self) -> &'static str {
                match self { $(Corner::$variant => $classes),* }
            }
        }
    };
}

corners! {
    SyscallEndsLater "syscall-ends-later" "AB" "a syscall that kept its P ends in a later generation than it began";
    SafePointInEntry "safe-point-in-entry" "A" "ProcStatus Syscall from a safe point, without the goroutine's status";
    AbandonedPromoted "abandoned-promoted" "AB" "a P known to be in a syscall is announced as abandoned";
    AbandonedRaw "abandoned-raw" "AB" "a P is first mentioned as abandoned";
    AbandonedTwice "abandoned-twice" "AB" "an abandoned P is announced as abandoned in a later generation";
    StoleThenSwitched "stole-then-switched" "B" "a generation begins between the theft of the old P and its start";
    StartedThenSwitched "started-then-switched" "A" "a generation begins between ProcStart and GoSyscallEndBlocked";
    BorrowInSyscall "borrow-in-syscall" "AB" "a P is borrowed inside a blocking syscall";
    BorrowBare "borrow-bare" "AB" "a P that was just stolen is borrowed by a bare thread";
    SelfSteal "self-steal" "A" "a thread steals its own P";
    SelfStealNoProc "self-steal-no-proc" "A" "a thread steals its own P and ends its syscall without one";
    PutBack "put-back-in-between" "A" "a thread in a syscall takes its P from a third thread that had it meanwhile";
    StealAbandoned "steal-abandoned" "AB" "a P is stolen that a thread left behind when it ended";
    StealFromNamesake "steal-from-namesake" "AB" "a thread steals a P left behind by an earlier thread of the same id";
    StealAcross "steal-across-generations" "AB" "the first mention of a P in a generation is its theft";
    StealOld "steal-old-proc" "AB" "a thread that leaves a syscall takes its old P out of another's";
    GoroutineReborn "goroutine-reborn" "AB" "the same goroutine id ends and is created again in one generation";
    ThreadReused "thread-reused" "AB" "a thread id is used by two Ms in one generation";
    ThreadReusedAfterGo "thread-reused-after-go" "AB" "a C thread has the id of a Go thread that has exited";
    CreateWithoutG "create-without-goroutine" "AB" "a goroutine is created by a P that runs none";
    UnblockBare "unblock-bare" "AB" "GoUnblock by a thread without P and goroutine";
    HeapWithoutG "heap-without-goroutine" "AB" "HeapAlloc without a goroutine";
    UnblockInStop "unblock-in-stop" "AB" "the stopper of the world wakes goroutines";
    UnlockRefused "unlock-refused" "AB" "GoBlock, GoUnblock and GoStart of one goroutine in a row on one thread";
    SuspendedByGc "suspended-by-gc" "AB" "a goroutine is blocked as preempted and woken by another thread";
    AssistWaiting "assist-active-waiting" "AB" "GCMarkAssistActive after a status Waiting";
    AssistRunnable "assist-active-runnable" "AB" "GCMarkAssistActive after a status Runnable";
    SweepActive "sweep-active" "AB" "a sweep is open across generations";
    GcThreeGenerations "gc-three-generations" "AB" "a GC cycle covers three generations";
    GcAtStart "gc-at-start" "AB" "the trace begins in a GC cycle";
    GcBeginEarly "gc-begin-early" "AB" "other threads run between GCBegin and its stop of the world";
    StopperMoves "stopper-moves" "AB" "GOMAXPROCS takes the stopper's own P away";
    ProcReturns "proc-returns" "AB" "a P that was absent for whole generations comes back";
    ProcLate "proc-late" "AB" "a P is first seen in a later generation";
    ThreadExits "thread-exits" "AB" "a goroutine locked to its thread ends, and the thread with it";
    HandOver "hand-over" "AB" "a locked goroutine gets its thread back by hand-over of a P";
    LabelOther "label-other" "B" "GoLabel of a goroutine that is no mark worker";
    SwitchDestroySilent "switch-destroy-silent" "AB" "a goroutine's only mention in a later generation is its end by a coroutine switch";
    SwitchBackAndForth "switch-back-and-forth" "AB" "two goroutines switch to each other, each with number 1";
    QuietSyscall "quiet-syscall" "AB" "a syscall over a whole generation is reported by the tracer alone";
    NoQuiet "no-quiet" "AB" "a generation without statuses by the tracer";
    LateSession "late-session" "AB" "the first generation's number is above 1";
    OneEvent "one-event" "AB" "a thread with exactly one event in a generation";
    SilentGenerations "silent-generations" "AB" "a thread says nothing for whole generations and goes on with its goroutine";
    ManySteals "many-steals" "AB" "a stop of the world steals several Ps";
    StartAfterSwitch "start-after-switch" "AB" "a goroutine is preempted, and its start is a generation's second number";
    YieldOften "yield-often" "AB" "a goroutine starts twice in one generation with only a GoStop in between";
    TaskEndUnknown "task-end-unknown" "AB" "a task ends that nobody began, or again";
    RegionEndUnknown "region-end-unknown" "AB" "a region ends that began before the trace";
    LogEmpty "log-empty" "AB" "a log without category or message";
    IdGaps "id-gaps" "AB" "string ids with gaps";
    AllocBeforeStart "alloc-before-start" "AB" "an allocation event on a thread whose P has yet to start";
    DestroyWithProc "destroy-with-proc" "AB" "a C thread's goroutine ends while its P is still there";
    DestroyRobbed "destroy-robbed" "AB" "a C thread's goroutine ends after its P was stolen";
    EndBeforeSteal "end-before-steal" "A" "a syscall's blocked end is written before the theft that it waits for";
    CutAfterStatus "cut-after-status" "AB" "a batch ends between a status and the event that it is for";
    NeverStarted "never-started" "AB" "a goroutine's syscall ends without a P, and it starts two generations later or never";
    CreateThenEnd "create-then-end" "AB" "GoCreateSyscall and GoSyscallEndBlocked with nothing in between";
}

/// Counts of all corners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts(Vec<u64>);

impl Default for Counts {
    fn default() -> Counts {
        Counts(vec![0; Corner::ALL.len()])
    }
}

impl Counts {
    /// How often `corner` occurred.
    pub fn get(&self, corner: Corner) -> u64 {
        self.0[corner as usize]
    }

    fn add(&mut self, corner: Corner, when: bool) {
        self.0[corner as usize] += u64::from(when);
    }

    /// Adds the corners of one history.
    pub fn count(&mut self, history: &History) {
        let mut streams: FxHashMap<u64, Vec<&ExpectedEvent>> = FxHashMap::default();
        for e in &history.expected().events {
            if !e.derived {
                streams.entry(e.stream).or_default().push(e);
            }
        }
        for (&stream, events) in &streams {
            if stream == NONE_ID {
                self.quiet(events);
            } else {
                self.stream(history, events);
            }
        }
        self.whole(history, &streams);
        self.resources(history);
        self.file(history);
    }

    fn quiet(&mut self, events: &[&ExpectedEvent]) {
        for (i, e) in events.iter().enumerate() {
            self.add(Corner::QuietSyscall, e.ty != GCMarkAssistActive && e.args[2] == go_status::SYSCALL);
            self.assist(events, i, e);
        }
    }

    fn assist(&mut self, events: &[&ExpectedEvent], i: usize, e: &ExpectedEvent) {
        if e.ty == GCMarkAssistActive && i > 0 {
            let status = events[i - 1].args[2];
            self.add(Corner::AssistWaiting, status == go_status::WAITING);
            self.add(Corner::AssistRunnable, status == go_status::RUNNABLE);
        }
    }

    /// Shapes within one thread's stream.
    fn stream(&mut self, history: &History, events: &[&ExpectedEvent]) {
        let class_a = history.swarm().class() == Class::A;
        let mut in_stop = None;
        let mut blocked = None;
        for (i, &e) in events.iter().enumerate() {
            let before = |n: usize| i.checked_sub(n).map(|at| events[at]);
            let was = |n: usize, ty: EventType| before(n).is_some_and(|b| b.ty == ty);
            let next = events.get(i + 1).copied();
            let next_is = |ty: EventType| next.is_some_and(|n| n.ty == ty);
            let bare = e.context.g == Field::NONE;
            self.assist(events, i, e);
            match e.ty {
                GoSyscallEnd => {
                    let first = before(2).is_some_and(|b| b.ty == ProcStatus && b.args[1] == proc_status::SYSCALL);
                    self.add(Corner::SyscallEndsLater, first);
                }
                ProcStatus => self.proc_status(e, next),
                ProcSteal => self.steal(e, next, class_a, in_stop),
                ProcStart => {
                    let split = was(1, GoStatus) && was(2, ProcStatus) && was(3, ProcSteal);
                    self.add(Corner::StoleThenSwitched, split && !class_a);
                    self.add(Corner::AllocBeforeStart, was(1, HeapObjectFree) && e.context.p == Field::NONE);
                    let stops = events[i + 1..].iter().find(|n| n.ty != HeapAlloc).is_some_and(|n| n.ty == ProcStop);
                    self.add(Corner::BorrowInSyscall, stops && was(1, ProcStop) && was(2, GoSyscallBegin));
                    self.add(Corner::BorrowBare, stops && was(1, ProcSteal) && bare);
                    self.add(
                        Corner::StopperMoves,
                        in_stop.is_some() && e.args[0] == 0 && was(1, ProcStop) && was(2, GoStop),
                    );
                    self.add(Corner::HandOver, next.is_some_and(|n| n.ty == GoStart && Some(n.args[0]) == blocked));
                }
                GoSyscallEndBlocked => {
                    let late = was(1, GoStatus) && was(2, ProcStatus) && was(3, ProcStart);
                    self.add(Corner::StartedThenSwitched, class_a && late);
                    self.add(Corner::CreateThenEnd, was(1, GoCreateSyscall));
                    let own = before(1).is_some_and(|b| b.ty == ProcSteal && b.args[2] == b.stream);
                    self.add(Corner::SelfStealNoProc, own);
                }
                GoCreate => self.add(Corner::CreateWithoutG, bare),
                GoCreateSyscall => {
                    let same = before(1).is_some_and(|b| b.generation == e.generation);
                    self.add(Corner::ThreadReused, same);
                    self.add(Corner::ThreadReusedAfterGo, was(1, ProcStop));
                }
                GoUnblock => {
                    self.add(Corner::UnblockBare, bare && e.context.p == Field::NONE);
                    self.add(Corner::UnblockInStop, in_stop.is_some());
                }
                HeapAlloc => self.add(Corner::HeapWithoutG, bare),
                GoStart => {
                    let refused =
                        before(1).is_some_and(|b| b.ty == GoUnblock && b.args[0] == e.args[0]) && was(2, GoBlock);
                    self.add(Corner::UnlockRefused, refused);
                    let alone = was(1, ProcStatus) && was(2, GoStop);
                    self.add(Corner::StartAfterSwitch, alone && e.args[1] > 1);
                    let again = was(1, GoStop) && before(2).is_some_and(|b| b.ty == GoStart && b.args[0] == e.args[0]);
                    self.add(Corner::YieldOften, again);
                }
                GoBlock | GoStop => {
                    if let Field::Is(g) = e.context.g {
                        blocked = Some(g);
                    }
                }
                GoDestroy => {
                    self.add(Corner::ThreadExits, next_is(ProcStop) && i + 2 == events.len());
                }
                GoSwitch => {
                    let back = before(1).is_some_and(|b| b.ty == GoSwitch && b.args[1] == 1);
                    self.add(Corner::SwitchBackAndForth, back && e.args[1] == 1);
                }
                GCSweepActive => self.add(Corner::SweepActive, true),
                STWBegin => in_stop = Some(i),
                STWEnd => in_stop = None,
                UserLog => self.add(Corner::LogEmpty, e.args[1] == 0 || e.args[2] == 0),
                _ => {}
            }
        }
        self.generations(events);
    }

    fn proc_status(&mut self, e: &ExpectedEvent, next: Option<&ExpectedEvent>) {
        let old = e.transition.map(|t| t.old);
        match e.args[1] {
            proc_status::SYSCALL => self.add(Corner::SafePointInEntry, next.is_some_and(|n| n.ty != GoStatus)),
            proc_status::SYSCALL_ABANDONED => {
                self.add(Corner::StealAcross, true);
                self.add(Corner::AbandonedPromoted, old == Some(Visible::Running));
                self.add(Corner::AbandonedRaw, old == Some(Visible::Undetermined));
                self.add(Corner::AbandonedTwice, old == Some(Visible::Idle));
            }
            _ => {}
        }
        self.add(Corner::ProcLate, old == Some(Visible::NotExist));
    }

    fn steal(&mut self, e: &ExpectedEvent, next: Option<&ExpectedEvent>, class_a: bool, in_stop: Option<usize>) {
        let abandoned = e.transition.is_some_and(|t| t.old == Visible::Idle);
        let own = e.args[2] == e.stream;
        let in_syscall = e.context.g != Field::NONE && in_stop.is_none() && e.context.p != Field::Is(e.args[0]);
        let starts = next.is_some_and(|n| matches!(n.ty, ProcStart | ProcStatus));
        self.add(Corner::StealAbandoned, abandoned);
        self.add(Corner::StealFromNamesake, abandoned && own);
        self.add(Corner::SelfSteal, own && !abandoned);
        self.add(Corner::StealOld, in_syscall && !own && starts);
        // A thread that leaves its syscall by theft starts the P next; one that enters does not.
        let lets_go = next.is_none_or(|n| n.ty == GoSyscallEndBlocked);
        let third = class_a && in_syscall && !own && !abandoned && lets_go;
        self.add(Corner::PutBack, third);
    }

    /// What one thread's stream has in each generation.
    fn generations(&mut self, events: &[&ExpectedEvent]) {
        let mut last: Option<(&ExpectedEvent, u32)> = None;
        for &e in events {
            match last {
                Some((l, n)) if l.generation == e.generation => last = Some((e, n + 1)),
                _ => {
                    if let Some((l, n)) = last {
                        self.add(Corner::OneEvent, n == 1);
                        self.add(
                            Corner::SilentGenerations,
                            e.generation > l.generation + 1 && e.context.g != Field::NONE,
                        );
                    }
                    last = Some((e, 1));
                }
            }
        }
        self.add(Corner::OneEvent, last.is_some_and(|(_, n)| n == 1));
    }

    /// Shapes across streams.
    fn whole(&mut self, history: &History, streams: &FxHashMap<u64, Vec<&ExpectedEvent>>) {
        let expected = history.expected();
        let generations = &expected.generations;
        self.add(Corner::LateSession, generations.first().is_some_and(|g| g.number > 1));
        let quiet = |number| streams.get(&NONE_ID).is_some_and(|s| s.iter().any(|e| e.generation == number));
        for g in generations {
            self.add(Corner::NoQuiet, !quiet(g.number));
        }
        let (mut actives, mut gc, mut steals) = (0, None, FxHashMap::<u64, u32>::default());
        let (mut tasks, mut regions) = (FxHashSet::default(), FxHashMap::<u64, i64>::default());
        let mut preempted = FxHashMap::default();
        for e in expected.events.iter().filter(|e| !e.derived) {
            if let Some(begin) = gc {
                self.add(Corner::GcBeginEarly, e.ty != STWBegin && e.stream != begin && e.stream != NONE_ID);
                gc = None;
            }
            let g = match e.context.g {
                Field::Is(g) => g,
                Field::Any => NONE_ID,
            };
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
                UserTaskBegin => {
                    tasks.insert(e.args[0]);
                }
                UserTaskEnd => self.add(Corner::TaskEndUnknown, !tasks.remove(&e.args[0])),
                UserRegionBegin => *regions.entry(g).or_default() += 1,
                UserRegionEnd => {
                    let open = regions.entry(g).or_default();
                    self.add(Corner::RegionEndUnknown, *open == 0);
                    *open = (*open - 1).max(0);
                }
                GoBlock if expected.strings[e.args[0] as usize].as_ref() == b"preempted" => {
                    preempted.insert(g, e.stream);
                }
                GoUnblock => {
                    let by = preempted.remove(&e.args[0]);
                    self.add(Corner::SuspendedByGc, by.is_some_and(|m| m != e.stream));
                }
                GoDestroySyscall => {
                    self.add(Corner::DestroyWithProc, e.context.p != Field::NONE && e.context.p != Field::Any);
                    self.add(Corner::DestroyRobbed, e.context.p == Field::Any);
                }
                _ => {}
            }
        }
    }

    /// Shapes in the life of one P or goroutine.
    fn resources(&mut self, history: &History) {
        let expected = history.expected();
        let mut seen: FxHashMap<Resource, &ExpectedEvent> = FxHashMap::default();
        let mut robbed = FxHashSet::default();
        let mut ended = FxHashMap::default();
        let mut workers = FxHashSet::default();
        for e in &expected.events {
            if e.ty == GoBlock && expected.strings[e.args[0] as usize].as_ref() == b"system goroutine wait" {
                workers.insert(e.context.g);
            }
            if e.ty == GoLabel {
                self.add(Corner::LabelOther, history.swarm().class() == Class::B && !workers.contains(&e.context.g));
            }
            let Some(t) = e.transition else { continue };
            if let Some(before) = seen.get(&t.resource) {
                let apart = e.generation - before.generation;
                self.add(Corner::ProcReturns, matches!(t.resource, Resource::Proc(_)) && apart > 1);
                let reborn = e.ty == GoCreateSyscall && before.ty == GoDestroySyscall;
                self.add(Corner::GoroutineReborn, reborn && apart == 0);
                self.add(Corner::SwitchDestroySilent, e.ty == GoDestroy && e.derived && apart > 0);
            }
            match e.ty {
                GoSyscallEndBlocked => {
                    ended.insert(t.resource, e.generation);
                    if let Field::Is(m) = e.context.m {
                        robbed.insert(m);
                    }
                }
                GoStart => {
                    let from = ended.remove(&t.resource);
                    self.add(Corner::NeverStarted, from.is_some_and(|g| e.generation > g + 1));
                }
                ProcSteal if !e.derived => self.add(Corner::EndBeforeSteal, robbed.contains(&e.args[2])),
                GoSyscallBegin => {
                    if let Field::Is(m) = e.context.m {
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
    fn file(&mut self, history: &History) {
        for batch in history.trace().batches() {
            match &batch.body {
                Body::Events(events) if batch.m != NONE_ID => {
                    let cut = events.last().is_some_and(|e| matches!(e.ty, ProcStatus | GoStatus));
                    self.add(Corner::CutAfterStatus, cut);
                }
                Body::Strings(records) => {
                    let gap = records.windows(2).any(|w| w[1].id > w[0].id + 1);
                    self.add(Corner::IdGaps, gap);
                }
                _ => {}
            }
        }
    }
}

/// How often each kind of event reported each change of state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrix(BTreeMap<(EventType, Option<(Visible, Visible)>), u64>);

impl Matrix {
    /// Adds the events of one history.
    pub fn count(&mut self, history: &History) {
        for e in &history.expected().events {
            *self.0.entry((e.ty, e.transition.map(|t| (t.old, t.new)))).or_default() += 1;
        }
    }

    /// The counts, by event type and change.
    pub fn iter(&self) -> impl Iterator<Item = (EventType, Option<(Visible, Visible)>, u64)> + '_ {
        self.0.iter().map(|(&(ty, change), &n)| (ty, change, n))
    }
}
