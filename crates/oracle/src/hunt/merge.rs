//! What several readers' breaches on one case have to do with each other.
//!
//! A reader that refuses a legal history breaks a law, and differs from every other reader too: that is
//! one finding, not one for each pair. What findings are grouped by is therefore made from all
//! verdicts on the case.

use super::Breach;
use crate::known::EVENTS_KEY;
use crate::laws::Law;

/// A reader's verdict on a case, as one word.
pub(super) type Word = (String, String);

/// Breaches that have one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cause {
    /// No verdict, of this reader.
    Failure(String),
    /// A wrong verdict.
    Verdict,
    /// Wrong events.
    Events,
    /// A law of its own.
    Law(Law),
}

fn cause(breach: &Breach, words: &[Word]) -> Cause {
    match breach.law {
        _ if words.iter().any(|(reader, word)| *reader == breach.reader && !is_judgement(word)) => {
            Cause::Failure(breach.reader.clone())
        }
        Law::Agree if breach.key == EVENTS_KEY => Cause::Events,
        Law::Accept | Law::Reject | Law::Bounded | Law::Agree => Cause::Verdict,
        Law::Truth | Law::Context => Cause::Events,
        law => Cause::Law(law),
    }
}

/// The breaches of one case, one for each cause: the one that says most. `words` are the verdicts
/// of all readers that read the case.
pub(super) fn merge(breaches: Vec<Breach>, words: &[Word]) -> Vec<Breach> {
    let mut kept: Vec<(Cause, Breach)> = Vec::new();
    for breach in breaches {
        let cause = cause(&breach, words);
        let rank = |b: &Breach| (b.law == Law::Agree, words.iter().position(|(reader, _)| *reader == b.reader));
        match kept.iter_mut().find(|(c, _)| *c == cause) {
            None => kept.push((cause, breach)),
            Some((_, before)) if rank(&breach) < rank(before) => *before = breach,
            Some(_) => {}
        }
    }
    let merged = kept.into_iter().map(|(cause, breach)| match cause {
        Cause::Verdict => with_vector(breach, words),
        Cause::Failure(reader) => {
            // Whatever was wanted of the reader, it did not do what it owes to every trace.
            let key = words.iter().find(|(r, _)| *r == reader).map_or_else(String::new, |(_, word)| word.clone());
            Breach { law: Law::Bounded, key, ..breach }
        }
        _ => breach,
    });
    merged.collect()
}

/// Whether the word is of a reader that accepted or refused.
fn is_judgement(word: &str) -> bool {
    word == "accepted" || word.starts_with("rejected")
}

/// Between the verdict of the reader that is wrong and those of the others.
const AGAINST: &str = " against ";

/// How a breach shows: in the verdicts of several readers, whatever law says that one of them is wrong, or in the law alone.
pub(super) fn shows_in(law: Law, key: &str) -> &'static str {
    match law {
        Law::Accept | Law::Reject | Law::Agree if key.contains(AGAINST) => "verdict",
        law => law.name(),
    }
}

/// A breach by its verdict, grouped by all verdicts. How many readers there are of one mind does not matter:
/// not all of them read every version.
fn with_vector(mut breach: Breach, words: &[Word]) -> Breach {
    if let (Law::Agree, Some(suspect)) = (breach.law, odd_one_out(words)) {
        breach.reader.clone_from(&suspect.0);
    }
    let own = words.iter().find(|(reader, _)| *reader == breach.reader).map(|(_, word)| word.as_str());
    let mut others: Vec<&str> = words.iter().map(|(_, word)| word.as_str()).collect();
    others.retain(|w| Some(*w) != own && is_judgement(w));
    others.sort_unstable();
    others.dedup();
    if let (Some(own), false) = (own, others.is_empty()) {
        breach.key = format!("{own}{AGAINST}{}", others.join(" and "));
    }
    breach
}

/// The only reader that says something else than all others, of three or more.
fn odd_one_out(words: &[Word]) -> Option<&Word> {
    if words.len() < 3 {
        return None;
    }
    words.iter().find(|(reader, word)| {
        let mut others = words.iter().filter(|(r, _)| r != reader).map(|(_, w)| w);
        let first = others.next();
        first != Some(word) && others.all(|w| Some(w) == first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hunt::HuntCase;

    fn breach(law: Law, reader: &str, key: &str) -> Breach {
        let case = HuntCase::raw(Vec::new().into());
        Breach { law, reader: reader.into(), words: String::new(), key: key.into(), rule: None, case }
    }

    fn words(all: &[(&str, &str)]) -> Vec<Word> {
        all.iter().map(|&(reader, word)| (reader.into(), word.into())).collect()
    }

    #[test]
    fn a_wrong_verdict_is_one_breach_however_many_readers_differ_from_it() {
        let all = vec![
            breach(Law::Accept, "builtin", "rejected:stuck"),
            breach(Law::Agree, "go:1.26", "rejected:stuck against accepted"),
            breach(Law::Agree, "go:1.27", "rejected:stuck against accepted"),
            breach(Law::Twice, "builtin", "accepted"),
        ];
        let said = words(&[("builtin", "rejected:stuck"), ("go:1.26", "accepted"), ("go:1.27", "accepted")]);
        let merged = merge(all.clone(), &said);
        let groups: Vec<_> = merged.iter().map(Breach::group).collect();
        assert_eq!(
            groups,
            [("verdict", "builtin", "rejected:stuck against accepted"), ("twice", "builtin", "accepted")]
        );
        // A reader that fails is one finding, whatever it should have said; another one that fails is another.
        let failed = words(&[("builtin", "accepted"), ("go:1.26", "died"), ("go:1.27", "hung")]);
        let fails =
            |law| vec![breach(law, "go:1.27", "x"), breach(Law::Agree, "go:1.27", "y"), breach(law, "go:1.26", "z")];
        for law in [Law::Accept, Law::Reject, Law::Bounded] {
            let merged = merge(fails(law), &failed);
            let groups: Vec<_> = merged.iter().map(Breach::group).collect();
            assert_eq!(groups, [("bounded", "go:1.27", "hung"), ("bounded", "go:1.26", "died")]);
        }
        // A reader that does not know the version changes nothing.
        let fewer = merge(vec![all[0].clone(), all[2].clone()], &[said[0].clone(), said[2].clone()]);
        assert_eq!(fewer[0].group(), merged[0].group());
    }

    #[test]
    fn one_mistake_is_one_finding_whether_a_label_tells_of_it_or_another_reader() {
        let said = words(&[("builtin", "rejected:stuck"), ("go:1.27", "accepted")]);
        let labelled = merge(vec![breach(Law::Reject, "go:1.27", "accepted")], &said);
        let compared = merge(vec![breach(Law::Agree, "go:1.27", "rejected:stuck against accepted")], &said);
        assert_eq!(labelled[0].group(), ("verdict", "go:1.27", "accepted against rejected:stuck"));
        assert_eq!(compared[0].group(), labelled[0].group());
        // Alone it is no verdict against another.
        let alone = merge(vec![breach(Law::Reject, "builtin", "accepted")], &words(&[("builtin", "accepted")]));
        assert_eq!(alone[0].group(), ("reject", "builtin", "accepted"));
    }

    #[test]
    fn of_three_readers_the_odd_one_out_is_the_suspect() {
        let key = "accepted against rejected:stuck";
        let all = vec![breach(Law::Agree, "go:1.26", key), breach(Law::Agree, "go:1.27", key)];
        let said = words(&[("builtin", "accepted"), ("go:1.26", "rejected:stuck"), ("go:1.27", "rejected:stuck")]);
        assert_eq!(merge(all, &said)[0].group(), ("verdict", "builtin", key));
    }
}
