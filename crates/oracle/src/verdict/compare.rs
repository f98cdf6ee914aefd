//! The comparison of two answers, in three values: they agree, they differ, or they
//! cannot be compared, and then for a reason that is counted.

use super::{Answer, Verdict};
use crate::canonical::{CanonEvent, Details, Edge, Resource, State, SyscallWindows};
use crate::readers::Reports;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// What comes of comparing two answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// They say the same as far as both can tell.
    Agree,
    /// Nothing can be concluded, for this reason.
    NotComparable(NotComparable),
    /// They part.
    Differ(Difference),
}

/// Why two answers are not compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotComparable {
    /// A reader does not claim to know the trace's wire version.
    VersionNotRead,
    /// A reader, asked again, gave another answer.
    ReaderNotDeterministic,
    /// Both refuse, but where times are equal a reader may come to another error first.
    RefusalsAmongTies,
    /// The difference is a known divergence, by its id.
    Known(String),
    /// The label of an edit holds for Go 1.27's reader, and this one is of an older release,
    /// which differs here on purpose.
    OlderRelease,
    /// The trace is refused by a rule that is not among those that the reader judges.
    NotJudged,
    /// The reader hung, died or ran out of memory too often to be asked again.
    GivenUp,
    /// The law does not apply to this trace.
    LawNotApplicable(Cow<'static, str>),
}

impl fmt::Display for NotComparable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotComparable::VersionNotRead => f.write_str("the reader does not know this wire version"),
            NotComparable::ReaderNotDeterministic => f.write_str("the reader is not deterministic here"),
            NotComparable::RefusalsAmongTies => {
                f.write_str("both refuse, and the reader does not order equal times as Go 1.27 does")
            }
            NotComparable::Known(id) => write!(f, "known divergence {id}"),
            NotComparable::OlderRelease => f.write_str("the release of this reader differs from Go 1.27's here"),
            NotComparable::NotJudged => f.write_str("the reader does not judge the rule by which it is refused"),
            NotComparable::GivenUp => f.write_str("the reader failed too often and was given up"),
            NotComparable::LawNotApplicable(why) => f.write_str(why),
        }
    }
}

/// How two answers part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// One accepts and the other does not, or one of them failed to judge at all.
    Verdicts(Verdict, Verdict),
    /// Both refuse, by different rules.
    Rules(Verdict, Verdict),
    /// They delivered different events.
    Events(Box<EventDifference>),
}

/// The first place at which two lists of events part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventDifference {
    /// Which sequence: all events, or those of one M, P or G where equal times leave the rest open.
    pub sequence: String,
    /// Position in that sequence, from 0.
    pub index: usize,
    /// What the first reader has there.
    pub a: Option<CanonEvent>,
    /// What the second reader has there.
    pub b: Option<CanonEvent>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Verdicts(a, b) | Difference::Rules(a, b) => write!(f, "one {a}; the other {b}"),
            Difference::Events(d) => d.fmt(f),
        }
    }
}

impl fmt::Display for EventDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |e: &Option<CanonEvent>| match e {
            Some(e) => format!("{e:#}"),
            None => "             (no more events)".to_owned(),
        };
        write!(f, "event {} of {}:\n{}\nagainst\n{}", self.index, self.sequence, side(&self.a), side(&self.b))
    }
}

/// Compares two answers, `common` being what both readers report. Answers with different
/// digests need their events; without them, different digests count as agreement of what
/// is known only if `common` is not everything.
pub fn compare(a: &Answer, b: &Answer, common: Reports) -> Comparison {
    let verdicts = compare_verdicts(&a.verdict, &b.verdict, common);
    if verdicts != Comparison::Agree || a.digest == b.digest || !common.has(Reports::EVENTS) {
        return verdicts;
    }
    let decode = |x: &Answer| x.events.as_deref().map(crate::canonical::decode);
    match (decode(a), decode(b)) {
        (Some(Ok(x)), Some(Ok(y))) => match compare_events(x, y, common) {
            None => Comparison::Agree,
            // Where a refusal came among ties, what was delivered before it is open.
            Some(_) if !a.verdict.is_accepted() && !common.has(Reports::TIES) => {
                Comparison::NotComparable(NotComparable::RefusalsAmongTies)
            }
            Some(d) => Comparison::Differ(Difference::Events(Box::new(d))),
        },
        (Some(Err(e)), _) | (_, Some(Err(e))) => {
            let broke = Verdict::BrokeProtocol { what: e.to_string() };
            Comparison::Differ(Difference::Verdicts(broke, b.verdict.clone()))
        }
        _ => Comparison::Differ(Difference::Events(Box::new(EventDifference {
            sequence: "all events (only digests are known)".into(),
            index: 0,
            a: None,
            b: None,
        }))),
    }
}

fn compare_verdicts(a: &Verdict, b: &Verdict, common: Reports) -> Comparison {
    match (a, b) {
        (Verdict::Accepted, Verdict::Accepted) => Comparison::Agree,
        (Verdict::Rejected(x), Verdict::Rejected(y)) => match (x.rule, y.rule) {
            (Some(p), Some(q)) if p != q && !common.has(Reports::TIES) => {
                Comparison::NotComparable(NotComparable::RefusalsAmongTies)
            }
            (Some(p), Some(q)) if p != q => Comparison::Differ(Difference::Rules(a.clone(), b.clone())),
            _ => Comparison::Agree,
        },
        _ => Comparison::Differ(Difference::Verdicts(a.clone(), b.clone())),
    }
}

/// The first difference between two lists of events, as far as `common` reports let it be seen.
pub fn compare_events(mut a: Vec<CanonEvent>, mut b: Vec<CanonEvent>, common: Reports) -> Option<EventDifference> {
    for list in [&mut a, &mut b] {
        if !common.has(Reports::SYNC_NUMBERS) {
            list.retain(|e| !e.is_sync());
        }
        list.iter_mut().for_each(|e| reduce(e, common));
    }
    if common.has(Reports::TIES) {
        return first_difference("all events", &a.iter().collect::<Vec<_>>(), &b.iter().collect::<Vec<_>>());
    }
    let callbacks = a.iter().chain(&b).any(ends_callback);
    for list in [&mut a, &mut b] {
        if callbacks {
            list.retain(|e| !may_be_theft(e));
        }
        open_contexts(list);
    }
    if a.len() == b.len() && a.iter().zip(&b).all(|(x, y)| same(x, y)) {
        return None;
    }
    let (mut a, mut b) = (by_resource(&a), by_resource(&b));
    for unordered in [Sequence::Samples, Sequence::NoThread, Sequence::Statuses] {
        let [one, other] = [&a, &b].map(|x| x.get(&unordered).map_or(&[][..], Vec::as_slice));
        // Mostly they are in the same order, and to find one for them takes long.
        if one.len() == other.len() && one.iter().zip(other).all(|(x, y)| same(x, y)) {
            continue;
        }
        for list in [a.get_mut(&unordered), b.get_mut(&unordered)].into_iter().flatten() {
            list.sort_by_cached_key(|e| format!("{e:#}"));
        }
    }
    let names: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
    names.into_iter().find_map(|name| {
        let [a, b] = [&a, &b].map(|x| x.get(name).map_or(&[][..], Vec::as_slice));
        first_difference("", a, b).map(|found| EventDifference { sequence: name.to_string(), ..found })
    })
}

/// Takes out of an event what is not in `common`.
fn reduce(e: &mut CanonEvent, common: Reports) {
    // Which of several events with equal times gets how much added depends on their order.
    if !common.has(Reports::TIMES) || !common.has(Reports::TIES) {
        e.time = 0;
    }
    if !common.has(Reports::STACKS) {
        e.stack = None;
    }
    match &mut e.details {
        Details::Sync { snapshot, experiments, .. } => {
            if !common.has(Reports::CLOCK_SNAPSHOTS) {
                *snapshot = None;
            }
            if !common.has(Reports::EXPERIMENTAL_BATCHES) {
                experiments.clear();
            }
        }
        Details::StateTransition { reason, stack, .. } => {
            if !common.has(Reports::REASONS) {
                reason.0.clear();
            }
            if !common.has(Reports::TRANSITION_STACKS) {
                *stack = None;
            }
        }
        _ => {}
    }
}

fn first_difference(sequence: &str, a: &[&CanonEvent], b: &[&CanonEvent]) -> Option<EventDifference> {
    let index = (0..a.len().max(b.len())).find(|&i| match (a.get(i), b.get(i)) {
        (Some(x), Some(y)) => !same(x, y),
        _ => true,
    })?;
    Some(EventDifference {
        sequence: sequence.into(),
        index,
        a: a.get(index).copied().cloned(),
        b: b.get(index).copied().cloned(),
    })
}

/// Equal; of two events whose accessors panicked the words of the panics do not count.
fn same(x: &CanonEvent, y: &CanonEvent) -> bool {
    match (&x.details, &y.details) {
        (Details::AccessorPanic { .. }, Details::AccessorPanic { .. }) => {
            (x.time, x.m, x.p, x.g) == (y.time, y.m, y.p, y.g) && x.kind_name() == y.kind_name()
        }
        _ => x == y,
    }
}

/// A sequence whose order no clock decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sequence {
    Syncs,
    Samples,
    Of(Resource),
    Gc,
    NoThread,
    Statuses,
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sequence::Syncs => f.write_str("the Sync events"),
            Sequence::Samples => f.write_str("the CPU samples (sorted)"),
            Sequence::Of(r) => write!(f, "the events of {r}"),
            Sequence::Gc => f.write_str("the events of the GC"),
            Sequence::Statuses => f.write_str("the status events (sorted)"),
            Sequence::NoThread => f.write_str("the events without a thread (sorted)"),
        }
    }
}

/// Whether a transition tells a state and changes none. Such an event may be about another
/// thread than the one that wrote it, and nothing orders it against that thread's own.
pub(crate) fn is_status(old: State, new: State) -> bool {
    old == new || old == State::Undetermined
}

/// Whether a C thread's goroutine ends. If its thread still holds a P then, it loses it in an
/// event of its own; whether a thief was faster is for the clock to say.
pub(crate) fn ends_callback(e: &CanonEvent) -> bool {
    matches!(
        e.details,
        Details::StateTransition { resource: Resource::Goroutine(_), old: State::Syscall, new: State::NotExist, .. }
    )
}

/// Whether a P is taken from somebody, or its status told right before that.
fn may_be_theft(e: &CanonEvent) -> bool {
    matches!(
        e.details,
        Details::StateTransition { resource: Resource::Proc(_), old, new, .. }
            if new == State::Idle || (old, new) == (State::Running, State::Running)
    )
}

/// A P or G that is neither told nor none.
const OPEN: i64 = i64::MIN;

/// Takes out of the contexts what only the clock decides.
fn open_contexts(events: &mut [CanonEvent]) {
    let mut windows = SyscallWindows::default();
    for e in events {
        if windows.p_is_open(e) && e.details != Details::StackSample {
            e.p = OPEN;
        }
        windows.step(e);
        // Nothing but the clock orders a task's end against its begin on another thread.
        if let Details::Task { edge: Edge::End, parent, name, .. } = &mut e.details {
            *parent = 0;
            name.0.clear();
        }
        if let Details::StateTransition { old, new, .. } = e.details
            && is_status(old, new)
        {
            (e.p, e.g) = (OPEN, OPEN);
        }
    }
}

fn by_resource(events: &[CanonEvent]) -> BTreeMap<Sequence, Vec<&CanonEvent>> {
    let mut out: BTreeMap<Sequence, Vec<&CanonEvent>> = BTreeMap::new();
    for e in events {
        let mut put = |s| out.entry(s).or_default().push(e);
        match &e.details {
            Details::Sync { .. } => put(Sequence::Syncs),
            Details::StackSample => put(Sequence::Samples),
            Details::StateTransition { old, new, .. } if is_status(*old, *new) => put(Sequence::Statuses),
            details => {
                put(if e.m == -1 { Sequence::NoThread } else { Sequence::Of(Resource::Thread(e.m)) });
                let of = match details {
                    Details::StateTransition { resource, .. } => *resource,
                    Details::Range { edge: Edge::Begin | Edge::End, scope, .. } => *scope,
                    _ => Resource::None,
                };
                let context = [Resource::Proc(e.p), Resource::Goroutine(e.g)];
                for r in context {
                    if e.p != -1 && e.p != OPEN && r == Resource::Proc(e.p)
                        || e.g != -1 && r == Resource::Goroutine(e.g)
                    {
                        put(Sequence::Of(r));
                    }
                }
                if of != Resource::None && !context.contains(&of) {
                    put(Sequence::Of(of));
                }
                if matches!(details, Details::Range { scope: Resource::None, .. }) {
                    put(Sequence::Gc);
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::Encoder;
    use crate::canonical::samples::one_of_each;
    use crate::verdict::Rejection;
    use tracehound_wire::RejectRule;

    fn answer(events: &[CanonEvent]) -> Answer {
        let mut enc = Encoder::new(true);
        events.iter().for_each(|e| enc.event(e));
        Answer { digest: enc.digest(), events: Some(enc.bytes().to_vec()), ..Answer::bare(Verdict::Accepted) }
    }

    fn rejected(rule: Option<RejectRule>) -> Answer {
        Answer::bare(Verdict::Rejected(Rejection { opening: false, rule, message: String::new(), place: None }))
    }

    #[test]
    fn every_changed_field_of_every_event_is_seen() {
        let events = one_of_each();
        for i in 0..events.len() {
            let changes: [fn(&mut CanonEvent); 5] = [
                |e| e.time += 1,
                |e| e.m = 1,
                |e| e.p = 1,
                |e| e.g = 1,
                |e| e.stack = if e.stack.is_some() { None } else { Some(Vec::new().into()) },
            ];
            for (n, change) in changes.iter().enumerate() {
                let mut other = events.clone();
                change(&mut other[i]);
                let panicked = matches!(events[i].details, Details::AccessorPanic { .. });
                let seen = compare(&answer(&events), &answer(&other), Reports::ALL);
                if panicked && n == 4 {
                    assert_eq!(seen, Comparison::Agree);
                } else {
                    let Comparison::Differ(Difference::Events(d)) = seen else { panic!("change {n} of {i}: {seen:?}") };
                    assert_eq!(d.index, i);
                }
            }
        }
    }

    #[test]
    fn what_a_reader_does_not_report_is_not_compared() {
        let events = one_of_each();
        let mut other = events.clone();
        other.iter_mut().for_each(|e| {
            e.time = 0;
            e.stack = None;
            if let Details::StateTransition { stack, reason, .. } = &mut e.details {
                *stack = None;
                reason.0.clear();
            }
        });
        other.remove(0);
        let common = Reports::TIES;
        assert_eq!(compare(&answer(&events), &answer(&other), common), Comparison::Agree);
        let full = compare(&answer(&events), &answer(&other), Reports::ALL);
        assert!(matches!(full, Comparison::Differ(_)));
    }

    #[test]
    fn without_ties_only_the_order_within_each_m_p_and_g_counts() {
        let transition = |m, g, old, new| CanonEvent {
            time: 1,
            m,
            p: m,
            g: -1,
            stack: None,
            details: Details::StateTransition {
                resource: Resource::Goroutine(g),
                old,
                new,
                reason: Default::default(),
                stack: None,
            },
        };
        let (a, b) =
            (transition(1, 1, State::Runnable, State::Running), transition(2, 2, State::Runnable, State::Running));
        let c = transition(1, 3, State::Waiting, State::Runnable);
        let forth = answer(&[a.clone(), b.clone(), c.clone()]);
        let back = answer(&[b.clone(), a.clone(), c.clone()]);
        let wrong = answer(&[b, c, a]);
        let no_ties = Reports::ALL.without(Reports::TIES);
        assert_eq!(compare(&forth, &back, no_ties), Comparison::Agree);
        assert!(matches!(compare(&forth, &back, Reports::ALL), Comparison::Differ(_)));
        assert!(matches!(compare(&forth, &wrong, no_ties), Comparison::Differ(_)));
    }

    #[test]
    fn verdicts_part_by_acceptance_and_by_rule() {
        let yes = answer(&[]);
        let [stuck, gone, mute] =
            [rejected(Some(RejectRule::Stuck)), rejected(Some(RejectRule::GoUnknown)), rejected(None)];
        assert!(matches!(compare(&yes, &mute, Reports::ALL), Comparison::Differ(Difference::Verdicts(..))));
        assert!(matches!(compare(&stuck, &gone, Reports::ALL), Comparison::Differ(Difference::Rules(..))));
        assert_eq!(compare(&stuck, &mute, Reports::ALL), Comparison::Agree);
        let among_ties = compare(&stuck, &gone, Reports::ALL.without(Reports::TIES));
        assert_eq!(among_ties, Comparison::NotComparable(NotComparable::RefusalsAmongTies));
        let dead = Answer::bare(Verdict::Hung { seconds: 1 });
        assert!(matches!(compare(&dead, &dead, Reports::ALL), Comparison::Differ(Difference::Verdicts(..))));
    }
}
