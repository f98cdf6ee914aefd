//! What each target does with its bytes.

pub mod bytes;
pub mod compare_go;
pub mod laws;
pub mod legal;
pub mod mutated;
pub mod round_trip;
pub mod text;
