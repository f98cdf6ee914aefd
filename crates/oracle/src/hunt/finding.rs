//! A finding: breaches that are the same, and one of them as small as it gets.

use super::case::Origin;
use super::examine::Examiner;
use super::folder;
use super::neighbour::Neighbour;
use super::place::place;
use super::record::{Judged, NeighbourRecord, Record};
use super::small::Small;
use super::suspicion::Evidence;
use super::{Breach, Setup};
use crate::judge;
use crate::readers::{Limits, ReaderError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tracehound_wire::{Body, Expect, Item, TestFile, Trace};

/// The verdict of a reader that hangs, as findings are grouped by it.
const HUNG: &str = "hung";

/// How long a reader that hangs may take for a try of shrinking. Whether it hangs on what comes of that is then
/// asked with the deadline that was given.
const DEADLINE_IN_HASTE: Duration = Duration::from_secs(1);

/// A finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The breach that stands for all, on its shrunk case.
    pub breach: Breach,
    /// The smallest trace: of the shrunk case, or smaller still.
    pub bytes: Vec<u8>,
    /// The nearest trace on which all agree, if one was found.
    pub neighbour: Option<Neighbour>,
    /// The event of the smallest trace that cannot happen, if the judge says so: its item, and its place there.
    pub at: Option<(usize, usize)>,
    /// All of it in words and numbers; the command is not known yet.
    pub record: Record,
}

impl Finding {
    /// Shrinks a breach; what is smallest when `hurry` is set is it.
    ///
    /// # Errors
    /// If a reader cannot be started.
    pub fn shrink(setup: &Setup, breach: &Breach, count: u64, hurry: &Arc<AtomicBool>) -> Result<Finding, ReaderError> {
        let hung = breach.key == HUNG;
        // Whether an answer comes after all makes no difference then.
        let limits = if hung { Limits { grace: Duration::ZERO, ..setup.limits } } else { setup.limits };
        let deadline = if hung { limits.deadline.min(DEADLINE_IN_HASTE) } else { limits.deadline };
        let mut small = Small::of(setup, Limits { deadline, ..limits }, breach, hurry)?;
        let mut examiner = Examiner::patient(setup, limits)?;
        if hung {
            small.breach.words.clone_from(&breach.words);
            let said = examiner.verdicts(&small.bytes).0;
            // An answer that only comes too late in haste is no failure.
            if !said.iter().any(|(reader, word)| *reader == breach.reader && word.starts_with(HUNG)) {
                small = Small::as_found(breach);
            }
        }
        let Small { breach: shrunk, bytes, trace, neighbour, edit } = small;
        let judged = judge::judge_bytes(&bytes, judge::Options::default());
        let at = trace.as_ref().and_then(|trace| first_refused(trace, &judged));
        let facts =
            Facts { setup, breach: &shrunk, bytes: &bytes, trace: trace.as_ref(), neighbour: neighbour.as_ref() };
        let mut record = facts.record(&mut examiner, &judged);
        (record.count, record.edit, record.found_in) = (count, edit, breach.case.to_string());
        record.shrunk = !hurry.load(Ordering::Relaxed);
        Ok(Finding { breach: shrunk, bytes, neighbour, at, record })
    }

    /// A name for its folder.
    pub fn name(&self) -> String {
        folder::name(self.breach.group())
    }
}

/// What a record is made from.
struct Facts<'f> {
    setup: &'f Setup,
    breach: &'f Breach,
    bytes: &'f [u8],
    trace: Option<&'f Trace>,
    neighbour: Option<&'f Neighbour>,
}

impl Facts<'_> {
    fn record(&self, examiner: &mut Examiner, judged: &judge::Verdict) -> Record {
        let Facts { setup, breach, bytes, .. } = *self;
        let verdicts = examiner.verdicts(bytes).0;
        let readers = examiner.witnesses(bytes, &verdicts);
        let judge = match judged {
            judge::Verdict::Legal { .. } => Judged::Legal,
            judge::Verdict::Illegal { rules, .. } => {
                Judged::Illegal(rules.iter().map(|r| r.class().to_owned()).collect())
            }
            _ => Judged::Undecided,
        };
        let emission_fault = setup.config.fault.map(|f| f.name());
        let evidence =
            Evidence { law: breach.law, reader: &breach.reader, judge: &judge, witnesses: &readers, emission_fault };
        let suspicion = evidence.suspicion();
        let place =
            examiner.reader(&breach.reader).and_then(|reader| place(bytes, breach.law, judged, reader, setup.options));
        let neighbour = self.neighbour.map(|n| NeighbourRecord {
            edit: n.edit.clone(),
            verdict: n.verdict.clone(),
            difference: difference(bytes, &n.bytes),
        });
        let tape = match &breach.case.origin {
            Origin::History(case) => case.tape().cloned(),
            Origin::Raw(_) => None,
        };
        Record {
            law: breach.law,
            reader: breach.reader.clone(),
            key: breach.key.clone(),
            rule: breach.rule.map(|r| r.class().to_owned()),
            count: 1,
            events: self.trace.map_or(0, Trace::event_count),
            bytes: bytes.len(),
            verdicts,
            readers,
            words: breach.words.clone(),
            edit: None,
            judge,
            suspicion,
            place,
            neighbour,
            replay: breach.case.to_string(),
            command: String::new(),
            found_in: String::new(),
            tape,
            configuration: setup.configuration(),
            tracehound: env!("CARGO_PKG_VERSION").into(),
            shrunk: true,
        }
    }
}

/// The lines of two traces' texts, side by side.
fn difference(ours: &[u8], theirs: &[u8]) -> Vec<String> {
    let text = |bytes: &[u8]| {
        let file = TestFile::from_binary(bytes, Expect::Success);
        file.map_or_else(|_| String::new(), |f| String::from_utf8_lossy(&f.trace_text).into_owned())
    };
    let (ours, theirs) = (text(ours), text(theirs));
    let difference = similar::TextDiff::from_lines(&ours, &theirs);
    let lines = difference.iter_all_changes().map(|c| format!("{}{}", c.tag(), c.value().trim_end_matches('\n')));
    lines.collect()
}

/// The item and the place in it of the first event that no order can get past.
fn first_refused(trace: &Trace, judged: &judge::Verdict) -> Option<(usize, usize)> {
    let judge::Verdict::Illegal { refusals, .. } = judged else { return None };
    let place = refusals.iter().find_map(|refusal| refusal.at)?;
    let mut before = 0;
    trace.items.iter().enumerate().find_map(|(at, item)| {
        let Item::Batch(b) = item else { return None };
        let Body::Events(events) = &b.body else { return None };
        if (b.generation, b.m) != (place.generation, place.m) {
            return None;
        }
        let index = place.index.checked_sub(before)?;
        before += events.len();
        (index < events.len()).then_some((at, index))
    })
}
