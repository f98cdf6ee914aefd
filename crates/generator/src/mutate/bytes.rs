//! Bytes: events that cannot be decoded, files that are cut, bits that flip.

use super::facts::{Facts, pick};
use super::tables::{any_generation, insert_item};
use super::{Edit, Edited, Family, Label, Operator};
use crate::source::Source;
use tracehound_wire::RejectRule::*;
use tracehound_wire::event::TYPE_RANGE;
use tracehound_wire::{Batch, Body, EventType, Item, SizeField};

/// The operators of this family.
pub(super) const OPERATORS: &[Operator] = &[
    op(
        "event-type-out-of-range",
        Label::MustReject(&[EventTypeRange]),
        "batchcursor.go readTimedBaseEvent: types end at 136",
        |f, c| {
            let ty = TYPE_RANGE + c.below(u32::from(u8::MAX - TYPE_RANGE) + 1) as u8;
            stray(f, c, "an event of an unknown type", vec![ty, 1, 1, 1, 1, 1, 1])
        },
    ),
    op(
        "event-without-time",
        Label::MustReject(&[EventUntimed]),
        "batchcursor.go readTimedBaseEvent: an event has a time delta",
        |f, c| {
            // Types that also name a kind of batch would change what the batch is.
            let ty = pick(c, [0u8, 1, 3, 5, 7, 49, 53, 100, 127].into_iter())?;
            stray(f, c, "an event that is none", vec![ty, 1, 1])
        },
    ),
    op(
        "event-cut-before-time",
        Label::MustReject(&[EventDtVarint]),
        "batchcursor.go readTimedBaseEvent: an event ends in its batch",
        |f, c| {
            let rest = pick(c, [&[][..], &[0x80], &[0xff; 10]].into_iter())?;
            stray(f, c, "an event without a readable time", [&[EventType::ProcStop.byte()], rest].concat())
        },
    ),
    op(
        "event-cut-before-argument",
        Label::MustReject(&[EventArgVarint]),
        "batchcursor.go readTimedBaseEvent: an event ends in its batch",
        |f, c| {
            let rest = pick(
                c,
                [&[1u8][..], &[1, 0], &[1, 0, 0x80], &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]]
                    .into_iter(),
            )?;
            stray(f, c, "an event without all its arguments", [&[EventType::ProcStart.byte()], rest].concat())
        },
    ),
    op(
        "clock-among-events",
        Label::MustReject(&[EventUnorderable]),
        "order.go Advance: a clock snapshot is no event of a thread",
        |f, c| stray(f, c, "a clock snapshot among events", vec![EventType::ClockSnapshot.byte(), 1, 1, 1, 1]),
    ),
    op(
        "event-over-two-batches",
        Label::MustReject(&[EventDtVarint, EventArgVarint]),
        "batchcursor.go: an event ends in its batch",
        |f, c| {
            let fact = f.pick(c, |_| true)?;
            let Item::Batch(batch) = &f.trace.items[fact.at.item] else { return None };
            let Body::Events(events) = &batch.body else { return None };
            let mut bytes = Vec::new();
            events[..fact.at.index].iter().for_each(|e| e.encode_into(&mut bytes));
            let cut = bytes.len() + 1;
            events[fact.at.index..].iter().for_each(|e| e.encode_into(&mut bytes));
            let rest = bytes.split_off(cut);
            // A rest that begins like a table would be read as one.
            if matches!(rest.first()?, 2 | 4 | 6 | 8 | 50 | 52) {
                return None;
            }
            let half =
                |bytes| Item::Batch(Batch { body: Body::Raw(bytes), size: SizeField::Shortest, ..batch.clone() });
            let what = format!("{} is cut in two by a batch's end ({})", fact.event.ty, fact.at);
            Some(f.changed(what, |t| drop(t.items.splice(fact.at.item..=fact.at.item, [half(bytes), half(rest)]))))
        },
    ),
    op("cut-inside-batch", Label::MustReject(&[]), "batch.go readBatch: a batch that is begun is finished", |f, c| {
        let batches = f.trace.items.iter().enumerate().filter(|(_, i)| matches!(i, Item::Batch(_)));
        let item = pick(c, batches.map(|(i, _)| i))?;
        let end = |items: usize| {
            let mut part = f.trace.clone();
            part.items.truncate(items);
            part.to_bytes()
        };
        let start = end(item).len();
        let mut bytes = end(item + 1);
        let cut = start + 1 + c.below((bytes.len() - start - 1) as u32) as usize;
        bytes.truncate(cut);
        let marked = f.trace.version.has_end_of_generation();
        let label = Label::MustReject(if marked { &[BatchHeaderVarint, BatchBodyTruncated] } else { &[] });
        let what = format!("the file ends at byte {cut}, inside item {item}");
        Some(Edit { edited: Edited::Bytes(bytes), what, label: Some(label) })
    }),
    op("cut-anywhere", Label::Unspecified, "a cut between two batches can look like an end", |f, c| {
        let mut bytes = f.trace.to_bytes();
        let cut = c.below(bytes.len() as u32) as usize;
        bytes.truncate(cut);
        Some(Edit { edited: Edited::Bytes(bytes), what: format!("the file ends at byte {cut}"), label: None })
    }),
    op("flip-bits", Label::Unspecified, "a bit can mean anything", |f, c| {
        let mut bytes = f.trace.to_bytes();
        let flips = 1 + c.below(3);
        for _ in 0..flips {
            let at = c.below(bytes.len() as u32) as usize;
            bytes[at] ^= 1 << c.below(8);
        }
        Some(Edit { edited: Edited::Bytes(bytes), what: format!("{flips} bits are flipped"), label: None })
    }),
    op("byte-becomes-limit", Label::Unspecified, "a byte can mean anything", |f, c| {
        let mut bytes = f.trace.to_bytes();
        let at = c.below(bytes.len() as u32) as usize;
        bytes[at] = pick(c, [0u8, 1, 0x7f, 0x80, 0xff].into_iter())?;
        let what = format!("byte {at} becomes {:#04x}", bytes[at]);
        Some(Edit { edited: Edited::Bytes(bytes), what, label: None })
    }),
];

const fn op(
    name: &'static str,
    label: Label,
    cite: &'static str,
    run: fn(&Facts<'_>, &mut dyn Source) -> Option<Edit>,
) -> Operator {
    Operator { name, family: Family::Bytes, label, cite, run }
}

/// Puts a batch of an unknown thread with these bytes into some generation.
fn stray(facts: &Facts<'_>, choose: &mut dyn Source, what: &str, bytes: Vec<u8>) -> Option<Edit> {
    let m = facts.fresh_m();
    insert_item(facts, any_generation(facts, choose)?, what, |generation, time| {
        Item::Batch(Batch { generation, m, time, size: SizeField::Shortest, body: Body::Raw(bytes) })
    })
}
