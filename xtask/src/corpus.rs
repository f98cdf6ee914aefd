//! `cargo xtask corpus`: the committed seeds of the fuzz targets.
//!
//! They come from generated histories and edits of them, from the traces that every hunt begins with (each
//! reject rule, each event in each situation), from the text traces in `corpus/`, and from what campaigns on
//! this machine have found; only what adds coverage is kept, the smallest first.

use crate::fault::{Doing, Fault, Result, repository};
use crate::fuzz::{Build, Places, build, merge};
use crate::tally::Tally;
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};
use tracehound_fuzz::{Input, TARGETS, Target, choices};
use tracehound_generator::source::{Rng, Source};
use tracehound_oracle::hunt::{self, HuntCase};
use tracehound_wire::raw::TextStyle;
use tracehound_wire::{TestFile, Trace};

/// All targets' seeds together stay below this, in bytes.
const MOST_BYTES: u64 = 5 << 20;

/// Entries are no larger than this, in bytes: an edit can make a trace as large as a batch may be. One that is
/// choices also holds the trace that they made, and there are three targets with such entries.
fn most_entry_bytes(input: Input) -> usize {
    match input {
        Input::Choices(_) => 2560,
        Input::Trace | Input::Text => 12 << 10,
    }
}

/// Generated cases of each kind that are offered to each target.
const GENERATED: u64 = 400;

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
    let mut inputs = offers(target)?;
    for folder in [&places.seeds, &places.working] {
        for path in tracehound_fuzz::replay::files(folder).doing("list a corpus")? {
            inputs.push(fs::read(&path).doing(format!("read {}", path.display()))?);
        }
    }
    // Before the merge: what is left out after it takes its coverage along.
    let fits = |input: &Vec<u8>| {
        input.len() <= target.max_len && target.pack(input).is_some_and(|e| e.len() <= most_entry_bytes(target.input))
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

/// Inputs from everywhere but the fuzzers.
fn offers(target: &Target) -> Result<Vec<Vec<u8>>> {
    Ok(match target.input {
        Input::Choices(_) => random_choices(target.max_len),
        Input::Trace => traces()?,
        Input::Text => {
            let text = |bytes: &Vec<u8>| Some(Trace::decode(bytes).ok()?.to_text().ok()?.into_bytes());
            let mut all: Vec<Vec<u8>> = traces()?.iter().filter_map(text).collect();
            all.extend(test_files()?);
            all
        }
    })
}

fn random_choices(max_len: usize) -> Vec<Vec<u8>> {
    let mut rng = Rng::new(1);
    (0..GENERATED * 4)
        .map(|_| {
            let len = 1 + rng.below(max_len as u32);
            (0..len).map(|_| rng.below(256) as u8).collect()
        })
        .collect()
}

/// Generated histories, edits of them, what every hunt begins with, and the traces of `corpus/`.
fn traces() -> Result<Vec<Vec<u8>>> {
    let mut all: Vec<Vec<u8>> = hunt::fixed_traces().map(|bytes| bytes.to_vec()).collect();
    for seed in 0..GENERATED {
        let case = HuntCase::legal(seed, &choices::config());
        all.extend(case.make().map(|m| m.bytes.to_vec()));
    }
    for choices in random_choices(512).iter().take(4 * GENERATED as usize) {
        all.extend(choices::mutated(choices).map(|(_, made)| made.bytes.to_vec()));
    }
    for file in test_files()? {
        let binary = TestFile::parse(&file).ok().and_then(|t| t.to_binary(TextStyle::Lossless).ok());
        all.extend(binary);
    }
    Ok(all)
}

/// The text traces below `corpus/`.
fn test_files() -> Result<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    let mut folders = vec![repository().join("corpus")];
    folders.retain(|f| f.is_dir());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).doing(format!("read {}", folder.display()))?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "test") {
                all.push(fs::read(&path).doing(format!("read {}", path.display()))?);
            }
        }
    }
    all.sort();
    Ok(all)
}
