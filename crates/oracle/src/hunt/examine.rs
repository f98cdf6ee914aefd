//! One thread's examination of cases: every reader reads, every law is asked, and what is
//! broken comes back as breaches.

use super::case::{HuntCase, Made, Origin};
use super::merge::{Word, merge};
use super::record::Witness;
use super::stats::{Stats, Tallies};
use super::{Breach, Setup};
use crate::canonical::{CanonEvent, decode};
use crate::judge;
use crate::known::{self, difference_key};
use crate::laws::{self, Law, Outcome};
use crate::readers::{Builtin, Limits, Patient, ReaderError, ReaderUnderTest, Reports};
use crate::verdict::{Answer, Comparison, Mode, NotComparable, Verdict, VerdictVector};
use std::sync::Arc;
use tracehound_generator::mutate::Label;
use tracehound_generator::{Choices, History};
use tracehound_wire::{Body, EventType, Item, RejectRule, Trace, Version, parse_header};

/// Of so many labelled edits the judge is asked about one.
const JUDGE_EVERY: u64 = 8;

/// The largest trace that the judge is asked about, events.
const JUDGED_EVENTS: usize = 400;

/// After this many cases on which a reader died or ran out of memory it is given up: it
/// would take the rest of the campaign's time to say nothing.
const MOST_FAILURES: u64 = 6;

/// A case on which it hung counts as so many, since it takes the deadline twice.
const HANG: u64 = 2;

/// The laws that take turns.
const TURNS: [Law; 8] =
    [Law::Rename, Law::Shift, Law::Rebatch, Law::Permute, Law::Twice, Law::Split, Law::Prefix, Law::RoundTrip];

/// Reads and judges cases with readers of its own.
pub struct Examiner {
    builtin: Builtin,
    others: Vec<Other>,
    only: Option<Law>,
    trusts_labels: bool,
    counts: bool,
    codec: Option<Spoil>,
    known: Vec<known::Entry>,
    /// What was counted so far.
    pub stats: Stats,
    /// What is counted of the cases under way.
    tallies: Tallies,
}

/// What a fault of the codec does to a trace between bytes and bytes.
pub(crate) type Spoil = Box<dyn Fn(&mut Trace) + Send + Sync>;

/// A reader under test, and the built-in one as it is compared with it.
struct Other {
    reader: Box<dyn ReaderUnderTest>,
    like: Builtin,
    restarts_seen: u64,
    /// Cases that it was asked about.
    answers: u64,
    /// Cases on which it failed without a judgement, each as often as it [counts](cost).
    failures: u64,
    /// After so many it is given up.
    most_failures: u64,
    /// Whether the traces behind one on which it hung can wait for the next unit.
    in_haste: bool,
}

/// How much a case with this verdict counts towards giving its reader up.
fn cost(verdict: &Verdict) -> u64 {
    match verdict {
        Verdict::Hung { .. } => HANG,
        other => u64::from(other.is_failure()),
    }
}

impl Other {
    fn is_given_up(&self) -> bool {
        self.failures >= self.most_failures
    }

    /// Its answers to the traces, up to the one at which it is given up. One that has failed, or not
    /// answered yet, gets one at a time: each failure takes as long as the deadline.
    fn read_all(&mut self, traces: &[Arc<[u8]>]) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(traces.len());
        while answers.len() < traces.len() && !self.is_given_up() {
            let few = if self.answers > self.failures && self.failures == 0 { FIRST_FEW } else { 1 };
            let part = &traces[answers.len()..traces.len().min(answers.len() + few)];
            let some = self.reader.read_all(part, Mode::Digest);
            self.answers += some.len() as u64;
            self.failures += some.iter().map(|a| cost(&a.verdict)).sum::<u64>();
            answers.extend(some);
            if self.in_haste && answers.last().is_some_and(|a| matches!(a.verdict, Verdict::Hung { .. })) {
                break;
            }
        }
        answers
    }
}

/// How many cases a reader that has not failed yet gets at once.
const FIRST_FEW: usize = 16;

impl Examiner {
    /// Starts the readers.
    ///
    /// # Errors
    /// If one cannot be started.
    pub fn new(setup: &Setup) -> Result<Examiner, ReaderError> {
        Examiner::with(setup, setup.limits, MOST_FAILURES, |reader| reader)
    }

    /// Starts the readers within other limits; none is given up, and none is asked again about the trace on which it has just failed.
    ///
    /// # Errors
    /// If one cannot be started.
    pub(super) fn patient(setup: &Setup, limits: Limits) -> Result<Examiner, ReaderError> {
        Examiner::with(setup, limits, u64::MAX, |reader| Box::new(Patient::new(reader)))
    }

    fn with(
        setup: &Setup,
        limits: Limits,
        most_failures: u64,
        wrapped: impl Fn(Box<dyn ReaderUnderTest>) -> Box<dyn ReaderUnderTest>,
    ) -> Result<Examiner, ReaderError> {
        let mut others = Vec::new();
        for spec in &setup.readers {
            let reader = wrapped(spec.open_whatever_it_does(limits, setup.options)?);
            let like = Builtin::like(reader.hello(), setup.options);
            let in_haste = setup.first;
            others.push(Other { reader, like, restarts_seen: 0, answers: 0, failures: 0, most_failures, in_haste });
        }
        let builtin = Builtin::new("builtin", setup.options, false);
        Ok(Examiner {
            builtin,
            others,
            only: None,
            trusts_labels: false,
            counts: true,
            codec: None,
            known: setup.known.clone(),
            stats: Stats::default(),
            tallies: Tallies::default(),
        })
    }

    /// From now on only this law is of interest: of the laws that take turns it is always the
    /// one that is asked.
    pub fn only_law(&mut self, law: Law) {
        self.only = Some(law);
    }

    /// From now on the histories and events that readers are given are not counted, which takes about as long as
    /// reading them.
    pub fn count_no_events(&mut self) {
        self.counts = false;
    }

    /// Plants a fault in the codec.
    pub(crate) fn set_codec(&mut self, fault: Spoil) {
        self.codec = Some(fault);
    }

    /// From now on the judge is not asked about labels.
    pub(super) fn trust_labels(&mut self) {
        self.trusts_labels = true;
    }

    /// What every reader says to a trace.
    pub fn verdicts(&mut self, bytes: &[u8]) -> VerdictVector {
        let ours = self.builtin.read(bytes, Mode::Digest);
        let mut answers = vec![("builtin".to_owned(), ours)];
        let mut same = vec![true];
        for Other { reader, like, .. } in &mut self.others {
            let (x, y) = (like.read(bytes, Mode::Digest), reader.read(bytes, Mode::Digest));
            // A failure differs from every answer, and to ask again takes long.
            let differs = y.verdict.is_failure()
                || matches!(laws::resolve(like, &x, &mut **reader, &y, bytes), Comparison::Differ(_));
            same.push(!differs);
            answers.push((reader.name().to_owned(), y));
        }
        let named: Vec<(&str, &Answer)> = answers.iter().map(|(n, a)| (n.as_str(), a)).collect();
        VerdictVector::new(&named, |i, j| same[i] == same[j])
    }

    /// The reader of this name; `None` if it is none of a reader.
    pub(super) fn reader(&mut self, name: &str) -> Option<&mut dyn ReaderUnderTest> {
        if name == "builtin" {
            return Some(&mut self.builtin);
        }
        let other = self.others.iter_mut().find(|other| other.reader.name() == name);
        other.map(|other| &mut *other.reader as &mut dyn ReaderUnderTest)
    }

    /// What every reader says to a trace, in full. `verdicts` are the words for it.
    pub(super) fn witnesses(&mut self, bytes: &[u8], verdicts: &[(String, String)]) -> Vec<Witness> {
        let mut readers: Vec<&mut dyn ReaderUnderTest> = vec![&mut self.builtin];
        readers.extend(self.others.iter_mut().map(|o| &mut *o.reader as &mut dyn ReaderUnderTest));
        let told = readers.into_iter().zip(verdicts).map(|(reader, (name, verdict))| {
            let answer = reader.read(bytes, Mode::Digest);
            let hello = reader.hello();
            Witness {
                name: name.clone(),
                program: hello.name.clone(),
                version: hello.version.clone(),
                verdict: verdict.clone(),
                words: answer.verdict.to_string(),
                events: answer.digest.events,
            }
        });
        told.collect()
    }

    /// Examines cases. Readers in other processes get all of them at once. What is counted and found
    /// depends on the cases alone, if the readers' answers do.
    pub fn examine(&mut self, cases: &[(HuntCase, Made)]) -> Vec<Breach> {
        let mut of_case: Vec<(Vec<Breach>, Vec<Word>)> = Vec::with_capacity(cases.len());
        for (case, made) in cases {
            let (broken, word) = match (&made.history, &made.edit) {
                (Some(history), None) => self.legal(case, history, made),
                _ => {
                    self.count(case, made);
                    self.edited(case, made)
                }
            };
            let breaches = broken.into_iter().map(|b| b.of(case)).collect();
            of_case.push((breaches, vec![("builtin".to_owned(), word)]));
        }
        self.stats.take_in(&mut self.tallies);
        for n in 0..self.others.len() {
            self.other(n, cases, &mut of_case);
        }
        let mut all = Vec::new();
        for ((_, made), (mut breaches, words)) in cases.iter().zip(of_case) {
            breaches.retain(|breach| !self.is_known(breach, &made.bytes));
            all.extend(merge(breaches, &words));
        }
        self.stats.breaches += all.len() as u64;
        all
    }

    /// Whether a breach is a known divergence; it is counted then.
    fn is_known(&mut self, breach: &Breach, bytes: &[u8]) -> bool {
        if self.known.is_empty() {
            return false;
        }
        let other = self.others.iter().find(|o| o.reader.name() == breach.reader);
        let hello = other.map_or_else(|| self.builtin.hello(), |o| o.reader.hello());
        let Ok(trace) = Trace::decode(bytes) else { return false };
        let Some(entry) = self.known.iter().find(|e| e.covers(breach, hello.release.as_deref(), &trace)) else {
            return false;
        };
        let why = NotComparable::Known(entry.id.clone());
        *self.stats.not_compared.entry((breach.law.name().into(), why)).or_default() += 1;
        true
    }

    /// The built-in reader and a legal history. Returns its verdict as well.
    fn legal(&mut self, case: &HuntCase, history: &History, made: &Made) -> (Vec<Broken>, String) {
        self.stats.legal += 1;
        self.stats.bytes += made.bytes.len() as u64;
        if self.counts {
            self.stats.self_steals += self_steals(history.trace());
            self.stats.generations += history.expected().generations.len() as u64;
            self.tallies.history(history);
        }
        let answer = self.builtin.read(&made.bytes, Mode::Events);
        self.count_verdict("builtin", &answer);
        let mut broken = Vec::new();
        let accepted = laws::accept(&answer);
        self.ask(Law::Accept, "builtin", accepted, &answer.verdict, &mut broken);
        if answer.verdict.is_accepted() {
            match answer.events.as_deref().map(decode) {
                Some(Ok(events)) => self.delivered(history, &answer, &events, &mut broken),
                Some(Err(e)) => broken.push(Broken::new(Law::Bounded, "builtin", e.to_string(), &answer.verdict)),
                None => {}
            }
        }
        // One more law for each case, in turn, so that all get their share of all histories.
        let mut draw = super::case::Draw(made.bytes.len() as u64 ^ seed_of(case));
        let turns = match self.only {
            None => vec![(TURNS[(draw.next() % TURNS.len() as u64) as usize], draw.next())],
            // A smaller case may need another choice of the law's own.
            Some(law) if TURNS.contains(&law) => laws::CHOICES.map(|n| (law, n)).into(),
            Some(_) => Vec::new(),
        };
        for (law, choice) in turns {
            let outcome = self.turn(law, history.trace(), &made.bytes, choice);
            self.ask(law, "builtin", outcome, &answer.verdict, &mut broken);
        }
        (broken, answer.verdict.label())
    }

    fn delivered(&mut self, history: &History, answer: &Answer, events: &[CanonEvent], broken: &mut Vec<Broken>) {
        for e in events.iter().filter(|_| self.counts) {
            self.tallies.event(e.kind());
        }
        let truth = laws::truth(history, events, Reports::ALL);
        self.ask(Law::Truth, "builtin", truth, &answer.verdict, broken);
        self.ask(Law::Context, "builtin", laws::context(events), &answer.verdict, broken);
    }

    fn turn(&mut self, law: Law, trace: &Trace, bytes: &[u8], n: u64) -> Outcome {
        let reader = &mut self.builtin;
        match law {
            law if laws::is_of_change(law) => laws::of_change(law, reader, trace, n),
            Law::Twice => laws::twice(reader, bytes),
            Law::Split => laws::split(reader, bytes, &[1 + (n % 7) as usize, 64, 1 + (n % 1000) as usize]),
            Law::Prefix => laws::prefix(reader, bytes, (n % (bytes.len() as u64 + 1)) as usize),
            _ => match &self.codec {
                None => laws::round_trip(bytes),
                Some(spoil) => laws::round_trip_through(bytes, spoil),
            },
        }
    }

    /// The built-in reader and an edit, or a trace from outside. Returns its verdict as well.
    fn edited(&mut self, case: &HuntCase, made: &Made) -> (Vec<Broken>, String) {
        let answer = self.builtin.read(&made.bytes, Mode::Digest);
        self.count_verdict("builtin", &answer);
        let mut broken = Vec::new();
        let (law, outcome) = by_label(made.label(), &answer);
        self.ask(law, "builtin", outcome, &answer.verdict, &mut broken);
        if !self.trusts_labels && (!broken.is_empty() || is_judged(case, made)) {
            self.judge_label(made, &mut broken);
        }
        (broken, answer.verdict.label())
    }

    /// Counts what is not a legal history.
    fn count(&mut self, case: &HuntCase, made: &Made) {
        match &made.edit {
            None => self.stats.seeds += 1,
            Some(edit) if edit.is_of_matrix() => self.stats.matrix += 1,
            Some(edit) if edit.is_probe() => self.stats.probes += 1,
            Some(edit) => {
                *self.stats.labels.entry(label_name(edit.label).into()).or_default() += 1;
                match case.origin {
                    Origin::Raw(_) => self.stats.seeds_mutated += 1,
                    Origin::History(_) => self.stats.mutated += 1,
                }
            }
        }
        self.stats.bytes += made.bytes.len() as u64;
    }

    /// Whether the judge confirms the label. A label that it contradicts is a mistake of the
    /// operator, and then the reader is not to blame for what it said.
    fn judge_label(&mut self, made: &Made, broken: &mut Vec<Broken>) {
        let Some(edit) = &made.edit else { return };
        let options = judge::Options { max_events: JUDGED_EVENTS, ..judge::Options::default() };
        let contradicts = match (edit.label, judge::judge_bytes(&made.bytes, options)) {
            (Label::Unspecified, _) => return,
            (Label::MustReject(_), v) if v.is_legal() => "says that some order is legal",
            (Label::MustAccept(_), v) if v.is_illegal() => "says that no order is legal",
            (_, v) if !v.is_legal() && !v.is_illegal() => {
                self.stats.judge_gave_up += 1;
                return;
            }
            _ => {
                self.stats.judged += 1;
                return;
            }
        };
        self.stats.judged += 1;
        broken.clear();
        let words = format!("the label of {} ({}) is wrong: the judge {contradicts}", edit.operator, edit.what);
        let mut wrong = Broken::new(Law::Label, "judge", words, &Verdict::Accepted);
        wrong.key = edit.operator.to_owned();
        broken.push(wrong);
    }

    /// Another reader and all cases; what it breaks and its verdicts go to those of each case.
    fn other(&mut self, n: usize, cases: &[(HuntCase, Made)], of_case: &mut [(Vec<Breach>, Vec<Word>)]) {
        let reads =
            |other: &Other, made: &Made| version_of(&made.bytes).is_none_or(|v| other.reader.hello().reads_version(v));
        let mine: Vec<usize> = (0..cases.len()).filter(|&i| reads(&self.others[n], &cases[i].1)).collect();
        let skipped = (cases.len() - mine.len()) as u64;
        if skipped > 0 {
            *self.stats.not_compared.entry((Law::Agree.name().into(), NotComparable::VersionNotRead)).or_default() +=
                skipped;
        }
        let traces: Vec<Arc<[u8]>> = mine.iter().map(|&i| cases[i].1.bytes.clone()).collect();
        let answers = self.others[n].read_all(&traces);
        let unasked = (traces.len() - answers.len()) as u64;
        if unasked > 0 {
            *self.stats.not_compared.entry((Law::Agree.name().into(), NotComparable::GivenUp)).or_default() += unasked;
        }
        self.stats.round_trips += answers.len() as u64;
        let name = self.others[n].reader.name().to_owned();
        for (i, answer) in mine.into_iter().zip(&answers) {
            let (case, made) = &cases[i];
            self.count_verdict(&name, answer);
            let mut broken = Vec::new();
            let ours = self.others[n].like.read(&made.bytes, Mode::Digest);
            if !answer.verdict.is_failure() && laws::unjudged(&ours, self.others[n].reader.hello()) {
                let why = NotComparable::NotJudged;
                *self.stats.not_compared.entry((Law::Agree.name().into(), why)).or_default() += 1;
                of_case[i].1.push((name.clone(), answer.verdict.label()));
                continue;
            }
            let (law, outcome) = match made.history {
                Some(_) => (Law::Accept, laws::accept(answer)),
                None => by_label_of_other(made.label(), answer, &ours),
            };
            self.ask(law, &name, outcome, &answer.verdict, &mut broken);
            if !answer.verdict.is_failure() {
                self.agree(n, made, &ours, answer, &mut broken);
            }
            let (breaches, words) = &mut of_case[i];
            breaches.extend(broken.into_iter().map(|b| b.of(case)));
            words.push((name.clone(), answer.verdict.label()));
        }
        let other = &mut self.others[n];
        let restarts = other.reader.restarts();
        *self.stats.restarts.entry(name).or_default() += restarts - other.restarts_seen;
        other.restarts_seen = restarts;
    }

    fn agree(&mut self, n: usize, made: &Made, ours: &Answer, answer: &Answer, broken: &mut Vec<Broken>) {
        let Other { reader, like, .. } = &mut self.others[n];
        let name = reader.name().to_owned();
        let (outcome, key) = match laws::resolve(like, ours, &mut **reader, answer, &made.bytes) {
            Comparison::Agree => (Outcome::Holds, String::new()),
            Comparison::NotComparable(why) => (Outcome::NotComparable(why), String::new()),
            Comparison::Differ(d) => {
                let key = difference_key(&d);
                (Outcome::Broken(format!("{} and {name} differ: {d}", like.name())), key)
            }
        };
        let before = broken.len();
        self.ask(Law::Agree, &name, outcome, &answer.verdict, broken);
        if let Some(b) = broken.get_mut(before) {
            b.key = key;
        }
    }

    fn ask(&mut self, law: Law, reader: &str, outcome: Outcome, verdict: &Verdict, broken: &mut Vec<Broken>) {
        *self.stats.laws.entry(law.name().into()).or_default() += 1;
        match outcome {
            Outcome::Holds => {}
            Outcome::NotComparable(why) => {
                *self.stats.not_compared.entry((law.name().into(), why)).or_default() += 1;
            }
            Outcome::Broken(words) => broken.push(Broken::new(law, reader, words, verdict)),
        }
    }

    fn count_verdict(&mut self, reader: &str, answer: &Answer) {
        let label = answer.verdict.label();
        // The rule is told for findings; a table of all rules would be unreadable.
        let label = label.split(':').next().unwrap_or_default().to_owned();
        *self.stats.verdicts.entry(reader.to_owned()).or_default().entry(label.into()).or_default() += 1;
    }
}

/// A breach without its case.
struct Broken {
    law: Law,
    reader: String,
    words: String,
    key: String,
    rule: Option<RejectRule>,
}

impl Broken {
    fn new(law: Law, reader: &str, words: String, verdict: &Verdict) -> Broken {
        Broken { law, reader: reader.into(), words, key: verdict.label(), rule: verdict.rule() }
    }

    fn of(self, case: &HuntCase) -> Breach {
        let Broken { law, reader, words, key, rule } = self;
        Breach { law, reader, words, key, rule, case: case.clone() }
    }
}

fn by_label(label: Label, answer: &Answer) -> (Law, Outcome) {
    match label {
        Label::MustReject(rules) => (Law::Reject, laws::reject(answer, rules)),
        Label::MustAccept(_) => (Law::Accept, laws::accept(answer)),
        Label::Unspecified => (Law::Bounded, laws::bounded(answer)),
    }
}

/// As [`by_label`] for a reader that is not ours: it may refuse by any rule, as agreement
/// looks at rules, and one of an older release may do what that release does.
fn by_label_of_other(label: Label, answer: &Answer, ours: &Answer) -> (Law, Outcome) {
    let any = if matches!(label, Label::MustReject(_)) { Label::MustReject(&[]) } else { label };
    match by_label(any, answer) {
        (law, Outcome::Broken(_))
            if answer.verdict.is_judgement() && ours.verdict.label() == answer.verdict.label() =>
        {
            (law, Outcome::NotComparable(NotComparable::OlderRelease))
        }
        other => other,
    }
}

fn label_name(label: Label) -> &'static str {
    match label {
        Label::MustReject(_) => "must be rejected",
        Label::MustAccept(_) => "must be accepted",
        Label::Unspecified => "either",
    }
}

fn seed_of(case: &HuntCase) -> u64 {
    match &case.origin {
        Origin::Raw(_) => 0,
        Origin::History(case) => match case.choices() {
            Choices::Seed(seed) => *seed,
            Choices::Tape(tape) => tape.iter().fold(0, |h: u64, &v| h.wrapping_mul(31).wrapping_add(u64::from(v))),
        },
    }
}

/// Whether the judge is asked about a label even if no law is broken: those of the reject matrix, and of the others one
/// in some, whatever else is examined.
fn is_judged(case: &HuntCase, made: &Made) -> bool {
    if made.edit.as_ref().is_some_and(|edit| edit.is_of_matrix()) {
        return true;
    }
    let choices = case.edit.as_ref().map_or(0, |edit| edit.choices);
    super::case::Draw(seed_of(case) ^ choices.rotate_left(32)).next().is_multiple_of(JUDGE_EVERY)
}

fn version_of(bytes: &[u8]) -> Option<Version> {
    parse_header(bytes).ok().map(|h| h.version)
}

fn self_steals(trace: &Trace) -> u64 {
    let in_batch = |item: &Item| match item {
        Item::Batch(b) => match &b.body {
            Body::Events(events) => {
                events.iter().filter(|e| e.ty == EventType::ProcSteal && e.args[2] == b.m).count() as u64
            }
            _ => 0,
        },
        _ => 0,
    };
    trace.items.iter().map(in_batch).sum()
}
