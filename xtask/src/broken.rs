//! Large recorded traces with one event broken in the middle, as a person meets them: how soon the program says why,
//! and how small it makes them.

use crate::cargo::{cargo, release, succeeds};
use crate::fault::{Doing, Fault, Result};
use crate::tally::Tally;
use crate::{provision, record};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tracehound_generator::Source;
use tracehound_generator::source::Rng;
use tracehound_parser::Reader;
use tracehound_wire::raw::TextStyle;
use tracehound_wire::{ArgKind, Body, Event, TestFile, Trace};

/// The SDK whose traces are broken.
const SDK: &str = "1.27";
/// Most events that are left.
const EVENTS: usize = 40;
/// How long shrinking may take.
const SHRINKS: Duration = Duration::from_secs(60);
/// How long the explanation may take beyond reading.
const EXPLAINS: Duration = Duration::from_secs(2);

/// How many, and from where.
#[derive(clap::Args)]
pub struct Options {
    /// Broken traces for each workload
    #[arg(long, default_value_t = 3)]
    count: u64,
    /// Seed of the edits
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What is done to one event.
#[derive(Clone, Copy, Debug)]
enum Edit {
    /// It is left out.
    Drop,
    /// It comes twice.
    Double,
    /// Its last sequence number is one too high.
    Number,
    /// Its goroutine is another one.
    Stranger,
}

const EDITS: [Edit; 4] = [Edit::Drop, Edit::Double, Edit::Number, Edit::Stranger];

/// Breaks traces, and holds `check` and `shrink` to what they promise.
///
/// # Errors
/// No Go SDK, or a file that cannot be written.
pub fn broken(options: &Options) -> Result<Tally> {
    let mut tally = Tally::default();
    if !succeeds(&mut cargo(&["build", "--release", "--package", "tracehound"]))? {
        return Err(Fault::new("the program does not build"));
    }
    let folder = tempfile::tempdir().doing("create a folder")?;
    for toolchain in provision::provide(&provision::chosen(&[SDK.to_owned()])?)? {
        for path in record::record(&toolchain, true)?.traces {
            let bytes = fs::read(&path).doing(path.display())?;
            let trace = Trace::decode(&bytes).doing(path.display())?;
            let mut choices = Rng::new(options.seed);
            for _ in 0..options.count {
                let (edit, at, candidate) = break_somewhere(&trace, &mut choices);
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                println!("{name}: {edit:?} of event {at}");
                tally.count(hold(&candidate.to_bytes(), folder.path())?);
            }
        }
    }
    Ok(tally)
}

/// An edit in the middle half that our reader refuses. Not every edit is illegal.
fn break_somewhere(trace: &Trace, choices: &mut Rng) -> (Edit, usize, Trace) {
    let events = trace.event_count();
    loop {
        let at = events / 4 + choices.below((events / 2) as u32) as usize;
        let edit = EDITS[choices.below(EDITS.len() as u32) as usize];
        let mut candidate = trace.clone();
        let refused = |t: &Trace| Reader::new(&t.to_bytes()).is_ok_and(|mut r| r.for_each(|_| ()).is_err());
        if apply(&mut candidate, at, edit) && refused(&candidate) {
            return (edit, at, candidate);
        }
    }
}

/// Edits the event with this number; false if the edit means nothing there.
fn apply(trace: &mut Trace, at: usize, edit: Edit) -> bool {
    let mut first = 0;
    for batch in trace.batches_mut() {
        let Body::Events(events) = &mut batch.body else { continue };
        if at >= first + events.len() {
            first += events.len();
            continue;
        }
        batch.size = tracehound_wire::SizeField::Shortest;
        let event = &mut events[at - first];
        return match edit {
            Edit::Drop => {
                events.remove(at - first);
                true
            }
            Edit::Double => {
                let again = Event { dt: 0, ..*event };
                events.insert(at - first, again);
                true
            }
            Edit::Number => change(event, &[ArgKind::PSeq, ArgKind::GSeq], 1),
            Edit::Stranger => change(event, &[ArgKind::G], 1_000_000),
        };
    }
    false
}

/// Adds to the arguments of these kinds; false if there is none.
fn change(event: &mut Event, kinds: &[ArgKind], by: u64) -> bool {
    let mut changed = false;
    for (arg, (_, kind)) in event.args.iter_mut().zip(event.ty.spec().args) {
        if kinds.contains(kind) {
            *arg += by;
            changed = true;
        }
    }
    changed
}

/// Whether a broken trace is explained and shrunk as promised.
fn hold(bytes: &[u8], folder: &Path) -> Result<bool> {
    let (large, small) = (folder.join("large.trace"), folder.join("small.test"));
    fs::write(&large, bytes).doing(large.display())?;
    let started = Instant::now();
    // The error is what the trace was broken for.
    let _ = Reader::new(bytes).map(|mut reader| reader.for_each(|_| ()));
    let reads = started.elapsed();
    let program = |arguments: &[&Path], command: &str| {
        let started = Instant::now();
        let output = Command::new(release("tracehound")).arg(command).args(arguments).output().doing("tracehound")?;
        Ok((started.elapsed(), String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code()))
    };
    let (checks, words, refused) = program(&[&large], "check")?;
    let (shrinks, _, shrunk) = program(&[&large, Path::new("-o"), &small], "shrink")?;
    if shrunk != Some(0) {
        println!("  not shrunk at all");
        return Ok(false);
    }
    let file = TestFile::parse(&fs::read(&small).doing(small.display())?).doing(small.display())?;
    let left = Trace::decode(&file.to_binary(TextStyle::Lossless).doing(small.display())?).doing(small.display())?;
    let left = left.event_count();
    let why = words.lines().next().and_then(|line| line.split(": ").nth(1)).unwrap_or("accepted");
    let explains = checks.saturating_sub(reads);
    println!(
        "  {why}: read in {:.2} s, explained in {:.2} s more, {} bytes to {left} events in {:.1} s",
        reads.as_secs_f64(),
        explains.as_secs_f64(),
        bytes.len(),
        shrinks.as_secs_f64(),
    );
    Ok(refused == Some(1) && left < EVENTS && shrinks < SHRINKS && explains < EXPLAINS)
}
