//! Where a reader goes wrong: the rule, or the event at which its story and the true one part, and what made the P
//! or goroutine that the event is about what it is.

use crate::argument::{Argument, End, Refused, event_at, refused};
use crate::canonical::CanonEvent;
use crate::judge;
use crate::laws::{self, Law};
use crate::readers::{Builtin, ReaderUnderTest, Reports};
use crate::verdict::{Verdict, compare_events};
use tracehound_parser::Options;
use tracehound_wire::{Body, Event, NONE_ID, RejectRule, Trace};

/// Of so many events at most the missing one is looked for.
const MOST_EVENTS: usize = 1000;

/// So many steps of a chain of waits are told.
const MOST_STEPS: usize = 3;

/// Where `reader` goes wrong on a trace, in a few sentences; `None` if that cannot be told from this trace alone. `law`
/// is the one that is broken.
pub(super) fn place(
    bytes: &[u8],
    law: Law,
    judged: &judge::Verdict,
    reader: &mut dyn ReaderUnderTest,
    options: Options,
) -> Option<String> {
    let options = options.without_faults();
    let parts = |bytes: &[u8], reader: &mut dyn ReaderUnderTest| Stories::read(bytes, reader, options)?.part(bytes);
    if let judge::Verdict::Illegal { rules, refusals } = judged {
        let told = [illegal(bytes, options, rules, refusals), parts(bytes, reader)];
        return told.into_iter().flatten().reduce(|all, more| format!("{all} {more}"));
    }
    parts(bytes, reader).or_else(|| {
        let trace = Trace::decode(bytes).ok()?;
        let changed = laws::CHOICES.into_iter().filter_map(|choice| laws::changed(law, &trace, choice));
        let place = changed.map(|t| t.to_bytes()).find_map(|bytes| parts(&bytes, reader))?;
        Some(format!("The trace {} shows it. {place}", laws::how(law)))
    })
}

/// The rule that is broken, and by which event.
fn illegal(bytes: &[u8], options: Options, rules: &[RejectRule], refusals: &[judge::Refusal]) -> Option<String> {
    // The reader can say more than the judge, where they agree.
    if let Some(refused) = refused(bytes, options)
        && rules.contains(&refused.rule)
    {
        return Some(words_of(&refused));
    }
    match refusals.iter().find_map(|refusal| Some((refusal.rule, refusal.at?))) {
        Some((rule, at)) => match event(bytes, at) {
            Some(event) => Some(format!("What cannot happen is {event}: {}.", told(rule))),
            None => Some(format!("What cannot happen breaks {}.", told(rule))),
        },
        None => rules.first().map(|rule| format!("The trace breaks {}.", told(*rule))),
    }
}

fn told(rule: RejectRule) -> String {
    format!("rule {} ({})", rule.class(), rule.condition())
}

/// Why the sound reader refuses a trace.
fn words_of(refused: &Refused) -> String {
    let Refused { rule, event, offset, before, argument } = refused;
    match (event, argument.steps.is_empty()) {
        (_, false) => format!("What cannot happen breaks rule {}: {}.", rule.class(), waits(argument)),
        (Some(event), true) => format!("What cannot happen is {event}: {}{before}.", told(*rule)),
        (None, true) => {
            let at = offset.map_or_else(String::new, |at| format!(" at byte {at}"));
            format!("The trace breaks {}{at}.", told(*rule))
        }
    }
}

/// Who waits for whom.
fn waits(argument: &Argument) -> String {
    let steps = argument.steps.iter().take(MOST_STEPS).map(|step| {
        let since = step.since.as_ref().map_or_else(String::new, |since| format!(" ({since})"));
        let supplier = step.supplier.as_ref().map_or_else(String::new, |s| format!(", which {s} would bring"));
        format!("{} waits for {}{since}{supplier}", step.event, step.needs)
    });
    let end = match argument.end {
        Some(End::Cycle(_)) => "and so they wait for each other in a circle",
        _ => "no M has an event that would bring that: one is missing, or this one is wrong",
    };
    steps.chain([end.to_owned()]).collect::<Vec<_>>().join("; ")
}

/// An event by its place, in words.
fn event(bytes: &[u8], at: judge::Place) -> Option<String> {
    let trace = Trace::decode(bytes).ok()?;
    let stream = trace.batches().filter(|b| (b.generation, b.m) == (at.generation, at.m));
    let mut events = stream.flat_map(|b| if let Body::Events(events) = &b.body { events.as_slice() } else { &[] });
    let Event { ty, args, .. } = events.nth(at.index)?;
    let args: String =
        ty.spec().args.iter().zip(args).map(|((name, _), arg)| format!(" {name}={}", plain(*arg))).collect();
    Some(format!("M {}'s {ty}{args}", plain(at.m)))
}

/// All ones stand for none.
fn plain(arg: u64) -> String {
    if arg == NONE_ID { "-1".into() } else { arg.to_string() }
}

/// What a sound reader and another one tell of a trace.
struct Stories {
    options: Options,
    /// What both tell.
    common: Reports,
    sound: (Verdict, Vec<CanonEvent>),
    other: (Verdict, Vec<CanonEvent>),
}

impl Stories {
    fn read(bytes: &[u8], reader: &mut dyn ReaderUnderTest, options: Options) -> Option<Stories> {
        let mut sound = Builtin::like(reader.hello(), options);
        let (Ok((x, want)), Ok((y, got))) = (laws::read_events(&mut sound, bytes), laws::read_events(reader, bytes))
        else {
            return None;
        };
        let common = sound.hello().reports.common(reader.hello().reports);
        Some(Stories { options, common, sound: (x.verdict, want), other: (y.verdict, got) })
    }

    /// Where they part.
    fn part(self, bytes: &[u8]) -> Option<String> {
        match (self.sound.0.is_accepted(), self.other.0.is_accepted()) {
            (true, true) => self.told(bytes),
            (true, false) => self.stopped(bytes).or_else(|| self.refused()),
            (false, true) => None,
            (false, false) if self.sound.0.rule() == self.other.0.rule() => None,
            (false, false) => self.stopped(bytes).map(|words| format!("The reader stops elsewhere. {words}")),
        }
    }

    /// Where the other tells something else.
    fn told(mut self, bytes: &[u8]) -> Option<String> {
        let whole = (self.sound.1.clone(), self.other.1.clone());
        [&mut self.sound.1, &mut self.other.1].into_iter().for_each(|events| events.retain(|e| !e.is_sync()));
        let Stories { options, common, sound: (_, want), other: (_, got) } = self;
        let all = want.len();
        let untimed = compare_events(want.clone(), got.clone(), common.without(Reports::TIMES));
        let Some(d) = untimed.or_else(|| compare_events(want.clone(), got.clone(), common)) else {
            // Only what is told once for a generation is left.
            let d = compare_events(whole.0, whole.1, common)?;
            // Where they say the same, the time or the context is another.
            let only_when = d.a.as_ref().map(what) == d.b.as_ref().map(what);
            let words = |e: CanonEvent| if only_when { e.to_string().trim().to_owned() } else { what(&e) };
            let side = |e: Option<CanonEvent>| e.map_or_else(|| "nothing".to_owned(), words);
            return Some(format!("It tells \"{}\" where \"{}\" is true.", side(d.b), side(d.a)));
        };
        let Some(true_one) = d.a else {
            return Some(format!("After all that happened it tells {}.", what(&d.b?)));
        };
        // In the order of one M, P or G an event has another place than in the order of all.
        let same = |e: &CanonEvent| (e.m, &e.details) == (true_one.m, &true_one.details);
        let here = want.get(d.index).is_some_and(same);
        let first = if here { d.index } else { want.iter().position(same)? };
        if let Some(words) = astray(bytes, options, &want, &got, common) {
            return Some(words);
        }
        let (event, before) = event_at(bytes, options, first)?;
        let told = d.b.map_or_else(|| ", which is not told".to_owned(), |told| differs(&true_one, &told));
        Some(format!("It goes wrong at event {} of {all}, {event}{told}{}.", first + 1, before))
    }

    /// The first event that the other does not get past.
    fn stopped(&self, bytes: &[u8]) -> Option<String> {
        let events = |list: &[CanonEvent]| list.iter().filter(|e| !e.is_sync()).cloned().collect::<Vec<_>>();
        let (want, got) = (events(&self.sound.1), events(&self.other.1));
        let first = missing(&want, &got, self.common)?;
        let (event, before) = event_at(bytes, self.options, first)?;
        let (n, all) = (first + 1, want.len());
        let astray = astray(bytes, self.options, &want, &got, self.common);
        let astray = astray.map_or_else(String::new, |words| format!(" {words}"));
        let says = self.other.0.rule().map_or_else(String::new, |rule| format!(" It says {}.", rule.class()));
        Some(format!("It does not get past event {n} of {all}, {event}, which can happen{before}.{says}{astray}"))
    }

    /// What the other refuses although nothing is wrong with it.
    fn refused(&self) -> Option<String> {
        Some(format!("Nothing breaks {}, by which it is refused.", told(self.other.0.rule()?)))
    }
}

/// The first event that comes in another place than in the sound reader's order, if what comes before is the same. Only
/// readers that order equal times alike are to be held to that.
fn astray(bytes: &[u8], options: Options, want: &[CanonEvent], got: &[CanonEvent], common: Reports) -> Option<String> {
    let same = |a: &CanonEvent, b: &CanonEvent| {
        compare_events(vec![a.clone()], vec![b.clone()], common.without(Reports::TIMES)).is_none()
    };
    let at = want.iter().zip(got).take(MOST_EVENTS).position(|(a, b)| !same(a, b))?;
    let early = at + want.iter().skip(at).take(MOST_EVENTS).position(|e| same(e, &got[at]))?;
    if !common.has(Reports::TIES) {
        return None;
    }
    let (taken, before) = event_at(bytes, options, early)?;
    let (left, _) = event_at(bytes, options, at)?;
    let (n, m) = (at + 1, want[at].m);
    let batches = match m == want[early].m {
        true => format!(", although it comes later in the batches of M {m}"),
        false => String::new(),
    };
    Some(format!("Its order is another one from event {n} on: it takes {taken} before {left}{batches}{before}."))
}

/// How an event is told otherwise than it is, as far as that can be said in a few words.
fn differs(want: &CanonEvent, got: &CanonEvent) -> String {
    if want.details != got.details {
        let (told, is) = (what(got), what(want));
        return match unquoted(&told) == unquoted(&is) {
            true if told == is => ", whose second stack is told as another one".to_owned(),
            true => format!(", whose string is told otherwise: as {told}, and is {is}"),
            false => format!(", which is told as {told} and is {is}"),
        };
    }
    let id = |letter: char, id: i64| if id == -1 { "none".to_owned() } else { format!("{letter}{id}") };
    for (letter, is, told) in [('M', want.m, got.m), ('P', want.p, got.p), ('G', want.g, got.g)] {
        if is != told {
            return format!(", in whose context {letter} is told as {} and is {}", id(letter, told), id(letter, is));
        }
    }
    match want.time == got.time {
        true => ", whose stack is told as another one".to_owned(),
        false => format!(", whose time is told as {} and is {}", got.time, want.time),
    }
}

/// What an event says, without when and where, and without stacks.
fn what(e: &CanonEvent) -> String {
    let line = e.to_string();
    // Time, M, P and G come first.
    line.split_whitespace().skip(4).collect::<Vec<_>>().join(" ")
}

/// What stands outside of quotes.
fn unquoted(text: &str) -> String {
    text.split('"').step_by(2).collect()
}

/// The first wanted event that was not delivered: a reader that waits for one M goes on with the others.
fn missing(want: &[CanonEvent], got: &[CanonEvent], common: Reports) -> Option<usize> {
    let mut rest: Vec<Option<&CanonEvent>> = got.iter().map(Some).collect();
    let same = |a: &CanonEvent, b: &CanonEvent| {
        compare_events(vec![a.clone()], vec![b.clone()], common.without(Reports::TIMES)).is_none()
    };
    want.iter().take(MOST_EVENTS).position(|wanted| {
        let found = rest.iter().position(|e| e.is_some_and(|e| same(wanted, e)));
        found.inspect(|&at| rest[at] = None).is_none()
    })
}
