//! Goroutines that are locked to their thread (`runtime.LockOSThread`).

use super::World;
use super::state::{GPlace, Gi, Mi, PPlace, Pend, Role};
use crate::fault::EmissionFault;

impl World<'_> {
    /// Locks the goroutine on `m` to it, or unlocks it. Nothing is written.
    pub(super) fn toggle_lock(&mut self, m: Mi) {
        let Some(g) = self.s.ms[m].g else { return };
        if self.s.gs[g].locked.take().is_some() {
            self.s.ms[m].locked = None;
        } else {
            self.s.gs[g].locked = Some(m);
            self.s.ms[m].locked = Some(g);
        }
    }

    /// Starts `g` on `m`, or, where it is locked to another M, hands that M the P. False if that M
    /// cannot take it yet.
    pub(super) fn start_or_hand_over(&mut self, m: Mi, g: Gi) -> bool {
        match self.s.gs[g].locked {
            Some(x) if x != m => {
                if self.s.ms[x].pend.is_some() || self.s.ms[x].p.is_some() || self.s.ms[x].g.is_some() {
                    return false;
                }
                if self.t.armed(EmissionFault::HandOverWithoutStop) {
                    self.t.stat(&mut self.s, m);
                    self.t.drop_next();
                }
                let Some(p) = self.stop_p(m) else { return false };
                self.s.ps[p].place = PPlace::Owned(x);
                self.s.place_g(g, GPlace::Held(x));
                self.s.ms[x].pend = Pend::StartPFor(p, g);
                true
            }
            _ => {
                self.start_g(m, g);
                if self.fine() {
                    self.label(m);
                }
                true
            }
        }
    }

    /// The locked goroutine on `m` ends, and its thread with it.
    pub(super) fn destroy_locked(&mut self, m: Mi) {
        let Some(g) = self.s.ms[m].g else { return };
        self.destroy_g(m);
        self.s.gs[g].locked = None;
        self.s.ms[m].locked = None;
        self.s.ms[m].alive = false;
        self.park(m);
    }

    /// Whether the goroutine on `m` may end by itself here.
    pub(super) fn can_destroy(&self, m: Mi) -> bool {
        let Some(g) = self.s.ms[m].g else { return false };
        // The first goroutine stays, so that there is always one that can stop the trace; the same goes for its thread.
        g != 0
            && self.s.gc_starter != Some(g)
            && self.s.gs[g].role == Role::User
            && !(self.s.gs[g].locked.is_some() && m == 0)
    }
}
