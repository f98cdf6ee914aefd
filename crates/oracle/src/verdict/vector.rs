//! All readers' answers to one trace in one short value: what findings are grouped by,
//! and what shrinking has to keep.

use super::Answer;
use serde::Serialize;
use std::fmt;

/// For each reader a word: the verdict's label and, where readers delivered different
/// events, a letter that is the same for those that agree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct VerdictVector(pub Vec<(String, String)>);

impl VerdictVector {
    /// The vector of these answers. `same_events(i, j)` says whether readers `i` and `j`
    /// delivered the same events as far as both can tell.
    pub fn new(answers: &[(&str, &Answer)], mut same_events: impl FnMut(usize, usize) -> bool) -> VerdictVector {
        let mut groups: Vec<usize> = Vec::new();
        let mut of = Vec::new();
        for i in 0..answers.len() {
            let group = groups.iter().position(|&first| same_events(first, i)).unwrap_or_else(|| {
                groups.push(i);
                groups.len() - 1
            });
            of.push(group);
        }
        let words = answers.iter().zip(&of).map(|(&(name, answer), &group)| {
            let mut word = answer.verdict.label();
            if groups.len() > 1 {
                word.push_str(&format!("/{}", (b'a' + (group % 26) as u8) as char));
            }
            (name.to_owned(), word)
        });
        VerdictVector(words.collect())
    }

    /// Whether all readers said the same.
    pub fn is_unanimous(&self) -> bool {
        self.0.windows(2).all(|w| w[0].1 == w[1].1)
    }
}

impl fmt::Display for VerdictVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, word)) in self.0.iter().enumerate() {
            write!(f, "{}{name} {word}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Rejection, Verdict};
    use super::*;

    #[test]
    fn readers_with_the_same_events_share_a_letter() {
        let yes = Answer::bare(Verdict::Accepted);
        let no = Answer::bare(Verdict::Rejected(Rejection {
            opening: false,
            rule: None,
            message: String::new(),
            place: None,
        }));
        let answers = [("a", &yes), ("b", &yes), ("c", &no)];
        let all_same = VerdictVector::new(&answers, |_, _| true);
        assert_eq!(all_same.to_string(), "a accepted, b accepted, c rejected");
        assert!(!all_same.is_unanimous());
        let last_differs = VerdictVector::new(&answers, |i, j| (i == 2) == (j == 2));
        assert_eq!(last_differs.to_string(), "a accepted/a, b accepted/a, c rejected/b");
        assert!(VerdictVector::new(&answers[..2], |_, _| true).is_unanimous());
    }
}
