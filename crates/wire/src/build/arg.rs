//! Typed arguments of events, and how they are held against the event table.

use crate::event::{ArgKind, EventType, go_status, proc_status};

/// No stack, where an event wants one.
pub const NO_STACK: StackId = StackId(0);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub u64);

        impl From<$name> for Arg<'_> {
            fn from(id: $name) -> Self {
                Arg::$name(id)
            }
        }
    )*};
}

ids! {
    /// A thread's id.
    M;
    /// A proc's id.
    P;
    /// A goroutine's id.
    G;
    /// A sequence number of a P, a goroutine or the GC.
    Seq;
    /// A user task's id.
    Task;
    /// An id for the string table, defined there or not.
    StringId;
    /// An id for the stack table, defined there or not.
    StackId;
}

impl M {
    /// No thread: the batch belongs to nobody.
    pub const NONE: M = M(crate::NONE_ID);
}

/// What `ProcStatus` says of a P.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
#[allow(missing_docs)] // their meaning is that of `event::proc_status`
pub enum ProcStatus {
    Bad = proc_status::BAD,
    Running = proc_status::RUNNING,
    Idle = proc_status::IDLE,
    Syscall = proc_status::SYSCALL,
    SyscallAbandoned = proc_status::SYSCALL_ABANDONED,
}

/// What `GoStatus` says of a goroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
#[allow(missing_docs)] // their meaning is that of `event::go_status`
pub enum GoStatus {
    Bad = go_status::BAD,
    Runnable = go_status::RUNNABLE,
    Running = go_status::RUNNING,
    Syscall = go_status::SYSCALL,
    Waiting = go_status::WAITING,
}

/// A stack frame with its names spelled out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StackFrame<'a> {
    /// Program counter.
    pub pc: u64,
    /// Name of the function.
    pub func: &'a str,
    /// Name of the file.
    pub file: &'a str,
    /// Line number.
    pub line: u64,
}

/// An argument of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is the type of its field
pub enum Arg<'a> {
    /// A plain number, for arguments that are no id; see also [`Arg::Any`].
    Value(u64),
    /// A number that is not held against the table.
    Any(u64),
    M(M),
    P(P),
    G(G),
    Seq(Seq),
    Task(Task),
    ProcStatus(ProcStatus),
    GoStatus(GoStatus),
    /// A string, which goes to the generation's table.
    Text(&'a [u8]),
    StringId(StringId),
    /// A stack, which goes to the generation's table; without frames it is no stack.
    Frames(&'a [StackFrame<'a>]),
    StackId(StackId),
}

impl From<u64> for Arg<'_> {
    fn from(value: u64) -> Self {
        Arg::Value(value)
    }
}

impl From<ProcStatus> for Arg<'_> {
    fn from(status: ProcStatus) -> Self {
        Arg::ProcStatus(status)
    }
}

impl From<GoStatus> for Arg<'_> {
    fn from(status: GoStatus) -> Self {
        Arg::GoStatus(status)
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Arg::Text(text.as_bytes())
    }
}

impl<'a> From<&'a [u8]> for Arg<'a> {
    fn from(text: &'a [u8]) -> Self {
        Arg::Text(text)
    }
}

impl<'a> From<&'a [StackFrame<'a>]> for Arg<'a> {
    fn from(frames: &'a [StackFrame<'a>]) -> Self {
        Arg::Frames(frames)
    }
}

impl<'a, const N: usize> From<&'a [StackFrame<'a>; N]> for Arg<'a> {
    fn from(frames: &'a [StackFrame<'a>; N]) -> Self {
        Arg::Frames(frames)
    }
}

impl Arg<'_> {
    /// Whether the table lets this argument stand for one of `kind`.
    pub(super) fn fits(&self, kind: ArgKind) -> bool {
        match self {
            Arg::Any(_) => true,
            Arg::Value(_) => matches!(kind, ArgKind::Value | ArgKind::Id | ArgKind::Gen),
            Arg::M(_) => kind == ArgKind::M,
            Arg::P(_) => kind == ArgKind::P,
            Arg::G(_) => matches!(kind, ArgKind::G | ArgKind::NewG),
            Arg::Seq(_) => matches!(kind, ArgKind::PSeq | ArgKind::GSeq | ArgKind::GcSeq),
            Arg::Task(_) => kind == ArgKind::Task,
            Arg::ProcStatus(_) => kind == ArgKind::PStatus,
            Arg::GoStatus(_) => kind == ArgKind::GStatus,
            Arg::Text(_) | Arg::StringId(_) => kind == ArgKind::String,
            Arg::Frames(_) | Arg::StackId(_) => kind == ArgKind::Stack,
        }
    }
}

/// Arguments of an event: one, or a tuple of up to four, or a slice of [`Arg`].
pub trait Args<'a> {
    /// Appends them to `out`.
    fn append_to(self, out: &mut Vec<Arg<'a>>);
}

impl<'a, A: Into<Arg<'a>>> Args<'a> for A {
    fn append_to(self, out: &mut Vec<Arg<'a>>) {
        out.push(self.into());
    }
}

impl<'a> Args<'a> for &[Arg<'a>] {
    fn append_to(self, out: &mut Vec<Arg<'a>>) {
        out.extend_from_slice(self);
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<'a, $($name: Into<Arg<'a>>),*> Args<'a> for ($($name,)*) {
            #[allow(non_snake_case, unused_variables)] // the type's name serves as the field's
            fn append_to(self, out: &mut Vec<Arg<'a>>) {
                let ($($name,)*) = self;
                $(out.push($name.into());)*
            }
        }
    )*};
}

tuples! { () (A) (A B) (A B C) (A B C D) }

/// An event, by its type or its name.
pub trait EventName {
    /// The event's type.
    ///
    /// # Panics
    /// If no event has this name.
    fn event_type(self) -> EventType;
}

impl EventName for EventType {
    fn event_type(self) -> EventType {
        self
    }
}

impl EventName for &str {
    fn event_type(self) -> EventType {
        EventType::from_name(self).unwrap_or_else(|| panic!("no event is called {self:?}"))
    }
}
