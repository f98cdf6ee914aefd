//! The reader on traces that are hard on readers: time for each event as the trace or the number of its Ms grows, and
//! on Ms that wait for each other.

use criterion::{BenchmarkId, Criterion, Throughput};
use std::fs;
use tracehound_benches::timing::best;
use tracehound_benches::{go, hostile, read_all};

/// Passes of each contender for the table; the best one counts.
const PASSES: u32 = 3;
/// The release whose reader is the yardstick.
const YARDSTICK: &str = "1.27";
/// Above how many waiting Ms Go's reader, which needs time by their square, is not asked.
const MOST_FOR_GO: u64 = 4_000;

struct Row {
    name: String,
    bytes: Vec<u8>,
    with_go: bool,
}

fn rows() -> Vec<Row> {
    let row = |name: String, bytes: Vec<u8>, with_go| Row { name, bytes, with_go };
    let mut rows = Vec::new();
    for ms in [2, 8, 64, 1_024, 16_384] {
        rows.push(row(format!("{ms} Ms in turns"), hostile::turns(ms, 2_000_000), true));
    }
    for events in [200_000, 20_000_000] {
        rows.push(row(format!("8 Ms, {events} events"), hostile::turns(8, events), false));
    }
    for ms in [1_000, 4_000, 16_000, 64_000] {
        rows.push(row(format!("{ms} Ms wait"), hostile::waiting(ms), ms <= MOST_FOR_GO));
    }
    rows.push(row("200000 strings, 100000 stacks".to_owned(), hostile::tables(200_000, 100_000), true));
    rows
}

fn main() {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let mut group = criterion.benchmark_group("hostile");
    for (name, bytes) in [("64 Ms in turns", hostile::turns(64, 500_000)), ("16000 Ms wait", hostile::waiting(16_000))]
    {
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), &bytes, |b, bytes| b.iter(|| read_all(bytes)));
    }
    group.finish();
    criterion.final_summary();
    println!("{:<32} {:>7} {:>10} {:>10} {:>10} {:>10}", "trace", "MB", "events", "ms", "ns/event", "Go / ours");
    for Row { name, bytes, with_go } in rows() {
        let (events, ours) = best(PASSES, || read_all(&bytes));
        let ratio = with_go.then(|| go_takes(&bytes)).flatten();
        println!(
            "{name:<32} {:>7.1} {events:>10} {:>10.1} {:>10.1} {:>10}",
            bytes.len() as f64 / 1e6,
            ours.as_secs_f64() * 1e3,
            ours.as_nanos() as f64 / events as f64,
            ratio.map_or_else(|| "-".to_owned(), |seconds| format!("{:.1}", seconds / ours.as_secs_f64())),
        );
    }
}

/// Seconds that Go's reader takes, if there is one.
fn go_takes(bytes: &[u8]) -> Option<f64> {
    let folder = tempfile::tempdir().ok()?;
    let path = folder.path().join("made.trace");
    fs::write(&path, bytes).ok()?;
    go::best_of(YARDSTICK, 1, &path).ok().map(|(_, time)| time.as_secs_f64())
}
