//! The lines of the parser and of wire that the corpus does not reach, and why.
//!
//! A line has its reason by itself or by what it stands in: a block, a function. So the list holds when lines move. What is
//! neither reached nor listed fails the check, and so does what is listed and reached.

use std::collections::{BTreeMap, BTreeSet};

mod reasons;

use reasons::REASONS;

/// Why lines are not reached.
struct Reason {
    file: &'static str,
    /// What the line, or one that begins a block around it, begins with.
    begins: &'static str,
    why: &'static str,
    /// Whether it depends on the machine or on two threads' pace, so that it may be reached.
    varies: bool,
}

/// Code that is not in the program, so that it counts for nothing.
pub const CONST: &str = "done by the compiler, in constants; not counted";

/// Code of a planted fault, which there is only with the feature `faults`.
const FAULT: &str = "a planted fault, which this build has not";

/// What is not reached.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Unreached {
    /// By reason and file, the lines.
    pub explained: BTreeMap<(&'static str, String), Vec<u32>>,
    /// By file, the lines without a reason.
    pub unexplained: BTreeMap<String, Vec<u32>>,
    /// Reasons of which every line is reached, or there is none.
    pub stale: Vec<String>,
}

impl Unreached {
    /// Finds the reasons for these lines of each file, whose text `source` gives.
    pub fn of(lines: &BTreeMap<String, Vec<u32>>, source: impl Fn(&str) -> String) -> Unreached {
        Unreached::by(REASONS, lines, source)
    }

    /// How many of the file's lines count for nothing.
    pub fn not_counted(&self, file: &str) -> usize {
        self.explained.get(&(CONST, file.to_owned())).map_or(0, Vec::len)
    }

    fn by(reasons: &[Reason], lines: &BTreeMap<String, Vec<u32>>, source: impl Fn(&str) -> String) -> Unreached {
        let mut all = Unreached::default();
        let mut used = BTreeSet::new();
        for (file, numbers) in lines {
            let text = source(file);
            let text: Vec<&str> = text.lines().collect();
            for &number in numbers {
                let around = around(&text, number as usize - 1);
                let reason = reasons
                    .iter()
                    .position(|r| file.ends_with(r.file) && around.iter().any(|line| line.starts_with(r.begins)));
                let why = match reason {
                    Some(at) => {
                        used.insert(at);
                        Some(reasons[at].why)
                    }
                    None => around.iter().any(|line| needs_fault(line)).then_some(FAULT),
                };
                match why {
                    Some(why) => all.explained.entry((why, file.clone())).or_default().push(number),
                    None => all.unexplained.entry(file.clone()).or_default().push(number),
                }
            }
        }
        let stale = reasons.iter().enumerate().filter(|(at, r)| !r.varies && !used.contains(at));
        all.stale = stale.map(|(_, r)| format!("{}: {}", r.file, r.begins)).collect();
        all
    }
}

/// Whether what this line begins is only done with a planted fault.
fn needs_fault(line: &str) -> bool {
    line.contains("fault!(") && !line.contains("!fault!(")
}

/// The line, and those that begin what it stands in, from the inside to the outside, without their indentation. Relies on
/// the layout that rustfmt gives.
fn around<'a>(text: &[&'a str], at: usize) -> Vec<&'a str> {
    // What begins something is less indented than what is in it, but for the two ends of a block and what is above them:
    // a condition of several lines, or the block whose `else` this is.
    let depth_of = |line: &str| {
        let words = line.trim_start();
        line.len() - words.len() + usize::from(words == "{" || words.starts_with(['}', ')']))
    };
    let mut all: Vec<&str> = Vec::new();
    let mut depth = usize::MAX;
    for &line in text.iter().take(at + 1).rev().filter(|line| !line.trim().is_empty()) {
        if line.len() - line.trim_start().len() < depth {
            all.push(line.trim_start());
            depth = depth_of(line);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "impl A {\n    fn f(&self) {\n        if fault!(self, X)\n            && self.y()\n        {\n            \
                        return;\n        }\n        if a {\n            b();\n        } else {\n            c();\n        }\n    \
                        }\n}\n\nconst fn g() {\n    h()\n}\n";

    fn lines(numbers: &[u32]) -> BTreeMap<String, Vec<u32>> {
        BTreeMap::from([("src/a.rs".to_owned(), numbers.to_vec())])
    }

    #[test]
    fn lines_stand_in_blocks_and_functions() {
        let text: Vec<&str> = TEXT.lines().collect();
        for number in [4, 5, 6, 7] {
            let around = around(&text, number - 1);
            assert!(
                around.contains(&"if fault!(self, X)") && around.contains(&"fn f(&self) {"),
                "{number}: {around:?}"
            );
        }
        assert_eq!(around(&text, 10), ["c();", "} else {", "if a {", "fn f(&self) {", "impl A {"]);
        assert_eq!(around(&text, 17), ["}", "const fn g() {"]);
        assert!(around(&text, 99).len() < 3);
    }

    #[test]
    fn lines_have_reasons_and_reasons_have_lines() {
        let reason = |begins, varies| Reason { file: "a.rs", begins, why: "is constant", varies };
        let reasons = [reason("const fn g", false), reason("b();", true), reason("d();", false)];
        let found = Unreached::by(&reasons, &lines(&[6, 11, 17]), |_| TEXT.to_owned());
        let file = || "src/a.rs".to_owned();
        assert_eq!(found.explained, BTreeMap::from([((FAULT, file()), vec![6]), (("is constant", file()), vec![17])]));
        assert_eq!((found.unexplained, found.stale), (lines(&[11]), vec!["a.rs: d();".to_owned()]));
    }
}
