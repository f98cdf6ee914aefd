//! The page: the table of files, and what was not reached, with reasons.

use super::FILES;
use super::profile::{Block, Profile};
use crate::fault::{Doing, Result};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use tracehound_oracle::readers::go::Toolchain;

/// Why a place is not reached, by file and by what its function's or its own line begins with.
const EXPLAINED: &[(&str, &str, &str)] = &[
    ("reader.go", "if r.syncs == 0", V1),
    ("reader.go", "ev, ok := r.v1Events", V1),
    ("reader.go", "r.syncs++", V1),
    ("reader.go", "ev, err := r.v1Events", V1),
    ("reader.go", "r.done = true", V1),
    ("reader.go", "return ev, nil", V1),
    ("reader.go", "tr, err := tracev1.Parse", V1),
    ("reader.go", "return &Reader{", V1),
    ("reader.go", "continue", "a batch without events: the runtime opens a buffer only to write an event"),
    ("reader.go", "func dumpFrontier", DUMP),
    ("generation.go", "if g.gen != 0", ERROR),
    ("order.go", "func dumpOrdering", DUMP),
    ("order.go", "func (s gcState) String", DUMP),
    ("order.go", "func (c seqCounter) String", DUMP),
    ("order.go", "func (o *ordering) evName", ERROR),
    (
        "order.go",
        "return curCtx, false, nil",
        "GCActive that has to wait: it is a generation's first event of the GC, so all before it are of earlier generations",
    ),
    ("event.go", "func MakeEvent", MAKE),
    ("event.go", "func MakeStack", MAKE),
    ("event.go", "func make", MAKE),
    ("event.go", "func addStack", MAKE),
    ("event.go", "func (e EventKind) String", API),
    ("event.go", "func (t Time) Sub", API),
    ("event.go", "func (s Stack) String", API),
    ("event.go", "func (s Stack) Frames", "a caller that stops in the middle of a stack"),
    ("event.go", "v = strconv.Quote(v)", "no metric of a trace is a string"),
    ("event.go", "func (e ExperimentalEvent) ArgValue", "no experiment has an argument that is a string"),
];

const ERROR: &str = "error path";
const V1: &str = "traces before Go 1.22";
const DUMP: &str = "dump of the state for an error";
const MAKE: &str = "makes events, reads none";
const API: &str = "accessor that a reader does not need";
const NOT: &str = "NOT EXPLAINED";

/// The table of files.
pub fn summary(legal: &Profile, tests: &Profile) -> String {
    let mut out =
        format!("| file | statements | {} | {} |\n| --- | --- | --- | --- |\n", "legal histories", "SDK's test data");
    let percent = |part: u32, all: u32| format!("{:.1} %", 100.0 * f64::from(part) / f64::from(all.max(1)));
    for file in FILES {
        let ((legal, all), (tests, _)) = (legal.of(file), tests.of(file));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| {file} | {all} | {} | {} |", percent(legal, all), percent(tests, all));
    }
    out
}

/// Places that were not reached: by file, function and reason, their statements and lines.
type Places = BTreeMap<(usize, String, &'static str), (u32, Vec<u32>)>;

fn places(toolchain: &Toolchain, profile: &Profile, files: &[&str]) -> Result<Places> {
    let mut rows = Places::new();
    for (at, file) in files.iter().enumerate() {
        let path = toolchain.trace_package().join(file);
        let source = fs::read_to_string(&path).doing(path.display())?;
        let lines: Vec<&str> = source.lines().collect();
        for (block, _) in profile.blocks.iter().filter(|(b, run)| b.file == *file && !**run) {
            let function = function_of(&lines, block);
            let row = rows.entry((at, name_of(function), reason(&lines, block, function))).or_default();
            row.0 += block.statements;
            row.1.push(block.start.0);
        }
    }
    Ok(rows)
}

/// Each place of these files that was not reached, as a table.
pub fn missing(toolchain: &Toolchain, profile: &Profile, files: &[&str]) -> Result<String> {
    let mut out = "| file | function | reason | statements | lines |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for ((at, function, reason), (n, lines)) in places(toolchain, profile, files)? {
        let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
        let _ = writeln!(out, "| {} | {function} | {reason} | {n} | {} |", files[at], lines.join(" "));
    }
    Ok(out)
}

/// The whole page.
pub fn page(toolchain: &Toolchain, legal: &Profile, summary: &str, cases: u64, shipped: usize) -> Result<String> {
    let mut sums: BTreeMap<&str, u32> = BTreeMap::new();
    for ((_, _, reason), (n, _)) in places(toolchain, legal, &FILES)? {
        *sums.entry(reason).or_default() += n;
    }
    let mut out = format!(
        "# Coverage of Go's reader\n\nStatements of `internal/trace` of Go {} that are run when it reads {cases} legal histories (`tracehound gen`,\n\
         seeds from 0 on, all releases), beside those run by the {shipped} traces of its own test data, which are broken ones too.\n\
         Written by `cargo xtask coverage`.\n\n{summary}\n## Not reached by legal histories\n\n| reason | statements |\n| --- | --- |\n",
        toolchain.version()
    );
    for (reason, n) in &sums {
        let _ = writeln!(out, "| {reason} | {n} |");
    }
    out.push_str("\nEach place; lines are those of the SDK's file.\n\n");
    out.push_str(&missing(toolchain, legal, &FILES)?);
    Ok(out)
}

/// The line that begins the function around a block.
fn function_of<'a>(lines: &[&'a str], block: &Block) -> &'a str {
    lines[..block.start.0 as usize].iter().rev().find(|l| l.starts_with("func ")).copied().unwrap_or_default()
}

/// A function's name, with its receiver.
fn name_of(line: &str) -> String {
    let rest = line.strip_prefix("func ").unwrap_or(line);
    let (receiver, rest) = match rest.strip_prefix('(').and_then(|r| r.split_once(") ")) {
        Some((receiver, rest)) => (receiver.rsplit(' ').next().unwrap_or_default().trim_start_matches('*'), rest),
        None => ("", rest),
    };
    let name = rest.split(['(', '[']).next().unwrap_or_default();
    if receiver.is_empty() { name.to_owned() } else { format!("{receiver}.{name}") }
}

fn reason(lines: &[&str], block: &Block, function: &str) -> &'static str {
    let first = lines[block.start.0 as usize - 1].trim_start();
    let explained = EXPLAINED
        .iter()
        .find(|(file, begins, _)| *file == block.file && (first.starts_with(begins) || function.starts_with(begins)));
    if let Some((_, _, reason)) = explained {
        return reason;
    }
    // The condition that leads here stands in the line before.
    let from = (block.start.0 as usize).saturating_sub(2);
    let text = lines[from..block.end as usize].join("\n");
    if text.contains("err") || text.contains("Err") || text.contains("panic(") { ERROR } else { NOT }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "func (o *ordering) advance(x int) error {\n\tif x > 0 {\n\t\treturn fmt.Errorf(\"no\")\n\t}\n\
                          \to.x++\n}\n\nfunc dumpOrdering(order *ordering) string {\n\treturn \"\"\n}\n";

    fn block(line: u32) -> Block {
        Block { file: "order.go".to_owned(), start: (line, 3), end: line, statements: 1 }
    }

    #[test]
    fn places_get_their_reasons() {
        let lines: Vec<&str> = SOURCE.lines().collect();
        let of = |line| reason(&lines, &block(line), function_of(&lines, &block(line)));
        assert_eq!((of(3), of(5), of(9)), (ERROR, NOT, DUMP));
        assert_eq!(name_of(function_of(&lines, &block(5))), "ordering.advance");
        assert_eq!(name_of(function_of(&lines, &block(9))), "dumpOrdering");
    }
}
