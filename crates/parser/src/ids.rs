//! The ids of threads, procs, goroutines and tasks, and the states of procs and goroutines.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl $name {
            /// No such thing: -1, all ones on the wire.
            pub const NONE: $name = $name(-1);

            /// Whether this is [`NONE`](Self::NONE).
            #[inline]
            pub const fn is_none(self) -> bool {
                self.0 == -1
            }

            /// Whether this is an id and not [`NONE`](Self::NONE).
            #[inline]
            pub const fn is_some(self) -> bool {
                self.0 != -1
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A thread (M) id as Go's reader gives it: the wire's u64 taken as two's complement.
    ThreadId
}
id! {
    /// A proc (P) id.
    ProcId
}
id! {
    /// A goroutine (G) id.
    GoId
}

/// A user task's id; all ones means no task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u64);

impl TaskId {
    /// No task.
    pub const NONE: TaskId = TaskId(u64::MAX);
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! state {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $v:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $v,)* }

        impl $name {
            /// The name that Go prints.
            pub const fn name(self) -> &'static str {
                match self { $($name::$v => stringify!($v),)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

state! {
    /// What a goroutine is doing, as events report it.
    GoState {
        /// Not known: what the first status of a trace comes from.
        Undetermined,
        /// Before creation and after the end.
        NotExist,
        /// Ready to run.
        Runnable,
        /// Running on a thread.
        Running,
        /// Blocked.
        Waiting,
        /// In a syscall or in C code.
        Syscall,
    }
}

state! {
    /// What a P is doing, as events report it.
    ProcState {
        /// Not known: what the first status of a trace comes from.
        Undetermined,
        /// Before its first status.
        NotExist,
        /// Held by a thread.
        Running,
        /// Held by none.
        Idle,
    }
}

impl GoState {
    /// The public state of a wire status code, as Go's table maps it (0 is undetermined).
    #[inline]
    pub(crate) const fn of_status(status: u8) -> GoState {
        match status {
            1 => GoState::Runnable,
            2 => GoState::Running,
            3 => GoState::Syscall,
            4 => GoState::Waiting,
            _ => GoState::Undetermined,
        }
    }
}

impl ProcState {
    /// The public state of a wire status code: a P in a syscall counts as running, an
    /// abandoned one as idle.
    #[inline]
    pub(crate) const fn of_status(status: u8) -> ProcState {
        match status {
            1 | 3 => ProcState::Running,
            2 | 4 => ProcState::Idle,
            _ => ProcState::Undetermined,
        }
    }
}
