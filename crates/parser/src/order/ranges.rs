//! Rules of ranges: the GC's mark phase, sweeps of Ps, and what goroutines do.

use super::state::OpenRange;
use super::{Advance, Gc, Need, Order, Refusal, reject};
use crate::event::Emitted;
use crate::fault::fault;
use tracehound_wire::{EventType, RejectRule};

impl Order {
    fn gc_follows(&self, n: u64) -> bool {
        n == self.gc_seq.wrapping_add(1) || fault!(self.faults, GcSeqIgnored)
    }

    pub(super) fn gc_active(&mut self, e: &Emitted) -> Advance {
        let n = e.args[0];
        if self.first {
            if self.gc != Gc::Undetermined && !fault!(self.faults, GcActiveTwice) {
                let message = "the GC is reported active, but its events began before".to_owned();
                return reject(RejectRule::GcActiveNotFirst, message);
            }
            (self.gc, self.gc_seq) = (Gc::Running, n);
            return Ok(());
        }
        if !self.gc_follows(n) {
            return Err(Refusal::Waits);
        }
        if self.gc != Gc::Running && !fault!(self.faults, GcActiveWhileOff) {
            return reject(
                RejectRule::GcActiveNotRunning,
                "the GC is reported active, but it is not running".to_owned(),
            );
        }
        self.gc_seq = n;
        self.full(e)
    }

    pub(super) fn gc_begin(&mut self, e: &Emitted) -> Advance {
        let n = e.args[0];
        if self.gc == Gc::Undetermined {
            (self.gc, self.gc_seq) = (Gc::Running, n);
            return Ok(());
        }
        if !self.gc_follows(n) {
            return Err(Refusal::Waits);
        }
        if self.gc == Gc::Running && !fault!(self.faults, GcBeginTwice) {
            return reject(RejectRule::GcBeginRunning, "the GC begins, but it is running already".to_owned());
        }
        (self.gc, self.gc_seq) = (Gc::Running, n);
        self.full(e)
    }

    pub(super) fn gc_end(&mut self, e: &Emitted) -> Advance {
        let n = e.args[0];
        if !self.gc_follows(n) {
            return Err(Refusal::Waits);
        }
        match self.gc {
            Gc::NotRunning | Gc::Undetermined if fault!(self.faults, GcEndWhileOff) => Ok(()),
            Gc::NotRunning => reject(RejectRule::GcEndNotRunning, "the GC ends, but it is not running".to_owned()),
            Gc::Undetermined => {
                reject(RejectRule::GcEndUndetermined, "the GC ends, but nothing says that it ran".to_owned())
            }
            Gc::Running => {
                (self.gc, self.gc_seq) = (Gc::NotRunning, n);
                self.full(e)
            }
        }
    }

    pub(super) fn sweep_begin(&mut self, e: &Emitted) -> Advance {
        self.need(e, Need::Must, Need::May)?;
        let Some(at) = self.own_p(e) else { return Ok(()) };
        if self.procs.get(at).sweeping && !fault!(self.faults, RangeTwice) {
            return reject(RejectRule::RangeBeginDup, format!("P {} begins to sweep, but it is sweeping already", e.p));
        }
        self.procs.get_mut(at).sweeping = true;
        Ok(())
    }

    pub(super) fn sweep_active(&mut self, e: &Emitted) -> Advance {
        let id = e.args[0] as i64;
        let Some(at) = self.procs.find(id) else {
            return reject(RejectRule::RangeUnknownProc, format!("a sweep is active on P {id}, which does not exist"));
        };
        let open = self.procs.get(at).sweeping;
        self.active_range(open, &|| format!("a sweep of P {id}"))?;
        if !fault!(self.faults, ActiveRangeForgotten) {
            self.procs.get_mut(at).sweeping = true;
        }
        Ok(())
    }

    /// Checks a range that is reported active: new in the first generation, open later.
    fn active_range(&self, open: bool, what: &dyn Fn() -> String) -> Result<(), Refusal> {
        match (self.first, open) {
            (true, true) if !fault!(self.faults, RangeActiveTwice) => reject(
                RejectRule::RangeActiveDup,
                format!("{} is reported active a second time in the first generation", what()),
            ),
            (false, false) if !fault!(self.faults, RangeActiveUnchecked) => {
                reject(RejectRule::RangeActiveMissing, format!("{} is reported active, but it is not open", what()))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn sweep_end(&mut self, e: &Emitted) -> Advance {
        self.need(e, Need::Must, Need::May)?;
        let Some(at) = self.own_p(e) else { return Ok(()) };
        if !self.procs.get(at).sweeping && !fault!(self.faults, RangeEndUnchecked) {
            return reject(RejectRule::RangeEndMissing, format!("P {} ends a sweep that is not open", e.p));
        }
        if !fault!(self.faults, SweepNeverEnds) {
            self.procs.get_mut(at).sweeping = false;
        }
        Ok(())
    }

    /// The place of the event's own goroutine, for a range, which must exist.
    #[inline(always)]
    fn for_range(&self, e: &Emitted, own: Option<u32>) -> Result<u32, Refusal> {
        self.full(e)?;
        match own {
            Some(at) => Ok(at),
            None => reject(
                RejectRule::RangeUnknownGoroutine,
                format!("{} belongs to goroutine {}, which does not exist", e.ty, e.g),
            ),
        }
    }

    pub(super) fn range_begin(&mut self, e: &mut Emitted, own: Option<u32>) -> Advance {
        let at = self.for_range(e, own)?;
        let desc = if e.ty == EventType::STWBegin { e.args[0] } else { 0 };
        let range = OpenRange { ty: e.ty.byte(), desc };
        let ranges = &mut self.gors.get_mut(at).extras().ranges;
        if ranges.contains(&range) && !fault!(self.faults, RangeTwice) {
            return reject(
                RejectRule::RangeBeginDup,
                format!("{} of goroutine {}, which has this range open already", e.ty, e.g),
            );
        }
        ranges.push(range);
        Ok(())
    }

    pub(super) fn assist_active(&mut self, e: &Emitted) -> Advance {
        let id = e.args[0] as i64;
        let Some(at) = self.gors.find(id) else {
            return reject(
                RejectRule::RangeUnknownGoroutine,
                format!("a mark assist is active on goroutine {id}, which does not exist"),
            );
        };
        let range = OpenRange { ty: EventType::GCMarkAssistBegin.byte(), desc: 0 };
        let open = self.gors.get(at).extras.as_ref().is_some_and(|x| x.ranges.contains(&range));
        self.active_range(open, &|| format!("a mark assist of goroutine {id}"))?;
        if !open && !fault!(self.faults, ActiveRangeForgotten) {
            self.gors.get_mut(at).extras().ranges.push(range);
        }
        Ok(())
    }

    pub(super) fn range_end(&mut self, e: &mut Emitted, own: Option<u32>) -> Advance {
        let at = self.for_range(e, own)?;
        let begin = if e.ty == EventType::STWEnd { EventType::STWBegin } else { EventType::GCMarkAssistBegin };
        let ranges = self.gors.get_mut(at).extras.as_mut().map(|x| &mut x.ranges);
        let open = ranges.and_then(|r| r.iter().position(|r| r.ty == begin.byte()).map(|i| r.swap_remove(i)));
        e.aux = 0;
        match open {
            Some(range) if !fault!(self.faults, StwKindLost) => e.aux = range.desc,
            None if !fault!(self.faults, RangeEndUnchecked) => {
                return reject(
                    RejectRule::RangeEndMissing,
                    format!("{} of goroutine {}, which has no such range open", e.ty, e.g),
                );
            }
            _ => {}
        }
        Ok(())
    }
}
