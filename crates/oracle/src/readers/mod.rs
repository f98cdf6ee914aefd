//! The readers under test.

pub mod go;
