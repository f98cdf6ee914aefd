//! The trace laid out for the search: ids made dense, static checks done, and for each
//! stream where it may next touch which resource.

use super::Resource;
use super::container::{Decoded, End, Generation};
use super::tables::Tables;
use rustc_hash::FxHashMap;
use tracehound_wire::event::go_status;
use tracehound_wire::{ArgKind, Event, EventType, NONE_ID, RejectRule};

/// Dense index of a thread, P or G; 0 stands for the id "none".
pub(super) type Index = usize;

/// An event with everything about it that does not depend on the order.
#[derive(Clone, Debug)]
pub(super) struct Op {
    pub event: Event,
    /// The M, P and G that its arguments name; 0 if none.
    pub m: Index,
    pub p: Index,
    pub g: Index,
    /// The task that it names.
    pub task: Index,
    /// The name of a task or region, by content; `None` if its id is not in the table.
    pub name: Option<u64>,
    /// What an id in it that is in no table is refused with, once it is delivered.
    pub dangling: Option<RejectRule>,
    /// Resources that its arguments name, its own thread left out.
    pub named: Vec<u16>,
}

/// A stream of one generation.
#[derive(Debug)]
pub(super) struct PlannedStream {
    pub m: Index,
    pub ops: Vec<Op>,
    pub bad: Option<RejectRule>,
    /// For each position and resource the first position from there on whose arguments
    /// name the resource, row by row; `NEVER` if none.
    next_named: Vec<u16>,
}

/// "No position": a resource that a stream never names again.
pub(super) const NEVER: u16 = u16::MAX;

/// A generation.
#[derive(Debug)]
pub(super) struct PlannedGeneration {
    pub number: u64,
    pub streams: Vec<PlannedStream>,
}

/// The whole trace.
#[derive(Debug)]
pub(super) struct Plan {
    pub generations: Vec<PlannedGeneration>,
    pub end: End,
    /// Number of the first generation that has events.
    pub initial: u64,
    /// Ids by dense index.
    pub threads: Vec<u64>,
    pub procs: Vec<u64>,
    pub goroutines: Vec<u64>,
    pub tasks: Vec<u64>,
    /// Whether some event uses "none" as if it were a P or G: then nothing is independent.
    pub names_none: bool,
}

#[derive(Default)]
struct Ids {
    of: FxHashMap<u64, Index>,
    ids: Vec<u64>,
}

impl Ids {
    fn with_none() -> Ids {
        let mut ids = Ids::default();
        ids.index(NONE_ID);
        ids
    }

    fn index(&mut self, id: u64) -> Index {
        *self.of.entry(id).or_insert_with(|| {
            self.ids.push(id);
            self.ids.len() - 1
        })
    }
}

struct Planner {
    threads: Ids,
    procs: Ids,
    goroutines: Ids,
    tasks: Ids,
    names: FxHashMap<Vec<u8>, u64>,
    names_none: bool,
}

impl Plan {
    /// Lays out a decoded trace. At most 65534 events may stand in one stream.
    pub(super) fn new(decoded: Decoded) -> Plan {
        let mut planner = Planner {
            threads: Ids::with_none(),
            procs: Ids::with_none(),
            goroutines: Ids::with_none(),
            tasks: Ids::default(),
            names: FxHashMap::default(),
            names_none: false,
        };
        let initial = decoded.generations.iter().find(|g| !g.streams.is_empty()).map_or(0, |g| g.number);
        let generations: Vec<_> = decoded.generations.into_iter().map(|g| planner.generation(g)).collect();
        let mut plan = Plan {
            generations,
            end: decoded.end,
            initial,
            threads: planner.threads.ids,
            procs: planner.procs.ids,
            goroutines: planner.goroutines.ids,
            tasks: planner.tasks.ids,
            names_none: planner.names_none,
        };
        plan.name_resources();
        plan
    }

    /// Number of events in all streams.
    pub(super) fn events(&self) -> usize {
        self.generations.iter().flat_map(|g| &g.streams).map(|s| s.ops.len()).sum()
    }

    /// How many resources there are: threads, Ps, Gs, tasks, and the GC.
    pub(super) fn resources(&self) -> usize {
        self.task_resource(self.tasks.len()) + 1
    }

    /// The resource that is a thread's binding.
    pub(super) fn thread_resource(&self, m: Index) -> usize {
        m
    }

    /// The resource that is a P.
    pub(super) fn proc_resource(&self, p: Index) -> usize {
        self.threads.len() + p
    }

    /// The resource that is a goroutine.
    pub(super) fn goroutine_resource(&self, g: Index) -> usize {
        self.proc_resource(self.procs.len()) + g
    }

    fn task_resource(&self, task: Index) -> usize {
        self.goroutine_resource(self.goroutines.len()) + task
    }

    /// The resource that is the GC.
    pub(super) fn gc_resource(&self) -> usize {
        self.task_resource(self.tasks.len())
    }

    /// What a resource's number stands for.
    pub(super) fn resource(&self, r: usize) -> Resource {
        if r < self.proc_resource(0) {
            Resource::M(self.threads[r])
        } else if r < self.goroutine_resource(0) {
            Resource::P(self.procs[r - self.proc_resource(0)])
        } else if r < self.task_resource(0) {
            Resource::G(self.goroutines[r - self.goroutine_resource(0)])
        } else if r < self.gc_resource() {
            Resource::Task(self.tasks[r - self.task_resource(0)])
        } else {
            Resource::Gc
        }
    }

    fn name_resources(&mut self) {
        let resources = self.resources();
        let mut generations = std::mem::take(&mut self.generations);
        for stream in generations.iter_mut().flat_map(|g| &mut g.streams) {
            for op in &mut stream.ops {
                op.named = self.named(op);
            }
            let mut row = vec![NEVER; resources];
            let mut table = vec![NEVER; resources * (stream.ops.len() + 1)];
            for (at, op) in stream.ops.iter().enumerate().rev() {
                for &r in &op.named {
                    row[usize::from(r)] = at as u16;
                }
                table[at * resources..][..resources].copy_from_slice(&row);
            }
            stream.next_named = table;
        }
        self.generations = generations;
    }

    fn named(&self, op: &Op) -> Vec<u16> {
        let mut named = Vec::new();
        let mut push = |r: usize| named.push(r as u16);
        if op.m != 0 {
            push(self.thread_resource(op.m));
        }
        if op.p != 0 {
            push(self.proc_resource(op.p));
        }
        if op.g != 0 {
            push(self.goroutine_resource(op.g));
        }
        match op.event.ty {
            EventType::UserTaskBegin | EventType::UserTaskEnd => push(self.task_resource(op.task)),
            EventType::GCActive | EventType::GCBegin | EventType::GCEnd => push(self.gc_resource()),
            _ => {}
        }
        named
    }
}

impl PlannedStream {
    /// The first position from `at` on whose arguments name resource `r`.
    pub(super) fn next_named(&self, resources: usize, at: usize, r: usize) -> u16 {
        self.next_named[at * resources + r]
    }
}

impl Planner {
    fn generation(&mut self, generation: Generation) -> PlannedGeneration {
        let Generation { number, tables, streams } = generation;
        let streams = streams
            .into_iter()
            .map(|stream| PlannedStream {
                m: self.threads.index(stream.m),
                ops: stream.events.into_iter().map(|event| self.op(event, &tables)).collect(),
                bad: stream.bad,
                next_named: Vec::new(),
            })
            .collect();
        PlannedGeneration { number, streams }
    }

    fn op(&mut self, event: Event, tables: &Tables) -> Op {
        let mut op = Op { event, m: 0, p: 0, g: 0, task: 0, name: None, dangling: None, named: Vec::new() };
        for (&arg, &(name, kind)) in event.args().iter().zip(event.ty.spec().args) {
            match kind {
                ArgKind::P => {
                    op.p = self.procs.index(arg);
                    self.names_none |= op.p == 0;
                }
                ArgKind::G | ArgKind::NewG => {
                    op.g = self.goroutines.index(arg);
                    self.names_none |= op.g == 0;
                }
                ArgKind::M if event.ty == EventType::ProcSteal || names_thread(&event) => {
                    op.m = self.threads.index(arg);
                }
                ArgKind::Task if name == "task" => op.task = self.tasks.index(arg),
                _ => {}
            }
        }
        if let Some(at) = event.ty.arg_index("name_string") {
            op.name = self.name(event.args[at], tables);
        }
        op.dangling = dangling(&event, tables);
        op
    }

    fn name(&mut self, id: u64, tables: &Tables) -> Option<u64> {
        let bytes = match tables.strings.get(&id) {
            Some(bytes) => bytes.clone(),
            None if id == 0 => Vec::new(),
            None => return None,
        };
        let next = self.names.len() as u64;
        Some(*self.names.entry(bytes).or_insert(next))
    }
}

/// Whether a goroutine's status says something about the thread that it names.
fn names_thread(event: &Event) -> bool {
    matches!(event.ty, EventType::GoStatus | EventType::GoStatusStack)
        && event.args[2] & 0xff == go_status::SYSCALL
        && event.args[1] != NONE_ID
}

/// The rule for the first id of the event that is in no table: stacks first, then strings.
fn dangling(event: &Event, tables: &Tables) -> Option<RejectRule> {
    let spec = event.ty.spec();
    if spec.stacks.iter().any(|&at| !tables.has_stack(event.args[at])) {
        return Some(RejectRule::EventStackId);
    }
    spec.strings.iter().any(|&at| !tables.has_string(event.args[at])).then_some(RejectRule::EventStringId)
}
