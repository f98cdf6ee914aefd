//! Corners that one thread's stream shows by itself.

use super::{Corner, Counts};
use crate::flavour::Class;
use crate::history::{ExpectedEvent, Field, History, Visible};
use tracehound_wire::EventType::{self, *};
use tracehound_wire::event::{go_status, proc_status};

impl Counts {
    pub(super) fn quiet(&mut self, events: &[&ExpectedEvent]) {
        for (i, e) in events.iter().enumerate() {
            self.add(Corner::QuietSyscall, e.ty != GCMarkAssistActive && e.args[2] == go_status::SYSCALL);
            self.assist(events, i, e);
        }
    }

    fn assist(&mut self, events: &[&ExpectedEvent], i: usize, e: &ExpectedEvent) {
        if e.ty == GCMarkAssistActive && i > 0 {
            let status = events[i - 1].args[2];
            self.add(Corner::AssistWaiting, status == go_status::WAITING);
            self.add(Corner::AssistRunnable, status == go_status::RUNNABLE);
        }
    }

    /// Shapes within one thread's stream.
    pub(super) fn stream(&mut self, history: &History, events: &[&ExpectedEvent]) {
        let class_a = history.swarm().class() == Class::A;
        let mut in_stop = None;
        let mut blocked = None;
        // The goroutine that came to this thread by a coroutine switch, while it is here or waits to come back.
        let mut switched = None;
        for (i, &e) in events.iter().enumerate() {
            let before = |n: usize| i.checked_sub(n).map(|at| events[at]);
            let was = |n: usize, ty: EventType| before(n).is_some_and(|b| b.ty == ty);
            let next = events.get(i + 1).copied();
            let next_is = |ty: EventType| next.is_some_and(|n| n.ty == ty);
            let bare = e.context.g == Field::NONE;
            self.assist(events, i, e);
            match e.ty {
                GoSyscallEnd => {
                    let first = before(2).is_some_and(|b| b.ty == ProcStatus && b.args[1] == proc_status::SYSCALL);
                    self.add(Corner::SyscallEndsLater, first);
                }
                ProcStop => {
                    let stolen = was(1, ProcStatus) && was(2, ProcStart) && was(3, ProcSteal);
                    let in_syscall = before(1).is_some_and(|b| b.ty == GoStatus && b.args[2] == go_status::SYSCALL);
                    let told = in_syscall && was(2, ProcStatus) && was(3, ProcStart);
                    self.add(Corner::BorrowAcross, bare && stolen || told);
                }
                ProcStatus => self.proc_status(e, next),
                ProcSteal => self.steal(e, next, class_a, in_stop),
                ProcStart => {
                    let split = was(1, GoStatus) && was(2, ProcStatus) && was(3, ProcSteal);
                    self.add(Corner::StoleThenSwitched, split && !class_a);
                    self.add(Corner::AllocBeforeStart, was(1, HeapObjectFree) && e.context.p == Field::NONE);
                    let stops = events[i + 1..].iter().find(|n| n.ty != HeapAlloc).is_some_and(|n| n.ty == ProcStop);
                    self.add(Corner::BorrowInSyscall, stops && was(1, ProcStop) && was(2, GoSyscallBegin));
                    let later = before(3).is_some_and(|b| b.ty == ProcStop && b.generation < e.generation);
                    let told = was(1, GoStatus) && was(2, ProcStatus);
                    self.add(Corner::BorrowLater, class_a && stops && told && later && was(4, GoSyscallBegin));
                    self.add(Corner::BorrowBare, stops && was(1, ProcSteal) && bare);
                    self.add(Corner::BorrowToWake, stops && was(1, GoUnblock) && bare && next_is(HeapAlloc));
                    self.add(
                        Corner::StopperMoves,
                        in_stop.is_some() && e.args[0] == 0 && was(1, ProcStop) && was(2, GoStop),
                    );
                    let back = next.filter(|n| n.ty == GoStart && Some(n.args[0]) == blocked).is_some();
                    self.add(Corner::HandOver, back);
                    self.add(Corner::SwitchOnLocked, back && blocked == switched);
                }
                GoSyscallEndBlocked => {
                    let late = was(1, GoStatus) && was(2, ProcStatus) && was(3, ProcStart);
                    self.add(Corner::StartedThenSwitched, class_a && late && !was(4, ProcSteal));
                    self.add(Corner::StoleStartedThenSwitched, class_a && late && was(4, ProcSteal));
                    self.add(Corner::CreateThenEnd, was(1, GoCreateSyscall));
                    let own = before(1).is_some_and(|b| b.ty == ProcSteal && b.args[2] == b.stream);
                    self.add(Corner::SelfStealNoProc, own);
                }
                GoCreate => self.add(Corner::CreateWithoutG, bare),
                GoCreateSyscall => {
                    let same = before(1).is_some_and(|b| b.generation == e.generation);
                    self.add(Corner::ThreadReused, same);
                    let another = before(1).is_some_and(|b| b.context.g != Field::is(e.args[0]));
                    let bare_end = next.is_some_and(|n| {
                        matches!(n.ty, GoSyscallEndBlocked | GoDestroySyscall) && n.context.p == Field::NONE
                    });
                    self.add(Corner::ThreadReusedNoProc, same && another && bare_end);
                    self.add(Corner::ThreadReusedAfterGo, was(1, ProcStop));
                }
                GoUnblock => {
                    self.add(Corner::UnblockBare, bare && e.context.p == Field::NONE);
                    self.add(Corner::UnblockInStop, in_stop.is_some());
                }
                HeapAlloc => self.add(Corner::HeapWithoutG, bare),
                GoStart => {
                    let refused =
                        before(1).is_some_and(|b| b.ty == GoUnblock && b.args[0] == e.args[0]) && was(2, GoBlock);
                    self.add(Corner::UnlockRefused, refused);
                    let alone = was(1, ProcStatus) && was(2, GoStop);
                    self.add(Corner::StartAfterSwitch, alone && e.args[1] > 1);
                    let again = was(1, GoStop) && before(2).is_some_and(|b| b.ty == GoStart && b.args[0] == e.args[0]);
                    self.add(Corner::YieldOften, again);
                    if switched != Some(e.args[0]) {
                        switched = None;
                    }
                }
                GoBlock | GoStop => {
                    if let Some(g) = e.context.g.id() {
                        blocked = Some(g);
                    }
                }
                GoDestroy => {
                    self.add(Corner::ThreadExits, next_is(ProcStop) && i + 2 == events.len());
                }
                GoSwitch => {
                    let back = before(1).is_some_and(|b| b.ty == GoSwitch && b.args[1] == 1);
                    self.add(Corner::SwitchBackAndForth, back && e.args[1] == 1);
                    switched = Some(e.args[0]);
                }
                GCSweepEnd => {
                    let open = was(1, GoStatus) && was(2, GCSweepActive) && was(3, ProcStatus);
                    self.add(Corner::SweepActive, open);
                }
                STWBegin => in_stop = Some(i),
                STWEnd => in_stop = None,
                UserLog => self.add(Corner::LogEmpty, e.args[1] == 0 || e.args[2] == 0),
                _ => {}
            }
        }
        self.generations(events);
    }

    fn proc_status(&mut self, e: &ExpectedEvent, next: Option<&ExpectedEvent>) {
        let old = e.transition.map(|t| t.old);
        match e.args[1] {
            proc_status::SYSCALL => self.add(Corner::SafePointInEntry, next.is_some_and(|n| n.ty != GoStatus)),
            proc_status::SYSCALL_ABANDONED => {
                self.add(Corner::StealAcross, true);
                self.add(Corner::AbandonedPromoted, old == Some(Visible::Running));
                self.add(Corner::AbandonedRaw, old == Some(Visible::Undetermined));
                self.add(Corner::AbandonedTwice, old == Some(Visible::Idle));
            }
            _ => {}
        }
        self.add(Corner::ProcLate, old == Some(Visible::NotExist));
    }

    fn steal(&mut self, e: &ExpectedEvent, next: Option<&ExpectedEvent>, class_a: bool, in_stop: Option<usize>) {
        let abandoned = e.transition.is_some_and(|t| t.old == Visible::Idle);
        let own = e.args[2] == e.stream;
        let in_syscall = e.context.g != Field::NONE && in_stop.is_none() && e.context.p != Field::is(e.args[0]);
        let starts = next.is_some_and(|n| matches!(n.ty, ProcStart | ProcStatus));
        self.add(Corner::StealAbandoned, abandoned);
        let bare = e.context.g == Field::NONE && e.context.p == Field::NONE;
        self.add(Corner::StealBare, bare);
        self.add(Corner::StealFromNamesake, abandoned && own);
        self.add(Corner::SelfSteal, own && !abandoned);
        self.add(Corner::StealOld, in_syscall && !own && starts);
        // A thread that leaves its syscall by theft starts the P next; one that enters does not.
        let lets_go = next.is_none_or(|n| n.ty == GoSyscallEndBlocked);
        let third = class_a && in_syscall && !own && !abandoned && lets_go;
        self.add(Corner::PutBack, third);
    }

    /// What one thread's stream has in each generation.
    fn generations(&mut self, events: &[&ExpectedEvent]) {
        let mut last: Option<(&ExpectedEvent, u32)> = None;
        for &e in events {
            match last {
                Some((l, n)) if l.generation == e.generation => last = Some((e, n + 1)),
                _ => {
                    if let Some((l, n)) = last {
                        self.add(Corner::OneEvent, n == 1);
                        self.add(
                            Corner::SilentGenerations,
                            e.generation > l.generation + 1 && e.context.g != Field::NONE,
                        );
                    }
                    last = Some((e, 1));
                }
            }
        }
        self.add(Corner::OneEvent, last.is_some_and(|(_, n)| n == 1));
    }
}
