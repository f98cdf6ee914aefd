//! Go's own readers: the toolchains on this machine, the worker built inside them, and what
//! their messages mean.

mod build;
mod classify;
mod error;
mod recipe;
mod sources;
pub mod toolchain;

pub use classify::{classify, pattern};
pub use error::ToolchainError;
pub use recipe::Recipe;
pub use toolchain::Toolchain;
