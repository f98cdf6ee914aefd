//! Which step writes the next event of a thread that stops the world.

use super::steps::{allocation, yes};
use super::{Follower, Gap, Observed};
use crate::model::Ask;
use crate::model::choose::Act;
use crate::model::state::{Mi, PPlace, Pend, Pi, Purpose, Stop};
use tracehound_wire::EventType::*;

impl Follower<'_, '_> {
    /// Somebody has seen that the world is being stopped: by then the stopper has begun.
    pub(super) fn begin_stopping(&mut self) -> Result<bool, Gap> {
        let Some(stopper) = self.w.s.world else { return self.wait("nobody stops the world") };
        let Pend::StwTake(from) = self.w.s.ms[stopper].pend else { return self.wait("nobody stops the world") };
        match self.stream_of(stopper).and_then(|s| self.main(s, 0)) {
            Some(e) if e.ty == ProcSteal => self.wait("the stopper takes Ps first"),
            Some(e) => self.stop_taking(stopper, from, e),
            None => self.wait("the stopper says nothing more"),
        }
    }

    pub(super) fn stop_taking(&mut self, m: Mi, from: Pi, e: &Observed) -> Result<bool, Gap> {
        let wanted = (e.ty == ProcSteal).then_some(e.args[0] as Pi);
        if let Some(p) = wanted
            && !(self.stream_of(m).is_some_and(|s| self.is_next_of_p(s, e)) && self.expose(p)?)
        {
            return self.wait("the P to be taken is not in a syscall");
        }
        if self.w.s.stop() == Stop::No {
            self.take_in_transit(m)?;
        }
        let s = &self.w.s;
        let mut at = 0;
        for p in from..s.ps.len() {
            if Some(p) == wanted {
                break;
            }
            at += u32::from(matches!(s.ps[p].place, PPlace::Sys(_)));
        }
        self.go(m, &[(Ask::Index, at)])
    }

    /// Idle Ps that somebody starts although the world is being stopped were on their way to that M before.
    pub(super) fn take_in_transit(&mut self, stopper: Mi) -> Result<(), Gap> {
        let restart = self.restart(stopper);
        for p in 0..self.w.s.procs {
            let Some((at, tid)) = self.next_start(p).filter(|&(at, _)| restart.is_none_or(|end| at < end)) else {
                continue;
            };
            let Some((&x, &other)) = self.ms.get(&tid).zip(self.by_thread.get(&tid)) else { continue };
            let first = self.main(other, 0).is_some_and(|e| *e == self.segment.events[at]);
            if matches!(self.w.s.ms[x].pend, Pend::EndedNoP(_)) && self.w.s.ms[x].locked.is_none() {
                self.ended(x)?;
            }
            if !first {
                continue;
            }
            let Some(i) = self.idle_at(p)? else { continue };
            if self.w.is_idle(x) {
                self.act(x, Act::TakeIdle, &[(Ask::Index, i)])?;
            } else if self.w.s.ms[x].pend.is_none() && self.w.s.ms[x].g.is_some() && self.w.s.ms[x].p.is_none() {
                self.in_syscall(other, x, &self.segment.events[at])?;
            }
        }
        Ok(())
    }

    /// The event with which the world that `stopper` stops runs again.
    fn restart(&self, stopper: Mi) -> Option<usize> {
        let s = &self.streams[self.stream_of(stopper)?];
        s.events[s.next..].iter().find(|&&i| self.segment.events[i].ty == ProcsChange).copied()
    }

    /// The next start of a P, and the thread that starts it.
    fn next_start(&self, p: Pi) -> Option<(usize, u64)> {
        let list = self.starts.get(&(p as u64))?;
        list.iter().rev().find(|&&(at, _)| !self.explained[at]).copied()
    }

    /// Whether a P is started again before the world, which is being stopped, runs again: it was on its way to another M.
    pub(super) fn starts_before_restart(&self, p: Pi) -> bool {
        let restart = self.w.s.world.and_then(|stopper| self.restart(stopper));
        self.next_start(p).zip(restart).is_some_and(|((at, _), end)| at < end)
    }

    pub(super) fn stop_waiting(&mut self, m: Mi) -> Result<bool, Gap> {
        let own = self.w.s.ms[m].p;
        for p in (0..self.w.s.procs).filter(|&p| Some(p) != own) {
            match self.w.s.ps[p].place {
                PPlace::Stopped => {}
                PPlace::Owned(x) if self.w.s.ms[x].pend.gives().is_some() => self.drive(x, None, &[])?,
                _ => return self.wait("a P has not stopped"),
            }
        }
        self.go(m, &[])
    }

    pub(super) fn stopped(&mut self, stream: usize, m: Mi, e: &Observed) -> Result<bool, Gap> {
        match e.ty {
            HeapAlloc | HeapGoal => self.go(m, &[(Ask::Stopped, 1), (Ask::Detail, u32::from(e.ty == HeapGoal))]),
            GoUnblock if !self.is_next_of_g(stream, e) => self.wait("it is another event's turn with the goroutine"),
            GoUnblock => match self.waiting(e.args[0]) {
                Some(at) => {
                    self.go(m, &[vec![(Ask::Stopped, 2), (Ask::Index, at)], self.growth_answers(stream)].concat())
                }
                None => self.wait("the goroutine to be woken does not wait"),
            },
            GCSweepBegin | GCSweepEnd => self.go(m, &[(Ask::Stopped, 5)]),
            GCEnd if self.w.s.purpose == Purpose::MarkTermination => self.go(m, &[(Ask::Stopped, 3)]),
            ProcsChange if self.w.s.ms[m].pend == Pend::StwStopped => {
                let mut answers = vec![];
                if self.w.s.ms[m].p.is_some_and(|p| p as u64 >= e.args[0]) {
                    // GoStop, ProcStop, ProcStart, GoStart come with it, and then the heap's size.
                    let more = (5..).take_while(|&k| self.main(stream, k).is_some_and(|n| n.ty == HeapAlloc)).count();
                    answers.extend(std::iter::repeat_n((Ask::More, yes(3)), more));
                }
                self.go(m, &answers)
            }
            STWEnd if self.w.s.ms[m].pend == Pend::StwEnd => self.go(m, &[]),
            ty => match allocation(ty) {
                Some(kind) => self.go(m, &[(Ask::Stopped, 4), (Ask::Detail, kind)]),
                None => self.wait("the stopper does something else"),
            },
        }
    }

    /// Whether the stop that comes next on the stream ends the marking phase.
    pub(super) fn ends_marking(&self, stream: usize) -> bool {
        let next = (1..).map_while(|k| self.main(stream, k)).find(|e| matches!(e.ty, GCEnd | STWEnd | GoStop));
        next.is_some_and(|e| e.ty == GCEnd)
    }

    /// The number of Ps after the stop that comes next on the stream, if it is another one.
    pub(super) fn resizes(&self, stream: usize) -> Option<u64> {
        let change = (1..).map_while(|k| self.main(stream, k)).find(|e| matches!(e.ty, ProcsChange | STWEnd))?;
        (change.ty == ProcsChange && change.args[0] != self.w.s.procs as u64).then_some(change.args[0])
    }
}
