//! Generations and batches: numbers, markers, sizes, headers.

use super::facts::{Facts, pick};
use super::syscalls::runs;
use super::tables::{any_generation, insert, insert_item};
use super::{Edit, Family, Label, Law, Operator};
use crate::source::Source;
use tracehound_wire::RejectRule::*;
use tracehound_wire::limits::MAX_BATCH_SIZE;
use tracehound_wire::{
    Batch, Body, CpuSample, EventType, ExperimentalBatch, Item, NONE_ID, SizeField, SyncRecord, Trace, Version, varint,
};

/// The operators of this family.
pub(super) const OPERATORS: &[Operator] = &[
    op(
        "generation-zero",
        Label::MustReject(&[GenZero]),
        "generation.go: generation 0 means that tracing is off",
        |f, c| {
            let item = pick(c, f.generations.iter().flat_map(|g| g.items.iter().copied()))?;
            Some(renumbered(f, item, 0))
        },
    ),
    op(
        "batch-of-far-generation",
        Label::MustReject(&[GenOutOfOrder, GenInterleaved]),
        "generation.go: a generation's batches stand together",
        |f, c| {
            let generation = pick(c, f.generations.iter().filter(|g| g.items.len() > 1))?;
            let item = pick(c, generation.items.iter().copied())?;
            let marked = f.trace.version.has_end_of_generation();
            let label = Label::MustReject(if marked { &[GenInterleaved] } else { &[GenOutOfOrder] });
            Some(renumbered(f, item, generation.number.wrapping_add(2)).labelled(label))
        },
    ),
    op(
        "drop-inner-end-marker",
        Label::MustReject(&[GenInterleaved]),
        "generation.go: in 1.26 a generation ends with a marker before the next begins",
        |f, c| {
            let markers = markers(f);
            let at = pick(c, markers.iter().copied().take(markers.len().saturating_sub(1)))?;
            Some(without(f, at))
        },
    ),
    op(
        "drop-last-end-marker",
        Label::MustReject(&[GenIncomplete]),
        "generation.go: in 1.26 a generation without its end marker is incomplete",
        |f, _| {
            let last = f.generations.last()?;
            let at = *markers(f).last().filter(|_| !last.streams.is_empty())?;
            Some(without(f, at))
        },
    ),
    op(
        "end-marker-twice",
        Label::MustReject(&[FreqMissing]),
        "generation.go: between two markers lies a generation without a frequency",
        |f, c| {
            let at = pick(c, markers(f).into_iter())?;
            Some(f.changed(format!("the end marker stands twice (item {at})"), |t| {
                t.items.insert(at, Item::EndOfGeneration)
            }))
        },
    ),
    op(
        "end-marker-in-old-version",
        Label::MustReject(&[GenZero]),
        "generation.go, Go 1.26: a marker reads as a batch of generation 0",
        |f, c| {
            let item = pick(c, f.generations.iter().flat_map(|g| g.items.iter().copied()))?;
            let old = !f.trace.version.has_end_of_generation();
            old.then(|| {
                f.changed(format!("an end marker stands before item {item}"), |t| {
                    t.items.insert(item, Item::EndOfGeneration)
                })
            })
        },
    ),
    op(
        "end-marker-in-old-batch",
        Label::MustReject(&[EogInOldBatch]),
        "generation.go, Go 1.26: the marker's byte cannot begin a batch of older versions",
        |f, c| {
            let generation = any_generation(f, c).filter(|_| !f.trace.version.has_end_of_generation())?;
            insert(f, generation, "a batch holds an end marker", Body::Raw(vec![EventType::EndOfGeneration.byte()]))
        },
    ),
    op(
        "generation-gap",
        Label::MustReject(&[GenOutOfOrder]),
        "generation.go: before 1.26 generations count up by one; from then on nobody looks",
        |f, c| {
            let from = pick(c, 1..f.generations.len())?;
            let what = format!("generations from {} on are numbered one higher", f.generations[from].number);
            let edit = f.changed(what, |t| {
                for &i in f.generations[from..].iter().flat_map(|g| &g.items) {
                    set_generation(&mut t.items[i], |g| g.wrapping_add(1));
                }
            });
            let marked = f.trace.version.has_end_of_generation();
            Some(if marked { edit.labelled(Label::MustAccept(Law::Extra)) } else { edit })
        },
    ),
    op(
        "drop-last-generations",
        Label::MustAccept(Law::Truncate),
        "a trace can be stopped after any generation",
        |f, c| {
            let from = pick(c, 1..f.generations.len())?;
            let first = *f.generations[from].items.first()?;
            Some(f.changed(format!("the trace ends before generation {}", f.generations[from].number), |t| {
                t.items.truncate(first)
            }))
        },
    ),
    op(
        "generation-without-events",
        Label::MustAccept(Law::Truncate),
        "reader.go: a generation may have no events (since Go 1.25)",
        |f, _| {
            let last = f.generations.last()?;
            let is_stream = |t: &Trace, i: usize| {
                matches!(&t.items[i], Item::Batch(Batch { body: Body::Events(_) | Body::Raw(_), .. }))
            };
            if !last.items.iter().any(|&i| is_stream(f.trace, i)) {
                return None;
            }
            Some(f.changed(format!("generation {} loses its events", last.number), |t| {
                for &i in last.items.iter().rev() {
                    if is_stream(t, i) {
                        t.items.remove(i);
                    }
                }
            }))
        },
    ),
    op(
        "later-event-in-old-version",
        Label::MustAccept(Law::Extra),
        "batchcursor.go nextEvent: types are not held against the header's version (since Go 1.23)",
        |f, c| {
            let fact = f.pick(c, |x| f.trace.version == Version::Go122 && runs(x))?;
            Some(f.insert_before(fact, EventType::GoCreateBlocked, &[f.fresh_g(), 0, 0]))
        },
    ),
    op(
        "drop-first-generations",
        Label::Unspecified,
        "a goroutine that is switched away from as it dies has no status",
        |f, c| {
            let from = pick(c, 1..f.generations.len())?;
            let first = *f.generations[from].items.first()?;
            let what = format!("the trace begins with generation {}", f.generations[from].number);
            Some(f.changed(what, |t| drop(t.items.drain(..first))))
        },
    ),
    op(
        "garbage-at-end",
        Label::MustReject(&[BatchExpected]),
        "batch.go readBatch: an item begins with one of three bytes",
        |f, c| {
            let byte = pick(c, [0u8, 2, 9, 0x32, 0x35, 0xff].into_iter())?;
            Some(at_end(f, "a byte that begins nothing", vec![byte]))
        },
    ),
    op(
        "batch-header-cut",
        Label::MustReject(&[BatchHeaderVarint]),
        "batch.go readBatch: a batch has four numbers",
        |f, c| {
            let len = pick(c, 1..4usize)?;
            Some(at_end(
                f,
                "a batch's header, cut",
                std::iter::once(EventType::EventBatch.byte()).chain(vec![1; len]).collect(),
            ))
        },
    ),
    op(
        "batch-header-overflows",
        Label::MustReject(&[BatchHeaderVarint]),
        "batch.go readBatch: numbers have 64 bits",
        |f, _| {
            Some(at_end(
                f,
                "a generation number with too many bits",
                [&[EventType::EventBatch.byte()][..], &[0xff; 11]].concat(),
            ))
        },
    ),
    op(
        "batch-cut",
        Label::MustReject(&[BatchBodyTruncated]),
        "batch.go readBatch: a payload is as long as its size says",
        |f, _| {
            let mut bytes = vec![EventType::EventBatch.byte()];
            let last = f.generations.last()?.number;
            [last, 1, 1, 5].iter().for_each(|&v| varint::write(&mut bytes, v));
            bytes.push(0);
            Some(at_end(f, "a batch with four bytes too few", bytes))
        },
    ),
    op(
        "batch-claims-too-much",
        Label::MustReject(&[BatchTooLarge]),
        "batch.go readBatch: 65536 bytes at most",
        |f, _| {
            let mut bytes = vec![EventType::EventBatch.byte()];
            let last = f.generations.last()?.number;
            [last, 1, 1, MAX_BATCH_SIZE + 1].iter().for_each(|&v| varint::write(&mut bytes, v));
            Some(at_end(f, "a batch that claims 65537 bytes", bytes))
        },
    ),
    op("batch-at-limit", Label::MustAccept(Law::Extra), "batch.go readBatch: 65536 bytes at most", |f, c| {
        insert(f, any_generation(f, c)?, "a batch of 65536 bytes", full_batch(0))
    }),
    op("batch-over-limit", Label::MustReject(&[BatchTooLarge]), "batch.go readBatch: 65536 bytes at most", |f, _| {
        let number = f.generations.last()?.number;
        let body = full_batch(1);
        let batch = Batch { generation: number, m: NONE_ID, time: 1, size: SizeField::Shortest, body };
        Some(f.changed("a batch of 65537 bytes follows".to_owned(), |t| t.items.push(Item::Batch(batch))))
    }),
    op(
        "size-off-by-one",
        Label::Unspecified,
        "batch.go: what follows is then read one byte too early or too late",
        |f, c| {
            let item = pick(c, f.generations.iter().flat_map(|g| g.items.iter().copied()))?;
            let more = pick(c, [true, false].into_iter())?;
            let Item::Batch(batch) = &f.trace.items[item] else { return None };
            let mut body = Vec::new();
            batch.body.encode_into(f.trace.version, &mut body);
            let value = if more { body.len() as u64 + 1 } else { (body.len() as u64).checked_sub(1)? };
            Some(f.changed(format!("a batch of {} bytes claims {value} (item {item})", body.len()), |t| {
                if let Item::Batch(batch) = &mut t.items[item] {
                    batch.size = SizeField::Exactly { value, width: 1 };
                }
            }))
        },
    ),
    op("empty-batch", Label::MustAccept(Law::Extra), "batch.go: a payload may be empty", |f, c| {
        let m = f.fresh_m();
        insert_item(f, any_generation(f, c)?, "an empty batch of an unknown thread", |generation, time| {
            Item::Batch(Batch { generation, m, time, size: SizeField::Shortest, body: Body::Events(vec![]) })
        })
    }),
    op(
        "experimental-batch",
        Label::MustAccept(Law::Extra),
        "batch.go: what an experiment writes is nobody else's business",
        |f, c| {
            let generation = any_generation(f, c).filter(|_| f.trace.version >= Version::Go123)?;
            insert_item(f, generation, "a batch of an experiment", |generation, time| {
                let data = vec![0xff, 0x80, 4];
                Item::Experimental(ExperimentalBatch {
                    experiment: 1,
                    generation,
                    m: 1,
                    time,
                    size: SizeField::Shortest,
                    data,
                })
            })
        },
    ),
    op(
        "unknown-experiment",
        Label::Unspecified,
        "reader.go: accepted, but Go's dump of the sync event panics",
        |f, c| {
            insert_item(f, any_generation(f, c)?, "a batch of an unknown experiment", |generation, time| {
                let experiment = 2;
                Item::Experimental(ExperimentalBatch {
                    experiment,
                    generation,
                    m: 1,
                    time,
                    size: SizeField::Shortest,
                    data: vec![],
                })
            })
        },
    ),
    op(
        "sync-in-two-batches",
        Label::MustAccept(Law::Rebatch),
        "generation.go: a generation's clocks may stand in several batches",
        |f, c| {
            let splits = |i: usize| match &f.trace.items[i] {
                Item::Batch(Batch { body: Body::Sync(records), .. }) => records.len() > 1,
                _ => false,
            };
            let item = pick(c, (0..f.trace.items.len()).filter(|&i| splits(i) && f.trace.version.has_sync_batch()))?;
            Some(f.changed(format!("the clocks are spread over two batches (item {item})"), |t| split_sync(t, item)))
        },
    ),
    op(
        "header-malformed",
        Label::MustReject(&[HeaderMalformed]),
        "version.go ReadHeader: the header's fixed parts are fixed",
        |f, c| {
            let minor = f.trace.version.minor();
            let headers = [
                format!("Go 1.{minor} trace\0\0\0"),
                format!("go 1.{minor} trace\0\0x"),
                format!("go1.{minor} trace\0\0\0"),
                format!("go 1.{minor}trace\0\0\0"),
                format!("go 1.{minor}\ntrace\0\0\0"),
                format!("go 1.-{minor} trace\0\0\0"),
            ];
            Some(with_header(f, pick(c, headers.into_iter())?))
        },
    ),
    op(
        "header-of-no-version",
        Label::MustReject(&[HeaderVersionUnsupported]),
        "version.go: there is no such version",
        |f, c| {
            let minor = pick(c, [24u32, 27, 0, 20, 4_294_967_295].into_iter())?;
            Some(with_header(f, format!("go 1.{minor} trace\0\0\0")))
        },
    ),
    op(
        "header-spelled-loosely",
        Label::MustAccept(Law::Encoding),
        "version.go: blanks and leading zeros are skipped",
        |f, c| {
            let minor = f.trace.version.minor();
            let headers = [
                format!("go  1.{minor} trace\0\0\0"),
                format!("go\t1.{minor}\r trace\0\0\0"),
                format!("go 1.00{minor} trace\0\0\0"),
                format!("go 1. {minor}\u{3000}trace\0\0\0"),
            ];
            Some(with_header(f, pick(c, headers.into_iter())?))
        },
    ),
    op(
        "header-of-other-version",
        Label::Unspecified,
        "version.go: versions differ in their sync batches and end markers",
        |f, c| {
            let version = pick(c, Version::ALL.into_iter().filter(|&v| v != f.trace.version))?;
            Some(with_header(f, format!("go {version} trace\0\0\0")))
        },
    ),
];

const fn op(
    name: &'static str,
    label: Label,
    cite: &'static str,
    run: fn(&Facts<'_>, &mut dyn Source) -> Option<Edit>,
) -> Operator {
    Operator { name, family: Family::Container, label, cite, run }
}

fn markers(facts: &Facts<'_>) -> Vec<usize> {
    let items = facts.trace.items.iter().enumerate();
    items.filter(|(_, item)| matches!(item, Item::EndOfGeneration)).map(|(i, _)| i).collect()
}

fn without(facts: &Facts<'_>, item: usize) -> Edit {
    facts.changed(format!("the end marker is left out (item {item})"), |t| drop(t.items.remove(item)))
}

fn set_generation(item: &mut Item, number: impl FnOnce(u64) -> u64) {
    match item {
        Item::Batch(b) => b.generation = number(b.generation),
        Item::Experimental(b) => b.generation = number(b.generation),
        Item::EndOfGeneration | Item::Bytes(_) => {}
    }
}

fn renumbered(facts: &Facts<'_>, item: usize, number: u64) -> Edit {
    let what = format!("a batch belongs to generation {number} (item {item})");
    facts.changed(what, |t| set_generation(&mut t.items[item], |_| number))
}

fn at_end(facts: &Facts<'_>, what: &str, bytes: Vec<u8>) -> Edit {
    facts.changed(format!("{what}, at the end"), |t| t.items.push(Item::Bytes(bytes)))
}

fn with_header(facts: &Facts<'_>, header: String) -> Edit {
    let what = format!("the header is {header:?}");
    facts.changed(what, |t: &mut Trace| t.header = Some(header.into_bytes()))
}

/// A batch of samples of exactly 65536 bytes, or some more.
fn full_batch(beyond: usize) -> Body {
    // 1 + 6 * 10922 = 65533: a sample of small numbers has six bytes, a larger time one more.
    let small = CpuSample { time: 1, m: 1, p: 1, g: 1, stack: 0 };
    let mut samples = vec![small; 10922];
    samples[..3 + beyond].iter_mut().for_each(|s| s.time = 128);
    Body::CpuSamples(samples)
}

fn split_sync(trace: &mut Trace, item: usize) {
    let Item::Batch(batch) = &mut trace.items[item] else { return };
    let Body::Sync(records) = &mut batch.body else { return };
    let rest: Vec<SyncRecord> = records.split_off(1);
    let second = Batch { body: Body::Sync(rest), ..batch.clone() };
    trace.items.insert(item + 1, Item::Batch(second));
}
