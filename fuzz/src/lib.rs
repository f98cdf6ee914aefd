//! The fuzz targets: each turns bytes into a case and gives it to laws that live elsewhere.
//!
//! Under `cargo fuzz` a target is driven by libFuzzer. Everywhere else the same functions
//! build without the engine: tests replay the corpus through them, and each target's program
//! replays the files that it is given. So a target cannot rot between two campaigns.
//!
//! A target reports a bug by panicking, which is the way libFuzzer knows; the kind of bug is
//! in the panic's first words, so that findings can be told apart.

pub mod choices;
pub mod envelope;
pub mod guide;
pub mod mutator;
pub mod plant;
pub mod replay;
pub mod target;
pub mod targets;

pub use target::{Input, Keep, Replayed, TARGETS, Target};
