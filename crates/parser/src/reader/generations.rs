//! What comes between the events of two generations: Syncs, the next generation, the end.

use super::{Ahead, Outcome, Reader};
use crate::cursor::{Cursor, Ground};
use crate::error::{Error, Place};
use crate::event::Emitted;
use crate::fault::fault;
use crate::frontier::Slot;
use crate::generation::{LoadError, Loaded, Loader};
use tracehound_wire::RejectRule;

impl Reader<'_> {
    /// All of the generation's events have been delivered. `None` if a generation was
    /// installed without a Sync of its own.
    #[cold]
    pub(super) fn between_generations(&mut self) -> Result<Option<bool>, Error> {
        self.end_strictly()?;
        if !self.scene.switches.sync_before_generation {
            return self.between_generations_before_125();
        }
        match std::mem::replace(&mut self.ahead, Ahead::Nothing) {
            Ahead::Load => {}
            Ahead::SyncThenError(error) => {
                self.ahead = Ahead::Error(error);
                self.sync_without_tables();
                return Ok(Some(true));
            }
            Ahead::Error(error) => return Err(error),
            Ahead::Silent => return Ok(Some(self.end(Outcome::SilentEnd))),
            Ahead::Nothing => return Ok(Some(self.end(self.last_outcome()))),
        }
        if self.has_generation && !self.version.has_end_of_generation() && !self.generation.has_spill() {
            self.sync_without_tables();
            return Ok(Some(true));
        }
        match self.load() {
            Ok(Loaded::Generation(deferred)) => {
                self.ahead = deferred.map_or(Ahead::Load, Ahead::SyncThenError);
                self.install()?;
                self.sync_with_tables();
            }
            Ok(Loaded::End { silent }) => {
                self.ahead = if silent { Ahead::Silent } else { Ahead::Nothing };
                self.sync_without_tables();
            }
            Err(LoadError::Failed(error)) => {
                self.ahead = Ahead::Error(error);
                self.sync_without_tables();
            }
            Err(LoadError::Silent) => {
                self.ahead = Ahead::Silent;
                self.sync_without_tables();
            }
        }
        Ok(Some(true))
    }

    /// Up to Go 1.24: a Sync after each generation, none elsewhere.
    fn between_generations_before_125(&mut self) -> Result<Option<bool>, Error> {
        if self.owes_sync {
            self.owes_sync = false;
            self.sync_with_tables();
            self.current.time = self.last_time;
            self.current.args[0] = 0;
            return Ok(Some(true));
        }
        if let Ahead::SyncThenError(error) | Ahead::Error(error) = std::mem::replace(&mut self.ahead, Ahead::Load) {
            return Err(error);
        }
        if self.has_generation && !self.generation.has_spill() {
            return Ok(Some(self.end(self.last_outcome())));
        }
        match self.load() {
            Ok(Loaded::Generation(deferred)) => {
                self.ahead = deferred.map_or(Ahead::Load, Ahead::Error);
                self.install()?;
                self.owes_sync = true;
                Ok(None)
            }
            Ok(Loaded::End { .. }) | Err(LoadError::Silent) => Ok(Some(self.end(Outcome::SilentEnd))),
            Err(LoadError::Failed(error)) => Err(error),
        }
    }

    /// How a trace ended whose last Sync has been given: silently if a byte was swallowed.
    fn last_outcome(&self) -> Outcome {
        if self.generation.swallowed { Outcome::SilentEnd } else { Outcome::Clean }
    }

    fn end(&mut self, outcome: Outcome) -> bool {
        self.outcome = outcome;
        false
    }

    fn load(&mut self) -> Result<Loaded, LoadError> {
        self.next_sample = 0;
        if let Some(follower) = &mut self.follower {
            let threads = &mut self.order.threads;
            let loaded = follower.helper.load(&mut self.generation, &mut self.scene.tables, threads);
            if !matches!(loaded, Ok(Loaded::Generation(_))) {
                self.generation.samples.clear();
            }
            return loaded;
        }
        let loaded = self.generation.load(&mut Loader {
            input: &mut self.input,
            tables: &mut self.scene.tables,
            threads: &mut self.order.threads,
            version: self.version,
            sw: &self.scene.switches,
            strict: self.strict.is_some(),
            pext: self.pext,
            faults: self.faults,
        });
        if !matches!(loaded, Ok(Loaded::Generation(_))) {
            // What was read of a generation that is not delivered must not be delivered either.
            self.generation.samples.clear();
        }
        if self.strict.is_some() { self.strictly(loaded) } else { loaded }
    }

    /// Strict mode: an end that Go does not notice, as the error that it is.
    #[cold]
    fn strictly(&self, loaded: Result<Loaded, LoadError>) -> Result<Loaded, LoadError> {
        let place = Place { offset: Some(self.input.offset(self.input.pos)), ..self.place() };
        let error = |rule, message: &str| Error::rule_at(rule, place, message.to_owned());
        let silent = || error(RejectRule::SilentEnd, "a record is cut here, and with it the rest of the trace");
        match loaded {
            Ok(Loaded::Generation(None)) if self.generation.swallowed => Ok(Loaded::Generation(Some(silent()))),
            Ok(Loaded::End { silent: true }) | Err(LoadError::Silent) => Err(LoadError::Failed(silent())),
            Ok(Loaded::End { .. }) if self.generation.number() != 0 => Err(LoadError::Failed(error(
                RejectRule::GenerationUnfinished,
                "the input ends inside a generation that has only tables so far",
            ))),
            loaded => loaded,
        }
    }

    /// Strict mode: the generation that has been delivered had all that one has to have.
    fn end_strictly(&mut self) -> Result<(), Error> {
        match &mut self.strict {
            Some(strict) if self.has_generation => {
                strict.end_generation().map_err(|reject| Error::rule_at(reject.rule, self.place(), reject.message))
            }
            _ => Ok(()),
        }
    }

    /// Makes a cursor for each thread of the loaded generation.
    fn install(&mut self) -> Result<(), Error> {
        self.has_generation = true;
        let n = self.generation.streams.len();
        if let Some(strict) = &mut self.strict {
            strict.begin_generation();
        }
        let Some(clock) = self.generation.clock else { return Ok(()) };
        self.clock = clock;
        self.cursors.clear();
        self.cursors.reserve_exact(n);
        self.frontier.clear(n);
        for i in 0..n {
            let i = if fault!(self.faults, ThreadOrder) { n - 1 - i } else { i };
            let stream = self.generation.streams[i];
            let mut cursor = Cursor::new(stream.thread, stream.head, &self.generation.batches);
            let at = self.cursors.len();
            match cursor.advance(&Ground::of(&self.input, &self.clock, self.arity), &self.generation.batches) {
                Ok(true) => {
                    self.frontier.insert(Slot { time: cursor.time, cursor: at as u32 });
                    self.cursors.push(cursor);
                }
                Ok(false) => {}
                Err(e) => {
                    self.cursors.push(cursor);
                    return Err(self.undecodable(at, *e));
                }
            }
        }
        self.order.next_generation(self.scene.tables.number, n, self.frontier.len() > 0);
        Ok(())
    }

    fn sync_with_tables(&mut self) {
        self.syncs += 1;
        let time = self.generation.clock.map_or(0, |c| c.ns(self.generation.min_ts));
        self.current = Emitted {
            time,
            args: [self.syncs, 0, 0, 0],
            offset: self.generation.offset,
            has_tables: true,
            ..Emitted::EMPTY
        };
    }

    fn sync_without_tables(&mut self) {
        self.syncs += 1;
        self.current = Emitted { time: self.last_time, args: [self.syncs, 0, 0, 0], ..Emitted::EMPTY };
    }
}
