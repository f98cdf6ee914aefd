//! One trace for each reject rule, each the spec's example, made and checked with Go's
//! own readers; and a row for every rule there is.

mod common;

use common::examples::{base, examples, header};
use common::read_as;
use tracehound_wire::{EventType::*, RejectRule};

#[test]
fn every_rule_refuses_its_example() {
    let examples = examples();
    for (rule, release, bytes) in &examples {
        assert_eq!(read_as(*release, bytes).end, rule.class(), "{rule}");
    }
    for rule in RejectRule::OF_GO {
        assert!(examples.iter().any(|(r, ..)| r == rule), "{rule} has no example");
    }
}

#[test]
fn errors_say_where() {
    let bytes = base(&[(GoCreate, &[2, 0, 0]), (GoUnblock, &[9, 1, 0])]);
    let error = tracehound_parser::Reader::new(&bytes).unwrap().for_each(|_| ()).unwrap_err();
    let place = *error.place();
    assert_eq!((place.generation, place.thread, place.events), (Some(1), Some(5), 4));
    assert_eq!(place.event_type, Some(GoUnblock));
    let at = place.offset.unwrap() as usize;
    assert_eq!(bytes[at..at + 5], [21, 1, 9, 1, 0]);
    let wait = &error.explain().unwrap().waits[0];
    assert_eq!(
        wait.to_string(),
        format!(
            "M 5: GoUnblock g=9 g_seq=1 stack=0 at byte {at} waits for G9 waiting before its number 1; nothing has mentioned it yet"
        )
    );
}

#[test]
fn old_formats_are_refused_in_words() {
    for minor in [11, 19, 21] {
        let bytes = header(&format!("go 1.{minor} trace\0\0\0"));
        let error = tracehound_parser::Reader::new(&bytes).err().unwrap();
        assert_eq!(error.class(), "header-version-unsupported");
        assert_eq!(error.mishap().unwrap().class(), "v1-trace");
    }
}
