//! The page of rules: every rule with its two traces and what each reader says to both.

use super::{Entry, OLD_READERS_ONLY, entries, old_entry, strict_entries};
use crate::readers::{Builtin, ReaderUnderTest};
use crate::verdict::{Mode, Verdict};
use std::fmt::Write as _;
use tracehound_parser::Options;
use tracehound_wire::RejectRule;

/// `docs/rules.md`: one row a rule, one column a reader. A cell names what the reader says
/// where that differs from the rule itself for the refused trace, and from acceptance for
/// its neighbour.
pub fn rules_page(readers: &mut Vec<Box<dyn ReaderUnderTest>>) -> String {
    let mut page = String::from(INTRODUCTION);
    let mut group = None;
    let entries: Vec<Entry> = entries().into_iter().chain([old_entry()]).collect();
    for &rule in RejectRule::OF_GO {
        if group.replace(rule.group()) != Some(rule.group()) {
            let _ = write!(page, "\n## {:?}\n\n", rule.group());
            head(&mut page, readers);
        }
        let Some(entry) = entries.iter().find(|e| e.rule == rule) else { continue };
        row(&mut page, entry, readers, cell);
    }
    page.push_str("\n## Not reachable in the newest reader\n\n");
    for (rule, reason) in OLD_READERS_ONLY {
        let _ = writeln!(page, "- `{rule}`: {reason}.");
    }
    page.push_str(STRICT);
    let strict = Builtin::new("strict", Options::default().strictly(), false);
    readers.insert(0, Box::new(strict));
    head(&mut page, readers);
    for entry in &strict_entries() {
        row(&mut page, entry, readers, strict_cell);
    }
    readers.remove(0);
    page
}

fn head(page: &mut String, readers: &[Box<dyn ReaderUnderTest>]) {
    let names: Vec<&str> = readers.iter().map(|r| r.name()).collect();
    let _ = writeln!(page, "| rule | refused when | to be accepted | {} |", names.join(" | "));
    let _ = writeln!(page, "|---|---|---|{}", "---|".repeat(names.len()));
}

fn row(
    page: &mut String,
    entry: &Entry,
    readers: &mut [Box<dyn ReaderUnderTest>],
    cell: fn(&mut dyn ReaderUnderTest, &Entry) -> String,
) {
    let _ = write!(page, "| `{}` | {} | {} |", entry.rule, entry.rule.condition(), entry.edit);
    for reader in readers {
        let _ = write!(page, " {} |", cell(reader.as_mut(), entry));
    }
    page.push('\n');
}

const INTRODUCTION: &str = "\
# Reject rules

Every reason for which a reader refuses a trace. For each there are two files in
`corpus/reject/`: `RULE.test`, which is refused with just this rule, and
`RULE.neighbour.test`, one edit away, which is accepted. (Two rules are about the header, and their
first file is binary.) The judge confirms both; the other columns are readers.

In a reader's column `x` means: refuses the first with this rule, accepts the second. `-`
means that the reader does not know the wire version. Anything else is what it says instead.

This page is made by `cargo xtask generate`; do not edit it.
";

const STRICT: &str = "
## Strict rules

What Go's reader accepts although no runtime can have written it: the built-in reader refuses it with `--strict`, each by a
rule of its own, and accepts it without. The files are in `corpus/reject/` as well. In a column `+`
means: accepts both traces. The strict reader accepts every history that the generator makes, and every trace that
`cargo xtask conformance` records. What real runtimes get wrong is let pass where it is known: the goroutine that
ends in a `GoSwitchDestroy` may lack its status (Go 1.23 to 1.27). A time delta of 0, which no runtime writes either, is not
refused: no order depends on it, and the generator's clock that stands still consists of nothing else.

";

fn cell(reader: &mut dyn ReaderUnderTest, entry: &Entry) -> String {
    let mut say = |bytes: Vec<u8>| reader.read(&bytes, Mode::Digest).verdict;
    let (refused, accepted) = (say(entry.reject.to_bytes()), say(entry.neighbour.to_bytes()));
    let unknown = |v: &Verdict| v.rule() == Some(RejectRule::HeaderVersionUnsupported);
    if unknown(&accepted) && entry.rule != RejectRule::HeaderMalformed {
        return "-".into();
    }
    let mut cell = if refused.rule() == Some(entry.rule) { "x".to_owned() } else { refused.label() };
    if !accepted.is_accepted() {
        let _ = write!(cell, "; neighbour {}", accepted.label());
    }
    cell
}

fn strict_cell(reader: &mut dyn ReaderUnderTest, entry: &Entry) -> String {
    let mut say = |bytes: Vec<u8>| reader.read(&bytes, Mode::Digest).verdict;
    let (refused, accepted) = (say(entry.reject.to_bytes()), say(entry.neighbour.to_bytes()));
    match (&refused, &accepted) {
        (Verdict::Accepted, Verdict::Accepted) => "+".to_owned(),
        (r, Verdict::Accepted) if r.rule() == Some(entry.rule) => "x".to_owned(),
        (_, a) if a.rule() == Some(RejectRule::HeaderVersionUnsupported) => "-".to_owned(),
        (r, Verdict::Accepted) => r.label(),
        (r, a) => format!("{}; neighbour {}", r.label(), a.label()),
    }
}
