//! The soak: the built-in reader on a bounded number of edited traces. It must not panic,
//! not hang, and not take memory out of proportion to the input.
//!
//! Every case follows from the seed and its number alone, so that one that fails can be
//! run again by itself.

use crate::fault::{Doing, Fault, Result};
use peak_alloc::PeakAlloc;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tracehound_fuzz::mutator::{cross, mutate};
use tracehound_generator::source::Rng;
use tracehound_generator::{Case, Config, Source};
use tracehound_oracle::readers::{Builtin, ReaderUnderTest};
use tracehound_oracle::verdict::{Mode, Verdict};
use tracehound_parser::{Options as ReaderOptions, Release};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What a case may take whatever its size, bytes.
const MEMORY_BASE: usize = 64 << 20;
/// What a case may take for each byte of input, bytes.
const MEMORY_FACTOR: usize = 16;
/// A case that takes this long hangs. Cases take microseconds.
const HANG: Duration = Duration::from_secs(30);
/// Valid traces that edits start from.
const TRACES: u64 = 600;
/// How much larger than its trace an edited one may become, bytes.
const ROOM: usize = 2048;

/// How long and from where.
#[derive(clap::Args)]
pub struct Options {
    /// How many edited traces to read
    #[arg(long, default_value_t = 10_000_000)]
    edits: u64,
    /// Seed of the traces and of the edits
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of the first edit, to run one again
    #[arg(long, default_value_t = 0)]
    first: u64,
}

/// Runs the soak and prints what came of it.
///
/// # Errors
/// The first case that does not pass, with the way to run it again.
pub fn soak(options: &Options) -> Result<()> {
    let started = Instant::now();
    let mut soak = Soak::new(options.seed);
    let progress = watch(options.seed);
    let mut count = Count::default();
    for number in options.first..options.first.saturating_add(options.edits) {
        progress.store(number, Ordering::Relaxed);
        count.add(soak.case(number)?);
    }
    progress.store(DONE, Ordering::Relaxed);
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{} edited traces of {} valid ones: {} accepted, {} refused; largest {} bytes, most memory for one {:.1} MiB, {:.0}/s",
        options.edits,
        soak.traces.len(),
        count.accepted,
        count.refused,
        count.largest,
        count.most_memory as f64 / f64::from(1 << 20),
        options.edits as f64 / seconds,
    );
    Ok(())
}

/// The number that says that there is nothing more to watch.
const DONE: u64 = u64::MAX;

/// Ends the process if the number of the case in work stays the same for too long.
fn watch(seed: u64) -> Arc<AtomicU64> {
    let current = Arc::new(AtomicU64::new(0));
    let watched = Arc::clone(&current);
    thread::spawn(move || {
        let mut last = DONE;
        loop {
            thread::sleep(HANG);
            match watched.load(Ordering::Relaxed) {
                DONE => return,
                now if now == last => {
                    eprintln!("edit {now} hangs; run it again with --seed {seed} --first {now} --edits 1");
                    std::process::exit(1);
                }
                now => last = now,
            }
        }
    });
    current
}

#[derive(Default)]
struct Count {
    accepted: u64,
    refused: u64,
    largest: usize,
    most_memory: usize,
}

impl Count {
    fn add(&mut self, case: Outcome) {
        if case.accepted {
            self.accepted += 1;
        } else {
            self.refused += 1;
        }
        self.largest = self.largest.max(case.size);
        self.most_memory = self.most_memory.max(case.memory);
    }
}

/// What came of one case.
struct Outcome {
    accepted: bool,
    size: usize,
    memory: usize,
}

struct Soak {
    seed: u64,
    traces: Vec<Vec<u8>>,
    readers: Vec<Builtin>,
    buffer: Vec<u8>,
}

impl Soak {
    fn new(seed: u64) -> Soak {
        let traces = (0..TRACES).map(|n| Case::from_seed(seed ^ n, Config::default()).generate().bytes()).collect();
        let reader = |release| Builtin::new("builtin", ReaderOptions::release(release), false);
        Soak { seed, traces, readers: Release::ALL.map(reader).into(), buffer: Vec::new() }
    }

    fn case(&mut self, number: u64) -> Result<Outcome> {
        let mut rng = Rng::new(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number);
        let size = self.edit(&mut rng);
        let reader = &mut self.readers[rng.below(Release::ALL.len() as u32) as usize];
        let mode = if rng.below(16) == 0 { Mode::Text } else { Mode::Digest };
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let answer = reader.read(&self.buffer[..size], mode);
        let memory = MEMORY.peak_usage().saturating_sub(before);
        // The dump is longer than the trace by far; it belongs to the caller.
        if mode == Mode::Digest && memory > MEMORY_BASE + MEMORY_FACTOR * size {
            return Err(self.failure(number, size, &format!("{memory} bytes of memory for {size} bytes of input")));
        }
        if !answer.verdict.is_judgement() {
            return Err(self.failure(number, size, &answer.verdict.to_string()));
        }
        Ok(Outcome { accepted: answer.verdict == Verdict::Accepted, size, memory })
    }

    /// Puts an edited trace into the buffer and gives its size.
    fn edit(&mut self, rng: &mut Rng) -> usize {
        let pick = |rng: &mut Rng| rng.below(self.traces.len() as u32) as usize;
        let (base, other) = (&self.traces[pick(rng)], &self.traces[pick(rng)]);
        let room = base.len() + ROOM;
        self.buffer.clear();
        self.buffer.extend_from_slice(base);
        self.buffer.resize(room, 0);
        if rng.below(16) == 0 {
            let size = cross(base, other, &mut self.buffer, any(rng));
            if size != 0 {
                return size;
            }
        }
        let mut size = base.len();
        for _ in 0..=rng.below(3) {
            size = mutate(&mut self.buffer, size, room, any(rng), edit_bytes);
        }
        size
    }

    /// Keeps the input and says how to come back to it.
    fn failure(&self, number: u64, size: usize, what: &str) -> Fault {
        let path = std::env::temp_dir().join(format!("tracehound-soak-{}-{number}.trace", self.seed));
        let kept = fs::write(&path, &self.buffer[..size]).doing("keep the input").map(|()| path.display().to_string());
        let kept = kept.unwrap_or_else(|fault| fault.to_string());
        Fault::new(format!(
            "edit {number}: {what}; input: {kept}; run it again with --seed {} --first {number} --edits 1",
            self.seed
        ))
    }
}

fn any(rng: &mut Rng) -> u32 {
    rng.below(u32::MAX)
}

/// One edit that knows nothing of traces: change, insert, delete, repeat or cut off bytes.
/// Its choices follow from the bytes themselves.
fn edit_bytes(data: &mut [u8], size: usize, max_size: usize) -> usize {
    let hash = data[..size].iter().fold(size as u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
    let mut rng = Rng::new(hash);
    let mut at = |n: usize| rng.below(n as u32) as usize;
    if size == 0 {
        data[..1].fill(1);
        return 1.min(max_size);
    }
    let place = at(size);
    match at(8) {
        0 => data[place] ^= 1 << at(8),
        1 => data[place] = at(256) as u8,
        2 => data[place] = [0, 1, 0x7f, 0x80, 0xff][at(5)],
        3 => return place,
        4 => {
            let length = 1 + at((size - place).min(16));
            data.copy_within(place + length..size, place);
            return size - length;
        }
        5 => {
            let length = (1 + at(16)).min(max_size - size).min(size - place);
            data.copy_within(place..size, place + length);
            return size + length;
        }
        6 if size + 10 <= max_size => {
            data.copy_within(place..size, place + 10);
            data[place..place + 9].fill(0xff);
            data[place + 9] = 1;
            return size + 10;
        }
        _ => data.swap(place, at(size)),
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_follows_from_its_number() {
        let (mut a, mut b) = (Soak::new(7), Soak::new(7));
        for number in [5, 3, 900] {
            let (x, y) = (a.edit(&mut Rng::new(number)), b.edit(&mut Rng::new(number)));
            assert_eq!(a.buffer[..x], b.buffer[..y]);
        }
    }

    #[test]
    fn a_short_soak_passes_and_most_edits_are_refused() {
        let mut soak = Soak::new(1);
        let mut count = Count::default();
        (0..2000).for_each(|n| count.add(soak.case(n).unwrap()));
        assert!(count.refused > 500 && count.accepted > 100, "{} refused, {} accepted", count.refused, count.accepted);
    }

    #[test]
    fn byte_edits_stay_within_their_room() {
        let mut data = [9; 40];
        let mut size = 20;
        for n in 0..10_000usize {
            size = edit_bytes(&mut data, size, 40);
            assert!(size <= 40);
            data[n % 40] = data[n % 40].wrapping_add(n as u8);
        }
    }
}
