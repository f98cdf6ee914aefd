//! Emission faults that change an event on its way to the buffer. Those that need the model are
//! there, at the step that they spoil.

use super::Tracer;
use crate::fault::EmissionFault;
use crate::model::state::{Gi, Mi, State};
use tracehound_wire::EventType;
use tracehound_wire::event::{go_status, proc_status};

impl Tracer {
    /// Whether this fault is armed.
    #[inline]
    pub fn armed(&self, fault: EmissionFault) -> bool {
        self.swarm.fault == Some(fault)
    }

    /// Counts that a fault has changed something.
    pub fn hit(&mut self) {
        if !self.muted() {
            self.fault_hits += 1;
        }
    }

    /// The next event is noted as what happened, but not written.
    pub fn drop_next(&mut self) {
        self.drop_next = true;
    }

    /// Lets the armed fault at an event; false if it is not to be written.
    pub(super) fn twist(&mut self, fault: EmissionFault, ty: EventType, args: &mut [u64; 4]) -> bool {
        use EventType::*;
        if std::mem::take(&mut self.drop_next) {
            self.hit();
            return false;
        }
        let age = u64::from(self.section - self.visible_from);
        match (fault, ty) {
            (EmissionFault::SyscallBeginNumber, GoSyscallBegin) => {
                args[0] -= 1;
                self.hit();
            }
            (EmissionFault::NumbersKept, ProcStart | ProcSteal | GoStart | GoUnblock | GoSwitch) if age > 0 => {
                args[1] += age * 5;
                self.hit();
            }
            (EmissionFault::GcNumbersReset, GCActive | GCBegin | GCEnd) => {
                if self.gc_generation != self.section {
                    (self.gc_generation, self.gc_base) = (self.section, args[0] - 1);
                }
                if self.gc_base > 0 && age > 0 {
                    args[0] -= self.gc_base;
                    self.hit();
                }
            }
            (EmissionFault::SyscallProcRunning, ProcStatus) if args[1] == proc_status::SYSCALL => {
                args[1] = proc_status::RUNNING;
                self.hit();
            }
            (EmissionFault::WakeLost, GoUnblock) if (args[0] + args[1]) % 8 == 3 => {
                self.hit();
                return false;
            }
            (EmissionFault::SwitchUntraced, GoSwitch | GoSwitchDestroy) => {
                self.hit();
                return false;
            }
            _ => {}
        }
        true
    }

    /// The fault: a waiting goroutine's status once more.
    pub fn repeat_status(&mut self, s: &State, m: Mi, g: Gi) {
        let args = [s.gs[g].id, super::NONE, go_status::WAITING, 0];
        self.write(s.ms[m].tid, m, EventType::GoStatus, args);
        self.hit();
    }
}
