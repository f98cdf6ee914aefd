//! Where choices come from.
//!
//! The model asks for a number below a bound, and that is all it asks. 0 is always the
//! simplest choice, so a tape that ends early reads as zeros. Nothing here knows what a
//! choice is for.

mod bytes;
mod exhaustive;
mod rng;
mod strategy;
mod tape;

pub use bytes::Bytes;
pub use exhaustive::Exhaustive;
pub use rng::Rng;
pub(crate) use rng::mix;
pub use strategy::{case_strategy, tape_strategy};
pub use tape::{Recorder, Tape, TapeReader};

/// A stream of bounded choices.
pub trait Source {
    /// The next choice: a number below `bound`, 0 being the simplest. A bound of 0 or 1
    /// leaves no choice and consumes nothing.
    fn below(&mut self, bound: u32) -> u32;

    /// Whether all further choices will be 0. Sources without an end never say so.
    fn exhausted(&self) -> bool {
        false
    }

    /// What is asked from here on, up to the next call, belongs together: who shrinks a tape tries to do without it as
    /// a whole.
    fn begin_unit(&mut self) {}

    /// The first choice since then could as well have been `plain`.
    fn same_as(&mut self, plain: u32) {
        let _ = plain;
    }
}

/// A source as the model holds it: most are seeds, whose choices cost no call.
pub(crate) enum Feed<'a> {
    Seed(Rng),
    Other(&'a mut dyn Source),
}

impl Source for Feed<'_> {
    #[inline]
    fn below(&mut self, bound: u32) -> u32 {
        match self {
            Feed::Seed(rng) => rng.below(bound),
            Feed::Other(source) => source.below(bound),
        }
    }

    fn exhausted(&self) -> bool {
        match self {
            Feed::Seed(rng) => rng.exhausted(),
            Feed::Other(source) => source.exhausted(),
        }
    }

    #[inline]
    fn begin_unit(&mut self) {
        if let Feed::Other(source) = self {
            source.begin_unit();
        }
    }

    #[inline]
    fn same_as(&mut self, plain: u32) {
        if let Feed::Other(source) = self {
            source.same_as(plain);
        }
    }
}

impl<S: Source + ?Sized> Source for &mut S {
    fn below(&mut self, bound: u32) -> u32 {
        (**self).below(bound)
    }

    fn exhausted(&self) -> bool {
        (**self).exhausted()
    }

    fn begin_unit(&mut self) {
        (**self).begin_unit();
    }

    fn same_as(&mut self, plain: u32) {
        (**self).same_as(plain);
    }
}
