//! Probes: every event that can happen on a thread, in every small situation of that thread,
//! with the arguments that matter, by itself and with one more event that shows what it changed.
//!
//! Nobody says what has to come of a probe; all readers have to say the same. A reader that lacks
//! a check of one event, or asks for too much, parts from the others here, where a random edit
//! would have to be lucky.

use crate::judge::matrix::build::{Build, ev};
use tracehound_wire::EventType::{
    GCMarkAssistBegin, GCMarkAssistEnd, GCSweepBegin, GCSweepEnd, GoStart, GoStatus, GoStop, GoSyscallBegin,
    GoSyscallEnd, GoSyscallEndBlocked, GoUnblock, ProcStart, ProcStatus, ProcSteal, ProcStop, STWBegin, STWEnd,
    UserRegionBegin, UserRegionEnd, UserTaskBegin,
};
use tracehound_wire::{ArgKind, Event, EventType, NONE_ID, Trace, Version};

/// A probe and what it is, as a clause.
pub(super) fn all() -> impl Iterator<Item = (Trace, String)> {
    let types = EventType::ALL.iter().copied().filter(|ty| ty.spec().timed);
    types.flat_map(|ty| {
        arguments(ty).into_iter().flat_map(move |args| {
            let event = ev(ty, &args);
            SITUATIONS.iter().flat_map(move |s| {
                let alone = [false, true].map(|later| s.probe(&[event], later));
                let witnessed = witnesses().into_iter().map(move |w| s.probe(&[event, w], false));
                alone.into_iter().chain(witnessed)
            })
        })
    })
}

/// What thread 5 is about when the probe comes.
struct Situation {
    what: &'static str,
    events: fn() -> Vec<Event>,
    /// Whether the events belong to no thread.
    nobody: bool,
}

const SITUATIONS: &[Situation] = &[
    Situation { what: "a bare thread", events: Vec::new, nobody: false },
    Situation { what: "a thread with a P", events: || vec![ev(ProcStatus, &[0, 1])], nobody: false },
    Situation { what: "a thread with a goroutine and no P", events: || vec![ev(GoStatus, &[1, 5, 2])], nobody: false },
    Situation { what: "a running thread", events: running, nobody: false },
    Situation { what: "no thread", events: running, nobody: true },
    Situation {
        what: "a thread in a syscall",
        events: || vec![ev(ProcStatus, &[0, 3]), ev(GoStatus, &[1, 5, 3])],
        nobody: false,
    },
    Situation {
        what: "a thread in a syscall with a running P",
        events: || vec![ev(ProcStatus, &[0, 1]), ev(GoStatus, &[1, 5, 3])],
        nobody: false,
    },
    Situation { what: "a thread in a syscall without P", events: || vec![ev(GoStatus, &[1, 5, 3])], nobody: false },
    Situation {
        what: "a thread that went into a syscall",
        events: || [running(), vec![ev(GoSyscallBegin, &[1, 0])]].concat(),
        nobody: false,
    },
    Situation {
        what: "a running thread with all ranges open",
        events: || {
            let open = [
                ev(STWBegin, &[0, 0]),
                ev(GCSweepBegin, &[0]),
                ev(GCMarkAssistBegin, &[0]),
                ev(UserTaskBegin, &[1, 0, 0, 0]),
                ev(UserRegionBegin, &[1, 0, 0]),
            ];
            [running(), open.to_vec()].concat()
        },
        nobody: false,
    },
];

fn running() -> Vec<Event> {
    vec![ev(ProcStatus, &[0, 1]), ev(GoStatus, &[1, 5, 2])]
}

impl Situation {
    fn probe(&self, probe: &[Event], later: bool) -> (Trace, String) {
        let since = probe.iter().map(|e| e.ty.spec().since).fold(Version::Go122, Version::max);
        let others = [ev(ProcStatus, &[1, 1]), ev(GoStatus, &[2, 6, 2])];
        let known = [
            ev(ProcStatus, &[2, 2]),
            ev(ProcStatus, &[3, 4]),
            ev(GoStatus, &[3, NONE_ID, 4]),
            ev(GoStatus, &[4, NONE_ID, 1]),
        ];
        let m = if self.nobody { NONE_ID } else { 5 };
        let mut events = [known.to_vec(), (self.events)()].concat();
        let build = Build::new(since).m(6, &others);
        let trace = if later {
            build.m(m, &events).next(2).m(m, probe).end()
        } else {
            events.extend_from_slice(probe);
            build.m(m, &events).end()
        };
        let when = if later { " of the generation before" } else { "" };
        let words: Vec<String> = probe.iter().map(in_words).collect();
        (trace, format!("{} on {}{when}", words.join(", then "), self.what))
    }
}

fn in_words(event: &Event) -> String {
    let args = event.ty.spec().args.iter().zip(event.args).map(|((name, _), value)| format!(" {name}={value}"));
    format!("{}{}", event.ty, args.collect::<String>())
}

/// Events whose fate depends on what thread 5 has and does.
fn witnesses() -> [Event; 16] {
    [
        ev(ProcStop, &[]),
        ev(ProcStart, &[2, 1]),
        ev(ProcStart, &[0, 2]),
        ev(ProcSteal, &[0, 2, 5]),
        ev(ProcStatus, &[0, 1]),
        ev(GoStop, &[0, 0]),
        ev(GoStart, &[4, 1]),
        ev(GoStart, &[1, 2]),
        ev(GoUnblock, &[1, 1, 0]),
        ev(GoSyscallBegin, &[1, 0]),
        ev(GoSyscallEnd, &[]),
        ev(GoSyscallEndBlocked, &[]),
        ev(STWEnd, &[]),
        ev(GCSweepEnd, &[0, 0]),
        ev(GCMarkAssistEnd, &[]),
        ev(UserRegionEnd, &[1, 0, 0]),
    ]
}

/// All combinations of an event's arguments that matter here.
fn arguments(ty: EventType) -> Vec<Vec<u64>> {
    ty.spec().args.iter().fold(vec![Vec::new()], |so_far, (_, kind)| {
        so_far.iter().flat_map(|args| values(*kind).iter().map(move |&v| [&args[..], &[v]].concat())).collect()
    })
}

fn values(kind: ArgKind) -> &'static [u64] {
    match kind {
        ArgKind::M => &[5, 6, NONE_ID],
        ArgKind::P => &[0, 1, 2, 3],
        ArgKind::G => &[1, 2, 3, 4],
        ArgKind::NewG => &[9, 4],
        ArgKind::PSeq | ArgKind::GSeq | ArgKind::GcSeq => &[1, 2],
        ArgKind::PStatus | ArgKind::GStatus => &[1, 2, 3, 4, 7],
        ArgKind::Task => &[1, 0],
        ArgKind::Value | ArgKind::Gen | ArgKind::String | ArgKind::Stack | ArgKind::Id => &[0],
    }
}
