//! Memory of the reader beyond its input: over a trace in memory (or mapped), and over a stream. No clock, so no criterion:
//! the figures are the same in every run.

use dhat::{Alloc, HeapStats, Profiler};
use std::fs::File;
use tracehound_benches::{deliver, read_all, traces};
use tracehound_parser::{Options, Reader};
use tracehound_wire::Index;

/// Counts a block that the system makes larger once, as the system does, which moves large ones without a copy.
#[global_allocator]
static MEMORY: Alloc = Alloc;

/// Most of a trace's bytes that a reader of it in memory may take besides, in percent.
const MOST_BESIDES: f64 = 10.0;
/// Most that a reader of a stream may hold, in sizes of the largest generation.
const MOST_STREAMED: f64 = 2.0;

/// The most bytes that were held at once while `run` ran, beyond those before.
fn most_held(run: impl FnOnce()) -> usize {
    let counting = Profiler::builder().testing().trim_backtraces(Some(1)).build();
    run();
    let most = HeapStats::get().max_bytes;
    drop(counting);
    most
}

/// Bytes of the largest generation.
fn largest_generation(trace: &[u8]) -> usize {
    let index = Index::of(trace).expect("a trace that opens");
    index.generations.iter().map(|g| g.bytes.len()).max().unwrap_or_default()
}

fn main() {
    let traces = traces::recorded(true);
    if traces.is_empty() {
        println!("no recorded traces: `cargo xtask bench` records some and runs this");
        return;
    }
    println!(
        "{:<28} {:>8} {:>14} {:>10} {:>14} {:>16}",
        "memory, trace", "MB", "besides, MB", "% of file", "streamed, MB", "/ generation"
    );
    let mut within = true;
    for t in &traces {
        let besides = most_held(|| _ = read_all(&t.bytes));
        let streamed = most_held(|| {
            let file = File::open(&t.path).expect("the trace is still there");
            deliver(Reader::from_read(file, Options::default()).expect("a trace that opens"));
        });
        let share = 100.0 * besides as f64 / t.bytes.len() as f64;
        let generations = streamed as f64 / largest_generation(&t.bytes) as f64;
        within &= share <= MOST_BESIDES && generations <= MOST_STREAMED;
        println!(
            "{:<28} {:>8.1} {:>14.2} {:>10.1} {:>14.2} {:>16.2}",
            t.name,
            t.bytes.len() as f64 / 1e6,
            besides as f64 / 1e6,
            share,
            streamed as f64 / 1e6,
            generations
        );
    }
    println!("within {MOST_BESIDES} % and {MOST_STREAMED} generations: {}", if within { "yes" } else { "no" });
}
