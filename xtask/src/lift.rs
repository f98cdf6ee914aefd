//! Lifting real traces: how many generations of the traces that our programs and Go's own test programs record with each
//! SDK are histories of the model, and what it cannot explain about the others.

use crate::fault::{Doing, Result};
use crate::provision::{self, Sdk};
use crate::record::record;
use crate::tally::Tally;
use crate::testprog;
use std::fs;
use std::path::Path;
use tracehound_oracle::lift::{Generation, lift_generations};

/// Of a hundred generations, so many have to lift.
const ENOUGH: f64 = 99.0;

/// Records with every SDK given, which are installed if need be, lifts what was recorded, and prints a table.
///
/// # Errors
/// What the environment does not allow. An SDK with fewer lifted generations than there should be fails.
pub fn run(sdks: &[Sdk]) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut table = Vec::new();
    for toolchain in provision::provide(sdks)? {
        let version = toolchain.version();
        let recorded = record(&toolchain, false)?;
        for reason in recorded.skipped {
            println!("Go {version}: not recorded: {reason}");
        }
        let programs = testprog::record(&toolchain)?;
        println!(
            "Go {version}: {} programs of testprog leave no trace: {}",
            programs.silent.len(),
            programs.silent.join(" ")
        );
        let mut all = [0; 2];
        for (name, traces) in [("ours", recorded.traces), ("testprog", programs.traces)] {
            let mut sum = Sum::default();
            for path in &traces {
                sum.add(path)?;
            }
            for line in &sum.unlifted {
                println!("Go {version}: not lifted: {line}");
            }
            all = [all[0] + sum.lifted, all[1] + sum.generations];
            table.push((format!("{version} {name}"), sum));
        }
        tally.count(percent(all[0], all[1]) >= ENOUGH);
    }
    println!("Go                 traces  generations   lifted        %     events");
    for (name, sum) in &table {
        let (generations, percent) = (sum.generations, percent(sum.lifted, sum.generations));
        println!("{name:18} {:6} {generations:12} {:8} {percent:8.2} {:10}", sum.traces, sum.lifted, sum.events);
    }
    Ok(tally)
}

#[derive(Default)]
struct Sum {
    traces: usize,
    generations: usize,
    lifted: usize,
    events: usize,
    /// What did not lift, and at which event.
    unlifted: Vec<String>,
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

impl Sum {
    fn add(&mut self, path: &Path) -> Result<()> {
        let bytes = fs::read(path).doing(path.display())?;
        let generations = lift_generations(&bytes).doing(path.display())?;
        self.traces += 1;
        for g in &generations {
            self.generation(path, g);
        }
        Ok(())
    }

    fn generation(&mut self, path: &Path, g: &Generation) {
        self.generations += 1;
        self.events += g.events;
        match &g.outcome {
            Ok(_) => self.lifted += 1,
            Err(unlifted) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                self.unlifted.push(format!("{name}, generation {}, {unlifted}", g.number));
            }
        }
    }
}
