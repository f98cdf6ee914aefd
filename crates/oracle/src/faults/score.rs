//! The score: what was measured, as it is kept in the repository and compared with later.

use crate::laws::Law;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What was measured of all faults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Campaigns for each fault.
    pub seeds: u64,
    /// Cases for which all laws were watched.
    pub cases: u64,
    /// Cases after which a fault that nothing had seen was given up.
    pub patience: u64,
    /// Breaches without any fault, in all campaigns together.
    pub false_alarms: u64,
    /// What was seen of each fault, by its name.
    pub rows: BTreeMap<String, Row>,
}

/// What was seen of a fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Where it is planted.
    pub place: String,
    /// By any law.
    pub any: Kills,
    /// By each law that saw it at all.
    pub laws: BTreeMap<Law, Kills>,
}

/// In how many campaigns it was seen, and how soon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kills {
    /// Campaigns in which it was seen.
    pub times: u64,
    /// The median, over these, of the number of the first case on which it was.
    pub median: u64,
}

/// Why a text is no score.
#[derive(Debug, thiserror::Error)]
#[error("not a score of faults: {0}")]
pub struct ScoreError(String);

impl ScoreError {
    /// Stable name of the kind of error.
    pub fn class(&self) -> &'static str {
        "faults-score"
    }
}

impl Kills {
    /// Of the first cases, one for each campaign in which it was seen.
    pub(super) fn of(mut first: Vec<u64>) -> Kills {
        first.sort_unstable();
        Kills { times: first.len() as u64, median: first.get(first.len().saturating_sub(1) / 2).copied().unwrap_or(0) }
    }
}

impl Row {
    /// Whether every campaign saw it.
    pub fn is_killed(&self, seeds: u64) -> bool {
        self.any.times == seeds
    }

    /// The law that alone saw it, if there is one. What is seen beside a sound reader is left out, as nearly everything is.
    pub fn own(&self) -> Option<Law> {
        let mut alone = self.laws.keys().copied().filter(|law| *law != Law::Agree);
        match (alone.next(), alone.next()) {
            (Some(law), None) => Some(law),
            (None, _) if self.laws.contains_key(&Law::Agree) => Some(Law::Agree),
            _ => None,
        }
    }
}

impl Score {
    /// The median over all faults of the medians of their first cases.
    pub fn median(&self) -> u64 {
        Kills::of(self.rows.values().filter(|row| row.any.times > 0).map(|row| row.any.median).collect()).median
    }

    /// Faults that not every campaign saw.
    pub fn survivors(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.rows.iter().filter(|(_, row)| !row.is_killed(self.seeds)).map(|(name, row)| (name.as_str(), row))
    }

    /// Kills of `kept` that were certain there (every campaign had them) and that no campaign has here.
    pub fn lost<'a>(&'a self, kept: &'a Score) -> impl Iterator<Item = (&'a str, Option<Law>)> {
        kept.rows.iter().flat_map(move |(name, was)| {
            let is = self.rows.get(name);
            let any = was.is_killed(kept.seeds) && is.is_none_or(|row| row.any.times == 0);
            let laws = was.laws.iter().filter(move |(law, kills)| {
                kills.times == kept.seeds && !any && is.is_none_or(|row| !row.laws.contains_key(law))
            });
            any.then_some((name.as_str(), None)).into_iter().chain(laws.map(|(law, _)| (name.as_str(), Some(*law))))
        })
    }

    /// The score as text, a fault a line.
    pub fn to_json(&self) -> String {
        let kills = |k: &Kills| json!([k.times, k.median]);
        let mut out = format!(
            "{{\n\"seeds\": {}, \"cases\": {}, \"patience\": {}, \"false_alarms\": {},\n\"faults\": {{",
            self.seeds, self.cases, self.patience, self.false_alarms
        );
        for (n, (name, row)) in self.rows.iter().enumerate() {
            let laws: Map<String, Value> = row.laws.iter().map(|(law, k)| (law.name().to_owned(), kills(k))).collect();
            let line = json!({ "place": row.place, "any": kills(&row.any), "laws": laws });
            let comma = if n == 0 { "" } else { "," };
            out.push_str(&format!("{comma}\n{}: {line}", Value::from(name.as_str())));
        }
        out + "\n}\n}\n"
    }

    /// Reads what [`Score::to_json`] wrote.
    ///
    /// # Errors
    /// If it is something else.
    pub fn from_json(text: &str) -> Result<Score, ScoreError> {
        let wrong = |what: &str| ScoreError(what.to_owned());
        let v: Value = serde_json::from_str(text).map_err(|e| ScoreError(e.to_string()))?;
        let number = |v: &Value, key: &str| v[key].as_u64().ok_or_else(|| ScoreError(format!("no number {key}")));
        let kills = |v: &Value| -> Result<Kills, ScoreError> {
            match (v[0].as_u64(), v[1].as_u64()) {
                (Some(times), Some(median)) => Ok(Kills { times, median }),
                _ => Err(wrong("kills are two numbers")),
            }
        };
        let mut score = Score {
            seeds: number(&v, "seeds")?,
            cases: number(&v, "cases")?,
            patience: number(&v, "patience")?,
            false_alarms: number(&v, "false_alarms")?,
            rows: BTreeMap::new(),
        };
        for (name, row) in v["faults"].as_object().ok_or_else(|| wrong("no faults"))? {
            let mut laws = BTreeMap::new();
            for (law, k) in row["laws"].as_object().ok_or_else(|| wrong("a fault without laws"))? {
                laws.insert(
                    Law::from_name(law).ok_or_else(|| ScoreError(format!("no law is called {law}")))?,
                    kills(k)?,
                );
            }
            let place = row["place"].as_str().ok_or_else(|| wrong("a fault without a place"))?.to_owned();
            score.rows.insert(name.clone(), Row { place, any: kills(&row["any"])?, laws });
        }
        Ok(score)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(rows: &[(&str, &[(Law, u64)])]) -> Score {
        let row = |laws: &[(Law, u64)]| Row {
            place: "reader".to_owned(),
            any: Kills { times: laws.iter().map(|(_, n)| *n).max().unwrap_or(0), median: 7 },
            laws: laws.iter().map(|(law, times)| (*law, Kills { times: *times, median: 7 })).collect(),
        };
        let rows = rows.iter().map(|(name, laws)| ((*name).to_owned(), row(laws))).collect();
        Score { seeds: 3, cases: 10, patience: 20, false_alarms: 0, rows }
    }

    #[test]
    fn a_score_reads_back() {
        let some = score(&[("one", &[(Law::Accept, 3), (Law::Agree, 2)]), ("two", &[])]);
        assert_eq!(Score::from_json(&some.to_json()).unwrap(), some);
        assert_eq!(Score::from_json("{}").unwrap_err().class(), "faults-score");
    }

    #[test]
    fn lost_kills_are_told_and_uncertain_ones_are_not() {
        let kept =
            score(&[("one", &[(Law::Accept, 3), (Law::Truth, 3), (Law::Twice, 1)]), ("two", &[(Law::Agree, 3)])]);
        assert_eq!(kept.lost(&kept).count(), 0);
        let now = score(&[("one", &[(Law::Accept, 1)]), ("two", &[])]);
        assert_eq!(now.lost(&kept).collect::<Vec<_>>(), [("one", Some(Law::Truth)), ("two", None)]);
    }

    #[test]
    fn own_kills_are_those_that_no_other_law_has() {
        let some = score(&[("a", &[(Law::Accept, 1), (Law::Agree, 1)]), ("b", &[(Law::Agree, 1)]), ("c", &[])]);
        let own: Vec<_> = some.rows.values().map(Row::own).collect();
        assert_eq!(own, [Some(Law::Accept), Some(Law::Agree), None]);
    }
}
