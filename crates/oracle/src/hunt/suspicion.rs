//! Who is likely wrong, and why: the judge's word counts most, as it depends on no reader; then what a reader owes
//! whatever the trace; then how many are of one mind.

use super::record::{Judged, Witness};
use crate::laws::Law;
use serde::{Deserialize, Serialize};

/// Who is likely wrong, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspicion {
    /// Names of readers, or of what else is at fault; empty if nobody can say.
    pub who: Vec<String>,
    /// The argument, in one or two sentences.
    pub why: String,
}

/// What is known when somebody is suspected.
pub(super) struct Evidence<'e> {
    pub(super) law: Law,
    /// The reader that broke the law.
    pub(super) reader: &'e str,
    pub(super) judge: &'e Judged,
    pub(super) witnesses: &'e [Witness],
    /// The fault of emission that is armed, if one is.
    pub(super) emission_fault: Option<&'e str>,
}

impl Evidence<'_> {
    /// Who is likely wrong.
    pub(super) fn suspicion(&self) -> Suspicion {
        let failed = self.those(|w| !is_judgement(&w.verdict));
        if self.law == Law::Label {
            return suspect(
                ["tracehound's edit"],
                "The judge contradicts the label of the edit; no reader is to blame.",
            );
        }
        if !failed.is_empty() {
            let why = "Whatever the trace, a reader has to accept or refuse it, within its time and memory.";
            return suspect(failed, why);
        }
        match self.judge {
            Judged::Legal => self.legal(),
            Judged::Illegal(rules) => self.illegal(rules),
            Judged::Undecided => {
                self.undecided("The trace is too large for the judge, or it does not know the format.")
            }
        }
    }

    fn legal(&self) -> Suspicion {
        let refusing = self.those(|w| !w.verdict.starts_with("accepted"));
        if !refusing.is_empty() {
            let why = "The judge, which searches all orders from the rules alone, finds a legal one: the trace has to be accepted.";
            return suspect(refusing, why);
        }
        self.by_law("The trace is legal and all accept it.")
    }

    fn illegal(&self, rules: &[String]) -> Suspicion {
        let rules = rules.join(" or ");
        if let Some(fault) = self.emission_fault {
            let who = format!("the runtime with the fault {fault}");
            let why = format!(
                "The judge finds no legal order (rule {rules}), so nothing can have happened that this trace tells: it was written wrongly, and a reader is right to refuse it."
            );
            return Suspicion { who: vec![who], why };
        }
        let accepting = self.those(|w| w.verdict.starts_with("accepted"));
        if !accepting.is_empty() {
            let why =
                format!("The judge searched all orders and none is legal (rule {rules}): the trace has to be refused.");
            return Suspicion { who: accepting, why };
        }
        let by_another =
            self.those(|w| word(w).split_once(':').is_some_and(|(_, rule)| !rules.split(" or ").any(|r| r == rule)));
        if !by_another.is_empty() {
            let why = format!("Every order that the judge tried ends in {rules}; the refusal names another rule.");
            return Suspicion { who: by_another, why };
        }
        self.majority(&format!("The trace is illegal ({rules}) and all refuse it."))
    }

    fn undecided(&self, so_far: &str) -> Suspicion {
        let refusing = self.those(|w| !w.verdict.starts_with("accepted"));
        if self.law == Law::Accept && self.emission_fault.is_none() && !refusing.is_empty() {
            let why = "But it is made to be legal, and has to be accepted.";
            return suspect(refusing, &format!("{so_far} {why}"));
        }
        self.by_law(so_far)
    }

    /// Where no verdict is wrong, the law itself says whose story it is about.
    fn by_law(&self, so_far: &str) -> Suspicion {
        let why = match self.law {
            Law::Accept | Law::Reject | Law::Agree | Law::Bounded => return self.majority(so_far),
            Law::Truth if self.emission_fault.is_some() => {
                let who = self.emission_fault.map(|fault| format!("the runtime with the fault {fault}"));
                let why = "It tells another story than that of the history that was written: it was written wrongly, and no reader can know.";
                return suspect(who, &format!("{so_far} {why}"));
            }
            Law::Truth => "Its events are not those that happened in the history that was written.",
            Law::Context => "Its events contradict one another, whatever happened.",
            _ => "It gives another answer to a trace that is the same in all that counts.",
        };
        suspect([self.reader], &format!("{so_far} {why}"))
    }

    fn majority(&self, so_far: &str) -> Suspicion {
        let mut words: Vec<&str> = self.witnesses.iter().map(|w| w.verdict.as_str()).collect();
        words.sort_unstable();
        let counts = words.chunk_by(|a, b| a == b).map(|c| (c.len(), c[0]));
        let most = counts.max().filter(|(n, _)| 2 * n > self.witnesses.len());
        match most {
            Some((n, word)) if n < self.witnesses.len() => {
                let others = self.those(|w| w.verdict != word);
                suspect(
                    others,
                    &format!("{so_far} {n} of {} readers say the same, these do not.", self.witnesses.len()),
                )
            }
            _ => suspect([""; 0], &format!("{so_far} Between these readers nobody can say who is right.")),
        }
    }

    fn those(&self, which: impl Fn(&Witness) -> bool) -> Vec<String> {
        self.witnesses.iter().filter(|w| which(w)).map(|w| w.name.clone()).collect()
    }
}

/// The verdict without the letter for its events.
fn word(w: &Witness) -> &str {
    w.verdict.split('/').next().unwrap_or_default()
}

fn is_judgement(word: &str) -> bool {
    word.starts_with("accepted") || word.starts_with("rejected")
}

fn suspect<S: Into<String>>(who: impl IntoIterator<Item = S>, why: &str) -> Suspicion {
    Suspicion { who: who.into_iter().map(Into::into).collect(), why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(law: Law, judge: &Judged, words: &[(&str, &str)], emission_fault: Option<&str>) -> Vec<String> {
        let witness = |&(name, verdict): &(&str, &str)| Witness {
            name: name.into(),
            program: name.into(),
            version: String::new(),
            verdict: verdict.into(),
            words: verdict.into(),
            events: 0,
        };
        let witnesses: Vec<_> = words.iter().map(witness).collect();
        let suspicion = Evidence { law, reader: "a", judge, witnesses: &witnesses, emission_fault }.suspicion();
        assert!(suspicion.why.ends_with('.'), "{suspicion:?}");
        suspicion.who
    }

    #[test]
    fn the_judge_decides_where_it_can() {
        let (legal, illegal) = (Judged::Legal, Judged::Illegal(vec!["stuck".into()]));
        let split = [("a", "accepted/a"), ("b", "rejected:stuck/b")];
        assert_eq!(who(Law::Agree, &legal, &split, None), ["b"]);
        assert_eq!(who(Law::Agree, &illegal, &split, None), ["a"]);
        assert_eq!(who(Law::Accept, &illegal, &split, Some("wake-lost")), ["the runtime with the fault wake-lost"]);
        assert_eq!(who(Law::Agree, &Judged::Undecided, &split, None), [""; 0]);
        let rules = [("a", "rejected:stuck"), ("b", "rejected:go-unknown")];
        assert_eq!(who(Law::Reject, &illegal, &rules, None), ["b"]);
    }

    #[test]
    fn failures_laws_and_numbers_come_next() {
        let three = [("a", "accepted/a"), ("b", "accepted/b"), ("c", "accepted/a")];
        assert_eq!(who(Law::Agree, &Judged::Legal, &three, None), ["b"]);
        assert_eq!(who(Law::Truth, &Judged::Legal, &three[..1], None), ["a"]);
        assert_eq!(who(Law::Bounded, &Judged::Legal, &[("a", "accepted"), ("b", "hung")], None), ["b"]);
        assert_eq!(who(Law::Label, &Judged::Legal, &three, None), ["tracehound's edit"]);
    }
}
