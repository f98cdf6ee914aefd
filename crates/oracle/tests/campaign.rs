//! What a campaign does before and beside its cases: the reject matrix and the probes first, and no time for a
//! reader that only fails.

use std::collections::BTreeMap;
use tracehound_generator::{Config, EmissionFault};
use tracehound_oracle::hunt::{
    Bound, HuntCase, Place, Presentation, Progress, Seed, Setup, Shard, Stats, campaign, hunt,
};
use tracehound_oracle::judge::matrix;
use tracehound_oracle::laws::Law;

#[test]
fn a_campaign_begins_with_the_reject_matrix_and_the_probes() {
    let readers = vec!["builtin".parse().unwrap()];
    let setup = Setup { readers, threads: 2, edits: 0, ..Setup::default() };
    let end = hunt(&setup, Bound::Cases(0), |_| true).unwrap();
    assert_eq!(end.stats.matrix, 2 * matrix::entries().len() as u64);
    assert!(end.stats.probes > 20_000, "{}", end.stats.probes);
    assert!((10..100).contains(&end.stats.legal), "{}", end.stats.legal);
    assert!(end.stats.self_steals > 0);
    // Of the two only the one that stands for a release has the panics of Go's accessors.
    let groups: Vec<_> = end.groups.iter().filter(|g| !g.breach.words.contains("panicked when asked")).collect();
    assert!(groups.is_empty(), "the built-in reader, the matrix and the probes agree: {groups:?}");
}

/// A campaign that finds something: the runtime's fault, and traces from outside.
fn faulty() -> Setup {
    let fault = Some(EmissionFault::GcWaitProcStop);
    let seed = |n| {
        let bytes = HuntCase::legal(n, &Config::default()).make().unwrap().bytes;
        Seed { name: format!("{n}.trace"), bytes }
    };
    Setup {
        config: Config { fault, ..Config::default() },
        seeds: (0..3).map(seed).collect(),
        threads: 2,
        ..Setup::default()
    }
}

/// How often each finding was made.
fn counts<'p>(parts: impl IntoIterator<Item = &'p Progress>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for group in parts.into_iter().flat_map(|p| &p.groups) {
        *counts.entry(format!("{:?}", group.breach.group())).or_default() += group.count;
    }
    counts
}

#[test]
fn the_shards_of_a_campaign_are_the_whole_campaign() {
    let whole = hunt(&faulty(), Bound::Cases(1000), |_| true).unwrap();
    let shard = |part| {
        let setup = Setup { shard: Shard { part, of: 3 }, ..faulty() };
        hunt(&setup, Bound::Cases(1000), |_| true).unwrap()
    };
    let shards = [shard(1), shard(2), shard(3)];
    let mut stats = Stats::default();
    shards.iter().for_each(|p| stats.add(p.stats.clone()));
    assert_eq!(stats, whole.stats);
    assert!(stats.seeds == 3 && stats.seeds_mutated > 100, "{stats:?}");
    assert!(!whole.groups.is_empty() && counts([&whole]) == counts(&shards));
    assert!(shards.iter().all(|p| p.stats.legal > 50), "each has its share");
}

/// A reader that says hello and ends at the first request.
#[cfg(unix)]
const DIES: &str = r#"hello='{"protocol":1,"name":"dies","version":"1","reads":[22,23,25,26],"reports":[]}'
printf "\\$(printf %o ${#hello})\\0\\0\\0%s" "$hello"
head -c 5 >/dev/null
exit 3
"#;

/// A reader that dies, in this folder.
#[cfg(unix)]
fn dies(folder: &std::path::Path, name: &str) -> String {
    let script = folder.join(name);
    std::fs::write(&script, DIES).unwrap();
    format!("cmd:sh {}", script.display())
}

/// Two readers are wrong in the same unit: who asks for the first finding does not wait for the other's.
#[cfg(unix)]
#[test]
fn of_a_unit_that_finds_more_than_the_first_only_the_first_is_shrunk_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let specs = [dies(folder.path(), "a.sh"), dies(folder.path(), "b.sh")];
    let setup = Setup {
        readers: specs.iter().map(|spec| spec.parse().unwrap()).collect(),
        threads: 1,
        first: true,
        ..Setup::default()
    };
    let out = folder.path().join("findings");
    let presentation = Presentation { command: String::new(), page: None };
    let place = Place { out, resume: false, arguments: Vec::new(), presentation };
    let end = campaign(&setup, Bound::Cases(200), &place, |_| true).unwrap();
    assert!(end.groups.len() > 1, "{:?}", end.groups);
    assert_eq!((end.written.len(), end.left_out), (1, end.groups.len() - 1));
}

#[cfg(unix)]
#[test]
fn a_reader_that_only_fails_is_given_up_and_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let spec = dies(folder.path(), "dies.sh");
    let setup = Setup { readers: vec![spec.parse().unwrap()], threads: 1, ..Setup::default() };
    let end = hunt(&setup, Bound::Cases(200), |_| true).unwrap();
    let died: u64 = end.stats.verdicts[&spec].values().sum();
    assert!((1..100).contains(&died), "{:?}", end.stats.verdicts);
    let unasked = end.stats.not_compared.iter().find(|((_, why), _)| why.to_string().contains("given up"));
    assert!(unasked.is_some_and(|(_, n)| *n > 200), "{:?}", end.stats.not_compared);
    assert!(end.groups.iter().any(|g| g.breach.reader == spec && g.breach.law == Law::Bounded), "{:?}", end.groups);
    let opening = hunt(&Setup { threads: 1, ..Setup::default() }, Bound::Cases(0), |_| true).unwrap();
    assert_eq!(end.stats.legal, opening.stats.legal + 100, "the built-in reader goes on");
}
