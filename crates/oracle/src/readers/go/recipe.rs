//! What goes into a worker: the sources over the host command, changes to the SDK's own
//! packages, and how the compiler instruments them.

use super::sources::{COVERAGE_HOOKS, COVERAGE_MAIN, SOURCES, STATEMENTS_HOOK};
use std::borrow::Cow;
use std::path::PathBuf;

/// How a worker is built.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Recipe {
    /// File name and content of each source of the program.
    pub(super) sources: Vec<(&'static str, &'static str)>,
    /// Files of the SDK that are replaced or added: path below `src`, content.
    pub(super) replaced: Vec<(PathBuf, Cow<'static, [u8]>)>,
    /// Flags of `go build`.
    pub(super) flags: &'static [&'static str],
}

impl Recipe {
    /// The worker that speaks the protocol.
    pub fn plain() -> Recipe {
        Recipe { sources: SOURCES.to_vec(), replaced: Vec::new(), flags: &[] }
    }

    /// The worker that a fuzzer runs over shared memory, with the reader's edge counters and
    /// comparisons (`adapters/go/coverage`).
    pub fn coverage() -> Recipe {
        let mut recipe = Recipe::plain();
        for (name, content) in &mut recipe.sources {
            if *name == "main.go" {
                *content = COVERAGE_MAIN;
            }
        }
        let hooks = Cow::Borrowed(COVERAGE_HOOKS.as_bytes());
        recipe.replaced.push(("internal/fuzz/trace.go".into(), hooks));
        recipe.flags = &["-gcflags=internal/trace/...=-d=libfuzzer"];
        recipe
    }

    /// The worker that speaks the protocol and, when it ends, leaves in the folder `GOCOVERDIR` which of the
    /// reader's statements were run.
    pub fn statements() -> Recipe {
        let mut recipe = Recipe::plain();
        recipe.sources.push(STATEMENTS_HOOK);
        recipe.flags = &["-cover", "-coverpkg=internal/trace"];
        recipe
    }

    /// This recipe with the SDK's file at `path` (below `src`) replaced, or added if there is none:
    /// how a fault gets into Go's reader without touching the SDK.
    pub fn replace(mut self, path: impl Into<PathBuf>, content: Vec<u8>) -> Recipe {
        self.replaced.push((path.into(), Cow::Owned(content)));
        self
    }
}
