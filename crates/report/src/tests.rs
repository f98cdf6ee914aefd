//! The prepared data on a hand-made story, told without a reader.

use crate::layout::Layout;
use crate::model::*;
use crate::read::{Failure, Needed, assemble};
use crate::track::{NONE, Track};
use crate::window::Collector;
use crate::{Edit, FindingInfo, Outcome, ReaderVerdict, Report};
use std::collections::HashMap;
use tracehound_wire::event::{go_status, proc_status};
use tracehound_wire::{
    Batch, Body, Event, EventType as T, Item, NONE_ID, SizeField, StringRecord, SyncRecord, Trace, Version,
};

const M0: u64 = 1000;
const M1: u64 = 1001;

/// What the runtime before the fix of `entersyscall_gcwait` wrote: M1 takes P0 from M0's
/// syscall, runs G2 and enters a syscall of its own; M0 then gives back a P that it has lost.
pub(crate) fn gcwait() -> (Trace, Vec<u64>) {
    let m0 = [
        Event::new(T::ProcStatus, 1, &[0, proc_status::RUNNING]),
        Event::new(T::GoStatus, 1, &[1, M0, go_status::RUNNING]),
        Event::new(T::GoCreate, 3, &[2, 0, 0]),
        Event::new(T::GoSyscallBegin, 5, &[1, 0]),
        Event::new(T::ProcStop, 90, &[]),
        Event::new(T::GoSyscallEndBlocked, 9, &[]),
    ];
    let m1 = [
        Event::new(T::ProcStatus, 20, &[1, proc_status::RUNNING]),
        Event::new(T::GoStatus, 1, &[3, M1, go_status::SYSCALL]),
        Event::new(T::ProcStop, 1, &[]),
        Event::new(T::ProcSteal, 1, &[0, 2, M0]),
        Event::new(T::ProcStart, 1, &[0, 3]),
        Event::new(T::GoSyscallEndBlocked, 1, &[]),
        Event::new(T::GoStart, 2, &[2, 1]),
        Event::new(T::GoBlock, 3, &[1, 0]),
        Event::new(T::GoUnblock, 3, &[2, 2, 0]),
        Event::new(T::GoStart, 3, &[3, 1]),
        Event::new(T::GoSyscallBegin, 9, &[4, 0]),
        Event::new(T::GoSyscallEndBlocked, 90, &[]),
    ];
    let batch = |m, time, body| Item::Batch(Batch { generation: 1, m, time, size: SizeField::Shortest, body });
    let mut trace = Trace::new(Version::Go126);
    trace.items = vec![
        batch(
            NONE_ID,
            1,
            Body::Sync(vec![
                SyncRecord::Frequency(1_000_000_000),
                SyncRecord::ClockSnapshot { dt: 0, mono: 1, sec: 1, nsec: 0 },
            ]),
        ),
        batch(NONE_ID, 1, Body::Strings(vec![StringRecord { id: 1, bytes: b"</script><b>\xff".into() }])),
        batch(M0, 1, Body::Events(m0.to_vec())),
        batch(M1, 1, Body::Events(m1.to_vec())),
        Item::EndOfGeneration,
    ];
    (trace, [[M0; 4].as_slice(), &[M1; 11]].concat())
}

/// Delivers the events of `order`, one of the named thread's stream each, with the contexts
/// that follow from them, and then refuses the next one of `failed`.
fn tell(trace: &Trace, order: &[u64], failed: u64, class: &str, waits: &[u64]) -> Report {
    let bytes = trace.to_bytes();
    let layout = Layout::new(&bytes);
    let mut streams: HashMap<i64, Vec<_>> = HashMap::new();
    for b in layout.batches().iter().filter(|b| b.holds_events()) {
        streams.entry(b.m).or_default().extend(layout.events(b, 0));
    }
    streams.values_mut().for_each(|s| s.reverse());
    let mut track = Track::default();
    let mut collector = Collector::new(400, None, &layout);
    let sync = Delivered {
        time: 1,
        m: NONE,
        p: NONE,
        g: NONE,
        ty: None,
        args: [1, 0, 0, 0],
        offset: Some(16),
        generation: Some(1),
        synthetic: false,
    };
    collector.push(sync);
    for (&m, time) in order.iter().zip(2..) {
        let raw = streams.get_mut(&(m as i64)).and_then(Vec::pop).unwrap();
        let [p, g] = track.held(m as i64);
        let mut args = [0; 4];
        raw.fields[1..].iter().zip(&mut args).for_each(|(f, a)| *a = f.value);
        let offset = Some(raw.offset as u64);
        let e = Delivered { time, m: m as i64, p, g, ty: raw.ty, args, offset, ..sync };
        track.apply(&e);
        collector.push(e);
    }
    let next = |m: u64| streams[&(m as i64)].last().unwrap();
    let refusal = Refusal {
        class: class.into(),
        event: next(failed).ty.map(|t| t.name().into()),
        condition: None,
        message: "M1000 has no P".into(),
        help: "compare".into(),
        offset: Some(next(failed).offset as u64),
        generation: Some(1),
        thread: Some(failed as i64),
        events: order.len() as u64 + 1,
        argument: Vec::new(),
        waits: Vec::new(),
        row: None,
        causes: Vec::new(),
    };
    let waits = waits.iter().map(|&m| {
        let needed = Needed { words: "waits for P0".into(), subject: Some((LaneKind::P, 0)) };
        (next(m).offset as u64, needed)
    });
    Report::new(assemble(&layout, collector, Some(Failure { refusal, waits: waits.collect() })), bytes.len())
}

fn story() -> Report {
    let (trace, order) = gcwait();
    tell(&trace, &order, M0, "proc-stop-unknown", &[])
}

fn lane(report: &Report, kind: LaneKind, id: &str) -> Lane {
    let found = report.picture.lanes.iter().find(|l| l.kind == kind && l.id.as_deref() == Some(id));
    found.expect("a lane").clone()
}

fn row(report: &Report, name: &str, m: u64) -> usize {
    let m = Some(m.to_string());
    report.picture.rows.iter().position(|r| r.name == name && r.stream == m).expect("a row")
}

#[test]
fn the_refused_event_is_marked_and_the_rest_is_there() {
    let report = story();
    let at = report.refusal().unwrap().row.unwrap();
    let refused = &report.picture().rows[at];
    assert_eq!((refused.name.as_str(), refused.fate), ("ProcStop", Fate::Refused));
    assert_eq!(refused.context, [Some("1000".into()), None, Some("1".into())], "M0 holds no P any more");
    let fates: Vec<_> = report.picture.rows.iter().skip(report.picture.delivered).map(|r| r.fate).collect();
    assert_eq!(fates, [Fate::Refused, Fate::Undelivered, Fate::Undelivered]);
    assert_eq!(report.picture.total, 16);
}

#[test]
fn the_cause_is_the_steal_by_the_other_thread() {
    let report = story();
    let causes = &report.refusal().unwrap().causes;
    assert_eq!(causes.len(), 1, "{causes:?}");
    assert_eq!(causes[0].row, row(&report, "ProcSteal", M1));
    assert_eq!(
        causes[0].text,
        "M1000 was last changed by another thread in event 8: ProcSteal on M1001 at byte 120. Since then: in a syscall (G1)."
    );
}

#[test]
fn bars_follow_the_order() {
    let report = story();
    let p0 = lane(&report, LaneKind::P, "0");
    let at = |name, m| Some(row(&report, name, m));
    let bar = |from, to, state, label: &str| Bar { from, to, state, label: label.into() };
    let begin = at("GoSyscallBegin", M0);
    assert_eq!(
        p0.bars,
        [
            bar(at("ProcStatus", M0), begin, BarState::Running, "M1000"),
            bar(begin, at("ProcSteal", M1), BarState::Syscall, "M1000"),
            bar(at("ProcSteal", M1), at("ProcStart", M1), BarState::Idle, ""),
            bar(at("ProcStart", M1), at("GoSyscallBegin", M1), BarState::Running, "M1001"),
            bar(at("GoSyscallBegin", M1), None, BarState::Syscall, "M1001"),
        ]
    );
    let m0 = lane(&report, LaneKind::M, "1000");
    assert_eq!(m0.bars.last(), Some(&bar(at("ProcSteal", M1), None, BarState::Syscall, "G1")));
    let g2 = lane(&report, LaneKind::G, "2");
    let blocked = g2.bars.iter().find(|b| b.state == BarState::Waiting).unwrap();
    assert_eq!(blocked.label, "</script><b>\\xff", "the reason, made visible");
    assert_eq!((blocked.from, blocked.to), (at("GoBlock", M1), at("GoUnblock", M1)));
}

#[test]
fn arrows_lead_from_cause_to_effect() {
    let report = story();
    let name = |i: usize| {
        let l = &report.picture.lanes[i];
        format!("{:?}{}", l.kind, l.id.as_deref().unwrap_or("-"))
    };
    let told: Vec<_> = report.picture.arrows.iter().map(|a| (a.kind, name(a.from), name(a.to))).collect();
    let arrow = |kind, from: &str, to: &str| (kind, from.to_string(), to.to_string());
    assert_eq!(
        told,
        [
            arrow(ArrowKind::Create, "M1000", "G2"),
            arrow(ArrowKind::Steal, "M1000", "M1001"),
            arrow(ArrowKind::Unblock, "M1001", "G2"),
        ]
    );
}

#[test]
fn a_waiting_event_points_at_what_it_needs() {
    let (trace, order) = gcwait();
    let report = tell(&trace, &order, M1, "stuck", &[M0, M1]);
    let needs: Vec<_> = report.picture.arrows.iter().filter(|a| a.kind == ArrowKind::Needs).collect();
    assert_eq!(needs.len(), 2);
    assert!(needs.iter().all(|a| report.picture.lanes[a.to].kind == LaneKind::P));
    assert!(report.picture.rows[needs[0].row].note.as_deref() == Some("waits for P0"));
}

#[test]
fn every_mark_and_bar_points_into_the_rows() {
    let report = story();
    let (rows, delivered) = (report.picture.rows.len(), report.picture.delivered);
    for lane in &report.picture.lanes {
        assert!(lane.marks.iter().all(|m| m.row < rows));
        for bar in &lane.bars {
            assert!(bar.from.unwrap_or(0) <= bar.to.unwrap_or(delivered) && bar.to.unwrap_or(0) < delivered);
        }
        assert!(lane.bars.windows(2).all(|w| w[0].to.is_some() && w[0].to <= w[1].from));
    }
    let own = |row| report.picture.lanes.iter().flat_map(|l| &l.marks).filter(|m| m.row == row && m.own).count();
    assert!((1..rows).all(|row| own(row) == 1), "every event stands in one lane");
}

fn finding() -> FindingInfo {
    let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>";
    FindingInfo {
        id: "0001".into(),
        law: "agree".into(),
        summary: hostile.into(),
        verdicts: vec![ReaderVerdict {
            reader: hostile.into(),
            version: "\u{202e}1".into(),
            outcome: Outcome::Refused,
            message: hostile.into(),
            suspect: true,
            ..ReaderVerdict::default()
        }],
        replay: hostile.into(),
        edits: vec![Edit { operator: "drop".into(), offset: None, before: hostile.into(), after: String::new() }],
        parting: vec![(hostile.into(), hostile.into())],
        neighbour: vec![format!("+{hostile}")],
        facts: vec![(hostile.into(), hostile.into())],
        ..FindingInfo::default()
    }
}

#[test]
fn nothing_untrusted_becomes_markup() {
    let page = story().with_title("<i>&").with_finding(finding()).to_html();
    assert_eq!(page.matches("<script").count(), 2, "the data and the program");
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(!page.contains("<img") && !page.contains("<i>") && !page.contains('\u{202e}'));
    assert!(!crate::page::JS.concat().contains("innerHTML") && !page.contains("http-equiv=\"refresh"));
}

#[test]
fn the_data_in_the_page_is_the_data() {
    let page = story().to_html();
    let json = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(value["picture"]["rows"][1]["name"], "ProcStatus");
    assert_eq!(value["picture"]["rows"][1]["bytes"], "0d010001");
    let reason = value["picture"]["rows"].as_array().unwrap().iter().find(|r| r["name"] == "GoBlock").unwrap();
    assert_eq!(reason["args"][1]["text"], "\"</script><b>\\xff\"");
}

#[test]
fn the_page_is_small_and_needs_nothing_else() {
    let page = story().to_html();
    assert!(page.len() < 200_000, "{} bytes", page.len());
    assert!(!page.contains("src=") && !page.contains("<link"));
    let urls: Vec<_> = page.match_indices("http://").chain(page.match_indices("https://")).collect();
    assert!(urls.iter().all(|(i, _)| page[*i..].starts_with("http://www.w3.org/2000/svg")), "{urls:?}");
}

#[test]
fn an_edit_is_found_by_its_offset() {
    let report = story();
    let at = row(&report, "ProcSteal", M1);
    let offset = report.picture.rows[at].offset;
    let edit = Edit { operator: "renumber".into(), offset, before: "2".into(), after: "3".into() };
    let report = report.with_finding(FindingInfo { edits: vec![edit], ..FindingInfo::default() });
    let edited: Vec<_> = report.picture.rows.iter().enumerate().filter(|(_, r)| r.edit == Some(0)).collect();
    assert_eq!(edited.len(), 1);
    assert_eq!(edited[0].0, at);
}

/// What goes wrong comes before all else, and the argument before the lanes.
#[test]
fn the_place_and_the_argument_come_first() {
    let place = "It goes wrong at <here>.".to_owned();
    let finding = FindingInfo { place, ..FindingInfo::default() };
    let lines = vec!["M 5 waits for G3".to_owned(), "no M has it".to_owned()];
    let html = Report::from_trace(&gcwait().0.to_bytes(), &crate::Options::default())
        .with_argument(lines)
        .with_finding(finding)
        .to_html();
    let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text} is missing"));
    let order =
        ["id=\"headline\"", "It goes wrong at &lt;here&gt;.", "M 5 waits for G3", "no M has it", "Order of events"];
    assert!(order.map(at).is_sorted());
    let sound = Report::from_trace(b"", &crate::Options::default()).with_argument(Vec::new()).to_html();
    assert!(!sound.contains("id=\"argument\"") && !sound.contains("id=\"place\""));
}
