//! The page of laws, docs/laws.md: every law as an equation, who asks it, and the tests.

use super::Law;
use std::fmt::Write as _;

/// What the page says of a law.
struct Row {
    equation: &'static str,
    needs: &'static str,
    hunt: &'static str,
    fuzz: &'static str,
    /// The test that shows that the law can be broken.
    can_fail: &'static str,
}

const TURNS: &str = "in turn";
const CAN_FAIL: &str = "laws::tests::laws_that_take_turns_can_fail";

fn row(law: Law) -> Row {
    let turn = |equation, needs, can_fail| Row { equation, needs, hunt: TURNS, fuzz: "laws", can_fail };
    match law {
        Law::Accept => Row {
            equation: "read(t(h)) is accepted",
            needs: "",
            hunt: "every legal case, every reader",
            fuzz: "legal",
            can_fail: "laws::base::tests::each_law_can_fail",
        },
        Law::Truth => Row {
            equation: "the events of read(t(h)) = what h says happened: each thread's sequence, contexts, states, \
                       strings, stacks, times, Syncs, samples",
            needs: "events",
            hunt: "every legal case, built-in reader",
            fuzz: "legal",
            can_fail: "laws::truth::tests::every_lie_is_seen",
        },
        Law::Reject => Row {
            equation: "read(e(t(h))) is refused for a label must-reject(rules), by the built-in reader with one of the rules",
            needs: "",
            hunt: "every edit, every reader",
            fuzz: "mutated",
            can_fail: "laws::base::tests::each_law_can_fail",
        },
        Law::Agree => Row {
            equation: "read_a(t) = read_b(t), as far as both report; the built-in reader takes the release of the other",
            needs: "",
            hunt: "every case, every other reader",
            fuzz: "compare_go",
            can_fail: "verdict::compare::tests::every_changed_field_of_every_event_is_seen",
        },
        Law::Context => Row {
            equation: "each event's M, P, G and each old state follow from the transitions before it",
            needs: "events",
            hunt: "every legal case, built-in reader",
            fuzz: "legal",
            can_fail: "laws::context::tests::every_wrong_context_and_old_state_is_seen",
        },
        Law::RoundTrip => {
            turn("encode(decode(bytes)) = bytes", "", "laws::roundtrip::tests::what_is_not_given_back_is_seen")
        }
        Law::Twice => turn("read(t) = read(t)", "", CAN_FAIL),
        Law::Split => turn("read(t in pieces of any lengths) = read(t)", "a reader that takes pieces", CAN_FAIL),
        Law::Rename => turn(
            "read(f(t)) = f(read(t)) for every renaming f of threads, Ps, goroutines, tasks, strings, stacks",
            "events",
            CAN_FAIL,
        ),
        Law::Shift => turn(
            "read(t with all times + c) = read(t) with all times + c, on clocks where that is exact",
            "events",
            CAN_FAIL,
        ),
        Law::Rebatch => turn("read(t with batches cut in two, or into single events) = read(t)", "events", CAN_FAIL),
        Law::Permute => turn(
            "read(t with threads' batches in another order) = read(t) up to what equal times leave open",
            "events",
            CAN_FAIL,
        ),
        Law::Prefix => turn(
            "for every beginning t' of t and every M: M's events of read(t') are a beginning of M's events of read(t)",
            "events",
            "laws::stable::tests::a_thread_that_tells_another_story_when_cut_is_seen",
        ),
        Law::Bounded => Row {
            equation: "every trace is accepted or refused, within deadline and memory",
            needs: "",
            hunt: "every edit without a label",
            fuzz: "bytes",
            can_fail: "laws::base::tests::each_law_can_fail",
        },
        Law::Label => Row {
            equation: "the judge confirms the label of every edit: a law for tracehound itself",
            needs: "",
            hunt: "a sample of edits",
            fuzz: "mutated",
            can_fail: "judge::labels::a_false_label_is_seen",
        },
    }
}

/// The page.
pub fn laws_page() -> String {
    let mut page = String::from(INTRODUCTION);
    for law in Law::ALL {
        let Row { equation, needs, hunt, fuzz, can_fail } = row(law);
        let test = law.name().replace('-', "_");
        let _ = writeln!(page, "| {law} | {equation} | {needs} | {hunt} | `{fuzz}` | `{test}` | `{can_fail}` |");
    }
    page.push_str(REST);
    page
}

const INTRODUCTION: &str = "\
# The laws

Each law is one function in `crates/oracle/src/laws` over any reader that declares what the law needs; `hunt`, `replay`,
the fuzz targets and the property tests call the same functions. Write `h` for a legal history of the generator, `t(h)` for its trace, `read(t)`
for verdict and events, `e` for an edit with a label. A law that has nothing to say about a case gives a reason, which
the table of the hunt counts.

This page is made by `cargo xtask generate`; do not edit it. The property tests are those of `crates/oracle/tests/laws.rs`; the
last column names the test that shows that the law sees what breaks it.

| law | equation | needs | asked in a hunt | fuzz target | property test | can fail |
| --- | --- | --- | --- | --- | --- | --- |
";

const REST: &str = "
## What is not compared, and why

- Where a clock leaves several legal orders (`total_order` is false), truth asks for what all of them share. Open are then: the
  P of a thread in a syscall, since nothing but the clock orders its theft against the thread's own events; the thread
  and old state of the status before a theft; whether the end of a cgo callback still finds its P; what a task's end knows of a
  begin on another thread.
- A reader without `ties` (Go 1.22 and 1.23, whose order of equal times changes from run to run) is compared by each M's, P's and G's sequence,
  and two refusals by different rules are not held against it.
- A reader that answers differently when it is asked again (eight times) proves nothing; it is counted as not deterministic.
- An edit's label is about Go 1.27's reader. Where a reader of an older release does what the built-in reader
  does as that release, the label is not held against it.
";

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::{Path, PathBuf};

    fn here(path: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
    }

    #[test]
    fn the_page_of_laws_is_what_the_laws_say() {
        let path = here("../../docs/laws.md");
        if std::env::var_os("UPDATE_CORPUS").is_some() {
            fs::write(&path, laws_page()).unwrap();
        }
        let page = fs::read_to_string(path).unwrap();
        assert!(page == laws_page(), "docs/laws.md is stale: run `cargo xtask generate`");
    }

    #[test]
    fn the_tests_and_targets_that_the_page_names_exist() {
        let properties = fs::read_to_string(here("tests/laws.rs")).unwrap();
        for law in Law::ALL {
            let Row { fuzz, can_fail, .. } = row(law);
            assert!(properties.contains(&format!("fn {}(", law.name().replace('-', "_"))), "{law}");
            assert!(here(&format!("../../fuzz/fuzz_targets/{fuzz}.rs")).is_file(), "{law}: {fuzz}");
            let (module, test) = can_fail.rsplit_once("::").unwrap();
            let module = module.trim_end_matches("::tests").replace("::", "/");
            let files = ["", "/mod", "/tests"].map(|end| here(&format!("src/{module}{end}.rs")));
            let found =
                files.iter().filter_map(|f| fs::read_to_string(f).ok()).any(|s| s.contains(&format!("fn {test}(")));
            assert!(found, "{law}: no test {can_fail}");
        }
    }
}
