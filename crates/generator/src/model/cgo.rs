//! C threads that call into Go: an M made for them binds to a thread, and lets it go again.
//!
//! The M remembers the P of its last syscall, which may still be waiting there, under the id
//! of a thread that is long gone.

use super::ops::go_change;
use super::state::{GPlace, Mi, PPlace, PView};
use super::{Ask, World};
use crate::fault::EmissionFault;
use crate::history::{Resource, Transition, Visible};
use tracehound_wire::EventType;
use tracehound_wire::event::proc_status;

impl World<'_> {
    /// `needm`: a thread without an M takes the spare one.
    pub(super) fn create_syscall(&mut self, m: Mi) {
        let Some(g) = self.s.ms[m].locked else { return };
        let i = self.ask(Ask::Index, self.s.free_tids.len());
        let tid = self.s.free_tids.swap_remove(i);
        self.s.ms[m].tid = tid;
        if let Some(p) = self.s.ms[m].oldp
            && self.t.armed(EmissionFault::CreateSyscallAnnouncesProc)
            && self.s.ps[p].place == PPlace::Sys(m)
        {
            self.t.write(tid, m, EventType::ProcStatus, [p as u64, proc_status::SYSCALL, 0, 0]);
            self.t.hit();
        }
        let id = self.s.gs[g].id;
        let change = go_change(id, Visible::NotExist, Visible::Syscall);
        self.t.put(&self.s, m, EventType::GoCreateSyscall, &[id], change);
        self.s.gs[g].known = true;
        self.s.gs[g].slots.set_traced(self.t.section);
        self.s.place_g(g, GPlace::Syscall(m));
        self.s.ms[m].g = Some(g);
        self.s.ms[m].vg = Some(g);
    }

    /// `dropm`: the thread ends. Its P, if it still has one, stays behind for whoever wants it.
    pub(super) fn destroy_syscall(&mut self, m: Mi) {
        let Some(g) = self.s.ms[m].g else { return };
        if !self.s.gs[g].slots.traced(self.t.section) {
            self.t.go_status(&mut self.s, m, g, GPlace::Syscall(m));
        }
        let id = self.s.gs[g].id;
        let tid = self.s.ms[m].tid;
        if let Some(p) = self.s.ms[m].vp {
            let change =
                Some(Transition { resource: Resource::Proc(p as u64), old: Visible::Running, new: Visible::Idle });
            let context = self.t.context(&self.s, m);
            self.t.derive(tid, EventType::ProcSteal, [p as u64, 0, 0, 0], change, context);
            self.t.mark_racy();
        }
        if let Some(p) = self.s.ms[m].p {
            self.s.ps[p].view = PView::Abandoned;
        }
        let change = go_change(id, Visible::Syscall, Visible::NotExist);
        self.t.put(&self.s, m, EventType::GoDestroySyscall, &[], change);
        self.t.mark_racy();
        self.t.flush(m, tid);
        self.s.place_g(g, GPlace::Dead);
        self.s.gs[g].slots = Default::default();
        self.s.gs[g].regions.clear();
        let gen_ = self.s.gen_;
        let x = &mut self.s.ms[m];
        (x.p, x.vp, x.g, x.vg) = (None, None, None, None);
        x.tick = u32::MAX;
        x.dropped = Some(gen_);
        self.s.free_tids.push(tid);
    }

    /// Whether a C thread can take the spare `m`. Its goroutine's id is used again, and its sequence begins anew; only the clock
    /// tells the two uses apart, or a new generation.
    pub(super) fn can_create_syscall(&self, m: Mi) -> bool {
        !self.s.free_tids.is_empty() && (self.t.in_time() || self.s.ms[m].dropped != Some(self.s.gen_))
    }

    /// Whether `m` is spare: it serves C threads, and has none.
    pub(super) fn is_spare(&self, m: Mi) -> bool {
        self.s.ms[m].extra
            && self.s.ms[m].g.is_none()
            && self.s.ms[m].locked.is_some_and(|g| self.s.gs[g].place == GPlace::Dead)
    }
}
