//! Lanes over the order: bars, marks and arrows from the delivered events, and from those
//! that were not delivered their marks and what they wait for.

use crate::model::{Arrow, ArrowKind, Bar, BarState, Delivered, Fate, Lane, LaneKind, Mark, Row};
use crate::rows::id;
use crate::track::{NONE, Subject, Track};
use std::collections::HashMap;
use tracehound_wire::{ArgKind, EventType};

/// Most lanes that are drawn.
pub(crate) const MAX_LANES: usize = 64;

/// An event that was not delivered: its thread and what it is about.
pub(crate) struct Pending {
    /// Its row.
    pub row: usize,
    /// The thread in whose stream it stands.
    pub m: i64,
    /// Whether it is its thread's next event, whose context is known.
    pub head: bool,
    /// The Ms, Ps and Gs that it waits for or is about, what it needs first.
    pub names: Vec<Subject>,
}

/// Lanes, arrows, and how many lanes were left out.
pub(crate) type Drawn = (Vec<Lane>, Vec<Arrow>, usize);

#[derive(Default)]
struct Open {
    bar: Option<(Option<usize>, BarState, String)>,
    bars: Vec<Bar>,
    marks: Vec<Mark>,
    last_touch: usize,
}

struct Draft {
    lanes: HashMap<Subject, Open>,
    arrows: Vec<(usize, ArrowKind, Subject, Subject)>,
}

impl Draft {
    /// A draft with a lane for everything that `subjects` names, each as it is before the first row.
    fn new(subjects: impl Iterator<Item = Subject>, before: &Track) -> Draft {
        let lane = |s| Open { bar: before.bar(s).map(|(state, label)| (None, state, label)), ..Open::default() };
        Draft { lanes: subjects.map(|s| (s, lane(s))).collect(), arrows: Vec::new() }
    }

    fn touch(&mut self, s: Subject, row: usize) {
        if let Some(open) = self.lanes.get_mut(&s) {
            open.last_touch = row;
        }
    }

    fn mark(&mut self, s: Subject, row: usize, own: bool) {
        self.touch(s, row);
        let Some(open) = self.lanes.get_mut(&s) else { return };
        if open.marks.last().is_none_or(|m| m.row != row) {
            open.marks.push(Mark { row, own });
        }
    }

    fn set(&mut self, s: Subject, row: usize, now: Option<(BarState, String)>) {
        let Some(open) = self.lanes.get_mut(&s) else { return };
        if open.bar.as_ref().map(|(_, state, label)| (*state, label.as_str()))
            == now.as_ref().map(|(state, label)| (*state, label.as_str()))
        {
            return;
        }
        if let Some((from, state, label)) = open.bar.take() {
            open.bars.push(Bar { from, to: Some(row), state, label });
        }
        open.bar = now.map(|(state, label)| (Some(row), state, label));
    }
}

/// Draws the delivered `events`, of which `rows` are the rows, and what is `pending` behind them.
/// `track` holds the states before the first event, and after the call those after the last.
pub(crate) fn draw(track: &mut Track, events: &[Delivered], rows: &[Row], pending: &[Pending]) -> Drawn {
    let mut draft = Draft::new(all_subjects(track.clone(), events, rows, pending).into_iter(), track);
    for (row, e) in events.iter().enumerate() {
        deliver(&mut draft, track, row, e, &rows[row]);
    }
    for p in pending {
        let lane = (LaneKind::M, p.m);
        draft.mark(lane, p.row, true);
        p.names.iter().for_each(|&s| draft.touch(s, p.row));
        let head = matches!(rows[p.row].fate, Fate::Refused | Fate::Waiting);
        if let Some(&to) = p.names.first().filter(|_| head) {
            draft.arrows.push((p.row, ArrowKind::Needs, lane, to));
        }
    }
    finish(draft)
}

fn all_subjects(mut track: Track, events: &[Delivered], rows: &[Row], pending: &[Pending]) -> Vec<Subject> {
    let mut all = Vec::new();
    for (e, row) in events.iter().zip(rows) {
        all.extend(track.apply(e));
        all.extend(e.ty.map(|_| own_lane(row)));
    }
    for p in pending {
        all.push((LaneKind::M, p.m));
        all.extend(&p.names);
    }
    all
}

fn own_lane(row: &Row) -> Subject {
    (LaneKind::M, row.stream.as_deref().and_then(|s| s.parse().ok()).unwrap_or(NONE))
}

fn deliver(draft: &mut Draft, track: &mut Track, row: usize, e: &Delivered, r: &Row) {
    let Some(ty) = e.ty else { return };
    let own = own_lane(r);
    let victim = match ty {
        EventType::ProcSteal => track.thread_of_proc(e.args[0] as i64),
        _ => None,
    };
    let about = track.apply(e);
    draft.mark(own, row, true);
    for &s in about.iter().filter(|s| **s != own) {
        draft.mark(s, row, false);
    }
    for &s in &about {
        let mut now = track.bar(s);
        if let (Some((BarState::Waiting, label)), Some(reason)) = (&mut now, reason(r)) {
            *label = reason;
        }
        draft.set(s, row, now);
    }
    if let Some((kind, to)) = arrow(ty, e, victim, own) {
        match kind {
            ArrowKind::Steal if to.0 == LaneKind::M => draft.arrows.push((row, kind, to, own)),
            _ => draft.arrows.push((row, kind, own, to)),
        }
    }
}

/// Why a goroutine blocks, as its event says.
fn reason(r: &Row) -> Option<String> {
    let text = r.args.iter().find(|a| a.name == "reason_string")?.text.as_deref()?;
    let text = text.trim_matches('"');
    (r.name == "GoBlock" && !text.is_empty()).then(|| text.to_string())
}

fn arrow(ty: EventType, e: &Delivered, victim: Option<i64>, own: Subject) -> Option<(ArrowKind, Subject)> {
    let arg = e.args[0] as i64;
    match ty {
        EventType::GoCreate | EventType::GoCreateBlocked | EventType::GoCreateSyscall => {
            Some((ArrowKind::Create, (LaneKind::G, arg)))
        }
        EventType::GoUnblock => Some((ArrowKind::Unblock, (LaneKind::G, arg))),
        EventType::GoSwitch | EventType::GoSwitchDestroy => Some((ArrowKind::Switch, (LaneKind::G, arg))),
        EventType::ProcSteal => Some(match victim.filter(|&m| (LaneKind::M, m) != own) {
            Some(m) => (ArrowKind::Steal, (LaneKind::M, m)),
            None => (ArrowKind::Steal, (LaneKind::P, arg)),
        }),
        _ => None,
    }
}

/// What an event that was not delivered names, its main subject first.
pub(crate) fn named(ty: EventType, args: impl Fn(&str) -> Option<u64>) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for &(name, kind) in ty.spec().args {
        let lane = match kind {
            ArgKind::M => LaneKind::M,
            ArgKind::P => LaneKind::P,
            ArgKind::G => LaneKind::G,
            _ => continue,
        };
        if let Some(id) = args(name).map(|v| v as i64).filter(|&v| v != NONE) {
            subjects.push((lane, id));
        }
    }
    subjects
}

fn finish(mut draft: Draft) -> Drawn {
    let mut subjects: Vec<Subject> = draft.lanes.keys().copied().collect();
    let left_out = subjects.len().saturating_sub(MAX_LANES);
    if left_out > 0 {
        subjects.sort_by_key(|s| (std::cmp::Reverse(draft.lanes[s].last_touch), *s));
        subjects.truncate(MAX_LANES);
    }
    subjects.sort();
    let place: HashMap<Subject, usize> = subjects.iter().enumerate().map(|(i, s)| (*s, i)).collect();
    let lanes = subjects
        .iter()
        .map(|s| {
            let mut open = draft.lanes.remove(s).unwrap_or_default();
            if let Some((from, state, label)) = open.bar.take() {
                open.bars.push(Bar { from, to: None, state, label });
            }
            Lane { kind: s.0, id: id(s.1), bars: open.bars, marks: open.marks }
        })
        .collect();
    let arrows = draft.arrows.iter().filter_map(|(row, kind, from, to)| {
        let (from, to) = (*place.get(from)?, *place.get(to)?);
        (from != to).then_some(Arrow { row: *row, kind: *kind, from, to })
    });
    (lanes, arrows.collect(), left_out)
}
