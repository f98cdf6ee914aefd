//! How a contender is timed: several passes, of which the best one counts, as whatever else the
//! machine does can only make a pass slower.

use std::time::{Duration, Instant};

/// What the fastest of `passes` passes returned, and how long it took.
///
/// # Panics
/// If there are no passes.
pub fn best<T>(passes: u32, mut pass: impl FnMut() -> T) -> (T, Duration) {
    (0..passes)
        .map(|_| {
            let start = Instant::now();
            let result = pass();
            (result, start.elapsed())
        })
        .min_by_key(|(_, time)| *time)
        .expect("at least one pass")
}
