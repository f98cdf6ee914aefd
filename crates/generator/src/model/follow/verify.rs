//! Whether a history has the events of a generation: the check of a lifted case, which does not
//! trust the one who lifted it.

use super::{Lifted, Observed, Segment};
use crate::history::{ExpectedEvent, History, Visible};
use rustc_hash::FxHashMap;
use std::string::String;
use tracehound_wire::{EventType::*, NONE_ID};

/// Pairs of ids, one to one.
#[derive(Default)]
struct Pairs {
    there: FxHashMap<u64, u64>,
    back: FxHashMap<u64, u64>,
}

impl Pairs {
    fn fit(&mut self, a: u64, b: u64) -> bool {
        if a == NONE_ID || b == NONE_ID {
            return a == b;
        }
        *self.there.entry(a).or_insert(b) == b && *self.back.entry(b).or_insert(a) == a
    }
}

/// Whether the first generation of `history` has, thread by thread, the events of `segment`: their types, Ps, statuses and
/// sequence numbers, and their threads and goroutines up to new names. The tracer's own statuses are compared by
/// goroutine. Times, stacks, strings, sizes and the numbers of user tasks are not compared.
///
/// # Errors
/// The first difference, for people.
pub fn reproduces(segment: &Segment<'_>, lifted: &Lifted, history: &History) -> Result<(), String> {
    let expected = history.expected();
    let end = expected.generations.get(1).map_or(expected.events.len(), |g| g.first_event);
    let mut own: FxHashMap<u64, Vec<&ExpectedEvent>> = FxHashMap::default();
    for e in expected.events[..end].iter().filter(|e| !e.derived) {
        own.entry(e.stream).or_default().push(e);
    }
    let mut check = Check::default();
    let mut at: FxHashMap<u64, usize> = FxHashMap::default();
    for &(real, name) in &lifted.threads {
        if !check.threads.fit(name, real) {
            return Err(format!("thread {real} has two names"));
        }
    }
    for o in segment.events.iter().filter(|o| o.thread != NONE_ID) {
        let Some(&name) = check.threads.back.get(&o.thread) else { return Err(format!("no thread {}", o.thread)) };
        let k = at.entry(name).or_default();
        let Some(e) = own.get(&name).and_then(|list| list.get(*k)) else {
            return Err(format!("thread {} has fewer events", o.thread));
        };
        *k += 1;
        check.event(e, o)?;
    }
    for (name, list) in own.iter().filter(|(name, _)| **name != NONE_ID) {
        if at.get(name).copied().unwrap_or(0) != list.len() {
            return Err(format!("thread {name} has more events: {:?}", list[at.get(name).copied().unwrap_or(0)].ty));
        }
    }
    check.quiet(segment, own.get(&NONE_ID).map_or(&[], |list| list.as_slice()))
}

#[derive(Default)]
struct Check {
    threads: Pairs,
    goroutines: Pairs,
    gc: Option<i64>,
}

impl Check {
    fn event(&mut self, e: &ExpectedEvent, o: &Observed) -> Result<(), String> {
        let (a, b) = (e.args, o.args);
        let fits = e.ty == o.ty
            && match e.ty {
                ProcStatus | ProcStart => a[..2] == b[..2],
                ProcSteal => {
                    let left = e.transition.is_some_and(|t| t.old == Visible::Idle);
                    a[..2] == b[..2] && (left || self.threads.fit(a[2], b[2]))
                }
                GoStatus => self.goroutines.fit(a[0], b[0]) && self.threads.fit(a[1], b[1]) && a[2] == b[2],
                GoStart | GoUnblock | GoSwitch | GoSwitchDestroy => self.goroutines.fit(a[0], b[0]) && a[1] == b[1],
                GoCreate | GoCreateBlocked | GoCreateSyscall | GCMarkAssistActive => self.goroutines.fit(a[0], b[0]),
                GoSyscallBegin | ProcsChange | GCSweepActive => a[0] == b[0],
                GCActive | GCBegin | GCEnd => {
                    let base = b[0] as i64 - a[0] as i64;
                    *self.gc.get_or_insert(base) == base
                }
                _ => true,
            };
        if fits {
            return Ok(());
        }
        Err(format!("{:?} {:?} on thread {} came out as {:?} {:?}", o.ty, o.args, o.thread, e.ty, e.args))
    }

    fn quiet(&mut self, segment: &Segment<'_>, own: &[&ExpectedEvent]) -> Result<(), String> {
        let status = |ty| matches!(ty, GoStatus | GoStatusStack);
        let mut told: FxHashMap<u64, (u64, u64)> = FxHashMap::default();
        let mut unnamed: FxHashMap<(u64, u64), usize> = FxHashMap::default();
        for o in segment.events.iter().filter(|o| o.thread == NONE_ID && status(o.ty)) {
            told.insert(o.args[0], (o.args[2], o.args[1]));
        }
        for e in own.iter().filter(|e| status(e.ty)) {
            let thread = self.threads.there.get(&e.args[1]).copied();
            match self.goroutines.there.get(&e.args[0]).and_then(|real| told.remove(real)) {
                Some((code, tid)) if code == e.args[2] && (tid == NONE_ID || thread.is_none_or(|t| t == tid)) => {}
                Some(_) => return Err("a quiet goroutine is elsewhere".to_owned()),
                // Nothing else tells of it, so that any goroutine with this state will do.
                None => *unnamed.entry((e.args[2], thread.unwrap_or(NONE_ID))).or_default() += 1,
            }
        }
        for (code, tid) in told.into_values() {
            let tid = if self.threads.back.contains_key(&tid) { tid } else { NONE_ID };
            match unnamed.get_mut(&(code, tid)) {
                Some(n) if *n > 0 => *n -= 1,
                _ => return Err(format!("no quiet goroutine has state {code}")),
            }
        }
        match unnamed.values().all(|&n| n == 0) {
            true => Ok(()),
            false => Err("there are more quiet goroutines".to_owned()),
        }
    }
}
