//! The states of Ms, Ps and Gs, followed over the delivered events.
//!
//! The reader has already decided that the order is legal; this only remembers what its
//! events say, so that bars can be drawn. It takes each event's context as the truth about
//! its thread, and decides nothing.

use crate::model::{BarState, Delivered, LaneKind};
use rustc_hash::FxHashMap;
use tracehound_wire::EventType;
use tracehound_wire::event::{go_status, proc_status};

/// "None" as an id.
pub(crate) const NONE: i64 = -1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Thread {
    p: i64,
    g: i64,
}

const UNBOUND: Thread = Thread { p: NONE, g: NONE };

/// What is known of every M, P and G.
#[derive(Clone, Debug, Default)]
pub(crate) struct Track {
    threads: FxHashMap<i64, Thread>,
    procs: FxHashMap<i64, BarState>,
    gos: FxHashMap<i64, BarState>,
}

/// Something that an event was about.
pub(crate) type Subject = (LaneKind, i64);

impl Track {
    /// Takes an event in and returns what it was about, its own thread first.
    pub fn apply(&mut self, e: &Delivered) -> Vec<Subject> {
        let mut about = Vec::new();
        self.apply_into(e, &mut about);
        about
    }

    /// As [`apply`](Self::apply), with space to reuse: for events that go by in millions.
    pub fn apply_into(&mut self, e: &Delivered, about: &mut Vec<Subject>) {
        about.clear();
        let Some(ty) = e.ty else { return };
        // A sample tells of another moment, and the status of a goroutine in a syscall
        // carries another thread's id.
        let elsewhere = ty == EventType::CPUSample || is_syscall_status(ty, e);
        if e.m != NONE {
            about.push((LaneKind::M, e.m));
            if !elsewhere {
                self.threads.insert(e.m, Thread { p: e.p, g: e.g });
            }
        }
        let arg = e.args[0] as i64;
        match ty {
            EventType::ProcStart | EventType::ProcStop | EventType::ProcSteal | EventType::ProcStatus => {
                self.proc_event(ty, e, arg, about);
            }
            EventType::GoSyscallBegin => {
                self.procs.insert(e.p, BarState::Syscall);
                about.push((LaneKind::P, e.p));
                self.go(e.g, Some(BarState::Syscall), about);
            }
            EventType::GoSyscallEnd => {
                self.procs.insert(e.p, BarState::Running);
                about.push((LaneKind::P, e.p));
                self.go(e.g, Some(BarState::Running), about);
            }
            EventType::GoDestroySyscall => {
                if e.p != NONE {
                    self.procs.insert(e.p, BarState::Idle);
                    about.push((LaneKind::P, e.p));
                }
                self.go(e.g, None, about);
                self.threads.insert(e.m, UNBOUND);
            }
            _ => self.go_event(ty, e, arg, about),
        }
        about.retain(|s| s.1 != NONE);
    }

    fn proc_event(&mut self, ty: EventType, e: &Delivered, arg: i64, about: &mut Vec<Subject>) {
        let p = if ty == EventType::ProcStop { e.p } else { arg };
        about.push((LaneKind::P, p));
        let state = match (ty, e.args[1] & 0xff) {
            (EventType::ProcStart, _) | (EventType::ProcStatus, proc_status::RUNNING) => BarState::Running,
            (EventType::ProcStatus, proc_status::SYSCALL) => BarState::Syscall,
            _ => BarState::Idle,
        };
        self.procs.insert(p, state);
        if state == BarState::Idle {
            if ty != EventType::ProcStatus {
                for (&m, thread) in self.threads.iter_mut().filter(|(_, t)| t.p == p) {
                    thread.p = NONE;
                    about.push((LaneKind::M, m));
                }
            }
        } else if e.m != NONE {
            self.threads.entry(e.m).or_insert(UNBOUND).p = p;
        }
    }

    fn go_event(&mut self, ty: EventType, e: &Delivered, arg: i64, about: &mut Vec<Subject>) {
        use BarState::*;
        match ty {
            EventType::GoCreate => self.go(arg, Some(Runnable), about),
            EventType::GoCreateBlocked => self.go(arg, Some(Waiting), about),
            EventType::GoUnblock | EventType::GoSwitch | EventType::GoSwitchDestroy => {
                self.go(arg, Some(Runnable), about);
            }
            EventType::GoCreateSyscall => {
                self.go(arg, Some(Syscall), about);
                self.bind(e.m, arg);
            }
            EventType::GoStart => {
                self.go(arg, Some(Running), about);
                self.bind(e.m, arg);
            }
            EventType::GoStop | EventType::GoBlock | EventType::GoDestroy | EventType::GoSyscallEndBlocked => {
                let state = match ty {
                    EventType::GoBlock => Some(Waiting),
                    EventType::GoDestroy => None,
                    _ => Some(Runnable),
                };
                self.go(e.g, state, about);
                self.bind(e.m, NONE);
            }
            EventType::GoStatus | EventType::GoStatusStack => {
                let (state, m) = match e.args[2] & 0xff {
                    go_status::RUNNABLE => (Runnable, NONE),
                    go_status::RUNNING => (Running, e.m),
                    go_status::SYSCALL => (Syscall, e.args[1] as i64),
                    _ => (Waiting, NONE),
                };
                self.go(arg, Some(state), about);
                if m != NONE {
                    self.bind(m, arg);
                    about.push((LaneKind::M, m));
                }
            }
            EventType::GCMarkAssistActive => about.push((LaneKind::G, arg)),
            EventType::GCSweepActive => about.push((LaneKind::P, arg)),
            _ => {}
        }
    }

    fn go(&mut self, g: i64, state: Option<BarState>, about: &mut Vec<Subject>) {
        match state {
            Some(s) => self.gos.insert(g, s),
            None => self.gos.remove(&g),
        };
        about.push((LaneKind::G, g));
    }

    fn bind(&mut self, m: i64, g: i64) {
        self.threads.entry(m).or_insert(UNBOUND).g = g;
    }

    /// What a bar shows of `subject` now: its state and with whom.
    pub fn bar(&self, subject: Subject) -> Option<(BarState, String)> {
        let (kind, id) = subject;
        match kind {
            LaneKind::M => {
                let t = self.threads.get(&id)?;
                let state = match (t.p, self.gos.get(&t.g).filter(|_| t.g != NONE)) {
                    (_, Some(BarState::Syscall)) => BarState::Syscall,
                    (_, Some(_)) => BarState::Running,
                    (NONE, None) => return None,
                    (_, None) => BarState::Scheduling,
                };
                let held = [(t.g, 'G'), (t.p, 'P')].into_iter().filter(|h| h.0 != NONE);
                Some((state, held.map(|(id, c)| format!("{c}{id}")).collect::<Vec<_>>().join(" ")))
            }
            LaneKind::P => {
                let state = *self.procs.get(&id)?;
                let on = self.holder(|t| t.p == id).filter(|_| state != BarState::Idle);
                Some((state, on.unwrap_or_default()))
            }
            LaneKind::G => {
                let state = *self.gos.get(&id)?;
                let on = self.holder(|t| t.g == id);
                let held = matches!(state, BarState::Running | BarState::Syscall);
                Some((state, on.filter(|_| held).unwrap_or_default()))
            }
        }
    }

    fn holder(&self, has: impl Fn(&Thread) -> bool) -> Option<String> {
        self.threads.iter().filter(|(_, t)| has(t)).map(|(m, _)| *m).min().map(|m| format!("M{m}"))
    }

    /// The P and the G that thread `m` has.
    pub fn held(&self, m: i64) -> [i64; 2] {
        self.threads.get(&m).map_or([NONE, NONE], |t| [t.p, t.g])
    }

    /// The thread that holds `p`.
    pub fn thread_of_proc(&self, p: i64) -> Option<i64> {
        self.threads.iter().filter(|(_, t)| t.p == p).map(|(m, _)| *m).min()
    }
}

fn is_syscall_status(ty: EventType, e: &Delivered) -> bool {
    matches!(ty, EventType::GoStatus | EventType::GoStatusStack) && e.args[2] & 0xff == go_status::SYSCALL
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(ty: EventType, m: i64, p: i64, g: i64, args: &[u64]) -> Delivered {
        let mut all = [0; 4];
        all[..args.len()].copy_from_slice(args);
        Delivered { time: 0, m, p, g, ty: Some(ty), args: all, offset: None, generation: Some(1), synthetic: false }
    }

    /// A steal during a syscall: the thief is M7, the victim M5.
    #[test]
    fn a_steal_takes_the_proc_from_its_victim() {
        let mut t = Track::default();
        t.apply(&event(EventType::ProcStatus, 5, NONE, NONE, &[0, 1]));
        t.apply(&event(EventType::GoStatus, 5, 0, NONE, &[1, 5, 2]));
        assert_eq!(t.bar((LaneKind::M, 5)), Some((BarState::Running, "G1 P0".into())));
        t.apply(&event(EventType::GoSyscallBegin, 5, 0, 1, &[1]));
        assert_eq!(t.bar((LaneKind::P, 0)), Some((BarState::Syscall, "M5".into())));
        assert_eq!(t.thread_of_proc(0), Some(5));
        let about = t.apply(&event(EventType::ProcSteal, 7, NONE, NONE, &[0, 2, 5]));
        assert_eq!(about, [(LaneKind::M, 7), (LaneKind::P, 0), (LaneKind::M, 5)]);
        assert_eq!(t.bar((LaneKind::P, 0)), Some((BarState::Idle, String::new())));
        assert_eq!(t.bar((LaneKind::M, 5)), Some((BarState::Syscall, "G1".into())));
        t.apply(&event(EventType::GoSyscallEndBlocked, 5, NONE, 1, &[]));
        assert_eq!(t.bar((LaneKind::M, 5)), None);
        assert_eq!(t.bar((LaneKind::G, 1)), Some((BarState::Runnable, String::new())));
    }

    #[test]
    fn a_status_of_another_thread_binds_that_thread_only() {
        let mut t = Track::default();
        t.apply(&event(EventType::ProcStatus, 5, NONE, NONE, &[0, 1]));
        t.apply(&event(EventType::GoStatus, 9, 0, NONE, &[4, 9, 3]));
        assert_eq!(t.bar((LaneKind::M, 9)), Some((BarState::Syscall, "G4".into())));
        assert_eq!(t.bar((LaneKind::M, 5)), Some((BarState::Scheduling, "P0".into())));
    }
}
