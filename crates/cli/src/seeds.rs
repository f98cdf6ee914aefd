//! Traces that a campaign is given: files, and whatever traces are in folders.

use crate::failure::Failure;
use crate::input::Input;
use crate::output;
use std::path::{Path, PathBuf};
use tracehound_oracle::hunt::Seed;

/// Reads files, and all traces in folders and in the folders in them, in the order of their names.
///
/// # Errors
/// If one cannot be read, or a folder holds no trace at all.
pub fn load(names: &[String]) -> Result<Vec<Seed>, Failure> {
    let mut seeds = Vec::new();
    for name in names {
        if !Path::new(name).is_dir() {
            seeds.push(seed(Input::read(name)?));
            continue;
        }
        let mut files = Vec::new();
        find(Path::new(name), &mut files).map_err(Failure::file("read the folder", name))?;
        files.sort();
        let before = seeds.len();
        for file in &files {
            let Some(path) = file.to_str() else { continue };
            // A folder may hold other things; whoever names a file means it.
            if let Ok(input) = Input::read(path)
                && tracehound_wire::parse_header(&input.bytes).is_ok()
            {
                seeds.push(seed(input));
            }
        }
        let found = seeds.len() - before;
        if found == 0 {
            return Err(Failure::Usage(format!(
                "there is no trace in {name}: give --seeds files, or a folder with traces"
            )));
        }
        if found < files.len() {
            output::note(&format!("{name}: {found} traces; {} other files are left out", files.len() - found));
        }
    }
    Ok(seeds)
}

fn seed(input: Input) -> Seed {
    Seed { name: input.name, bytes: input.bytes.into_vec().into() }
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            find(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
