//! A trace into what the page shows: runs the reader, keeps a window of its events, and
//! takes apart what the reader did not deliver.

use crate::Options;
use crate::causes::causes;
use crate::lanes::{self, Pending};
use crate::layout::Layout;
use crate::model::{Delivered, Fate, LaneKind, Picture, Refusal};
use crate::rows::{RowBuilder, id};
use crate::track::{NONE, Subject};
use crate::window::Collector;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, HashMap};
use tracehound_parser::{Condition, Error, Event, Outcome, Reader, Wait};
use tracehound_wire::Version;
use tracehound_wire::index::BatchSpan;

/// Most undelivered events of one thread that become rows.
const PENDING_PER_THREAD: usize = 5;
/// Most threads whose undelivered events become rows.
const PENDING_THREADS: usize = 24;

/// What a trace comes to.
pub(crate) struct Read {
    pub version: Option<Version>,
    pub picture: Picture,
    pub refusal: Option<Refusal>,
    /// Accepted, but the reader took a cut record for the end.
    pub silent_end: bool,
}

/// A refusal, and what each waiting event waits for, by its offset.
pub(crate) struct Failure {
    pub refusal: Refusal,
    pub waits: HashMap<u64, Needed>,
}

/// What an event waits for, in words, and the M, P or G that would have to change.
pub(crate) struct Needed {
    pub words: String,
    pub subject: Option<Subject>,
}

/// Reads `bytes` with the built-in reader.
pub(crate) fn read(bytes: &[u8], options: &Options) -> Read {
    let layout = Layout::new(bytes);
    let mut collector = Collector::new(options.max_events, options.focus, &layout);
    let ended = run(bytes, options, &mut collector);
    let silent_end = matches!(ended, Ok(Outcome::SilentEnd));
    let failure = ended.err().map(|e| failure(&e));
    Read { silent_end, ..assemble(&layout, collector, failure) }
}

/// Puts a page's contents together from the events that went by and how it ended.
pub(crate) fn assemble(layout: &Layout<'_>, collector: Collector<'_>, failure: Option<Failure>) -> Read {
    let (total, places) = (collector.total(), collector.places().clone());
    let segment = collector.segment();
    let window = collector.finish(failure.is_some());
    let mut track = window.before;
    let mut builder = RowBuilder::new(layout);
    let mut rows: Vec<_> =
        window.events.iter().zip(window.first..).map(|(e, index)| builder.delivered(index, e)).collect();
    let delivered = rows.len();
    let mut rest = Rest { pending: Vec::new(), more: Vec::new() };
    if let (Some(failure), true) = (&failure, window.first + delivered as u64 == total) {
        rest = not_delivered(layout, &mut builder, &mut rows, failure, &Places { segment, last: places });
    }
    let mut refusal = failure.map(|f| f.refusal);
    if let Some(r) = &mut refusal {
        r.row = rows.iter().position(|row| row.fate == Fate::Refused);
    }
    let (lanes, arrows, lanes_left_out) = lanes::draw(&mut track, &window.events, &rows, &rest.pending);
    for p in &rest.pending {
        if p.head {
            let [p_held, g_held] = track.held(p.m);
            rows[p.row].context = [id(p.m), id(p_held), id(g_held)];
        }
    }
    if let Some(r) = &mut refusal {
        r.causes = r.row.map_or_else(Vec::new, |row| causes(row, &rest.pending, &rows, &lanes));
    }
    let lane_of = |m: i64| lanes.iter().position(|l| l.kind == LaneKind::M && l.id == id(m));
    let more = rest.more.into_iter().filter_map(|(m, n)| Some((lane_of(m)?, n))).collect();
    let stacks = builder.into_stacks();
    let picture = Picture { rows, delivered, lanes, arrows, stacks, total, first: window.first, more, lanes_left_out };
    Read { version: layout.version(), picture, refusal, silent_end: false }
}

fn run(bytes: &[u8], options: &Options, collector: &mut Collector<'_>) -> Result<Outcome, Error> {
    let mut reader = Reader::with_options(bytes, options.reader)?;
    while let Some(event) = reader.next_event() {
        collector.push(plain(&event?));
    }
    Ok(reader.outcome())
}

fn plain(e: &Event<'_>) -> Delivered {
    let mut args = [0; 4];
    let on_wire = e.args();
    args[..on_wire.len()].copy_from_slice(on_wire);
    Delivered {
        time: e.time(),
        m: e.thread().0,
        p: e.proc().0,
        g: e.goroutine().0,
        ty: e.wire_type(),
        args,
        offset: e.offset(),
        generation: e.generation(),
        synthetic: e.is_synthetic(),
    }
}

fn failure(e: &Error) -> Failure {
    let place = e.place();
    let refusal = Refusal {
        class: e.class().to_string(),
        event: place.event_type.map(|ty| ty.name().to_string()),
        condition: e.rule().map(|r| r.condition()),
        message: e.message().to_string(),
        help: e.help().to_string(),
        offset: place.offset,
        generation: place.generation,
        thread: place.thread,
        events: place.events,
        argument: Vec::new(),
        waits: e.explain().map_or_else(Vec::new, |x| x.waits.iter().map(Wait::to_string).collect()),
        row: None,
        causes: Vec::new(),
    };
    let waits = e.explain().into_iter().flat_map(|x| &x.waits).map(|w| {
        let words = format!("waits for {}; {}", w.condition, w.found);
        (w.offset, Needed { words, subject: needed(&w.condition) })
    });
    Failure { refusal, waits: waits.collect() }
}

/// How far each thread's stream was delivered, in one generation.
struct Places {
    segment: u32,
    last: FxHashMap<i64, u64>,
}

struct Rest {
    pending: Vec<Pending>,
    more: Vec<(i64, u64)>,
}

/// Adds rows for what stands behind the last delivered event of each thread, in the
/// generation in which the reader gave up.
fn not_delivered(
    layout: &Layout<'_>,
    builder: &mut RowBuilder<'_>,
    rows: &mut Vec<crate::model::Row>,
    failure: &Failure,
    places: &Places,
) -> Rest {
    let mut rest = Rest { pending: Vec::new(), more: Vec::new() };
    let at = failure.refusal.offset;
    let Some(segment) = failed_segment(layout, &failure.refusal) else { return rest };
    let none = FxHashMap::default();
    let last = if segment == places.segment { &places.last } else { &none };
    let mut streams: BTreeMap<i64, Vec<&BatchSpan>> = BTreeMap::new();
    for b in layout.batches().iter().filter(|b| b.segment == segment && b.holds_events()) {
        streams.entry(b.m).or_default().push(b);
    }
    // The thread that failed comes first, so that a limit never hides it.
    let failed = at.and_then(|o| layout.batch_of(o)).map(|i| layout.batches()[i].m);
    let mut order: Vec<_> = streams.into_iter().collect();
    order.sort_by_key(|(m, _)| (Some(*m) != failed, *m));
    for (threads, (m, batches)) in order.into_iter().enumerate() {
        let after = last.get(&m).copied();
        let events = batches.iter().flat_map(|b| match after {
            Some(o) if b.body.contains(&(o as usize)) => layout.events(b, o as usize).skip(1).collect::<Vec<_>>(),
            Some(o) if b.offset < o as usize => Vec::new(),
            _ => layout.events(b, 0).collect(),
        });
        let mut more = 0;
        for (i, raw) in events.enumerate() {
            let refused = at == Some(raw.offset as u64);
            if !refused && (i >= PENDING_PER_THREAD || threads >= PENDING_THREADS) {
                more += 1;
                continue;
            }
            let wait = failure.waits.get(&(raw.offset as u64));
            let fate = match (refused, wait) {
                (true, _) => Fate::Refused,
                (false, Some(_)) => Fate::Waiting,
                (false, None) => Fate::Undelivered,
            };
            let mut row = builder.raw(&raw, fate);
            row.stream = id(m);
            row.generation = failure.refusal.generation.map(|g| g.to_string());
            if let Some(w) = wait {
                row.note = Some(w.words.clone());
            }
            let mut names: Vec<Subject> = wait.and_then(|w| w.subject).into_iter().collect();
            names.extend(raw.ty.map_or_else(Vec::new, |ty| lanes::named(ty, |name| raw.arg(name))));
            rest.pending.push(Pending { row: rows.len(), m, head: i == 0, names });
            rows.push(row);
        }
        if more > 0 {
            rest.more.push((m, more));
        }
    }
    rest
}

/// Which generation of the file the reader could not finish.
fn failed_segment(layout: &Layout<'_>, refusal: &Refusal) -> Option<u32> {
    let by_place = refusal.offset.and_then(|o| layout.batch_of(o)).map(|i| layout.batches()[i].segment);
    let number = refusal.generation;
    by_place.or_else(|| layout.batches().iter().rev().find(|b| Some(b.generation) == number).map(|b| b.segment))
}

fn needed(condition: &Condition) -> Option<Subject> {
    let subject = match *condition {
        Condition::Goroutine { id, .. } => (LaneKind::G, id.0),
        Condition::Proc { id, .. } | Condition::ProcTaken { id } => (LaneKind::P, id.0),
        Condition::NoProc { holds } => (LaneKind::P, holds.0),
        Condition::Gc { .. } => return None,
    };
    (subject.1 != NONE).then_some(subject)
}
