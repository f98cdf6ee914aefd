//! A reader of Go execution traces (v2): bytes to ordered events.
//!
//! It gives the events that Go's own reader (`internal/trace`) gives, to the last one
//! and its time, for wire versions 1.22, 1.23, 1.25 and 1.26; it follows the reader of
//! Go 1.27 unless told to follow another [`Release`]. Errors carry a class, a place and a
//! sentence. No accessor panics, on any input. In strict mode ([`Options::strict`]) it also
//! refuses what Go's reader accepts although no runtime can have written it.
//!
//! ```
//! use tracehound_parser::Reader;
//! # let bytes = b"go 1.26 trace\0\0\0";
//! let mut reader = Reader::new(bytes)?;
//! while let Some(event) = reader.next_event() {
//!     let event = event?;
//!     println!("{} {} {:?}", event.time(), event.thread(), event.details());
//! }
//! # Ok::<(), tracehound_parser::Error>(())
//! ```
//!
//! The crate knows the format's table from `tracehound-wire`, and nothing about how
//! traces are generated: what it accepts must not depend on what is written for it.

#![deny(unsafe_code)]

mod ahead;
mod bits;
mod clock;
mod cursor;
pub mod details;
pub mod dump;
mod error;
mod event;
mod explain;
mod fault;
mod frontier;
mod generation;
mod id_map;
mod ids;
mod input;
mod item;
mod opening;
mod options;
mod order;
mod pieces;
mod queue;
mod reader;
mod ready;
mod records;
pub mod release;
mod sort;
mod strict;
mod tables;
mod threads;

pub use details::{Details, Stack, StackFrame, Text};
pub use error::{Cause, Error, Place};
pub use event::{AccessorPanic, Event, Kind};
pub use explain::{Condition, Explain, Found, Wait};
pub use fault::{ENV as FAULTS_ENV, Fault, FaultSet};
pub use ids::{GoId, GoState, ProcId, ProcState, TaskId, ThreadId};
pub use options::Options;
pub use reader::{Outcome, Reader};
pub use release::Release;
