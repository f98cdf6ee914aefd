//! Every planted condition is met by the trace that is made by hand for it, and not by the one
//! that the fuzzers start from: otherwise the proof of guidance would prove nothing.

use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tracehound_fuzz::guide::GoReader;
use tracehound_fuzz::plant::Plant;
use tracehound_oracle::readers::go::{Recipe, Toolchain};
use tracehound_oracle::readers::{Limits, ReaderUnderTest};
use tracehound_oracle::verdict::{Mode, Verdict};

const LIMITS: Limits = Limits { deadline: Duration::from_secs(20), grace: Duration::ZERO, memory: 4 << 30 };

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plants");
    let go = Toolchain::resolve("1.27").is_ok();
    let plants = Plant::files(&folder).unwrap_or_default();
    let fire = |path: PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let trial = Trial::test(format!("{name}_fires"), move || fires(&path));
        if go { trial } else { trial.with_kind("there is no Go 1.27 here").with_ignored_flag(true) }
    };
    let trials = plants.into_iter().map(fire).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn fires(path: &Path) -> Result<(), Failed> {
    let toolchain = Toolchain::resolve("1.27")?;
    let recipe = Plant::from_file(path)?.add_to(Recipe::coverage(), &toolchain)?;
    let mut go = GoReader::start(&toolchain, &recipe, LIMITS, false)?;
    let mut says = |trace: &Path| Ok::<_, Failed>(go.read(&Plant::trace(trace)?, Mode::Digest).verdict);
    let start = says(&path.with_file_name("start.test"))?;
    if start != Verdict::Accepted {
        return Err(format!("the trace to start from: {start}").into());
    }
    match says(&path.with_extension("test"))? {
        Verdict::Panicked { message } if message.starts_with("planted: ") => Ok(()),
        other => Err(format!("the trace made by hand: {other}").into()),
    }
}
