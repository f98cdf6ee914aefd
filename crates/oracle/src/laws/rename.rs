//! rename: for every renaming f of threads, Ps, goroutines, tasks, strings and stacks that keeps the
//! ids with a meaning of their own: read(f(t)) = f(read(t)).

use super::change::how;
use super::{Law, Outcome, edit, events_differ, read_events, verdicts_differ};
use crate::canonical::{CanonEvent, Details, Resource};
use crate::readers::ReaderUnderTest;
use tracehound_wire::{ArgKind, Body, EventType, Item, NONE_ID, Trace};

/// rename, with a renaming that is drawn from `seed`.
pub fn rename(reader: &mut dyn ReaderUnderTest, trace: &Trace, seed: u64) -> Outcome {
    if !edit::is_plain(trace) {
        return Outcome::not_applicable("the trace has parts that are only bytes");
    }
    let names = Names::draw(seed);
    let (before, after) = (trace.to_bytes(), names.trace(trace).to_bytes());
    let ((was, events), (is, got)) = match (read_events(reader, &before), read_events(reader, &after)) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(e), _) | (_, Err(e)) => return e,
    };
    if verdicts_differ(&was.verdict, &is.verdict) {
        return Outcome::Broken(format!("{}; {} {}", was.verdict, how(Law::Rename), is.verdict));
    }
    let want: Vec<CanonEvent> = events.iter().map(|e| names.event(e)).collect();
    match events_differ(&want, &got) {
        None => Outcome::Holds,
        Some(words) => Outcome::Broken(format!("{} (seed {seed}) {words}", how(Law::Rename))),
    }
}

/// The trace with other ids.
pub(super) fn renamed(trace: &Trace, seed: u64) -> Trace {
    Names::draw(seed).trace(trace)
}

/// A renaming: ids are spread by a factor and moved, so that order is kept and none collide.
struct Names {
    m: (u64, u64),
    p: (u64, u64),
    g: (u64, u64),
    task: (u64, u64),
    string: (u64, u64),
    stack: (u64, u64),
}

impl Names {
    fn draw(seed: u64) -> Names {
        let mut state = seed;
        // One in four kinds of ids moves far enough that 32 bits do not hold them, and those of tables, which are good in all
        // 64, that a signed number does not.
        let mut pair = |far: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let far = if (state >> 60).is_multiple_of(4) { far } else { 0 };
            (1 + (state >> 40) % 3, (state >> 48) % 200 + far)
        };
        let (id, entry) = (1 << 33, 1 << 63);
        Names { m: pair(id), p: pair(id), g: pair(id), task: pair(id), string: pair(entry), stack: pair(entry) }
    }

    /// None stays none, and so does 0 where it has a meaning of its own. Huge ids stay, too:
    /// they are there for their size.
    fn id(of: (u64, u64), id: u64, zero_counts: bool) -> u64 {
        if id >= 1 << 32 || (id == 0 && !zero_counts) {
            return id;
        }
        id * of.0 + of.1
    }

    fn m(&self, id: u64) -> u64 {
        Self::id(self.m, id, true)
    }

    fn p(&self, id: u64) -> u64 {
        Self::id(self.p, id, true)
    }

    /// Goroutine 0 means none in CPU samples, so that it keeps its id everywhere.
    fn g(&self, id: u64) -> u64 {
        Self::id(self.g, id, false)
    }

    fn task(&self, id: u64) -> u64 {
        Self::id(self.task, id, false)
    }

    fn string(&self, id: u64) -> u64 {
        Self::id(self.string, id, false)
    }

    fn stack(&self, id: u64) -> u64 {
        Self::id(self.stack, id, false)
    }

    fn trace(&self, trace: &Trace) -> Trace {
        let mut trace = trace.clone();
        for item in &mut trace.items {
            match item {
                Item::Batch(b) => {
                    b.m = self.m(b.m);
                    self.body(&mut b.body);
                }
                Item::Experimental(b) => b.m = self.m(b.m),
                Item::EndOfGeneration | Item::Bytes(_) => {}
            }
        }
        trace
    }

    fn body(&self, body: &mut Body) {
        match body {
            Body::Events(events) => {
                for e in events {
                    for (i, (_, kind)) in e.ty.spec().args.iter().enumerate().take(e.args.len()) {
                        e.args[i] = self.arg(e.ty, *kind, e.args[i]);
                    }
                }
            }
            Body::Strings(records) => records.iter_mut().for_each(|r| r.id = self.string(r.id)),
            Body::Stacks(records) => {
                for r in records {
                    r.id = self.stack(r.id);
                    for f in &mut r.frames {
                        f.func = self.string(f.func);
                        f.file = self.string(f.file);
                    }
                }
            }
            Body::CpuSamples(samples) => {
                for s in samples {
                    s.m = self.m(s.m);
                    s.p = self.p(s.p);
                    s.g = self.g(s.g);
                    s.stack = self.stack(s.stack);
                }
            }
            Body::Sync(_) | Body::Raw(_) => {}
        }
    }

    fn arg(&self, ty: EventType, kind: ArgKind, value: u64) -> u64 {
        match kind {
            ArgKind::M => self.m(value),
            ArgKind::P => self.p(value),
            ArgKind::G | ArgKind::NewG => self.g(value),
            ArgKind::String => self.string(value),
            ArgKind::Stack => self.stack(value),
            ArgKind::Task if ty.spec().experiment.is_none() => self.task(value),
            _ => value,
        }
    }

    fn event(&self, e: &CanonEvent) -> CanonEvent {
        let mut e = e.clone();
        let signed = |id: i64, f: &dyn Fn(u64) -> u64| f(id as u64) as i64;
        e.m = signed(e.m, &|id| self.m(id));
        e.p = signed(e.p, &|id| self.p(id));
        e.g = signed(e.g, &|id| self.g(id));
        let resource = |r: &mut Resource| {
            *r = match *r {
                Resource::Goroutine(id) => Resource::Goroutine(signed(id, &|id| self.g(id))),
                Resource::Proc(id) => Resource::Proc(signed(id, &|id| self.p(id))),
                Resource::Thread(id) => Resource::Thread(signed(id, &|id| self.m(id))),
                Resource::None => Resource::None,
            }
        };
        match &mut e.details {
            Details::Label { resource: r, .. }
            | Details::Range { scope: r, .. }
            | Details::StateTransition { resource: r, .. } => resource(r),
            Details::Task { id, parent, .. } => {
                *id = self.task(*id);
                if *parent != NONE_ID {
                    *parent = self.task(*parent);
                }
            }
            Details::Region { task, .. } | Details::Log { task, .. } => *task = self.task(*task),
            Details::Sync { experiments, .. } => {
                for x in experiments {
                    x.batches.iter_mut().for_each(|(m, _)| *m = signed(*m, &|id| self.m(id)));
                }
            }
            _ => {}
        }
        e
    }
}
