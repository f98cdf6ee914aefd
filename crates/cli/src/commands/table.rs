//! The table at the end of a campaign.

use super::view::speed;
use std::io::{self, Write};
use tracehound_generator::Corner;
use tracehound_oracle::hunt::{Progress, Setup, Stats};

/// Writes the table.
pub fn write(out: &mut impl Write, p: &Progress, setup: &Setup) -> io::Result<()> {
    let s = &p.stats;
    let seconds = p.elapsed_here.as_secs_f64().max(0.001);
    let row = |out: &mut dyn Write, name: &str, value: String| writeln!(out, "{name:<16} {value}");
    row(out, "cases", format!("{} ({} legal histories, {} edited)", s.cases(), s.legal, s.mutated + s.seeds_mutated))?;
    row(out, "first", format!("{} traces of the reject matrix, {} probes", s.matrix, s.probes))?;
    if s.seeds > 0 {
        let (all, lifted, edits) = (s.seeds, s.lifted, s.seeds_mutated);
        row(out, "seeds", format!("{all} traces as they are, {lifted} of them lifted, {edits} edits of their bytes"))?;
    }
    let labels: Vec<String> = s.labels.iter().map(|(name, n)| format!("{n} {name}")).collect();
    row(out, "edits", labels.join(", "))?;
    row(out, "", format!("{} labels judged, {} beyond the judge", s.judged, s.judge_gave_up))?;
    row(out, "traces", format!("{} generations, {} bytes", s.generations, s.bytes))?;
    let events: u64 = s.events.values().sum();
    row(out, "events", format!("{events} delivered of legal histories"))?;
    for (kind, n) in &s.events {
        row(out, "", format!("{kind:<16} {n}"))?;
    }
    row(out, "self-steals", s.self_steals.to_string())?;
    let unseen: Vec<&str> =
        Corner::ALL.iter().map(|c| c.name()).filter(|&name| !s.corners.contains_key(name)).collect();
    let missing = if unseen.is_empty() { String::new() } else { format!(", without {}", unseen.join(", ")) };
    let seen = Corner::ALL.len() - unseen.len();
    row(out, "corners", format!("{seen} of {}{missing}", Corner::ALL.len()))?;
    row(out, "changes", format!("{} kinds of event and change of state", s.changes.len()))?;
    for (reader, verdicts) in &s.verdicts {
        let words: Vec<String> = verdicts.iter().map(|(label, n)| format!("{n} {label}")).collect();
        let restarts = s.restarts.get(reader).copied().unwrap_or_default();
        let restarts = if restarts > 0 { format!(", {restarts} restarts") } else { String::new() };
        row(out, "reader", format!("{reader}: {}{restarts}", words.join(", ")))?;
    }
    let laws: Vec<String> = s.laws.iter().map(|(law, n)| format!("{law} {n}")).collect();
    row(out, "laws asked", laws.join(", "))?;
    for ((law, why), n) in &s.not_compared {
        row(out, "not compared", format!("{n} times {law}: {why}"))?;
    }
    row(out, "findings", format!("{} ({} breaches)", p.groups.len(), s.breaches))?;
    let mut speed = format!("{:.0} cases/s", speed(p));
    if s.round_trips > 0 {
        speed.push_str(&format!(", {:.0} round trips/s", s.round_trips as f64 / seconds));
    }
    row(out, "speed", format!("{speed} in {seconds:.1} s on {} threads, seed {}", setup.threads, setup.seed))
}

/// Writes how often each corner occurred, and each kind of event by old and new state.
pub fn corners(out: &mut impl Write, s: &Stats) -> io::Result<()> {
    writeln!(out, "\n{:>12}  corner", "times")?;
    for corner in Corner::ALL {
        let n = s.corners.get(corner.name()).copied().unwrap_or_default();
        writeln!(out, "{n:>12}  {}: {}", corner.name(), corner.about())?;
    }
    writeln!(out, "\n{:>12}  event and change of state", "times")?;
    for (change, n) in &s.changes {
        writeln!(out, "{n:>12}  {change}")?;
    }
    Ok(())
}
