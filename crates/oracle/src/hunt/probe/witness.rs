//! Events behind a probe whose fate depends on what it changed.

use super::in_words;
use super::scene::Scene;
use crate::judge::matrix::build::ev;
use std::sync::OnceLock;
use tracehound_wire::EventType::{
    GCActive, GCBegin, GCEnd, GCMarkAssistActive, GCMarkAssistBegin, GCMarkAssistEnd, GCSweepActive, GCSweepBegin,
    GCSweepEnd, GoBlock, GoCreate, GoCreateSyscall, GoDestroySyscall, GoLabel, GoStart, GoStatus, GoStop, GoSwitch,
    GoSyscallBegin, GoSyscallEnd, GoSyscallEndBlocked, GoUnblock, HeapAlloc, ProcStart, ProcStatus, ProcSteal,
    ProcStop, STWBegin, STWEnd, UserRegionEnd, UserTaskBegin, UserTaskEnd,
};
use tracehound_wire::{ArgKind, Event, NONE_ID};

/// What comes behind an event that is probed.
pub(super) struct Witness {
    /// The thread; none is that of the probe.
    m: Option<u64>,
    /// Whether it comes a generation later.
    later: bool,
    events: Vec<Event>,
    /// The one P or goroutine that it shows something of.
    about: Option<(ArgKind, u64)>,
}

/// All witnesses. Their places are part of the probes' numbers.
pub(super) fn all() -> &'static [Witness] {
    static ALL: OnceLock<Vec<Witness>> = OnceLock::new();
    ALL.get_or_init(|| {
        let here = own().into_iter().map(|events| Witness { m: None, later: false, events, about: None });
        let there =
            elsewhere().into_iter().map(|(m, events)| Witness { m: Some(m), later: false, events, about: None });
        here.chain(there).chain(census()).chain(ranges()).collect()
    })
}

impl Witness {
    pub fn show(&self, scene: &mut Scene) {
        if self.later {
            scene.next();
        }
        scene.then(self.m, &self.events);
    }

    pub fn words(&self) -> String {
        let events: Vec<String> = self.events.iter().map(in_words).collect();
        let m = self.m.map_or_else(String::new, |m| format!(" on thread {m}"));
        format!("{}{m}{}", events.join(", "), if self.later { ", a generation later" } else { "" })
    }

    /// Whether it is another thread's, of the same generation.
    pub fn is_elsewhere(&self) -> bool {
        self.m.is_some() && !self.later
    }

    /// Whether it can show what the event changed.
    pub fn concerns(&self, event: &Event) -> bool {
        let Some((kind, id)) = self.about else { return true };
        let same = |k: ArgKind| k == kind || kind == ArgKind::G && k == ArgKind::NewG;
        let own = if kind == ArgKind::P { id == 0 } else { id == 1 };
        own || event.ty.spec().args.iter().zip(event.args).any(|((_, k), value)| same(*k) && value == id)
    }
}

/// On the probe's own thread.
fn own() -> Vec<Vec<Event>> {
    let one = |e: Event| vec![e];
    let mut all = vec![
        one(ev(ProcStop, &[])),
        one(ev(GoStop, &[0, 0])),
        one(ev(GoSyscallEnd, &[])),
        one(ev(GoSyscallEndBlocked, &[])),
        one(ev(HeapAlloc, &[1])),
        one(ev(GoLabel, &[1])),
        one(ev(ProcStart, &[2, 1])),
        one(ev(GoStart, &[4, 1])),
        one(ev(GoDestroySyscall, &[])),
        one(ev(GoCreateSyscall, &[11])),
        one(ev(GoCreate, &[9, 0, 0])),
        one(ev(STWBegin, &[1, 0])),
        one(ev(STWEnd, &[])),
        one(ev(GCSweepBegin, &[0])),
        one(ev(GCSweepEnd, &[0, 0])),
        one(ev(GCMarkAssistBegin, &[0])),
        one(ev(GCMarkAssistEnd, &[])),
        one(ev(UserTaskBegin, &[1, 0, 0, 0])),
        one(ev(UserTaskEnd, &[1, 0])),
        one(ev(GoSwitch, &[3, 1])),
        one(ev(GoSwitch, &[9, 1])),
        one(ev(ProcSteal, &[0, 1, 5])),
        one(ev(ProcSteal, &[0, 2, 5])),
    ];
    for (task, name) in [(1, 1), (1, 0), (0, 0), (0, 1)] {
        all.push(one(ev(UserRegionEnd, &[task, name, 0])));
    }
    for n in 1..=3 {
        all.push(one(ev(GoSyscallBegin, &[n, 0])));
        all.push(one(ev(GCBegin, &[n, 0])));
        all.push(one(ev(GCEnd, &[n])));
        all.push(vec![ev(ProcStop, &[]), ev(ProcStart, &[0, n])]);
        all.push(vec![ev(ProcStop, &[]), ev(ProcStart, &[2, n])]);
        all.push(vec![ev(GoStop, &[0, 0]), ev(GoStart, &[1, n])]);
        all.push(vec![ev(GoStop, &[0, 0]), ev(GoStart, &[4, n])]);
        all.push(vec![ev(GoBlock, &[0, 0]), ev(GoUnblock, &[1, n, 0])]);
        all.push(vec![ev(GoSyscallBegin, &[n, 0]), ev(ProcSteal, &[0, n + 1, 5])]);
        all.push(vec![ev(GoSyscallEnd, &[]), ev(GoSyscallBegin, &[n, 0])]);
    }
    all
}

/// On another thread, which is 6, 7, or 9, of which nothing is known.
fn elsewhere() -> Vec<(u64, Vec<Event>)> {
    let mut all = vec![
        (6, vec![ev(ProcStop, &[])]),
        (6, vec![ev(GoStop, &[0, 0])]),
        (6, vec![ev(GoSyscallBegin, &[1, 0])]),
        (6, vec![ev(GoCreate, &[9, 0, 0])]),
        (6, vec![ev(GCEnd, &[1])]),
        (7, vec![ev(GoSyscallEndBlocked, &[])]),
        (7, vec![ev(GoSyscallEnd, &[])]),
        (7, vec![ev(GoDestroySyscall, &[])]),
    ];
    for n in 1..=3 {
        for p in [0, 2, 3] {
            all.push((9, vec![ev(ProcStart, &[p, n])]));
        }
        for g in [1, 3, 4, 9] {
            all.push((6, vec![ev(GoUnblock, &[g, n, 0])]));
            all.push((9, vec![ev(ProcStart, &[2, 1]), ev(GoStart, &[g, n])]));
        }
        all.push((6, vec![ev(ProcSteal, &[0, n, 5])]));
        all.push((6, vec![ev(ProcSteal, &[3, n, 5])]));
    }
    all
}

/// The next generation's statuses: only the true one is accepted.
fn census() -> Vec<Witness> {
    let mut all = Vec::new();
    let mut add = |kind, id, event| {
        all.push(Witness { m: Some(9), later: true, events: vec![event], about: Some((kind, id)) });
    };
    for status in 1..=4 {
        for p in 0..4 {
            add(ArgKind::P, p, ev(ProcStatus, &[p, status]));
        }
        for g in [1, 2, 3, 4, 7, 9] {
            let m = if status != 3 {
                NONE_ID
            } else if g == 7 {
                7
            } else {
                5
            };
            add(ArgKind::G, g, ev(GoStatus, &[g, m, status]));
        }
    }
    all
}

/// The next generation's account of what is open.
fn ranges() -> Vec<Witness> {
    let mut events = vec![ev(GCSweepActive, &[0]), ev(GCMarkAssistActive, &[1]), ev(GCSweepActive, &[1])];
    events.extend((1..=3).map(|n| ev(GCActive, &[n])));
    events.into_iter().map(|e| Witness { m: None, later: true, events: vec![e], about: None }).collect()
}
