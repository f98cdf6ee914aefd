//! One M, P, G or task under another id, wherever it stands.
//!
//! With an id of its own the trace means what it meant, so that readers go through all of it with an id at which they may
//! break; with an id that is taken two become one. Edits of single arguments reach neither.

use super::dice::Dice;
use tracehound_wire::event::ArgKind;
use tracehound_wire::{Batch, Body, NONE_ID, Trace};

/// What is numbered for itself.
const NUMBERED: [&[ArgKind]; 4] = [&[ArgKind::M], &[ArgKind::P], &[ArgKind::G, ArgKind::NewG], &[ArgKind::Task]];

/// Gives one id another value; `None` if there is none.
pub(super) fn rename(trace: &mut Trace, dice: &mut Dice) -> Option<()> {
    let kinds = NUMBERED[dice.below(NUMBERED.len())];
    let mut ids = Vec::new();
    each(trace, kinds, &mut |id| ids.push(*id));
    let from = *dice.pick(&ids)?;
    let to = match dice.below(4) {
        0 => NONE_ID,
        1 => dice.number(from),
        _ => *dice.pick(&ids)?,
    };
    let swaps = dice.one_in(2);
    each(trace, kinds, &mut |id| match *id {
        old if old == from => *id = to,
        old if old == to && swaps => *id = from,
        _ => {}
    });
    Some(())
}

/// Visits every id of these kinds.
fn each(trace: &mut Trace, kinds: &[ArgKind], visit: &mut dyn FnMut(&mut u64)) {
    for Batch { m, body, .. } in trace.batches_mut() {
        // The tables belong to no thread.
        if kinds.contains(&ArgKind::M) && matches!(body, Body::Events(_)) {
            visit(m);
        }
        match body {
            Body::Events(events) => {
                for event in events {
                    let of_kind =
                        event.ty.spec().args.iter().zip(&mut event.args).filter(|(arg, _)| kinds.contains(&arg.1));
                    of_kind.for_each(|(_, value)| visit(value));
                }
            }
            Body::CpuSamples(samples) => {
                for sample in samples {
                    let fields =
                        [(ArgKind::M, &mut sample.m), (ArgKind::P, &mut sample.p), (ArgKind::G, &mut sample.g)];
                    fields.into_iter().filter(|(kind, _)| kinds.contains(kind)).for_each(|(_, value)| visit(value));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracehound_wire::{Event, EventType, Item, SizeField, Version};

    #[test]
    fn an_id_changes_everywhere_or_nowhere() {
        let events =
            |g: u64| vec![Event::new(EventType::GoStatus, 1, &[g, 5, 2]), Event::new(EventType::GoStart, 1, &[g, 1])];
        let of_thread = |m: u64, g: u64| {
            Item::Batch(Batch { generation: 1, m, time: 1, size: SizeField::Shortest, body: Body::Events(events(g)) })
        };
        let mut sound = Trace::new(Version::Go126);
        sound.items = vec![of_thread(5, 9), of_thread(6, 8)];
        let (mut renamed, mut joined, mut to_none) = (0, 0, 0);
        for seed in 0..400 {
            let mut trace = sound.clone();
            if rename(&mut trace, &mut Dice::new(seed)).is_none() {
                assert_eq!(trace, sound, "there is no P and no task in it");
                continue;
            }
            let mut gs = Vec::new();
            each(&mut trace, &[ArgKind::G], &mut |id| gs.push(*id));
            assert!(gs[0] == gs[1] && gs[2] == gs[3], "{gs:?}");
            renamed += u32::from(trace != sound);
            joined += u32::from(gs[0] == gs[2]);
            to_none += u32::from(trace.batches().any(|b| b.m == NONE_ID));
        }
        assert!(
            renamed > 100 && joined > 10 && to_none > 10,
            "{renamed} renamed, {joined} joined, {to_none} without an M"
        );
    }
}
