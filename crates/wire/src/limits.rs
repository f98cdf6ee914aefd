//! Limits of the format, each enforced by Go's reader
//! (`internal/trace/tracev2/events.go` and `internal/trace/batch.go`, Go 1.27.3).

/// Largest payload of a batch, in bytes; 65536 itself is legal.
pub const MAX_BATCH_SIZE: u64 = 64 << 10;
/// Longest string in a string table, in bytes.
pub const MAX_STRING_LEN: u64 = 1024;
/// Most frames in one stack.
pub const MAX_FRAMES: u64 = 128;
/// Longest varint, in bytes.
pub const MAX_VARINT_LEN: usize = 10;
/// Width in bytes that the runtime reserves for a batch's size field, padded with
/// continuation bits (`runtime/tracebuf.go varintReserve`, Go 1.27.3).
pub const RUNTIME_SIZE_WIDTH: usize = 10;
/// Most arguments of a timed event, the time delta not counted.
pub const MAX_EVENT_ARGS: usize = 4;
/// Longest line of the text format, in bytes, line end not counted (`bufio.Scanner`'s limit).
pub const MAX_TEXT_LINE: usize = 64 * 1024 - 1;
