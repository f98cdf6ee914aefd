//! Traces that are refused, and the arguments why.

use super::{Argument, End};
use tracehound_parser::{Options, Reader};
use tracehound_wire::Version;
use tracehound_wire::build::{G, GoStatus, M, NO_STACK, P, ProcStatus, Seq, TraceBuilder};

fn argument(t: &TraceBuilder) -> Argument {
    let bytes = t.to_bytes();
    let read = Reader::new(&bytes).and_then(|mut r| r.for_each(|_| ()));
    Argument::of(&bytes, Options::default(), &read.expect_err("a trace that is refused"))
}

/// Two Ms, each with a P and no goroutine, the waiting goroutines 3 and 4, and the events of
/// each M behind that: goroutine starts and unblocks by their numbers.
fn two_threads(first: &[(&str, u64, u64)], second: &[(&str, u64, u64)]) -> TraceBuilder {
    let mut t = TraceBuilder::new(Version::Go122);
    t.timestamps(false);
    let mut g = t.generation(1);
    for (m, events) in [(5, first), (6, second)] {
        let mut batch = g.batch(M(m), 0);
        batch
            .event("ProcStatus", (P(m - 5), ProcStatus::Running))
            .event("GoStatus", (G(m - 2), M(u64::MAX), GoStatus::Waiting));
        for &(name, g, seq) in events {
            match name {
                "GoStart" => batch.event(name, (G(g), Seq(seq))),
                "GoUnblock" => batch.event(name, (G(g), Seq(seq), NO_STACK)),
                _ => batch.event(name, (G(g), NO_STACK, NO_STACK)),
            };
        }
    }
    t
}

#[test]
fn what_nobody_has_is_missing() {
    let argument = argument(&two_threads(&[("GoStart", 3, 2)], &[]));
    assert_eq!(argument.end, Some(End::Missing));
    insta::assert_snapshot!(argument.to_string());
}

#[test]
fn a_circle_is_told_as_one() {
    let first = [("GoStart", 3, 2), ("GoUnblock", 4, 1)];
    let argument = argument(&two_threads(&first, &[("GoStart", 4, 2), ("GoUnblock", 3, 1)]));
    assert_eq!(argument.end, Some(End::Cycle(0)));
    assert_eq!(argument.steps.len(), 2);
    insta::assert_snapshot!(argument.to_string());
}

#[test]
fn a_chain_leads_to_the_one_that_nobody_helps() {
    let second = [("GoStart", 9, 1), ("GoUnblock", 3, 1)];
    let argument = argument(&two_threads(&[("GoStart", 3, 2)], &second));
    assert_eq!((argument.steps.len(), argument.end), (2, Some(End::Missing)));
    assert_eq!(argument.steps[1].event.m, 6);
    assert!(argument.steps[1].needs.starts_with("G9"), "{argument}");
}

#[test]
fn a_broken_rule_tells_since_when_things_are_as_they_are() {
    let argument = argument(&two_threads(&[("GoCreate", 3, 0)], &[]));
    assert!(argument.steps.is_empty());
    insta::assert_snapshot!(argument.to_string());
}
