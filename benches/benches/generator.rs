//! The generator from choices to bytes: histories/s and events/s, beside a plain encoder that writes the same
//! bytes from finished traces in the same run. Both use their space again.

use criterion::{BenchmarkId, Criterion, Throughput};
use std::hint::black_box;
use tracehound_benches::timing::best;
use tracehound_generator::{Case, Config, Generator};
use tracehound_wire::Trace;

/// Histories of one pass.
const HISTORIES: u64 = 500;
/// Passes of each contender for the table of ratios; the best one counts.
const PASSES: u32 = 5;

/// What is made: a name, and what a history may do.
fn workloads() -> [(&'static str, Config); 3] {
    let default = Config::default();
    let long = Config { steps: 8000, generations: 8, ..default.clone() };
    let small = Config { steps: 48, ..default.clone() };
    [("default", default), ("long", long), ("small", small)]
}

fn cases(config: &Config) -> Vec<Case> {
    (0..HISTORIES).map(|seed| Case::from_seed(seed, config.clone())).collect()
}

/// Makes every history and its bytes: how many bytes.
fn generate(cases: &[Case]) -> usize {
    let (mut generator, mut bytes) = (Generator::default(), Vec::new());
    let one = |case| {
        let history = generator.make(case);
        let length = write(history.trace(), &mut bytes);
        generator.reclaim(history);
        length
    };
    cases.iter().map(one).sum()
}

/// Only writes finished traces: how many bytes.
fn encode(traces: &[Trace]) -> usize {
    let mut bytes = Vec::new();
    traces.iter().map(|trace| write(trace, &mut bytes)).sum()
}

fn write(trace: &Trace, bytes: &mut Vec<u8>) -> usize {
    bytes.clear();
    trace.encode_into(bytes);
    black_box(bytes).len()
}

/// Events of the trace, those that the tracer writes by itself included: each is an event for its reader.
fn events(trace: &Trace) -> u64 {
    trace.event_count() as u64
}

/// The table of ratios, all within this run, on one core.
fn ratios() {
    println!(
        "{:<10} {:>12} {:>12} {:>10} {:>10} {:>16} {:>18}",
        "workload", "histories/s", "events/s", "ns/event", "MB/s", "encoder events/s", "generator/encoder"
    );
    for (name, config) in workloads() {
        let cases = cases(&config);
        let traces: Vec<Trace> = cases.iter().map(|case| case.generate().into_trace()).collect();
        let events: u64 = traces.iter().map(events).sum();
        let (bytes, ours) = best(PASSES, || generate(&cases));
        let (same, encoder) = best(PASSES, || encode(&traces));
        assert_eq!(bytes, same, "both write the same");
        let (seconds, floor) = (ours.as_secs_f64(), encoder.as_secs_f64());
        println!(
            "{name:<10} {:>12.0} {:>12.0} {:>10.1} {:>10.1} {:>16.0} {:>18.2}",
            HISTORIES as f64 / seconds,
            events as f64 / seconds,
            seconds * 1e9 / events as f64,
            bytes as f64 / 1e6 / seconds,
            events as f64 / floor,
            seconds / floor,
        );
    }
}

fn main() {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let mut group = criterion.benchmark_group("generator");
    for (name, config) in workloads() {
        let cases = cases(&config);
        let traces: Vec<Trace> = cases.iter().map(|case| case.generate().into_trace()).collect();
        group.throughput(Throughput::Elements(traces.iter().map(events).sum()));
        group.bench_with_input(BenchmarkId::new("choices to bytes", name), &cases, |b, c| b.iter(|| generate(c)));
        group.bench_with_input(BenchmarkId::new("encoder alone", name), &traces, |b, t| b.iter(|| encode(t)));
    }
    group.finish();
    criterion.final_summary();
    ratios();
}
