//! The bench of the oracles: faults are planted, and each law has to notice those that it is for.
//!
//! A fault is planted in the built-in reader, in the runtime that the generator imitates, in the
//! labels of edits, or in the codec. Then a campaign runs as `hunt` runs it, in the same order, and
//! for each law the first case is noted on which it is broken. A fault that no law sees shows
//! what we are blind to; a law without a fault that it alone sees shows nothing that the others do not.
//!
//! Nothing here knows what any fault does: whether it can be noticed is for the laws to say, and what
//! is not noticed is judged in words (`judged`).

mod check;
mod judged;
mod measure;
mod page;
mod planted;
mod score;

pub use check::check;
pub use judged::judgement;
pub use measure::{Plan, measure};
pub use page::page;
pub use planted::Planted;
pub use score::{Kills, Row, Score, ScoreError};
