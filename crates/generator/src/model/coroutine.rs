//! Coroutines (`iter.Pull`; Go 1.23 and later): two goroutines that hand one thread to each other.

use super::ops::go_change;
use super::state::{Coroutine, GPlace, Gi, Mi, Role};
use super::{World, around};
use crate::history::{Context, Field, Visible};
use tracehound_wire::EventType;

impl World<'_> {
    /// `newcoro`: the new goroutine is born blocked, and only a switch can wake it.
    pub(super) fn create_coroutine(&mut self, m: Mi) {
        let g = self.create(m, EventType::GoCreateBlocked, GPlace::Parked);
        let free = self.s.coroutines.iter().position(|c| self.s.gs[c.inside].role == Role::User);
        let coroutine = Coroutine { inside: g, parked: g };
        let at = match free {
            Some(at) => {
                self.s.coroutines[at] = coroutine;
                at
            }
            None => {
                self.s.coroutines.push(coroutine);
                self.s.coroutines.len() - 1
            }
        };
        self.s.gs[g].role = Role::Coroutine(at);
    }

    /// A coroutine that the goroutine on `m` can switch to: its own other side, or one whose
    /// inside waits. `from` says where the search begins.
    pub(super) fn switchable(&self, m: Mi, from: usize) -> Option<usize> {
        let g = self.s.ms[m].g?;
        if let Role::Coroutine(own) = self.s.gs[g].role
            && from.is_multiple_of(2)
        {
            return Some(own);
        }
        let n = self.s.coroutines.len();
        around(from.checked_rem(n).unwrap_or(0), n).find(|&at| self.waits_inside(at))
    }

    /// Whether the inside of this coroutine waits, so that anybody can switch to it.
    pub(super) fn waits_inside(&self, at: usize) -> bool {
        let c = &self.s.coroutines[at];
        c.parked == c.inside
            && self.s.gs[c.inside].place == GPlace::Parked
            && self.s.gs[c.inside].role == Role::Coroutine(at)
    }

    /// `coroswitch`: the goroutine on `m` waits, and the coroutine's other side runs in its place.
    pub(super) fn switch_coroutine(&mut self, m: Mi, at: usize) {
        let Some(g) = self.s.ms[m].g else { return };
        let next = self.s.coroutines[at].parked;
        self.s.coroutines[at].parked = g;
        self.write_switch(m, g, next, EventType::GoSwitch, GPlace::Parked);
    }

    /// The inside of a coroutine returns: it ends, and the outside runs in its place.
    pub(super) fn exit_coroutine(&mut self, m: Mi) {
        let Some(g) = self.s.ms[m].g else { return };
        let Role::Coroutine(at) = self.s.gs[g].role else { return };
        let next = self.s.coroutines[at].parked;
        self.s.gs[g].role = Role::User;
        self.write_switch(m, g, next, EventType::GoSwitchDestroy, GPlace::Dead);
    }

    /// Whether the coroutine goroutine on `m` may end here. Its end carries no status, so a file must not begin
    /// with a generation in which nothing else has mentioned it.
    pub(super) fn can_exit_coroutine(&self, m: Mi) -> bool {
        self.s.ms[m].g.is_some_and(|g| {
            let x = &self.s.gs[g];
            matches!(x.role, Role::Coroutine(_)) && (x.known || x.slots.traced(self.t.section) || self.t.muted())
        })
    }

    /// One switch. A reader reports it as three events.
    fn write_switch(&mut self, m: Mi, g: Gi, next: Gi, ty: EventType, to: GPlace) {
        let own_first = self.t.swarm.flavour.minor() <= 23;
        let dies = to == GPlace::Dead;
        if own_first {
            self.switch_stat(m, dies);
        }
        if !self.s.gs[next].slots.traced(self.t.section) {
            self.t.go_status(&mut self.s, m, next, GPlace::Waiting);
        }
        if !own_first {
            self.switch_stat(m, dies);
        }
        let seq = self.s.gs[next].slots.next(self.t.section);
        let (id, next_id) = (self.s.gs[g].id, self.s.gs[next].id);
        let tid = self.s.ms[m].tid;
        let p = Field::is(self.s.view_p(m));
        let before = Context { m: Field::is(tid), p, g: Field::is(id) };
        self.t.put(&self.s, m, ty, &[next_id, seq], go_change(next_id, Visible::Waiting, Visible::Runnable));
        let (leaves, new) = match dies {
            true => (EventType::GoDestroy, Visible::NotExist),
            false => (EventType::GoBlock, Visible::Waiting),
        };
        self.t.derive(tid, leaves, [0; 4], go_change(id, Visible::Running, new), before);
        let between = Context { g: Field::NONE, ..before };
        let change = go_change(next_id, Visible::Runnable, Visible::Running);
        self.t.derive(tid, EventType::GoStart, [next_id, seq, 0, 0], change, between);
        // A lock to the thread goes over with the control.
        let locked = self.s.gs[g].locked.take();
        self.s.gs[next].locked = locked;
        if locked.is_some() {
            self.s.ms[m].locked = Some(next);
        }
        self.s.place_g(g, to);
        self.s.place_g(next, GPlace::Running(m));
        self.s.ms[m].g = Some(next);
        self.s.ms[m].vg = Some(next);
    }

    /// The statuses before a switch. A dying goroutine has already left its M by then, so its own
    /// is never written (all releases so far).
    fn switch_stat(&mut self, m: Mi, dies: bool) {
        if dies {
            let g = self.s.ms[m].g.take();
            self.t.stat(&mut self.s, m);
            self.s.ms[m].g = g;
        } else {
            self.t.stat(&mut self.s, m);
        }
    }
}
