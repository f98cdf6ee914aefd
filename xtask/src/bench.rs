//! Benches: record the traces that they read, then run them.

use crate::fault::{Doing, Fault, Result, repository};
use crate::{provision, record};
use std::process::Command;

/// The SDKs whose formats the benches read: the oldest and the newest.
const SDKS: [&str; 2] = ["1.22", "1.27"];

/// Records traces and runs every bench; `save` and `against` name a stored baseline.
///
/// # Errors
/// No Go SDK, or a bench that fails.
pub fn bench(save: Option<&str>, against: Option<&str>) -> Result<()> {
    let sdks: Vec<String> = SDKS.map(str::to_owned).to_vec();
    for toolchain in provision::provide(&provision::chosen(&sdks)?)? {
        record::record(&toolchain, true)?;
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(repository()).args(["bench", "--package", "tracehound-benches", "--benches", "--", "--noplot"]);
    if let Some(name) = save {
        cargo.args(["--save-baseline", name]);
    }
    if let Some(name) = against {
        cargo.args(["--baseline", name]);
    }
    let status = cargo.status().doing("cargo bench")?;
    if status.success() { Ok(()) } else { Err(Fault::new(format!("cargo bench: {status}"))) }
}
