//! Which traces the benches read: those that `cargo xtask bench` has just recorded.

use std::path::PathBuf;
use tracehound_oracle::readers::go::toolchain::cache_folder;

/// A trace to read.
pub struct BenchTrace {
    /// Name for tables: release and workload.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The largest recorded traces of each Go SDK in the cache folder, by name; none if nothing
/// has been recorded. With `all` false only the first of each SDK.
pub fn recorded(all: bool) -> Vec<BenchTrace> {
    let Ok(cache) = cache_folder() else { return Vec::new() };
    let list = |folder: PathBuf| -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> =
            std::fs::read_dir(folder).map(|d| d.flatten().map(|e| e.path()).collect()).unwrap_or_default();
        found.sort();
        found
    };
    let mut traces = Vec::new();
    for sdk in list(cache.join("traces")) {
        let files: Vec<PathBuf> =
            list(sdk.join("large")).into_iter().filter(|p| p.extension().is_some_and(|e| e == "trace")).collect();
        for path in files.into_iter().take(if all { usize::MAX } else { 1 }) {
            let part = |p: &std::path::Path| p.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let version = sdk.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if let Ok(bytes) = std::fs::read(&path) {
                traces.push(BenchTrace { name: format!("{version}/{}", part(&path)), path, bytes });
            }
        }
    }
    traces
}
