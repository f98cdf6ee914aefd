//! The report's test in headless Chromium: finds the browser, installs it where that is
//! wanted and possible, and runs the test.

use crate::fault::{Doing, Fault, Result, repository};
use std::path::Path;
use std::process::Command;

const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// Runs the browser test; with `picture`, the page's picture is written there.
pub fn browser_test(install: bool, picture: Option<&Path>) -> Result<()> {
    if !is_there() && install {
        apt_get(&["update"])?;
        apt_get(&["install", "--yes", "--no-install-recommends", "chromium"])?;
    }
    if !is_there() {
        return Err(Fault::new(
            "no Chromium on the PATH: install it, run this with --install where apt-get is, or set TRACEHOUND_CHROMIUM",
        ));
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(repository()).args(["test", "-p", "tracehound-report", "--test", "browser"]);
    if let Some(path) = picture {
        cargo.env("TRACEHOUND_SCREENSHOT", std::path::absolute(path).doing(path.display())?);
    }
    succeed(&mut cargo)
}

fn is_there() -> bool {
    let dirs: Vec<_> = std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect();
    std::env::var_os("TRACEHOUND_CHROMIUM").is_some_and(|p| Path::new(&p).is_file())
        || NAMES.iter().any(|name| dirs.iter().any(|dir| dir.join(name).is_file()))
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    succeed(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn succeed(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().doing(&program)?;
    if status.success() { Ok(()) } else { Err(Fault::new(format!("{program}: {status}"))) }
}
