//! The memory that the fuzzer and Go's reader share. `adapters/go/coverage/main.go` has the
//! same numbers.

/// Four u64, little endian: lengths of counters (bytes), comparisons, strings, answer (bytes).
pub(super) const LENGTHS: usize = 0;
/// Edge counters, a byte each.
pub(super) const COUNTERS: usize = 64;
/// Comparisons of numbers, [`COMPARE_SIZE`] each: both operands and their size in bytes, a u64 each.
pub(super) const COMPARES: usize = 32 << 10;
/// Comparisons of strings, [`STRING_SIZE`] each: a length as u64, twice [`STRING_LEN`] bytes.
pub(super) const STRINGS: usize = 48 << 10;
/// The case.
pub(super) const INPUT: usize = 64 << 10;
/// Longest case, in bytes.
pub(super) const MAX_INPUT: usize = 4 << 20;
/// The answer, as docs/protocol.md has it; right after the start the hello.
pub(super) const ANSWER: usize = INPUT + MAX_INPUT;
/// All of it.
pub(super) const SIZE: usize = ANSWER + (8 << 20);

pub(super) const COMPARE_SIZE: usize = 24;
pub(super) const STRING_SIZE: usize = 72;
pub(super) const STRING_LEN: usize = 32;
