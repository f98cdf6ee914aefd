//! `cargo xtask corpus`: the committed seeds of the fuzz targets.
//!
//! They come from generated histories and edits of them, from the traces that every hunt begins with (each
//! reject rule, each event in each situation), from the text traces in `corpus/`, and from what campaigns on
//! this machine have found; only what adds coverage is kept, the smallest first.

mod offers;

use crate::fault::{Doing, Fault, Result, repository};
use crate::fuzz::{Build, Places, build, merge};
use crate::tally::Tally;
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};
use tracehound_fuzz::{Input, TARGETS, Target};

/// All targets' seeds together stay below this, in bytes.
const MOST_BYTES: u64 = 5_000_000;

/// Entries are no larger than this, in bytes: small ones are run sooner, and nothing that is known needs larger ones.
const MOST_ENTRY_BYTES: usize = 2560;

/// What to do with the corpus.
#[derive(Args)]
pub struct Options {
    /// Rebuild the seeds of all targets, or of those given
    #[arg(long)]
    write: bool,
    /// Write all seeds, out of their envelopes, below this folder instead
    #[arg(long, value_name = "DIR", conflicts_with = "write")]
    unpack: Option<PathBuf>,
    /// Only these targets
    targets: Vec<String>,
}

/// Performs it.
///
/// # Errors
/// If a target does not build or the corpus cannot be read or written.
pub fn corpus(options: &Options) -> Result<Tally> {
    let wanted = |t: &&Target| options.targets.is_empty() || options.targets.iter().any(|name| name == t.name);
    let targets: Vec<&Target> = TARGETS.iter().filter(wanted).collect();
    if let Some(into) = &options.unpack {
        targets.iter().try_for_each(|t| unpack(t, into))?;
        return Ok(Tally::default());
    }
    let mut features = Vec::new();
    if options.write {
        let programs = build(Build::Fast)?;
        for target in &targets {
            features.push(rebuild(target, &programs)?);
        }
    }
    report(&targets, &features)
}

/// The table, and whether all of it is small and current.
fn report(targets: &[&Target], features: &[u64]) -> Result<Tally> {
    let mut tally = Tally::default();
    println!("{:12} {:>8} {:>9} {:>9} {:>9}", "target", "entries", "bytes", "largest", "features");
    let mut total = 0;
    for (i, target) in targets.iter().enumerate() {
        let sizes = entries(target)?.iter().map(|p| p.metadata().map(|m| m.len())).collect::<std::io::Result<Vec<_>>>();
        let sizes = sizes.doing("measure the corpus")?;
        let features = features.get(i).map_or("-".to_owned(), u64::to_string);
        let (bytes, largest) = (sizes.iter().sum::<u64>(), sizes.iter().max().copied().unwrap_or(0));
        println!("{:12} {:>8} {bytes:>9} {largest:>9} {features:>9}", target.name, sizes.len());
        tally.count(!sizes.is_empty());
        total += bytes;
    }
    println!("{:12} {:>8} {total:>9}", "all", "");
    tally.count(total < MOST_BYTES);
    Ok(tally)
}

/// The committed entries of a target.
fn entries(target: &Target) -> Result<Vec<PathBuf>> {
    let folder = repository().join("corpus/fuzz-seeds").join(target.name);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    tracehound_fuzz::replay::files(&folder).doing(format!("list {}", folder.display()))
}

fn unpack(target: &Target, into: &Path) -> Result<()> {
    let folder = into.join(target.name);
    fs::create_dir_all(&folder).doing(format!("make {}", folder.display()))?;
    for path in entries(target)? {
        let entry = fs::read(&path).doing(format!("read {}", path.display()))?;
        if let Some(input) = target.unpack(&entry) {
            let name = path.file_name().unwrap_or_default();
            fs::write(folder.join(name), input).doing(format!("write into {}", folder.display()))?;
        }
    }
    Ok(())
}

/// Makes a target's seeds anew; gives the number of features that they reach.
fn rebuild(target: &Target, programs: &Path) -> Result<u64> {
    let places = Places::of(target)?;
    places.unpack(target)?;
    let mut inputs = offers::offers(target)?;
    for folder in [&places.seeds, &places.working] {
        for path in tracehound_fuzz::replay::files(folder).doing("list a corpus")? {
            inputs.push(fs::read(&path).doing(format!("read {}", path.display()))?);
        }
    }
    // Before the merge: what is left out after it takes its coverage along.
    let fits = |input: &Vec<u8>| {
        input.len() <= target.max_len && target.pack(input).is_some_and(|e| e.len() <= MOST_ENTRY_BYTES)
    };
    let offered = tempfile::tempdir().doing("make a folder")?;
    for (i, input) in inputs.iter().filter(|input| fits(input)).enumerate() {
        fs::write(offered.path().join(format!("{i:05}")), input).doing("write an input")?;
    }
    let merged = tempfile::tempdir().doing("make a folder")?;
    let features = merge(programs, target, merged.path(), &[offered.path()])?;
    let inputs = tracehound_fuzz::replay::files(merged.path()).doing("list the merged corpus")?;
    if inputs.is_empty() {
        return Err(Fault::new(format!("nothing is left of the corpus of {}", target.name)));
    }
    // What cannot be run any more is dropped only here, where something takes its place.
    let _ = fs::remove_dir_all(&places.committed);
    fs::create_dir_all(&places.committed).doing("make the seeds' folder")?;
    for path in inputs {
        let input = fs::read(&path).doing("read a merged input")?;
        if let Some(entry) = target.pack(&input) {
            let name = path.file_name().unwrap_or_default();
            fs::write(places.committed.join(name), entry).doing("write an entry")?;
        }
    }
    Ok(features)
}
