//! The laws that a single answer decides.
//!
//! - accept: for every legal history h of a version that the reader knows: the reader accepts trace(h).
//! - reject: for every edit e with the label must-reject(rule): the reader refuses e(trace(h)), and if
//!   it names rules, by that rule.
//! - bounded: for all bytes: the reader accepts or refuses, within its deadline and its memory.

use super::Outcome;
use crate::verdict::{Answer, Verdict};
use tracehound_wire::RejectRule;

/// accept.
pub fn accept(answer: &Answer) -> Outcome {
    match &answer.verdict {
        Verdict::Accepted => Outcome::Holds,
        refused => Outcome::Broken(format!("a legal history is refused: {refused}")),
    }
}

/// reject. `rules` are those by which the trace may be refused; empty means any.
pub fn reject(answer: &Answer, rules: &[RejectRule]) -> Outcome {
    let wanted = || match rules {
        [] => "a rule".to_owned(),
        rules => rules.iter().map(|r| r.class()).collect::<Vec<_>>().join(" or "),
    };
    match &answer.verdict {
        Verdict::Rejected(r) => match r.rule {
            Some(rule) if !rules.is_empty() && !rules.contains(&rule) => {
                Outcome::Broken(format!("a trace that breaks {} is refused for another reason: {r}", wanted()))
            }
            _ => Outcome::Holds,
        },
        Verdict::Accepted => Outcome::Broken(format!("a trace that breaks {} is accepted", wanted())),
        failed => Outcome::Broken(format!("a trace that breaks {} is not judged: the reader {failed}", wanted())),
    }
}

/// bounded.
pub fn bounded(answer: &Answer) -> Outcome {
    match &answer.verdict {
        Verdict::Accepted | Verdict::Rejected(_) => Outcome::Holds,
        failed => Outcome::Broken(format!("the reader {failed}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Rejection;

    #[test]
    fn each_law_can_fail() {
        let refused = |rule| {
            Answer::bare(Verdict::Rejected(Rejection { opening: false, rule, message: String::new(), place: None }))
        };
        let (yes, hung) = (Answer::bare(Verdict::Accepted), Answer::bare(Verdict::Hung { seconds: 1 }));
        let stuck = refused(Some(RejectRule::Stuck));
        assert!(accept(&stuck).is_broken() && accept(&hung).is_broken() && !accept(&yes).is_broken());
        assert!(reject(&yes, &[]).is_broken() && reject(&hung, &[]).is_broken());
        assert!(reject(&stuck, &[RejectRule::GoUnknown]).is_broken());
        assert!(!reject(&stuck, &[RejectRule::Stuck]).is_broken() && !reject(&stuck, &[]).is_broken());
        assert!(!reject(&refused(None), &[RejectRule::Stuck]).is_broken());
        assert!(bounded(&hung).is_broken() && !bounded(&stuck).is_broken());
    }
}
