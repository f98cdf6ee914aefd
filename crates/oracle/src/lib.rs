//! Being laid.

#![forbid(unsafe_code)]

pub mod judge;
pub mod readers;
