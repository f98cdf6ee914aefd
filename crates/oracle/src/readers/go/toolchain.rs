//! Finding Go toolchains: by version, by release, by path.
//!
//! Nothing here is downloaded; the worker is built by [`Toolchain::worker`].
//! The module knows where toolchains usually lie, and nothing about traces.

use super::error::ToolchainError;
use std::cmp::Ordering;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Environment variable with folders (separated as in PATH) that are Go roots or hold some.
pub const SDKS_VARIABLE: &str = "TRACEHOUND_GO_SDKS";
/// Environment variable that names the cache folder.
pub const CACHE_VARIABLE: &str = "TRACEHOUND_CACHE";

/// The oldest minor release with a v2 reader.
const FIRST_MINOR: u32 = 22;

/// A Go toolchain on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    goroot: PathBuf,
    version: String,
}

impl Toolchain {
    /// The toolchain that `spec` names: a version (`1.27.3`), a release (`1.27`: its newest
    /// version found), a Go root, or a go program. A leading `go` of a version may be there or not.
    ///
    /// # Errors
    /// [`ToolchainError::NotFound`] if no such version was found, [`ToolchainError::NotAToolchain`]
    /// for a path that leads to none, [`ToolchainError::TooOld`] below 1.22.
    pub fn resolve(spec: &str) -> Result<Toolchain, ToolchainError> {
        let version = spec.strip_prefix("go").unwrap_or(spec);
        if !version.starts_with(|c: char| c.is_ascii_digit()) || spec.contains(['/', '\\']) {
            return Toolchain::at(Path::new(spec));
        }
        let found = Toolchain::all();
        pick(version, &found).cloned().ok_or_else(|| ToolchainError::NotFound {
            wanted: version.to_owned(),
            found: match found.as_slice() {
                [] => "none".to_owned(),
                some => some.iter().map(Toolchain::version).collect::<Vec<_>>().join(", "),
            },
        })
    }

    /// The toolchain at a Go root or behind a go program.
    ///
    /// # Errors
    /// As [`Toolchain::resolve`] for paths.
    pub fn at(path: &Path) -> Result<Toolchain, ToolchainError> {
        let not = |why: &str| ToolchainError::NotAToolchain { path: path.to_owned(), why: why.to_owned() };
        let real = path.canonicalize().map_err(|e| not(&e.to_string()))?;
        let goroot = if real.is_dir() { real } else { goroot_of_program(&real).ok_or_else(|| not("no Go root"))? };
        if !go_program(&goroot).is_file() {
            return Err(not("bin/go is missing"));
        }
        let version = version_of(&goroot).ok_or_else(|| not("it does not tell its version"))?;
        let toolchain = Toolchain { goroot, version };
        match toolchain.minor() {
            Some(minor) if minor < FIRST_MINOR => Err(ToolchainError::TooOld { version: toolchain.version }),
            _ => Ok(toolchain),
        }
    }

    /// Every usable toolchain found, oldest first, one for each version. Places, the first
    /// wins: [`SDKS_VARIABLE`], PATH, `~/sdk/go*`, `/usr/local/go`, the cache folder.
    pub fn all() -> Vec<Toolchain> {
        let mut found: Vec<Toolchain> = Vec::new();
        for root in candidate_roots() {
            if let Ok(t) = Toolchain::at(&root)
                && found.iter().all(|f| f.version != t.version)
            {
                found.push(t);
            }
        }
        found.sort_by(|a, b| by_version(&a.version, &b.version));
        found
    }

    /// The version without the leading `go`, such as `1.27.3`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The release, such as `1.27`; the whole version if it is not of that shape.
    pub fn release(&self) -> &str {
        release_of(&self.version)
    }

    /// The Go root.
    pub fn goroot(&self) -> &Path {
        &self.goroot
    }

    /// The folder of the v2 reader's package.
    pub fn trace_package(&self) -> PathBuf {
        let package = self.goroot.join("src/internal/trace");
        if self.minor() == Some(FIRST_MINOR) { package.join("v2") } else { package }
    }

    /// The go command of this toolchain, closed in: no other toolchain, no network, no user
    /// settings, its build cache in the cache folder, no cgo.
    ///
    /// # Errors
    /// [`ToolchainError::NoCache`].
    pub fn command(&self) -> Result<Command, ToolchainError> {
        let cache = cache_folder()?;
        let mut command = Command::new(go_program(&self.goroot));
        command
            .env("GOROOT", &self.goroot)
            .env("GOCACHE", cache.join("gocache"))
            .env("GOPATH", cache.join("gopath"))
            .envs([("GOTOOLCHAIN", "local"), ("GOPROXY", "off"), ("GOENV", "off"), ("GOFLAGS", "")])
            .envs([("GOWORK", "off"), ("GOTELEMETRY", "off"), ("CGO_ENABLED", "0")]);
        for variable in ["GOOS", "GOARCH", "GOEXPERIMENT", "GODEBUG", "GO111MODULE"] {
            command.env_remove(variable);
        }
        Ok(command)
    }

    fn minor(&self) -> Option<u32> {
        self.release().strip_prefix("1.")?.parse().ok()
    }
}

/// The folder for what is built and downloaded, outside any work tree: `$TRACEHOUND_CACHE`,
/// or `tracehound` in `$XDG_CACHE_HOME`, or in `~/.cache`.
///
/// # Errors
/// [`ToolchainError::NoCache`] if none of the variables is set.
pub fn cache_folder() -> Result<PathBuf, ToolchainError> {
    let set = |name: &str| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set(CACHE_VARIABLE)
        .or_else(|| set("XDG_CACHE_HOME").map(|p| p.join("tracehound")))
        .or_else(|| env::home_dir().map(|p| p.join(".cache/tracehound")))
        .ok_or(ToolchainError::NoCache)
}

fn go_program(goroot: &Path) -> PathBuf {
    goroot.join("bin").join(format!("go{}", env::consts::EXE_SUFFIX))
}

/// The best of `found` (oldest first) for a version or a release.
fn pick<'a>(wanted: &str, found: &'a [Toolchain]) -> Option<&'a Toolchain> {
    found.iter().find(|t| t.version == wanted).or_else(|| found.iter().rev().find(|t| t.release() == wanted))
}

fn release_of(version: &str) -> &str {
    let Some(rest) = version.strip_prefix("1.") else { return version };
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    &version[..2 + digits]
}

/// Orders versions by their numbers: 1.9 before 1.22, 1.26.6 before 1.27.3.
fn by_version(a: &str, b: &str) -> Ordering {
    let numbers =
        |v: &str| v.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().unwrap_or(0u32)).collect::<Vec<_>>();
    numbers(a).cmp(&numbers(b)).then_with(|| a.cmp(b))
}

fn candidate_roots() -> Vec<PathBuf> {
    let mut roots = Vec::new();
    for folder in env::var_os(SDKS_VARIABLE).iter().flat_map(env::split_paths) {
        roots.push(folder.clone());
        roots.extend(roots_in(&folder));
    }
    for folder in env::var_os("PATH").iter().flat_map(env::split_paths) {
        let program = folder.join(format!("go{}", env::consts::EXE_SUFFIX));
        if program.is_file() {
            roots.push(program);
        }
    }
    if let Some(home) = env::home_dir() {
        roots.extend(roots_in(&home.join("sdk")));
    }
    roots.push(PathBuf::from("/usr/local/go"));
    if let Ok(cache) = cache_folder() {
        roots.extend(roots_in(&cache.join("sdk")));
    }
    roots
}

/// The children of `folder`, and the folder `go` in each, in the order of their names.
fn roots_in(folder: &Path) -> Vec<PathBuf> {
    let mut children: Vec<PathBuf> = fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|e| e.path()).filter(|p| p.is_dir()).collect())
        .unwrap_or_default();
    children.sort();
    children.into_iter().flat_map(|c| [c.join("go"), c]).collect()
}

fn version_of(goroot: &Path) -> Option<String> {
    let from_file = fs::read_to_string(goroot.join("VERSION")).ok();
    let text = from_file.or_else(|| go_env(&go_program(goroot), "GOVERSION"))?;
    let line = text.lines().next()?.trim();
    let from = line.find("go1.")?;
    Some(line[from + 2..].split_whitespace().next()?.to_owned())
}

/// The root of a go program: the folder above its own, unless it is a wrapper, which then is asked.
fn goroot_of_program(program: &Path) -> Option<PathBuf> {
    let above = program.parent()?.parent()?;
    if above.join("src/internal").is_dir() {
        return Some(above.to_owned());
    }
    Path::new(&go_env(program, "GOROOT")?).canonicalize().ok()
}

fn go_env(program: &Path, variable: &str) -> Option<String> {
    let output = Command::new(program).args(["env", variable]).env("GOTOOLCHAIN", "local").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toolchains(versions: &[&str]) -> Vec<Toolchain> {
        versions.iter().map(|v| Toolchain { goroot: PathBuf::new(), version: (*v).to_owned() }).collect()
    }

    fn fake_goroot(version_file: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("bin")).unwrap();
        fs::create_dir_all(root.path().join("src/internal")).unwrap();
        fs::write(go_program(root.path()), "").unwrap();
        fs::write(root.path().join("VERSION"), version_file).unwrap();
        root
    }

    #[test]
    fn a_release_means_its_newest_version() {
        let found = toolchains(&["1.22.10", "1.27.1", "1.27.3", "1.28rc1"]);
        assert_eq!(pick("1.27", &found).unwrap().version(), "1.27.3");
        assert_eq!(pick("1.27.1", &found).unwrap().version(), "1.27.1");
        assert_eq!(pick("1.28", &found).unwrap().version(), "1.28rc1");
        assert!(pick("1.2", &found).is_none());
    }

    #[test]
    fn versions_are_ordered_by_number() {
        let mut versions = ["1.27.3", "1.9", "1.22.10", "1.22.9"];
        versions.sort_by(|a, b| by_version(a, b));
        assert_eq!(versions, ["1.9", "1.22.9", "1.22.10", "1.27.3"]);
    }

    #[test]
    fn a_root_and_its_program_are_the_same_toolchain() {
        let root = fake_goroot("go1.26.6\ntime 2026-01-01T00:00:00Z\n");
        let by_root = Toolchain::at(root.path()).unwrap();
        assert_eq!((by_root.version(), by_root.release()), ("1.26.6", "1.26"));
        assert!(by_root.trace_package().ends_with("internal/trace"));
        assert_eq!(Toolchain::at(&go_program(root.path())).unwrap(), by_root);
    }

    #[test]
    fn go_1_22_keeps_its_reader_apart() {
        let root = fake_goroot("go1.22.10");
        assert!(Toolchain::at(root.path()).unwrap().trace_package().ends_with("internal/trace/v2"));
    }

    #[test]
    fn a_folder_that_is_no_toolchain_and_an_old_one_are_refused() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(Toolchain::at(empty.path()).unwrap_err().class(), "go-not-a-toolchain");
        assert_eq!(Toolchain::resolve("no/such/go").unwrap_err().class(), "go-not-a-toolchain");
        let old = fake_goroot("go1.21.13");
        assert_eq!(Toolchain::at(old.path()).unwrap_err().class(), "go-too-old");
    }

    #[test]
    fn a_missing_version_says_what_to_do() {
        let error = Toolchain::resolve("1.99.99").unwrap_err();
        assert_eq!(error.class(), "go-not-found");
        assert!(error.to_string().contains("cargo xtask provision"), "{error}");
    }

    #[test]
    fn development_versions_have_a_release() {
        let root = fake_goroot("devel go1.28-5f3a11c Mon Nov 2 2026");
        let t = Toolchain::at(root.path()).unwrap();
        assert_eq!((t.version(), t.release()), ("1.28-5f3a11c", "1.28"));
    }
}
