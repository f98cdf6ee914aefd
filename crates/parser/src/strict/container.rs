//! Strict rules of the file: header, batches, generations, clocks, samples.

use crate::error::Place;
use crate::generation::{Generation, LoadError, Loader};
use crate::item::Item;
use tracehound_wire::version::HEADER_LEN;
use tracehound_wire::{EventType, Experiment, RejectRule, Version};

/// Whether the header, of `len` bytes, is the one that runtimes write.
pub(crate) fn header_is_canonical(data: &[u8], len: usize, version: Version) -> bool {
    len == HEADER_LEN && data[..len] == version.header()
}

impl Generation {
    /// Checks a batch before its payload is looked at. `data` is the input's.
    pub(crate) fn strict_item(&self, l: &Loader<'_, '_>, item: &Item) -> Result<(), LoadError> {
        if l.input.data()[item.at] != EventType::ExperimentalBatch.byte() {
            return Ok(());
        }
        if l.version < EventType::ExperimentalBatch.spec().since {
            let message = format!("an experimental batch in wire {}, which has none", l.version);
            return Err(self.failed(l, RejectRule::BatchNotInVersion, item.at, message));
        }
        if Experiment::from_number(item.experiment).is_none() {
            let message = format!("a batch belongs to experiment {}, which does not exist", item.experiment);
            return Err(self.failed(l, RejectRule::ExperimentUnknown, item.at, message));
        }
        Ok(())
    }

    /// An end marker that stands inside of a batch.
    pub(crate) fn strict_marker(&self, l: &Loader<'_, '_>, item: &Item) -> Result<(), LoadError> {
        if item.is_end {
            return Ok(());
        }
        let message = "the payload of a batch begins with the end marker, which is a byte between batches".to_owned();
        Err(self.failed(l, RejectRule::EndMarkerInBatch, item.start, message))
    }

    /// Checks a complete generation. `before` is the number of the one before it.
    pub(crate) fn strict_generation(&self, l: &Loader<'_, '_>, before: Option<u64>) -> Result<(), LoadError> {
        let at = l.input.pos;
        if let Some(before) = before
            && before.checked_add(1) != Some(self.number())
        {
            let message = format!("generation {} comes after generation {before}", self.number());
            return Err(self.failed(l, RejectRule::GenerationNumberJumps, at, message));
        }
        if self.clock.is_some_and(|c| c.is_frozen()) {
            let message = "the clock frequency is 0, so that no time means anything".to_owned();
            return Err(self.failed(l, RejectRule::FrequencyZero, at, message));
        }
        if let Some(sample) = self.samples.iter().find(|s| !l.tables.stacks.contains(s.stack)) {
            let message = format!("a CPU sample names stack {}, but there is no such stack", sample.stack);
            let place = Place { offset: Some(sample.offset), generation: Some(self.number()), ..Place::default() };
            return Err(LoadError::Failed(crate::Error::rule_at(RejectRule::SampleStackId, place, message)));
        }
        Ok(())
    }
}
