//! What is known of each fault: `corpus/sabotage.json`, the judgements, and the page made from both.

use super::Planted;
use crate::fault::{Doing, Fault, Result, repository};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// Where survivors are judged: a line each, `PLACE KIND: why`.
const JUDGED: &str = include_str!("../../../adapters/go/sabotage/judged.txt");

/// How a judgement begins that excuses a fault.
const EXCUSE: &str = "no fault: ";

/// What a hunt made of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    pub function: String,
    /// None for a survivor.
    pub kill: Option<Kill>,
}

/// How a fault was noticed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kill {
    /// The number of the case, from 1.
    pub case: u64,
    /// The part of the hunt that the case belongs to.
    pub stage: String,
    pub law: String,
    /// Of the reproducer.
    pub events: u64,
    /// From the hunt's start to the finding's folder.
    pub seconds: u64,
}

/// All that is known, by place and kind.
#[derive(Default)]
pub struct Record {
    sdk: String,
    /// How many faults can be planted, by kind.
    planted: BTreeMap<String, u64>,
    fates: BTreeMap<Key, Fate>,
}

/// In the order of the page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    file: String,
    numbers: Vec<u64>,
    kind: String,
}

impl Key {
    fn of(planted: &Planted) -> Key {
        let mut numbers = vec![planted.line, planted.column];
        if planted.nth > 0 {
            numbers.push(planted.nth + 1);
        }
        Key { file: planted.file.clone(), numbers, kind: planted.kind.clone() }
    }

    fn parse(text: &str) -> Option<Key> {
        let (place, kind) = text.split_once(' ')?;
        let (file, numbers) = place.split_once(':')?;
        let numbers = numbers.split(':').map(|n| n.parse().ok()).collect::<Option<_>>()?;
        Some(Key { file: file.to_owned(), numbers, kind: kind.to_owned() })
    }

    /// `FILE:LINE:COLUMN`, with a number behind it for the second fault of its kind there.
    fn place(&self) -> String {
        self.numbers.iter().fold(self.file.clone(), |place, n| format!("{place}:{n}"))
    }

    fn text(&self) -> String {
        format!("{} {}", self.place(), self.kind)
    }

    /// Why it may survive, if somebody has judged it.
    fn judged(&self) -> Option<&'static str> {
        let of = format!("{}: ", self.text());
        JUDGED.lines().find_map(|line| line.strip_prefix(&of))
    }

    fn is_excused(&self) -> bool {
        self.judged().is_some_and(|why| why.starts_with(EXCUSE))
    }
}

impl Record {
    fn path() -> PathBuf {
        repository().join("corpus/sabotage.json")
    }

    /// What is kept in the tree.
    ///
    /// # Errors
    /// A file that is not what [`Record::write`] wrote.
    pub fn read() -> Result<Record> {
        let path = Record::path();
        let text = fs::read(&path).doing(path.display())?;
        let all: Value = serde_json::from_slice(&text).doing(path.display())?;
        Record::parse(&all).ok_or_else(|| Fault::new(format!("{} is no record of sabotage", path.display())))
    }

    fn parse(all: &Value) -> Option<Record> {
        let number = |n: &Value| n.as_u64();
        let planted = all["planted"].as_object()?.iter().map(|(kind, n)| Some((kind.clone(), number(n)?)));
        let fate = |(key, v): (&String, &Value)| {
            let text = |field: &str| v[field].as_str().map(str::to_owned);
            let kill = match v["case"].as_u64() {
                None => None,
                Some(case) => Some(Kill {
                    case,
                    stage: text("stage")?,
                    law: text("law")?,
                    events: number(&v["events"])?,
                    seconds: number(&v["seconds"])?,
                }),
            };
            Some((Key::parse(key)?, Fate { function: text("function")?, kill }))
        };
        Some(Record {
            sdk: all["sdk"].as_str()?.to_owned(),
            planted: planted.collect::<Option<_>>()?,
            fates: all["fates"].as_object()?.iter().map(fate).collect::<Option<_>>()?,
        })
    }

    /// Forgets what is known of other readers and of faults that can no longer be planted.
    pub fn keep(&mut self, sdk: &str, all: &[Planted]) {
        if self.sdk != sdk {
            *self = Record { sdk: sdk.to_owned(), ..Record::default() };
        }
        self.planted.clear();
        for planted in all {
            *self.planted.entry(planted.kind.clone()).or_default() += 1;
        }
        let keys: Vec<Key> = all.iter().map(Key::of).collect();
        self.fates.retain(|key, _| keys.contains(key));
    }

    /// Adds or replaces a fate.
    pub fn set(&mut self, planted: &Planted, fate: Fate) {
        self.fates.insert(Key::of(planted), fate);
    }

    /// Whether a hunt has been asked about it.
    pub fn has(&self, planted: &Planted) -> bool {
        self.fates.contains_key(&Key::of(planted))
    }

    /// Whether it survived and no judgement excuses that.
    pub fn is_missed(&self, planted: &Planted) -> bool {
        let key = Key::of(planted);
        !key.is_excused() && self.fates.get(&key).is_some_and(|fate| fate.kill.is_none())
    }

    /// Writes the file, a line for each fault, and the page.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self) -> Result<()> {
        let path = Record::path();
        fs::write(&path, self.json()).doing(path.display())?;
        let page = repository().join("docs/sabotage.md");
        fs::write(&page, self.page()).doing(page.display())
    }

    fn json(&self) -> String {
        let line = |(key, fate): (&Key, &Fate)| {
            let value = match &fate.kill {
                None => json!({ "function": fate.function }),
                Some(k) => json!({
                    "function": fate.function, "case": k.case, "stage": k.stage, "law": k.law, "events": k.events,
                    "seconds": k.seconds,
                }),
            };
            format!("{}: {value}", json!(key.text()))
        };
        let fates: Vec<String> = self.fates.iter().map(line).collect();
        let planted = json!(self.planted);
        format!(
            "{{\n\"sdk\": {},\n\"planted\": {planted},\n\"fates\": {{\n{}\n}}\n}}\n",
            json!(self.sdk),
            fates.join(",\n")
        )
    }

    /// The page of `docs/sabotage.md`.
    pub fn page(&self) -> String {
        let mut page = format!(
            "# Sabotage\n\n\
             Go {}'s reader with one fault at a time, and what a hunt of one thread makes of each beside the built-in reader. The faults\n\
             follow from the syntax of `internal/trace` (`adapters/go/sabotage`); places are lines and columns there. A hunt begins with\n\
             histories of rare corners and their edits, then takes the reject matrix, then the probes, then histories and edits in turn;\n\
             \"case\" counts from its first one. \"Events\" is the size of the reproducer after at most 2 seconds of shrinking in each of\n\
             two ways; 0 means that the bytes alone matter. \"s\" is seconds from the start to the finding's folder.\n\n\
             Made by `cargo xtask sabotage` from `corpus/sabotage.json` and `adapters/go/sabotage/judged.txt`, where survivors are judged by\n\
             reading Go's source; do not edit it.\n\n",
            self.sdk
        );
        page.push_str(&self.summary());
        page.push_str("\n## Survivors\n\n| place | function | fault | judgement |\n| --- | --- | --- | --- |\n");
        // Writing to a string cannot fail.
        for (key, fate) in self.fates.iter().filter(|(_, fate)| fate.kill.is_none()) {
            let why = key.judged().unwrap_or("a gap");
            let _ = writeln!(page, "| {} | {} | {} | {why} |", key.place(), fate.function, key.kind);
        }
        page.push_str("\n## Kills\n\n| place | function | fault | law | by | case | events | s |\n");
        page.push_str("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
        for (key, fate) in &self.fates {
            let (place, function, kind) = (key.place(), &fate.function, &key.kind);
            if let Some(Kill { case, stage, law, events, seconds }) = &fate.kill {
                let _ = writeln!(
                    page,
                    "| {place} | {function} | {kind} | {law} | {stage} | {case} | {events} | {seconds} |"
                );
            }
        }
        page
    }

    /// A table of all kinds.
    pub fn summary(&self) -> String {
        let mut table =
            "| fault | places | tried | noticed | by the matrix | by a probe | by a history or edit | no fault | \
             missed | median case | most seconds | most events |\n"
                .to_owned();
        table.push_str("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
        let mut row = |name: &str, places: u64, of: &dyn Fn(&Key) -> bool| {
            let some: Vec<(&Key, &Fate)> = self.fates.iter().filter(|(key, _)| of(key)).collect();
            let mut kills: Vec<&Kill> = some.iter().filter_map(|(_, fate)| fate.kill.as_ref()).collect();
            kills.sort();
            let by = |stage: &str| kills.iter().filter(|k| k.stage == stage).count();
            let survived = some.len() - kills.len();
            let excused = some.iter().filter(|(key, fate)| fate.kill.is_none() && key.is_excused()).count();
            let median = kills.get(kills.len() / 2).map_or(0, |k| k.case);
            let most = |of: fn(&Kill) -> u64| kills.iter().map(|k| of(k)).max().unwrap_or_default();
            let (matrix, probes) = (by("matrix"), by("probe"));
            let _ = writeln!(
                table,
                "| {name} | {places} | {} | {} | {matrix} | {probes} | {} | {excused} | {} | {median} | {} | {} |",
                some.len(),
                kills.len(),
                kills.len() - matrix - probes,
                survived - excused,
                most(|k| k.seconds),
                most(|k| k.events),
            );
        };
        for (kind, places) in &self.planted {
            row(kind, *places, &|key| key.kind == *kind);
        }
        row("all", self.planted.values().sum(), &|_| true);
        table
    }
}

/// One line of what happened to a fault.
pub fn line(planted: &Planted, fate: &Fate) -> String {
    let key = Key::of(planted);
    match &fate.kill {
        Some(Kill { case, stage, law, events, seconds }) => {
            let text = key.text();
            format!("{text} {}: {law} on case {case} ({stage}), {events} events, {seconds} s", fate.function)
        }
        None => {
            format!("{} {}: survived: {}", key.text(), fate.function, key.judged().unwrap_or("MISSED"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let planted = |nth| Planted {
            id: 7,
            file: "order.go".into(),
            line: 12,
            column: 5,
            nth,
            function: "f".into(),
            kind: "half-forgotten".into(),
        };
        let mut record = Record::default();
        record.keep("1.27.3", &[planted(0), planted(1)]);
        let kill = Kill { case: 3, stage: "probe".into(), law: "agree".into(), events: 2, seconds: 4 };
        record.set(&planted(0), Fate { function: "f".into(), kill: Some(kill) });
        record.set(&planted(1), Fate { function: "f".into(), kill: None });
        assert!(record.is_missed(&planted(1)) && !record.is_missed(&planted(0)));
        let again = Record::parse(&serde_json::from_str(&record.json()).unwrap()).unwrap();
        assert_eq!(again.json(), record.json());
        assert!(again.page().contains("| order.go:12:5:2 | f | half-forgotten | a gap |"));
    }

    #[test]
    fn the_page_is_what_it_is_made_from_and_each_judgement_is_of_a_survivor() {
        let record = Record::read().unwrap();
        let page = fs::read_to_string(repository().join("docs/sabotage.md")).unwrap();
        assert_eq!(page, record.page(), "run `cargo xtask sabotage --page`");
        for line in JUDGED.lines() {
            let key = line.split_once(": ").and_then(|(key, _)| Key::parse(key)).unwrap();
            let fate = record.fates.get(&key).unwrap_or_else(|| panic!("{line}: of no fault that was tried"));
            assert!(fate.kill.is_none(), "{line}: was noticed");
        }
    }
}
