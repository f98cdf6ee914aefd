//! The reader's errors: where in the trace they are, and what they say.

use super::Reader;
use crate::cursor::{Cursor, DecodeError};
use crate::error::{Error, Place};
use crate::event::Emitted;
use crate::explain::Explain;
use crate::order::Reject;
use tracehound_wire::{EventType, RejectRule};

impl Reader<'_> {
    pub(super) fn place(&self) -> Place {
        Place { offset: None, generation: self.has_generation.then_some(self.scene.tables.number), ..Place::default() }
    }

    pub(super) fn place_of(&self, cursor: usize) -> Place {
        let cursor = &self.cursors[cursor];
        Place {
            offset: Some(self.input.offset(cursor.at)),
            thread: Some(self.order.threads.get(cursor.thread).m),
            event_type: Some(cursor.ty(self.input.data())),
            ..self.place()
        }
    }

    #[cold]
    pub(super) fn rejected(&self, cursor: usize, reject: Reject) -> Error {
        Error::rule_at(reject.rule, self.place_of(cursor), reject.message)
    }

    #[cold]
    pub(super) fn undecodable(&self, cursor: usize, e: DecodeError) -> Error {
        let offset = Some(self.input.offset(e.at));
        Error::rule_at(e.rule, Place { offset, event_type: e.ty, ..self.place_of(cursor) }, e.message)
    }

    #[cold]
    pub(super) fn missing_id(&self, e: &Emitted, arg: usize, stack: bool) -> Error {
        let ty = e.ty;
        let (rule, what) =
            if stack { (RejectRule::EventStackId, "stack") } else { (RejectRule::EventStringId, "string") };
        let message = format!(
            "{ty} names {what} {} as its {}, but the generation has no such {what}",
            e.args[arg],
            ty.spec().args[arg].0
        );
        let place = Place { offset: Some(e.offset), thread: Some(e.m), event_type: Some(ty), ..self.place() };
        Error::rule_at(rule, place, message)
    }

    #[cold]
    pub(super) fn stuck(&self) -> Error {
        let all = (0..self.frontier.len()).map(|i| &self.cursors[self.frontier.get(i).cursor as usize]);
        let (waiting, untried): (Vec<&Cursor>, Vec<&Cursor>) = all.partition(|c| can_wait(c.ty(self.input.data())));
        let waits = self.order.explain(&waiting, self.input.data(), |at| self.input.offset(at));
        let message = match (untried.first(), waits.first()) {
            (Some(cursor), _) => format!(
                "{} threads wait, and thread {}'s {}, which need not wait, is not tried: Go's reader leaves out the \
                 first thread of its sorted frontier, and so may refuse a sound trace",
                waits.len(),
                self.order.threads.get(cursor.thread).m,
                cursor.ty(self.input.data())
            ),
            (None, Some(first)) => format!(
                "no thread can go on: {} wait; thread {}'s {} waits for {}, but {}",
                waits.len(),
                first.thread,
                first.event,
                first.condition,
                first.found
            ),
            (None, None) => "no thread can go on".to_owned(),
        };
        let place = self.frontier.first().map_or_else(|| self.place(), |s| self.place_of(s.cursor as usize));
        let generation = self.scene.tables.number;
        Error::rule_at(RejectRule::Stuck, place, message).with_explain(Explain { generation, waits })
    }
}

/// Whether an event of this type may have to wait for another thread's.
fn can_wait(ty: EventType) -> bool {
    use EventType::*;
    matches!(
        ty,
        ProcStart
            | ProcSteal
            | GoStart
            | GoUnblock
            | GoSwitch
            | GoSwitchDestroy
            | GoSyscallEndBlocked
            | GCActive
            | GCBegin
            | GCEnd
    )
}
