//! The Go execution trace v2 format as data.
//!
//! One table of events, one catalogue of reject rules, one place for limits and
//! versions: the parser, the generator, the builder, the text format and the reports
//! all read them from here. This crate knows how bytes are laid out and what the
//! names of things are. It must not know what a scheduler does: nothing here orders
//! events, and nothing here decides whether a trace is legal.

#![forbid(unsafe_code)]

pub mod build;
mod decode;
pub mod event;
pub mod header;
pub mod index;
pub mod limits;
pub mod mishap;
mod printable;
pub mod quote;
pub mod raw;
pub mod rule;
pub mod testfile;
pub mod trace;
pub mod varint;
pub mod version;

pub use decode::leading_events;
pub use event::{ArgKind, EventSpec, EventType, Experiment};
pub use header::{Header, HeaderError, parse_header};
pub use index::Index;
pub use mishap::Mishap;
pub use rule::RejectRule;
pub use testfile::{Expect, TestFile};
pub use trace::{
    Batch, Body, CpuSample, Event, ExperimentalBatch, Frame, Item, SizeField, StackRecord, StringRecord, SyncRecord,
    Trace,
};
pub use version::Version;

/// The id that stands for "none" where a thread, proc or goroutine id is expected
/// (-1 as u64; `NoThread`, `NoProc`, `NoGoroutine` in `internal/trace`).
pub const NONE_ID: u64 = u64::MAX;
