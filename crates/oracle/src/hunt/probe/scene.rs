//! The small traces in which events are probed: three threads, a few Ps and goroutines in
//! every state, and thread 5, which is in one of several situations.

use crate::judge::matrix::build::{CLOCKS, ev};
use tracehound_wire::EventType::{
    GCBegin, GCEnd, GCMarkAssistBegin, GCSweepBegin, GoDestroy, GoDestroySyscall, GoStatus, GoSyscallBegin, ProcStatus,
    STWBegin, UserRegionBegin, UserTaskBegin,
};
use tracehound_wire::{Batch, Body, Event, Frame, Item, NONE_ID, SizeField, StackRecord, StringRecord, Trace, Version};

/// What thread 5 is about when the event comes.
pub(super) struct Situation {
    pub what: &'static str,
    /// What has happened on the thread.
    events: fn() -> Vec<Event>,
    /// What has happened on thread 8 since then.
    elsewhere: fn() -> Vec<Event>,
    /// What a later generation says of the thread first.
    again: fn() -> Vec<Event>,
    /// Whether the events belong to no thread.
    nobody: bool,
    /// Whether several ranges and regions are open that may be taken for each other.
    pub crowded: bool,
}

const PLAIN: Situation =
    Situation { what: "", events: Vec::new, elsewhere: Vec::new, again: Vec::new, nobody: false, crowded: false };

pub(super) const SITUATIONS: &[Situation] = &[
    Situation { what: "a running thread", events: running, again: running, ..PLAIN },
    Situation { what: "a bare thread", ..PLAIN },
    Situation { what: "a thread with a P", events: with_p, again: with_p, ..PLAIN },
    Situation { what: "a thread with a goroutine and no P", events: with_g, again: with_g, ..PLAIN },
    Situation { what: "no thread", events: running, again: running, nobody: true, ..PLAIN },
    Situation { what: "a thread in a syscall", events: in_syscall, again: in_syscall, ..PLAIN },
    Situation {
        what: "a thread in a syscall with a running P",
        events: || vec![ev(ProcStatus, &[0, 1]), ev(GoStatus, &[1, 5, 3])],
        again: || vec![ev(ProcStatus, &[0, 1]), ev(GoStatus, &[1, 5, 3])],
        ..PLAIN
    },
    Situation { what: "a thread in a syscall without P", events: syscalling, again: syscalling, ..PLAIN },
    Situation {
        what: "a thread that went into a syscall",
        events: || [running(), vec![ev(GoSyscallBegin, &[1, 0])]].concat(),
        again: in_syscall,
        ..PLAIN
    },
    Situation {
        what: "a running thread with all ranges open",
        events: || {
            let open = [
                ev(STWBegin, &[1, 0]),
                ev(GCSweepBegin, &[0]),
                ev(GCMarkAssistBegin, &[0]),
                ev(UserTaskBegin, &[1, 2, 1, 0]),
                ev(UserRegionBegin, &[1, 1, 0]),
            ];
            [running(), open.to_vec()].concat()
        },
        again: running,
        ..PLAIN
    },
    Situation {
        what: "a running thread with two stops of the world and two regions open",
        events: || {
            let open = [
                ev(STWBegin, &[1, 0]),
                ev(STWBegin, &[2, 0]),
                ev(GCSweepBegin, &[0]),
                ev(GCMarkAssistBegin, &[0]),
                ev(UserRegionBegin, &[1, 1, 0]),
                ev(UserRegionBegin, &[1, 2, 0]),
            ];
            [running(), open.to_vec()].concat()
        },
        again: running,
        crowded: true,
        ..PLAIN
    },
    Situation {
        what: "a running thread after the GC began",
        events: || [running(), vec![ev(GCBegin, &[0, 0])]].concat(),
        again: running,
        ..PLAIN
    },
    Situation {
        what: "a running thread after the GC ended",
        events: || [running(), vec![ev(GCBegin, &[0, 0]), ev(GCEnd, &[1])]].concat(),
        again: running,
        ..PLAIN
    },
    Situation {
        what: "a thread whose running goroutine another thread has ended",
        events: running,
        elsewhere: || vec![ev(ProcStatus, &[4, 1]), ev(GoStatus, &[1, 8, 2]), ev(GoDestroy, &[])],
        again: with_p,
        ..PLAIN
    },
    Situation {
        what: "a thread in a syscall whose goroutine another thread has ended",
        events: in_syscall,
        elsewhere: || vec![ev(GoStatus, &[1, 8, 3]), ev(GoDestroySyscall, &[])],
        again: || vec![ev(ProcStatus, &[0, 3])],
        ..PLAIN
    },
    Situation {
        what: "a thread whose P another thread has as well",
        events: running,
        elsewhere: || vec![ev(ProcStatus, &[0, 1])],
        again: running,
        ..PLAIN
    },
];

fn with_p() -> Vec<Event> {
    vec![ev(ProcStatus, &[0, 1])]
}

fn with_g() -> Vec<Event> {
    vec![ev(GoStatus, &[1, 5, 2])]
}

fn running() -> Vec<Event> {
    [with_p(), with_g()].concat()
}

fn syscalling() -> Vec<Event> {
    vec![ev(GoStatus, &[1, 5, 3])]
}

fn in_syscall() -> Vec<Event> {
    [vec![ev(ProcStatus, &[0, 3])], syscalling()].concat()
}

/// Everything that is not thread 5's: an idle and an abandoned P, goroutines that wait, are ready, and are
/// in a syscall on thread 7; as thread 5 tells it.
fn known() -> [Event; 5] {
    [
        ev(ProcStatus, &[2, 2]),
        ev(ProcStatus, &[3, 4]),
        ev(GoStatus, &[3, NONE_ID, 4]),
        ev(GoStatus, &[4, NONE_ID, 1]),
        ev(GoStatus, &[7, 7, 3]),
    ]
}

/// A second running thread, 6.
fn sixth() -> [Event; 2] {
    [ev(ProcStatus, &[1, 1]), ev(GoStatus, &[2, 6, 2])]
}

/// When the event comes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// In the situation's generation.
    Now,
    /// In the next one.
    Later,
    /// In the next one, after everything has been reported again.
    Again,
}

pub(super) const MODES: [Mode; 3] = [Mode::Now, Mode::Later, Mode::Again];

impl Mode {
    pub fn words(self) -> &'static str {
        match self {
            Mode::Now => "",
            Mode::Later => " of the generation before",
            Mode::Again => ", a generation later",
        }
    }
}

/// A trace in the making.
pub(super) struct Scene {
    trace: Trace,
    generation: u64,
    /// The thread of the event that is asked.
    m: u64,
    time: u64,
}

impl Scene {
    pub fn new(situation: &Situation, mode: Mode) -> Scene {
        let m = if situation.nobody { NONE_ID } else { 5 };
        let mut scene = Scene { trace: Trace::new(Version::Go122), generation: 0, m, time: 0 };
        scene.next();
        scene.put(5, &known());
        scene.put(6, &sixth());
        scene.put(m, &(situation.events)());
        scene.put(8, &(situation.elsewhere)());
        if mode != Mode::Now {
            scene.next();
        }
        if mode == Mode::Again {
            scene.put(5, &known());
            scene.put(6, &sixth());
            scene.put(m, &(situation.again)());
        }
        scene
    }

    /// The event that is asked.
    pub fn ask(mut self, event: Event) -> Scene {
        self.put(self.m, &[event]);
        self
    }

    /// Events of the thread that is asked, or of another.
    pub fn then(&mut self, m: Option<u64>, events: &[Event]) {
        self.put(m.unwrap_or(self.m), events);
    }

    /// Begins the next generation with its clock and tables. (No event that is timed needs a version with more.)
    pub fn next(&mut self) {
        self.generation += 1;
        let strings = [(1, "one"), (2, "two")].map(|(id, s)| StringRecord { id, bytes: s.as_bytes().into() });
        let frame = |pc| Frame { pc, func: 1, file: 2, line: 3 };
        let stacks = [1, 2].map(|id| StackRecord { id, frames: vec![frame(id); id as usize] });
        self.body(NONE_ID, Body::Sync(CLOCKS[..1].to_vec()));
        self.body(NONE_ID, Body::Strings(strings.to_vec()));
        self.body(NONE_ID, Body::Stacks(stacks.to_vec()));
    }

    /// A batch of events that is later than all before it.
    fn put(&mut self, m: u64, events: &[Event]) {
        if !events.is_empty() {
            let since = events.iter().map(|e| e.ty.spec().since).fold(Version::Go122, Version::max);
            self.trace.version = self.trace.version.max(since);
            self.body(m, Body::Events(events.to_vec()));
        }
    }

    fn body(&mut self, m: u64, body: Body) {
        self.time += 20;
        let batch = Batch { generation: self.generation, m, time: self.time, size: SizeField::Shortest, body };
        self.trace.items.push(Item::Batch(batch));
    }

    pub fn end(self) -> Trace {
        self.trace
    }
}
