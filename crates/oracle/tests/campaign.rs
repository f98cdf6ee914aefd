//! What a campaign does before and beside its cases: the reject matrix and the probes first, and no time for a
//! reader that only fails.

use tracehound_oracle::hunt::{Bound, Setup, hunt};
use tracehound_oracle::judge::matrix;
use tracehound_oracle::laws::Law;

#[test]
fn a_campaign_begins_with_the_reject_matrix_and_the_probes() {
    let setup = Setup { readers: vec!["builtin".parse().unwrap()], threads: 2, ..Setup::default() };
    let end = hunt(&setup, Bound::Cases(0), |_| true).unwrap();
    assert_eq!(end.stats.matrix, 2 * matrix::entries().len() as u64);
    assert!(end.stats.probes > 20_000, "{}", end.stats.probes);
    assert_eq!(end.stats.cases(), 0);
    assert_eq!(end.groups, [], "the built-in reader and the matrix agree");
}

/// A reader that says hello and ends at the first request.
#[cfg(unix)]
const DIES: &str = r#"hello='{"protocol":1,"name":"dies","version":"1","reads":[22,23,25,26],"reports":[]}'
printf "\\$(printf %o ${#hello})\\0\\0\\0%s" "$hello"
head -c 5 >/dev/null
exit 3
"#;

#[cfg(unix)]
#[test]
fn a_reader_that_only_fails_is_given_up_and_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("dies.sh");
    std::fs::write(&script, DIES).unwrap();
    let spec = format!("cmd:sh {}", script.display());
    let setup = Setup { readers: vec![spec.parse().unwrap()], threads: 1, ..Setup::default() };
    let end = hunt(&setup, Bound::Cases(200), |_| true).unwrap();
    let died: u64 = end.stats.verdicts[&spec].values().sum();
    assert!((1..100).contains(&died), "{:?}", end.stats.verdicts);
    let unasked = end.stats.not_compared.iter().find(|((_, why), _)| why.to_string().contains("given up"));
    assert!(unasked.is_some_and(|(_, n)| *n > 200), "{:?}", end.stats.not_compared);
    assert!(end.groups.iter().any(|(b, _)| b.reader == spec && b.law == Law::Accept), "{:?}", end.groups);
    assert_eq!(end.stats.legal, 100, "the built-in reader goes on");
}
