//! Strict rules of the GC's phases, of assists and of world stops.

use super::{Check, Happened, Strict, reject};
use tracehound_wire::{EventType, RejectRule};

/// What is known of the GC.
#[derive(Debug, Default)]
pub(super) struct Gc {
    running: bool,
    /// The generation of its last event.
    last: u64,
}

impl Strict {
    pub(super) fn gc(&mut self, e: &Happened<'_>) -> Check {
        let before = std::mem::replace(&mut self.gc.last, self.generation);
        let first = before != self.generation;
        let on_thread = self.state.p_of(e.m).is_some() && self.state.g_of(e.m).is_some();
        if !on_thread {
            return reject(
                RejectRule::GcContext,
                format!("{} is said by thread {}, which does not run a goroutine", e.ty, e.m),
            );
        }
        self.told(e)?;
        let active = e.ty == EventType::GCActive;
        if active && !first {
            return reject(
                RejectRule::GcActiveLate,
                "the GC is reported active, but other GC events of this generation come before".to_owned(),
            );
        }
        if !active && first && self.gc.running {
            return reject(
                RejectRule::GcActiveMissing,
                format!("{} in a generation that did not begin by saying that the GC is active", e.ty),
            );
        }
        self.gc.running = e.ty != EventType::GCEnd;
        Ok(())
    }

    pub(super) fn assist(&mut self, e: &Happened<'_>) -> Check {
        let generation = self.generation;
        if e.ty == EventType::GCMarkAssistActive {
            self.right_behind(e, &[EventType::GoStatus, EventType::GoStatusStack])?;
            self.state.gor(e.id()).assist = generation;
            return Ok(());
        }
        self.told(e)?;
        let Some(g) = self.state.g_of(e.m) else { return Ok(()) };
        let since = &mut self.state.gor(g).assist;
        if e.ty == EventType::GCMarkAssistBegin {
            *since = generation;
            return Ok(());
        }
        let reported = std::mem::take(since) == generation;
        self.reported(e, reported)
    }

    pub(super) fn stw(&mut self, e: &Happened<'_>) -> Check {
        self.told(e)?;
        let generation = self.generation;
        let Some(g) = self.state.g_of(e.m) else { return Ok(()) };
        let since = &mut self.state.gor(g).stw;
        if e.ty == EventType::STWBegin {
            if std::mem::replace(since, generation) != 0 {
                return reject(
                    RejectRule::StwNested,
                    format!("goroutine {g} stops the world, which it has stopped already"),
                );
            }
        } else if std::mem::take(since) != generation {
            return reject(
                RejectRule::StwOverGenerations,
                format!("goroutine {g} starts the world again, which it stopped in an earlier generation"),
            );
        }
        Ok(())
    }

    /// A range is reported active right behind the status of what it belongs to.
    pub(super) fn right_behind(&self, e: &Happened<'_>, statuses: &[EventType]) -> Check {
        match self.state.get(e.m).and_then(|t| t.last) {
            Some((ty, id)) if statuses.contains(&ty) && id == e.id() => Ok(()),
            _ => reject(
                RejectRule::RangeActiveMisplaced,
                format!("{} of {} does not stand right behind the status of {}", e.ty, e.id(), e.id()),
            ),
        }
    }

    /// A range ends that began in this generation, or was `reported` active in it.
    pub(super) fn reported(&self, e: &Happened<'_>, reported: bool) -> Check {
        if reported {
            return Ok(());
        }
        reject(
            RejectRule::RangeActiveUnreported,
            format!("{} on thread {} ends what an earlier generation began and this one did not report", e.ty, e.m),
        )
    }
}
