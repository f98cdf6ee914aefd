//! The page `docs/faults.md`, made from a score.

use super::judged::judgement;
use super::score::{Kills, Row, Score};
use crate::laws::Law;
use std::fmt::Write as _;

/// The page.
pub fn page(score: &Score) -> String {
    let survivors: Vec<(&str, &Row)> = score.survivors().collect();
    let mut page = format!(
        "# Planted faults\n\n\
         What each law sees of the faults that are planted in the built-in reader, in the runtime that the generator imitates, in\n\
         the labels of edits and in the codec. For each fault {} campaigns, as `hunt` runs them, from seeds of their own. A cell is the\n\
         median number of the case on which the law was first broken, and, if not all campaigns saw it, how many did. All\n\
         laws are watched for {} cases; a fault that none has seen by then is given up after {}.\n\
         The opening's histories and the reject matrix count as cases. `agree` holds the faulty reader against the sound\n\
         one, and has the probes as well; all other laws look at the faulty reader alone.\n\n\
         Made by `tracehound faults` (build with `--features faults`) from `corpus/faults.json`; do not edit it.\n\n",
        score.seeds, score.cases, score.patience
    );
    let killed = score.rows.len() - survivors.len();
    // Writing to a string cannot fail.
    let _ = writeln!(
        page,
        "{} faults: {killed} killed in every campaign, the median of their medians is case {}; {} not. {} false alarms of the sound reader.\n",
        score.rows.len(),
        score.median(),
        survivors.len(),
        score.false_alarms
    );
    let _ = writeln!(page, "## Laws\n\n| law | sees | it alone | first of these |\n| --- | --- | --- | --- |");
    for law in Law::ALL {
        let sees = score.rows.values().filter(|row| row.laws.contains_key(&law)).count();
        let own: Vec<&str> =
            score.rows.iter().filter(|(_, row)| row.own() == Some(law)).map(|(n, _)| n.as_str()).collect();
        let first = own.iter().take(3).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let _ = writeln!(page, "| {law} | {sees} | {} | {first} |", own.len());
    }
    if !survivors.is_empty() {
        let _ = writeln!(page, "\n## Survivors\n\n| fault | campaigns that saw it | judgement |\n| --- | --- | --- |");
        for (name, row) in &survivors {
            let why = judgement(name).unwrap_or("a gap");
            let _ = writeln!(page, "| `{name}` | {} of {} | {why} |", row.any.times, score.seeds);
        }
    }
    let used: Vec<Law> =
        Law::ALL.into_iter().filter(|law| score.rows.values().any(|row| row.laws.contains_key(law))).collect();
    let head: String = used.iter().map(|law| format!(" {law} |")).collect();
    let _ =
        writeln!(page, "\n## Faults\n\n| fault | in | any |{head}\n| --- | --- | --- |{}", " --- |".repeat(used.len()));
    for (name, row) in &score.rows {
        let cells: String = used
            .iter()
            .map(|law| format!(" {} |", row.laws.get(law).map_or(String::new(), |k| cell(k, score.seeds))))
            .collect();
        let _ = writeln!(page, "| `{name}` | {} | {} |{cells}", row.place, cell(&row.any, score.seeds));
    }
    page
}

fn cell(kills: &Kills, seeds: u64) -> String {
    match kills.times {
        0 => String::new(),
        times if times == seeds => kills.median.to_string(),
        times => format!("{} ({times})", kills.median),
    }
}
