//! What a smaller trace has to keep: the law that is broken, by whom and how, and, of an illegal
//! trace, the place where its story goes wrong.

use super::case::{HuntCase, Made, MadeEdit};
use super::examine::Examiner;
use super::{Breach, Setup};
use crate::judge;
use crate::laws::{self, Law};
use crate::readers::{Builtin, ReaderUnderTest, Reports};
use crate::verdict::compare_events;
use std::sync::Arc;
use tracehound_generator::mutate::Label;
use tracehound_wire::{Body, EventType, RejectRule, Trace};

/// The predicate of shrinking, where the law can be asked of a trace without its history.
pub(super) struct Keeps {
    breach: Breach,
    label: Label,
    examiner: Examiner,
    reader: Box<dyn ReaderUnderTest>,
    /// The built-in reader, sound, as far as the one above tells things.
    sound: Builtin,
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
    /// Whether a law can be asked of a trace without its history.
    pub(super) fn knows(law: Law) -> bool {
        !matches!(law, Law::Label | Law::Prefix | Law::Split | Law::Twice | Law::RoundTrip)
    }

    /// `None` if the law needs the history, or the reader is gone. `label` is what has to come of the trace.
    pub(super) fn new(setup: &Setup, breach: &Breach, label: Label, bytes: &[u8]) -> Option<Keeps> {
        if !Keeps::knows(breach.law) {
            return None;
        }
        let spec = setup.readers.iter().find(|s| s.to_string() == breach.reader);
        let reader: Box<dyn ReaderUnderTest> = match spec {
            Some(spec) => spec.open_whatever_it_does(setup.limits, setup.options).ok()?,
            None => Box::new(Builtin::new("builtin", setup.options, false)),
        };
        let sound = Builtin::like(reader.hello(), setup.options.without_faults());
        let mut examiner = Examiner::new(setup).ok()?;
        // What the judge says is part of what is kept.
        examiner.trust_labels();
        examiner.be_patient();
        let legal = judge::judge_bytes(bytes, judge::Options::default()).is_legal();
        let story = if legal || breach.law != Law::Accept { None } else { story(bytes) };
        Some(Keeps { breach: breach.clone(), label, examiner, reader, sound, legal, story })
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
            Law::Truth => self.is_told_otherwise(bytes) && judged().is_legal() == self.legal,
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

    /// Whether the reader tells another story than the sound one, whose stories are true. The order of what has
    /// nothing to do with each other is not part of the story.
    fn is_told_otherwise(&mut self, bytes: &[u8]) -> bool {
        let (Ok((x, want)), Ok((y, got))) =
            (laws::read_events(&mut self.sound, bytes), laws::read_events(&mut *self.reader, bytes))
        else {
            return false;
        };
        let common = self.sound.hello().reports.common(self.reader.hello().reports);
        x.verdict.is_accepted()
            && y.verdict.is_accepted()
            && compare_events(want, got, common.without(Reports::TIES)).is_some()
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
