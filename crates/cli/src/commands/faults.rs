//! `tracehound faults`: the bench of the oracles, as people see it.

use super::Outcome;
use crate::args::Faults;
use crate::failure::Failure;
use crate::output;
use std::io::Write;
use tracehound_oracle::faults::{self, Plan, Planted, Score};

pub fn run(a: &Faults) -> Result<Outcome, Failure> {
    if cfg!(not(feature = "faults")) {
        return Err(Failure::Usage("this build has no faults: build it with `cargo build --features faults`".into()));
    }
    // A faulty reader may panic; that is its verdict, and no news.
    std::panic::set_hook(Box::new(|_| {}));
    if a.check { check(a) } else { measure(a) }
}

fn check(a: &Faults) -> Result<Outcome, Failure> {
    let text = std::fs::read_to_string(&a.score).map_err(Failure::file("read", &a.score))?;
    let kept = Score::from_json(&text).map_err(|e| Failure::Usage(format!("{}: {e}", a.score)))?;
    let lost = faults::check(&kept)?;
    let mut out = output::stdout();
    for words in &lost {
        writeln!(out, "{words}")?;
    }
    writeln!(out, "{} faults, {} kills lost", kept.rows.len(), lost.len())?;
    out.flush()?;
    Ok(if lost.is_empty() { Outcome::Fine } else { Outcome::Finding })
}

fn measure(a: &Faults) -> Result<Outcome, Failure> {
    let named = |name: &String| {
        Planted::from_name(name).ok_or_else(|| {
            let all: Vec<_> = Planted::all().iter().map(|p| p.name()).collect();
            Failure::Usage(format!("no fault is called {name:?}; there are {}", all.join(", ")))
        })
    };
    let chosen = a.faults.iter().map(named).collect::<Result<Vec<_>, _>>()?;
    let chosen = if chosen.is_empty() { Planted::all() } else { chosen };
    let score = faults::measure(&chosen, &Plan::new(a.seeds, a.cases, a.patience), &|_, _| false)?;
    let page = faults::page(&score);
    let mut out = output::stdout();
    out.write_all(page.as_bytes())?;
    out.flush()?;
    if a.write {
        std::fs::write(&a.score, score.to_json()).map_err(Failure::file("write", &a.score))?;
        std::fs::write(&a.page, page).map_err(Failure::file("write", &a.page))?;
    }
    let gap = score.survivors().any(|(name, _)| faults::judgement(name).is_none());
    Ok(if gap || score.false_alarms > 0 { Outcome::Finding } else { Outcome::Fine })
}
