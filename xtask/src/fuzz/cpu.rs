//! Processor time of campaigns. On a machine that does other things too, runs a second say
//! little; runs for each second that the processor gave do.

use rustix::process::{WaitOptions, set_child_subreaper, wait};
use std::fs;

/// Ticks a second of /proc (USER_HZ, which Linux fixes for programs).
const TICKS: f64 = 100.0;

/// A campaign under way.
pub struct Meter {
    before: f64,
}

impl Meter {
    /// Starts to count. From here on what campaigns leave behind becomes a child of this process: a
    /// fuzzer does not wait for its own Go child.
    pub fn start() -> Meter {
        // Where there is no such call, the Go child's time is missing in the figures.
        let _ = set_child_subreaper(Some(rustix::process::getpid()));
        Meter { before: children() }
    }

    /// Seconds of processor time of all processes that were started since, and have ended.
    pub fn stop(self) -> f64 {
        // Until no child is left. Those of a fuzzer end when its pipes close.
        while wait(WaitOptions::empty()).is_ok() {}
        children() - self.before
    }
}

/// Seconds of processor time of all children that were waited for; 0 where there is no /proc.
fn children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name in parentheses, which may hold anything, cutime and cstime are the 14th and 15th.
    let behind = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = |n: usize| behind.split(' ').nth(n).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(13) + ticks(14)) / TICKS
}
