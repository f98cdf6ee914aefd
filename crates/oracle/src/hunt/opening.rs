//! The histories that a campaign begins with: for each rare corner one in which it happens.
//!
//! Swarm testing draws what a history does, and so reaches a rare corner late. Making a history costs
//! far less than having it read, so that a few hundred are made first and those are kept that reach
//! a corner which none before did. For a corner that is too rare even then, histories are made in which little else can
//! happen. They are histories like any other, with replay strings like any other.

use super::Setup;
use super::case::HuntCase;
use std::collections::BTreeMap;
use tracehound_generator::{Case, Class, Config, Corner, Counts, Feature, Features, Flavour};

/// How many histories are made to choose from.
const CANDIDATES: u64 = 480;

/// Corners of which more than one history is wanted, and how many: those that readers have got wrong.
const WANTED: [(Corner, u64); 3] = [(Corner::SelfSteal, 4), (Corner::SelfStealNoProc, 2), (Corner::PutBack, 4)];

/// Corners that a few hundred histories are not enough for, and what has to be possible for them.
const SCARCE: [(Corner, &[Feature]); 1] =
    [(Corner::BorrowLater, &[Feature::Syscalls, Feature::Stw, Feature::Sysmon, Feature::Lifecycle, Feature::Bare])];

/// How many histories are made for each of those, at most.
const SCARCE_CANDIDATES: u64 = 4000;

/// The chosen histories, the most wanted first.
pub(super) fn histories(setup: &Setup) -> Vec<HuntCase> {
    let mut have: BTreeMap<Corner, u64> = BTreeMap::new();
    let mut chosen: Vec<(bool, HuntCase)> = Vec::new();
    for n in 0..CANDIDATES {
        let seed = setup.seed.wrapping_add(n) ^ SALT;
        let config = config(&setup.config, n);
        let counts = counts(seed, &config);
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
    let possible = |features: &[Feature]| {
        features.iter().all(|f| setup.config.features.has(*f))
            && setup.config.flavour.is_none_or(|flavour| flavour.class() == Class::A)
    };
    for (corner, features) in SCARCE {
        if have.contains_key(&corner) || !possible(features) {
            continue;
        }
        let config = |n| focused(&setup.config, features, n);
        let mut candidates = (CANDIDATES..CANDIDATES + SCARCE_CANDIDATES)
            .map(|n| (setup.seed.wrapping_add(n) ^ SALT, config(n)))
            .filter(|(seed, config)| counts(*seed, config).get(corner) > 0);
        chosen.extend(candidates.next().map(|(seed, config)| (true, HuntCase::legal(seed, &config))));
    }
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
    focused(config, &[Feature::Syscalls, Feature::Stw, Feature::Sysmon, Feature::Lifecycle], n / 2)
}

/// Only these features, and the releases in which a P that is lost in a syscall says so.
fn focused(config: &Config, features: &[Feature], n: u64) -> Config {
    let features = features.iter().filter(|f| config.features.has(**f)).fold(Features::none(), |all, f| all.with(*f));
    let able: Vec<Flavour> = Flavour::ALL.iter().copied().filter(|f| f.class() == Class::A).collect();
    let flavour = able[n as usize % able.len()];
    Config { features, flavour: config.flavour.or(Some(flavour)), ..config.clone() }
}

/// The corners of a history, as a sound runtime makes it; what an armed fault makes of it, readers shall see.
fn counts(seed: u64, config: &Config) -> Counts {
    let sound = Case::from_seed(seed, Config { fault: None, ..config.clone() });
    let mut counts = Counts::default();
    counts.count(&sound.generate());
    counts
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
            assert!(counts.get(Corner::BorrowLater) > 0, "scarce corners are looked for until they come");
        }
    }
}
