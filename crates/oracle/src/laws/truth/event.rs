//! Whether a delivered event is the one that was written.

use crate::canonical::{CanonEvent, CanonFrame, Details, Edge, Resource, State, Text};
use rustc_hash::FxHashMap;
use std::string::String;
use tracehound_generator::history::Visible;
use tracehound_generator::{Expected, ExpectedEvent, Resource as Thing};
use tracehound_wire::EventType::{self, *};
use tracehound_wire::NONE_ID;
use tracehound_wire::event::proc_status;

/// What is known about a history beyond its single events.
pub(super) struct Facts<'h> {
    expected: &'h Expected,
    /// By index of the task's end: parent and name of its begin.
    tasks: FxHashMap<usize, (u64, u64)>,
    /// By id of a task: parent and name of each of its begins.
    begins: FxHashMap<u64, Vec<(u64, u64)>>,
    /// By index of a stop-the-world's end: the kind of its begin, if that is of the same
    /// generation. Otherwise the end's name is that of another string, as the id of the
    /// kind is remembered and not the string.
    stops: FxHashMap<usize, u64>,
}

impl<'h> Facts<'h> {
    pub(super) fn new(expected: &'h Expected) -> Facts<'h> {
        let mut open: FxHashMap<u64, (u64, u64)> = FxHashMap::default();
        let (mut tasks, mut stops) = (FxHashMap::default(), FxHashMap::default());
        let mut begins: FxHashMap<u64, Vec<(u64, u64)>> = FxHashMap::default();
        let mut stop = (0, 0);
        for (i, e) in expected.events.iter().enumerate() {
            match e.ty {
                UserTaskBegin => {
                    open.insert(e.args[0], (e.args[1], e.args[2]));
                    begins.entry(e.args[0]).or_default().push((e.args[1], e.args[2]));
                }
                UserTaskEnd => {
                    tasks.extend(open.remove(&e.args[0]).map(|begin| (i, begin)));
                }
                STWBegin => stop = (e.generation, e.args[0]),
                STWEnd if stop.0 == e.generation => {
                    stops.insert(i, stop.1);
                }
                _ => {}
            }
        }
        Facts { expected, tasks, begins, stops }
    }

    /// Whether `got` is the expected event of this index; if not, what it should be. Where
    /// `p_is_open`, the P of its context is not looked at.
    pub(super) fn fits(&self, index: usize, got: &CanonEvent, p_is_open: bool) -> Result<(), String> {
        let want = &self.expected.events[index];
        if !self.expected.total_order && want.ty == ProcStatus && want.args[1] == proc_status::SYSCALL_ABANDONED {
            return abandoned_status_fits(want, got);
        }
        let wrong = |what: &str, value: &dyn std::fmt::Display| {
            Err(format!("its {what} should be {value}, as it is {}", tell(want)))
        };
        for (what, field, is) in
            [("M", want.context.m, got.m), ("P", want.context.p, got.p), ("G", want.context.g, got.g)]
        {
            if let Some(id) = field.id()
                && !field.allows(is as u64)
                && !(what == "P" && p_is_open)
            {
                return wrong(what, &(id as i64));
            }
        }
        self.details(index, want, got)?;
        if !self.stack_fits(own_stack(want), got.stack.as_deref()) {
            return wrong("stack", &"another one");
        }
        Ok(())
    }

    fn details(&self, index: usize, want: &ExpectedEvent, got: &CanonEvent) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("{what}: it should be {}", tell(want)));
        if let Some(t) = want.transition {
            let Details::StateTransition { resource, old, new, reason, stack } = &got.details else {
                return wrong("kind");
            };
            let thing = match t.resource {
                Thing::Proc(id) => Resource::Proc(id as i64),
                Thing::Goroutine(id) => Resource::Goroutine(id as i64),
            };
            if *resource != thing {
                return wrong("resource");
            }
            // Whether a theft comes before the end of the callback that it takes the P from is
            // for the clock to say; after it, the P is idle already.
            let steal_races = want.ty == ProcSteal && !self.expected.total_order && *old == State::Idle;
            if *new != state(t.new) || (*old != state(t.old) && !want.racy && !steal_races) {
                return wrong("states");
            }
            let why = if matches!(want.ty, GoStop | GoBlock) && !want.derived { want.args[0] } else { 0 };
            if !self.is_string(why, reason) {
                return wrong("reason");
            }
            let fits = match want.ty {
                GoCreate | GoCreateBlocked => stack.is_some() && self.frames_fit(want.args[1], stack.as_deref()),
                GoStop | GoBlock | GoSyscallBegin => self.stack_fits(own_stack(want), stack.as_deref()),
                // Only newer releases tell the stack of a status twice.
                GoStatus | GoStatusStack => stack.is_none() || self.stack_fits(own_stack(want), stack.as_deref()),
                _ => stack.is_none(),
            };
            return if fits { Ok(()) } else { wrong("stack of the goroutine") };
        }
        if self.other_details(index, want, got) { Ok(()) } else { wrong("details") }
    }

    fn other_details(&self, index: usize, want: &ExpectedEvent, got: &CanonEvent) -> bool {
        let a = want.args;
        match (&got.details, want.ty) {
            (Details::Metric { name, value }, ProcsChange | HeapAlloc | HeapGoal) => {
                *value == a[0] && name.0 == metric_name(want.ty).as_bytes()
            }
            (Details::Label { label, resource }, GoLabel) => {
                self.is_string(a[0], label) && *resource == Resource::Goroutine(got.g)
            }
            (Details::Range { edge, name, scope, attributes }, _) => {
                let (wanted_edge, wanted_scope) = match edge_and_scope(want, got) {
                    Some(both) => both,
                    None => return false,
                };
                *edge == wanted_edge
                    && *scope == wanted_scope
                    && self.range_name_fits(index, want, name)
                    && attributes_fit(want, attributes)
            }
            (Details::Task { edge: Edge::Begin, id, parent, name }, UserTaskBegin) => {
                *id == a[0] && *parent == or_none(a[1]) && self.is_string(a[2], name)
            }
            (Details::Task { edge: Edge::End, id, parent, name }, UserTaskEnd) => {
                let known = |&(p, n): &(u64, u64)| *parent == or_none(p) && self.is_string(n, name);
                let unknown = *parent == NONE_ID && name.is_empty();
                let fits = if self.expected.total_order {
                    self.tasks.get(&index).map_or(unknown, known)
                } else {
                    // Nothing but the clock orders a task's ends and begins on other threads.
                    unknown || self.begins.get(&a[0]).is_some_and(|all| all.iter().any(known))
                };
                *id == a[0] && fits
            }
            (Details::Region { edge, task, name }, UserRegionBegin | UserRegionEnd) => {
                (*edge == Edge::Begin) == (want.ty == UserRegionBegin) && *task == a[0] && self.is_string(a[1], name)
            }
            (Details::Log { task, category, message }, UserLog) => {
                *task == a[0] && self.is_string(a[1], category) && self.is_string(a[2], message)
            }
            (Details::Experimental { name, experiment, args }, ty) => match ty.spec().experiment {
                Some(x) => {
                    name.0 == ty.name().as_bytes()
                        && experiment.0 == x.name().as_bytes()
                        && args.len() == ty.arg_count()
                        && args
                            .iter()
                            .zip(ty.spec().args)
                            .zip(a)
                            .all(|(((name, value), (n, _)), v)| name.0 == n.as_bytes() && *value == v)
                }
                None => false,
            },
            _ => false,
        }
    }

    fn range_name_fits(&self, index: usize, want: &ExpectedEvent, name: &Text) -> bool {
        match want.ty {
            STWBegin | STWEnd => {
                let inner = name.0.strip_prefix(b"stop-the-world (").and_then(|n| n.strip_suffix(b")"));
                let kind = if want.ty == STWBegin { Some(want.args[0]) } else { self.stops.get(&index).copied() };
                inner.is_some() && kind.is_none_or(|kind| inner == Some(self.string(kind)))
            }
            GCBegin | GCActive | GCEnd => name.0 == b"GC concurrent mark phase",
            GCSweepBegin | GCSweepActive | GCSweepEnd => name.0 == b"GC incremental sweep",
            _ => name.0 == b"GC mark assist",
        }
    }

    fn string(&self, id: u64) -> &[u8] {
        self.expected.strings.get(id as usize).map_or(&[], |s| s)
    }

    fn is_string(&self, id: u64, got: &Text) -> bool {
        self.string(id) == got.0
    }

    /// Whether a CPU sample has this stack, which it always has, if only an empty one.
    pub(super) fn sample_stack_fits(&self, id: u64, got: &CanonEvent) -> bool {
        got.stack.is_some() && self.frames_fit(id, got.stack.as_deref())
    }

    /// Stack 0 is none.
    fn stack_fits(&self, id: u64, got: Option<&[CanonFrame]>) -> bool {
        if id == 0 { got.is_none() } else { got.is_some() && self.frames_fit(id, got) }
    }

    fn frames_fit(&self, id: u64, got: Option<&[CanonFrame]>) -> bool {
        let want = self.expected.stacks.get(id as usize).map_or(&[][..], |s| s);
        let got = got.unwrap_or_default();
        want.len() == got.len()
            && want.iter().zip(got).all(|(w, g)| {
                (w.pc, w.line) == (g.pc, g.line)
                    && self.is_string(u64::from(w.func), &g.func)
                    && self.is_string(u64::from(w.file), &g.file)
            })
    }
}

/// Whether `got` is the status of an abandoned P, for which the clock says whether a reader
/// knows the P in a syscall still, on the thread that it was taken from, or as idle.
fn abandoned_status_fits(want: &ExpectedEvent, got: &CanonEvent) -> Result<(), String> {
    let p = Resource::Proc(want.args[0] as i64);
    match &got.details {
        Details::StateTransition { resource, old, new, reason, stack: None }
            if *resource == p
                && (*new == State::Idle || (*old, *new) == (State::Running, State::Running))
                && reason.is_empty()
                && got.stack.is_none() =>
        {
            Ok(())
        }
        _ => Err(format!("it should be {}", tell(want))),
    }
}

/// Whether a thread loses the P that it holds.
pub(super) fn is_loss_of_own_p(e: &CanonEvent) -> bool {
    matches!(
        &e.details,
        Details::StateTransition { resource: Resource::Proc(p), old: State::Running, new: State::Idle, .. }
            if *p == e.p
    )
}

fn edge_and_scope(want: &ExpectedEvent, got: &CanonEvent) -> Option<(Edge, Resource)> {
    Some(match want.ty {
        STWBegin | GCMarkAssistBegin => (Edge::Begin, Resource::Goroutine(got.g)),
        STWEnd | GCMarkAssistEnd => (Edge::End, Resource::Goroutine(got.g)),
        GCMarkAssistActive => (Edge::Active, Resource::Goroutine(want.args[0] as i64)),
        GCBegin => (Edge::Begin, Resource::None),
        GCActive => (Edge::Active, Resource::None),
        GCEnd => (Edge::End, Resource::None),
        GCSweepBegin => (Edge::Begin, Resource::Proc(got.p)),
        GCSweepEnd => (Edge::End, Resource::Proc(got.p)),
        GCSweepActive => (Edge::Active, Resource::Proc(want.args[0] as i64)),
        _ => return None,
    })
}

fn attributes_fit(want: &ExpectedEvent, attributes: &[(Text, u64)]) -> bool {
    if want.ty != GCSweepEnd {
        return attributes.is_empty();
    }
    let want = [("bytes swept", want.args[0]), ("bytes reclaimed", want.args[1])];
    attributes.len() == 2
        && attributes.iter().zip(want).all(|((n, v), (name, value))| n.0 == name.as_bytes() && *v == value)
}

/// The content id of the event's own stack, 0 for none. Derived events have none.
fn own_stack(want: &ExpectedEvent) -> u64 {
    if want.derived {
        return 0;
    }
    want.ty.spec().stacks.first().map_or(0, |&i| want.args[i])
}

fn metric_name(ty: EventType) -> &'static str {
    match ty {
        ProcsChange => "/sched/gomaxprocs:threads",
        HeapAlloc => "/memory/classes/heap/objects:bytes",
        _ => "/gc/heap/goal:bytes",
    }
}

fn or_none(id: u64) -> u64 {
    if id == 0 { NONE_ID } else { id }
}

fn state(s: Visible) -> State {
    match s {
        Visible::Undetermined => State::Undetermined,
        Visible::NotExist => State::NotExist,
        Visible::Running => State::Running,
        Visible::Idle => State::Idle,
        Visible::Runnable => State::Runnable,
        Visible::Waiting => State::Waiting,
        Visible::Syscall => State::Syscall,
    }
}

/// A written event for people.
pub(super) fn tell(e: &ExpectedEvent) -> String {
    let mut out = format!("{} of generation {} on M{}", e.ty, e.generation, e.stream as i64);
    for ((name, _), arg) in e.ty.spec().args.iter().zip(e.args) {
        out.push_str(&format!(" {name}={}", arg as i64));
    }
    if let Some(t) = e.transition {
        out.push_str(&format!(" ({:?} {:?} to {:?})", t.resource, t.old, t.new));
    }
    out
}
