//! The Go sources of the worker, carried inside the program so that an installed binary
//! works without the repository.

macro_rules! sources {
    ($($name:literal)*) => {
        /// File name and content of each source of `adapters/go/worker`.
        pub(super) const SOURCES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../../../adapters/go/worker/", $name)))),*];
    };
}

sources! {
    "api_go122.go"
    "api_go123.go"
    "experimental_go123.go"
    "form.go"
    "hello.go"
    "main.go"
    "pipe.go"
    "raw.go"
    "reports_go123.go"
    "reports_go124.go"
    "reports_go125.go"
    "reports_go126.go"
    "serve.go"
    "stacks.go"
    "sync_go122.go"
    "sync_go125.go"
    "time.go"
    "walk_go122.go"
    "walk_go124.go"
}

/// What takes the place of the worker's `main.go` in the coverage worker.
pub(super) const COVERAGE_MAIN: &str = include_str!("../../../../../adapters/go/coverage/main.go");

/// What takes the place of the SDK's `internal/fuzz/trace.go` in the coverage worker.
pub(super) const COVERAGE_HOOKS: &str = include_str!("../../../../../adapters/go/coverage/hooks.go");

/// What is added to the worker's sources where the reader's statements are counted.
pub(super) const STATEMENTS_HOOK: (&str, &str) =
    ("statements.go", include_str!("../../../../../adapters/go/coverage/statements.go"));

#[cfg(test)]
mod tests {
    use super::SOURCES;
    use std::path::Path;

    #[test]
    fn every_go_file_of_the_adapter_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../adapters/go/worker");
        let mut on_disk: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .filter(|n| n.ends_with(".go"))
            .collect();
        on_disk.sort();
        let embedded: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).collect();
        assert_eq!(on_disk, embedded);
    }
}
