//! How a reader is to behave.

use crate::fault::FaultSet;
use crate::release::Release;

/// Two threads are worth it from so many bytes of events on.
const SHARE_FROM: usize = 64 << 10;

/// How a reader is to behave.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The Go release whose reader is followed.
    pub release: Release,
    /// Whether to refuse as well what Go's reader accepts although no runtime can have
    /// written it: the rules of [`RejectRule::STRICT`](tracehound_wire::RejectRule::STRICT).
    pub strict: bool,
    /// How many threads [`Reader::for_each`](crate::Reader::for_each) may use; more than two are used as two. Strict mode and
    /// readers with planted faults use one.
    pub threads: usize,
    /// How many bytes of events a generation must have for a second thread to decode them ahead: fewer are not worth it.
    pub share_from: usize,
    /// Planted faults; see [`Fault`](crate::Fault).
    pub(crate) faults: FaultSet,
}

impl Default for Options {
    fn default() -> Options {
        let share_from = if cfg!(test) { 1 } else { SHARE_FROM };
        Options { release: Release::default(), strict: false, threads: 1, share_from, faults: FaultSet::from_env() }
    }
}

impl Options {
    /// Options that follow this release, otherwise the default.
    pub fn release(release: Release) -> Options {
        Options { release, ..Options::default() }
    }

    /// These options, following another release.
    pub fn of_release(self, release: Release) -> Options {
        Options { release, ..self }
    }

    /// These options in strict mode.
    pub fn strictly(self) -> Options {
        Options { strict: true, ..self }
    }

    /// These options with so many threads.
    pub fn on_threads(self, threads: usize) -> Options {
        Options { threads, ..self }
    }

    /// These options with [`Options::share_from`] so many bytes: 1 to have a second thread work on the smallest traces.
    pub fn sharing_from(self, bytes: usize) -> Options {
        Options { share_from: bytes, ..self }
    }

    /// These options with `fault` armed as well.
    #[cfg(feature = "faults")]
    pub fn with_fault(mut self, fault: crate::Fault) -> Options {
        self.faults = self.faults.with(fault);
        self
    }

    /// These options with no fault armed.
    pub fn without_faults(self) -> Options {
        Options { faults: FaultSet::default(), ..self }
    }

    /// The faults that are armed.
    pub fn faults(&self) -> FaultSet {
        self.faults
    }
}
