//! What a smaller trace has to keep: the law that is broken, by whom and how, and, of an illegal
//! trace, the place where its story goes wrong.

use super::case::{HuntCase, Made, MadeEdit};
use super::examine::Examiner;
use super::{Breach, Setup};
use crate::judge;
use crate::laws::{self, Law};
use crate::readers::{Builtin, ReaderUnderTest};
use std::sync::Arc;
use tracehound_generator::mutate::Label;
use tracehound_wire::{Body, EventType, RejectRule, Trace};

/// The predicate of shrinking, where the law can be asked of a trace without its history.
pub(super) struct Keeps {
    breach: Breach,
    label: Label,
    examiner: Examiner,
    reader: Box<dyn ReaderUnderTest>,
    legal: bool,
    story: Option<Story>,
}

/// Where an illegal trace goes wrong: the rule, the type of the event that cannot happen, and
/// the type of the one before it on its thread. Shrinking keeps it, or else any broken
/// trace would do.
type Story = (RejectRule, EventType, Option<EventType>);

fn story(bytes: &[u8]) -> Option<Story> {
    let judge::Verdict::Illegal { refusals, .. } = judge::judge_bytes(bytes, judge::Options::default()) else {
        return None;
    };
    let trace = Trace::decode(bytes).ok()?;
    refusals.iter().find_map(|refusal| {
        let at = refusal.at?;
        let stream = trace.batches().filter(|b| b.generation == at.generation && b.m == at.m);
        let events: Vec<EventType> = stream
            .flat_map(|b| if let Body::Events(events) = &b.body { events.as_slice() } else { &[] })
            .map(|e| e.ty)
            .collect();
        let before = at.index.checked_sub(1).and_then(|i| events.get(i)).copied();
        Some((refusal.rule, *events.get(at.index)?, before))
    })
}

impl Keeps {
    /// `None` if the law needs the history, or the reader is gone. `label` is what has to come of the trace.
    pub(super) fn new(setup: &Setup, breach: &Breach, label: Label, bytes: &[u8]) -> Option<Keeps> {
        if matches!(breach.law, Law::Truth | Law::Label | Law::Prefix | Law::Split | Law::Twice | Law::RoundTrip) {
            return None;
        }
        let spec = setup.readers.iter().find(|s| s.to_string() == breach.reader);
        let reader: Box<dyn ReaderUnderTest> = match spec {
            Some(spec) => spec.open_whatever_it_does(setup.limits, setup.options).ok()?,
            None => Box::new(Builtin::new("builtin", setup.options, false)),
        };
        let mut examiner = Examiner::new(setup).ok()?;
        // What the judge says is part of what is kept.
        examiner.trust_labels();
        examiner.be_patient();
        let legal = judge::judge_bytes(bytes, judge::Options::default()).is_legal();
        let story = if legal || breach.law != Law::Accept { None } else { story(bytes) };
        Some(Keeps { breach: breach.clone(), label, examiner, reader, legal, story })
    }

    /// Whether a trace breaks the law in the same way.
    pub(super) fn holds(&mut self, bytes: &[u8]) -> bool {
        let judged = || judge::judge_bytes(bytes, judge::Options::default());
        match self.breach.law {
            Law::Accept => {
                self.is_broken(bytes)
                    && judged().is_legal() == self.legal
                    && (self.story.is_none() || story(bytes) == self.story)
            }
            Law::Reject => {
                let Label::MustReject(rules) = self.label else { return false };
                self.is_broken(bytes) && {
                    let judged = judged();
                    let for_the_rule = rules.is_empty() || judged.rules().iter().any(|rule| rules.contains(rule));
                    judged.is_illegal() && for_the_rule
                }
            }
            Law::Context => match laws::read_events(&mut *self.reader, bytes) {
                Ok((answer, events)) => {
                    answer.verdict.is_accepted()
                        && laws::context(&events).is_broken()
                        && judged().is_legal() == self.legal
                }
                Err(_) => false,
            },
            Law::Rename | Law::Shift | Law::Rebatch | Law::Permute => {
                let Ok(trace) = Trace::decode(bytes) else { return false };
                let outcome = match self.breach.law {
                    Law::Rename => laws::rename(&mut *self.reader, &trace, 1),
                    Law::Shift => laws::shift(&mut *self.reader, &trace, 1000),
                    Law::Rebatch => laws::rebatch(&mut *self.reader, &trace, 0),
                    _ => laws::permute(&mut *self.reader, &trace),
                };
                outcome.is_broken()
            }
            Law::Agree | Law::Bounded => self.is_broken(bytes),
            _ => false,
        }
    }

    /// Whether the hunt would group this trace with the breach.
    fn is_broken(&mut self, bytes: &[u8]) -> bool {
        let bytes: Arc<[u8]> = bytes.into();
        let case = HuntCase::raw(bytes.clone());
        let edit = MadeEdit { operator: "shrink", what: String::new(), label: self.label, trace: None };
        let made = Made { history: None, bytes, edit: Some(edit) };
        self.examiner.examine(&[(case, made)]).iter().any(|b| b.group() == self.breach.group())
    }
}
