//! The traces that are the same in every campaign: the reject matrix and the probes. In a replay
//! string their name stands where an operator's would, and their number where its choices would.

use super::case::MadeEdit;
use super::probe;
use crate::judge::matrix;
use std::sync::Arc;
use tracehound_generator::mutate::{Label, Law};

const MATRIX: &str = "matrix";
const PROBE: &str = "probe";

/// A trace that is the same in every campaign.
pub(super) type Fixed = (Arc<[u8]>, MadeEdit);

/// The name of such traces, if it is one.
pub(super) fn name(name: &str) -> Option<&'static str> {
    [MATRIX, PROBE].into_iter().find(|n| *n == name)
}

/// The trace with this name and number.
pub(super) fn nth(name: &str, number: u64) -> Option<Fixed> {
    match name {
        MATRIX => matrix_traces().into_iter().nth(usize::try_from(number).ok()?),
        PROBE => probe::nth(number).map(of_probe),
        _ => None,
    }
}

/// All of them, with their numbers; the probes only where there is a reader to compare with.
pub(super) fn all(with_probes: bool) -> impl Iterator<Item = (u64, Fixed)> {
    let probes = with_probes.then(probe::all).into_iter().flatten();
    (0..).zip(matrix_traces()).chain(probes.map(|(number, probe)| (number, of_probe(probe))))
}

/// The bytes of every trace that a campaign with a reader to compare with begins with: for each reject rule one that
/// breaks it and its neighbour, then the probes, of which many are made at the first call.
pub fn traces() -> impl Iterator<Item = Arc<[u8]>> {
    all(true).map(|(_, (bytes, _))| bytes)
}

fn of_probe((bytes, what): probe::Probe) -> Fixed {
    (bytes, MadeEdit { operator: PROBE, what, label: Label::Unspecified, trace: None })
}

impl MadeEdit {
    /// Whether this is a trace of the reject matrix.
    pub fn is_of_matrix(&self) -> bool {
        self.operator == MATRIX
    }

    /// Whether this is a probe.
    pub fn is_probe(&self) -> bool {
        self.operator == PROBE
    }
}

/// The traces of the reject matrix: for each rule the one that breaks it, then its neighbour.
fn matrix_traces() -> Vec<Fixed> {
    let trace = |sample: matrix::Sample, what: String, label: Label| {
        let bytes = sample.to_bytes().into();
        let trace = if let matrix::Sample::Trace(trace) = sample { Some(trace) } else { None };
        (bytes, MadeEdit { operator: MATRIX, what, label, trace })
    };
    let mut all = Vec::new();
    for entry in matrix::entries() {
        let class = entry.rule.class();
        all.push(trace(entry.reject, format!("breaks {class}"), Label::MustReject(entry.rule.alone())));
        let what = format!("breaks nothing, a neighbour of one that breaks {class}: {}", entry.edit);
        all.push(trace(entry.neighbour, what, Label::MustAccept(Law::Extra)));
    }
    all
}
