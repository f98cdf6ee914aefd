//! The histories that a campaign begins with: for each rare corner one in which it happens.
//!
//! Swarm testing draws what a history does, and so reaches a rare corner late. Making a history costs
//! far less than having it read, so that a few hundred are made first and those are kept that reach
//! a corner which none before did. They are histories like any other, with replay strings like any other.

use super::Setup;
use super::case::HuntCase;
use std::collections::BTreeMap;
use tracehound_generator::{Case, Class, Config, Corner, Counts, Feature, Features, Flavour};

/// How many histories are made to choose from.
const CANDIDATES: u64 = 480;

/// Corners of which more than one history is wanted, and how many: those that readers have got wrong.
const WANTED: [(Corner, u64); 3] = [(Corner::SelfSteal, 4), (Corner::SelfStealNoProc, 2), (Corner::PutBack, 4)];

/// The chosen histories, the most wanted first.
pub(super) fn histories(setup: &Setup) -> Vec<HuntCase> {
    let mut have: BTreeMap<Corner, u64> = BTreeMap::new();
    let mut chosen: Vec<(bool, HuntCase)> = Vec::new();
    for n in 0..CANDIDATES {
        let seed = setup.seed.wrapping_add(n) ^ SALT;
        let config = config(&setup.config, n);
        // The corners are of what a sound runtime does; what an armed fault makes of it, readers shall see.
        let sound = Case::from_seed(seed, Config { fault: None, ..config.clone() });
        let mut counts = Counts::default();
        counts.count(&sound.generate());
        let reached: Vec<Corner> = Corner::ALL.iter().copied().filter(|corner| counts.get(*corner) > 0).collect();
        let few = |corner: &Corner| have.get(corner).copied().unwrap_or(0) < wanted(*corner).unwrap_or(1);
        if reached.iter().any(few) {
            let later = !reached.iter().any(|corner| wanted(*corner).is_some());
            chosen.push((later, HuntCase::legal(seed, &config)));
            for corner in reached {
                *have.entry(corner).or_default() += 1;
            }
        }
    }
    chosen.sort_by_key(|(later, _)| *later);
    chosen.into_iter().map(|(_, case)| case).collect()
}

fn wanted(corner: Corner) -> Option<u64> {
    WANTED.iter().find(|(wanted, _)| *wanted == corner).map(|(_, times)| *times)
}

/// Keeps the candidates' seeds apart from those of the campaign's other histories.
const SALT: u64 = 0x6f70_656e_0000_0000;

/// Every other candidate is about Ps that are lost in syscalls while the world stops, and little else.
fn config(config: &Config, n: u64) -> Config {
    if n.is_multiple_of(2) {
        return config.clone();
    }
    let few = [Feature::Syscalls, Feature::Stw, Feature::Sysmon, Feature::Lifecycle];
    let features = few.into_iter().filter(|f| config.features.has(*f)).fold(Features::none(), Features::with);
    let able: Vec<Flavour> = Flavour::ALL.iter().copied().filter(|f| f.class() == Class::A).collect();
    let flavour = able[(n / 2) as usize % able.len()];
    Config { features, flavour: config.flavour.or(Some(flavour)), ..config.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_campaign_begins_with_the_rare_corners() {
        for seed in [0, 7 << 32] {
            let histories = histories(&Setup { seed, ..Setup::default() });
            let mut counts = Counts::default();
            histories.iter().filter_map(|case| case.make()?.history).for_each(|history| counts.count(&history));
            let reached = Corner::ALL.iter().filter(|c| counts.get(**c) > 0).count();
            assert!(reached * 10 > Corner::ALL.len() * 8, "{reached} of {}", Corner::ALL.len());
            assert!(histories.len() < 80, "{} histories", histories.len());
            assert!(counts.get(Corner::SelfSteal) > 0);
        }
    }
}
