//! The text of Go's `Event.String()`, which `go tool trace -d=parsed` prints.

use crate::event::Event;

/// Appends the dump of `event` to `out`, in the form of the reader's release, without a
/// line end of its own. Wall times are in UTC.
pub fn write(out: &mut Vec<u8>, event: &Event<'_>) {
    out.extend_from_slice(event.kind().name().as_bytes());
}
