//! Edits that change nothing that matters: other ids, times, batches, encodings.

use super::facts::{Facts, Hold, pick};
use super::{Edit, Family, Label, Law, Operator};
use crate::source::Source;
use tracehound_wire::limits::MAX_VARINT_LEN;
use tracehound_wire::{ArgKind, Batch, Body, Event, EventType, Item, NONE_ID, SizeField, Trace, Version, varint};

/// The operators of this family.
pub(super) const OPERATORS: &[Operator] = &[
    op("rename-threads", Label::MustAccept(Law::Rename), "order.go: thread ids are only compared", |f, c| {
        let by = offset(f.threads.keys().copied(), c)?;
        Some(f.changed(format!("every thread's id grows by {by}"), |t| {
            rename(t, &[ArgKind::M], by, true);
            for item in &mut t.items {
                match item {
                    Item::Batch(b) => b.m = moved(b.m, by),
                    Item::Experimental(b) => b.m = moved(b.m, by),
                    _ => {}
                }
            }
        }))
    }),
    op("rename-procs", Label::MustAccept(Law::Rename), "order.go: P ids are only compared", |f, c| {
        let by = offset(f.procs.keys().copied(), c)?;
        Some(f.changed(format!("every P's id grows by {by}"), |t| rename(t, &[ArgKind::P], by, false)))
    }),
    op("rename-goroutines", Label::MustAccept(Law::Rename), "order.go: goroutine ids are only compared", |f, c| {
        let by = offset(f.goroutines.iter().copied(), c)?;
        Some(f.changed(format!("every goroutine's id grows by {by}"), |t| {
            rename(t, &[ArgKind::G, ArgKind::NewG], by, false);
        }))
    }),
    op("renumber-strings", Label::MustAccept(Law::Rename), "generation.go: string ids may be sparse", |f, c| {
        let by = any_offset(f.generations.iter().flat_map(|g| g.strings.iter().copied()), c)?;
        Some(f.changed(format!("every string's id grows by {by}"), |t| renumber(t, ArgKind::String, by)))
    }),
    op("renumber-stacks", Label::MustAccept(Law::Rename), "generation.go: stack ids may be sparse", |f, c| {
        let by = any_offset(f.generations.iter().flat_map(|g| g.stacks.iter().copied()), c)?;
        Some(f.changed(format!("every stack's id grows by {by}"), |t| renumber(t, ArgKind::Stack, by)))
    }),
    op("shift-times", Label::MustAccept(Law::Retime), "reader.go: times only choose among legal orders", |f, c| {
        let by = 1 + u64::from(c.below(1 << 20));
        Some(f.changed(format!("all times grow by {by}"), |t| {
            t.batches_mut().for_each(|b| {
                b.time = b.time.wrapping_add(by);
                if let Body::CpuSamples(samples) = &mut b.body {
                    samples.iter_mut().for_each(|s| s.time = s.time.wrapping_add(by));
                }
            });
        }))
    }),
    op("scramble-times", Label::MustAccept(Law::Retime), "reader.go: times only choose among legal orders", |f, c| {
        let mut trace = f.trace.clone();
        for batch in trace.batches_mut() {
            batch.time = 1 + u64::from(c.below(1 << 16));
            if let Body::Events(events) = &mut batch.body {
                events.iter_mut().for_each(|e| e.dt = u64::from(c.below(1 << 10)));
            }
        }
        Some(Edit::of(trace, "all times are drawn anew".to_owned()))
    }),
    op("equal-times", Label::MustAccept(Law::Retime), "reader.go: times only choose among legal orders", |f, _| {
        Some(f.changed("all times are equal".to_owned(), |t| {
            for batch in t.batches_mut() {
                batch.time = 1;
                if let Body::Events(events) = &mut batch.body {
                    events.iter_mut().for_each(|e| e.dt = 0);
                }
            }
        }))
    }),
    op("split-batch", Label::MustAccept(Law::Rebatch), "generation.go: a thread's batches are one stream", |f, c| {
        let fact = f.pick(c, |x| x.at.index > 0)?;
        let Item::Batch(batch) = &f.trace.items[fact.at.item] else { return None };
        let Body::Events(events) = &batch.body else { return None };
        let (first, second) = events.split_at(fact.at.index);
        let passed = first.iter().fold(0u64, |t, e| t.wrapping_add(e.dt));
        let part = |events: &[Event], time| {
            Item::Batch(Batch { time, size: SizeField::Shortest, body: Body::Events(events.to_vec()), ..batch.clone() })
        };
        let parts = [part(first, batch.time), part(second, batch.time.wrapping_add(passed))];
        let at = fact.at.item;
        Some(f.changed(format!("a batch is cut in two ({})", fact.at), |t| drop(t.items.splice(at..=at, parts))))
    }),
    op(
        "exchange-batches-of-two-threads",
        Label::MustAccept(Law::Permute),
        "generation.go: batches of different threads have no order",
        |f, c| {
            let kind = |i: usize| match &f.trace.items[i] {
                Item::Batch(Batch { body: Body::Events(_), m, .. }) => Some((true, *m)),
                Item::Batch(Batch { body: Body::Raw(_), .. }) | Item::EndOfGeneration | Item::Bytes(_) => None,
                _ => Some((false, 0)),
            };
            let apart = |a: usize, b: usize| match (kind(a), kind(b)) {
                (Some((true, a)), Some((true, b))) => a != b,
                (Some((a, _)), Some((b, _))) => a != b,
                _ => false,
            };
            let pairs = f.generations.iter().flat_map(|g| g.items.windows(2).map(|w| (w[0], w[1])));
            let (a, b) = pick(c, pairs.filter(|&(a, b)| b == a + 1 && apart(a, b)))?;
            Some(f.changed(format!("items {a} and {b} change places"), |t| t.items.swap(a, b)))
        },
    ),
    op(
        "tables-first",
        Label::MustAccept(Law::Permute),
        "generation.go: tables may follow or precede their use",
        |f, c| {
            let generation = pick(c, f.generations.iter())?;
            let is_table = |i: &usize| {
                matches!(
                    &f.trace.items[*i],
                    Item::Batch(Batch { body: Body::Strings(_) | Body::Stacks(_) | Body::Sync(_), .. })
                )
            };
            let (tables, others): (Vec<usize>, Vec<usize>) = generation.items.iter().copied().partition(is_table);
            let order: Vec<Item> = tables.iter().chain(&others).map(|&i| f.trace.items[i].clone()).collect();
            let what = format!("the tables of generation {} come first", generation.number);
            Some(f.changed(what, |t| {
                for (&to, item) in generation.items.iter().zip(order) {
                    t.items[to] = item;
                }
            }))
        },
    ),
    op(
        "pad-sizes",
        Label::MustAccept(Law::Encoding),
        "batch.go: a varint may be longer than it needs to be",
        |f, _| {
            Some(f.changed("every batch's size has ten bytes".to_owned(), |t| {
                t.batches_mut().for_each(|b| b.size = SizeField::Runtime);
            }))
        },
    ),
    op(
        "pad-numbers",
        Label::MustAccept(Law::Encoding),
        "batchcursor.go: a varint may be longer than it needs to be",
        |f, c| {
            let fact = f.pick(c, |_| true)?;
            let width = 2 + c.below(MAX_VARINT_LEN as u32 - 1) as usize;
            let Item::Batch(Batch { body: Body::Events(events), .. }) = &f.trace.items[fact.at.item] else {
                return None;
            };
            let mut bytes = Vec::new();
            for event in events {
                bytes.push(event.ty.byte());
                varint::write_width(&mut bytes, event.dt, width);
                event.args().iter().for_each(|&a| varint::write_width(&mut bytes, a, width));
            }
            if bytes.len() as u64 > tracehound_wire::limits::MAX_BATCH_SIZE {
                return None;
            }
            Some(f.changed(format!("every number of a batch has {width} bytes (item {})", fact.at.item), |t| {
                if let Item::Batch(batch) = &mut t.items[fact.at.item] {
                    batch.body = Body::Raw(bytes);
                }
            }))
        },
    ),
    op(
        "batch-as-experiment-zero",
        Label::MustAccept(Law::Encoding),
        "batch.go: a batch of experiment 0 is a normal batch",
        |f, c| {
            let batches = (0..f.trace.items.len()).filter(|&i| matches!(f.trace.items[i], Item::Batch(_)));
            let item = pick(c, batches.filter(|_| f.trace.version >= Version::Go123))?;
            let mut bytes = Vec::new();
            f.trace.items[item].encode_into(f.trace.version, &mut bytes, &mut Vec::new());
            bytes.splice(..1, [EventType::ExperimentalBatch.byte(), 0]);
            Some(f.changed(format!("item {item} is written as a batch of experiment 0"), |t| {
                t.items[item] = Item::Bytes(bytes)
            }))
        },
    ),
    op("extra-metric", Label::MustAccept(Law::Extra), "order.go: a metric changes nothing", |f, c| {
        let fact = f.pick(c, |x| matches!(x.before.p, Hold::Held(_)))?;
        Some(f.insert_before(fact, EventType::HeapAlloc, &[4096]))
    }),
    op("drop-metric", Label::MustAccept(Law::Extra), "order.go: metrics, labels and logs change nothing", |f, c| {
        use EventType::{GoLabel, HeapAlloc, HeapGoal, ProcsChange, UserLog};
        let fact = f.pick(c, |x| matches!(x.event.ty, HeapAlloc | HeapGoal | GoLabel | UserLog | ProcsChange))?;
        Some(f.remove(fact))
    }),
];

const fn op(
    name: &'static str,
    label: Label,
    cite: &'static str,
    run: fn(&Facts<'_>, &mut dyn Source) -> Option<Edit>,
) -> Operator {
    Operator { name, family: Family::Neutral, label, cite, run }
}

/// How far ids can move without meeting "none" or the end of 64 bits.
fn offset(ids: impl Iterator<Item = u64>, choose: &mut dyn Source) -> Option<u64> {
    let largest = ids.filter(|&id| id != NONE_ID).max()?;
    (largest < 1 << 62).then(|| 1 + u64::from(choose.below(1 << 20)))
}

/// The same for ids of tables, of which all 64 bits are good: also to where a signed number would be negative, and to
/// the end.
fn any_offset(ids: impl Iterator<Item = u64> + Clone, choose: &mut dyn Source) -> Option<u64> {
    let near = offset(ids.clone(), choose)?;
    let largest = ids.max()?;
    Some(match choose.below(4) {
        1 => 1 << 63,
        2 => u64::MAX - largest,
        3 => i64::MAX as u64 - largest,
        _ => near,
    })
}

fn moved(id: u64, by: u64) -> u64 {
    if id == NONE_ID { id } else { id.wrapping_add(by) }
}

/// Moves all ids of some kinds in events and samples.
fn rename(trace: &mut Trace, kinds: &[ArgKind], by: u64, threads: bool) {
    for batch in trace.batches_mut() {
        match &mut batch.body {
            Body::Events(events) => {
                for event in events {
                    for (i, (_, kind)) in event.ty.spec().args.iter().enumerate() {
                        if kinds.contains(kind) {
                            event.args[i] = moved(event.args[i], by);
                        }
                    }
                }
            }
            Body::CpuSamples(samples) => {
                for s in samples {
                    if threads {
                        s.m = moved(s.m, by);
                    } else if kinds.contains(&ArgKind::P) {
                        s.p = moved(s.p, by);
                    } else if s.g != 0 {
                        s.g = moved(s.g, by);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Moves all ids of strings or stacks, 0 excepted.
fn renumber(trace: &mut Trace, kind: ArgKind, by: u64) {
    let moved = |id: u64| if id == 0 { 0 } else { id.wrapping_add(by) };
    let strings = kind == ArgKind::String;
    for batch in trace.batches_mut() {
        match &mut batch.body {
            Body::Events(events) => {
                for event in events {
                    for (i, (_, k)) in event.ty.spec().args.iter().enumerate() {
                        if *k == kind {
                            event.args[i] = moved(event.args[i]);
                        }
                    }
                }
            }
            Body::Strings(records) if strings => records.iter_mut().for_each(|r| r.id = moved(r.id)),
            Body::Stacks(records) if strings => {
                for frame in records.iter_mut().flat_map(|r| &mut r.frames) {
                    (frame.func, frame.file) = (moved(frame.func), moved(frame.file));
                }
            }
            Body::Stacks(records) => records.iter_mut().for_each(|r| r.id = moved(r.id)),
            Body::CpuSamples(samples) if !strings => samples.iter_mut().for_each(|s| s.stack = moved(s.stack)),
            _ => {}
        }
    }
}
