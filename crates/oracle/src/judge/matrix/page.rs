//! The page of rules: every rule with its two traces and what each reader says to both.

use super::{Entry, OLD_READERS_ONLY, entries, old_entry};
use crate::readers::ReaderUnderTest;
use crate::verdict::{Mode, Verdict};
use std::fmt::Write as _;
use tracehound_wire::RejectRule;

/// `docs/rules.md`: one row a rule, one column a reader. A cell names what the reader says
/// where that differs from the rule itself for the refused trace, and from acceptance for
/// its neighbour.
pub fn rules_page(readers: &mut [Box<dyn ReaderUnderTest>]) -> String {
    let mut page = String::from(INTRODUCTION);
    let mut group = None;
    let entries: Vec<Entry> = entries().into_iter().chain([old_entry()]).collect();
    for &rule in RejectRule::ALL {
        if group.replace(rule.group()) != Some(rule.group()) {
            let _ = write!(page, "\n## {:?}\n\n", rule.group());
            let names: Vec<&str> = readers.iter().map(|r| r.name()).collect();
            let _ = writeln!(page, "| rule | refused when | to be accepted | {} |", names.join(" | "));
            let _ = writeln!(page, "|---|---|---|{}", "---|".repeat(names.len()));
        }
        let Some(entry) = entries.iter().find(|e| e.rule == rule) else { continue };
        let _ = write!(page, "| `{rule}` | {} | {} |", rule.condition(), entry.edit);
        for reader in &mut *readers {
            let _ = write!(page, " {} |", cell(reader.as_mut(), entry));
        }
        page.push('\n');
    }
    page.push_str("\n## Not reachable in the newest reader\n\n");
    for (rule, reason) in OLD_READERS_ONLY {
        let _ = writeln!(page, "- `{rule}`: {reason}.");
    }
    page
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
