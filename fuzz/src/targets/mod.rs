//! What each target does with its bytes.

pub mod bytes;
pub mod round_trip;
