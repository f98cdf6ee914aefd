//! Shrinking a list of choices: parts are cut out and numbers lowered, as long as a
//! predicate holds. The predicate sees only the tape.

use super::{Budget, ShrinkError};

/// The smallest tape found for which `holds` still says yes. `units` makes a tape plainer without changing what it
/// means, and tells where its units begin.
///
/// # Errors
/// If `holds` says no to the tape itself.
pub fn shrink_tape(
    tape: &[u32],
    mut budget: Budget,
    units: impl Fn(&[u32]) -> (Vec<u32>, Vec<usize>),
    mut holds: impl FnMut(&[u32]) -> bool,
) -> Result<Vec<u32>, ShrinkError> {
    if !holds(tape) {
        return Err(ShrinkError::PredicateFails);
    }
    let mut best = tape.to_vec();
    loop {
        let before = best.clone();
        cut_units(&mut best, &mut budget, &units, &mut holds);
        cut(&mut best, &mut budget, &mut holds);
        zero(&mut best, &mut budget, &mut holds);
        lower(&mut best, &mut budget, &mut holds);
        if best == before {
            return Ok(best);
        }
    }
}

/// Tries without runs of units, long ones first, from the end: what comes last has the least to do with the rest.
fn cut_units(
    best: &mut Vec<u32>,
    budget: &mut Budget,
    units: &impl Fn(&[u32]) -> (Vec<u32>, Vec<usize>),
    holds: &mut impl FnMut(&[u32]) -> bool,
) {
    let (plain, mut starts) = units(best);
    if budget.take() && holds(&plain) {
        *best = plain;
    } else {
        starts.retain(|&at| at < best.len());
    }
    let mut len = starts.len().next_power_of_two();
    while len > 0 {
        let mut end = starts.len();
        while end > 0 {
            let start = end.saturating_sub(len);
            let behind = starts.get(end).copied().unwrap_or(best.len());
            let shorter: Vec<u32> = best[..starts[start]].iter().chain(&best[behind..]).copied().collect();
            if !budget.take() {
                return;
            }
            if holds(&shorter) {
                let gone = behind - starts[start];
                starts.drain(start..end);
                starts[start..].iter_mut().for_each(|at| *at -= gone);
                *best = shorter;
            }
            end = start;
        }
        len /= 2;
    }
}

/// Tries without spans, long ones first.
fn cut(best: &mut Vec<u32>, budget: &mut Budget, holds: &mut impl FnMut(&[u32]) -> bool) {
    let mut len = best.len().next_power_of_two();
    while len > 0 {
        // From the end: what comes last has the least to do with the rest.
        let mut end = best.len();
        while end > 0 {
            let start = end.saturating_sub(len);
            let shorter: Vec<u32> = best[..start].iter().chain(&best[end..]).copied().collect();
            if !budget.take() {
                return;
            }
            if holds(&shorter) {
                *best = shorter;
            }
            end = start.min(best.len());
        }
        len /= 2;
    }
}

/// Tries zeros for spans, long ones first: zero is the simplest choice.
fn zero(best: &mut Vec<u32>, budget: &mut Budget, holds: &mut impl FnMut(&[u32]) -> bool) {
    let mut len = best.len().next_power_of_two() / 2;
    while len > 0 {
        for start in (0..best.len()).step_by(len) {
            let end = (start + len).min(best.len());
            if best[start..end].iter().all(|&v| v == 0) {
                continue;
            }
            let mut simpler = best.clone();
            simpler[start..end].fill(0);
            if !budget.take() {
                return;
            }
            if holds(&simpler) {
                *best = simpler;
            }
        }
        len /= 2;
    }
    while best.last() == Some(&0) {
        best.pop();
        // Zeros at the end read the same as nothing, but it is the predicate that decides.
        if !budget.take() || !holds(best) {
            best.push(0);
            return;
        }
    }
}

/// Tries smaller numbers.
fn lower(best: &mut [u32], budget: &mut Budget, holds: &mut impl FnMut(&[u32]) -> bool) {
    for i in 0..best.len() {
        let mut step = best[i];
        while step > 0 && best[i] > 0 {
            let was = best[i];
            best[i] = was.saturating_sub(step);
            if !budget.take() {
                best[i] = was;
                return;
            }
            if !holds(best) {
                best[i] = was;
                step /= 2;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn budget() -> Budget {
        Budget::new(100_000, Duration::from_secs(600))
    }

    fn one_by_one(tape: &[u32]) -> (Vec<u32>, Vec<usize>) {
        (tape.to_vec(), (0..tape.len()).collect())
    }

    #[test]
    fn units_go_as_a_whole() {
        // Pairs of a length and so many numbers: a number alone means nothing.
        let tape: Vec<u32> = (0..40).flat_map(|n| [1, n]).collect();
        let pairs = |tape: &[u32]| (tape.to_vec(), (0..tape.len()).step_by(2).collect());
        let holds = |t: &[u32]| t.len().is_multiple_of(2) && t.chunks(2).all(|c| c[0] == 1) && t.contains(&17);
        assert_eq!(shrink_tape(&tape, budget(), pairs, holds), Ok(vec![1, 17]));
        let mut tries = 0;
        let few = Budget::new(40, Duration::from_secs(600));
        let counted = |t: &[u32]| {
            tries += 1;
            holds(t)
        };
        assert_eq!(shrink_tape(&tape, few, pairs, counted), Ok(vec![1, 17]));
        assert!(tries <= 41, "{tries}");
    }

    #[test]
    fn only_what_the_predicate_needs_is_left() {
        let tape: Vec<u32> = (0..200).map(|i| i * 7 % 50).collect();
        let holds = |t: &[u32]| t.iter().any(|&v| v >= 20) && t.iter().filter(|&&v| v >= 5).count() >= 2;
        assert_eq!(shrink_tape(&tape, budget(), one_by_one, holds), Ok(vec![5, 20]));
    }

    #[test]
    fn a_predicate_that_does_not_hold_is_refused() {
        assert_eq!(shrink_tape(&[1, 2], budget(), one_by_one, |_| false), Err(ShrinkError::PredicateFails));
    }

    #[test]
    fn the_budget_bounds_the_tries() {
        let mut tries = 0;
        let shrunk = shrink_tape(&[9; 1000], Budget::new(10, Duration::from_secs(600)), one_by_one, |_| {
            tries += 1;
            true
        });
        assert!(shrunk.is_ok() && tries <= 11);
    }
}
