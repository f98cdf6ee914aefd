//! Every committed seed of every target is replayed, each as a test of its own; every folder
//! belongs to a target, and every target has its folder.

use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tracehound_fuzz::{Replayed, TARGETS, Target, replay};
use tracehound_oracle::readers::go::Toolchain;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/fuzz-seeds");
    let mut trials = vec![Trial::test("folders_and_targets_match", {
        let root = root.clone();
        move || folders(&root)
    })];
    let go = Toolchain::resolve("1.27").is_ok();
    for target in TARGETS {
        let entries = replay::files(&root.join(target.name)).unwrap_or_default();
        let needs_go = target.name == "compare_go" && !go;
        let trial = Trial::test(format!("{}::{}_entries", target.name, entries.len()), move || all(target, &entries));
        trials.push(if needs_go {
            trial.with_kind("there is no Go 1.27 here; `cargo xtask provision` gets it").with_ignored_flag(true)
        } else {
            trial
        });
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn folders(root: &Path) -> Result<(), Failed> {
    let there: BTreeSet<String> = fs::read_dir(root)?
        .map(|e| e.map(|e| e.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_, _>>()?;
    let wanted: BTreeSet<String> = TARGETS.iter().map(|t| t.name.to_owned()).collect();
    if there == wanted { Ok(()) } else { Err(format!("folders {there:?}, targets {wanted:?}").into()) }
}

/// Replays all entries, and tells of those whose choices have come to mean something else.
fn all(target: &'static Target, entries: &[PathBuf]) -> Result<(), Failed> {
    let mut stale = 0;
    for path in entries {
        let entry = fs::read(path)?;
        let outcome = std::panic::catch_unwind(|| target.replay(&entry));
        match outcome {
            Ok(Replayed::Same) => {}
            Ok(Replayed::Changed) => stale += 1,
            Err(_) => return Err(format!("{} fails; see above", path.display()).into()),
        }
    }
    if stale > 0 {
        println!(
            "{}: the choices of {stale} of {} entries make other traces now; both were run",
            target.name,
            entries.len()
        );
    }
    Ok(())
}
