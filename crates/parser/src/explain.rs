//! Why nothing can advance: what each waiting thread waits for, as data.
//!
//! Filled when a trace is stuck. Short enough to be shown whole for a handful of
//! threads; for more, [`Explain::waits`] has them all.

use crate::ids::{GoId, ProcId, ThreadId};
use std::fmt;
use tracehound_wire::EventType;

/// The state of a stuck trace: one entry for each thread that still has events.
#[derive(Clone, Debug, Default)]
pub struct Explain {
    /// Generation number.
    pub generation: u64,
    /// The waiting threads, in the order in which they were tried.
    pub waits: Vec<Wait>,
}

/// A thread whose next event cannot happen yet.
#[derive(Clone, Debug)]
pub struct Wait {
    /// The thread.
    pub thread: ThreadId,
    /// Its next event.
    pub event: EventType,
    /// Its arguments on the wire.
    pub args: [u64; 4],
    /// Its time, ns.
    pub time: i64,
    /// Its offset in the file.
    pub offset: u64,
    /// The P that its thread holds.
    pub proc: ProcId,
    /// The goroutine that its thread has.
    pub goroutine: GoId,
    /// What it waits for.
    pub condition: Condition,
    /// What is the case instead.
    pub found: Found,
    /// Threads that are waiting themselves and whose next event is about the same thing.
    pub suppliers: Vec<ThreadId>,
}

/// What an event waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A goroutine in a state, its last sequence number one below `seq`.
    Goroutine {
        /// Which.
        id: GoId,
        /// The state that is needed.
        state: &'static str,
        /// The event's sequence number.
        seq: u64,
    },
    /// A P in a state, its last sequence number one below `seq`.
    Proc {
        /// Which.
        id: ProcId,
        /// The state that is needed.
        state: &'static str,
        /// The event's sequence number.
        seq: u64,
    },
    /// The thread must have lost the P that it holds.
    NoProc {
        /// The P that it holds.
        holds: ProcId,
    },
    /// The thread's P must have been taken away from the syscall.
    ProcTaken {
        /// The P.
        id: ProcId,
    },
    /// The GC's last sequence number one below `seq`.
    Gc {
        /// The event's sequence number.
        seq: u64,
    },
}

/// What is the case of the thing that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing has mentioned it yet.
    Unknown,
    /// It is in this state.
    State {
        /// The state.
        state: &'static str,
        /// Generation of its last sequenced event.
        generation: u64,
        /// Its last sequence number.
        seq: u64,
    },
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Condition::Goroutine { id, state, seq } => write!(f, "G{id} {state} before its number {seq}"),
            Condition::Proc { id, state, seq } => write!(f, "P{id} {state} before its number {seq}"),
            Condition::NoProc { holds } => write!(f, "its thread to lose P{holds}"),
            Condition::ProcTaken { id } => write!(f, "P{id} to be taken from it"),
            Condition::Gc { seq } => write!(f, "the GC to be right before its number {seq}"),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Found::Unknown => f.write_str("nothing has mentioned it yet"),
            Found::State { state, generation, seq } => {
                write!(f, "it is {state}, its last number is {seq} of generation {generation}")
            }
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "M {}: {}", self.thread, self.event)?;
        for ((name, _), arg) in self.event.spec().args.iter().zip(self.args) {
            write!(f, " {name}={arg}")?;
        }
        write!(f, " at byte {} waits for {}; {}", self.offset, self.condition, self.found)?;
        if !self.suppliers.is_empty() {
            f.write_str("; also waiting for it or about to change it:")?;
            for m in &self.suppliers {
                write!(f, " M {m}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "generation {}: {} threads wait", self.generation, self.waits.len())?;
        for wait in &self.waits {
            writeln!(f, "  {wait}")?;
        }
        Ok(())
    }
}
