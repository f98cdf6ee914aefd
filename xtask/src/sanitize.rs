//! The crates with `unsafe` code, tested where the least wrong use of memory ends a test: under AddressSanitizer, and
//! what needs no system call under Miri.

use crate::cargo::{cargo, succeeds};
use crate::fault::{Fault, Result, repository};
use crate::tally::Tally;
use std::process::Command;

/// The crates whose own code has an `unsafe` block.
const CRATES: [&str; 2] = ["tracehound-mapped", "tracehound-parser"];
/// The module of the parser that has one; Miri is too slow for the rest, and cannot map files.
const INSTRUCTIONS: &str = "bits::";
/// Miri only believes that the processor has these if it is told so.
const FEATURES: &str = "-Ctarget-feature=+bmi1,+bmi2";

/// Which of the two.
#[derive(clap::Args)]
pub struct Options {
    /// Leave Miri out, which installs a nightly toolchain
    #[arg(long)]
    no_miri: bool,
}

/// Runs both.
///
/// # Errors
/// If a program does not start, or this machine has no AddressSanitizer.
pub fn sanitize(options: &Options) -> Result<Tally> {
    let mut tally = Tally::default();
    let asan = succeeds(&mut address()?)?;
    tally.report(asan, format_args!("{} under AddressSanitizer", CRATES.join(" and ")));
    if !options.no_miri {
        let miri = succeeds(rustup().args(["toolchain", "install", "nightly", "--component", "miri,rust-src"]))?
            && succeeds(&mut miri())?;
        tally.report(miri, format_args!("the parser's {INSTRUCTIONS} under Miri"));
    }
    Ok(tally)
}

/// The tests of the crates, built with the sanitizer that comes with the toolchain.
fn address() -> Result<Command> {
    let host = "x86_64-unknown-linux-gnu";
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(Fault::new(format!("AddressSanitizer is used on {host} only")));
    }
    // The target is said by name, so that build scripts and macros are left as they are.
    let mut tests =
        cargo(&["test", "--quiet", "--lib", "--tests", "--target", host, "--target-dir", "target/sanitize"]);
    tests.args(CRATES.iter().flat_map(|name| ["--package", name]));
    // The signal of a file that became shorter is one that a test waits for.
    tests.env("ASAN_OPTIONS", "handle_sigbus=0");
    tests.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
    Ok(tests)
}

fn miri() -> Command {
    let mut command = rustup();
    command.args(["run", "nightly", "cargo", "miri", "test", "--target-dir", "target/miri"]);
    command.args(["--package", "tracehound-parser", "--lib", "--", INSTRUCTIONS]).env("RUSTFLAGS", FEATURES);
    command
}

/// Rustup, without what this program's own cargo has set.
fn rustup() -> Command {
    let mut command = Command::new("rustup");
    command.current_dir(repository());
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    command
}
