//! Lifting real traces: how many generations of the traces that each SDK's programs record are histories
//! of the model, and what it cannot explain about the others.

use crate::fault::{Doing, Result};
use crate::provision::{self, Sdk};
use crate::record::record;
use crate::tally::Tally;
use std::collections::BTreeMap;
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
        let recorded = record(&toolchain, false)?;
        for reason in recorded.skipped {
            println!("Go {}: not recorded: {reason}", toolchain.version());
        }
        let mut sum = Sum::default();
        for path in &recorded.traces {
            sum.add(path)?;
        }
        sum.print_causes(toolchain.version());
        tally.count(sum.percent() >= ENOUGH);
        table.push((toolchain.version().to_owned(), sum));
    }
    println!("Go          traces  generations   lifted        %     events");
    for (version, sum) in &table {
        let (generations, percent) = (sum.generations, sum.percent());
        println!("{version:11} {:6} {generations:12} {:8} {percent:8.2} {:10}", sum.traces, sum.lifted, sum.events);
    }
    Ok(tally)
}

#[derive(Default)]
struct Sum {
    traces: usize,
    generations: usize,
    lifted: usize,
    events: usize,
    /// By cause: how often, and the first of them.
    causes: BTreeMap<&'static str, (usize, String)>,
}

impl Sum {
    fn percent(&self) -> f64 {
        100.0 * self.lifted as f64 / self.generations.max(1) as f64
    }

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
                let example = format!("{name}, generation {}, {unlifted}", g.number);
                self.causes.entry(unlifted.cause).or_insert((0, example)).0 += 1;
            }
        }
    }

    fn print_causes(&self, version: &str) {
        for (cause, (count, example)) in &self.causes {
            println!("Go {version}: {count} not lifted: {cause}; first: {example}");
        }
    }
}
