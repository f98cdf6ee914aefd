//! What can go wrong between a toolchain's name and a running worker.

use std::io;
use std::path::PathBuf;

/// Why there is no worker for a Go toolchain. All of these are faults of the environment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolchainError {
    /// No toolchain of that version was found.
    #[error(
        "no Go {wanted} found (found: {found}); put it on PATH, name its folder in TRACEHOUND_GO_SDKS, \
         or in the repository run `cargo xtask provision`"
    )]
    NotFound {
        /// The version or release asked for.
        wanted: String,
        /// The versions that are there.
        found: String,
    },
    /// The path does not lead to a Go toolchain.
    #[error("{path} is neither a Go root (with bin/go) nor a go program: {why}")]
    NotAToolchain {
        /// The path as given.
        path: PathBuf,
        /// What is missing.
        why: String,
    },
    /// The toolchain is older than the v2 trace format.
    #[error("Go {version} has no reader for v2 traces; 1.22 is the first that has")]
    TooOld {
        /// Its version.
        version: String,
    },
    /// There is nowhere to keep what is built.
    #[error("no cache folder: set TRACEHOUND_CACHE, XDG_CACHE_HOME or HOME")]
    NoCache,
    /// The toolchain refused to build the worker.
    #[error("Go {version} does not build the worker:\n{output}")]
    Build {
        /// Its version.
        version: String,
        /// What the go command said.
        output: String,
    },
    /// A file or process could not be handled.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
}

impl ToolchainError {
    /// The stable kebab-case class.
    pub fn class(&self) -> &'static str {
        match self {
            ToolchainError::NotFound { .. } => "go-not-found",
            ToolchainError::NotAToolchain { .. } => "go-not-a-toolchain",
            ToolchainError::TooOld { .. } => "go-too-old",
            ToolchainError::NoCache => "no-cache-folder",
            ToolchainError::Build { .. } => "go-build-failed",
            ToolchainError::Io { .. } => "io",
        }
    }

    pub(super) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> ToolchainError {
        let doing = doing.into();
        move |source| ToolchainError::Io { doing, source }
    }
}
