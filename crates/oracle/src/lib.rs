//! Oracles: what readers said, compared with each other, with what happened, and with themselves.
//!
//! A reader under test is anything that takes a trace and gives an [`Answer`](verdict::Answer).
//! The oracles know the canonical form of events and the reject rules, not how any reader
//! works inside.

#![forbid(unsafe_code)]

pub mod argument;
pub mod canonical;
pub mod faults;
pub mod hunt;
pub mod judge;
pub mod known;
pub mod laws;
pub mod lift;
pub mod readers;
pub mod shrink;
pub mod verdict;
