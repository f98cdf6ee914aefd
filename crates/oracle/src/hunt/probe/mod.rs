//! Probes: every event that can happen on a thread, in every small situation of that thread,
//! with the arguments that matter, by itself and with others behind it that show what it changed; and
//! every small edit of the bytes of a few small traces; and what is at the edge of a limit or a table.
//!
//! Nobody says what has to come of a probe; all readers have to say the same. A reader that lacks
//! a check of one event, or asks for too much, or forgets what an event changes, parts from the
//! others here, where a random edit would have to be lucky.
//!
//! A probe has a number, from which it is made again at once. An event that is refused changes
//! nothing, so that only one that the built-in reader accepts is asked for what it changed.

mod arguments;
mod bytes;
mod edges;
mod scene;
mod witness;

use super::case::Draw;
use rustc_hash::FxHashSet;
use scene::{MODES, Mode, SITUATIONS, Scene};
use std::sync::{Arc, OnceLock};

use tracehound_parser::{Options, Reader};
use tracehound_wire::{Event, EventType, RejectRule};
use witness::Witness;

/// A trace as bytes, and what it is, as a clause.
pub(super) type Probe = (Arc<[u8]>, String);

/// Probes of events have the numbers `index * STRIDE + witness`, witness 0 being none.
const STRIDE: u64 = 1 << 10;

/// One in so many of the witnesses that could be shown is.
const SAMPLE: u64 = 40;

/// Probes of bytes have numbers from here on.
const BYTES: u64 = 1 << 40;

/// Probes of edges have numbers from here on.
const EDGES: u64 = 1 << 41;

/// All probes with their numbers, those first that cost least for what they show.
pub(super) fn all() -> impl Iterator<Item = (u64, Probe)> {
    let alone = (0..questions().len() as u64).map(|n| n * STRIDE);
    let mut shown = FxHashSet::default();
    let witnessed = (0..questions().len()).flat_map(move |index| {
        let question = &questions()[index];
        let end = question.end();
        // The first situation in which an event happens is asked for all that it changed, and those in which it may
        // change the wrong thing; the others for a sample.
        let first = question.event.ty.spec().experiment.is_none() && shown.insert((question.event, end));
        let all = first || question.is_confusing();
        let some = witness::all().iter().enumerate().filter(move |(w, witness)| {
            let sampled = Draw(index as u64 * STRIDE + *w as u64).next().is_multiple_of(SAMPLE);
            (all || sampled) && question.is_answered_by(witness, end)
        });
        some.map(move |(w, _)| index as u64 * STRIDE + w as u64 + 1)
    });
    let bytes = (0..bytes::count()).map(|n| BYTES + n);
    let edges = (0..edges::count()).map(|n| EDGES + n);
    edges.chain(alone).chain(bytes).chain(witnessed).filter_map(|number| Some((number, nth(number)?)))
}

/// The probe with this number.
pub(super) fn nth(number: u64) -> Option<Probe> {
    if number >= EDGES {
        return edges::nth(number - EDGES);
    }
    if number >= BYTES {
        return bytes::nth(number - BYTES);
    }
    let question = questions().get(usize::try_from(number / STRIDE).ok()?)?;
    match (number % STRIDE) as usize {
        0 => Some(question.probe(None)),
        w => witness::all().get(w - 1).map(|witness| question.probe(Some(witness))),
    }
}

/// An event in a situation.
#[derive(Clone, Copy)]
struct Question {
    situation: usize,
    mode: Mode,
    event: Event,
}

/// What comes of an event by itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum End {
    Accepted,
    Stuck,
    Refused,
}

fn questions() -> &'static [Question] {
    static ALL: OnceLock<Vec<Question>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all = Vec::new();
        for &ty in EventType::ALL.iter().filter(|ty| ty.spec().timed) {
            for args in arguments::of(ty) {
                for situation in 0..SITUATIONS.len() {
                    all.extend(MODES.map(|mode| Question { situation, mode, event: Event::new(ty, 1, &args) }));
                }
            }
        }
        all
    })
}

impl Question {
    fn scene(&self) -> Scene {
        let scene = Scene::new(&SITUATIONS[self.situation], self.mode);
        scene.ask(self.event)
    }

    fn probe(&self, witness: Option<&Witness>) -> Probe {
        let mut scene = self.scene();
        let mut words =
            format!("{} on {}{}", in_words(&self.event), SITUATIONS[self.situation].what, self.mode.words());
        if let Some(witness) = witness {
            witness.show(&mut scene);
            words.push_str(", then ");
            words.push_str(&witness.words());
        }
        (scene.end().to_bytes().into(), words)
    }

    /// Whether the event may open or close the wrong one of several ranges or regions.
    fn is_confusing(&self) -> bool {
        use EventType::{
            GCMarkAssistBegin, GCMarkAssistEnd, GCSweepBegin, GCSweepEnd, STWBegin, STWEnd, UserRegionBegin,
            UserRegionEnd,
        };
        let edges = [
            STWBegin,
            STWEnd,
            GCSweepBegin,
            GCSweepEnd,
            GCMarkAssistBegin,
            GCMarkAssistEnd,
            UserRegionBegin,
            UserRegionEnd,
        ];
        SITUATIONS[self.situation].crowded && self.mode == Mode::Now && edges.contains(&self.event.ty)
    }

    fn end(&self) -> End {
        let bytes = self.scene().end().to_bytes();
        let Ok(mut reader) = Reader::with_options(&bytes, Options::default()) else { return End::Refused };
        match reader.for_each(|_| {}) {
            Ok(_) => End::Accepted,
            Err(e) if e.rule() == Some(RejectRule::Stuck) => End::Stuck,
            Err(_) => End::Refused,
        }
    }

    /// Whether the witness can show anything: after an event that happened, or by letting one happen that waits.
    fn is_answered_by(&self, witness: &Witness, end: End) -> bool {
        match end {
            End::Accepted => witness.concerns(&self.event),
            End::Stuck => witness.is_elsewhere(),
            End::Refused => false,
        }
    }
}

fn in_words(event: &Event) -> String {
    let args = event.ty.spec().args.iter().zip(event.args).map(|((name, _), value)| format!(" {name}={value}"));
    format!("{}{}", event.ty, args.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_made_again_from_their_numbers() {
        let mut ends = std::collections::BTreeMap::new();
        for (number, probe) in all().step_by(97) {
            assert_eq!(nth(number), Some(probe), "{number}");
            *ends.entry(number >= BYTES).or_insert(0) += 1;
        }
        assert!(ends.values().all(|n| *n > 20), "{ends:?}");
        assert!((0..edges::count()).all(|n| nth(EDGES + n).is_some()));
        assert!(witness::all().len() < STRIDE as usize - 1);
    }

    #[test]
    fn many_questions_are_accepted_and_many_wait() {
        let ends: Vec<End> = questions().iter().step_by(13).map(Question::end).collect();
        let share = |end: End| ends.iter().filter(|e| **e == end).count() * 100 / ends.len();
        assert!(share(End::Accepted) > 5 && share(End::Stuck) > 2, "{} {}", share(End::Accepted), share(End::Stuck));
    }
}
