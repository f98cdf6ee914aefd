//! The reader on real traces: events/s, beside Go's own reader and beside the floor.

use criterion::{BenchmarkId, Criterion, Throughput};
use std::hint::black_box;
use tracehound_benches::timing::best;
use tracehound_benches::{floor, go, read_all, traces};

/// Passes of each contender for the table of ratios; the best one counts.
const PASSES: u32 = 3;
/// The release whose reader is the yardstick.
const YARDSTICK: &str = "1.27";

/// The table of ratios, all within this run.
fn ratios() {
    println!(
        "{:<28} {:>7} {:>10} {:>10} {:>8} {:>10} {:>10}",
        "trace", "MB", "events", "ns/event", "MB/s", "Go / ours", "ours/floor"
    );
    for t in traces::recorded(true) {
        let (events, ours) = best(PASSES, || read_all(&t.bytes));
        let (_, floor) = best(PASSES, || black_box(floor::decode_all(&t.bytes)));
        let go = go::best_of(YARDSTICK, PASSES, &t.path);
        let ratio = match &go {
            Ok((go_events, time)) if *go_events == events => format!("{:.1}", time.as_secs_f64() / ours.as_secs_f64()),
            Ok((go_events, _)) => format!("{go_events} events?"),
            Err(_) => "no Go".to_owned(),
        };
        let megabytes = t.bytes.len() as f64 / 1e6;
        println!(
            "{:<28} {:>7.1} {:>10} {:>10.1} {:>8.0} {:>10} {:>10.2}",
            t.name,
            megabytes,
            events,
            ours.as_nanos() as f64 / events as f64,
            megabytes / ours.as_secs_f64(),
            ratio,
            ours.as_secs_f64() / floor.as_secs_f64(),
        );
        if let Err(why) = go {
            eprintln!("  Go {YARDSTICK}: {why}");
        }
    }
}

fn main() {
    let traces = traces::recorded(false);
    if traces.is_empty() {
        println!("no recorded traces: `cargo xtask bench` records some and runs this");
        return;
    }
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let mut group = criterion.benchmark_group("reader");
    for t in &traces {
        group.throughput(Throughput::Bytes(t.bytes.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(&t.name), &t.bytes, |b, bytes| b.iter(|| read_all(bytes)));
    }
    group.finish();
    criterion.final_summary();
    ratios();
}
