//! Go's own readers: the toolchains on this machine and the worker built inside them.

mod build;
mod error;
mod sources;
pub mod toolchain;

pub use error::ToolchainError;
pub use toolchain::Toolchain;
