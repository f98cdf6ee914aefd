//! Whether what was seen once is still seen.

use super::measure::{Plan, measure};
use super::planted::Planted;
use super::score::Score;
use crate::laws::Law;
use crate::readers::ReaderError;

/// Campaigns for each fault. A kill is lost if none of them has it.
const SEEDS: u64 = 2;

/// Looks for every certain kill of a kept score, and no longer than it takes to have them all; what is lost, in words.
///
/// # Errors
/// If a reader cannot be started.
pub fn check(kept: &Score) -> Result<Vec<String>, ReaderError> {
    let faults = Planted::all();
    let certain = |fault: Planted| {
        let laws = kept.rows.get(fault.name()).into_iter().flat_map(|row| &row.laws);
        laws.filter(|(_, kills)| kills.times == kept.seeds).map(|(law, _)| *law).collect::<Vec<Law>>()
    };
    let plan = Plan::new(SEEDS, kept.cases, kept.patience);
    let score = measure(&faults, &plan, &|fault, first| {
        let certain = certain(fault);
        !first.is_empty() && certain.iter().all(|law| first.contains_key(law))
    })?;
    let mut lost: Vec<String> = score
        .lost(kept)
        .map(|(fault, law)| match law {
            Some(law) => format!("{law} no longer sees {fault}"),
            None => format!("nothing sees {fault} any more"),
        })
        .collect();
    if score.false_alarms > 0 {
        lost.push(format!("{} false alarms without a fault", score.false_alarms));
    }
    let unknown = faults.iter().filter(|fault| !kept.rows.contains_key(fault.name()));
    lost.extend(unknown.map(|fault| format!("{fault} is not in the score: measure anew")));
    Ok(lost)
}
