//! A breach on the smallest trace: its case's choices are shrunk, then the trace, and the nearest trace on which all agree
//! is looked for. What is then said of it is not this module's business.

use super::case::{Edit, HuntCase, Made, Origin};
use super::examine::Examiner;
use super::keeps::Keeps;
use super::neighbour::{self, Neighbour};
use super::{Breach, Setup};
use crate::laws::Law;
use crate::readers::{Limits, ReaderError};
use crate::shrink::{Budget, shrink_tape, shrink_trace};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tracehound_generator::Case;
use tracehound_generator::mutate::Label;
use tracehound_wire::Trace;

/// How long a finding may be shrunk, in each of the ways, where a reader hangs or dies: each try takes long, and says
/// little about the trace.
const SHRINK_TIME_OF_FAILURES: Duration = Duration::from_secs(3);

/// How many tries the choices of a finding may take whose trace is shrunk afterwards.
const SHRINK_TRIES_OF_CHOICES: u64 = 1500;

/// How many tries each way may take.
const SHRINK_TRIES: u64 = 40_000;

/// How many traces one edit away are tried.
const NEIGHBOUR_TRIES: u64 = 3000;

/// A breach, small.
pub(super) struct Small {
    /// The breach on its shrunk case.
    pub(super) breach: Breach,
    /// The smallest trace: of the shrunk case, or smaller still.
    pub(super) bytes: Vec<u8>,
    /// The same, if it is one.
    pub(super) trace: Option<Trace>,
    /// The nearest trace on which all agree, if one was found.
    pub(super) neighbour: Option<Neighbour>,
    /// The operator and what it did, if the trace is an edited one.
    pub(super) edit: Option<String>,
}

impl Small {
    /// Shrinks a breach, with readers within these limits; what is smallest when `hurry` is set is it.
    ///
    /// # Errors
    /// If a reader cannot be started.
    pub(super) fn of(
        setup: &Setup,
        limits: Limits,
        breach: &Breach,
        hurry: &Arc<AtomicBool>,
    ) -> Result<Small, ReaderError> {
        let mut examiner = Examiner::patient(setup, limits)?;
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
        let mut keeps = Keeps::new(setup, limits, &breach, label, &bytes);
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
        let edit = made.and_then(edit_in_words);
        Ok(Small { breach, bytes, trace, neighbour, edit })
    }

    /// A breach as it was found.
    pub(super) fn as_found(breach: &Breach) -> Small {
        let made = breach.case.make();
        let bytes = made.as_ref().map_or(Vec::new(), |m| m.bytes.to_vec());
        let trace = Trace::decode(&bytes).ok();
        Small { breach: breach.clone(), bytes, trace, neighbour: None, edit: made.and_then(edit_in_words) }
    }
}

fn edit_in_words(made: Made) -> Option<String> {
    made.edit.map(|e| format!("{}: {}", e.operator, e.what))
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
