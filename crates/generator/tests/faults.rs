//! Each emission fault meets its trigger in the flavours that can have it, and an armed fault that met
//! none leaves the trace as it was.

use tracehound_generator::{Case, Config, EmissionFault, Flavour};

fn config(fault: Option<EmissionFault>, flavour: Flavour) -> Config {
    Config { flavour: Some(flavour), fault, ..Config::default() }
}

#[test]
fn every_fault_is_triggered_somewhere() {
    for &fault in EmissionFault::ALL {
        let hit = Flavour::ALL.into_iter().rev().any(|flavour| {
            (0..3000).any(|seed| Case::from_seed(seed, config(Some(fault), flavour)).generate().fault_hits() > 0)
        });
        assert!(hit, "{fault}");
    }
}

#[test]
fn a_fault_without_trigger_changes_nothing() {
    // One opens a window in which the generation can change, with or without harm; one moves batches,
    // which matters only where a thread id is used again.
    let harmless = [EmissionFault::BlockingEntrySplit, EmissionFault::LeftoverBatchLate];
    let others = EmissionFault::ALL.iter().copied().filter(|f| !harmless.contains(f));
    for fault in others {
        for seed in 0..40 {
            let history = Case::from_seed(seed, config(Some(fault), Flavour::Go126)).generate();
            if history.fault_hits() == 0 {
                let clean = Case::from_seed(seed, config(None, Flavour::Go126)).generate();
                assert!(history.bytes() == clean.bytes(), "{fault} {seed}");
            }
        }
    }
}

#[test]
fn names_read_back_and_laws_are_said() {
    for &fault in EmissionFault::ALL {
        assert_eq!(fault.name().parse(), Ok(fault));
        assert!(fault.law().len() > 10);
    }
    assert!(EmissionFault::ALL.len() >= 20);
}
