//! The ordering rules: what each event needs, waits for, refuses and changes.
//!
//! One function a group of events, written from the rules of internal/trace order.go,
//! Go 1.27.3. Steps are in the order in which the reader checks them, because that
//! decides which rule a trace is refused with.

mod goroutines;
mod procs;
mod ranges;

use super::plan::{Index, Op};
use super::state::{Interner, Seq, State, Thread};
use tracehound_wire::{EventType, RejectRule};

/// What comes of trying an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It cannot happen yet.
    Wait,
    /// It is refused for good.
    Refuse(RejectRule),
    /// It happened. The number is what it says beyond its own arguments: an old status,
    /// the name of a range or task that ends.
    Done(u64),
}

impl From<RejectRule> for Step {
    fn from(rule: RejectRule) -> Step {
        Step::Refuse(rule)
    }
}

/// A thread's context as an event needs it.
#[derive(Clone, Copy)]
enum Need {
    Present,
    Absent,
    Free,
}

/// One event being tried in one state.
pub(super) struct Attempt<'a, 'w> {
    pub state: &'a mut State<'w>,
    pub interner: &'a mut Interner,
    /// The thread that the event's batch belongs to.
    pub m: Index,
    /// Number of the generation.
    pub generation: u64,
    /// Whether it bears the number of the first generation with events.
    pub initial: bool,
}

impl Attempt<'_, '_> {
    /// Tries the event. After anything but [`Step::Done`] the state is not to be used.
    pub(super) fn step(&mut self, op: &Op) -> Step {
        let before = self.thread();
        self.state.set_thread(self.m, Thread { known: true, ..before });
        self.rule(op).unwrap_or_else(|refused| refused)
    }

    fn rule(&mut self, op: &Op) -> Result<Step, Step> {
        use EventType as E;
        match op.event.ty {
            E::ProcStatus => self.proc_status(op),
            E::ProcStart => self.proc_start(op),
            E::ProcStop => self.proc_stop(),
            E::ProcSteal => self.proc_steal(op),
            E::GoStatus | E::GoStatusStack => self.go_status(op),
            E::GoCreate | E::GoCreateBlocked => self.go_create(op),
            E::GoCreateSyscall => self.go_create_syscall(op),
            E::GoStart => self.go_start(op),
            E::GoDestroy | E::GoStop | E::GoBlock => self.go_leave(op),
            E::GoUnblock => self.go_unblock(op),
            E::GoSwitch | E::GoSwitchDestroy => self.go_switch(op),
            E::GoSyscallBegin => self.syscall_begin(op),
            E::GoSyscallEnd => self.syscall_end(),
            E::GoSyscallEndBlocked => self.syscall_end_blocked(),
            E::GoDestroySyscall => self.destroy_syscall(),
            E::GCActive => self.gc_active(op),
            E::GCBegin => self.gc_begin(op),
            E::GCEnd => self.gc_end(op),
            E::GCSweepBegin | E::GCSweepActive | E::GCSweepEnd => self.sweep(op),
            E::STWBegin | E::GCMarkAssistBegin => self.go_range_begin(op),
            E::GCMarkAssistActive => self.assist_active(op),
            E::STWEnd | E::GCMarkAssistEnd => self.go_range_end(op),
            E::UserTaskBegin => self.task_begin(op),
            E::UserTaskEnd => self.task_end(op),
            E::UserRegionBegin => self.region_begin(op),
            E::UserRegionEnd => self.region_end(op),
            E::HeapAlloc | E::HeapGoal => self.need(Need::Present, Need::Free).map(|_| Step::Done(0)),
            E::ProcsChange | E::GoLabel | E::UserLog => self.full().map(|_| Step::Done(0)),
            E::ClockSnapshot => Err(RejectRule::EventUnorderable.into()),
            // The experiments' events; untimed types never get here.
            _ => self.need(Need::Free, Need::Free).map(|_| Step::Done(0)),
        }
    }

    fn thread(&self) -> Thread {
        self.state.thread(self.m)
    }

    fn bind_p(&mut self, p: Index) {
        let thread = Thread { p, ..self.thread() };
        self.state.set_thread(self.m, thread);
    }

    fn bind_g(&mut self, g: Index) {
        let thread = Thread { g, ..self.thread() };
        self.state.set_thread(self.m, thread);
    }

    /// Checks M, then P, then G; no event is refused for holding a P.
    fn need(&self, p: Need, g: Need) -> Result<Thread, Step> {
        let thread = self.thread();
        if self.m == 0 {
            return Err(RejectRule::CtxWantThread.into());
        }
        if matches!(p, Need::Present) && thread.p == 0 {
            return Err(RejectRule::CtxWantProc.into());
        }
        match g {
            Need::Present if thread.g == 0 => Err(RejectRule::CtxWantGoroutine.into()),
            Need::Absent if thread.g != 0 => Err(RejectRule::CtxUnwantedGoroutine.into()),
            _ => Ok(thread),
        }
    }

    fn full(&self) -> Result<Thread, Step> {
        self.need(Need::Present, Need::Present)
    }

    fn fresh_seq(&self) -> Seq {
        (self.generation, 0)
    }

    /// Whether number `n` of this generation is the next after `seq`.
    fn follows(&self, n: u64, seq: Seq) -> bool {
        seq.0 == self.generation && seq.1.wrapping_add(1) == n
    }
}
