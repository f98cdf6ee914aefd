//! The reject matrix.

pub mod build;
