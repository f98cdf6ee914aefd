//! What a choice is about.
//!
//! Sources do not care: to them a choice is a number below a bound. Whoever leads the model along a given
//! trace has to know what it is asked.

/// What a choice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Which M takes a step; 0 ends the history.
    Turn,
    /// Whether the plot goes on, or a new one begins.
    Plot,
    /// What the M does.
    Act,
    /// Which one of a list.
    Index,
    /// How many Ps there shall be.
    Size,
    /// Whether an M stays in a window, a syscall, a stopped world.
    Stay,
    /// Whether others go first.
    Linger,
    /// Whether a C thread ends instead of calling into Go.
    Destroy,
    /// How an M that is wanted by others behaves.
    Urgent,
    /// Whether a P is needed for a moment.
    Borrow,
    /// Whether a P goes to another M at once.
    HandOver,
    /// Whether there is one more of the same.
    More,
    /// In a fine case: whether something more is swept before a P is started.
    Sweep,
    /// In a fine case: whether the stack grows in the middle of waking a goroutine.
    Grows,
    /// Whether somebody is woken in the stopped world.
    Wake,
    /// Whether what has happened is written later.
    Window,
    /// Steps to the next generation.
    Gap,
    /// Which annotation.
    Annotation,
    /// How the world is when it begins.
    Setup,
    /// In a fine case: a detail that is noise elsewhere.
    Detail,
    /// In a fine case: whether an M that leaves a syscall misses its old P.
    MissOld,
    /// In a fine case: whether an M misses the idle Ps.
    MissIdle,
    /// In a fine case: whether an M has looked for a stop before it began.
    Unaware,
    /// In a fine case: whether a pass over all Ps writes their statuses.
    Statuses,
    /// In a fine case: whether the end of marking follows a pass.
    Termination,
    /// In a fine case: what an M does with a P before it starts a goroutine on it, or lets go of it again.
    WithP,
    /// In a fine case: what happens in the stopped world.
    Stopped,
}
