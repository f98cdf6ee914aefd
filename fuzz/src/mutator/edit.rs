//! Single edits of a trace: events, batches, tables, containers.

use super::dice::Dice;
use super::hints;
use std::iter::repeat_n;
use tracehound_wire::event::ArgKind;
use tracehound_wire::{
    Batch, Body, CpuSample, Event, EventType, Frame, Item, NONE_ID, SizeField, StackRecord, StringRecord, SyncRecord,
    Trace, Version,
};

/// Applies one edit, drawn by weight. May leave the trace as it is if it has nothing to edit.
pub(super) fn edit(trace: &mut Trace, dice: &mut Dice) {
    match dice.below(16) {
        0..=8 => edit_events(trace, dice),
        9..=11 => edit_batch(trace, dice),
        12..=13 => edit_table(trace, dice),
        _ => edit_items(trace, dice),
    }
}

/// The `nth` events of the trace's event batches that are not empty.
fn some_events<'t>(trace: &'t mut Trace, dice: &mut Dice) -> Option<&'t mut Vec<Event>> {
    fn events(batch: &mut Batch) -> Option<&mut Vec<Event>> {
        match &mut batch.body {
            Body::Events(events) if !events.is_empty() => Some(events),
            _ => None,
        }
    }
    let n = trace.batches().filter(|b| matches!(&b.body, Body::Events(e) if !e.is_empty())).count();
    let at = dice.below(n);
    trace.batches_mut().filter_map(events).nth(at)
}

fn edit_events(trace: &mut Trace, dice: &mut Dice) {
    let choice = dice.below(10);
    if choice == 0 {
        return move_event(trace, dice);
    }
    let donor = donor_value(trace, dice);
    let Some(events) = some_events(trace, dice) else { return };
    let at = dice.below(events.len());
    match choice {
        1 => {
            events.remove(at);
        }
        2 if dice.one_in(4) => {
            // Events that change nothing, as those of the heap, may stand so often, and some mistakes need many.
            let times = [2, 8, 32, 128][dice.below(4)];
            events.splice(at..at, repeat_n(events[at], times));
        }
        2 => events.insert(at, events[dice.below(events.len())]),
        3 => {
            let with = (at + 1) % events.len();
            events.swap(at, with);
        }
        4 => {
            let (ty, dt) = (timed_type(dice), dice.below(3) as u64);
            let args: Vec<u64> = ty.spec().args.iter().map(|&(_, kind)| fresh(kind, donor, dice)).collect();
            events.insert(at, Event::new(ty, dt, &args));
        }
        5 => {
            let old = events[at];
            let ty = related_type(old.ty, dice);
            let keep = old.args().len().min(ty.spec().args.len());
            events[at] = Event::new(ty, old.dt, &old.args()[..keep]);
        }
        6 => events[at].dt = dice.number(events[at].dt),
        _ => edit_argument(&mut events[at], donor, dice),
    }
}

fn edit_argument(event: &mut Event, donor: Option<(ArgKind, u64)>, dice: &mut Dice) {
    let args = event.ty.spec().args;
    if args.is_empty() {
        return;
    }
    let i = dice.below(args.len());
    event.args[i] = match donor {
        Some((kind, value)) if kind == args[i].1 => value,
        _ => dice.number(event.args[i]),
    };
}

/// How many arguments are looked at for one that was compared.
const TRIES: usize = 16;

/// Gives one argument a value that it was compared with; `None` if none is found that was.
pub(super) fn answer_compare(trace: &mut Trace, dice: &mut Dice) -> Option<()> {
    for _ in 0..TRIES {
        let events = some_events(trace, dice)?;
        let at = dice.below(events.len());
        let event = &mut events[at];
        let args = event.args().len();
        let Some(arg) = event.args[..args].get_mut(dice.below(args)) else { continue };
        if let Some(value) = hints::compared_with(*arg, dice) {
            *arg = value;
            return Some(());
        }
    }
    None
}

/// An argument that stands somewhere in the trace, to be used somewhere else.
fn donor_value(trace: &mut Trace, dice: &mut Dice) -> Option<(ArgKind, u64)> {
    let events = some_events(trace, dice)?;
    let event = *dice.pick(events)?;
    let i = dice.below(event.args().len());
    Some((event.ty.spec().args.get(i)?.1, event.args[i]))
}

/// A value for a new event's argument: the donor's if it is of the kind, else a small one.
fn fresh(kind: ArgKind, donor: Option<(ArgKind, u64)>, dice: &mut Dice) -> u64 {
    match donor {
        Some((of, value)) if of == kind => value,
        _ if kind == ArgKind::M && dice.one_in(4) => NONE_ID,
        _ => dice.below(5) as u64,
    }
}

fn timed_type(dice: &mut Dice) -> EventType {
    loop {
        let ty = EventType::ALL[dice.below(EventType::ALL.len())];
        if ty.spec().timed {
            return ty;
        }
    }
}

/// Mostly a type with arguments of the same kinds, so that the arguments keep a meaning.
fn related_type(old: EventType, dice: &mut Dice) -> EventType {
    let shape = |ty: EventType| ty.spec().args.iter().map(|&(_, kind)| kind).collect::<Vec<_>>();
    let alike: Vec<EventType> = EventType::ALL
        .iter()
        .copied()
        .filter(|&ty| ty != old && ty.spec().timed && shape(ty).starts_with(&shape(old)))
        .collect();
    match dice.pick(&alike) {
        Some(&ty) if !dice.one_in(4) => ty,
        _ => timed_type(dice),
    }
}

fn move_event(trace: &mut Trace, dice: &mut Dice) {
    let Some(from) = some_events(trace, dice) else { return };
    let event = from.remove(dice.below(from.len()));
    let Some(to) = some_events(trace, dice) else { return };
    let at = dice.below(to.len() + 1);
    to.insert(at, event);
}

fn edit_batch(trace: &mut Trace, dice: &mut Dice) {
    let ms: Vec<u64> = trace.batches().map(|b| b.m).collect();
    let generations: Vec<u64> = trace.batches().map(|b| b.generation).collect();
    match dice.below(12) {
        0 => return shatter(trace, dice),
        1 => return split(trace, dice),
        _ => {}
    }
    let Some(batch) = trace.batches_mut().nth(dice.below(ms.len())) else { return };
    match dice.below(6) {
        0 => batch.m = dice.number(batch.m),
        1 => batch.m = dice.pick(&ms).copied().unwrap_or(NONE_ID),
        2 => batch.generation = dice.number(batch.generation),
        3 => batch.generation = dice.pick(&generations).copied().unwrap_or(1),
        4 => batch.time = dice.number(batch.time),
        _ => {
            batch.size = match dice.below(4) {
                0 => SizeField::Shortest,
                1 => SizeField::Runtime,
                _ => SizeField::Exactly { value: dice.number(16), width: 1 + dice.below(10) as u8 },
            }
        }
    }
}

/// Cuts a thread's batch in two.
fn split(trace: &mut Trace, dice: &mut Dice) {
    let at = dice.below(trace.items.len());
    let Some(Item::Batch(batch)) = trace.items.get_mut(at) else { return };
    let Body::Events(events) = &mut batch.body else { return };
    let tail = events.split_off(dice.below(events.len() + 1));
    let rest = Batch { time: time_behind(batch.time, events), body: Body::Events(tail), ..*batch };
    trace.items.insert(at + 1, Item::Batch(rest));
}

/// Cuts every thread's batches into such of one event, or of a few. The trace means what it meant, and has many batches.
fn shatter(trace: &mut Trace, dice: &mut Dice) {
    let most = if dice.one_in(2) { 1 } else { 2 + dice.below(3) };
    let mut items = Vec::with_capacity(trace.items.len());
    for item in trace.items.drain(..) {
        match &item {
            Item::Batch(batch @ Batch { body: Body::Events(events), .. }) if events.len() > most => {
                let (mut time, pieces) = (batch.time, events.len().div_ceil(most));
                for (i, piece) in events.chunks(most).enumerate() {
                    // As small as they get: many have to fit.
                    let size = if i + 1 < pieces { SizeField::Shortest } else { batch.size };
                    items.push(Item::Batch(Batch { time, size, body: Body::Events(piece.to_vec()), ..*batch }));
                    time = time_behind(time, piece);
                }
            }
            _ => items.push(item),
        }
    }
    trace.items = items;
}

/// The time of the last of these events, which follow a batch's time; what a batch that goes on begins at.
fn time_behind(time: u64, events: &[Event]) -> u64 {
    time.saturating_add(events.iter().fold(0, |sum: u64, e| sum.saturating_add(e.dt)))
}

fn edit_table(trace: &mut Trace, dice: &mut Dice) {
    let is_table = |b: &Batch| !matches!(b.body, Body::Events(_) | Body::Raw(_));
    let n = trace.batches().filter(|b| is_table(b)).count();
    let Some(batch) = trace.batches_mut().filter(|b| is_table(b)).nth(dice.below(n)) else { return };
    match &mut batch.body {
        Body::Strings(records) => edit_records(records, dice, edit_string, |dice| StringRecord {
            id: dice.below(8) as u64,
            bytes: b"tracehound".into(),
        }),
        Body::Stacks(records) => edit_records(records, dice, edit_stack, |dice| StackRecord {
            id: dice.below(8) as u64,
            frames: vec![some_frame(dice)],
        }),
        Body::CpuSamples(records) => edit_records(records, dice, edit_sample, |dice| CpuSample {
            time: dice.below(100) as u64,
            m: dice.below(3) as u64,
            p: dice.below(3) as u64,
            g: dice.below(3) as u64,
            stack: dice.below(3) as u64,
        }),
        Body::Sync(records) => edit_records(records, dice, edit_sync, |dice| match dice.below(2) {
            0 => SyncRecord::Frequency(dice.number(1_000_000_000)),
            _ => SyncRecord::ClockSnapshot { dt: 1, mono: 1, sec: 1, nsec: dice.number(1) },
        }),
        Body::Events(_) | Body::Raw(_) => {}
    }
}

/// Drops, doubles, adds, swaps or edits a record of a table.
fn edit_records<T: Clone>(records: &mut Vec<T>, dice: &mut Dice, edit: fn(&mut T, &mut Dice), new: fn(&mut Dice) -> T) {
    let at = dice.below(records.len());
    match dice.below(6) {
        _ if records.is_empty() => records.push(new(dice)),
        0 => {
            records.remove(at);
        }
        1 => records.insert(at, records[at].clone()),
        2 => records.insert(at, new(dice)),
        3 => {
            let with = dice.below(records.len());
            records.swap(at, with);
        }
        _ => edit(&mut records[at], dice),
    }
}

fn edit_string(record: &mut StringRecord, dice: &mut Dice) {
    let at = dice.below(record.bytes.len());
    match dice.below(5) {
        0 => record.id = dice.number(record.id),
        1 => record.bytes.to_mut().clear(),
        3 if !record.bytes.is_empty() => {
            let byte = &mut record.bytes.to_mut()[at];
            let compared = hints::compared_with(u64::from(*byte), dice).and_then(|b| u8::try_from(b).ok());
            *byte = compared.unwrap_or(dice.below(256) as u8);
        }
        2 => record.bytes.to_mut().resize([1, 64, 1023, 1024, 1025][dice.below(5)], b'x'),
        _ => record.bytes.to_mut().push(dice.below(256) as u8),
    }
}

fn edit_stack(record: &mut StackRecord, dice: &mut Dice) {
    let at = dice.below(record.frames.len());
    match dice.below(5) {
        0 => record.id = dice.number(record.id),
        1 => record.frames.resize([0, 1, 127, 128, 129][dice.below(5)], some_frame(dice)),
        2 => record.frames.push(some_frame(dice)),
        _ => {
            let Some(frame) = record.frames.get_mut(at) else { return };
            let field = match dice.below(4) {
                0 => &mut frame.pc,
                1 => &mut frame.func,
                2 => &mut frame.file,
                _ => &mut frame.line,
            };
            *field = dice.number(*field);
        }
    }
}

fn some_frame(dice: &mut Dice) -> Frame {
    Frame { pc: dice.below(4) as u64, func: dice.below(4) as u64, file: dice.below(4) as u64, line: 1 }
}

fn edit_sample(sample: &mut CpuSample, dice: &mut Dice) {
    let field = match dice.below(5) {
        0 => &mut sample.time,
        1 => &mut sample.m,
        2 => &mut sample.p,
        3 => &mut sample.g,
        _ => &mut sample.stack,
    };
    *field = dice.number(*field);
}

fn edit_sync(record: &mut SyncRecord, dice: &mut Dice) {
    let field = match record {
        SyncRecord::Frequency(freq) => freq,
        SyncRecord::ClockSnapshot { dt, mono, sec, nsec } => match dice.below(4) {
            0 => dt,
            1 => mono,
            2 => sec,
            _ => nsec,
        },
    };
    *field = dice.number(*field);
}

fn edit_items(trace: &mut Trace, dice: &mut Dice) {
    let n = trace.items.len();
    let at = dice.below(n);
    match dice.below(8) {
        _ if n == 0 => trace.items.push(Item::EndOfGeneration),
        0 => {
            trace.items.remove(at);
        }
        1 => trace.items.insert(at, trace.items[dice.below(n)].clone()),
        2 => {
            let with = dice.below(n);
            trace.items.swap(at, with);
        }
        3 => trace.items.insert(at, Item::EndOfGeneration),
        4 => {
            let whole = (0, n);
            repeat_generation(trace, whole);
        }
        5 => trace.version = Version::ALL[dice.below(Version::ALL.len())],
        6 => trace.items.truncate(at),
        _ => {
            let run = at.min(n - 1)..n.min(at + 1 + dice.below(4));
            trace.items.drain(run);
        }
    }
}

/// Appends the items once more as the next generation.
fn repeat_generation(trace: &mut Trace, (from, to): (usize, usize)) {
    let last = trace.batches().map(|b| b.generation).max().unwrap_or(0);
    let copies: Vec<Item> = trace.items[from..to].to_vec();
    trace.items.extend(copies.into_iter().map(|item| renumbered(item, last)));
}

/// The item with its generation's number raised by `by`.
pub(super) fn renumbered(mut item: Item, by: u64) -> Item {
    match &mut item {
        Item::Batch(b) => b.generation = b.generation.wrapping_add(by),
        Item::Experimental(b) => b.generation = b.generation.wrapping_add(by),
        Item::EndOfGeneration | Item::Bytes(_) => {}
    }
    item
}
