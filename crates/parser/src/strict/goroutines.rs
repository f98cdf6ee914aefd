//! Strict rules of goroutines.

use super::state::Doing;
use super::{Check, Happened, Strict, is_on_thread, reject};
use tracehound_wire::event::go_status as code;
use tracehound_wire::{EventType, RejectRule};

impl Strict {
    pub(super) fn go_status(&mut self, e: &Happened<'_>) -> Check {
        let (id, m, status) = (e.id(), e.args[1] as i64, e.args[2]);
        self.go_id(e)?;
        if !(code::RUNNABLE..=code::WAITING).contains(&status) {
            return reject(
                RejectRule::GoStatusUnwritten,
                format!("goroutine {id} is reported with the status {status}"),
            );
        }
        let generation = self.generation;
        if self.state.gor(id).told == generation {
            return reject(
                RejectRule::GoStatusTwice,
                format!("goroutine {id} is reported although this generation has reported or created it before"),
            );
        }
        self.state.gor(id).told = generation;
        self.start.go_status = true;
        if !is_on_thread(status) {
            return Ok(());
        }
        if e.m != -1 && m != e.m {
            return reject(
                RejectRule::GoStatusThread,
                format!("thread {} reports goroutine {id} as being on thread {m}", e.m),
            );
        }
        if m != -1 {
            self.have(m, id)?;
        }
        if status == code::RUNNING && e.m != -1 && self.state.p_of(m).is_none() {
            return reject(
                RejectRule::GoRunningWithoutProc,
                format!("goroutine {id} is reported running on thread {m}, which holds no P"),
            );
        }
        self.state.give_g(m, id);
        Ok(())
    }

    /// Thread `m` is said to have goroutine `id`: nobody else has, and it has no other one.
    fn have(&mut self, m: i64, id: i64) -> Check {
        let (holder, held) = (self.state.gor(id).holder, self.state.g_of(m));
        match (holder, held) {
            (Some(other), _) if other != m => reject(
                RejectRule::GoHeldTwice,
                format!("thread {m} is said to have goroutine {id}, which thread {other} has"),
            ),
            (_, Some(other)) if other != id => reject(
                RejectRule::ThreadRunsTwoGoroutines,
                format!("thread {m} is said to have goroutine {id}, but it has goroutine {other}"),
            ),
            _ => Ok(()),
        }
    }

    fn go_id(&self, e: &Happened<'_>) -> Check {
        if e.id() != -1 {
            return Ok(());
        }
        reject(RejectRule::GoIdNone, format!("{} names a goroutine {}", e.ty, e.args[0]))
    }

    pub(super) fn go_create(&mut self, e: &Happened<'_>) -> Check {
        self.go_id(e)?;
        let generation = self.generation;
        self.state.gor(e.id()).told = generation;
        if self.state.g_of(e.m).is_some() { self.go_told(e) } else { Ok(()) }
    }

    /// The goroutine of the thread stops, blocks, ends, or hands its thread to another one.
    pub(super) fn go_stop(&mut self, e: &Happened<'_>) -> Check {
        use EventType::*;
        self.proc_told(e)?;
        self.not_sweeping(e)?;
        // Go 1.23 to 1.27 clear the dying goroutine before its status could be written.
        if e.ty != GoSwitchDestroy {
            self.go_told(e)?;
        }
        let own = self.state.take_g(e.m);
        if matches!(e.ty, GoDestroy | GoSwitchDestroy) {
            self.ends(e, own)?;
        }
        if matches!(e.ty, GoSwitch | GoSwitchDestroy) {
            self.state.give_g(e.m, e.id());
        }
        Ok(())
    }

    pub(super) fn destroy_syscall(&mut self, e: &Happened<'_>) -> Check {
        self.go_told(e)?;
        let own = self.state.take_g(e.m);
        if let Some(p) = self.state.p_of(e.m) {
            self.state.free_p(p, Doing::Abandoned);
        }
        self.ends(e, own)
    }

    fn ends(&mut self, e: &Happened<'_>, g: Option<i64>) -> Check {
        let Some(g) = g else { return Ok(()) };
        let open = self.state.gor_of(g).is_some_and(|g| g.assist != 0 || g.stw != 0);
        self.state.forget_g(g);
        if open {
            return reject(
                RejectRule::RangeLeftOpen,
                format!("{} of goroutine {g}, which assists the GC or has the world stopped", e.ty),
            );
        }
        Ok(())
    }

    /// The event is of its thread's goroutine, whose status has been told.
    pub(super) fn go_told(&self, e: &Happened<'_>) -> Check {
        match self.state.g_of(e.m) {
            Some(g) if self.state.gor_of(g).is_none_or(|g| g.told != self.generation) => reject(
                RejectRule::GoWithoutStatus,
                format!("{} is of goroutine {g} on thread {}, whose status this generation has not told", e.ty, e.m),
            ),
            _ => Ok(()),
        }
    }
}
