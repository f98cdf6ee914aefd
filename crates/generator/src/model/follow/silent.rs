//! Steps that write nothing, or only statuses, and that others wait for: a P becomes idle, a syscall becomes visible, every P
//! passes a safe point, the generation ends.

use super::{Follower, Gap, NO_BEGINNING, Observed};
use crate::flavour::Class;
use crate::model::Ask;
use crate::model::choose::Act;
use crate::model::state::{Mi, PPlace, Pend, Pi};
use rustc_hash::FxHashSet;
use tracehound_wire::event::{go_status, proc_status};
use tracehound_wire::{EventType::*, NONE_ID};

impl<'e> Follower<'e, '_> {
    /// The position of `p` among the idle ones; an M that is about to put it there does so.
    pub(super) fn idle_at(&mut self, p: Pi) -> Result<Option<u32>, Gap> {
        if let Some(PPlace::Owned(x)) = self.w.s.ps.get(p).map(|p| p.place)
            && self.w.s.ms[x].pend.gives() == Some(p)
        {
            self.drive(x, None, &[])?;
        }
        Ok(self.w.s.idle.iter().position(|&q| q == p).map(|at| at as u32))
    }

    /// Makes `p` visible as one that is in a syscall, if it is in one; whether it is.
    pub(super) fn expose(&mut self, p: Pi) -> Result<bool, Gap> {
        for _ in 0..2 {
            let Some(PPlace::Run(x)) = self.w.s.ps.get(p).map(|p| p.place) else { break };
            if self.w.s.ms[x].pend != Pend::EnterA {
                break;
            }
            let passer = self.w.s.world.is_some_and(|m| self.w.s.ms[m].pend == Pend::Pass);
            let unaware = self.w.s.ps[p].must.then_some((Ask::Unaware, u32::from(passer)));
            self.drive(x, None, unaware.as_slice())?;
        }
        Ok(self.w.s.ps.get(p).is_some_and(|p| matches!(p.place, PPlace::Sys(_))))
    }

    /// Only statuses are left of the stream: its P passes a safe point, or the generation ends.
    pub(super) fn rest(&mut self, stream: usize) -> Result<bool, Gap> {
        let tid = self.streams[stream].tid;
        let Some(&m) = self.ms.get(&tid) else { return self.wait("no M is on this thread") };
        if matches!(self.w.s.ms[m].pend, Pend::Pass | Pend::AdvanceWait) {
            return self.wait("a status that a pass does not write");
        }
        if let Some(p) = self.w.s.ms[m].p
            && self.w.s.ps[p].must
            && (self.w.s.ms[m].g.is_none() || self.w.s.ms[m].pend == Pend::EnterA)
        {
            return self.go(m, &[]);
        }
        if self.begin_pass(stream)? {
            return Ok(true);
        }
        let class_a = self.w.t.swarm.class() == Class::A;
        if class_a && self.head(stream).is_some_and(|e| e.ty == ProcStatus && e.args[1] == proc_status::SYSCALL) {
            return self.wait(NO_BEGINNING);
        }
        let can_pass = self.w.s.ms[m].p.is_some() && self.w.s.ms[m].g.is_none();
        if can_pass && self.ask_for_statuses(m)? {
            return Ok(true);
        }
        self.wait("a status that nothing needs")
    }

    /// Class A: whoever has begun the generation asks for the statuses of all Ps, that of `m` among them; whether there is
    /// such a one.
    pub(super) fn ask_for_statuses(&mut self, m: Mi) -> Result<bool, Gap> {
        if self.w.t.swarm.class() != Class::A || self.w.s.world.is_some() {
            return Ok(false);
        }
        let Some(asker) = (0..self.w.s.ms.len()).find(|&x| x != m && self.w.runs_freely(x)) else { return Ok(false) };
        let idle = self.stream_of(asker).map_or(Vec::new(), |s| self.idle_statuses_next(s));
        let mut answers = vec![(Ask::Statuses, 1)];
        answers.extend(self.status_order(&idle)?);
        self.begin(asker, Act::Pass, answers)?;
        Ok(true)
    }

    /// An M that lets every P pass a safe point: it takes the next one from a syscall, or is done.
    pub(super) fn passing(&mut self, stream: usize, m: Mi, e: &Observed) -> Result<bool, Gap> {
        if e.ty == ProcSteal {
            let p = e.args[0] as Pi;
            if !self.is_next_of_p(stream, e) || !self.expose(p)? {
                return self.wait("the P to be taken is not in a syscall");
            }
            if !self.w.s.ps[p].must {
                // It has passed this time: this is the next pass.
                return match self.w.s.ms[m].pend == Pend::Pass && self.all_have_passed(m)? {
                    true => self.go(m, &[]),
                    false => self.wait("the P to be taken has passed its safe point"),
                };
            }
            let s = &self.w.s;
            let owes = |&q: &Pi| s.ps[q].must && matches!(s.ps[q].place, PPlace::Sys(_));
            let at = (0..p).filter(owes).count() as u32;
            return self.go(m, &[(Ask::Index, at)]);
        }
        let ends = self.w.s.ms[m].pend == Pend::AdvanceWait;
        if ends || !self.all_have_passed(m)? {
            // Whoever gives away what it has taken may need a thread for it.
            if let Some(answers) = self.beside_a_pass(e) {
                return self.go(m, &answers);
            }
        }
        if ends {
            return self.wait("the generation is about to change");
        }
        if !self.all_have_passed(m)? {
            return self.wait("a P has not passed a safe point");
        }
        let ends = self.w.s.marking && e.ty == STWBegin && self.ends_marking(stream);
        let answer = ends.then_some((Ask::Termination, 1));
        self.go(m, answer.as_slice())
    }

    /// Lets those pass that can do so without a word; whether all have.
    pub(super) fn all_have_passed(&mut self, m: Mi) -> Result<bool, Gap> {
        for p in 0..self.w.s.ps.len() {
            if !self.w.s.ps[p].must {
                continue;
            }
            match self.w.s.ps[p].place {
                PPlace::Run(x) if x != m && self.w.s.ms[x].pend.is_none() && self.w.s.ms[x].g.is_none() => {
                    self.drive(x, None, &[])?;
                }
                PPlace::Run(x) if self.w.s.ms[x].pend == Pend::EnterA => self.drive(x, None, &[])?,
                PPlace::Run(x) if x != m && self.enters_in_next(x, p) => {
                    self.act(x, Act::Enter, &[(Ask::Unaware, 0)])?;
                }
                PPlace::Owned(x) if self.w.s.ms[x].pend.gives() == Some(p) => self.drive(x, None, &[])?,
                PPlace::Idle | PPlace::Stopped | PPlace::Dead => {}
                _ => return Ok(false),
            }
        }
        let s = &self.w.s;
        Ok(s.ps.iter().all(|p| !p.must || matches!(p.place, PPlace::Idle | PPlace::Stopped | PPlace::Dead)))
    }

    /// Class B: whether `x` can be on its way into a syscall that belongs to the next generation: it runs, and writes
    /// nothing any more.
    fn enters_in_next(&self, x: Mi, p: Pi) -> bool {
        let silent = self.stream_of(x).is_none_or(|stream| self.head(stream).is_none());
        silent
            && self.w.t.swarm.class() == Class::B
            && self.w.s.ps[p].slots.traced(self.w.s.gen_)
            && self.w.runs_plainly(x)
    }

    /// Whether all Ps that the pass next on the stream takes are in the syscalls from which it takes them: had it begun before,
    /// they would have passed their safe points on their way there.
    pub(super) fn pass_is_due(&self, stream: usize) -> bool {
        let first = |e: &Observed| {
            let known = self.w.s.ps.get(e.args[0] as Pi);
            e.args[1] == 1 && known.is_some_and(|p| !p.slots.traced(self.w.s.gen_))
        };
        self.thefts_of_pass(stream, self.streams[stream].next).all(|e| first(e) || self.is_next_of_p(stream, e))
    }

    /// The thefts of the pass that begins at the `from`-th event of `stream`.
    pub(super) fn thefts_of_pass(&self, stream: usize, from: usize) -> impl Iterator<Item = &'e Observed> {
        let events = self.segment.events;
        let pass = self.streams[stream].events[from..].iter().map(|&i| &events[i]);
        let thefts = pass
            .take_while(|e| matches!(e.ty, ProcSteal | ProcStatus) || self.beside_a_pass(e).is_some())
            .filter(|e| e.ty == ProcSteal);
        // A pass goes over the Ps in their order: with a lesser one another pass begins.
        let mut latest = None;
        thefts.take_while(move |e| latest.replace(e.args[0]).is_none_or(|before| before < e.args[0]))
    }

    /// A pass that writes nothing of its own begins as early as it can, right after what its M has done before:
    /// others pass their safe points between its beginning and its end.
    pub(super) fn begin_pass_early(&mut self, stream: usize) -> Result<bool, Gap> {
        let next = self.streams[stream].next;
        let head = self.streams[stream].events.get(next).map(|&i| self.segment.events[i].ty);
        if head == Some(ProcSteal) || !self.idle_statuses_next(stream).is_empty() {
            return Ok(false);
        }
        self.begin_pass(stream)
    }

    /// Begins the pass that the next events of `stream` belong to, if they do.
    pub(super) fn begin_pass(&mut self, stream: usize) -> Result<bool, Gap> {
        let tid = self.streams[stream].tid;
        let Some(&m) = self.ms.get(&tid) else { return Ok(false) };
        if self.w.s.world.is_some() || !self.w.runs_freely(m) {
            return Ok(false);
        }
        let class = self.w.t.swarm.class();
        let idle = self.idle_statuses_next(stream);
        if self.ender == Some(stream) && class == Class::B && self.only_pass_left(stream) {
            if !self.w.runs_plainly(m) || !self.w.may_advance() {
                return Ok(false);
            }
            let answers = self.status_order(&idle)?;
            self.begin(m, Act::Advance, answers)?;
            return Ok(true);
        }
        let next = self.main(stream, 0);
        let statuses = !idle.is_empty() && class == Class::A;
        let gc = match next.map(|e| e.ty) {
            Some(ProcSteal) => true,
            Some(STWBegin) => self.ends_marking(stream),
            _ => false,
        };
        if !statuses && !gc {
            return Ok(false);
        }
        let mut answers = Vec::new();
        if class == Class::A && (statuses || self.traces_first(stream, m)) {
            answers.push((Ask::Statuses, 1));
            answers.extend(self.status_order(&idle)?);
        }
        self.begin(m, Act::Pass, answers)?;
        Ok(true)
    }

    fn begin(&mut self, m: Mi, act: Act, mut answers: Vec<(Ask, u32)>) -> Result<(), Gap> {
        let p = self.w.s.ms[m].p;
        self.pass_from = self.stream_of(m).map_or(0, |stream| self.streams[stream].next);
        if p.is_some_and(|p| self.w.s.ps[p].must) {
            answers.insert(0, (Ask::Urgent, 2));
        }
        self.drive(m, Some(act), &answers)
    }

    /// Whether the theft that comes next is the first mention of its P, so that the pass of `m` is the tracer's own: that
    /// begins with the status of the P that it runs on, where that is due.
    fn traces_first(&self, stream: usize, m: Mi) -> bool {
        let s = &self.w.s;
        let due = |p: &Pi| s.ps.get(*p).is_some_and(|p| !p.slots.traced(s.gen_));
        let taken = self.main(stream, 0).map(|e| e.args[0] as Pi);
        let first = self.statuses(stream).find(|e| e.ty == ProcStatus).map(|e| e.args[0] as Pi);
        taken.is_some_and(|p| due(&p)) && s.ms[m].p.filter(due).is_none_or(|own| first == Some(own))
    }

    /// The idle Ps whose statuses come next on the stream, for no other reason than a pass.
    pub(super) fn idle_statuses_next(&self, stream: usize) -> Vec<Pi> {
        let s = &self.streams[stream];
        let mut idle = Vec::new();
        for (k, &i) in s.events[s.next..].iter().enumerate() {
            let e = &self.segment.events[i];
            if e.ty != ProcStatus || e.args[1] != proc_status::IDLE {
                break;
            }
            let next = s.events[s.next + k + 1..].iter().map(|&i| &self.segment.events[i]);
            let used = next
                .filter(|n| n.ty == ProcStart || !(super::is_status(n.ty) || super::steps::allocation(n.ty).is_some()))
                .take(1)
                .any(|n| n.ty == ProcStart && n.args[0] == e.args[0]);
            if used {
                break;
            }
            idle.push(e.args[0] as Pi);
        }
        idle
    }

    /// The answers that make a pass write these statuses and no others.
    fn status_order(&mut self, idle: &[Pi]) -> Result<Vec<(Ask, u32)>, Gap> {
        for &p in idle {
            self.idle_at(p)?;
        }
        let s = &self.w.s;
        let mut due: Vec<Pi> = s.idle.iter().copied().filter(|&p| !s.ps[p].slots.traced(s.gen_)).collect();
        due.sort_unstable();
        let mut answers = Vec::new();
        for p in idle {
            let Some(at) = due.iter().position(|q| q == p) else { break };
            due.remove(at);
            answers.push((Ask::Index, at as u32));
        }
        if !due.is_empty() {
            answers.push((Ask::Index, due.len() as u32));
        }
        Ok(answers)
    }

    /// Whether nothing but the pass before the next generation is left of the stream.
    fn only_pass_left(&self, stream: usize) -> bool {
        let s = &self.streams[stream];
        s.events[s.next..].iter().enumerate().all(|(k, &i)| {
            let e = &self.segment.events[i];
            let beside = k > 0 && self.beside_a_pass(e).is_some();
            beside || matches!(e.ty, ProcSteal | ProcStatus)
        })
    }

    /// The answers with which the M of a pass writes this event on the side.
    fn beside_a_pass(&self, e: &Observed) -> Option<Vec<(Ask, u32)>> {
        match e.ty {
            HeapAlloc | HeapGoal => Some(vec![(Ask::Stopped, 1), (Ask::Detail, u32::from(e.ty == HeapGoal))]),
            GCSweepBegin | GCSweepEnd => Some(vec![(Ask::Stopped, 5)]),
            ty => super::steps::allocation(ty).map(|kind| vec![(Ask::Stopped, 4), (Ask::Detail, kind)]),
        }
    }

    /// The stream whose M ends the generation: the one that begins the next, or else, of those that run something
    /// in the end, the one that has been silent for longest.
    pub(super) fn find_ender(&self) -> Option<usize> {
        let mut runs = FxHashSet::default();
        for e in self.segment.events {
            match e.ty {
                GoStart | GoSyscallEnd | GoSwitch | GoSwitchDestroy => {
                    runs.insert(e.thread);
                }
                GoStatus | GoStatusStack if e.args[2] == go_status::RUNNING => {
                    runs.insert(e.thread);
                }
                GoStop | GoBlock | GoDestroy | GoSyscallBegin => {
                    runs.remove(&e.thread);
                }
                _ => {}
            }
        }
        if let Some(tid) = self.segment.ends_on
            && runs.contains(&tid)
        {
            return self.by_thread.get(&tid).copied();
        }
        let last = |&s: &usize| {
            self.streams[s].events.iter().rev().find(|&&i| !matches!(self.segment.events[i].ty, ProcSteal | ProcStatus))
        };
        (0..self.streams.len()).filter(|&s| runs.contains(&self.streams[s].tid)).min_by_key(|s| last(s).copied())
    }

    /// Whether `m` can end the generation, or does so already.
    pub(super) fn ends(&self, m: Mi) -> bool {
        self.w.s.ms[m].pend == Pend::AdvanceWait || (self.w.s.world.is_none() && self.w.runs_plainly(m))
    }

    /// The generation ends on `m`.
    pub(super) fn finish_on(&mut self, m: Mi) -> Result<(), Gap> {
        if self.w.s.ms[m].pend.is_none() {
            if !self.w.may_advance() {
                return Err(self.at_end("the generation ends in a window in which it must not"));
            }
            let answers = if self.w.t.swarm.class() == Class::B { self.status_order(&[])? } else { Vec::new() };
            self.begin(m, Act::Advance, answers)?;
        }
        if self.w.t.swarm.class() == Class::B {
            if !self.all_have_passed(m)? {
                return Err(self.at_end("a P has not passed a safe point"));
            }
            self.drive(m, None, &[])?;
            self.drive(m, None, &[])?;
        }
        if self.w.s.gen_ == self.w.s.first_gen {
            return Err(self.at_end("the generation does not end"));
        }
        self.compare_quiet()
    }

    /// Holds what the tracer says of quiet goroutines against the trace, in any order.
    fn compare_quiet(&mut self) -> Result<(), Gap> {
        let written = self.w.t.written(self.w.s.first_gen);
        let own: Vec<_> = written.iter().filter(|e| e.stream == NONE_ID).copied().collect();
        let mut ranges = 0;
        for e in own {
            if e.ty == GCMarkAssistActive {
                ranges += 1;
                continue;
            }
            let name = self.names.get(&e.args[0]).copied().unwrap_or(NONE_ID);
            let Some((status, tid)) = self.quiet.remove(&name) else {
                return Err(self.at_end("the model also tells of a quiet goroutine"));
            };
            let place_fits = status == e.args[2];
            let thread_fits = self.real_tids.get(&e.args[1]).copied().unwrap_or(e.args[1]) == tid;
            if !place_fits || !thread_fits {
                return Err(self.at_end("a quiet goroutine is elsewhere"));
            }
        }
        if !self.quiet.is_empty() || ranges != self.quiet_ranges {
            return Err(self.at_end("the trace tells of another quiet goroutine"));
        }
        Ok(())
    }
}
