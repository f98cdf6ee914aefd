//! How the world was when a generation began, as far as its events tell: the first mention of each P and goroutine
//! says where it was, and what is first done with it says the rest.

use super::steps::used_with_p;
use super::{Observed, Segment};
use crate::model::fine::{Layout, Spot, Start};
use crate::model::state::{Gi, Mi, Pi};
use rustc_hash::{FxHashMap, FxHashSet};
use tracehound_wire::event::{go_status, proc_status};
use tracehound_wire::{EventType::*, NONE_ID};

/// A world to begin with, and who is who in it.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub layout: Layout,
    /// Ps that there ever are.
    pub ps: usize,
    /// Goroutine ids of the trace, by index.
    pub names: Vec<u64>,
    /// The Ms of the threads that have one.
    pub ms: FxHashMap<u64, Mi>,
    /// The thread that takes Ps from syscalls and never runs anything.
    pub sysmon: Option<u64>,
    /// Kinds of the events of the heap snapshot: 1, 2 or 3.
    pub snapshot: Vec<u32>,
    pub allocations: bool,
}

#[derive(Debug, Default)]
struct Goroutine {
    id: u64,
    /// It comes into being in this generation.
    born: bool,
    place: u32,
    /// It runs, or (true) is in a syscall, on this thread.
    on: Option<(u64, bool)>,
    assist: bool,
    extra: bool,
    ends: bool,
    /// The P that its M takes at the end of the first syscall in which it comes into being.
    takes: Option<Pi>,
}

#[derive(Debug, Default)]
struct Scan {
    gs: Vec<Goroutine>,
    by_id: FxHashMap<u64, usize>,
    /// Status and thread of each P's first mention, and whom its first theft names.
    ps: FxHashMap<u64, (u64, u64, Option<u64>)>,
    current: FxHashMap<u64, usize>,
    /// By thread, the goroutine that has just come into being there in a syscall, the first time that it does.
    created: FxHashMap<u64, usize>,
    threads: Vec<u64>,
    known: FxHashSet<u64>,
    starts: FxHashMap<usize, u64>,
    /// Inside (if known), the side that waits at the beginning (if it is that old), and the side that waits now.
    coroutines: Vec<(Option<usize>, Option<usize>, usize)>,
    procs: Option<u64>,
    most_procs: u64,
    marking: Option<bool>,
    starter: Option<u64>,
    sweeping: Vec<u64>,
}

impl Scan {
    fn thread(&mut self, tid: u64) {
        if tid != NONE_ID && self.known.insert(tid) {
            self.threads.push(tid);
        }
    }

    fn goroutine(&mut self, id: u64) -> (usize, bool) {
        if let Some(&g) = self.by_id.get(&id) {
            return (g, false);
        }
        self.by_id.insert(id, self.gs.len());
        self.gs.push(Goroutine { id, ..Goroutine::default() });
        (self.gs.len() - 1, true)
    }

    fn event(&mut self, e: &Observed) {
        let [a, b, c, _] = e.args;
        self.thread(e.thread);
        if !super::is_status(e.ty)
            && let Some(g) = self.created.remove(&e.thread)
            && e.ty == ProcSteal
        {
            self.gs[g].takes = Some(a as Pi);
        }
        match e.ty {
            ProcStatus => {
                self.ps.entry(a).or_insert((b, e.thread, None));
            }
            ProcStart | ProcStop => {}
            ProcSteal => {
                if let Some((proc_status::SYSCALL_ABANDONED, _, victim @ None)) = self.ps.get_mut(&a) {
                    *victim = Some(c);
                }
            }
            GCSweepActive => self.sweeping.push(a),
            GoStatus | GoStatusStack => self.status(e),
            GCMarkAssistActive => {
                if let Some(&g) = self.by_id.get(&a) {
                    self.gs[g].assist = true;
                }
            }
            GoCreate | GoCreateBlocked => {
                let (g, first) = self.goroutine(a);
                self.gs[g].born |= first;
                if e.ty == GoCreateBlocked {
                    self.coroutines.push((Some(g), None, g));
                }
            }
            GoCreateSyscall => {
                let (g, first) = self.goroutine(a);
                self.gs[g].extra = true;
                if first {
                    self.gs[g].place = 3;
                    self.created.insert(e.thread, g);
                }
                self.current.insert(e.thread, g);
            }
            GoStart => {
                let (g, _) = self.goroutine(a);
                self.starts.entry(g).or_insert(e.thread);
                self.current.insert(e.thread, g);
            }
            GoStop | GoBlock | GoSyscallEndBlocked => {
                self.current.remove(&e.thread);
            }
            GoDestroy | GoDestroySyscall => {
                if let Some(g) = self.current.remove(&e.thread) {
                    self.gs[g].ends = true;
                    self.gs[g].extra |= e.ty == GoDestroySyscall;
                }
            }
            GoSwitch | GoSwitchDestroy => self.switch(e),
            GCActive | GCBegin | GCEnd => {
                self.marking.get_or_insert(e.ty != GCBegin);
            }
            ProcsChange => {
                self.procs.get_or_insert(a);
                self.starter.get_or_insert(e.thread);
                self.most_procs = self.most_procs.max(a);
            }
            _ => {}
        }
    }

    fn status(&mut self, e: &Observed) {
        let [id, tid, status, _] = e.args;
        let (g, first) = self.goroutine(id);
        if !first {
            return;
        }
        let on_thread = matches!(status, go_status::RUNNING | go_status::SYSCALL);
        if on_thread {
            self.thread(tid);
            self.gs[g].on = Some((tid, status == go_status::SYSCALL));
            if e.thread != NONE_ID {
                self.current.insert(tid, g);
            }
        } else {
            self.gs[g].place = u32::from(status == go_status::RUNNABLE);
        }
    }

    fn switch(&mut self, e: &Observed) {
        let (next, _) = self.goroutine(e.args[0]);
        let from = self.current.insert(e.thread, next);
        let at = match self.coroutines.iter().rposition(|c| c.2 == next) {
            Some(at) => at,
            None => {
                self.coroutines.push((None, Some(next), next));
                self.coroutines.len() - 1
            }
        };
        let Some(from) = from else { return };
        if e.ty == GoSwitchDestroy {
            self.gs[from].ends = true;
            self.coroutines[at].0 = Some(from);
            let done = self.coroutines.swap_remove(at);
            if done.1.is_some() {
                // It is over, and was there at the beginning.
                self.coroutines.insert(0, (done.0, done.1, usize::MAX));
            }
        } else {
            self.coroutines[at].2 = from;
        }
    }
}

/// Reads off a generation how it began.
pub(super) fn scan(segment: &Segment<'_>) -> Option<Plan> {
    let mut s = Scan::default();
    let mut plan = Plan::default();
    for e in segment.events {
        s.event(e);
        let kind = match e.ty {
            Span => 1,
            HeapObject => 2,
            GoroutineStack => 3,
            _ => 0,
        };
        if kind > 0 {
            plan.snapshot.push(kind);
        }
        plan.allocations |= kind > 0 || e.ty.spec().experiment.is_some();
    }
    let starter = s.starter?;
    plan.ps = s.ps.keys().map(|&p| p + 1).max().unwrap_or(0).max(s.most_procs) as usize;
    plan.layout.procs = s.procs? as usize;
    plan.layout.marking = s.marking.unwrap_or(false);
    plan.sysmon = sysmon(segment, &s);
    place_goroutines(&s, &mut plan);
    place_threads(segment, &s, &mut plan, starter);
    plan.layout.sweeping = s.sweeping.iter().map(|&p| p as Pi).collect();
    Some(plan)
}

/// The first thread that takes Ps and never has a goroutine.
fn sysmon(segment: &Segment<'_>, s: &Scan) -> Option<u64> {
    let mut runs: FxHashSet<u64> = s.gs.iter().filter_map(|g| g.on.map(|on| on.0)).collect();
    let mut takes = Vec::new();
    for e in segment.events {
        match e.ty {
            ProcSteal => takes.push(e.thread),
            GoStart | GoBlock | GoStop | GoDestroy | GoSyscallBegin | GoSyscallEnd | GoSyscallEndBlocked
            | GoCreateSyscall | GoSwitch => {
                runs.insert(e.thread);
            }
            _ => {}
        }
    }
    takes.into_iter().find(|t| !runs.contains(t))
}

/// Goroutines that are there at the beginning, the first of them one that does not end.
fn place_goroutines(s: &Scan, plan: &mut Plan) {
    let old = |g: &&Goroutine| !g.born;
    let lasts = |g: &Goroutine| !g.ends && !g.extra && (g.on.is_some() || g.place < 2);
    let waits: FxHashSet<usize> = s.coroutines.iter().filter_map(|c| c.1).collect();
    let first = s.gs.iter().position(|g| old(&g) && lasts(g) && !waits.contains(&s.by_id[&g.id]));
    let mut order: Vec<usize> = (0..s.gs.len()).filter(|&g| !s.gs[g].born).collect();
    if let Some(first) = first {
        order.retain(|&g| g != first);
        order.insert(0, first);
    }
    let mut index: FxHashMap<usize, Gi> = FxHashMap::default();
    for &g in &order {
        let x = &s.gs[g];
        index.insert(g, plan.names.len());
        plan.names.push(x.id);
        let place = if waits.contains(&g) { 2 } else { x.place };
        plan.layout.gs.push(Start { place, assist: x.assist, extra: None });
    }
    for &(inside, parked, _) in &s.coroutines {
        let Some(parked) = parked else { continue };
        let inside = inside.unwrap_or(parked);
        if let (Some(&a), Some(&b)) = (index.get(&inside), index.get(&parked)) {
            plan.layout.coroutines.push((a, b));
        }
    }
}

fn place_threads(segment: &Segment<'_>, s: &Scan, plan: &mut Plan, starter: u64) {
    let index: FxHashMap<u64, Gi> = plan.names.iter().enumerate().map(|(i, &id)| (id, i)).collect();
    let mut on: FxHashMap<u64, (Gi, bool)> = FxHashMap::default();
    for g in s.gs.iter().filter(|g| !g.born) {
        if let Some((tid, syscall)) = g.on {
            on.entry(tid).or_insert((index[&g.id], syscall));
        }
    }
    let (mut runs, mut left) = (FxHashMap::default(), Vec::new());
    if !segment.starts_trace {
        let mut ps: Vec<_> = s.ps.iter().collect();
        ps.sort_unstable();
        for (&p, &(status, tid, victim)) in ps {
            let p = p as Pi;
            let holder = match status {
                proc_status::RUNNING | proc_status::SYSCALL => Some(tid),
                proc_status::SYSCALL_ABANDONED => match victim.filter(|v| on.get(v).is_some_and(|x| x.1)) {
                    None => {
                        left.push(p);
                        None
                    }
                    holder => holder,
                },
                _ => None,
            };
            if let Some(tid) = holder {
                runs.insert(tid, (p, status));
            }
        }
    } else if let Some((&p, _)) = s.ps.iter().find(|(_, x)| x.0 == proc_status::RUNNING && x.1 == starter) {
        runs.insert(starter, (p as Pi, proc_status::RUNNING));
    }
    let first_act = first_acts(segment);
    let mut threads = s.threads.clone();
    threads.retain(|&t| t != starter && plan.sysmon != Some(t));
    threads.insert(0, starter);
    for tid in threads {
        let bound = on.get(&tid).copied();
        if bound.is_none() && first_act.get(&tid).is_some_and(|a| a.begins_in_c) {
            plan.layout.tids += 1;
            continue;
        }
        let m = plan.layout.spots.len();
        let spot = match (runs.get(&tid), bound) {
            (Some(&(p, _)), None) => Spot::Scheduling(p),
            (Some(&(p, _)), Some((g, false))) => Spot::Running(p, g),
            (Some(&(p, proc_status::RUNNING)), Some((g, true))) => match first_act.get(&tid).is_some_and(|a| a.stops) {
                true => Spot::Borrowing(p, g),
                false => Spot::Leaving(p, g),
            },
            (Some(&(p, _)), Some((g, true))) => Spot::Syscall(p, g),
            (None, Some((g, _))) => Spot::Robbed(first_act.get(&tid).and_then(|a| a.steals), g),
            (None, None) => Spot::Bare,
        };
        plan.layout.spots.push(spot);
        plan.ms.insert(tid, m);
    }
    plan.layout.sysmon = plan.sysmon.and_then(|tid| runs.get(&tid)).map(|&(p, _)| p);
    place_extras(s, plan, &index, left, &first_act);
}

/// Ms for C threads: each belongs to one goroutine.
fn place_extras(
    s: &Scan,
    plan: &mut Plan,
    index: &FxHashMap<u64, Gi>,
    left: Vec<Pi>,
    first_act: &FxHashMap<u64, FirstAct>,
) {
    let mut left = left;
    for (at, g) in s.gs.iter().enumerate().filter(|(_, g)| g.extra && !g.born) {
        let i = index[&g.id];
        let tid = g.on.map(|on| on.0).or_else(|| s.starts.get(&at).copied().filter(|_| g.place != 3));
        let m = match tid.and_then(|t| plan.ms.get(&t)) {
            Some(&m) => {
                let handed = tid.and_then(|tid| {
                    let p = first_act.get(&tid)?.starts?;
                    let idle = matches!(s.ps.get(&(p as u64)), Some(&(proc_status::IDLE, on, _)) if on == tid);
                    (idle && g.place == 1).then_some(p)
                });
                if let Some(p) = handed.filter(|_| plan.layout.spots[m] == Spot::Bare) {
                    plan.layout.spots[m] = Spot::Handed(p);
                }
                m
            }
            None => {
                // Whoever comes back for a P left it; of the others any may have.
                let own = left.iter().position(|&p| Some(p) == g.takes);
                let any = || left.iter().position(|&p| g.takes.is_none() && !s.gs.iter().any(|g| g.takes == Some(p)));
                let spot = match own.or_else(any).filter(|_| g.place == 3) {
                    Some(i) => Spot::Left(left.remove(i)),
                    None => g.takes.map_or(Spot::Bare, Spot::Spare),
                };
                plan.layout.spots.push(spot);
                plan.layout.spots.len() - 1
            }
        };
        plan.layout.gs[i].extra = Some(m);
    }
    // A P that nobody named has, left by a thread of which nothing else is said.
    for p in left {
        let m = plan.layout.spots.len();
        plan.layout.spots.push(Spot::Left(p));
        plan.names.push(NONE_ID);
        plan.layout.gs.push(Start { place: 3, assist: false, extra: Some(m) });
    }
}

/// What a thread does first.
#[derive(Default)]
struct FirstAct {
    /// A C thread calls into Go.
    begins_in_c: bool,
    /// The P that it steals on its way out of the syscall that it is in.
    steals: Option<Pi>,
    /// It stops the P that it has, after what one does with a borrowed P at most.
    stops: bool,
    /// The P that it starts before it does anything else.
    starts: Option<Pi>,
    started: bool,
    over: bool,
    begun: bool,
}

fn first_acts(segment: &Segment<'_>) -> FxHashMap<u64, FirstAct> {
    let mut acts: FxHashMap<u64, FirstAct> = FxHashMap::default();
    for e in segment.events {
        let act = acts.entry(e.thread).or_default();
        if act.over || super::is_status(e.ty) {
            continue;
        }
        match e.ty {
            GoCreateSyscall if !act.begun => (act.begins_in_c, act.over) = (true, true),
            ProcSteal => (act.steals, act.over) = (Some(e.args[0] as Pi), true),
            ProcStop => (act.stops, act.over) = (!act.started, true),
            ProcStart => {
                act.starts = act.starts.or((!act.begun).then_some(e.args[0] as Pi));
                act.started = true;
            }
            ty if used_with_p(ty).is_some() => {}
            _ => act.over = true,
        }
        act.begun = true;
    }
    acts
}
