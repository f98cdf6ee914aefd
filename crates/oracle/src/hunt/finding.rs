//! A finding: breaches that are the same, one of them as small as it gets, and its folder on disk.

use super::case::{Edit, HuntCase};
use super::examine::Examiner;
use super::{Breach, Setup};
use crate::judge;
use crate::laws::{self, Law, Outcome};
use crate::readers::{Builtin, ReaderError, ReaderUnderTest};
use crate::shrink::{Budget, shrink_tape, shrink_trace};
use crate::verdict::{Mode, VerdictVector};
use serde_json::json;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tracehound_generator::Case;
use tracehound_generator::mutate::Label;
use tracehound_wire::{Body, EventType, Expect, RejectRule, TestFile, Trace};

/// How long a finding may be shrunk, in each of the two ways.
const SHRINK_TIME: Duration = Duration::from_secs(20);

/// How many tries each way may take.
const SHRINK_TRIES: u64 = 40_000;

/// A finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The breach that stands for all, on its shrunk case.
    pub breach: Breach,
    /// How many breaches there were.
    pub count: u64,
    /// The case in which it was found.
    pub found_in: HuntCase,
    /// The smallest trace: of the shrunk case, or smaller still.
    pub bytes: Vec<u8>,
    /// Timed events of that trace.
    pub events: usize,
    /// What every reader says to that trace.
    pub verdicts: VerdictVector,
    /// What was edited, if anything was.
    pub edit: Option<String>,
}

impl Finding {
    /// Shrinks a breach.
    ///
    /// # Errors
    /// If a reader cannot be started.
    pub fn shrink(setup: &Setup, breach: &Breach, count: u64) -> Result<Finding, ReaderError> {
        let mut examiner = Examiner::new(setup)?;
        let (case, smaller) = shrink_case(&mut examiner, breach);
        let made = case.make();
        let bytes = made.as_ref().map(|m| m.bytes.to_vec()).unwrap_or_default();
        let small = Trace::decode(&bytes).ok().and_then(|trace| {
            let mut keeps = Keeps::new(setup, &smaller, &made.as_ref()?.bytes)?;
            let budget = Budget::new(SHRINK_TRIES, SHRINK_TIME);
            shrink_trace(&trace, budget, |t| keeps.holds(&t.to_bytes())).ok()
        });
        let bytes = small.map_or(bytes, |t| t.to_bytes());
        let events = Trace::decode(&bytes).map_or(0, |t| crate::shrink::events(&t));
        let verdicts = examiner.verdicts(&bytes);
        let edit = made.and_then(|m| m.edit).map(|e| format!("{}: {}", e.operator, e.what));
        Ok(Finding { breach: smaller, count, found_in: breach.case.clone(), bytes, events, verdicts, edit })
    }

    /// A name for its folder.
    pub fn name(&self) -> String {
        let (law, reader, key) = self.breach.group();
        let text = format!("{law}-{reader}-{key}");
        let mut name = String::new();
        for c in text.chars() {
            let c = if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
            if !(c == '-' && name.ends_with('-')) {
                name.push(c);
            }
        }
        name.trim_matches('-').chars().take(80).collect()
    }
}

/// The smallest case that breaks the same law in the same way, and its breach.
fn shrink_case(examiner: &mut Examiner, breach: &Breach) -> (HuntCase, Breach) {
    examiner.only_law(breach.law);
    let mut again = |case: &HuntCase| -> Option<Breach> {
        let made = case.make()?;
        let found = examiner.examine(&[(case.clone(), made)]);
        found.into_iter().find(|b| b.group() == breach.group())
    };
    let start = breach.case.case.to_tape();
    let tape = start.tape().cloned().unwrap_or_default();
    let with = |tape: &[u32], edit: Option<Edit>| HuntCase {
        case: Case::from_tape(tape.to_vec(), start.config().clone()),
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
    let budget = Budget::new(SHRINK_TRIES, SHRINK_TIME);
    let shrunk = shrink_tape(&tape, budget, |tape| {
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

/// What a smaller trace has to keep, where the law can be asked of a trace without its history.
struct Keeps {
    law: Law,
    key: String,
    reader: Box<dyn ReaderUnderTest>,
    like: Builtin,
    legal: bool,
    rules: Vec<RejectRule>,
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
    /// `None` if the law needs the history, or the reader is gone.
    fn new(setup: &Setup, breach: &Breach, bytes: &[u8]) -> Option<Keeps> {
        if matches!(breach.law, Law::Truth | Law::Label | Law::Prefix | Law::Split | Law::Twice | Law::RoundTrip) {
            return None;
        }
        let spec = setup.readers.iter().find(|s| s.to_string() == breach.reader);
        let reader: Box<dyn ReaderUnderTest> = match spec {
            Some(spec) => spec.open(setup.limits, setup.options).ok()?,
            None => Box::new(Builtin::new("builtin", setup.options, false)),
        };
        let like = Builtin::like(reader.hello(), setup.options);
        let rules = match breach.case.make()?.edit.map(|e| e.label) {
            Some(Label::MustReject(rules)) => rules.to_vec(),
            _ => Vec::new(),
        };
        let legal = judge::judge_bytes(bytes, judge::Options::default()).is_legal();
        let story = if legal { None } else { story(bytes) };
        Some(Keeps { law: breach.law, key: breach.key.clone(), reader, like, legal, rules, story })
    }

    fn holds(&mut self, bytes: &[u8]) -> bool {
        let reader = &mut *self.reader;
        let label = |reader: &mut dyn ReaderUnderTest| reader.read(bytes, Mode::Digest).verdict.label();
        let judged = || judge::judge_bytes(bytes, judge::Options::default());
        let broken = |outcome: Outcome| outcome.is_broken();
        match self.law {
            Law::Accept => {
                label(reader) == self.key
                    && judged().is_legal() == self.legal
                    && (self.story.is_none() || story(bytes) == self.story)
            }
            Law::Reject => {
                label(reader) == self.key && {
                    let judged = judged();
                    let for_the_rule =
                        self.rules.is_empty() || judged.rules().iter().any(|rule| self.rules.contains(rule));
                    judged.is_illegal() && for_the_rule
                }
            }
            Law::Bounded => label(reader) == self.key,
            Law::Agree => match laws::agree(&mut self.like, reader, bytes) {
                crate::verdict::Comparison::Differ(d) => crate::known::difference_key(&d) == self.key,
                _ => false,
            },
            Law::Context => match laws::read_events(reader, bytes) {
                Ok((answer, events)) => {
                    answer.verdict.is_accepted() && broken(laws::context(&events)) && judged().is_legal() == self.legal
                }
                Err(_) => false,
            },
            Law::Rename | Law::Shift | Law::Rebatch | Law::Permute => {
                let Ok(trace) = Trace::decode(bytes) else { return false };
                broken(match self.law {
                    Law::Rename => laws::rename(reader, &trace, 1),
                    Law::Shift => laws::shift(reader, &trace, 1000),
                    Law::Rebatch => laws::rebatch(reader, &trace, 0),
                    _ => laws::permute(reader, &trace),
                })
            }
            _ => false,
        }
    }
}

/// Writes a finding's folder into `dir`. `command` is how the program is called, with the
/// options that matter, up to the replay string. Returns the folder.
///
/// # Errors
/// If it cannot be written.
pub fn write(dir: &Path, finding: &Finding, command: &str) -> io::Result<PathBuf> {
    let folder = dir.join(finding.name());
    std::fs::create_dir_all(&folder)?;
    let b = &finding.breach;
    std::fs::write(folder.join("trace.bin"), &finding.bytes)?;
    let expect = match b.law {
        Law::Reject => Expect::Failure(String::new()),
        _ => Expect::Success,
    };
    let replay = format!("{command} '{}'", b.case);
    let mut comment = format!("# {} breaks the law {}: {}\n", b.reader, b.law, law_in_words(b.law));
    if let Some(edit) = &finding.edit {
        comment.push_str(&format!("# Edited: {edit}\n"));
    }
    comment.push_str(&format!("# Verdicts: {}\n", finding.verdicts));
    if let Ok(mut file) = TestFile::from_binary(&finding.bytes, expect) {
        file.trace_text.splice(0..0, comment.bytes());
        std::fs::write(folder.join("trace.test"), file.to_bytes())?;
    }
    let json = json!({
        "law": b.law, "reader": b.reader, "key": b.key, "rule": b.rule.map(|r| r.class()),
        "count": finding.count, "events": finding.events, "bytes": finding.bytes.len(),
        "verdicts": finding.verdicts, "words": b.words, "edit": finding.edit,
        "replay": b.case.to_string(), "command": replay, "found_in": finding.found_in.to_string(),
        "tracehound": env!("CARGO_PKG_VERSION"),
    });
    std::fs::write(folder.join("finding.json"), format!("{json:#}\n"))?;
    let readme = format!(
        "# {} breaks the law \"{}\"\n\n{}.\n\n{}\n\nVerdicts on the trace: {}.\nSeen {} times.\n\n\
         The trace, {} events: `trace.test` (text), `trace.bin`; `report.html` draws it.\n\nTo see it again:\n\n    {replay}\n\nWhat was seen:\n\n```\n{}\n```\n",
        b.reader,
        b.law,
        law_in_words(b.law),
        finding.edit.as_ref().map_or_else(
            || "The trace is of a legal history.".to_owned(),
            |e| match e.split_once(": ") {
                Some(("matrix", what)) => format!("The trace is of the reject matrix (`docs/rules.md`): it {what}."),
                Some(("probe", what)) => format!("The trace is a probe: {what}."),
                _ => format!("The trace is of a legal history with one edit, {e}."),
            }
        ),
        finding.verdicts,
        finding.count,
        finding.events,
        b.words,
    );
    std::fs::write(folder.join("README.md"), readme)?;
    Ok(folder)
}

/// A law in one clause.
pub(crate) fn law_in_words(law: Law) -> &'static str {
    match law {
        Law::Accept => "every legal history is accepted",
        Law::Truth => "what comes out is what happened",
        Law::Reject => "an edit that is illegal with certainty is refused, by the rule that it breaks",
        Law::Agree => "all readers say the same",
        Law::Context => "every context and every old state follow from the transitions before",
        Law::RoundTrip => "a trace decoded and encoded again is the same bytes",
        Law::Twice => "reading twice gives the same",
        Law::Split => "the bytes may come in any pieces",
        Law::Rename => "other ids give the same events, renamed",
        Law::Shift => "later times give the same events, later",
        Law::Rebatch => "a thread's stream may be cut into other batches",
        Law::Permute => "batches of different threads may come in any order",
        Law::Prefix => "a cut trace gives a beginning of every thread's events",
        Law::Bounded => "every trace is judged, within bounds of time and memory",
        Law::Label => "the judge confirms the label of every edit",
    }
}
