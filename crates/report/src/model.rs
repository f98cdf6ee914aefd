//! What the page shows, as plain data: rows, lanes, arrows and the refusal.
//!
//! The Rust side decides everything here; the page's script only draws it. Numbers that can
//! exceed 2^53 are strings, as JavaScript would round them.

use serde::Serialize;
use tracehound_wire::EventType;

/// An event as the reader delivered it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivered {
    /// ns on the trace's clock.
    pub time: i64,
    pub m: i64,
    pub p: i64,
    pub g: i64,
    /// `None` for the reader's own boundary of a generation.
    pub ty: Option<EventType>,
    pub args: [u64; 4],
    pub offset: Option<u64>,
    pub generation: Option<u64>,
    /// Made by the reader to complete the event before it.
    pub synthetic: bool,
}

/// How far an event got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// The reader delivered it.
    Delivered,
    /// The one that could not happen.
    Refused,
    /// Its thread's next one, which waits for something that nothing supplies.
    Waiting,
    /// Any other that the reader did not deliver.
    Undelivered,
}

/// One event of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Number among the delivered events, from 0; `None` if it was not delivered.
    pub index: Option<u64>,
    /// How far it got.
    pub fate: Fate,
    /// The thread in whose stream it stands; `None` for the reader's own Sync.
    pub stream: Option<String>,
    /// M, P and G right before the event, as far as they are known; `None` for none.
    pub context: [Option<String>; 3],
    /// The event's name.
    pub name: String,
    /// A short class for its looks: proc, go, syscall, status, range, user, metric, sync, other.
    pub family: &'static str,
    /// Arguments.
    pub args: Vec<Arg>,
    /// Position in [`Picture::stacks`].
    pub stack: Option<usize>,
    /// Time in ns as the reader gives it.
    pub time: Option<String>,
    /// Generation.
    pub generation: Option<String>,
    /// Byte offset in the file.
    pub offset: Option<u64>,
    /// Its bytes in hex.
    pub bytes: String,
    /// Bytes of the type and of each argument.
    pub lens: Vec<u8>,
    /// A remark: made by the reader, broken, what it waits for.
    pub note: Option<String>,
    /// What an edit did here: position in the finding's list of edits.
    pub edit: Option<usize>,
}

/// An argument of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arg {
    /// Its name in the event table.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// What the value refers to: a string's text, a status' name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What a lane belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum LaneKind {
    /// A thread.
    M,
    /// A proc.
    P,
    /// A goroutine.
    G,
}

/// What a bar shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BarState {
    /// Running.
    Running,
    /// Ready to run.
    Runnable,
    /// Blocked.
    Waiting,
    /// In a syscall or in C.
    Syscall,
    /// A P that nobody holds.
    Idle,
    /// A thread that holds a P but runs no goroutine.
    Scheduling,
}

/// A state over a stretch of the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// Row whose event began it; `None` if it was so before the first row.
    pub from: Option<usize>,
    /// Row whose event ended it; `None` if it still was so after the last delivered row.
    pub to: Option<usize>,
    /// The state.
    pub state: BarState,
    /// With whom, or why.
    pub label: String,
}

/// An event's place in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// The row.
    pub row: usize,
    /// Whether the event stands in this thread's stream (else it only changes this lane).
    pub own: bool,
}

/// One lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lane {
    /// Of what.
    pub kind: LaneKind,
    /// Its id; `None` for the lane of events that belong to no thread.
    pub id: Option<String>,
    /// Its states.
    pub bars: Vec<Bar>,
    /// Its events.
    pub marks: Vec<Mark>,
}

/// What an arrow says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArrowKind {
    /// A goroutine is created.
    Create,
    /// A goroutine is made runnable.
    Unblock,
    /// A goroutine hands its thread over to another.
    Switch,
    /// A P is taken from a thread: from the victim to the P or the thief.
    Steal,
    /// An undelivered event waits for this lane.
    Needs,
}

/// An arrow between lanes, at a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Arrow {
    /// The event that it belongs to.
    pub row: usize,
    /// What it says.
    pub kind: ArrowKind,
    /// Position of the lane where it begins.
    pub from: usize,
    /// Position of the lane where it ends.
    pub to: usize,
}

/// A reader's refusal.
#[derive(Clone, Debug, Serialize)]
pub struct Refusal {
    /// The rule's class.
    pub class: String,
    /// The event that could not happen, by its name.
    pub event: Option<String>,
    /// When the rule fires, as a clause.
    pub condition: Option<&'static str>,
    /// The reader's sentence.
    pub message: String,
    /// What to do next.
    pub help: String,
    /// Byte offset.
    pub offset: Option<u64>,
    /// Generation.
    pub generation: Option<u64>,
    /// Thread.
    pub thread: Option<i64>,
    /// Events delivered before.
    pub events: u64,
    /// What each waiting thread waits for, a line each.
    pub waits: Vec<String>,
    /// Why nothing can happen: the chain of who waits for whom, line by line.
    pub argument: Vec<String>,
    /// Row of the event that could not happen, if it is an event.
    pub row: Option<usize>,
    /// How it came to this: the last events that changed what the refused one depends on.
    pub causes: Vec<Cause>,
}

/// An event that brought about the state in which another could not happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Its row.
    pub row: usize,
    /// What it did, as a sentence.
    pub text: String,
}

/// Everything that is drawn.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Picture {
    /// Delivered rows in their order, then those that were not delivered, thread by thread.
    pub rows: Vec<Row>,
    /// How many of the rows were delivered.
    pub delivered: usize,
    /// Lanes: Ms, then Ps, then Gs.
    pub lanes: Vec<Lane>,
    /// Arrows.
    pub arrows: Vec<Arrow>,
    /// Stacks, each a list of frames as text, innermost first.
    pub stacks: Vec<Vec<String>>,
    /// Events that the reader delivered in all.
    pub total: u64,
    /// Number of the first row among them.
    pub first: u64,
    /// Events per thread that were not delivered and are not rows: lane and count.
    pub more: Vec<(usize, u64)>,
    /// Lanes that were left out.
    pub lanes_left_out: usize,
}
