//! Being laid.

#![forbid(unsafe_code)]

pub mod readers;
