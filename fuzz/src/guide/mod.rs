//! Go's reader in the fuzzer's loop, with its coverage.
//!
//! A child process runs Go's reader, built with edge counters and comparison hooks. Cases and
//! answers go through shared memory; after each case the child's counters become libFuzzer's
//! extra counters, and the operands of its comparisons are shown to libFuzzer, which then
//! keeps inputs that are new to Go's reader and tries the numbers and strings that it compares.
//! A child that dies or hangs is an answer, and is started again.

mod child;
mod layout;
mod shared;

pub use child::{GoReader, GuideError};
