//! The arguments with which an event is probed.

use tracehound_wire::{ArgKind, EventType, NONE_ID};

/// All combinations of an event's arguments that matter here; and the first one with one argument that is out of the ordinary.
pub(super) fn of(ty: EventType) -> Vec<Vec<u64>> {
    let kinds: Vec<ArgKind> = ty.spec().args.iter().map(|(_, kind)| *kind).collect();
    let mut all = kinds.iter().fold(vec![Vec::new()], |so_far, kind| {
        so_far.iter().flat_map(|args| ordinary(*kind).iter().map(move |&v| [&args[..], &[v]].concat())).collect()
    });
    let first = all.first().cloned().unwrap_or_default();
    for (at, kind) in kinds.iter().enumerate() {
        all.extend(odd(*kind).iter().map(|&value| {
            let mut args = first.clone();
            args[at] = value;
            args
        }));
    }
    all
}

fn ordinary(kind: ArgKind) -> &'static [u64] {
    match kind {
        ArgKind::M => &[5, 6, 7, 8, NONE_ID],
        ArgKind::P => &[0, 1, 2, 3],
        ArgKind::G => &[1, 2, 3, 4, 7],
        ArgKind::NewG => &[9, 4],
        ArgKind::PSeq | ArgKind::GSeq | ArgKind::GcSeq => &[1, 2],
        ArgKind::PStatus => &[1, 2, 3, 4],
        ArgKind::GStatus => &[1, 2, 3, 4],
        ArgKind::Task => &[1, 0],
        ArgKind::String => &[0, 1],
        ArgKind::Value | ArgKind::Gen | ArgKind::Stack | ArgKind::Id => &[0],
    }
}

fn odd(kind: ArgKind) -> &'static [u64] {
    match kind {
        ArgKind::M => &[0],
        ArgKind::P | ArgKind::NewG => &[99, NONE_ID],
        ArgKind::G => &[99, 0, NONE_ID],
        ArgKind::PSeq | ArgKind::GSeq | ArgKind::GcSeq => &[0, 3, NONE_ID],
        ArgKind::PStatus | ArgKind::GStatus => &[0, 5, 7, 257],
        ArgKind::Task => &[2, NONE_ID],
        ArgKind::String => &[2, 77],
        ArgKind::Stack => &[1, 2, 77],
        ArgKind::Value | ArgKind::Gen | ArgKind::Id => &[1, 1 << 40, NONE_ID],
    }
}
