//! Answers the model's questions so that it does what a trace says, and writes the answers down.

use crate::model::ask::Ask;
use crate::model::choose::Act;
use crate::source::Tape;

/// Makes choices on purpose.
#[derive(Debug, Default)]
pub(crate) struct Guide {
    /// Answers to come, by what they are about; whatever else is asked is answered with 0.
    pub wants: Vec<(Ask, u32)>,
    /// What the M shall do.
    pub act: Option<Act>,
    /// All answers so far.
    pub tape: Tape,
    /// The action, or the answer, that the model did not allow.
    pub strayed: Option<String>,
}

impl Guide {
    /// The answer to one question.
    pub fn answer(&mut self, about: Ask, n: usize) -> usize {
        let mut v = match self.wants.iter().position(|&(what, _)| what == about) {
            Some(i) => self.wants.remove(i).1 as usize,
            None => 0,
        };
        if v >= n.max(1) {
            self.strayed.get_or_insert_with(|| format!("{about:?} {v} of {n}"));
            v = n.saturating_sub(1);
        }
        if n > 1 {
            self.tape.push(v as u32);
        }
        v
    }

    /// Finds the wanted action among those that are enabled.
    pub fn look(&mut self, offered: impl ExactSizeIterator<Item = (Act, u32)>) {
        let (mut at, len) = (0, offered.len());
        let Some(act) = self.act.take() else {
            self.strayed.get_or_insert_with(|| "an action, and none is wanted".to_owned());
            return;
        };
        for (other, weight) in offered {
            if other == act {
                self.wants.push((Ask::Act, at));
                if len == 1 {
                    self.wants.pop();
                }
                return;
            }
            at += weight;
        }
        self.strayed.get_or_insert_with(|| format!("{act:?} is not enabled"));
    }

    /// Forgets what has not been asked; says whether there was anything.
    pub fn settle(&mut self) -> Option<String> {
        if let Some(act) = self.act.take() {
            self.strayed.get_or_insert_with(|| format!("{act:?} was not asked for"));
        }
        if let Some(&(what, v)) = self.wants.first() {
            self.strayed.get_or_insert_with(|| format!("{what:?} {v} was not asked for"));
        }
        self.wants.clear();
        self.strayed.take()
    }
}
