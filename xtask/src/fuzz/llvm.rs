//! The LLVM tools that read coverage profiles: those of the toolchain, of the system, or
//! Debian's, unpacked into the cache folder.

use crate::fault::{Doing, Fault, Result, capture};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tracehound_oracle::readers::go::toolchain::cache_folder;

/// The oldest release whose tools read the profiles of the pinned compiler.
const OLDEST: u32 = 19;

/// What is fetched when nothing is there.
const PACKAGES: [&str; 2] = ["llvm-19", "libllvm19"];

/// `llvm-profdata` and `llvm-cov`.
pub struct Tools {
    bin: PathBuf,
    libraries: Option<PathBuf>,
}

impl Tools {
    /// Finds them, or fetches them with apt-get.
    ///
    /// # Errors
    /// If there are none and none can be fetched.
    pub fn provide() -> Result<Tools> {
        let cache = cache_folder().doing("find the cache folder")?.join("llvm");
        let fetched = || Tools {
            bin: cache.join("usr/lib/llvm-19/bin"),
            libraries: Some(cache.join("usr/lib/x86_64-linux-gnu")),
        };
        let found = candidates().into_iter().map(|bin| Tools { bin, libraries: None }).find(Tools::fits);
        if let Some(tools) = found.or_else(|| Some(fetched()).filter(Tools::fits)) {
            return Ok(tools);
        }
        println!("fetching {} into {}", PACKAGES.join(" and "), cache.display());
        fetch(&cache)?;
        Some(fetched()).filter(Tools::fits).ok_or_else(|| {
            Fault::new("no llvm-cov 19 or newer: install the package llvm-19, or `rustup component add llvm-tools`")
        })
    }

    /// One of the tools.
    pub fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        if let Some(libraries) = &self.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command
    }

    fn fits(&self) -> bool {
        let version = |name: &str| -> Option<u32> {
            let output = self.tool(name).arg("--version").output().ok()?;
            let text = String::from_utf8(output.stdout).ok()?;
            text.split("LLVM version ").nth(1)?.split('.').next()?.parse().ok()
        };
        self.bin.join("llvm-profdata").is_file() && version("llvm-cov").is_some_and(|v| v >= OLDEST)
    }
}

fn candidates() -> Vec<PathBuf> {
    let mut all = Vec::new();
    if let Ok(sysroot) = capture(Command::new("rustc").args(["--print", "sysroot"])) {
        let lib = Path::new(String::from_utf8_lossy(&sysroot).trim()).join("lib/rustlib");
        all.extend(fs::read_dir(lib).into_iter().flatten().flatten().map(|e| e.path().join("bin")));
    }
    all.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    all.extend((OLDEST..OLDEST + 10).rev().map(|v| PathBuf::from(format!("/usr/lib/llvm-{v}/bin"))));
    all
}

/// Unpacks the packages without installing them.
fn fetch(into: &Path) -> Result<()> {
    let scratch = tempfile::tempdir().doing("make a folder")?;
    capture(Command::new("apt-get").arg("download").args(PACKAGES).current_dir(scratch.path()))?;
    fs::create_dir_all(into).doing(format!("make {}", into.display()))?;
    for package in tracehound_fuzz::replay::files(scratch.path()).doing("list the packages")? {
        capture(Command::new("dpkg-deb").arg("-x").arg(package).arg(into))?;
    }
    Ok(())
}
