//! Crashes of the fuzzer as findings, in the shape of the hunt's.
//!
//! An input that is choices is a case of the hunt, and becomes a finding through the hunt's own
//! code. Bytes are no case: they are kept as a trace, as they are; `tracehound shrink` makes
//! them smaller.

use crate::fault::{Doing, Result, repository};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use tracehound_fuzz::choices::MadeCase;
use tracehound_fuzz::{Input, Target};
use tracehound_oracle::hunt::{self, Examiner, Finding, Presentation, Setup};
use tracehound_wire::{Expect, TestFile};

/// Where findings go, below the root.
const FINDINGS: &str = "findings";

/// Writes the finding behind a crash and says where it is.
///
/// # Errors
/// If it cannot be read or written.
pub fn finding(target: &Target, crash: &Path) -> Result<()> {
    let input = fs::read(crash).doing(format!("read {}", crash.display()))?;
    println!("{}: crash in {}", target.name, crash.display());
    if let Input::Choices(case) = target.input
        && let Some(case) = case(&input)
        && of_choices(case)?
    {
        return Ok(());
    }
    of_bytes(target, &input)
}

/// Whether the case breaks a law here too, and so became a finding.
fn of_choices(case: MadeCase) -> Result<bool> {
    let setup = Setup::default();
    let mut examiner = Examiner::new(&setup).doing("start the built-in reader")?;
    let Some(breach) = examiner.examine(&[case]).into_iter().next() else { return Ok(false) };
    let mut finding = Finding::shrink(&setup, &breach, 1, &Default::default()).doing("shrink the finding")?;
    let presentation = Presentation { command: "tracehound replay".into(), page: None };
    let folder = hunt::write(&repository().join(FINDINGS), &mut finding, &presentation).doing("write the finding")?;
    println!("finding: {}", folder.display());
    Ok(true)
}

fn of_bytes(target: &Target, input: &[u8]) -> Result<()> {
    let unsteady = || "unsteady: it does not fail here; look into the fuzzer's own log".to_owned();
    let words = words(target, input).unwrap_or_else(unsteady);
    let kind: String = words.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let folder = repository().join(FINDINGS).join(format!("{}-{kind}-{:08x}", target.name, short_name(input)));
    let write = |name: &str, bytes: &[u8]| {
        fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(name), bytes)).doing(format!("write {name}"))
    };
    write("trace.bin", input)?;
    if let Ok(file) = TestFile::from_binary(input, Expect::Success) {
        write("trace.test", &file.to_bytes())?;
    }
    let readme = format!(
        "# The fuzz target {} fails\n\nIts law: {}.\n\nWhat was seen:\n\n```\n{words}\n```\n\nTo see it again:\n\n    cargo run -p tracehound-fuzz --bin {} -- {}\n",
        target.name,
        target.law,
        target.name,
        folder.join("trace.bin").strip_prefix(repository()).unwrap_or(&folder).display(),
    );
    write("README.md", readme.as_bytes())?;
    println!("finding: {}", folder.display());
    Ok(())
}

/// What the target says when it fails on `input`.
fn words(target: &Target, input: &[u8]) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| (target.run)(input))).err()?;
    let words = panic.downcast_ref::<String>().map(String::as_str);
    Some(words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned())
}

/// A short name for an input: FNV-1a, 32 bits.
fn short_name(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |h: u32, &b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}
