//! Where a reader goes wrong: the rule, or the event at which its story and the true one part, and what made the P
//! or goroutine that the event is about what it is.

use crate::argument::{self, Since};
use crate::canonical::CanonEvent;
use crate::judge;
use crate::laws;
use crate::readers::{Builtin, ReaderUnderTest, Reports};
use crate::verdict::compare_events;
use tracehound_parser::Options;
use tracehound_wire::{Body, Event, NONE_ID, RejectRule, Trace};

/// Where `reader` goes wrong on a trace, in one or two sentences; `None` if that cannot be told from this trace alone.
pub(super) fn place(
    bytes: &[u8],
    judged: &judge::Verdict,
    reader: &mut dyn ReaderUnderTest,
    options: Options,
) -> Option<String> {
    match judged {
        judge::Verdict::Illegal { rules, refusals } => illegal(bytes, rules, refusals),
        _ => parts(bytes, reader, options.without_faults()),
    }
}

/// The rule that is broken, and by which event.
fn illegal(bytes: &[u8], rules: &[RejectRule], refusals: &[judge::Refusal]) -> Option<String> {
    let told = |rule: RejectRule| format!("rule {} ({})", rule.class(), rule.condition());
    match refusals.iter().find_map(|refusal| Some((refusal.rule, refusal.at?))) {
        Some((rule, at)) => match event(bytes, at) {
            Some(event) => Some(format!("What cannot happen is {event}: {}.", told(rule))),
            None => Some(format!("What cannot happen breaks {}.", told(rule))),
        },
        None => rules.first().map(|rule| format!("The trace breaks {}.", told(*rule))),
    }
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

/// The first event of the sound reader's story that is not in the other's.
fn parts(bytes: &[u8], reader: &mut dyn ReaderUnderTest, options: Options) -> Option<String> {
    let mut sound = Builtin::like(reader.hello(), options);
    let (Ok((x, mut want)), Ok((y, mut got))) =
        (laws::read_events(&mut sound, bytes), laws::read_events(reader, bytes))
    else {
        return None;
    };
    if !x.verdict.is_accepted() {
        return None;
    }
    let common = sound.hello().reports.common(reader.hello().reports);
    [&mut want, &mut got].into_iter().for_each(|events| events.retain(|e| !e.is_sync()));
    let all = want.len();
    let first = match y.verdict.is_accepted() {
        true => compare_events(want, got, common.without(Reports::TIMES))?.index,
        false => missing(&want, &got, common)?,
    };
    let (event, since) = argument::event_at(bytes, options, first)?;
    let since: Vec<String> = since.iter().map(Since::to_string).collect();
    let since = if since.is_empty() { String::new() } else { format!(": {}", since.join("; ")) };
    let nth = format!("event {} of {all}", first + 1);
    Some(match y.verdict.is_accepted() {
        true => format!("It goes wrong at {nth}, {event}{since}."),
        false => format!("It does not get past {nth}, {event}, which can happen{since}."),
    })
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

/// Of so many events at most the missing one is looked for.
const MOST_EVENTS: usize = 1000;
