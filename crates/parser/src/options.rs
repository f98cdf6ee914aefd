//! How a reader is to behave.

use crate::fault::FaultSet;
use crate::release::Release;

/// How a reader is to behave.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The Go release whose reader is followed.
    pub release: Release,
    /// Planted faults; see [`Fault`](crate::Fault).
    pub(crate) faults: FaultSet,
}

impl Default for Options {
    fn default() -> Options {
        Options { release: Release::default(), faults: FaultSet::from_env() }
    }
}

impl Options {
    /// Options that follow this release, otherwise the default.
    pub fn release(release: Release) -> Options {
        Options { release, ..Options::default() }
    }

    /// These options with `fault` armed as well.
    #[cfg(feature = "faults")]
    pub fn with_fault(mut self, fault: crate::Fault) -> Options {
        self.faults = self.faults.with(fault);
        self
    }

    /// The faults that are armed.
    pub fn faults(&self) -> FaultSet {
        self.faults
    }
}
