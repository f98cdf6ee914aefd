//! The GC, sweeps, mark assists, stop-the-world, tasks and regions.

use super::{Attempt, Need, Step};
use crate::judge::plan::Op;
use crate::judge::state::gc;
use tracehound_wire::{EventType, RejectRule};

impl Attempt<'_, '_> {
    pub(super) fn gc_active(&mut self, op: &Op) -> Result<Step, Step> {
        let n = op.event.args[0];
        let (state, seq) = self.state.gc();
        if self.initial {
            if state != gc::UNDETERMINED {
                return Err(RejectRule::GcActiveNotFirst.into());
            }
        } else {
            if n != seq.wrapping_add(1) {
                return Ok(Step::Wait);
            }
            if state != gc::RUNNING {
                return Err(RejectRule::GcActiveNotRunning.into());
            }
            self.full()?;
        }
        self.state.set_gc(gc::RUNNING, n);
        Ok(Step::Done(0))
    }

    pub(super) fn gc_begin(&mut self, op: &Op) -> Result<Step, Step> {
        let n = op.event.args[0];
        let (state, seq) = self.state.gc();
        if state != gc::UNDETERMINED {
            if n != seq.wrapping_add(1) {
                return Ok(Step::Wait);
            }
            if state == gc::RUNNING {
                return Err(RejectRule::GcBeginRunning.into());
            }
            self.full()?;
        }
        self.state.set_gc(gc::RUNNING, n);
        Ok(Step::Done(0))
    }

    pub(super) fn gc_end(&mut self, op: &Op) -> Result<Step, Step> {
        let n = op.event.args[0];
        let (state, seq) = self.state.gc();
        if n != seq.wrapping_add(1) {
            return Ok(Step::Wait);
        }
        match state {
            gc::OFF => return Err(RejectRule::GcEndNotRunning.into()),
            gc::UNDETERMINED => return Err(RejectRule::GcEndUndetermined.into()),
            _ => {}
        }
        self.full()?;
        self.state.set_gc(gc::OFF, n);
        Ok(Step::Done(0))
    }

    pub(super) fn sweep(&mut self, op: &Op) -> Result<Step, Step> {
        let begin = EventType::GCSweepBegin;
        let active = op.event.ty == EventType::GCSweepActive;
        let p = if active {
            self.state.proc_status(op.p).ok_or(RejectRule::RangeUnknownProc)?;
            op.p
        } else {
            self.need(Need::Present, Need::Free)?.p
        };
        let open = *self.state.proc_ranges(p);
        let (open, _) = self.range(op.event.ty, begin, 0, open)?;
        *self.state.proc_ranges(p) = open;
        Ok(Step::Done(0))
    }

    pub(super) fn assist_active(&mut self, op: &Op) -> Result<Step, Step> {
        self.state.go_status(op.g).ok_or(RejectRule::RangeUnknownGoroutine)?;
        let open = *self.state.go_ranges(op.g);
        let (open, _) = self.range(op.event.ty, EventType::GCMarkAssistBegin, 0, open)?;
        *self.state.go_ranges(op.g) = open;
        Ok(Step::Done(0))
    }

    pub(super) fn go_range_begin(&mut self, op: &Op) -> Result<Step, Step> {
        let g = self.full()?.g;
        self.state.go_status(g).ok_or(RejectRule::RangeUnknownGoroutine)?;
        let kind = if op.event.ty == EventType::STWBegin { op.event.args[0] } else { 0 };
        let open = *self.state.go_ranges(g);
        let (open, _) = self.range(op.event.ty, op.event.ty, kind, open)?;
        *self.state.go_ranges(g) = open;
        Ok(Step::Done(0))
    }

    pub(super) fn go_range_end(&mut self, op: &Op) -> Result<Step, Step> {
        let g = self.full()?.g;
        self.state.go_status(g).ok_or(RejectRule::RangeUnknownGoroutine)?;
        let begin = op.event.ty.spec().begins_with.unwrap_or(op.event.ty);
        let open = *self.state.go_ranges(g);
        let (open, kind) = self.range(op.event.ty, begin, 0, open)?;
        *self.state.go_ranges(g) = open;
        Ok(Step::Done(kind))
    }

    /// Begins, confirms or ends a range in a list of open ones: the new list, and the kind
    /// of the range that ended.
    fn range(&mut self, ty: EventType, begin: EventType, kind: u64, open: u64) -> Result<(u64, u64), Step> {
        let begin = u64::from(begin.byte());
        let mut list = self.interner.get(open).to_vec();
        let is_open = list.contains(&(begin, kind));
        match ty {
            EventType::GCSweepActive | EventType::GCMarkAssistActive if self.initial => {
                if is_open {
                    return Err(RejectRule::RangeActiveDup.into());
                }
                list.push((begin, kind));
            }
            EventType::GCSweepActive | EventType::GCMarkAssistActive => {
                if !is_open {
                    return Err(RejectRule::RangeActiveMissing.into());
                }
            }
            EventType::GCSweepEnd | EventType::GCMarkAssistEnd | EventType::STWEnd => {
                let at = list.iter().position(|r| r.0 == begin).ok_or(RejectRule::RangeEndMissing)?;
                let (_, kind) = list.swap_remove(at);
                return Ok((self.interner.intern(list), kind));
            }
            _ => {
                if is_open {
                    return Err(RejectRule::RangeBeginDup.into());
                }
                list.push((begin, kind));
            }
        }
        Ok((self.interner.intern(list), kind))
    }

    pub(super) fn task_begin(&mut self, op: &Op) -> Result<Step, Step> {
        if *self.state.task(op.task) != 0 {
            return Err(RejectRule::TaskIdConflict.into());
        }
        let name = op.name.ok_or(RejectRule::AnnotationStringId)?;
        self.full()?;
        *self.state.task(op.task) = self.interner.intern(vec![(op.event.args[1], name)]);
        Ok(Step::Done(0))
    }

    pub(super) fn task_end(&mut self, op: &Op) -> Result<Step, Step> {
        self.full()?;
        Ok(Step::Done(std::mem::take(self.state.task(op.task))))
    }

    pub(super) fn region_begin(&mut self, op: &Op) -> Result<Step, Step> {
        let (g, name) = self.region(op)?;
        let mut open = self.interner.get(*self.state.regions(g)).to_vec();
        open.push((op.event.args[0], name));
        *self.state.regions(g) = self.interner.intern(open);
        Ok(Step::Done(0))
    }

    pub(super) fn region_end(&mut self, op: &Op) -> Result<Step, Step> {
        let (g, name) = self.region(op)?;
        let mut open = self.interner.get(*self.state.regions(g)).to_vec();
        if open.pop().is_some_and(|innermost| innermost != (op.event.args[0], name)) {
            return Err(RejectRule::RegionMismatch.into());
        }
        *self.state.regions(g) = self.interner.intern(open);
        Ok(Step::Done(0))
    }

    fn region(&self, op: &Op) -> Result<(usize, u64), Step> {
        let g = self.full()?.g;
        let name = op.name.ok_or(RejectRule::AnnotationStringId)?;
        self.state.go_status(g).ok_or(RejectRule::RegionUnknownGoroutine)?;
        Ok((g, name))
    }
}
