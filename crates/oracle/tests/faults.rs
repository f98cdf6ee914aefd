//! The kept score of planted faults, and the page that is made from it.

use tracehound_oracle::faults::{self, Planted, Score};

fn kept() -> Score {
    Score::from_json(include_str!("../../../corpus/faults.json")).unwrap()
}

#[test]
fn the_score_is_of_all_faults_and_good_enough() {
    let kept = kept();
    for planted in Planted::all() {
        assert!(kept.rows.contains_key(planted.name()), "{planted} is not in the score: measure anew");
    }
    assert!(kept.median() <= 300, "the median is {}", kept.median());
    assert_eq!(kept.false_alarms, 0);
    for fault in ["no-self-steal", "gcwait-proc-stop"] {
        assert!(kept.rows[fault].any.median <= 50, "{fault} after {}", kept.rows[fault].any.median);
    }
}

#[test]
fn the_page_is_made_from_the_score() {
    let page = faults::page(&kept());
    assert_eq!(include_str!("../../../docs/faults.md"), page, "write it with `tracehound faults --write`");
}
