//! Strings, stacks, samples and clocks: dangling, double, missing, beyond the limits.

use super::facts::{Fact, Facts, pick};
use super::{Edit, Family, Label, Law, Operator};
use crate::source::Source;
use tracehound_wire::RejectRule::*;
use tracehound_wire::limits::{MAX_FRAMES, MAX_STRING_LEN};
use tracehound_wire::{
    ArgKind, Batch, Body, CpuSample, EventType, Frame, Item, NONE_ID, SizeField, StackRecord, StringRecord, SyncRecord,
    Trace,
};

/// The operators of this family.
pub(super) const OPERATORS: &[Operator] = &[
    op(
        "string-twice",
        Label::MustReject(&[StringDuplicateId]),
        "generation.go addStrings: an id is defined once",
        |f, c| {
            let (generation, string) = any_string(f, c)?;
            strings(f, generation, "a string id is defined again", vec![string])
        },
    ),
    op(
        "string-id-zero",
        Label::MustReject(&[StringDuplicateId]),
        "generation.go addStrings: id 0 is the empty string",
        |f, c| {
            strings(
                f,
                any_generation(f, c)?,
                "string id 0 is defined",
                vec![StringRecord { id: 0, bytes: b"x".into() }],
            )
        },
    ),
    op(
        "string-too-long",
        Label::MustReject(&[StringTooLong]),
        "generation.go addStrings: 1024 bytes at most",
        |f, c| strings(f, any_generation(f, c)?, "a string is one byte too long", vec![long_string(1)]),
    ),
    op("string-at-limit", Label::MustAccept(Law::Extra), "generation.go addStrings: 1024 bytes at most", |f, c| {
        strings(f, any_generation(f, c)?, "a string is as long as it may be", vec![long_string(0)])
    }),
    op(
        "drop-frame-string",
        Label::MustReject(&[StackFuncStringMissing, StackFileStringMissing]),
        "generation.go fixUpStacks: a frame's names must be in the string table",
        |f, c| {
            let used = |g: usize, id: u64| frames(f, g).iter().any(|x| x.func == id || x.file == id);
            let (generation, string) = pick(c, all_strings(f).into_iter().filter(|(g, s)| used(*g, s.id)))?;
            Some(drop_string(f, generation, string.id))
        },
    ),
    op(
        "drop-event-string",
        Label::MustReject(&[EventStringId, AnnotationStringId]),
        "reader.go checkIDs: an event's strings must be in the string table",
        |f, c| {
            let in_frame = |g: usize, id: u64| frames(f, g).iter().any(|x| x.func == id || x.file == id);
            let in_event = |g: usize, id: u64| f.all.iter().any(|x| x.generation == g && names(x, ArgKind::String, id));
            let fits = |(g, s): &(usize, StringRecord)| in_event(*g, s.id) && !in_frame(*g, s.id);
            let (generation, string) = pick(c, all_strings(f).into_iter().filter(fits))?;
            Some(drop_string(f, generation, string.id))
        },
    ),
    op(
        "stack-twice",
        Label::MustReject(&[StackDuplicateId]),
        "generation.go addStacks: an id is defined once",
        |f, c| {
            let (generation, id) = any_stack(f, c)?;
            stacks(f, generation, "a stack id is defined again", StackRecord { id, frames: vec![] })
        },
    ),
    op("stack-id-zero", Label::MustReject(&[StackDuplicateId]), "generation.go addStacks: id 0 is no stack", |f, c| {
        stacks(f, any_generation(f, c)?, "stack id 0 is defined", StackRecord { id: 0, frames: vec![] })
    }),
    op("stack-too-deep", Label::MustReject(&[StackTooDeep]), "generation.go addStacks: 128 frames at most", |f, c| {
        let generation = any_generation(f, c)?;
        let frames = vec![nameless_frame(f, generation); MAX_FRAMES as usize + 1];
        stacks(f, generation, "a stack has a frame too many", StackRecord { id: fresh_stack(f, generation), frames })
    }),
    op("stack-at-limit", Label::MustAccept(Law::Extra), "generation.go addStacks: 128 frames at most", |f, c| {
        let generation = any_generation(f, c)?;
        let frames = vec![nameless_frame(f, generation); MAX_FRAMES as usize];
        stacks(f, generation, "a stack is as deep as it may be", StackRecord { id: fresh_stack(f, generation), frames })
    }),
    op(
        "frame-function-unknown",
        Label::MustReject(&[StackFuncStringMissing]),
        "generation.go fixUpStacks: a frame's function must be in the string table",
        |f, c| dangling_frame(f, c, |frame, id| frame.func = id),
    ),
    op(
        "frame-file-unknown",
        Label::MustReject(&[StackFileStringMissing]),
        "generation.go fixUpStacks: a frame's file must be in the string table",
        |f, c| dangling_frame(f, c, |frame, id| frame.file = id),
    ),
    op(
        "drop-event-stack",
        Label::MustReject(&[EventStackId]),
        "reader.go checkIDs: an event's stacks must be in the stack table",
        |f, c| {
            let used = |g: usize, id: u64| f.all.iter().any(|x| x.generation == g && names(x, ArgKind::Stack, id));
            let all = f.generations.iter().enumerate().flat_map(|(g, x)| x.stacks.iter().map(move |&id| (g, id)));
            let (generation, id) = pick(c, all.filter(|&(g, id)| used(g, id)))?;
            let what = format!("stack {id} is left out (generation {})", f.generations[generation].number);
            Some(edit_bodies(f, generation, what, |body| {
                if let Body::Stacks(records) = body {
                    records.retain(|r| r.id != id);
                }
            }))
        },
    ),
    op(
        "event-names-unknown-stack",
        Label::MustReject(&[EventStackId]),
        "reader.go checkIDs: an event's stacks must be in the stack table",
        |f, c| {
            let fact = f.pick(c, |x| !x.event.ty.spec().stacks.is_empty())?;
            let at = pick(c, fact.event.ty.spec().stacks.iter().copied())?;
            Some(f.with_arg(fact, at, fresh_stack(f, fact.generation)))
        },
    ),
    op(
        "event-names-unknown-string",
        Label::MustReject(&[EventStringId, AnnotationStringId]),
        "reader.go checkIDs: an event's strings must be in the string table",
        |f, c| {
            let fact = f.pick(c, |x| !x.event.ty.spec().strings.is_empty())?;
            let at = pick(c, fact.event.ty.spec().strings.iter().copied())?;
            let named = fact.event.ty.spec().args[at].0 == "name_string";
            let edit = f.with_arg(fact, at, fresh_string(f, fact.generation));
            Some(edit.labelled(Label::MustReject(if named { &[AnnotationStringId] } else { &[EventStringId] })))
        },
    ),
    op(
        "sample-names-unknown-stack",
        Label::MustAccept(Law::Extra),
        "generation.go: a sample's stack is never checked",
        |f, c| {
            let generation = any_generation(f, c)?;
            let sample = CpuSample { time: 1, m: f.fresh_m(), p: NONE_ID, g: 0, stack: fresh_stack(f, generation) };
            insert(f, generation, "a sample names an unknown stack", Body::CpuSamples(vec![sample]))
        },
    ),
    op(
        "drop-frequency",
        Label::MustReject(&[FreqMissing]),
        "generation.go readGeneration: each generation has its frequency",
        |f, c| drop_sync(f, c, "the frequency", |r| matches!(r, SyncRecord::Frequency(_))),
    ),
    op(
        "drop-clock",
        Label::MustReject(&[ClockMissing]),
        "generation.go readGeneration: from 1.25 on each generation has its clock",
        |f, c| drop_sync(f, c, "the clock snapshot", |r| matches!(r, SyncRecord::ClockSnapshot { .. })),
    ),
    op(
        "frequency-twice",
        Label::MustReject(&[FreqDuplicate]),
        "generation.go setSyncBatch: one frequency a generation",
        |f, c| insert(f, any_generation(f, c)?, "a second frequency", Body::Sync(vec![SyncRecord::Frequency(1)])),
    ),
    op(
        "clock-twice",
        Label::MustReject(&[ClockDuplicate]),
        "generation.go setSyncBatch: one clock snapshot a generation",
        |f, c| {
            let clock = SyncRecord::ClockSnapshot { dt: 1, mono: 1, sec: 1, nsec: 1 };
            let generation = any_generation(f, c).filter(|_| f.trace.version.has_sync_batch())?;
            insert(f, generation, "a second clock snapshot", Body::Sync(vec![clock]))
        },
    ),
    op(
        "sync-holds-stranger",
        Label::MustReject(&[SyncBadEntry]),
        "generation.go setSyncBatch: frequency and clock only",
        |f, c| {
            let generation = any_generation(f, c)?;
            if f.trace.version.has_sync_batch() {
                return raw(f, generation, "a sync batch holds a string", &[EventType::Sync, EventType::String], &[]);
            }
            // Without a kind byte the batch has to begin with its frequency, so the stranger follows it.
            let what = "something follows a generation's frequency".to_owned();
            let edit = edit_bodies(f, generation, what, |body| {
                if let Body::Sync(records) = body {
                    records.push(SyncRecord::ClockSnapshot { dt: 1, mono: 1, sec: 1, nsec: 1 });
                }
            });
            // Readers up to Go 1.24 do not look at what follows.
            Some(edit.labelled(Label::Unspecified))
        },
    ),
    op(
        "strings-hold-stranger",
        Label::MustReject(&[StringsBadEntry]),
        "generation.go addStrings: strings only",
        |f, c| {
            raw(
                f,
                any_generation(f, c)?,
                "a string table holds a stack",
                &[EventType::Strings, EventType::Stack],
                &[1, 0],
            )
        },
    ),
    op("stacks-hold-stranger", Label::MustReject(&[StacksBadEntry]), "generation.go addStacks: stacks only", |f, c| {
        raw(f, any_generation(f, c)?, "a stack table holds a string", &[EventType::Stacks, EventType::String], &[1, 0])
    }),
    op(
        "samples-hold-stranger",
        Label::MustReject(&[CpuSamplesBadEntry]),
        "generation.go addCPUSamples: samples only",
        |f, c| {
            raw(
                f,
                any_generation(f, c)?,
                "a sample batch holds a string",
                &[EventType::CPUSamples, EventType::String],
                &[1, 0],
            )
        },
    ),
    op(
        "string-cut-short",
        Label::MustReject(&[StringTruncated]),
        "generation.go addStrings: a string ends in its batch",
        |f, c| {
            let generation = any_generation(f, c)?;
            let rest = [fresh_string(f, generation).min(100) as u8, 5, b'x'];
            raw(f, generation, "a string runs past its batch", &[EventType::Strings, EventType::String], &rest)
        },
    ),
    op(
        "record-cut-in-number",
        Label::MustReject(&[StructVarint]),
        "generation.go: a number that is cut is no number",
        |f, c| {
            let kinds = [
                [EventType::Strings, EventType::String],
                [EventType::Stacks, EventType::Stack],
                [EventType::CPUSamples, EventType::CPUSample],
            ];
            let kind = pick(c, kinds.into_iter())?;
            raw(f, any_generation(f, c)?, "a record's number is cut", &kind, &[0x80])
        },
    ),
    op("record-number-overflows", Label::MustReject(&[StructVarint]), "generation.go: a number has 64 bits", |f, c| {
        let kind = [EventType::CPUSamples, EventType::CPUSample];
        raw(f, any_generation(f, c)?, "a sample's time has too many bits", &kind, &[0xff; 11])
    }),
    op(
        "frame-cut-short",
        Label::MustReject(&[StackFrameVarint]),
        "generation.go addStacks: a frame has four numbers",
        |f, c| {
            let generation = any_generation(f, c)?;
            raw(f, generation, "a frame lacks its line", &[EventType::Stacks, EventType::Stack], &[101, 1, 1, 0, 0])
        },
    ),
    op(
        "record-cut-before-number",
        Label::MustAccept(Law::SilentEnd),
        "generation.go: an end before a number passes for the end of the file",
        |f, c| {
            let kinds = [
                [EventType::Strings, EventType::String],
                [EventType::Stacks, EventType::Stack],
                [EventType::CPUSamples, EventType::CPUSample],
            ];
            let kind = pick(c, kinds.into_iter())?;
            raw(f, any_generation(f, c)?, "a record has no number at all", &kind, &[])
        },
    ),
];

const fn op(
    name: &'static str,
    label: Label,
    cite: &'static str,
    run: fn(&Facts<'_>, &mut dyn Source) -> Option<Edit>,
) -> Operator {
    Operator { name, family: Family::Tables, label, cite, run }
}

pub(super) fn any_generation(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<usize> {
    pick(choose, 0..facts.generations.len())
}

/// Puts a table at the front of a generation.
pub(super) fn insert(facts: &Facts<'_>, generation: usize, what: &str, body: Body) -> Option<Edit> {
    insert_item(facts, generation, what, |generation, time| {
        Item::Batch(Batch { generation, m: NONE_ID, time, size: SizeField::Shortest, body })
    })
}

/// Puts an item at the front of a generation, with its number and first time.
pub(super) fn insert_item(
    facts: &Facts<'_>,
    generation: usize,
    what: &str,
    item: impl FnOnce(u64, u64) -> Item,
) -> Option<Edit> {
    let of = &facts.generations[generation];
    let at = *of.items.first()?;
    let Item::Batch(first) = &facts.trace.items[at] else { return None };
    let what = format!("{what} (generation {}, before item {at})", of.number);
    Some(facts.changed(what, |t: &mut Trace| t.items.insert(at, item(of.number, first.time))))
}

fn raw(facts: &Facts<'_>, generation: usize, what: &str, types: &[EventType], rest: &[u8]) -> Option<Edit> {
    let bytes = types.iter().map(|t| t.byte()).chain(rest.iter().copied()).collect();
    insert(facts, generation, what, Body::Raw(bytes))
}

fn strings(facts: &Facts<'_>, generation: usize, what: &str, mut records: Vec<StringRecord>) -> Option<Edit> {
    // Ids that nothing uses yet stand for "any".
    let fresh = fresh_string(facts, generation);
    records.iter_mut().filter(|r| r.id == NONE_ID).for_each(|r| r.id = fresh);
    insert(facts, generation, what, Body::Strings(records))
}

fn stacks(facts: &Facts<'_>, generation: usize, what: &str, record: StackRecord) -> Option<Edit> {
    insert(facts, generation, what, Body::Stacks(vec![record]))
}

fn long_string(beyond: u64) -> StringRecord {
    StringRecord { id: NONE_ID, bytes: vec![b'x'; (MAX_STRING_LEN + beyond) as usize].into() }
}

fn all_strings(facts: &Facts<'_>) -> Vec<(usize, StringRecord)> {
    let record = |(id, bytes): (u64, &[u8])| StringRecord { id, bytes: bytes.to_vec().into() };
    let of = |g| facts.strings(g).into_iter().map(move |s| (g, record(s)));
    (0..facts.generations.len()).flat_map(of).collect()
}

fn any_string(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<(usize, StringRecord)> {
    pick(choose, all_strings(facts).into_iter())
}

fn any_stack(facts: &Facts<'_>, choose: &mut dyn Source) -> Option<(usize, u64)> {
    let all = facts.generations.iter().enumerate();
    pick(choose, all.flat_map(|(g, x)| x.stacks.iter().map(move |&id| (g, id))))
}

/// An id that no string, frame or event of the generation uses.
fn fresh_string(facts: &Facts<'_>, generation: usize) -> u64 {
    let defined = facts.generations[generation].strings.iter().copied();
    let in_frames = frames(facts, generation).into_iter().flat_map(|f| [f.func, f.file]);
    let in_events = facts.all.iter().filter(|x| x.generation == generation).flat_map(|x| ids(x, ArgKind::String));
    next_free(defined.chain(in_frames).chain(in_events))
}

/// An id that no stack or event of the generation uses.
fn fresh_stack(facts: &Facts<'_>, generation: usize) -> u64 {
    let defined = facts.generations[generation].stacks.iter().copied();
    let in_events = facts.all.iter().filter(|x| x.generation == generation).flat_map(|x| ids(x, ArgKind::Stack));
    next_free(defined.chain(in_events))
}

fn next_free(used: impl Iterator<Item = u64>) -> u64 {
    used.filter(|&id| id < 1 << 62).max().unwrap_or(0) + 1
}

/// The ids of a kind in an event.
fn ids(fact: &Fact, kind: ArgKind) -> impl Iterator<Item = u64> {
    let event = fact.event;
    let args = event.ty.spec().args.iter().enumerate();
    args.filter(move |(_, (_, k))| *k == kind).map(move |(i, _)| event.args[i])
}

fn names(fact: &Fact, kind: ArgKind, id: u64) -> bool {
    ids(fact, kind).any(|x| x == id)
}

/// The frames of a generation that count: the first one of each program counter.
fn frames(facts: &Facts<'_>, generation: usize) -> Vec<Frame> {
    let mut first = std::collections::BTreeMap::new();
    for &item in &facts.generations[generation].items {
        if let Item::Batch(Batch { body: Body::Stacks(records), .. }) = &facts.trace.items[item] {
            for frame in records.iter().flat_map(|r| &r.frames) {
                first.entry(frame.pc).or_insert(*frame);
            }
        }
    }
    first.into_values().collect()
}

/// A frame with empty names at a program counter of its own.
fn nameless_frame(facts: &Facts<'_>, generation: usize) -> Frame {
    Frame { pc: next_free(frames(facts, generation).into_iter().map(|f| f.pc)), func: 0, file: 0, line: 1 }
}

fn dangling_frame(facts: &Facts<'_>, choose: &mut dyn Source, set: fn(&mut Frame, u64)) -> Option<Edit> {
    let generation = any_generation(facts, choose)?;
    let mut frame = nameless_frame(facts, generation);
    set(&mut frame, fresh_string(facts, generation));
    let record = StackRecord { id: fresh_stack(facts, generation), frames: vec![frame] };
    stacks(facts, generation, "a frame names an unknown string", record)
}

fn drop_string(facts: &Facts<'_>, generation: usize, id: u64) -> Edit {
    let what = format!("string {id} is left out (generation {})", facts.generations[generation].number);
    edit_bodies(facts, generation, what, |body| {
        if let Body::Strings(records) = body {
            records.retain(|r| r.id != id);
        }
    })
}

/// Changes the payloads of a generation's batches.
fn edit_bodies(facts: &Facts<'_>, generation: usize, what: String, change: impl Fn(&mut Body)) -> Edit {
    facts.changed(what, |t| {
        for &item in &facts.generations[generation].items {
            if let Item::Batch(batch) = &mut t.items[item] {
                change(&mut batch.body);
            }
        }
    })
}

fn drop_sync(facts: &Facts<'_>, choose: &mut dyn Source, name: &str, is_it: fn(&SyncRecord) -> bool) -> Option<Edit> {
    let has = |g: usize| {
        facts.generations[g].items.iter().any(|&i| match &facts.trace.items[i] {
            Item::Batch(Batch { body: Body::Sync(records), .. }) => records.iter().any(is_it),
            _ => false,
        })
    };
    let generation = pick(choose, (0..facts.generations.len()).filter(|&g| has(g)))?;
    let what = format!("{name} is left out (generation {})", facts.generations[generation].number);
    Some(edit_bodies(facts, generation, what, |body| {
        if let Body::Sync(records) = body {
            records.retain(|r| !is_it(r));
        }
    }))
}
