//! Processor time of campaigns. On a machine that does other things too, runs a second say
//! little; runs for each second that the processor gave do.

use rustix::process::{Pid, WaitOptions, set_child_subreaper, waitpid};
use std::fs;

/// Ticks a second of /proc (USER_HZ, which Linux fixes for programs).
const TICKS: f64 = 100.0;

/// A campaign under way.
pub struct Meter {
    before: f64,
    /// Children that this process had before: the Go reader of a target that it has run itself stays.
    others: Vec<u32>,
}

impl Meter {
    /// Starts to count. From here on what campaigns leave behind becomes a child of this process: a
    /// fuzzer does not wait for its own Go child.
    pub fn start() -> Meter {
        // Where there is no such call, the Go child's time is missing in the figures.
        let _ = set_child_subreaper(Some(rustix::process::getpid()));
        Meter { before: reaped(), others: children_of("self") }
    }

    /// Seconds of processor time of all processes that were started since, and have ended.
    pub fn stop(self) -> f64 {
        // Until none of them is left. Those of a fuzzer end when its pipes close.
        while let Some(child) = children_of("self").into_iter().find(|c| !self.others.contains(c)) {
            let _ = waitpid(Pid::from_raw(child as i32), WaitOptions::empty());
        }
        reaped() - self.before
    }
}

/// Seconds of processor time of all children that were waited for; 0 where there is no /proc.
fn reaped() -> f64 {
    let [.., user, system] = times("self");
    user + system
}

/// Seconds of processor time that a process under way and all its descendants have had so far; 0 where there is no
/// /proc.
pub fn spent_by(process: u32) -> f64 {
    let process = process.to_string();
    let own: f64 = times(&process).iter().sum();
    own + children_of(&process).into_iter().map(spent_by).sum::<f64>()
}

/// The children of a process; none where there is no /proc.
fn children_of(process: &str) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|c| c.parse().ok()).collect::<Vec<u32>>()).collect()
}

/// A process's own time in user and in system mode, and that of its children that were waited for, in seconds.
fn times(process: &str) -> [f64; 4] {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Behind the name in parentheses, which may hold anything, utime is the 12th; stime, cutime and cstime follow.
    let behind = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = |n: usize| behind.split(' ').nth(n).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
    [11, 12, 13, 14].map(|n| ticks(n) / TICKS)
}

/// Held by every test that starts a child or a meter: a meter waits for whatever child its process gets meanwhile, another
/// test's too, which that test then misses.
#[cfg(test)]
pub fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_child_from_before_is_not_waited_for() {
        let _alone = alone();
        let mut before = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let meter = Meter::start();
        Command::new("true").status().unwrap();
        assert!(meter.stop() >= 0.0);
        drop(before.stdin.take());
        before.wait().unwrap();
    }

    #[test]
    fn a_process_under_way_has_spent_time() {
        let mut n = 0u64;
        while spent_by(std::process::id()) == 0.0 {
            n = std::hint::black_box((0..1_000_000).fold(n, u64::wrapping_add));
        }
        assert_eq!(spent_by(u32::MAX), 0.0, "a process that is not there");
    }
}
