//! Running campaigns with faults in them, and noting which case each law is first broken on.

use super::planted::Planted;
use super::score::{Kills, Row, Score};
use crate::hunt::{Examiner, HuntCase, Made, Setup, all_cases};
use crate::laws::{self, Law};
use crate::readers::{Builtin, ReaderError, ReaderSpec, ReaderUnderTest};
use crate::verdict::{Comparison, Mode};
use rayon::prelude::*;
use std::collections::BTreeMap;
use tracehound_parser::Options;

/// How long to look.
#[derive(Clone, Debug)]
pub struct Plan {
    /// One campaign for each of these, which are far enough apart to share no history.
    pub seeds: Vec<u64>,
    /// Cases for which all laws are watched.
    pub cases: u64,
    /// Cases after which a fault that nothing has seen is given up.
    pub patience: u64,
}

/// Two campaigns' seeds are this far apart.
const APART: u64 = 1 << 32;

impl Plan {
    /// A plan of `seeds` campaigns, each watched for `cases`.
    pub fn new(seeds: u64, cases: u64, patience: u64) -> Plan {
        Plan { seeds: (0..seeds).map(|n| n * APART).collect(), cases, patience: patience.max(cases) }
    }
}

/// Measures each fault, and the clean build.
///
/// `enough` says of a fault and the laws broken so far whether more need not be known.
///
/// # Errors
/// If a reader cannot be started.
pub fn measure(
    faults: &[Planted],
    plan: &Plan,
    enough: &(dyn Fn(Planted, &BTreeMap<Law, u64>) -> bool + Sync),
) -> Result<Score, ReaderError> {
    // Emission faults make histories of their own; all others look at the same ones.
    let (emissions, sharing): (Vec<_>, Vec<_>) = faults.iter().partition(|p| matches!(p, Planted::Emission(_)));
    let mut jobs: Vec<(u64, Vec<Planted>)> = Vec::new();
    for &seed in &plan.seeds {
        jobs.push((seed, sharing.clone()));
        jobs.extend(emissions.iter().map(|p| (seed, vec![*p])));
    }
    let seeds: Vec<Vec<(Planted, Run)>> =
        jobs.par_iter().map(|(seed, planted)| campaign(planted, *seed, plan, enough)).collect::<Result<_, _>>()?;
    let mut score =
        Score { seeds: plan.seeds.len() as u64, cases: plan.cases, patience: plan.patience, ..Score::default() };
    for seed in &plan.seeds {
        score.false_alarms += false_alarms(*seed, plan.cases)?;
    }
    for &fault in faults {
        let runs = || seeds.iter().flatten().filter(|(p, _)| *p == fault).map(|(_, run)| &run.first);
        let laws: BTreeMap<Law, Kills> = Law::ALL
            .into_iter()
            .map(|law| (law, Kills::of(runs().filter_map(|first| first.get(&law).copied()).collect())))
            .filter(|(_, kills)| kills.times > 0)
            .collect();
        let any = Kills::of(runs().filter_map(|first| first.values().min().copied()).collect());
        score.rows.insert(fault.name().to_owned(), Row { place: fault.place().to_owned(), any, laws });
    }
    Ok(score)
}

/// A fault in a campaign.
struct Run {
    examiner: Examiner,
    /// The faulty reader, held against the sound one.
    faulty: Builtin,
    /// The number of the first case on which each law was broken; the first case has number 1.
    first: BTreeMap<Law, u64>,
    done: bool,
}

/// One campaign with each of the faults, which share its histories.
fn campaign(
    faults: &[Planted],
    seed: u64,
    plan: &Plan,
    enough: &(dyn Fn(Planted, &BTreeMap<Law, u64>) -> bool + Sync),
) -> Result<Vec<(Planted, Run)>, ReaderError> {
    let Some(first) = faults.first() else { return Ok(Vec::new()) };
    let mut runs = Vec::new();
    for &planted in faults {
        let setup = planted.setup(seed);
        let mut examiner = Examiner::new(&setup)?;
        if let Planted::Codec(fault) = planted {
            examiner.set_codec(Box::new(move |trace| fault.spoil(trace)));
        }
        let faulty = Builtin::new("faulty", setup.options, false);
        runs.push((planted, Run { examiner, faulty, first: BTreeMap::new(), done: false }));
    }
    // The histories are those of the first fault: a reader's faults do not change them.
    let setup = first.setup(seed);
    let cases = all_cases(&setup).take(usize::try_from(plan.patience).unwrap_or(usize::MAX));
    let mut sound = Builtin::new("sound", Options::default(), false);
    for (n, case) in (1..).zip(cases) {
        let answer = sound.read(&case.1.bytes, Mode::Digest);
        for (planted, run) in &mut runs {
            if run.done {
                continue;
            }
            let mut broken = run.examine(*planted, &case);
            if !run.first.contains_key(&Law::Agree) && matches!(planted, Planted::Reader(_)) {
                let theirs = run.faulty.read(&case.1.bytes, Mode::Digest);
                let told = laws::resolve(&mut sound, &answer, &mut run.faulty, &theirs, &case.1.bytes);
                broken.extend(matches!(told, Comparison::Differ(_)).then_some(Law::Agree));
            }
            for law in broken {
                run.first.entry(law).or_insert(n);
            }
            run.done = n >= plan.cases && !run.first.is_empty() || enough(*planted, &run.first);
        }
        if runs.iter().all(|(_, run)| run.done) {
            break;
        }
    }
    // What has not been seen yet only the probes can show, which a hunt has where there is another reader.
    let unseen = |(planted, run): &&mut (Planted, Run)| matches!(planted, Planted::Reader(_)) && run.first.is_empty();
    let beside = Setup { readers: vec![ReaderSpec::Builtin(Default::default())], ..setup };
    for (_, run) in runs.iter_mut().filter(unseen) {
        let fixed = (1..).zip(all_cases(&beside)).skip_while(|(_, (_, made))| !is_probe(made));
        for (n, (_, made)) in fixed.take_while(|(_, (_, made))| is_probe(made)) {
            let (ours, theirs) = (sound.read(&made.bytes, Mode::Digest), run.faulty.read(&made.bytes, Mode::Digest));
            let told = laws::resolve(&mut sound, &ours, &mut run.faulty, &theirs, &made.bytes);
            if matches!(told, Comparison::Differ(_)) {
                run.first.insert(Law::Agree, n);
                break;
            }
        }
    }
    Ok(runs)
}

fn is_probe(made: &Made) -> bool {
    made.edit.as_ref().is_some_and(|edit| edit.is_probe())
}

impl Run {
    fn examine(&mut self, planted: Planted, case: &(HuntCase, Made)) -> Vec<Law> {
        let laws = |breaches: Vec<crate::hunt::Breach>| breaches.into_iter().map(|b| b.law).collect();
        if !matches!(planted, Planted::Label(_)) {
            return laws(self.examiner.examine(std::slice::from_ref(case)));
        }
        let mut case = case.clone();
        if let Some(edit) = &mut case.1.edit {
            planted.spoil(edit, &self.faulty.read(&case.1.bytes, Mode::Digest).verdict);
        }
        laws(self.examiner.examine(&[case]))
    }
}

/// Breaches of any law without any fault.
fn false_alarms(seed: u64, cases: u64) -> Result<u64, ReaderError> {
    let setup = Setup { seed, known: Vec::new(), threads: 1, ..Setup::default() };
    let mut examiner = Examiner::new(&setup)?;
    let cases: Vec<_> = all_cases(&setup).take(usize::try_from(cases).unwrap_or(usize::MAX)).collect();
    Ok(examiner.examine(&cases).len() as u64)
}
