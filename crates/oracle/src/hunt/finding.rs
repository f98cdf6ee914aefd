//! A finding: breaches that are the same, and one of them as small as it gets.

use super::case::{Edit, HuntCase, Made, Origin};
use super::examine::Examiner;
use super::folder;
use super::keeps::Keeps;
use super::neighbour::{self, Neighbour};
use super::place::place;
use super::record::{Judged, NeighbourRecord, Record};
use super::suspicion::Evidence;
use super::{Breach, Setup};
use crate::judge;
use crate::laws::Law;
use crate::readers::ReaderError;
use crate::shrink::{Budget, shrink_tape, shrink_trace};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tracehound_generator::Case;
use tracehound_generator::mutate::Label;
use tracehound_wire::{Body, Expect, Item, TestFile, Trace};

/// How long a finding may be shrunk, in each of the ways, where a reader hangs or dies: each try takes long, and says
/// little about the trace.
const SHRINK_TIME_OF_FAILURES: Duration = Duration::from_secs(3);

/// How many tries the choices of a finding may take whose trace is shrunk afterwards.
const SHRINK_TRIES_OF_CHOICES: u64 = 1500;

/// How many tries each way may take.
const SHRINK_TRIES: u64 = 40_000;

/// How many traces one edit away are tried.
const NEIGHBOUR_TRIES: u64 = 3000;

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
        let mut examiner = Examiner::new(setup)?;
        examiner.be_patient();
        let found_in = breach.case.to_string();
        let time =
            if breach.law == Law::Bounded { SHRINK_TIME_OF_FAILURES.min(setup.shrink_time) } else { setup.shrink_time };
        let budget = || Budget::new(SHRINK_TRIES, time).until(hurry.clone());
        // Where the trace can be shrunk as well, choices cost more time than they save.
        let of_choices = match breach.law {
            law if Keeps::knows(law) => Budget::new(SHRINK_TRIES_OF_CHOICES, time).until(hurry.clone()),
            _ => budget(),
        };
        let (case, mut breach) = match &breach.case.origin {
            Origin::History(history) => shrink_case(&mut examiner, breach, history, of_choices),
            Origin::Raw(_) => (breach.case.clone(), breach.clone()),
        };
        let made = case.make();
        let bytes = made.as_ref().map_or(Vec::new(), |m| m.bytes.to_vec());
        let label = made.as_ref().map_or(Label::Unspecified, Made::label);
        let mut keeps = Keeps::new(setup, &breach, label, &bytes);
        let small = Trace::decode(&bytes).ok().and_then(|trace| {
            let keeps = keeps.as_mut()?;
            shrink_trace(&trace, budget(), |t| keeps.holds(&t.to_bytes())).ok()
        });
        let bytes = small.as_ref().map_or(bytes, Trace::to_bytes);
        // The words are those of the trace that is shown.
        if let Some(words) = keeps.as_mut().and_then(|keeps| keeps.words(&bytes)) {
            breach.words = words;
        }
        if matches!(case.origin, Origin::Raw(_)) {
            // Nothing is known of the trace but its bytes, so the smallest ones are the case.
            breach.case = HuntCase::raw(bytes.as_slice().into());
        }
        let trace = small.or_else(|| Trace::decode(&bytes).ok());
        let undone = case.edit.as_ref().and_then(|_| case.unedited().make()).map(|m| m.bytes.to_vec());
        let neighbour = neighbour::find(
            &mut examiner,
            trace.as_ref(),
            undone,
            Budget::new(NEIGHBOUR_TRIES, time).until(hurry.clone()),
            |bytes| keeps.as_mut().is_some_and(|keeps| keeps.holds(bytes)),
        );
        let judged = judge::judge_bytes(&bytes, judge::Options::default());
        let at = trace.as_ref().and_then(|trace| first_refused(trace, &judged));
        let edit = made.and_then(|m| m.edit).map(|e| format!("{}: {}", e.operator, e.what));
        let facts =
            Facts { setup, breach: &breach, bytes: &bytes, trace: trace.as_ref(), neighbour: neighbour.as_ref() };
        let mut record = facts.record(&mut examiner, &judged);
        (record.count, record.edit, record.found_in) = (count, edit, found_in);
        record.shrunk = !hurry.load(Ordering::Relaxed);
        Ok(Finding { breach, bytes, neighbour, at, record })
    }

    /// A name for its folder.
    pub fn name(&self) -> String {
        let (law, reader, key) = self.breach.group();
        folder::name(law, reader, key)
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

/// The smallest case that breaks the same law in the same way, and its breach.
fn shrink_case(examiner: &mut Examiner, breach: &Breach, history: &Case, budget: Budget) -> (HuntCase, Breach) {
    examiner.only_law(breach.law);
    let mut again = |case: &HuntCase| -> Option<Breach> {
        let made = case.make()?;
        let found = examiner.examine(&[(case.clone(), made)]);
        found.into_iter().find(|b| b.group() == breach.group())
    };
    let start = history.to_tape();
    let tape = start.tape().cloned().unwrap_or_default();
    let with = |tape: &[u32], edit: Option<Edit>| HuntCase {
        origin: Origin::History(Case::from_tape(tape.to_vec(), start.config().clone())),
        edit,
    };
    // An edit finds other places in a smaller history; a few others are tried.
    let edits = |edit: &Option<Edit>| -> Vec<Option<Edit>> {
        match edit {
            None => vec![None],
            Some(e) => {
                let choices = [e.choices, 0, 1, 2, 3];
                choices.map(|choices| Some(Edit { operator: e.operator, choices })).into()
            }
        }
    };
    let mut edit = breach.case.edit.clone();
    let units = |tape: &[u32]| {
        let (plain, units) = Case::from_tape(tape.to_vec(), start.config().clone()).to_units();
        (plain.tape().cloned().unwrap_or_default(), units)
    };
    let shrunk = shrink_tape(&tape, budget, units, |tape| {
        let hit = edits(&edit).into_iter().find(|e| again(&with(tape, e.clone())).is_some());
        if let Some(e) = &hit {
            edit.clone_from(e);
        }
        hit.is_some()
    });
    let best = shrunk.ok().and_then(|tape| {
        let all = edits(&edit);
        all.into_iter().find_map(|e| {
            let case = with(&tape, e);
            again(&case).map(|b| (case, b))
        })
    });
    best.unwrap_or_else(|| (breach.case.clone(), breach.clone()))
}
