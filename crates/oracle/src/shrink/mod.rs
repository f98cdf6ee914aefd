//! Small reproducers. First the choices of a case are cut and lowered, which keeps the
//! history legal and the edit an edit; then, where a law can be asked of a bare trace, the
//! trace itself loses generations, threads, events and tables.
//!
//! Whatever is kept has been tried: the smaller case breaks the same law, by the same
//! reader, in the same way.

mod status;
mod tape;
mod trace;
mod window;
mod world;

pub use tape::shrink_tape;
pub use trace::shrink_trace;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long shrinking may go on.
#[derive(Clone, Debug)]
pub struct Budget {
    tries: u64,
    end: Instant,
    stop: Option<Arc<AtomicBool>>,
}

impl Budget {
    /// At most so many tries and so long.
    pub fn new(tries: u64, time: Duration) -> Budget {
        Budget { tries, end: Instant::now() + time, stop: None }
    }

    /// The same, but over as soon as `stop` is set.
    pub fn until(self, stop: Arc<AtomicBool>) -> Budget {
        Budget { stop: Some(stop), ..self }
    }

    /// Whether no try is left.
    pub fn is_over(&self) -> bool {
        let stopped = self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed));
        self.tries == 0 || stopped || Instant::now() >= self.end
    }

    /// Takes one try; false if there is none left.
    pub fn take(&mut self) -> bool {
        if self.is_over() {
            return false;
        }
        self.tries -= 1;
        true
    }
}

/// Why nothing was shrunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShrinkError {
    /// The thing to keep is not there to begin with.
    #[error("what should be kept does not hold for the original")]
    PredicateFails,
}
