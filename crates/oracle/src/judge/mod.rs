//! The judge: is there any order of a trace's events that is legal?
//!
//! An independent answer, by exhaustive search through the orders that keep each
//! thread's stream, generation by generation. It is written from the rules of the format
//! and of the ordering, decodes bytes on its own, and must not know the parser: the two
//! are held against each other. Timestamps play no part, because a reader uses them only
//! to choose among legal orders.
//!
//! Go's reader does not search: it follows one order and gives up at the first event that
//! is refused for good. So "legal" means that at least one order succeeds, and the
//! refusals that other orders run into are reported next to it.

mod container;
mod independence;
pub mod matrix;
mod plan;
mod search;
mod state;
mod step;
mod tables;

use container::HeaderError;
use plan::Plan;
use search::{Found, Search};
use std::collections::BTreeMap;
use tracehound_wire::{RejectRule, Trace};

/// How far a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Until the first legal order.
    Decide,
    /// Through every state, so that counts and refusals are complete.
    Explore,
}

/// Limits and depth of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How far to go.
    pub depth: Depth,
    /// Whether to leave out orders that differ only in events that have nothing to do with
    /// each other. Verdicts and refusals are the same; counts of orders are then lower bounds.
    pub reduce: bool,
    /// Most events in a trace.
    pub max_events: usize,
    /// Most states to remember; each takes some hundred bytes.
    pub max_states: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { depth: Depth::Decide, reduce: true, max_events: 4096, max_states: 50_000 }
    }
}

/// An event of a trace, by its place in its thread's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The generation's number.
    pub generation: u64,
    /// The thread's id.
    pub m: u64,
    /// 0-based position among the thread's events of that generation.
    pub index: usize,
}

/// A rule that some order runs into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule.
    pub rule: RejectRule,
    /// The event that is refused, if one is; for [`RejectRule::Stuck`] the first one that waits.
    pub at: Option<Place>,
    /// How many events had happened in the order that got furthest before it.
    pub after: usize,
}

/// A number that may not have been counted to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Exactly so many.
    Exactly(u128),
    /// At least so many.
    AtLeast(u128),
}

/// What the judge says.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// At least one order of the events is legal.
    Legal {
        /// How many are.
        orders: Count,
        /// One of them.
        order: Vec<Place>,
        /// What other orders are refused with, as far as the search went. Empty after a
        /// whole exploration means that no reader can miss: every order succeeds.
        fragile: Vec<Refusal>,
        /// Whether the file ends where readers silently take the end of a record for the
        /// end of the trace.
        silent_end: bool,
    },
    /// No order is legal.
    Illegal {
        /// Every rule that some order runs into: a reader may report any of these and no other.
        rules: Vec<RejectRule>,
        /// The same with their places, the furthest first.
        refusals: Vec<Refusal>,
    },
    /// Too much to search: no answer.
    TooLarge {
        /// Events in the trace.
        events: usize,
        /// States that were looked at.
        states: usize,
    },
    /// The header announces a format before v2, with this minor version: no answer.
    OldFormat(u32),
}

impl Verdict {
    /// Whether the verdict is that some order is legal.
    pub fn is_legal(&self) -> bool {
        matches!(self, Verdict::Legal { .. })
    }

    /// Whether the verdict is that no order is legal.
    pub fn is_illegal(&self) -> bool {
        matches!(self, Verdict::Illegal { .. })
    }

    /// The rules of an illegal trace; none for any other.
    pub fn rules(&self) -> &[RejectRule] {
        match self {
            Verdict::Illegal { rules, .. } => rules,
            _ => &[],
        }
    }
}

/// Something that has a history of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// A thread.
    M(u64),
    /// A P.
    P(u64),
    /// A goroutine.
    G(u64),
    /// A user task.
    Task(u64),
    /// The GC.
    Gc,
}

/// What the legal orders of a trace share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// How many different outcomes there are: orders that give every resource the same
    /// sequence of events with the same contexts count as one.
    pub outcomes: Count,
    /// The resources whose sequence, or a context in it, is not the same in all of them.
    pub differing: Vec<Resource>,
}

/// Judges a trace with the default options.
pub fn judge(trace: &Trace) -> Verdict {
    judge_bytes(&trace.to_bytes(), Options::default())
}

/// Judges the bytes of a trace.
pub fn judge_bytes(bytes: &[u8], options: Options) -> Verdict {
    let plan = match plan(bytes, options) {
        Ok(plan) => plan,
        Err(verdict) => return verdict,
    };
    let found = Search::new(&plan, options, false).run();
    let refusals = furthest_first(&found.refusals);
    if let Some(order) = found.order {
        let exact = found.exhausted && (!options.reduce || plan.names_none);
        let orders = if exact { Count::Exactly(found.orders) } else { Count::AtLeast(found.orders.max(1)) };
        let silent_end = plan.end == container::End::Silent;
        Verdict::Legal { orders, order, fragile: refusals, silent_end }
    } else if found.exhausted {
        Verdict::Illegal { rules: found.refusals.into_keys().collect(), refusals }
    } else {
        Verdict::TooLarge { events: plan.events(), states: found.states }
    }
}

/// What all legal orders of a trace share; `None` if there is none, or too many states.
pub fn shared(bytes: &[u8], options: Options) -> Option<Shared> {
    let plan = plan(bytes, options).ok()?;
    let options = Options { depth: Depth::Explore, ..options };
    let Found { histories, exhausted, .. } = Search::new(&plan, options, true).run();
    let first = histories.iter().next()?;
    let outcomes = histories.len() as u128;
    let differs = |r: &usize| histories.iter().any(|h| h[*r] != first[*r]);
    Some(Shared {
        outcomes: if exhausted { Count::Exactly(outcomes) } else { Count::AtLeast(outcomes) },
        differing: (0..plan.resources()).filter(differs).map(|r| plan.resource(r)).collect(),
    })
}

fn plan(bytes: &[u8], options: Options) -> Result<Plan, Verdict> {
    let decoded = container::decode(bytes).map_err(|e| match e {
        HeaderError::OldFormat(minor) => Verdict::OldFormat(minor),
        HeaderError::Refused(rule) => {
            Verdict::Illegal { rules: vec![rule], refusals: vec![Refusal { rule, at: None, after: 0 }] }
        }
    })?;
    let events = decoded.generations.iter().flat_map(|g| &g.streams).map(|s| s.events.len()).sum();
    if events > options.max_events {
        return Err(Verdict::TooLarge { events, states: 0 });
    }
    Ok(Plan::new(decoded))
}

fn furthest_first(refusals: &BTreeMap<RejectRule, Refusal>) -> Vec<Refusal> {
    let mut all: Vec<Refusal> = refusals.values().copied().collect();
    all.sort_by_key(|r| std::cmp::Reverse(r.after));
    all
}

#[cfg(test)]
mod goldens;
#[cfg(test)]
mod labels;
#[cfg(test)]
mod sketches;
#[cfg(test)]
mod tests;
