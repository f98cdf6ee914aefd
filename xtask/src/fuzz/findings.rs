//! Crashes of the fuzzer as findings, in the shape of the hunt's.
//!
//! An input that is choices is a case of the hunt, and becomes a finding through the hunt's own
//! code. Bytes are no case: they are shrunk as a trace, the target itself saying what has to stay. Both get the page
//! that `tracehound report` draws.

use crate::cargo::{cargo, succeeds};
use crate::fault::{Doing, Result, repository};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::time::Duration;
use tracehound_fuzz::choices::MadeCase;
use tracehound_fuzz::targets::compare_go;
use tracehound_fuzz::{Input, Target};
use tracehound_oracle::hunt::{self, Examiner, Finding, Presentation, Setup};
use tracehound_oracle::readers::{Builtin, ReaderUnderTest};
use tracehound_oracle::shrink::{Budget, shrink_trace};
use tracehound_oracle::verdict::{Mode, Verdict};
use tracehound_wire::{Expect, TestFile, Trace};

/// Where findings go, below the root.
const FINDINGS: &str = "findings";

/// A trace is shrunk for no longer than this.
const SHRINKING: Duration = Duration::from_secs(30);

/// Writes the finding behind a crash and says where it is.
///
/// # Errors
/// If it cannot be read or written.
pub fn finding(target: &Target, crash: &Path) -> Result<()> {
    let input = fs::read(crash).doing(format!("read {}", crash.display()))?;
    println!("{}: crash in {}", target.name, crash.display());
    if let Input::Choices(case) = target.input
        && let Some(case) = case(&input)
        && of_choices(case)?
    {
        return Ok(());
    }
    of_bytes(target, &input)
}

/// Whether the case breaks a law here too, and so became a finding.
fn of_choices(case: MadeCase) -> Result<bool> {
    let setup = Setup::default();
    let mut examiner = Examiner::new(&setup).doing("start the built-in reader")?;
    let Some(breach) = examiner.examine(&[case]).into_iter().next() else { return Ok(false) };
    let mut finding = Finding::shrink(&setup, &breach, 1, &Default::default()).doing("shrink the finding")?;
    let presentation = Presentation { command: "tracehound replay".into(), page: None };
    let folder = hunt::write(&repository().join(FINDINGS), &mut finding, &presentation).doing("write the finding")?;
    draw(&folder, &folder)?;
    println!("finding: {}", folder.display());
    Ok(true)
}

fn of_bytes(target: &Target, input: &[u8]) -> Result<()> {
    // Shrinking provokes panics by the thousand.
    set_hook(Box::new(|_| ()));
    let seen = words(target, input);
    let small = seen.as_deref().and_then(|seen| smaller(target, input, seen));
    let _ = take_hook();
    let seen = seen.unwrap_or_else(|| "unsteady: it does not fail here; look into the fuzzer's own log".to_owned());
    let kind: String = seen.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let folder = repository().join(FINDINGS).join(format!("{}-{kind}-{:08x}", target.name, short_name(input)));
    let write = |name: &str, bytes: &[u8]| {
        fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(name), bytes)).doing(format!("write {name}"))
    };
    let (kept, seen) = match small {
        Some((trace, words)) => {
            write("original.bin", input)?;
            (trace, words)
        }
        None => (input.to_vec(), seen),
    };
    write("trace.bin", &kept)?;
    if let Ok(file) = TestFile::from_binary(&kept, expected(&kept)) {
        write("trace.test", &file.to_bytes())?;
    }
    let readme = readme(target, &seen, folder.strip_prefix(repository()).unwrap_or(&folder));
    write("README.md", readme.as_bytes())?;
    draw(&folder.join("trace.bin"), &folder)?;
    println!("finding: {}", folder.display());
    Ok(())
}

/// The smallest trace on which the target says the same but for numbers, and what it says; `None` if there is none that is
/// smaller.
fn smaller(target: &Target, input: &[u8], seen: &str) -> Option<(Vec<u8>, String)> {
    let trace = Trace::decode(input).ok().filter(|_| matches!(target.input, Input::Trace))?;
    let without_numbers = |words: &str| words.lines().next().map(|l| l.replace(|c: char| c.is_ascii_digit(), ""));
    let wanted = without_numbers(seen);
    let holds = |words: &str| without_numbers(words) == wanted;
    let budget = Budget::new(u64::MAX, SHRINKING);
    let small = shrink_trace(&trace, budget, |t| words(target, &t.to_bytes()).is_some_and(|w| holds(&w))).ok()?;
    let bytes = small.to_bytes();
    let words = words(target, &bytes)?;
    (bytes.len() < input.len()).then_some((bytes, words))
}

/// What our own reader says to the trace, as a test expects it.
fn expected(trace: &[u8]) -> Expect {
    match Builtin::default().read(trace, Mode::Digest).verdict {
        Verdict::Accepted => Expect::Success,
        _ => Expect::Failure(String::new()),
    }
}

fn readme(target: &Target, seen: &str, folder: &Path) -> String {
    let trace = folder.join("trace.bin");
    let trace = trace.display();
    let mut text = format!(
        "# The fuzz target {0} fails\n\nIts law: {1}.\n\nWhat was seen:\n\n```\n{seen}\n```\n\nTo see it again:\n\n    {2}cargo run -p tracehound-fuzz --bin {0} -- {trace}\n",
        target.name,
        target.law,
        reader(target),
    );
    if target.name == compare_go::TARGET.name {
        let go = compare_go::followed();
        text += &format!("    cargo run --release -- compare {trace} --reader builtin --reader 'go:{go}'\n");
    }
    text
}

/// What names the reader under test in a command that starts the target; nothing where it is no other than ours.
fn reader(target: &Target) -> String {
    if target.name != compare_go::TARGET.name {
        return String::new();
    }
    format!("{}='{}' ", compare_go::GO_ENV, compare_go::followed())
}

/// Draws the page of a trace or of a finding's folder, by the program that users draw it with.
fn draw(of: &Path, folder: &Path) -> Result<()> {
    let mut report = cargo(&["run", "--quiet", "--release", "--package", "tracehound", "--", "report"]);
    if !succeeds(report.arg(of).arg("--output").arg(folder.join("report.html")))? {
        println!("no page could be drawn of {}", of.display());
    }
    Ok(())
}

/// What the target says when it fails on `input`.
fn words(target: &Target, input: &[u8]) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| (target.run)(input))).err()?;
    let words = panic.downcast_ref::<String>().map(String::as_str);
    Some(words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned())
}

/// A short name for an input: FNV-1a, 32 bits.
fn short_name(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |h: u32, &b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracehound_fuzz::Keep;
    use tracehound_wire::{Batch, Body, Event, EventType, Item, SizeField, Version};

    /// Fails on traces with two events of the heap, the second at some place.
    fn second_heap_event(bytes: &[u8]) -> Keep {
        let heap = |event: &Event| event.ty == EventType::HeapAlloc;
        let trace = Trace::decode(bytes).expect("shrinking gives traces");
        let bodies = trace.batches().map(|b| &b.body);
        let events = bodies.flat_map(|body| if let Body::Events(events) = body { events.as_slice() } else { &[] });
        let places: Vec<usize> = events.enumerate().filter(|(_, event)| heap(event)).map(|(at, _)| at).collect();
        assert!(places.len() < 2, "heap-twice: the second at {}", places[1]);
        Keep::Yes
    }

    const TARGET: Target =
        Target { name: "heap", law: "once", input: Input::Trace, max_len: 1000, run: second_heap_event };

    fn trace(events: &[EventType]) -> Vec<u8> {
        let events = events.iter().map(|&ty| Event::new(ty, 1, &[7, 1, 1][..ty.spec().args.len()])).collect();
        let batch = Batch { generation: 1, m: 3, time: 9, size: SizeField::Runtime, body: Body::Events(events) };
        let mut trace = Trace::new(Version::Go126);
        trace.items.push(Item::Batch(batch));
        trace.to_bytes()
    }

    #[test]
    fn what_fails_is_made_smaller_and_still_fails_so() {
        use EventType::{GoStop, HeapAlloc, ProcStart};
        let large = trace(&[ProcStart, HeapAlloc, GoStop, GoStop, HeapAlloc, ProcStart]);
        let seen = words(&TARGET, &large).expect("it fails");
        assert_eq!(seen, "heap-twice: the second at 4");
        let (small, words) = smaller(&TARGET, &large, &seen).expect("a smaller one fails too");
        assert_eq!(words, "heap-twice: the second at 1");
        assert!(Trace::decode(&small).unwrap().batches().all(|b| matches!(&b.body, Body::Events(e) if e.len() == 2)));
        assert_eq!(smaller(&TARGET, &trace(&[HeapAlloc]), &seen), None, "it does not fail");
    }

    #[test]
    fn a_command_names_the_reader_under_test() {
        assert_eq!(reader(&TARGET), "");
        assert!(reader(&compare_go::TARGET).starts_with("TRACEHOUND_FUZZ_GO='"));
        assert!(readme(&compare_go::TARGET, "differ", Path::new("f")).contains("compare f/trace.bin --reader builtin"));
    }
}
