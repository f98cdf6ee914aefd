//! What user code says about itself: tasks, regions, logs; and what is sampled or counted beside it.

use super::state::{GPlace, Mi, PPlace};
use super::{Ask, World};
use crate::tracer::NONE;
use tracehound_wire::EventType;

impl World<'_> {
    /// One user annotation.
    pub(super) fn annotate(&mut self, m: Mi) {
        match self.ask(Ask::Annotation, 5) {
            0 => self.log(m),
            1 => self.region_begin(m),
            2 => self.region_end(m),
            3 => self.task_begin(m),
            _ => self.task_end(m),
        }
    }

    /// A task that is open, often the newest; 0 is the background.
    fn some_task(&mut self) -> u64 {
        let n = self.s.tasks.len() as u32;
        let i = self.t.noise(n + 1);
        if i == n { 0 } else { self.s.tasks[i as usize] }
    }

    fn log(&mut self, m: Mi) {
        let task = self.some_task();
        let (key, value, stack) = (self.t.user_string(), self.t.user_string(), self.t.stack());
        self.note(m, EventType::UserLog, &[task, key, value, stack]);
    }

    fn region_begin(&mut self, m: Mi) {
        let Some(g) = self.s.ms[m].g else { return };
        let task = self.some_task();
        let (name, stack) = (self.t.user_string(), self.t.stack());
        self.note(m, EventType::UserRegionBegin, &[task, name, stack]);
        if !self.t.muted() {
            self.s.gs[g].regions.push((task, name));
        }
    }

    /// Ends the innermost region, or one that began before the trace did.
    fn region_end(&mut self, m: Mi) {
        let Some(g) = self.s.ms[m].g else { return };
        let (task, name) = match self.s.gs[g].regions.pop() {
            Some(region) => region,
            None => (self.some_task(), self.t.user_string()),
        };
        let stack = self.t.stack();
        self.note(m, EventType::UserRegionEnd, &[task, name, stack]);
    }

    fn task_begin(&mut self, m: Mi) {
        self.s.next_task += 1;
        let task = self.s.next_task;
        let parent = self.some_task();
        let (name, stack) = (self.t.user_string(), self.t.stack());
        self.note(m, EventType::UserTaskBegin, &[task, parent, name, stack]);
        self.s.tasks.push(task);
    }

    /// Ends an open task, or one that nobody has begun or that has ended before.
    fn task_end(&mut self, m: Mi) {
        let n = self.s.tasks.len() as u32;
        let task = match self.t.noise(n + 2) {
            i if i < n => self.s.tasks.swap_remove(i as usize),
            _ => 1 + u64::from(self.t.noise(self.s.next_task as u32 + 3)),
        };
        self.s.tasks.retain(|&t| t != task);
        // A number that no task has had must not be given to one later: its begin could be read first.
        self.s.next_task = self.s.next_task.max(task);
        let stack = self.t.stack();
        self.note(m, EventType::UserTaskEnd, &[task, stack]);
        self.t.mark_racy();
    }

    /// A profiling signal hits `m`'s thread.
    pub(super) fn cpu_sample(&mut self, m: Mi) {
        let x = &self.s.ms[m];
        let in_syscall = x.g.is_some_and(|g| matches!(self.s.gs[g].place, GPlace::Syscall(_)));
        // From Go 1.26 on a P stays with its M during a syscall.
        let p = match x.p {
            Some(p) if !in_syscall || matches!(self.s.ps[p].place, PPlace::Run(_)) => p as u64,
            Some(p) if self.t.swarm.class() == crate::Class::B => p as u64,
            _ => NONE,
        };
        let g = x.g.map_or(NONE, |g| self.s.gs[g].id);
        let tid = x.tid;
        self.t.sample(m, tid, p, g);
    }

    /// An event of the allocation experiment.
    pub(super) fn alloc_event(&mut self, m: Mi) {
        let id = u64::from(self.t.noise(1 << 20));
        let size = 1 + u64::from(self.t.noise(64));
        match self.detail(6) {
            0 => self.note(m, EventType::SpanAlloc, &[id, size, 5]),
            1 => self.note(m, EventType::SpanFree, &[id]),
            2 => self.note(m, EventType::HeapObjectAlloc, &[id, size]),
            3 => self.note(m, EventType::HeapObjectFree, &[id]),
            4 => self.note(m, EventType::GoroutineStackAlloc, &[id, 2]),
            _ => self.note(m, EventType::GoroutineStackFree, &[id]),
        }
    }
}
