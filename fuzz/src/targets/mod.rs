//! What each target does with its bytes.

pub mod bytes;
pub mod compare_go;
pub mod round_trip;
pub mod text;
