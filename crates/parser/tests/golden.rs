//! The spec's golden vectors, made and checked with Go's own readers.

mod common;

use common::{hex26, read};

#[test]
fn a_plain_trace() {
    let got = read(&hex26("0101ffffffffffffffffff01010c32088094ebdc0333010101000101050a090d010001190101050234"));
    assert_eq!(got.end, "ok");
    assert_eq!(
        got.events,
        [
            "M=-1 P=-1 G=-1 Sync Time=1 N=1 Trace=2 Mono=1 Wall=1970-01-01T00:00:01Z",
            "M=5 P=-1 G=-1 StateTransition Time=11 ProcID=0 Undetermined->Running Reason=\"\"",
            "M=5 P=0 G=-1 StateTransition Time=12 GoID=1 Undetermined->Running Reason=\"\"",
            "M=-1 P=-1 G=-1 Sync Time=13 N=2",
        ]
    );
}

#[test]
fn a_silent_end() {
    let got = read(&hex26(
        "0101ffffffffffffffffff01010c32088094ebdc0333010101000101050a090d01000119010105020101070102040534",
    ));
    assert_eq!(got.end, "silent-end");
    assert_eq!(got.events, ["M=-1 P=-1 G=-1 Sync Time=1 N=1"]);
}

#[test]
fn an_event_suppressed_by_the_next_ones_error() {
    let got = read(&hex26("0101ffffffffffffffffff01010c32088094ebdc0333010101000101050a0a0d0100011901010502c834"));
    assert_eq!(got.end, "event-type-range");
    assert_eq!(got.events.len(), 2);
    assert!(got.events[1].contains("Time=11 ProcID=0"));
}
