//! Following a trace: the model takes, one after another, the steps that write what a trace holds.
//!
//! Given the events of one generation, in an order in which they can have happened, the follower sets up the world as
//! the generation's first mentions say that it was, and then asks for each thread's next event which step
//! would write it. It takes that step with the model's own code, guards included, and compares what was written. The
//! answers that it gave on the way are a tape: the same case as a value. Where no thread's next event can be had, the earliest of them is
//! a gap: the first event that the model cannot explain.
//!
//! It is no search. What a thread does next follows from its own next few events, and an event that cannot be had yet waits
//! for the steps of others, as it does in a reader. It must not know readers, nor how the order was found.

mod compare;
mod guide;
mod scan;
mod silent;
mod steps;
mod stops;
mod syscalls;
mod verify;

pub(crate) use guide::Guide;
pub use verify::reproduces;

use super::World;
use super::choose::Act;
use super::state::{Gi, Mi, Pend};
use super::{Ask, THREAD_IDS};
use crate::source::{Exhaustive, Feed};
use crate::swarm::{Clock, Config, Feature, Features, Swarm};
use crate::{Case, Flavour};
use rustc_hash::FxHashMap;
use scan::Plan;
use std::collections::BTreeMap;
use tracehound_wire::{EventType, NONE_ID};

/// An event of a trace that is to be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The thread in whose stream it stands; [`NONE_ID`] for the tracer's own.
    pub thread: u64,
    /// Its type.
    pub ty: EventType,
    /// Its arguments as on the wire, without the time.
    pub args: [u64; 4],
}

/// One generation of a trace.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'e> {
    /// The release that wrote it.
    pub flavour: Flavour,
    /// Whether it is the first one, which begins with the start of the trace.
    pub starts_trace: bool,
    /// Its events, except samples, in an order in which they can have happened.
    pub events: &'e [Observed],
    /// The thread that begins the next generation, if there is one.
    pub ends_on: Option<u64>,
}

/// The first event that the model cannot explain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Index of the event among those given; their number if the generation's end is at fault.
    pub at: usize,
    /// Why the model would not write it, for people.
    pub why: String,
    /// The same without numbers, to count alike causes.
    pub cause: &'static str,
}

/// Statuses and active ranges: what is written before an event because it is the first one, and
/// not for its own sake.
pub(super) fn is_status(ty: EventType) -> bool {
    use EventType::*;
    matches!(ty, ProcStatus | GoStatus | GoStatusStack | GCSweepActive | GCMarkAssistActive)
}

/// A generation that the model can explain.
#[derive(Clone, Debug)]
pub struct Lifted {
    /// The case; the first generation of its file is the one that was lifted.
    pub case: Case,
    /// The threads, each with its name in the case's history.
    pub threads: Vec<(u64, u64)>,
}

/// Finds the case whose history has the events of `segment`, in its first generation of the file.
///
/// Its second generation holds whatever it takes to end the trace.
///
/// # Errors
/// The first event that the model cannot explain.
pub fn follow(segment: &Segment<'_>) -> Result<Lifted, Gap> {
    let Some(plan) = scan::scan(segment) else {
        return Err(Gap { at: 0, why: "nobody says how many Ps there are".into(), cause: "no ProcsChange" });
    };
    if plan.layout.gs.first().is_none_or(|g| g.place > 1 || g.extra.is_some()) {
        return Err(Gap { at: 0, why: "no goroutine lives through it".into(), cause: "no lasting goroutine" });
    }
    let mut features = Features::all().without(Feature::Wild);
    if segment.starts_trace {
        features = features.without(Feature::Midway);
    }
    if !plan.allocations {
        features = features.without(Feature::AllocFree);
    }
    let mut config = Config {
        flavour: Some(segment.flavour),
        steps: u32::MAX,
        generations: 2,
        threads: plan.layout.spots.len() as u32,
        procs: plan.ps as u32,
        goroutines: plan.layout.gs.len() as u32,
        features,
        clock: Some(Clock::Exact),
        fine: true,
        ..Config::default()
    };
    let mut nothing = Exhaustive::new(0);
    let mut world = World::new(Feed::Other(&mut nothing), Swarm::fine(&config, segment.flavour));
    world.guide = Some(Box::default());
    let mut follower = Follower::new(segment, plan, world);
    follower.run()?;
    config.steps = follower.w.steps;
    let tape = follower.guide().tape.clone();
    let threads = follower.tids.iter().map(|(&real, &own)| (real, own)).collect();
    Ok(Lifted { case: Case::from_tape(tape, config), threads })
}

/// The cause where a generation lacks what a file that begins with it needs: a goroutine that ends in a coroutine's switch
/// without having been mentioned, or a P's status in the middle of a syscall's entry. Such a generation is sound
/// behind the one before it, and no reader accepts it alone.
pub const NO_BEGINNING: &str = "no file can begin with this generation";

/// After so many steps in a row that write nothing the follower is lost.
const QUIET_STEPS: usize = 20_000;

/// The events of one thread.
struct Stream {
    tid: u64,
    /// Indexes of its events.
    events: Vec<usize>,
    /// How many of them have been explained.
    next: usize,
}

struct Follower<'e, 'w> {
    segment: &'e Segment<'e>,
    w: World<'w>,
    streams: Vec<Stream>,
    by_thread: FxHashMap<u64, usize>,
    /// The next event of each stream that has one, by index: the stream.
    heads: BTreeMap<usize, usize>,
    /// The M on each thread.
    ms: FxHashMap<u64, Mi>,
    /// Thread ids of the model for those of the trace, and back.
    tids: FxHashMap<u64, u64>,
    real_tids: FxHashMap<u64, u64>,
    /// Goroutines by the trace's ids, and the trace's ids by the model's.
    gs: FxHashMap<u64, Gi>,
    names: FxHashMap<u64, u64>,
    /// The next goroutine that the model makes.
    next_g: Gi,
    /// What is to be added to the model's GC numbers.
    gc_base: Option<i64>,
    /// Per P, the starts of it to come, latest first: index and thread.
    starts: FxHashMap<u64, Vec<(usize, u64)>>,
    /// The same for thefts.
    thefts: FxHashMap<u64, Vec<(usize, u64)>>,
    /// The tracer's own statuses, by goroutine: status and thread.
    quiet: FxHashMap<u64, (u64, u64)>,
    quiet_ranges: usize,
    /// How many events of the model's have been compared.
    compared: usize,
    explained: Vec<bool>,
    /// The stream whose last events are the pass before the next generation.
    ender: Option<usize>,
    /// Streams that have gone on.
    touched: Vec<usize>,
    /// Those that may have to begin a pass as soon as nobody else holds the world.
    held_up: Vec<usize>,
    /// Steps since the latest event that was explained.
    quiet_steps: usize,
    /// The event of its stream with which the pass that is under way began.
    pass_from: usize,
    /// Nobody has a step that is surely the right one.
    at_a_loss: bool,
    /// Why the latest event that was looked at has to wait.
    waits: (String, &'static str),
}

impl<'e, 'w> Follower<'e, 'w> {
    fn new(segment: &'e Segment<'e>, mut plan: Plan, mut w: World<'w>) -> Self {
        let mut streams: Vec<Stream> = Vec::new();
        let mut by_thread = FxHashMap::default();
        let mut starts: FxHashMap<u64, Vec<(usize, u64)>> = FxHashMap::default();
        let mut thefts = starts.clone();
        let (mut quiet, mut quiet_ranges) = (FxHashMap::default(), 0);
        for (i, e) in segment.events.iter().enumerate() {
            if e.thread == NONE_ID {
                match e.ty {
                    EventType::GCMarkAssistActive => quiet_ranges += 1,
                    _ => {
                        quiet.insert(e.args[0], (e.args[2], e.args[1]));
                    }
                }
                continue;
            }
            let at = *by_thread.entry(e.thread).or_insert_with(|| {
                streams.push(Stream { tid: e.thread, events: Vec::new(), next: 0 });
                streams.len() - 1
            });
            streams[at].events.push(i);
            if e.ty == EventType::ProcSteal {
                thefts.entry(e.args[0]).or_default().push((i, e.thread));
            }
            if e.ty == EventType::ProcStart {
                starts.entry(e.args[0]).or_default().push((i, e.thread));
            }
        }
        for list in starts.values_mut().chain(thefts.values_mut()) {
            list.reverse();
        }
        if let Some(tid) = plan.sysmon {
            plan.ms.insert(tid, plan.layout.spots.len());
        }
        let tids: FxHashMap<u64, u64> = plan.ms.iter().map(|(&tid, &m)| (tid, THREAD_IDS + m as u64 * 3)).collect();
        if let Some(guide) = &mut w.guide {
            guide.wants = plan.layout.answers().into_iter().map(|v| (Ask::Setup, v)).collect();
            let snapshot = plan.snapshot.iter().filter(|_| segment.starts_trace);
            guide.wants.extend(snapshot.map(|&kind| (Ask::Detail, kind)));
        }
        let heads = streams.iter().enumerate().map(|(s, x)| (x.events[0], s)).collect();
        let mut follower = Follower {
            segment,
            w,
            streams,
            by_thread,
            heads,
            ms: plan.ms,
            real_tids: tids.iter().map(|(&real, &own)| (own, real)).collect(),
            tids,
            gs: plan.names.iter().enumerate().map(|(g, &id)| (id, g)).collect(),
            names: plan.names.iter().enumerate().map(|(g, &id)| (g as u64 + 1, id)).collect(),
            next_g: 0,
            gc_base: None,
            starts,
            thefts,
            quiet,
            quiet_ranges,
            compared: 0,
            explained: vec![false; segment.events.len()],
            ender: None,
            touched: Vec::new(),
            held_up: Vec::new(),
            quiet_steps: 0,
            pass_from: 0,
            at_a_loss: false,
            waits: (String::new(), ""),
        };
        follower.ender = follower.find_ender();
        follower
    }

    fn guide(&mut self) -> &mut Guide {
        self.w.guide.get_or_insert_default()
    }

    fn run(&mut self) -> Result<(), Gap> {
        self.w.begin();
        self.absorb("the beginning")?;
        let mut blocked = 0;
        loop {
            if self.w.s.world.is_none() {
                self.touched.append(&mut self.held_up);
            }
            while let Some(stream) = self.touched.pop() {
                let busy = self.w.s.world.is_some();
                if !self.begin_pass_early(stream)?
                    && busy
                    && self.main(stream, 0).is_some_and(|e| e.ty == EventType::STWBegin)
                {
                    self.held_up.push(stream);
                }
            }
            let Some((&head, _)) = self.heads.iter().nth(blocked) else { break };
            let stream = self.heads[&head];
            let before = self.guide().tape.len();
            if self.explain(stream)? || self.guide().tape.len() > before {
                blocked = 0;
                self.at_a_loss = false;
            } else {
                blocked += 1;
            }
            if blocked == self.heads.len() && blocked > 0 {
                if self.at_a_loss {
                    return Err(self.stuck());
                }
                (blocked, self.at_a_loss) = (0, true);
            }
        }
        self.end()
    }

    /// The earliest event that is not explained, and why.
    fn stuck(&mut self) -> Gap {
        let Some((&at, &stream)) = self.heads.iter().next() else {
            return Gap { at: self.segment.events.len(), why: String::new(), cause: "" };
        };
        let _ = self.explain(stream);
        let (why, cause) = self.waits.clone();
        let why = format!("{why}; {}", self.threads_now());
        Gap { at, why, cause }
    }

    /// The event of `stream` has to wait.
    fn wait(&mut self, cause: &'static str) -> Result<bool, Gap> {
        self.waits = (cause.to_owned(), cause);
        Ok(false)
    }

    /// A gap at the next event of `stream`.
    fn gap(&self, stream: usize, cause: &'static str, why: String) -> Gap {
        let s = &self.streams[stream];
        let at = s.events.get(s.next).copied().unwrap_or(self.segment.events.len());
        Gap { at, why, cause }
    }

    /// The `k`-th event to come of a stream that is no status.
    fn main(&self, stream: usize, k: usize) -> Option<&'e Observed> {
        let s = &self.streams[stream];
        let events = self.segment.events;
        s.events[s.next..].iter().map(|&i| &events[i]).filter(|e| !is_status(e.ty)).nth(k)
    }

    /// The statuses that come before a stream's next event that is none.
    fn statuses(&self, stream: usize) -> impl Iterator<Item = &'e Observed> {
        let s = &self.streams[stream];
        let events = self.segment.events;
        s.events[s.next..].iter().map(|&i| &events[i]).take_while(|e| is_status(e.ty))
    }

    /// The next event of a stream.
    fn head(&self, stream: usize) -> Option<&'e Observed> {
        let s = &self.streams[stream];
        s.events.get(s.next).map(|&i| &self.segment.events[i])
    }

    /// The stream of an M, if it has one.
    fn stream_of(&self, m: Mi) -> Option<usize> {
        let real = self.real_tids.get(&self.w.s.ms[m].tid)?;
        self.by_thread.get(real).copied()
    }

    /// Lets `m` take one step: `act`, if it is free to choose, with these answers.
    fn drive(&mut self, m: Mi, act: Option<Act>, answers: &[(Ask, u32)]) -> Result<(), Gap> {
        let guide = self.guide();
        guide.act = act;
        guide.wants.clear();
        guide.wants.push((Ask::Turn, m as u32 + 1));
        guide.wants.extend_from_slice(answers);
        self.w.ask(Ask::Turn, 1 << 16);
        self.w.steps += 1;
        self.w.t.section = self.w.s.gen_;
        self.next_g = self.w.s.free_gs.last().copied().unwrap_or(self.w.s.gs.len());
        self.quiet_steps += 1;
        let moved = self.w.step(m);
        let strayed = self.guide().settle();
        let stream = self.stream_of(m);
        let at = |f: &Self| match stream {
            Some(s) => f.gap(s, "the model does not allow it", String::new()),
            None => Gap { at: f.segment.events.len(), why: String::new(), cause: "the model does not allow it" },
        };
        if let Some(why) = strayed {
            return Err(Gap { why, ..at(self) });
        }
        if self.quiet_steps > QUIET_STEPS {
            return Err(Gap {
                at: at(self).at,
                why: format!("M {m}: {:?}", self.w.s.ms[m].pend),
                cause: "steps without end",
            });
        }
        if !moved {
            return Err(Gap { why: format!("M {m} has no step: {:?} {act:?}", self.w.s.ms[m].pend), ..at(self) });
        }
        self.absorb("a step")
    }

    /// The last of all: the generation ends, and what the tracer says of the rest is compared.
    fn end(&mut self) -> Result<(), Gap> {
        if let Some(m) = self.w.s.world
            && self.w.s.ms[m].pend == Pend::Pass
        {
            if !self.all_have_passed(m)? {
                return Err(self.at_end("a P has not passed a safe point"));
            }
            self.drive(m, None, &[])?;
        }
        let m = match self.ender.map(|s| self.streams[s].tid).and_then(|tid| self.ms.get(&tid).copied()) {
            Some(m) if self.ends(m) => m,
            _ => match (0..self.w.s.ms.len()).find(|&m| self.ends(m)) {
                Some(m) => m,
                None => return Err(self.at_end("nobody can begin the next generation")),
            },
        };
        self.finish_on(m)
    }

    fn at_end(&self, cause: &'static str) -> Gap {
        Gap { at: self.segment.events.len(), why: self.threads_now(), cause }
    }

    /// Where each thread is, for people.
    fn threads_now(&self) -> String {
        let mut out = String::new();
        for (m, x) in self.w.s.ms.iter().enumerate() {
            if x.p.is_none() && x.g.is_none() && x.pend.is_none() {
                continue;
            }
            let real = self.real_tids.get(&x.tid).copied().unwrap_or(0);
            let g = x.g.map(|g| (self.names.get(&self.w.s.gs[g].id).copied().unwrap_or(0), self.w.s.gs[g].place));
            let p = x.p.map(|p| (p, self.w.s.ps[p].place, self.w.s.ps[p].must));
            out += &format!("M {m} (thread {real}): {:?}, P {p:?}, G {g:?}; ", x.pend);
        }
        out + &format!("stop {:?}, world {:?}", self.w.s.stop, self.w.s.world)
    }
}
