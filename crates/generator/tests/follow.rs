//! What the model has made it can follow: every generation of a generated history becomes a case again, and that
//! case's history has the same events.

use tracehound_generator::{Case, Config, Flavour, Gap, History, Observed, Segment, follow, reproduces};
use tracehound_wire::EventType;

fn generations(history: &History) -> Vec<Vec<Observed>> {
    let expected = history.expected();
    let mut all = Vec::new();
    for (n, g) in expected.generations.iter().enumerate() {
        let end = expected.generations.get(n + 1).map_or(expected.events.len(), |g| g.first_event);
        let events = &expected.events[g.first_event..end];
        let observed = events.iter().filter(|e| !e.derived);
        all.push(observed.map(|e| Observed { thread: e.stream, ty: e.ty, args: e.args }).collect());
    }
    all
}

fn lift(case: &Case) -> Vec<Result<Case, (Gap, Option<Observed>)>> {
    let history = case.generate();
    let all = generations(&history);
    let mut lifted = Vec::new();
    for (n, events) in all.iter().enumerate() {
        let starts = |e: &&Observed| e.ty == EventType::ProcsChange;
        let segment = Segment {
            flavour: case.flavour(),
            starts_trace: n == 0 && history.swarm().skip == 0,
            events,
            ends_on: all.get(n + 1).and_then(|next| next.iter().find(starts)).map(|e| e.thread),
        };
        let result = follow(&segment).map_err(|gap| {
            let e = events.get(gap.at).copied();
            (gap, e)
        });
        if let Ok(lifted) = &result
            && let Err(why) = reproduces(&segment, lifted, &lifted.case.generate())
        {
            panic!("generation {n} of {case}, lifted to {}: {why}", lifted.case);
        }
        lifted.push(result.map(|lifted| lifted.case));
    }
    lifted
}

#[test]
fn generations_of_every_flavour_lift() {
    let seeds = 60;
    let mut causes = std::collections::BTreeMap::<String, (usize, String)>::new();
    let (mut good, mut total) = (0, 0);
    for flavour in Flavour::ALL {
        for seed in 0..seeds {
            let case = Case::from_seed(seed, Config { flavour: Some(flavour), ..Config::default() });
            for (n, result) in lift(&case).into_iter().enumerate() {
                total += 1;
                match result {
                    Ok(_) => good += 1,
                    Err((gap, e)) => {
                        let key = format!("{} {:?}", gap.cause, e.map(|e| e.ty));
                        let entry = causes
                            .entry(key)
                            .or_insert_with(|| (0, format!("{case} gen {n} at {} {e:?} {}", gap.at, gap.why)));
                        entry.0 += 1;
                    }
                }
            }
        }
    }
    let mut list: Vec<_> = causes.into_iter().collect();
    list.sort_by_key(|x| std::cmp::Reverse(x.1.0));
    for (key, (n, example)) in &list {
        println!("{n:5} {key}\n        {example}");
    }
    println!("{good} of {total}");
    assert!(good * 100 >= total * 85, "{good} of {total} lift");
}

#[test]
#[ignore = "shows one generation: CASE, GEN"]
fn show() {
    let case: Case = std::env::var("CASE").expect("CASE").parse().expect("a case");
    let n: usize = std::env::var("GEN").expect("GEN").parse().expect("a number");
    let history = case.generate();
    for (i, e) in generations(&history)[n].iter().enumerate() {
        println!("{i:4} {:5} {:?} {:?}", e.thread as i64, e.ty, e.args);
    }
    println!("{:?}", lift(&case)[n].as_ref().map_err(|(gap, _)| gap));
}
