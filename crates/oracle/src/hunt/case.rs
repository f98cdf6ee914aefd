//! A case of the hunt: a legal history or a trace from outside, perhaps with one edit. As a string it is the
//! history's own replay string, or `raw:` and the trace's bytes in URL-safe base64, with
//! `/OPERATOR@CHOICES` behind it for an edit. The traces of the reject matrix and the probes are cases
//! too: edits that leave nothing of the history.

use super::fixed::{self, Fixed};
use super::{Setup, opening};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use tracehound_generator::mutate::{self, Edited, Facts, Label, Operator, operators};
use tracehound_generator::source::Rng;
use tracehound_generator::{Case, CaseError, Choices, Config, History};
use tracehound_wire::Trace;

/// A case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HuntCase {
    /// What there is before the edit.
    pub origin: Origin,
    /// The edit, if there is one.
    pub edit: Option<Edit>,
}

/// What a case begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A legal history.
    History(Case),
    /// Bytes from outside, of which nothing is known.
    Raw(Arc<[u8]>),
}

/// An edit by name and by the seed of its choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The operator's name.
    pub operator: &'static str,
    /// Seed of its choices.
    pub choices: u64,
}

/// A case made: what readers are given, and what has to come of it.
#[derive(Clone, Debug)]
pub struct Made {
    /// The history, if the case is one without an edit.
    pub history: Option<History>,
    /// The trace's bytes.
    pub bytes: Arc<[u8]>,
    /// What was edited and how, if anything was.
    pub edit: Option<MadeEdit>,
}

/// What an edit did.
#[derive(Clone, Debug)]
pub struct MadeEdit {
    /// The operator's name.
    pub operator: &'static str,
    /// What was done and where.
    pub what: String,
    /// What has to come of it.
    pub label: Label,
    /// The edited trace, unless it is only bytes.
    pub trace: Option<Trace>,
}

/// Why a string is no case.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The history's part.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The edit's part.
    #[error("{0:?} is no edit: write OPERATOR@NUMBER behind the slash, with an operator that exists")]
    Edit(String),
    /// The bytes of a trace from outside.
    #[error("the bytes behind `raw:` are no URL-safe base64: {0}")]
    Raw(base64::DecodeError),
}

impl HuntCase {
    /// The n-th history of a campaign.
    pub fn legal(seed: u64, config: &Config) -> HuntCase {
        HuntCase { origin: Origin::History(Case::from_seed(seed, config.clone())), edit: None }
    }

    /// A trace from outside, as it is.
    pub fn raw(bytes: Arc<[u8]>) -> HuntCase {
        HuntCase { origin: Origin::Raw(bytes), edit: None }
    }

    /// The same without the edit.
    pub fn unedited(&self) -> HuntCase {
        HuntCase { origin: self.origin.clone(), edit: None }
    }

    /// Makes the case. `None` if the edit finds no place.
    pub fn make(&self) -> Option<Made> {
        match (&self.origin, &self.edit) {
            (_, Some(edit)) if fixed::name(edit.operator).is_some() => {
                let (bytes, edit) = fixed::nth(edit.operator, edit.choices)?;
                Some(Made { history: None, bytes, edit: Some(edit) })
            }
            (Origin::History(case), _) => self.make_of(case.generate()),
            (Origin::Raw(bytes), None) => Some(Made { history: None, bytes: bytes.clone(), edit: None }),
            (Origin::Raw(bytes), Some(edit)) => self.edited(edit, &Trace::decode(bytes).ok()?),
        }
    }

    /// The same as [`HuntCase::make`] where `history`, which has to be that of this case, is there already.
    pub fn make_of(&self, history: History) -> Option<Made> {
        match &self.edit {
            None => Some(Made { bytes: history.bytes().into(), history: Some(history), edit: None }),
            Some(edit) => self.edited(edit, &history.into_trace()),
        }
    }

    fn edited(&self, edit: &Edit, trace: &Trace) -> Option<Made> {
        let operator = Operator::named(edit.operator)?;
        let (bytes, edit) = self.origin.apply(operator, edit.choices, &Facts::new(trace))?;
        Some(Made { history: None, bytes, edit: Some(edit) })
    }
}

impl Made {
    /// What has to come of it, as far as that is known.
    pub fn label(&self) -> Label {
        match &self.edit {
            Some(edit) => edit.label,
            None if self.history.is_some() => Label::MustAccept(mutate::Law::Extra),
            None => Label::Unspecified,
        }
    }
}

/// What a campaign begins with: histories about rare corners, each with its edits, then a case
/// for each trace of the reject matrix and, if there is a reader to compare with, for each probe.
pub(super) fn first_cases(setup: &Setup) -> impl Iterator<Item = (HuntCase, Made)> + use<> {
    let edits = setup.edits;
    let opening = opening::histories(setup).into_iter().flat_map(move |legal| history(legal, edits).0);
    let origin = Origin::History(Case::from_tape(Vec::new(), Config::default()));
    opening.chain(fixed::all(!setup.readers.is_empty()).map(move |(choices, (bytes, edit))| {
        let case = HuntCase { origin: origin.clone(), edit: Some(Edit { operator: edit.operator, choices }) };
        (case, Made { history: None, bytes, edit: Some(edit) })
    }))
}

/// A legal history and its edits; and how many edits found no place in it.
pub(super) fn history(legal: HuntCase, edits: usize) -> (Vec<(HuntCase, Made)>, u64) {
    let Origin::History(case) = &legal.origin else { return (Vec::new(), 0) };
    let seed = if let Choices::Seed(seed) = case.choices() { *seed } else { 0 };
    let history = case.generate();
    // Labels hold for edits of legal histories only, which a runtime's fault spoils.
    let count = if history.fault_hits() == 0 { edits } else { 0 };
    let (edits, without_place) = edits_of(&legal, history.trace(), count, seed);
    let made = Made { bytes: history.bytes().into(), history: Some(history), edit: None };
    (std::iter::once((legal, made)).chain(edits).collect(), without_place)
}

/// The cases that a campaign begins with, in the order in which one thread takes them.
pub fn beginning(setup: &Setup) -> impl Iterator<Item = HuntCase> {
    first_cases(setup).map(|(case, _)| case)
}

/// All cases of a campaign, without an end, in the order in which one thread takes them.
pub(crate) fn all_cases(setup: &Setup) -> impl Iterator<Item = (HuntCase, Made)> {
    let nth = |n| HuntCase::legal(setup.seed.wrapping_add(n), &setup.config);
    first_cases(setup).chain((0..).flat_map(move |n| history(nth(n), setup.edits).0))
}

impl Origin {
    /// Applies an operator to its trace; `None` if it finds no place. The labels of operators mean
    /// something for legal traces only.
    fn apply(&self, operator: &'static Operator, choices: u64, facts: &Facts<'_>) -> Option<Fixed> {
        let mutated = operator.apply(facts, &mut Rng::new(choices))?;
        let bytes = mutated.edited.to_bytes().into();
        let trace = match mutated.edited {
            Edited::Trace(trace) => Some(trace),
            Edited::Bytes(_) => None,
        };
        let label = if matches!(self, Origin::Raw(_)) { Label::Unspecified } else { mutated.label };
        Some((bytes, MadeEdit { operator: operator.name, what: mutated.what, label, trace }))
    }
}

/// Edits of one trace, each by an operator that finds a place in it, and how many found none.
pub(super) fn edits_of(whole: &HuntCase, trace: &Trace, count: usize, seed: u64) -> (Vec<(HuntCase, Made)>, u64) {
    let all: Vec<&'static Operator> = operators().collect();
    let facts = Facts::new(trace);
    let mut draw = Draw(seed ^ 0x6564_6974);
    let mut without_place = 0;
    let mut out = Vec::new();
    for _ in 0..count * 4 {
        if out.len() == count || all.is_empty() {
            break;
        }
        let operator = all[(draw.next() % all.len() as u64) as usize];
        let choices = draw.next() >> 32;
        let Some((bytes, edit)) = whole.origin.apply(operator, choices, &facts) else {
            without_place += 1;
            continue;
        };
        let case = HuntCase { origin: whole.origin.clone(), edit: Some(Edit { operator: operator.name, choices }) };
        out.push((case, Made { history: None, bytes, edit: Some(edit) }));
    }
    (out, without_place)
}

/// SplitMix64: for what the campaign itself draws.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// What the string of a trace from outside begins with.
const RAW: &str = "raw:";

impl FromStr for Origin {
    type Err = ReplayError;

    fn from_str(s: &str) -> Result<Origin, ReplayError> {
        match s.strip_prefix(RAW) {
            Some(text) => Ok(Origin::Raw(BASE64.decode(text).map_err(ReplayError::Raw)?.into())),
            None => Ok(Origin::History(Case::parse(s)?)),
        }
    }
}

impl fmt::Display for HuntCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::History(case) => case.fmt(f)?,
            Origin::Raw(bytes) => write!(f, "{RAW}{}", BASE64.encode(bytes))?,
        }
        match &self.edit {
            Some(edit) => write!(f, "/{}@{}", edit.operator, edit.choices),
            None => Ok(()),
        }
    }
}

impl FromStr for HuntCase {
    type Err = ReplayError;

    fn from_str(s: &str) -> Result<HuntCase, ReplayError> {
        let Some((origin, edit)) = s.trim().split_once('/') else {
            return Ok(HuntCase { origin: s.trim().parse()?, edit: None });
        };
        let wrong = || ReplayError::Edit(edit.to_owned());
        let (name, choices) = edit.split_once('@').ok_or_else(wrong)?;
        let operator =
            fixed::name(name).or_else(|| Operator::named(name).map(|operator| operator.name)).ok_or_else(wrong)?;
        let choices = choices.parse().map_err(|_| wrong())?;
        Ok(HuntCase { origin: origin.parse()?, edit: Some(Edit { operator, choices }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readers::ReaderSpec;

    #[test]
    fn replay_strings_give_the_same_bytes() {
        for seed in 0..40 {
            let legal = HuntCase::legal(seed, &Config::default());
            let made = legal.make().unwrap();
            let trace = Trace::decode(&made.bytes).unwrap();
            let (edits, _) = edits_of(&legal, &trace, 2, seed);
            let raw = HuntCase::raw(made.bytes.clone());
            let (of_raw, _) = edits_of(&raw, &trace, 1, seed);
            let raw = (raw.clone(), raw.make().unwrap());
            let setup = Setup { readers: vec![ReaderSpec::Builtin(Default::default())], ..Setup::default() };
            let matrix = if seed == 0 { first_cases(&setup).step_by(1709).collect() } else { Vec::new() };
            for (case, made) in
                [(legal.clone(), made.clone())].into_iter().chain(edits).chain(of_raw).chain([raw]).chain(matrix)
            {
                let again: HuntCase = case.to_string().parse().unwrap();
                assert_eq!(again, case);
                assert_eq!(again.make().unwrap().bytes, made.bytes, "{case}");
            }
        }
    }

    #[test]
    fn strings_that_are_no_case_are_refused() {
        for s in ["", "th1:go1.26:-:s1/", "th1:go1.26:-:s1/nonsense@1", "th1:go1.26:-:s1/nonsense", "raw:!"] {
            assert!(s.parse::<HuntCase>().is_err(), "{s}");
        }
    }
}
