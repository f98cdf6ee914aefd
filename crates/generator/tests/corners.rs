//! Default cases reach every named corner, in every syscall family that can have it. The same for
//! 100,000 cases, where each has to come 20 times, is `cargo xtask corners`.

use tracehound_generator::{Case, Config, Corner, Counts, Flavour, Matrix};

fn count(cases: u64) -> (Counts, Matrix) {
    let (mut counts, mut matrix) = (Counts::default(), Matrix::default());
    for seed in 0..cases {
        let history = Case::from_seed(seed, Config::default()).generate();
        counts.count(&history);
        matrix.count(&history);
    }
    (counts, matrix)
}

fn assert_each(counts: &Counts, least: u64) {
    let poor: Vec<_> = Corner::ALL
        .iter()
        .filter(|&&c| counts.get(c) < least)
        .map(|&c| format!("{} {}", c.name(), counts.get(c)))
        .collect();
    assert!(poor.is_empty(), "below {least}: {poor:?}");
}

#[test]
fn ten_thousand_cases_reach_every_corner() {
    let (counts, matrix) = count(10_000);
    assert_each(&counts, 2);
    // Every event type that a stream can carry is written.
    let seen: std::collections::BTreeSet<_> = matrix.iter().map(|((ty, _), _)| ty).collect();
    let missing: Vec<_> = tracehound_wire::EventType::ALL
        .iter()
        .filter(|ty| ty.spec().timed && !seen.contains(ty) && **ty != tracehound_wire::EventType::ClockSnapshot)
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_rare_corner_of_the_runtime_model_has_a_detector() {
    let known: std::collections::BTreeSet<u8> = Corner::ALL.iter().flat_map(|c| c.numbers()).copied().collect();
    assert_eq!(known, (1..=55).collect());
}

#[test]
fn corners_of_one_family_stay_in_it() {
    for flavour in Flavour::ALL {
        let mut counts = Counts::default();
        for seed in 0..1500 {
            let config = Config { flavour: Some(flavour), ..Config::default() };
            counts.count(&Case::from_seed(seed, config).generate());
        }
        let class = format!("{:?}", flavour.class());
        for &corner in Corner::ALL.iter().filter(|c| !c.classes().contains(&class)) {
            assert_eq!(counts.get(corner), 0, "{flavour} {}", corner.name());
        }
    }
}
