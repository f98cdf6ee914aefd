//! Which step writes a thread's next event.

use super::{Follower, Gap, NO_BEGINNING, Observed};
use crate::model::Ask;
use crate::model::choose::Act;
use crate::model::state::{GPlace, Gi, Mi, Pend, Pi, Role, Stop};
use tracehound_wire::EventType::{self, *};

/// The answer that [`World::one_in`](crate::model::World) takes for a yes, for one in `n`.
pub(super) const fn yes(n: u32) -> u32 {
    n - 1
}

/// The number of an event of the allocation experiment, if it is one that happens anywhere.
pub(super) fn allocation(ty: EventType) -> Option<u32> {
    [SpanAlloc, SpanFree, HeapObjectAlloc, HeapObjectFree, GoroutineStackAlloc, GoroutineStackFree]
        .iter()
        .position(|&t| t == ty)
        .map(|i| i as u32)
}

/// The answers with which an M that has a P, and no goroutine yet, writes such an event.
pub(super) fn used_with_p(ty: EventType) -> Option<Vec<(Ask, u32)>> {
    match ty {
        HeapAlloc => Some(vec![(Ask::WithP, 1)]),
        GCSweepBegin | GCSweepEnd => Some(vec![(Ask::WithP, 2)]),
        _ => allocation(ty).map(|kind| vec![(Ask::WithP, 3), (Ask::Detail, kind)]),
    }
}

impl<'e> Follower<'e, '_> {
    /// Takes a step towards the next event of `stream`; false if it has to wait for others.
    pub(super) fn explain(&mut self, stream: usize) -> Result<bool, Gap> {
        let tid = self.streams[stream].tid;
        let Some(e) = self.main(stream, 0) else { return self.rest(stream) };
        if e.ty == GoCreateSyscall {
            return self.create_syscall(stream, e);
        }
        let Some(&m) = self.ms.get(&tid) else { return self.wait("no M is on this thread") };
        let e = self.growth(stream).map_or(e, |(woken, _)| woken);
        match self.w.s.ms[m].pend {
            Pend::None => self.free(stream, m, e),
            Pend::GiveP(p) => self.give(stream, m, p),
            Pend::Borrowed(_) => self.borrowing(m, e),
            Pend::PublishedA => self.published(stream, m, e),
            Pend::EnterB => {
                let stops = self.main(stream, 1).is_some_and(|e| e.ty == ProcStop);
                let unaware = self.w.s.stop() == Stop::Stopping && !stops;
                self.go(m, unaware.then_some((Ask::Unaware, 1)).as_slice())
            }
            Pend::GcWaitA if self.w.s.sched.is_some() => self.wait("the scheduler's lock is held"),
            Pend::EndedNoP(_) if e.ty == ProcStart && self.w.s.ms[m].locked.is_some() => self.ended_locked(m, e),
            Pend::EndedNoP(_) => self.ended(m),
            Pend::GcStop => {
                let more = (e.ty == GoCreate).then_some((Ask::More, yes(2)));
                self.go(m, more.as_slice())
            }
            Pend::Pass | Pend::AdvanceWait => self.passing(stream, m, e),
            Pend::StwTake(from) => self.stop_taking(m, from, e),
            Pend::StwWait => self.stop_waiting(m),
            Pend::StwStopped | Pend::StwEnd => self.stopped(stream, m, e),
            Pend::AdvanceSwitch => self.wait("the generation is about to change"),
            Pend::StartG(_) | Pend::EndBlockedA if used_with_p(e.ty).is_some() => self.borrowing(m, e),
            Pend::StartG(_) => {
                let label = self.label_after(stream);
                self.go(m, label.as_slice())
            }
            Pend::StartP(_) | Pend::StartPFor(..) | Pend::Took(_) => {
                let mut answers = self.sweeps_before_start(stream);
                answers.extend(self.label_after_syscall(stream));
                self.go(m, &answers)
            }
            _ => self.go(m, &[]),
        }
    }

    /// `m` goes on with what it has begun.
    pub(super) fn go(&mut self, m: Mi, answers: &[(Ask, u32)]) -> Result<bool, Gap> {
        self.drive(m, None, answers)?;
        Ok(true)
    }

    /// `m` does `act`.
    pub(super) fn act(&mut self, m: Mi, act: Act, answers: &[(Ask, u32)]) -> Result<bool, Gap> {
        let s = &self.w.s;
        let x = &s.ms[m];
        let mut all = Vec::new();
        if let Some(p) = x.p {
            let running = x.g.is_some_and(|g| s.gs[g].place == GPlace::Running(m));
            let late = self.finds_work_before_safe_point(m, p);
            if !running && s.ps[p].must && !late {
                // The safe point comes before anything else that is going to happen here.
                let stays = x.locked.is_some().then_some((Ask::Unaware, 1));
                return self.go(m, stays.as_slice());
            }
            if running && (s.ps[p].must || s.stop() == Stop::Stopping) {
                all.push((Ask::Urgent, 2));
            }
            let looks = [x.locked.is_some(), s.ps[p].must, s.stop() == Stop::Stopping];
            let looks = looks.into_iter().filter(|&looks| looks && !running).count();
            all.extend(std::iter::repeat_n((Ask::Unaware, 1), looks));
        }
        all.extend_from_slice(answers);
        self.drive(m, Some(act), &all)?;
        Ok(true)
    }

    /// Whether the scheduler on `m` looked for a safe point just before it was asked for one: something else than its P's
    /// status comes next, although that is due.
    fn finds_work_before_safe_point(&self, m: Mi, p: Pi) -> bool {
        let first = self.stream_of(m).and_then(|stream| self.statuses(stream).next());
        let other = first.is_some_and(|e| e.ty != ProcStatus || e.args[0] != p as u64);
        other && !self.w.s.ps[p].slots.traced(self.w.s.gen_)
    }

    /// The position of a goroutine among those that wait.
    pub(super) fn waiting(&self, id: u64) -> Option<u32> {
        let g = *self.gs.get(&id)?;
        (self.w.s.gs[g].place == GPlace::Waiting).then_some(self.w.s.gs[g].at as u32)
    }

    /// A thread that is in the middle of nothing.
    fn free(&mut self, stream: usize, m: Mi, e: &Observed) -> Result<bool, Gap> {
        let x = &self.w.s.ms[m];
        match (x.p, x.g) {
            (_, Some(g)) if self.w.s.gs[g].place == GPlace::Syscall(m) => self.in_syscall(stream, m, e),
            (Some(p), Some(g)) => self.running(stream, m, p, g, e),
            (Some(p), None) => self.scheduling(stream, m, p, e),
            _ => self.bare(stream, m, e),
        }
    }

    fn bare(&mut self, stream: usize, m: Mi, e: &Observed) -> Result<bool, Gap> {
        let sysmon = self.w.s.ms[m].sysmon;
        let e = &self.start_after_sweeps(stream).copied().unwrap_or(*e);
        match e.ty {
            ProcStart => {
                let p = e.args[0] as Pi;
                if !self.is_next_of_p(stream, e) {
                    return self.wait("it is another event's turn with the P");
                }
                if self.w.s.stop() != Stop::No || self.w.s.sched.is_some() {
                    return self.wait("the world is stopped");
                }
                let Some(at) = self.idle_at(p)? else { return self.wait("the P to be started is not idle") };
                self.act(m, Act::TakeIdle, &[(Ask::Index, at)])
            }
            ProcSteal if sysmon => {
                let p = e.args[0] as Pi;
                if !self.is_next_of_p(stream, e) {
                    return self.wait("it is another event's turn with the P");
                }
                if self.w.s.sched.is_some() || !self.expose(p)? {
                    return self.wait("the P to be taken is not in a syscall");
                }
                self.act(m, Act::Retake, &[(Ask::Index, p as u32)])
            }
            GoUnblock => self.unblock(stream, m, e),
            _ => self.wait("a thread without a P does something else"),
        }
    }

    /// Whether it is an event's turn by the number that it gives its P; a P without a status must get it on this stream.
    pub(super) fn is_next_of_p(&self, stream: usize, e: &Observed) -> bool {
        let s = &self.w.s;
        let [p, number, ..] = e.args;
        let Some(x) = s.ps.get(p as Pi) else { return false };
        match x.slots.traced(s.gen_) {
            true => u64::from(x.slots.seq(s.gen_)) + 1 == number,
            false => number == 1 && self.statuses(stream).any(|o| o.ty == ProcStatus && o.args[0] == p),
        }
    }

    /// The same for a goroutine.
    pub(super) fn is_next_of_g(&self, stream: usize, e: &Observed) -> bool {
        let s = &self.w.s;
        let [g, number, ..] = e.args;
        let Some(&i) = self.gs.get(&g) else { return false };
        match s.gs[i].slots.traced(s.gen_) {
            true => u64::from(s.gs[i].slots.seq(s.gen_)) + 1 == number,
            false => number == 1 && self.statuses(stream).any(|o| o.ty == GoStatus && o.args[0] == g),
        }
    }

    fn unblock(&mut self, stream: usize, m: Mi, e: &Observed) -> Result<bool, Gap> {
        if !self.is_next_of_g(stream, e) {
            return self.wait("it is another event's turn with the goroutine");
        }
        if self.passes_before_waking(stream, m, e) && self.ask_for_statuses(m)? {
            return Ok(true);
        }
        match self.waiting(e.args[0]) {
            Some(at) => self.act(m, Act::Unblock, &[vec![(Ask::Index, at)], self.growth_answers(stream)].concat()),
            None => self.wait("the goroutine to be woken does not wait"),
        }
    }

    /// The answers with which the stack grows next on the stream, if it does.
    pub(super) fn growth_answers(&self, stream: usize) -> Vec<(Ask, u32)> {
        self.growth(stream).map_or(Vec::new(), |(_, answers)| answers)
    }

    /// If the stack grows next on the stream, between the status of a goroutine that is woken and its waking: the latter, and
    /// the answers for what is in between.
    pub(super) fn growth(&self, stream: usize) -> Option<(&'e Observed, Vec<(Ask, u32)>)> {
        allocation(self.main(stream, 0)?.ty)?;
        let told = self.statuses(stream).find(|e| e.ty == GoStatus)?.args[0];
        let mut answers = Vec::new();
        for e in (0..).map_while(|k| self.main(stream, k)) {
            match allocation(e.ty) {
                Some(kind) => answers.extend([(Ask::Grows, 1), (Ask::Detail, kind)]),
                None => return (e.ty == GoUnblock && e.args[0] == told).then_some((e, answers)),
            }
        }
        None
    }

    /// Class A: whether the P of `m` is announced before the goroutine that is woken, which from Go 1.24 on only a safe point
    /// does.
    fn passes_before_waking(&self, stream: usize, m: Mi, e: &Observed) -> bool {
        let s = &self.w.s;
        let Some(p) = s.ms[m].p.filter(|&p| !s.ps[p].must && !s.ps[p].slots.traced(s.gen_)) else { return false };
        let mut statuses = self.statuses(stream);
        let first = statuses.next().is_some_and(|o| o.ty == ProcStatus && o.args[0] == p as u64);
        let woken = statuses.next().is_some_and(|o| o.ty == GoStatus && o.args[0] == e.args[0]);
        first && woken && s.ms[m].g.is_none() && self.w.t.swarm.flavour.minor() >= 24
    }

    fn scheduling(&mut self, stream: usize, m: Mi, p: Pi, e: &Observed) -> Result<bool, Gap> {
        match e.ty {
            GoStart if !self.is_next_of_g(stream, e) => self.wait("it is another event's turn with the goroutine"),
            GoStart => {
                let Some(at) = self.runnable(e.args[0])? else {
                    return self.wait("the goroutine to be started is not runnable");
                };
                let mut answers = vec![(Ask::Index, at)];
                answers.extend(self.label_after(stream));
                self.act(m, Act::Start, &answers)
            }
            ProcStop => self.stop_p(m, p),
            GoUnblock => self.unblock(stream, m, e),
            GoSwitchDestroy => self.wait(NO_BEGINNING),
            GoCreate => self.act(m, Act::Create, &[]),
            GCSweepBegin | GCSweepEnd => self.act(m, Act::Sweep, &[]),
            HeapAlloc | HeapGoal => self.heap(m, e),
            ty => match allocation(ty) {
                Some(kind) => self.act(m, Act::Alloc, &[(Ask::Detail, kind)]),
                None => self.wait("a thread without a goroutine does something else"),
            },
        }
    }

    fn heap(&mut self, m: Mi, e: &Observed) -> Result<bool, Gap> {
        self.act(m, Act::Heap, &[(Ask::Detail, u32::from(e.ty == HeapGoal))])
    }

    /// `m` lets go of its P: to sleep, because the world stops, or for the M of a locked goroutine.
    fn stop_p(&mut self, m: Mi, p: Pi) -> Result<bool, Gap> {
        let s = &self.w.s;
        let stops = s.stop() == Stop::Stopping && !s.ps[p].must && !self.starts_before_restart(p);
        if s.ms[m].locked.is_some() || stops {
            return self.go(m, &[]);
        }
        if !self.let_go_of_locked(p)? {
            return self.wait("the M that gets the P has not stopped yet");
        }
        if let Some(g) = self.handed_over(p) {
            let at = self.w.s.gs[g].at as u32;
            return self.act(m, Act::Start, &[(Ask::Index, at)]);
        }
        if self.w.s.stop() == Stop::Stopping {
            return self.go(m, &[]);
        }
        self.act(m, Act::Park, &[])
    }

    /// The runnable goroutine whose own M starts this P next.
    fn handed_over(&mut self, p: Pi) -> Option<Gi> {
        let list = self.starts.get_mut(&(p as u64))?;
        while list.last().is_some_and(|&(at, _)| self.explained[at]) {
            list.pop();
        }
        let &(_, tid) = list.last()?;
        let x = *self.ms.get(&tid)?;
        let s = &self.w.s;
        let y = &s.ms[x];
        let g = y.locked.filter(|&g| s.gs[g].place == GPlace::Runnable)?;
        (y.pend.is_none() && y.p.is_none() && y.g.is_none()).then_some(g)
    }

    /// The M that starts this P next has ended its syscall: it puts its goroutine where others can pick it.
    fn let_go_of_locked(&mut self, p: Pi) -> Result<bool, Gap> {
        let next =
            self.starts.get(&(p as u64)).and_then(|list| list.iter().rev().find(|&&(at, _)| !self.explained[at]));
        if let Some(&(_, tid)) = next
            && let Some(&x) = self.ms.get(&tid)
            && let Some(g) = self.w.s.ms[x].locked
        {
            match self.w.s.ms[x].pend {
                Pend::EndedNoP(_) => {
                    self.ended(x)?;
                }
                Pend::GiveP(_) | Pend::HandP(_) => self.drive(x, None, &[])?,
                _ if self.w.s.ms[x].p.is_some() && self.w.s.gs[g].place == GPlace::Runnable => return Ok(false),
                _ => {}
            }
        }
        Ok(true)
    }

    /// The position of a goroutine among those that are runnable; whoever is about to put it there does so.
    fn runnable(&mut self, id: u64) -> Result<Option<u32>, Gap> {
        let Some(&g) = self.gs.get(&id) else { return Ok(None) };
        if let GPlace::Held(x) = self.w.s.gs[g].place
            && self.w.s.ms[x].pend == Pend::EndedNoP(g)
        {
            self.ended(x)?;
        }
        let x = &self.w.s.gs[g];
        Ok((x.place == GPlace::Runnable).then_some(x.at as u32))
    }

    fn label_after(&self, stream: usize) -> Option<(Ask, u32)> {
        let labelled = self.main(stream, 1).is_some_and(|e| e.ty == GoLabel);
        (labelled && self.w.may_label()).then_some((Ask::Detail, 1))
    }

    fn running(&mut self, stream: usize, m: Mi, p: Pi, g: Gi, e: &Observed) -> Result<bool, Gap> {
        let world_is_free = self.w.s.world.is_none();
        let passes = e.ty == ProcSteal || !self.idle_statuses_next(stream).is_empty();
        if passes && world_is_free {
            if !self.pass_is_due(stream) && !self.at_a_loss {
                return self.wait("a pass begins when the Ps that it takes are in their syscalls");
            }
            if self.begin_pass(stream)? {
                return Ok(true);
            }
        }
        match e.ty {
            GoStop => self.act(m, Act::Stop, &[]),
            GoBlock if self.w.s.gs[g].assist => self.act(m, Act::AssistBlock, &[]),
            GoBlock => self.act(m, Act::Block, &[]),
            GoDestroy => self.act(m, Act::Destroy, &[]),
            GoCreate => self.act(m, Act::Create, &[]),
            GoCreateBlocked => self.act(m, Act::CreateCoroutine, &[]),
            GoUnblock => self.unblock(stream, m, e),
            GoSyscallBegin => self.enter(stream, m, p),
            GoSwitch | GoSwitchDestroy if !self.is_next_of_g(stream, e) => {
                self.wait("it is another event's turn with the goroutine")
            }
            GoSwitch => self.switch(m, g, e.args[0]),
            GoSwitchDestroy => self.act(m, Act::ExitCoroutine, &[]),
            HeapAlloc | HeapGoal => self.heap(m, e),
            GCSweepBegin | GCSweepEnd => self.act(m, Act::Sweep, &[]),
            GCMarkAssistBegin if !self.w.s.marking && !self.w.s.gs[g].saw_marking => self.wait("the GC does not mark"),
            GCMarkAssistBegin | GCMarkAssistEnd => self.act(m, Act::Assist, &[]),
            UserLog => self.act(m, Act::Annotate, &[(Ask::Annotation, 0)]),
            UserRegionBegin => self.act(m, Act::Annotate, &[(Ask::Annotation, 1)]),
            UserRegionEnd => self.act(m, Act::Annotate, &[(Ask::Annotation, 2)]),
            UserTaskBegin => self.act(m, Act::Annotate, &[(Ask::Annotation, 3)]),
            UserTaskEnd => self.act(m, Act::Annotate, &[(Ask::Annotation, 4)]),
            STWBegin if self.w.s.gc_starter == Some(g) => self.act(m, Act::StopForGc, &[]),
            ProcSteal | STWBegin | GCBegin if !world_is_free => self.wait("the world is held"),
            GCBegin if self.w.s.marking => self.wait("the GC marks already"),
            GCBegin => self.act(m, Act::GcBegin, &[]),
            ProcSteal => self.act(m, Act::Pass, &[]),
            STWBegin if self.ends_marking(stream) => self.act(m, Act::Pass, &[]),
            STWBegin => match self.resizes(stream) {
                Some(n) => self.act(m, Act::Resize, &[(Ask::Size, n as u32 - 1)]),
                None => self.act(m, Act::Stw, &[]),
            },
            ty => match allocation(ty) {
                Some(kind) => self.act(m, Act::Alloc, &[(Ask::Detail, kind)]),
                None => self.wait("a running goroutine does something else"),
            },
        }
    }

    fn switch(&mut self, m: Mi, g: Gi, next: u64) -> Result<bool, Gap> {
        let Some(&next) = self.gs.get(&next) else { return self.wait("the goroutine to switch to is unknown") };
        let s = &self.w.s;
        if let Role::Coroutine(own) = s.gs[g].role
            && s.coroutines[own].parked == next
        {
            return self.act(m, Act::SwitchCoroutine, &[(Ask::Index, 0)]);
        }
        if let Role::Coroutine(at) = s.gs[next].role
            && self.w.waits_inside(at)
        {
            return self.act(m, Act::SwitchCoroutine, &[(Ask::Index, 2 * at as u32 + 1)]);
        }
        self.wait("the goroutine to switch to does not wait for it")
    }
}
