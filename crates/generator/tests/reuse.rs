//! A generator's space: what was made in it before must not show.

use tracehound_generator::{Case, Config, EmissionFault, Generator};

/// Configurations that leave different things behind: many Ms, many generations, faults that hold batches back, details.
fn configurations() -> Vec<Config> {
    let plain = Config::default();
    let mut all = vec![
        plain.clone(),
        Config { steps: 3000, threads: 20, procs: 16, goroutines: 60, ..plain.clone() },
        Config { steps: 20, threads: 1, procs: 1, goroutines: 1, ..plain.clone() },
        Config { fine: true, steps: 200, ..plain.clone() },
    ];
    all.extend(EmissionFault::ALL.iter().map(|&fault| Config { fault: Some(fault), ..plain.clone() }));
    all
}

#[test]
fn what_was_made_before_does_not_show() {
    let mut generator = Generator::default();
    for seed in 0..40 {
        for config in configurations() {
            let case = Case::from_seed(seed, config);
            let (fresh, again) = (case.generate(), generator.make(&case));
            assert!(fresh.trace() == again.trace(), "{case}");
            assert!(fresh.expected().events == again.expected().events, "{case}");
            assert_eq!(fresh.expected().generations, again.expected().generations, "{case}");
            assert_eq!((fresh.steps(), fresh.fault_hits()), (again.steps(), again.fault_hits()), "{case}");
            // Whether somebody keeps the history or not.
            if seed % 3 != 0 {
                generator.reclaim(again);
            }
        }
    }
}
