//! Go's own reader, timed inside its own process.

use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tracehound_oracle::readers::go::Toolchain;

/// Events and best time of several passes of a Go release's bare reader (no accessor called)
/// over a trace in memory; the reason if that is not to be had.
pub fn best_of(release: &str, passes: u32, trace: &Path) -> Result<(u64, Duration), String> {
    let worker = Toolchain::resolve(release).and_then(|t| t.worker()).map_err(|e| e.to_string())?;
    let output = Command::new(worker)
        .args(["-time", &passes.to_string()])
        .arg(trace)
        .env("GOMAXPROCS", "1")
        .output()
        .map_err(|e| e.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let passes = text.lines().filter_map(|line| {
        let (events, nanos) = line.split_once(' ')?;
        Some((nanos.parse().ok()?, events.parse().ok()?))
    });
    let (nanos, events) = passes.min().ok_or("the worker printed nothing")?;
    Ok((events, Duration::from_nanos(nanos)))
}
