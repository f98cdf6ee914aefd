//! The strict mode's picture: who has which P and goroutine, and what a generation has
//! told of them.

use rustc_hash::FxHashMap;
use tracehound_wire::EventType;

/// A thread.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Thread {
    pub p: Option<i64>,
    pub g: Option<i64>,
    /// Its last event, and that event's first argument.
    pub last: Option<(EventType, i64)>,
    /// The P that it has just reported abandoned, and so has to steal next.
    pub abandoning: Option<i64>,
}

/// What a P does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Doing {
    #[default]
    Idle,
    Running,
    Syscall,
    Abandoned,
}

/// A P.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Proc {
    pub doing: Doing,
    /// The thread that holds it.
    pub holder: Option<i64>,
    /// The last generation that told its status.
    pub told: u64,
    /// The last generation in which its sweep began or was reported active; 0 if none is open.
    pub sweep: u64,
}

/// A goroutine.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gor {
    /// The thread that has it.
    pub holder: Option<i64>,
    /// The last generation that told its status, or created it.
    pub told: u64,
    /// As for [`Proc::sweep`], of its mark assist.
    pub assist: u64,
    /// The generation in which it stopped the world; 0 if it has not.
    pub stw: u64,
}

/// All of it. Thread -1 is none: nothing can be given to it.
#[derive(Debug, Default)]
pub(super) struct State {
    threads: FxHashMap<i64, Thread>,
    procs: FxHashMap<i64, Proc>,
    gors: FxHashMap<i64, Gor>,
}

impl State {
    /// What is known of thread `m`.
    pub fn get(&self, m: i64) -> Option<&Thread> {
        self.threads.get(&m)
    }

    /// Thread `m`, known from now on.
    pub fn thread(&mut self, m: i64) -> &mut Thread {
        self.threads.entry(m).or_default()
    }

    /// P `p`, known from now on.
    pub fn proc(&mut self, p: i64) -> &mut Proc {
        self.procs.entry(p).or_default()
    }

    /// What is known of P `p`.
    pub fn proc_of(&self, p: i64) -> Option<&Proc> {
        self.procs.get(&p)
    }

    /// Goroutine `g`, known from now on.
    pub fn gor(&mut self, g: i64) -> &mut Gor {
        self.gors.entry(g).or_default()
    }

    /// What is known of goroutine `g`.
    pub fn gor_of(&self, g: i64) -> Option<&Gor> {
        self.gors.get(&g)
    }

    /// The P that thread `m` holds.
    pub fn p_of(&self, m: i64) -> Option<i64> {
        self.get(m)?.p
    }

    /// The goroutine that thread `m` has.
    pub fn g_of(&self, m: i64) -> Option<i64> {
        self.get(m)?.g
    }

    /// A thread that has reported a P abandoned and not stolen it.
    pub fn abandoning(&self) -> Option<(i64, i64)> {
        self.threads.iter().filter_map(|(&m, t)| Some((m, t.abandoning?))).min()
    }

    /// Thread `m` holds P `p` from now on, which runs.
    pub fn give_p(&mut self, m: i64, p: i64) {
        if m != -1 {
            self.thread(m).p = Some(p);
            self.proc(p).holder = Some(m);
        }
        self.proc(p).doing = Doing::Running;
    }

    /// Nobody holds P `p` any more.
    pub fn free_p(&mut self, p: i64, doing: Doing) {
        let proc = self.proc(p);
        proc.doing = doing;
        if let Some(m) = proc.holder.take() {
            let thread = self.thread(m);
            if thread.p == Some(p) {
                thread.p = None;
            }
        }
    }

    /// Thread `m` has goroutine `g` from now on.
    pub fn give_g(&mut self, m: i64, g: i64) {
        if m != -1 {
            self.thread(m).g = Some(g);
            self.gor(g).holder = Some(m);
        }
    }

    /// Thread `m` has no goroutine any more; the one that it had.
    pub fn take_g(&mut self, m: i64) -> Option<i64> {
        let g = self.thread(m).g.take()?;
        self.gor(g).holder = None;
        Some(g)
    }

    /// Goroutine `g` does not exist any more.
    pub fn forget_g(&mut self, g: i64) {
        self.gors.remove(&g);
    }

    /// The P of thread `m` is in a syscall no more.
    pub fn syscall_end(&mut self, m: i64) {
        if let Some(p) = self.p_of(m) {
            self.proc(p).doing = Doing::Running;
        }
    }
}
