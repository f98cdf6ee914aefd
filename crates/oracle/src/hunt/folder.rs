//! A finding's folder on disk: what a person needs to act on it, and what a program needs to draw it.
//!
//! A folder is made aside and put in its place whole. Its name follows from the finding's group, so that the same
//! finding has one folder, however often it is made.

use super::finding::Finding;
use super::merge::shows_in;
use super::record::{Judged, Record};
use crate::laws::Law;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tracehound_wire::{Body, Expect, Item, TestFile, Trace};

/// The longest replay string that a command line takes on every system, bytes.
const LONGEST_ARGUMENT: usize = 30_000;

/// Up to so many lines of a trace are shown in `README.md`.
const LINES_SHOWN: usize = 24;

/// Draws the page of a finding's folder; an error is for people.
pub type Page = fn(&Path) -> Result<String, String>;

/// How findings are presented.
#[derive(Clone, Debug)]
pub struct Presentation {
    /// How the program is called to run one of the cases again, up to the case.
    pub command: String,
    /// Draws the page of a finding's folder, if pages are wanted.
    pub page: Option<Page>,
}

/// What the folder of a finding is called, by what its breaches share.
pub(super) fn name((shows_in, reader, key): (&str, &str, &str)) -> String {
    /// Longer names are cut.
    const LENGTH: usize = 80;
    let text = format!("{shows_in}-{reader}-{key}");
    let mut name = String::new();
    for c in text.chars() {
        let c = if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
        if !(c == '-' && name.ends_with('-')) {
            name.push(c);
        }
    }
    let name = name.trim_matches('-');
    if name.len() <= LENGTH {
        return name.to_owned();
    }
    // What is cut off still tells findings apart.
    format!("{}-{:08x}", &name[..LENGTH - 9], crc32c::crc32c(text.as_bytes()))
}

/// Writes a finding's folder into `dir`, in the place of one that is there. Returns the folder;
/// the finding's command is known then.
///
/// # Errors
/// If it cannot be written.
pub fn write(dir: &Path, finding: &mut Finding, presentation: &Presentation) -> io::Result<PathBuf> {
    let record = &mut finding.record;
    let name = name((shows_in(record.law, &record.key), &record.reader, &record.key));
    let (folder, aside) = (dir.join(&name), dir.join(format!(".{name}.partial")));
    remove(&aside)?;
    fs::create_dir_all(&aside)?;
    record.command = if record.replay.len() > LONGEST_ARGUMENT {
        fs::write(aside.join("case.txt"), &record.replay)?;
        format!("{} - < '{}'", presentation.command, folder.join("case.txt").display())
    } else {
        format!("{} '{}'", presentation.command, record.replay)
    };
    fs::write(aside.join("trace.bin"), &finding.bytes)?;
    let expect = match (&record.judge, record.law) {
        (Judged::Illegal(_), _) | (Judged::Undecided, Law::Reject) => Expect::Failure(String::new()),
        _ => Expect::Success,
    };
    let text = test_file(&finding.bytes, expect, &comment(record), finding.at);
    fs::write(aside.join("trace.test"), &text)?;
    if let Some(neighbour) = &finding.neighbour {
        let expect = if neighbour.verdict == "accepted" { Expect::Success } else { Expect::Failure(String::new()) };
        let comment = format!("The nearest trace on which all agree ({}): {}.", neighbour.verdict, neighbour.edit);
        fs::write(aside.join("neighbour.test"), test_file(&neighbour.bytes, expect, &[comment], None))?;
    }
    describe(&aside, record, presentation)?;
    remove(&folder)?;
    fs::rename(&aside, &folder)?;
    Ok(folder)
}

/// Puts another count into the folder of a finding, where it differs.
///
/// # Errors
/// If the folder is not that of a finding, or cannot be written.
pub(super) fn recount(folder: &Path, count: u64, presentation: &Presentation) -> io::Result<()> {
    let mut record = read(folder)?;
    if record.count == count {
        return Ok(());
    }
    record.count = count;
    describe(folder, &record, presentation)
}

/// What a finding's folder says.
///
/// # Errors
/// If it is not that of a finding.
pub fn read(folder: &Path) -> io::Result<Record> {
    Ok(serde_json::from_slice(&fs::read(folder.join("finding.json"))?)?)
}

/// Writes the files that follow from the record, each whole or not at all.
fn describe(folder: &Path, record: &Record, presentation: &Presentation) -> io::Result<()> {
    let put = |name: &str, text: &str| {
        let aside = folder.join(format!(".{name}.partial"));
        fs::write(&aside, text)?;
        fs::rename(&aside, folder.join(name))
    };
    put("finding.json", &format!("{}\n", serde_json::to_string_pretty(record)?))?;
    let trace = fs::read(folder.join("trace.test"))?;
    put("README.md", &readme(record, &String::from_utf8_lossy(&trace)))?;
    match presentation.page {
        Some(page) => put("report.html", &page(folder).map_err(io::Error::other)?),
        None => Ok(()),
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

fn comment(record: &Record) -> Vec<String> {
    let mut lines = vec![format!("{} breaks the law {}: {}.", record.reader, record.law, law_in_words(record.law))];
    lines.extend(record.edit.as_ref().map(|edit| format!("Edited: {edit}")));
    lines.extend(record.readers.iter().map(|w| format!("{}: {}", w.name, w.words)));
    lines.push(match &record.judge {
        Judged::Legal => "The judge: legal.".to_owned(),
        Judged::Illegal(rules) => format!("The judge: illegal ({}).", rules.join(" or ")),
        Judged::Undecided => "The judge: undecided.".to_owned(),
    });
    lines
}

/// A trace as a commented `.test` file. `at` is the item and the event that cannot happen.
fn test_file(bytes: &[u8], expect: Expect, comment: &[String], at: Option<(usize, usize)>) -> Vec<u8> {
    // A trace whose header is broken has no text; its bytes are in trace.bin.
    let mut file = TestFile::from_binary(bytes, expect.clone()).unwrap_or_else(|_| TestFile {
        expect,
        trace_text: b"# no text: the header is broken, see trace.bin\n".into(),
    });
    if let Some(line) = at.and_then(|at| line_of(bytes, at)) {
        let text = String::from_utf8_lossy(&file.trace_text).into_owned();
        let mut lines: Vec<&str> = text.lines().collect();
        if line < lines.len() {
            lines.insert(line, "# This cannot happen here:");
            file.trace_text = (lines.join("\n") + "\n").into_bytes();
        }
    }
    let head: String = comment.iter().flat_map(|c| c.lines()).map(|line| format!("# {line}\n")).collect();
    file.trace_text.splice(0..0, head.bytes());
    file.to_bytes()
}

/// The 0-based line on which an event stands in its trace's text, if all before it are plain events.
fn line_of(bytes: &[u8], (item, event): (usize, usize)) -> Option<usize> {
    let mut trace = Trace::decode(bytes).ok()?;
    trace.items.truncate(item + 1);
    match trace.items.last_mut() {
        Some(Item::Batch(b)) => match &mut b.body {
            Body::Events(events) => events.truncate(event),
            _ => return None,
        },
        _ => return None,
    }
    let file = TestFile::from_binary(&trace.to_bytes(), Expect::Success).ok()?;
    Some(file.trace_text.iter().filter(|&&b| b == b'\n').count())
}

/// One screen.
fn readme(record: &Record, trace: &str) -> String {
    let mut out = format!("# {} breaks the law \"{}\"\n\n", record.reader, record.law);
    out.push_str(&format!("{}.\n\n", capital(law_in_words(record.law))));
    out.push_str(&format!("Seen {} times. {}\n\n", record.count, origin(record)));
    out.push_str("| reader | version | says |\n| --- | --- | --- |\n");
    for w in &record.readers {
        out.push_str(&format!("| {} | {} | {} |\n", w.name, w.version(), w.words.replace('|', "\\|")));
    }
    let who = match record.suspicion.who.as_slice() {
        [] => "open".to_owned(),
        who => who.join(", "),
    };
    out.push_str(&format!("\nLikely wrong: {who}. {}\n\n", record.suspicion.why));
    if let Some(place) = &record.place {
        out.push_str(&format!("{place}\n\n"));
    }
    match &record.neighbour {
        Some(n) => out.push_str(&format!("All agree ({}) on `neighbour.test`, in which {}.\n\n", n.verdict, n.edit)),
        None => out.push_str("No trace one edit away was found on which all agree.\n\n"),
    }
    out.push_str(&format!(
        "`trace.test` is the trace as text ({} events), `trace.bin` its bytes; `report.html` draws it. To see it again:\n\n    {}\n\n",
        record.events, record.command
    ));
    out.push_str("To paste into an issue:\n\n````\n");
    out.push_str(&issue(record, trace));
    out.push_str("````\n");
    out
}

fn issue(record: &Record, trace: &str) -> String {
    let mut out = String::new();
    for w in &record.readers {
        out.push_str(&format!("{}: {}\n", w.version(), w.words));
    }
    if !matches!(record.law, Law::Accept | Law::Reject | Law::Bounded) {
        // What the readers say is not all that can be seen.
        out.push_str(&format!("{}\n", record.words.lines().next().unwrap_or_default()));
    }
    out.push_str(&format!("{}\n", record.suspicion.why));
    out.extend(record.place.iter().map(|place| format!("{place}\n")));
    let lines: Vec<&str> = trace.lines().filter(|l| !l.starts_with("# ") || l.contains("cannot happen")).collect();
    if lines.len() <= LINES_SHOWN {
        lines.iter().for_each(|line| out.push_str(&format!("{line}\n")));
    } else {
        out.push_str("The trace is attached (trace.test).\n");
    }
    out.push_str(&format!("Found by tracehound {}.\n", record.tracehound));
    out
}

fn origin(record: &Record) -> String {
    match record.edit.as_ref().map(|e| e.split_once(": ").unwrap_or((e, ""))) {
        Some(("matrix", what)) => format!("The trace is of the reject matrix (`docs/rules.md`): it {what}."),
        Some(("probe", what)) => format!("The trace is a probe: {what}."),
        Some((operator, what)) => format!("The trace was edited by `{operator}`: {what}."),
        None if record.tape.is_some() => match &record.configuration.emission_fault {
            Some(fault) => format!("The trace is of a history that a runtime with the fault `{fault}` wrote."),
            None => "The trace is of a legal history.".to_owned(),
        },
        None => "The trace is from outside, or comes from one.".to_owned(),
    }
}

fn capital(s: &str) -> String {
    let mut chars = s.chars();
    chars.next().map_or(String::new(), |c| c.to_uppercase().chain(chars).collect())
}

/// A law in one clause.
pub(crate) fn law_in_words(law: Law) -> &'static str {
    match law {
        Law::Accept => "every legal history is accepted",
        Law::Truth => "what comes out is what happened",
        Law::Reject => "an edit that is illegal with certainty is refused, by the rule that it breaks",
        Law::Agree => "all readers say the same",
        Law::Context => "every context and every old state follow from the transitions before",
        Law::RoundTrip => "a trace decoded and encoded again is the same bytes",
        Law::Twice => "reading twice gives the same",
        Law::Split => "the bytes may come in any pieces",
        Law::Rename => "other ids give the same events, renamed",
        Law::Shift => "later times give the same events, later",
        Law::Rebatch => "a thread's stream may be cut into other batches",
        Law::Permute => "batches of different threads may come in any order",
        Law::Prefix => "a cut trace gives a beginning of every thread's events",
        Law::Bounded => "every trace is judged, within bounds of time and memory",
        Law::Label => "the judge confirms the label of every edit",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_that_differ_have_folders_that_differ() {
        assert_eq!(name(("accept", "builtin", "rejected:stuck")), "accept-builtin-rejected-stuck");
        let long =
            |end: &str| name(("verdict", "cmd:./a --flag", &format!("{}{end}", "rejected:x against ".repeat(9))));
        assert_ne!(long("a"), long("b"));
        assert!(long("a").len() <= 80);
    }
}
