//! Only legal: many histories of all releases, each read by the built-in reader and held against the truth, many of them by
//! every SDK's reader too, and the small ones judged. Any alarm is false.

use crate::fault::{Doing, Result};
use crate::provision;
use crate::tally::Tally;
use std::thread;
use tracehound_generator::{Case, Config};
use tracehound_oracle::hunt::{Bound, Setup, hunt};
use tracehound_oracle::judge::{self, Verdict};

/// The largest trace that is judged, timed events.
const JUDGED_EVENTS: usize = 40;
/// Most steps of a history that is meant to be judged.
const JUDGED_STEPS: u32 = 16;

/// How many, and by whom.
#[derive(clap::Args)]
pub struct Options {
    /// Histories for the built-in reader, from seed 0 on
    #[arg(long, default_value_t = 1_000_000)]
    cases: u64,
    /// Histories for each SDK's reader
    #[arg(long, default_value_t = 200_000)]
    go_cases: u64,
    /// Small histories, of which the judge gets those of up to 40 events
    #[arg(long, default_value_t = 20_000)]
    judged: u64,
    /// Only this SDK, by version or release (may be repeated; default: all of the list)
    #[arg(long = "sdk", value_name = "VERSION")]
    sdk: Vec<String>,
}

/// Reads and judges them; each alarm is printed with the case that raises it.
///
/// # Errors
/// If a Go SDK or its worker is not to be had.
pub fn legal(options: &Options) -> Result<Tally> {
    let mut tally = judged(options.judged);
    read(&mut tally, None, options.cases)?;
    if options.go_cases > 0 {
        for toolchain in provision::provide(&provision::chosen(&options.sdk)?)? {
            read(&mut tally, Some(toolchain.version()), options.go_cases)?;
        }
    }
    Ok(tally)
}

/// Legal histories alone, by the built-in reader and perhaps one of Go's.
fn read(tally: &mut Tally, sdk: Option<&str>, cases: u64) -> Result<()> {
    let name = sdk.map_or("builtin".to_owned(), |version| format!("go:{version}"));
    let mut setup = Setup { edits: 0, ..Setup::default() };
    if sdk.is_some() {
        setup.readers.push(name.parse().doing(&name)?);
    }
    let end = hunt(&setup, Bound::Cases(cases), |_| true).doing(&name)?;
    let alarms: Vec<_> = end.groups.iter().filter(|g| g.breach.case.edit.is_none()).collect();
    for group in &alarms {
        println!("{name}: FALSE ALARM {} times: {}; {}", group.count, group.breach.words, group.breach.case);
    }
    tally.count(alarms.is_empty());
    let (s, seconds) = (&end.stats, end.elapsed.as_secs_f64());
    let accepted = |reader: &str| s.verdicts.get(reader).and_then(|v| v.get("accepted")).copied().unwrap_or_default();
    let truths = s.laws.get("truth").copied().unwrap_or_default();
    let agreed = s.laws.get("agree").copied().unwrap_or_default();
    println!(
        "{name}: {} legal histories, {} generations, {} MB, {truths} held against the truth, {agreed} comparisons of readers, \
         {} accepted; {} alarms; {seconds:.0} s",
        s.legal,
        s.generations,
        s.bytes >> 20,
        accepted(&name),
        alarms.len(),
    );
    Ok(())
}

/// Lets the judge look at the small ones of small histories, on all cores.
fn judged(cases: u64) -> Tally {
    let threads = thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let judge = |first: u64| {
        let mut counts = [0; 3];
        for seed in (first..cases).step_by(threads as usize) {
            let case = Case::from_seed(seed, Config { steps: JUDGED_STEPS, ..Config::default() });
            let options = judge::Options { max_events: JUDGED_EVENTS, ..judge::Options::default() };
            let at = match judge::judge_bytes(&case.generate().bytes(), options) {
                Verdict::Legal { .. } => 0,
                Verdict::TooLarge { events, .. } if events > JUDGED_EVENTS => 2,
                verdict => {
                    println!("judge: FALSE ALARM: {verdict:?}; {case}");
                    1
                }
            };
            counts[at] += 1;
        }
        counts
    };
    let mut sum = [0; 3];
    let mut tally = Tally::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|first| scope.spawn(move || judge(first))).collect();
        for worker in workers {
            // A panic in the judge is a bug that has to be seen, and its message has been.
            let counts = worker.join().expect("a case that can be judged");
            sum.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
        }
    });
    let [legal, alarms, larger] = sum;
    println!(
        "judge: {legal} of {cases} histories legal, {larger} with more than {JUDGED_EVENTS} events; {alarms} alarms"
    );
    tally.count(alarms == 0);
    tally
}
