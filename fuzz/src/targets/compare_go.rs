//! Any bytes into Go's reader and ours.
//!
//! `TRACEHOUND_FUZZ_GO` names the Go version or a GOROOT (default: the newest release that is
//! known here); `TRACEHOUND_FUZZ_UNGUIDED` switches Go's coverage off, to see what it is worth;
//! `TRACEHOUND_FUZZ_PLANT` names a file with a condition to plant in Go's reader (see
//! [`crate::plant`]), which the fuzzer then has to find.

use crate::guide::{GoReader, GuideError};
use crate::plant::Plant;
use crate::target::{Input, Keep, Target};
use std::cell::RefCell;
use std::env;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;
use tracehound_oracle::laws::resolve;
use tracehound_oracle::readers::go::{Recipe, Toolchain};
use tracehound_oracle::readers::{Builtin, Limits, ReaderUnderTest};
use tracehound_oracle::verdict::{Comparison, Difference, Mode};
use tracehound_parser::Options;
use tracehound_wire::{Mishap, parse_header};

/// The row in the list of targets.
pub const TARGET: Target = Target {
    name: "compare_go",
    law: "whatever the bytes, our reader and Go's say the same",
    input: Input::Trace,
    max_len: 4096,
    run,
};

/// The variable that names the Go whose reader is followed: a version, or a GOROOT.
pub const GO_ENV: &str = "TRACEHOUND_FUZZ_GO";

/// The Go release whose reader is followed unless told otherwise.
const GO: &str = "1.27";

/// Go's reader takes microseconds for what fits into a fuzzer's input.
/// A machine that does much else can let it wait for seconds.
const LIMITS: Limits = Limits { deadline: Duration::from_secs(15), grace: Duration::ZERO, memory: 4 << 30 };

/// How often readers that part are compared again, each time with many answers. Go's reader walks maps, over the threads to
/// fill its frontier and to find who holds a P, so that of two another one may come first in one of eight readings. Of
/// millions of inputs some would be taken for findings if that were asked seventy times.
const ASKED_AGAIN: usize = 8;

struct Pair {
    go: GoReader,
    ours: Builtin,
}

thread_local! {
    static PAIR: RefCell<Option<Pair>> = const { RefCell::new(None) };
}

fn run(bytes: &[u8]) -> Keep {
    // Go converts v1 traces, which takes it milliseconds each; ours refuses them by design.
    if parse_header(bytes).is_err_and(|e| matches!(e.mishap, Mishap::V1Trace { .. })) {
        return Keep::No;
    }
    PAIR.with_borrow_mut(|pair| {
        let pair = pair.get_or_insert_with(|| Pair::start().unwrap_or_else(|e| no_reader(&e)));
        pair.compare(bytes);
    });
    Keep::Yes
}

/// Builds Go's reader as the target needs it, unless it was built before: that takes longer than an engine waits
/// for an input.
///
/// # Errors
/// If there is no Go toolchain, or it does not build the worker.
pub fn prepare() -> Result<(), GuideError> {
    toolchain()?.worker_of(&Recipe::coverage())?;
    Ok(())
}

static FOLLOWED: OnceLock<String> = OnceLock::new();

/// Follows the reader of this Go, a version or a GOROOT, in the whole process. Does nothing once one is followed.
pub fn follow(go: &str) {
    FOLLOWED.get_or_init(|| go.to_owned());
}

/// The Go whose reader is followed: what [`follow`] or [`GO_ENV`] says, or the newest release that is known here.
pub fn followed() -> &'static str {
    FOLLOWED.get_or_init(|| env::var(GO_ENV).unwrap_or_else(|_| GO.to_owned()))
}

fn toolchain() -> Result<Toolchain, GuideError> {
    Ok(Toolchain::resolve(followed())?)
}

impl Pair {
    fn start() -> Result<Pair, GuideError> {
        let toolchain = toolchain()?;
        let mut recipe = Recipe::coverage();
        if let Some(plant) = env::var_os("TRACEHOUND_FUZZ_PLANT") {
            recipe = Plant::from_file(Path::new(&plant))?.add_to(recipe, &toolchain)?;
        }
        let guides = env::var_os("TRACEHOUND_FUZZ_UNGUIDED").is_none();
        let go = GoReader::start(&toolchain, &recipe, LIMITS, guides)?;
        let ours = Builtin::like(go.hello(), Options::default());
        Ok(Pair { go, ours })
    }

    fn compare(&mut self, bytes: &[u8]) {
        let theirs = self.go.read(bytes, Mode::Digest);
        let ours = self.ours.read(bytes, Mode::Digest);
        let mut comparison = resolve(&mut self.ours, &ours, &mut self.go, &theirs, bytes);
        for _ in 0..ASKED_AGAIN {
            if !matches!(comparison, Comparison::Differ(_)) {
                break;
            }
            comparison = resolve(&mut self.ours, &ours, &mut self.go, &theirs, bytes);
        }
        self.go.show();
        match comparison {
            Comparison::Agree | Comparison::NotComparable(_) => {}
            Comparison::Differ(Difference::Verdicts(ours, theirs)) => {
                verdicts_differ(&format!("ours {ours}; Go's {theirs}"));
            }
            Comparison::Differ(Difference::Rules(ours, theirs)) => {
                rules_differ(&format!("ours {ours}; Go's {theirs}"));
            }
            Comparison::Differ(Difference::Events(d)) => {
                events_differ(&format!("{d}\nours {:?}, Go's {:?}", ours.digest, theirs.digest));
            }
        }
    }
}

// Crash bins are told apart by the innermost function that is not the panic's own.

#[inline(never)]
fn verdicts_differ(how: &str) -> ! {
    panic!("verdicts-differ: {how}")
}

#[inline(never)]
fn rules_differ(how: &str) -> ! {
    panic!("rules-differ: {how}")
}

#[inline(never)]
fn events_differ(how: &str) -> ! {
    panic!("events-differ: {how}")
}

/// Not a finding: says so and ends the fuzzer without an artifact.
fn no_reader(e: &GuideError) -> ! {
    eprintln!("compare_go: {e}");
    std::process::exit(2)
}
