//! `tracehound index`: what generations a trace has, by the headers of its batches alone.

use super::Outcome;
use crate::args::Index as Args;
use crate::failure::Failure;
use crate::input::Input;
use crate::output;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Write};
use tracehound_wire::Index;
use tracehound_wire::index::GenerationSpan;

pub fn run(a: &Args) -> Result<Outcome, Failure> {
    let input = Input::read(&a.file)?;
    let index = input.index()?;
    let mut out = output::stdout();
    if a.json {
        as_json(&mut out, &index)?;
    } else {
        as_table(&mut out, &index)?;
        if a.threads {
            threads(&mut out, &index)?;
        }
    }
    out.flush()?;
    if index.end == input.bytes.len() && !index.batches.iter().any(|b| b.cut) {
        return Ok(Outcome::Fine);
    }
    output::note(&format!("{}: what is at byte {} is no whole batch", input.name, stopped(&index)));
    Ok(Outcome::Finding)
}

/// Where the first thing is that is no whole batch.
fn stopped(index: &Index) -> usize {
    index.batches.iter().find(|b| b.cut).map_or(index.end, |b| b.offset)
}

fn as_table(out: &mut impl Write, index: &Index) -> io::Result<()> {
    writeln!(out, "wire version {}, {} generations", index.version, index.generations.len())?;
    let titles = ["generation", "offset", "bytes", "batches", "of events", "threads", "from unit", "seconds"];
    let [number, offset, bytes, batches, events, threads, from, seconds] = titles;
    writeln!(
        out,
        "{number:>10} {offset:>12} {bytes:>11} {batches:>8} {events:>11} {threads:>8} {from:>20} {seconds:>10}"
    )?;
    for g in &index.generations {
        let from = g.times.map_or_else(|| "-".to_owned(), |(first, _)| first.to_string());
        let seconds = g.seconds().map_or_else(|| "-".to_owned(), |s| format!("{s:.6}"));
        writeln!(
            out,
            "{:>10} {:>12} {:>11} {:>8} {:>11} {:>8} {from:>20} {seconds:>10}",
            g.number,
            g.bytes.start,
            g.bytes.len(),
            g.batches,
            g.event_bytes,
            g.threads.len(),
        )?;
    }
    Ok(())
}

/// Batches and bytes of each thread in each generation.
fn threads(out: &mut impl Write, index: &Index) -> io::Result<()> {
    let mut sums: BTreeMap<(u32, i64), (usize, usize)> = BTreeMap::new();
    for batch in index.batches.iter().filter(|b| b.holds_events()) {
        let sum = sums.entry((batch.segment, batch.m)).or_default();
        *sum = (sum.0 + 1, sum.1 + batch.body.len());
    }
    writeln!(out, "\n{:>10} {:>20} {:>8} {:>11}", "generation", "thread", "batches", "bytes")?;
    for ((segment, m), (batches, bytes)) in sums {
        let number = index.generations.get(segment as usize).map_or(0, |g| g.number);
        writeln!(out, "{number:>10} {m:>20} {batches:>8} {bytes:>11}")?;
    }
    Ok(())
}

fn as_json(out: &mut impl Write, index: &Index) -> Result<(), Failure> {
    for GenerationSpan { number, bytes, batches, event_bytes, threads, times, frequency } in &index.generations {
        let line = json!({
            "generation": number, "offset": bytes.start, "bytes": bytes.len(), "batches": batches,
            "event_bytes": event_bytes, "threads": threads, "first_unit": times.map(|t| t.0),
            "last_unit": times.map(|t| t.1), "frequency": frequency,
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}
