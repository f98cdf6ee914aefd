//! The reader on real traces: events/s, beside Go's own reader and beside the floor.

use criterion::{BenchmarkId, Criterion, Throughput};
use std::hint::black_box;
use std::time::Duration;
use tracehound_benches::timing::best;
use tracehound_benches::traces::BenchTrace;
use tracehound_benches::{floor, go, read_all, read_on, traces};

/// Rounds of the table of ratios. In each of them every contender has its turn, so that a slow spell of the machine
/// meets all of them; the best pass of each counts.
const ROUNDS: u32 = 7;
/// Go's passes in a round: the first one also grows the heap of its fresh process.
const GO_PASSES: u32 = 2;
/// The release whose reader is the yardstick.
const YARDSTICK: &str = "1.27";

/// The table of ratios, all within this run.
fn ratios() {
    println!(
        "{:<28} {:>7} {:>10} {:>10} {:>8} {:>10} {:>10} {:>14}",
        "trace", "MB", "events", "ns/event", "MB/s", "Go / ours", "ours/floor", "one / two thr."
    );
    for t in traces::recorded(true) {
        let Best { events, ours, floor, one, two, go } = rounds(&t);
        let ratio = match &go {
            Ok((go_events, time)) if *go_events == events => format!("{:.1}", time.as_secs_f64() / ours.as_secs_f64()),
            Ok((go_events, _)) => format!("{go_events} events?"),
            Err(_) => "no Go".to_owned(),
        };
        let megabytes = t.bytes.len() as f64 / 1e6;
        println!(
            "{:<28} {:>7.1} {:>10} {:>10.1} {:>8.0} {:>10} {:>10.2} {:>14.2}",
            t.name,
            megabytes,
            events,
            ours.as_nanos() as f64 / events as f64,
            megabytes / ours.as_secs_f64(),
            ratio,
            ours.as_secs_f64() / floor.as_secs_f64(),
            one.as_secs_f64() / two.as_secs_f64(),
        );
        if let Err(why) = go {
            eprintln!("  Go {YARDSTICK}: {why}");
        }
    }
}

/// The best pass of each contender over one trace.
struct Best {
    events: u64,
    ours: Duration,
    floor: Duration,
    /// With all events handed to a function, on one thread and on two.
    one: Duration,
    two: Duration,
    go: Result<(u64, Duration), String>,
}

fn rounds(t: &BenchTrace) -> Best {
    let round = || {
        let (events, ours) = best(1, || read_all(&t.bytes));
        let (_, floor) = best(1, || black_box(floor::decode_all(&t.bytes)));
        let [(_, one), (_, two)] = [1, 2].map(|threads| best(1, || read_on(threads, &t.bytes)));
        Best { events, ours, floor, one, two, go: go::best_of(YARDSTICK, GO_PASSES, &t.path) }
    };
    let faster = |a: Best, b: Best| Best {
        events: a.events,
        ours: a.ours.min(b.ours),
        floor: a.floor.min(b.floor),
        one: a.one.min(b.one),
        two: a.two.min(b.two),
        go: a.go.and_then(|(events, time)| b.go.map(|(_, other)| (events, time.min(other)))),
    };
    (1..ROUNDS).fold(round(), |best, _| faster(best, round()))
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
