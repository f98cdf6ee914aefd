//! Two traces into one.

use super::dice::Dice;
use super::edit::renumbered;
use tracehound_wire::{Batch, Body, Item, Trace};

/// Puts parts of `other` into `trace`.
pub(super) fn traces(trace: &mut Trace, other: &Trace, dice: &mut Dice) {
    match dice.below(4) {
        0 => append(trace, other),
        1 => tails(trace, other, dice),
        2 => batch(trace, other, dice),
        _ => run(trace, other, dice),
    }
}

/// All of `other`, as later generations.
fn append(trace: &mut Trace, other: &Trace) {
    let last = trace.batches().map(|b| b.generation).max().unwrap_or(0);
    trace.items.extend(other.items.iter().map(|item| renumbered(item.clone(), last)));
}

/// A head of the one and a tail of the other.
fn tails(trace: &mut Trace, other: &Trace, dice: &mut Dice) {
    trace.items.truncate(dice.below(trace.items.len() + 1));
    let from = dice.below(other.items.len() + 1);
    trace.items.extend_from_slice(&other.items[from..]);
}

/// A few items of `other` somewhere.
fn run(trace: &mut Trace, other: &Trace, dice: &mut Dice) {
    let from = dice.below(other.items.len());
    let to = other.items.len().min(from + 1 + dice.below(4));
    let at = dice.below(trace.items.len() + 1);
    trace.items.splice(at..at, other.items[from..to].iter().cloned());
}

/// The payload of one of `other`'s batches in place of one of ours of the same kind, or
/// the head of one thread's events with the tail of another's.
fn batch(trace: &mut Trace, other: &Trace, dice: &mut Dice) {
    let Some(donor) = other.batches().nth(dice.below(other.batches().count())) else { return };
    let kind = std::mem::discriminant(&donor.body);
    let ours: Vec<usize> = (0..trace.items.len())
        .filter(|&i| matches!(&trace.items[i], Item::Batch(b) if std::mem::discriminant(&b.body) == kind))
        .collect();
    let Some(Item::Batch(Batch { body, .. })) = dice.pick(&ours).map(|&i| &mut trace.items[i]) else { return };
    match (body, &donor.body) {
        (Body::Events(ours), Body::Events(theirs)) => {
            ours.truncate(dice.below(ours.len() + 1));
            ours.extend_from_slice(&theirs[dice.below(theirs.len() + 1)..]);
        }
        (Body::Strings(ours), Body::Strings(theirs)) => ours.extend_from_slice(theirs),
        (Body::Stacks(ours), Body::Stacks(theirs)) => ours.extend_from_slice(theirs),
        (Body::CpuSamples(ours), Body::CpuSamples(theirs)) => ours.extend_from_slice(theirs),
        (ours, theirs) => *ours = theirs.clone(),
    }
}

/// A head of the one and a tail of the other, in bytes.
pub(super) fn bytes(first: &[u8], second: &[u8], out: &mut [u8], dice: &mut Dice) -> usize {
    let head = &first[..dice.below(first.len() + 1).min(out.len())];
    let tail = &second[dice.below(second.len() + 1)..];
    let tail = &tail[..tail.len().min(out.len() - head.len())];
    out[..head.len()].copy_from_slice(head);
    out[head.len()..head.len() + tail.len()].copy_from_slice(tail);
    head.len() + tail.len()
}
