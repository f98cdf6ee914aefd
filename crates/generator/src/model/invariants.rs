//! What must hold after every step, checked in tests: the blueprint's invariants I1 to I17 as
//! far as they are about one moment.

use super::World;
use super::state::{GPlace, PPlace, PView, Stop};

impl World<'_> {
    /// Panics if the state is impossible.
    pub(super) fn check(&self) {
        let s = &self.s;
        for (m, x) in s.ms.iter().enumerate() {
            if let Some(p) = x.p {
                let place = s.ps[p].place;
                assert!(
                    matches!(place, PPlace::Run(on) | PPlace::Sys(on) if on == m),
                    "M {m} has P {p}, which is {place:?}"
                );
                assert_ne!(s.ps[p].view, PView::Idle, "P {p} runs on M {m} and is written to be idle");
            }
            if let Some(g) = x.g {
                let place = s.gs[g].place;
                assert!(
                    matches!(place, GPlace::Running(on) | GPlace::Syscall(on) if on == m),
                    "M {m} has G {g}: {place:?}"
                );
                if matches!(place, GPlace::Running(_)) {
                    assert!(x.p.is_some(), "M {m} runs G {g} without a P");
                }
            }
            if x.pend.is_none() && x.vp.is_some() && s.gen_ >= s.first_gen {
                assert_eq!(x.vp, x.p, "M {m}: written and true P differ");
            }
        }
        for (p, x) in s.ps.iter().enumerate() {
            match x.place {
                PPlace::Sys(m) if x.view == PView::Abandoned => assert_ne!(s.ms[m].p, Some(p), "P {p}"),
                PPlace::Run(m) | PPlace::Sys(m) => assert_eq!(s.ms[m].p, Some(p), "P {p} is {:?}", x.place),
                PPlace::Idle => assert_eq!(x.view, PView::Idle, "P {p}"),
                PPlace::Owned(_) | PPlace::Stopped | PPlace::Dead => {}
            }
            if matches!(x.place, PPlace::Sys(_)) {
                assert!(matches!(x.view, PView::Syscall | PView::Abandoned), "P {p}");
            }
            if s.stop() == Stop::Stopped {
                let own = s.world.is_some_and(|m| s.ms[m].p == Some(p));
                assert!(
                    own || matches!(x.place, PPlace::Stopped | PPlace::Dead),
                    "P {p} is {:?} in a stopped world",
                    x.place
                );
            }
        }
        for (g, x) in s.gs.iter().enumerate() {
            if let GPlace::Running(m) | GPlace::Syscall(m) = x.place {
                assert_eq!(s.ms[m].g, Some(g), "G {g} is {:?}", x.place);
            }
        }
    }
}
