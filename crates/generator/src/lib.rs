//! Legal scheduler histories of the Go runtime, and the traces that it writes for them.
//!
//! A history is made by a model of the runtime's scheduler that takes one small step
//! after another. Which step comes next is a choice, and all choices come from a
//! [`Source`]: a seed, bytes, a tape. Every step has a guard, so that whatever the source says, the
//! history is one that the runtime can have; nothing is generated and then filtered.
//!
//! This crate must not know any reader: it says what was written and what happened, and
//! never how somebody reads it.

#![forbid(unsafe_code)]

pub mod case;
pub mod corners;
pub mod fault;
pub mod flavour;
pub mod history;
mod model;
pub mod mutate;
pub mod source;
pub mod swarm;
mod tracer;

pub use model::follow::{Gap, Lifted, NO_BEGINNING, Observed, Segment, follow, reproduces};

pub use case::{Case, CaseError, Choices};
pub use corners::{Corner, Counts, Matrix};
pub use fault::EmissionFault;
pub use flavour::{Class, Flavour};
pub use history::{Context, Expected, ExpectedEvent, Field, History, Resource, Transition};
use source::Feed;
pub use source::{Source, Tape};
pub use swarm::{Clock, Config, Feature, Features, Swarm};

/// Makes one history from the choices of `source`, within `config`.
///
/// The same choices and the same configuration give the same history on every machine.
/// Where `config` leaves the flavour open, the first choice decides it.
pub fn generate(source: &mut dyn Source, config: &Config) -> History {
    Generator::default().generate(source, config)
}

fn draw(source: &mut dyn Source, config: &Config) -> Swarm {
    let flavour = flavour_of(source, config);
    if config.fine { Swarm::fine(config, flavour) } else { Swarm::draw(source, config, flavour) }
}

/// Makes one history after another in the same space: what small histories cost is to a good part the space for them.
///
/// ```
/// use tracehound_generator::{Case, Config, Generator};
///
/// let mut generator = Generator::default();
/// for seed in 0..3 {
///     let case = Case::from_seed(seed, Config::default());
///     let history = generator.make(&case);
///     assert_eq!(history.bytes(), case.generate().bytes());
///     generator.reclaim(history);
/// }
/// ```
#[derive(Debug, Default)]
pub struct Generator {
    space: model::Space,
}

impl Generator {
    /// As [`generate`]: what was made before has no influence.
    pub fn generate(&mut self, source: &mut dyn Source, config: &Config) -> History {
        self.feed(Feed::Other(source), config)
    }

    fn feed(&mut self, mut source: Feed<'_>, config: &Config) -> History {
        let swarm = draw(&mut source, config);
        model::run(source, swarm, &mut self.space)
    }

    /// As [`Generator::generate`]; gives the case of the choices too, for which [`Generator::make`] makes the same
    /// history again.
    pub fn generate_recorded(&mut self, source: &mut dyn Source, config: &Config) -> (Case, History) {
        let flavour = flavour_of(source, config);
        let config = Config { flavour: Some(flavour), ..config.clone() };
        let mut recorder = source::Recorder::new(source);
        let history = self.generate(&mut recorder, &config);
        (Case::from_tape(recorder.into_tape(), config), history)
    }

    /// Makes a case's history.
    pub fn make(&mut self, case: &Case) -> History {
        match case.choices() {
            Choices::Seed(seed) => self.feed(Feed::Seed(source::Rng::new(*seed)), case.config()),
            Choices::Tape(tape) => self.generate(&mut source::TapeReader::new(tape), case.config()),
        }
    }

    /// Takes back the space of a history that nobody needs any more.
    pub fn reclaim(&mut self, history: History) {
        self.space.tracer.reclaim(history.trace, history.expected);
    }
}

/// The release that `config` names, or one that `source` chooses.
fn flavour_of(source: &mut dyn Source, config: &Config) -> Flavour {
    config.flavour.unwrap_or_else(|| {
        let allowed = config.flavours();
        allowed[source.below(allowed.len() as u32) as usize]
    })
}
