//! The table of event kinds by old and new state.

use crate::history::{History, Visible};
use std::collections::BTreeMap;
use tracehound_wire::EventType;

/// An event type and the change of state that it reports, if it reports one.
pub type Change = (EventType, Option<(Visible, Visible)>);

/// How often each kind of event reported each change of state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrix(BTreeMap<Change, u64>);

impl Matrix {
    /// Adds the events of one history.
    pub fn count(&mut self, history: &History) {
        for e in &history.expected().events {
            *self.0.entry((e.ty, e.transition.map(|t| (t.old, t.new)))).or_default() += 1;
        }
    }

    /// The counts, by event type and change.
    pub fn iter(&self) -> impl Iterator<Item = (Change, u64)> + '_ {
        self.0.iter().map(|(change, n)| (*change, *n))
    }
}
