//! How it came to a refusal: the last events that changed what the refused one depends on.
//!
//! These are facts about the picture (who touched a lane last), not a judgement: which of
//! them is the mistake is for the reader of the page to say.

use crate::lanes::Pending;
use crate::model::{BarState, Cause, Lane, LaneKind, Row};
use crate::rows::id;

/// The causes of the refusal of `row`: what another thread last did to its thread, and what
/// last happened to the M, P or G that it is about.
pub(crate) fn causes(row: usize, pending: &[Pending], rows: &[Row], lanes: &[Lane]) -> Vec<Cause> {
    let Some(refused) = pending.iter().find(|p| p.row == row) else { return Vec::new() };
    let lane = |(kind, i): (LaneKind, i64)| lanes.iter().find(|l| l.kind == kind && i != -1 && l.id == id(i));
    let mut causes = Vec::new();
    if let Some(own) = lane((LaneKind::M, refused.m)) {
        let last = own.marks.iter().rev().find(|m| !m.own);
        causes.extend(last.map(|m| tell(own, m.row, rows, " by another thread")));
    }
    for lane in refused.names.iter().filter(|s| **s != (LaneKind::M, refused.m)).filter_map(|s| lane(*s)) {
        match lane.marks.iter().rev().find(|m| m.row < row && rows[m.row].index.is_some()) {
            Some(m) if causes.iter().all(|c: &Cause| c.row != m.row) => causes.push(tell(lane, m.row, rows, "")),
            _ => {}
        }
    }
    causes
}

fn tell(lane: &Lane, row: usize, rows: &[Row], by: &str) -> Cause {
    let event = &rows[row];
    let name = format!("{:?}{}", lane.kind, lane.id.as_deref().unwrap_or(""));
    let index = event.index.map_or_else(String::new, |i| format!(" {i}"));
    let on = event.stream.as_deref().map_or_else(String::new, |m| format!(" on M{m}"));
    let at = event.offset.map_or_else(String::new, |o| format!(" at byte {o}"));
    let since = match lane.bars.last().filter(|b| b.to.is_none()) {
        Some(bar) if bar.label.is_empty() => state(bar.state, lane.kind).to_string(),
        Some(bar) => format!("{} ({})", state(bar.state, lane.kind), bar.label),
        None if lane.kind == LaneKind::M => "no P and no G".into(),
        None => "gone".into(),
    };
    let text = format!("{name} was last changed{by} in event{index}: {}{on}{at}. Since then: {since}.", event.name);
    Cause { row, text }
}

fn state(state: BarState, kind: LaneKind) -> &'static str {
    match state {
        BarState::Running => "running",
        BarState::Runnable => "runnable",
        BarState::Waiting => "waiting",
        BarState::Syscall if kind == LaneKind::P => "held in a syscall",
        BarState::Syscall => "in a syscall",
        BarState::Idle => "idle",
        BarState::Scheduling => "no goroutine",
    }
}
