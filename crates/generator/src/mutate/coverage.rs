//! Which operators make which illegal edits: the edits of a legal history that leave no
//! order, one by one, as they follow from the runtime's model (and those that only look illegal).
//! Each has at least one operator.

use super::{Operator, operators};

/// An edit, and the operators that make it.
const EDITS: &[(&str, &[&str])] = &[
    ("a theft's number is one too high", &["skip-number-of-proc-steal"]),
    ("a theft repeats a number", &["repeat-number-of-proc-steal"]),
    ("a syscall's number is one too high", &["skip-number-of-syscall-begin", "repeat-number-of-syscall-begin"]),
    ("the number of a P's start is one too high", &["skip-number-of-proc-start", "repeat-number-of-proc-start"]),
    (
        "a goroutine's number is one too high",
        &["skip-number-of-go-start", "skip-number-of-go-unblock", "skip-number-of-go-switch"],
    ),
    (
        "two events of one P or goroutine exchange their numbers",
        &["exchange-numbers-of-proc", "exchange-numbers-of-goroutine"],
    ),
    ("a theft is missing", &["drop-steal"]),
    ("the victim of a theft is a thread that nobody knows", &["steal-from-unknown-thread"]),
    ("the victim of a theft has another P", &["steal-from-wrong-thread", "self-steal-becomes-other"]),
    ("the victim of a theft is the thief, who has not got the P", &["steal-from-self-instead"]),
    ("a P is stopped where it was stolen", &["steal-becomes-stop"]),
    ("an idle P is stolen", &["steal-of-idle-proc"]),
    ("a running P is stolen", &["steal-of-running-proc"]),
    ("a syscall that lost its P ends as if it had kept it", &["blocked-end-becomes-end"]),
    ("a syscall that kept its P ends as if it had lost it", &["end-becomes-blocked-end"]),
    ("a P is started on a thread that still has one in a syscall", &["start-proc-inside-syscall"]),
    ("a P is started that runs elsewhere", &["start-running-proc", "start-proc-out-of-turn"]),
    ("a P is stopped twice", &["stop-twice"]),
    ("the first status of a P is missing", &["drop-first-proc-status"]),
    ("the status of a P in a later generation is missing", &["drop-later-proc-status"]),
    ("the status of a goroutine in a later generation is missing", &["drop-later-go-status"]),
    ("a later status of a P says something else", &["contradict-proc-status"]),
    ("a later status of a goroutine says something else", &["contradict-go-status"]),
    ("the first status of a goroutine says something else", &["contradict-first-go-status"]),
    ("a generation tells a status twice", &["second-proc-status", "second-go-status", "status-renumbers-proc"]),
    ("a goroutine appears by its status in a later generation", &["status-of-stranger"]),
    ("a goroutine is in a syscall on no thread", &["syscall-status-without-thread"]),
    ("a goroutine is in a syscall on a thread that has another", &["syscall-status-on-wrong-thread"]),
    (
        "a status code is none",
        &["proc-status-out-of-range", "go-status-out-of-range", "go-status-bad", "status-code-beyond-a-byte"],
    ),
    ("an unblock is missing", &["drop-unblock"]),
    ("an unblock is missing, and the numbers close up", &["drop-unblock-and-renumber"]),
    ("a goroutine that stopped has blocked instead", &["stop-becomes-block"]),
    ("a goroutine that blocked has stopped instead", &["block-becomes-stop"]),
    ("a thread starts a goroutine while it has one", &["drop-block"]),
    ("a goroutine is created twice", &["create-twice", "create-existing"]),
    ("a creation is missing", &["drop-create", "drop-create-before-status"]),
    ("a goroutine does something after its end", &["block-after-destroy"]),
    (
        "a syscall ends or begins in the wrong state",
        &["end-without-begin", "blocked-end-without-begin", "begin-twice", "block-inside-syscall"],
    ),
    ("a C thread enters Go on a thread that has a goroutine", &["c-thread-with-goroutine"]),
    ("a C thread enters Go as a goroutine that exists", &["c-thread-takes-live-goroutine"]),
    ("a C thread leaves Go without being in a syscall", &["c-thread-destroys-running", "c-thread-destroys-nothing"]),
    ("a C thread comes back from its syscall with a P", &["c-thread-ends-syscall-with-proc"]),
    ("a switch goes to a goroutine that is runnable", &["switch-to-runnable-goroutine", "switch-to-self"]),
    ("a goroutine is started that runs elsewhere", &["start-running-goroutine"]),
    ("two neighbours of a thread's stream exchange places", &["exchange-neighbours", "start-without-proc"]),
    ("two batches of a thread exchange places", &["exchange-neighbouring-batches"]),
    ("an event comes a generation too early", &["stop-in-previous-generation"]),
    ("an event comes a generation too late", &["numbered-event-in-next-generation"]),
    ("a number of the GC is missing", &["skip-gc-number", "repeat-gc-number"]),
    (
        "the GC begins or ends out of turn",
        &["gc-begins-twice", "gc-ends-twice", "gc-ends-first", "gc-active-while-off"],
    ),
    ("a generation does not say that the GC is active", &["drop-gc-active"]),
    ("a range ends that was not begun", &["range-ends-unbegun", "range-ends-twice"]),
    ("a range begins twice", &["range-begins-twice"]),
    ("a range is active that was not begun", &["assist-active-from-nowhere", "sweep-active-from-nowhere"]),
    ("the beginning of a range is missing", &["drop-range-begin"]),
    ("a task begins under the id of an open one", &["task-begins-twice"]),
    (
        "a region ends that is not the innermost",
        &["region-ends-for-other-task", "region-ends-under-other-name", "regions-end-crosswise"],
    ),
    (
        "an event lacks the P or goroutine that it needs",
        &[
            "annotation-without-goroutine",
            "annotation-without-proc",
            "metric-without-proc",
            "range-without-goroutine",
            "sweep-without-proc",
        ],
    ),
    ("an event moves into a batch of no thread", &["event-without-thread"]),
    ("a batch becomes another thread's", &["batch-of-unknown-thread", "event-to-other-thread"]),
    (
        "an event names a string or stack that is not there",
        &["event-names-unknown-string", "event-names-unknown-stack"],
    ),
    (
        "a table breaks the format",
        &["string-twice", "stack-twice", "string-too-long", "stack-too-deep", "frame-function-unknown"],
    ),
    (
        "a batch breaks the format",
        &["batch-over-limit", "event-type-out-of-range", "event-without-time", "clock-among-events"],
    ),
    (
        "a generation has no clock, or two",
        &["drop-frequency", "frequency-twice", "drop-clock", "clock-twice", "sync-in-two-batches"],
    ),
    (
        "generations do not follow one another",
        &[
            "generation-zero",
            "batch-of-far-generation",
            "drop-inner-end-marker",
            "drop-last-end-marker",
            "end-marker-in-old-version",
        ],
    ),
    ("a generation is left out", &["generation-gap"]),
    ("a generation has no events", &["generation-without-events"]),
    ("the first generations are left out", &["drop-first-generations"]),
    ("an old version holds an event of a later one", &["later-event-in-old-version"]),
    ("times are changed, which is never illegal", &["scramble-times", "shift-times", "equal-times"]),
];

#[test]
fn every_edit_of_the_model_has_an_operator() {
    assert_eq!(EDITS.len(), 70);
    for (edit, names) in EDITS {
        assert!(!names.is_empty(), "{edit}");
        for name in *names {
            assert!(Operator::named(name).is_some(), "{edit}: no operator is called {name}");
        }
    }
}

#[test]
fn operators_have_names_of_their_own_and_say_why() {
    let mut names: Vec<&str> = operators().map(|op| op.name).collect();
    assert!(names.len() >= 190, "{} operators", names.len());
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    for op in operators() {
        assert!(op.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{op:?}");
        assert!(!op.cite.is_empty(), "{op:?} does not say why");
    }
}
