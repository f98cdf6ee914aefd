//! A hunt with every fault of the emission, and, where they are compiled in, of the reader: what it finds is complete and
//! small, and its explanation names what the fault is about.

mod common;

use common::hold::hold;
use common::{Folder, PROGRAM, finding, run};
use serde_json::Value;
use std::fmt::Write as _;
use tracehound_generator::EmissionFault;
use tracehound_parser::Fault;

/// The page is written to the file that this environment variable names, if it does.
const PAGE: &str = "TRACEHOUND_PAGE";

/// Cases of a campaign, and of one for a fault that was not found in so many.
const CASES: [&str; 3] = ["600", "6000", "30000"];

/// Percent of the faults, by their smallest finding, and of the findings, whose explanation has to name what the fault is about.
const BAR: usize = 80;

/// Events that the smallest finding of half of the faults, and half of the findings, may have.
const MEDIAN: u64 = 12;

/// A fault, and what is found of it.
struct Hunted {
    fault: &'static str,
    place: &'static str,
    about: &'static [&'static str],
    /// The records of its findings, the smallest first.
    records: Vec<Value>,
}

impl Hunted {
    fn hunt(fault: &'static str, place: &'static str, about: &'static [&'static str]) -> Hunted {
        let option = if place == "emission" { "--emission-fault" } else { "--fault" };
        let dir = Folder::new();
        // Some faults show only beside a sound reader.
        let beside = format!("cmd:env TRACEHOUND_FAULTS={fault} {PROGRAM} serve");
        let alone: Vec<Vec<&str>> = CASES.iter().map(|cases| vec!["--cases", cases, option, fault]).collect();
        let mut tries = alone[..1].to_vec();
        if place == "reader" {
            tries.push(vec!["--cases", CASES[0], "--reader", &beside]);
        }
        tries.extend_from_slice(&alone[1..]);
        let mut records = Vec::new();
        for args in tries {
            run(&[&["hunt", "--threads", "1", "--out", "f"], &args[..]].concat(), dir.path(), b"");
            let folders = dir.findings("f");
            folders.iter().for_each(|folder| hold(folder, dir.path()));
            records = folders.iter().map(|folder| finding(folder)).collect();
            if !records.is_empty() {
                break;
            }
            std::fs::remove_dir_all(dir.path().join("f")).expect("it was there");
        }
        records.sort_by_key(|r| (r["events"].as_u64(), std::cmp::Reverse(r["count"].as_u64())));
        let hunted = Hunted { fault, place, about, records };
        println!("{}", hunted.row());
        hunted
    }

    fn named(&self) -> impl Iterator<Item = bool> {
        self.records.iter().map(|record| names(&explanation(record), self.about))
    }

    fn is_named(&self) -> bool {
        self.named().next() == Some(true)
    }

    /// Its row on the page.
    fn row(&self) -> String {
        let Some(first) = self.records.first() else {
            return format!("| `{}` | {} | | | | not found | |", self.fault, self.place);
        };
        let text = |v: &Value| v.as_str().unwrap_or_default().replace('|', "\\|").replace('\n', " ");
        let place = if first["place"].is_null() { text(&first["words"]) } else { text(&first["place"]) };
        let (all, named) = (self.records.len(), self.named().filter(|named| *named).count());
        format!(
            "| `{}` | {} | {} | {} | {} | {place} | {} ({named} of {all}) |",
            self.fault,
            self.place,
            self.about.join(", "),
            text(&first["law"]),
            first["events"],
            if self.is_named() { "yes" } else { "no" },
        )
    }
}

/// What a finding says of where it goes wrong. The suspicion is left out: it has the name of an emission's fault.
fn explanation(record: &Value) -> String {
    format!("{} {}", record["place"].as_str().unwrap_or_default(), record["words"].as_str().unwrap_or_default())
}

/// Whether a text has one of the words, or one that begins with it. Of a plain word, the name of an argument with its
/// value does not count.
fn names(text: &str, about: &[&str]) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let found = |word: &&str| {
        text.match_indices(*word).any(|(at, _)| {
            let rest = &text[at + word.len()..];
            let argument = word.chars().all(|c| c.is_ascii_lowercase()) && rest.starts_with('=');
            !text[..at].ends_with(is_part) && !argument
        })
    };
    about.iter().any(found)
}

fn median(mut sizes: Vec<u64>) -> u64 {
    sizes.sort_unstable();
    sizes.get(sizes.len() / 2).copied().unwrap_or_default()
}

#[test]
#[ignore = "takes minutes: a hunt for every fault; `cargo xtask findings` runs it"]
fn findings_of_every_fault_are_complete_and_small_and_explained() {
    let emission = EmissionFault::ALL.iter().map(|f| (f.name(), "emission", f.about()));
    let planted = Fault::ALL.iter().map(|f| (f.name(), "reader", f.about())).filter(|_| cfg!(feature = "faults"));
    let all: Vec<Hunted> =
        emission.chain(planted).map(|(name, place, about)| Hunted::hunt(name, place, about)).collect();
    let events = |records: &[Value]| records.iter().filter_map(|r| r["events"].as_u64()).collect::<Vec<_>>();
    let found: Vec<&Hunted> = all.iter().filter(|h| !h.records.is_empty()).collect();
    let of_faults = median(found.iter().filter_map(|h| events(&h.records[..1]).pop()).collect());
    let of_findings = median(found.iter().flat_map(|h| events(&h.records)).collect());
    let findings: usize = found.iter().map(|h| h.records.len()).sum();
    let faults_named = found.iter().filter(|h| h.is_named()).count();
    let findings_named = found.iter().flat_map(|h| h.named()).filter(|named| *named).count();
    let mut page = String::from(
        "# Findings of planted faults\n\n\
         A hunt for each fault of the emission and of the built-in reader; where that finds nothing, one with the faulty reader beside\n\
         the sound one, then longer ones. Each finding's folder is held to what it promises, and its command shows it again.\n\
         \"About\" is what an explanation has to name, one of these; it stands with the fault's declaration. Law, events and explanation\n\
         are those of the smallest finding; the last column says whether it names that, and of how many findings it is named.\n\n\
         Made by `cargo xtask findings`; do not edit it.\n\n",
    );
    let share = |part: usize, whole: usize| 100 * part / whole.max(1);
    // Writing to a string cannot fail.
    let _ = writeln!(
        page,
        "{} of {} faults are found, the smallest findings have a median of {of_faults} events, and {faults_named} of them ({} %) name what \
         the fault is about. All {findings} findings have a median of {of_findings} events, and {findings_named} of them ({} %) name it.\n",
        found.len(),
        all.len(),
        share(faults_named, found.len()),
        share(findings_named, findings),
    );
    page.push_str(
        "| fault | in | about | law | events | explanation | named |\n| --- | --- | --- | --- | --- | --- | --- |\n",
    );
    all.iter().for_each(|hunted| page.push_str(&(hunted.row() + "\n")));
    println!("{}", page.lines().nth(9).unwrap_or_default());
    if let Some(path) = std::env::var_os(PAGE) {
        std::fs::write(path, &page).expect("the page is written");
    }
    assert!(of_faults <= MEDIAN && of_findings <= MEDIAN, "{of_faults} {of_findings}");
    assert!(share(found.len(), all.len()) >= 95, "{} of {}", found.len(), all.len());
    assert!(share(faults_named, found.len()) >= BAR && share(findings_named, findings) >= BAR);
}

#[test]
fn words_are_found_whole_and_arguments_are_none() {
    let text = "It goes wrong at event 1, M 5's GoStatusStack g=1 time=4 g_seq=2; with smaller batches";
    for (about, named) in
        [("GoStatus", true), ("g_seq", true), ("batch", true), ("time", false), ("Status", false), ("seq", false)]
    {
        assert_eq!(names(text, &[about]), named, "{about}");
    }
}
