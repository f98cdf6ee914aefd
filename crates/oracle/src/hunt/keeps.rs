//! What a smaller trace has to keep: the law that is broken, by whom and how, and, of an illegal
//! trace, the place where its story goes wrong.

use super::case::{HuntCase, Made, MadeEdit};
use super::examine::Examiner;
use super::{Breach, Setup};
use crate::judge;
use crate::laws::{self, Law, Outcome};
use crate::readers::{Builtin, Limits, Patient, ReaderUnderTest, Reports};
use crate::verdict::{Mode, compare_events};
use std::sync::Arc;
use tracehound_generator::mutate::Label;
use tracehound_parser::{Found, Reader};
use tracehound_wire::{Body, EventType, RejectRule, Trace};

/// The predicate of shrinking, where the law can be asked of a trace without its history.
pub(super) struct Keeps {
    breach: Breach,
    label: Label,
    examiner: Examiner,
    reader: Box<dyn ReaderUnderTest>,
    /// The built-in reader, sound, as far as the one above tells things.
    sound: Builtin,
    /// Whether the sound reader keeps the law on the trace: then it has to on a smaller one, or else that would show
    /// another weakness, which all readers share.
    sound_keeps: bool,
    legal: bool,
    story: Option<Story>,
    /// The choice by which a law breaks that has any.
    choice: u64,
}

/// Where an illegal trace goes wrong: the rule, the type of the event that cannot happen, the type of the one before
/// it on its thread, and, if it waits, the state of what it waits for. Shrinking keeps it, or else any broken
/// trace would do.
type Story = (RejectRule, EventType, Option<EventType>, Option<Option<&'static str>>);

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
        Some((refusal.rule, *events.get(at.index)?, before, found(bytes)))
    })
}

/// The state of what the first of the waiting threads waits for, if the built-in reader is stuck; `None` inside if nothing
/// has mentioned it.
fn found(bytes: &[u8]) -> Option<Option<&'static str>> {
    let error = Reader::new(bytes).and_then(|mut reader| reader.for_each(|_| ())).err()?;
    error.explain()?.waits.first().map(|wait| match wait.found {
        Found::State { state, .. } => Some(state),
        Found::Unknown => None,
    })
}

impl Keeps {
    /// Whether a law can be asked of a trace without its history.
    pub(super) fn knows(law: Law) -> bool {
        !matches!(law, Law::Label | Law::Prefix | Law::Split | Law::Twice | Law::RoundTrip)
    }

    /// `None` if the law needs the history, or the reader is gone. `label` is what has to come of the trace.
    pub(super) fn new(setup: &Setup, limits: Limits, breach: &Breach, label: Label, bytes: &[u8]) -> Option<Keeps> {
        if !Keeps::knows(breach.law) {
            return None;
        }
        let spec = setup.readers.iter().find(|s| s.to_string() == breach.reader);
        let mut reader: Box<dyn ReaderUnderTest> = match spec {
            Some(spec) => Box::new(Patient::new(spec.open_whatever_it_does(limits, setup.options).ok()?)),
            None => Box::new(Builtin::new("builtin", setup.options, false)),
        };
        let sound = Builtin::like(reader.hello(), setup.options.without_faults());
        let mut examiner = Examiner::patient(setup, limits).ok()?;
        // What the judge says is part of what is kept.
        examiner.trust_labels();
        let judged = judge::judge_bytes(bytes, judge::Options::default());
        // What is too large for the judge is what it is said to be.
        let legal = judged.is_legal()
            || !judged.is_illegal() && setup.config.fault.is_none() && !matches!(label, Label::MustReject(_));
        let story = if legal || breach.law != Law::Accept { None } else { story(bytes) };
        let choice = Trace::decode(bytes).ok().and_then(|trace| {
            let mut breaks = |&n: &u64| laws::of_change(breach.law, &mut *reader, &trace, n).is_broken();
            laws::CHOICES.into_iter().find(|n| breaks(n))
        });
        let mut keeps = Keeps {
            breach: breach.clone(),
            label,
            examiner,
            reader,
            sound,
            sound_keeps: false,
            legal,
            story,
            choice: choice.unwrap_or_default(),
        };
        keeps.sound_keeps = keeps.sound_keeps(bytes);
        Some(keeps)
    }

    /// Whether a trace breaks the law in the same way.
    pub(super) fn holds(&mut self, bytes: &[u8]) -> bool {
        self.words(bytes).is_some() && (!self.sound_keeps || self.sound_keeps(bytes))
    }

    /// How a trace breaks the law, if it does so in the same way.
    pub(super) fn words(&mut self, bytes: &[u8]) -> Option<String> {
        let legal = self.legal;
        let as_judged = || {
            let judged = judge::judge_bytes(bytes, judge::Options::default());
            if legal { !judged.is_illegal() } else { !judged.is_legal() }
        };
        match self.breach.law {
            Law::Accept => {
                let words = self.as_grouped(bytes)?;
                (as_judged() && (self.story.is_none() || story(bytes) == self.story)).then_some(words)
            }
            Law::Reject => {
                let Label::MustReject(rules) = self.label else { return None };
                let words = self.as_grouped(bytes)?;
                let judged = judge::judge_bytes(bytes, judge::Options::default());
                let for_the_rule = rules.is_empty() || judged.rules().iter().any(|rule| rules.contains(rule));
                (judged.is_illegal() && for_the_rule).then_some(words)
            }
            Law::Context => {
                let (answer, events) = laws::read_events(&mut *self.reader, bytes).ok()?;
                let words = laws::context(&events).broken()?;
                (answer.verdict.is_accepted() && as_judged()).then_some(words)
            }
            Law::Truth => self.told_otherwise(bytes).filter(|_| as_judged()),
            law if laws::is_of_change(law) => {
                let trace = Trace::decode(bytes).ok()?;
                laws::of_change(law, &mut *self.reader, &trace, self.choice).broken()
            }
            Law::Agree | Law::Bounded => self.as_grouped(bytes),
            _ => None,
        }
    }

    /// Whether the sound reader keeps the law, as far as that can be asked.
    fn sound_keeps(&mut self, bytes: &[u8]) -> bool {
        match (self.breach.law, self.label) {
            (Law::Accept, _) => self.sound.read(bytes, Mode::Digest).verdict.is_accepted(),
            (Law::Reject, Label::MustReject(rules)) => {
                laws::reject(&self.sound.read(bytes, Mode::Digest), rules) == Outcome::Holds
            }
            (law, _) if laws::is_of_change(law) => Trace::decode(bytes)
                .is_ok_and(|trace| laws::of_change(law, &mut self.sound, &trace, self.choice) == Outcome::Holds),
            _ => true,
        }
    }

    /// How the reader tells another story than the sound one, whose stories are true. The order of what has
    /// nothing to do with each other is not part of the story.
    fn told_otherwise(&mut self, bytes: &[u8]) -> Option<String> {
        let (x, want) = laws::read_events(&mut self.sound, bytes).ok()?;
        let (y, got) = laws::read_events(&mut *self.reader, bytes).ok()?;
        let common = self.sound.hello().reports.common(self.reader.hello().reports);
        let d = compare_events(want, got, common.without(Reports::TIES))?;
        (x.verdict.is_accepted() && y.verdict.is_accepted()).then(|| format!("what happened, and what is told: {d}"))
    }

    /// How the law is broken, if the hunt would group this trace with the breach.
    fn as_grouped(&mut self, bytes: &[u8]) -> Option<String> {
        let bytes: Arc<[u8]> = bytes.into();
        let case = HuntCase::raw(bytes.clone());
        let edit = MadeEdit { operator: "shrink", what: String::new(), label: self.label, trace: None };
        let made = Made { history: None, bytes, edit: Some(edit) };
        let breaches = self.examiner.examine(&[(case, made)]);
        breaches.into_iter().find(|b| b.group() == self.breach.group()).map(|b| b.words)
    }
}
