//! The program as a whole: what each subcommand says, and its exit status.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const SEED_TRACE: &str = "\
Trace Go1.22
EventBatch gen=1 m=18446744073709551615 time=0 size=6
Frequency freq=1000000000
EventBatch gen=1 m=7 time=1 size=24
ProcStatus dt=1 p=0 pstatus=1
GoStatus dt=1 g=1 m=7 gstatus=2
GoSyscallBegin dt=1 p_seq=1 stack=0
ProcSteal dt=1 p=0 p_seq=2 m=7
ProcStart dt=1 p=0 p_seq=3
GoSyscallEndBlocked dt=1
";

/// The same, with a step of the P's sequence left out.
fn broken() -> String {
    SEED_TRACE.replace("p_seq=3", "p_seq=4")
}

/// A history of Go 1.22 from the start of tracing on.
const WHOLE_TRACE: &str = "\
Trace Go1.22
EventBatch gen=1 m=18446744073709551615 time=0 size=6
Frequency freq=1000000000
EventBatch gen=1 m=7 time=1 size=45
ProcStatus dt=1 p=0 pstatus=1
GoStatus dt=1 g=1 m=7 gstatus=2
ProcsChange dt=1 procs_value=1 stack=0
STWBegin dt=1 kind_string=1 stack=0
HeapGoal dt=1 heapgoal_value=4194304
ProcsChange dt=1 procs_value=1 stack=0
STWEnd dt=1
HeapAlloc dt=1 heapalloc_value=9
GoCreate dt=1 new_g=2 new_stack=0 stack=0
GoStop dt=1 reason_string=2 stack=0
GoStart dt=1 g=2 g_seq=1
EventBatch gen=1 m=18446744073709551615 time=1 size=44
Strings
String id=1
\tdata=\"stop-the-world (start trace)\"
String id=2
\tdata=\"preempted\"
";

/// The same, with a label where no runtime writes one; readers accept it.
fn unliftable() -> String {
    WHOLE_TRACE.replace("HeapAlloc dt=1 heapalloc_value=9", "GoLabel dt=1 label_string=2")
}

fn tracehound(args: &[&str], dir: &Path, stdin: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tracehound"))
        .args(args)
        .current_dir(dir)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(stdin).expect("the program reads its input");
    child.wait_with_output().expect("the program ends")
}

/// Everything that a run says, for a snapshot: no times, speeds or numbers of threads.
fn told(args: &[&str], dir: &Path, stdin: &[u8]) -> String {
    let out = tracehound(args, dir, stdin);
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let lines = text.lines().map(|l| if l.starts_with("speed ") { "speed            [measured]" } else { l });
        // A line now and then, where the machine is slow.
        let lines = lines.filter(|l| l.split_once(" s: ").is_none_or(|(n, _)| n.parse::<u64>().is_err()));
        lines.collect::<Vec<_>>().join("\n")
    };
    let status = out.status.code().map_or("none".to_owned(), |c| c.to_string());
    format!("$ tracehound {}\n{}\n{}\nexit status {status}", args.join(" "), text(&out.stdout), text(&out.stderr))
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("seed.txt"), SEED_TRACE).expect("a file");
        std::fs::write(dir.path().join("broken.txt"), broken()).expect("a file");
        std::fs::write(dir.path().join("whole.txt"), WHOLE_TRACE).expect("a file");
        std::fs::write(dir.path().join("strange.txt"), unliftable()).expect("a file");
        Folder(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).expect("the file is there")
    }
}

fn builtin_as_command() -> String {
    format!("cmd:{} serve", PathBuf::from(env!("CARGO_BIN_EXE_tracehound")).display())
}

/// Every subcommand, and none for the program itself.
const SUBCOMMANDS: [&str; 17] = [
    "",
    "check",
    "events",
    "index",
    "compare",
    "convert",
    "hunt",
    "faults",
    "replay",
    "gen",
    "lift",
    "known",
    "shrink",
    "report",
    "reader",
    "completions",
    "man",
];

#[test]
fn every_subcommand_has_help() {
    let dir = Folder::new();
    for name in SUBCOMMANDS {
        let args: Vec<&str> = [name, "--help"].into_iter().filter(|a| !a.is_empty()).collect();
        let label = if name.is_empty() { "help" } else { name };
        insta::assert_snapshot!(format!("help_{label}"), told(&args, dir.path(), b""));
    }
}

/// A list of subcommands that is complete, so that none is without a snapshot.
#[test]
fn completions_and_manual_pages_know_every_subcommand() {
    let dir = Folder::new();
    let said = |args: &[&str]| {
        let out = tracehound(args, dir.path(), b"");
        assert_eq!(out.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    let page = said(&["man"]);
    let mut named: Vec<&str> =
        page.lines().filter_map(|l| l.strip_prefix("tracehound\\-")?.strip_suffix("(1)")).collect();
    named.retain(|n| *n != "help");
    assert_eq!(named, SUBCOMMANDS[1..], "{page}");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = said(&["completions", shell]);
        for name in &SUBCOMMANDS[1..] {
            assert!(script.contains(name), "{shell} does not know {name}");
        }
    }
    for name in &SUBCOMMANDS[1..] {
        let page = said(&["man", name]);
        assert!(page.starts_with(".ie") && page.contains(&format!("tracehound\\-{name}")), "{page}");
    }
    assert_eq!(tracehound(&["man", "nonsense"], dir.path(), b"").status.code(), Some(2));
    assert_eq!(tracehound(&["completions", "nonsense"], dir.path(), b"").status.code(), Some(2));
}

#[test]
fn check_says_what_is_wrong_and_where() {
    let dir = Folder::new();
    insta::assert_snapshot!(told(&["check", "seed.txt", "broken.txt"], dir.path(), b""));
}

#[test]
fn strict_mode_refuses_what_no_runtime_writes_and_is_the_builtin_reader_s() {
    let dir = Folder::new();
    insta::assert_snapshot!("check_strict", told(&["check", "--strict", "seed.txt"], dir.path(), b""));
    let status = |args: &[&str]| tracehound(args, dir.path(), b"").status.code();
    assert_eq!(status(&["events", "--strict", "seed.txt"]), Some(1));
    assert_eq!(status(&["events", "--strict", "--go", "seed.txt"]), Some(1));
    let (strict, lenient) = (format!("{} --strict", builtin_as_command()), builtin_as_command());
    assert_eq!(status(&["compare", "seed.txt", "--reader", &strict, "--reader", &lenient]), Some(1));
    assert_eq!(status(&["compare", "--strict", "seed.txt", "--reader", "builtin", "--reader", &lenient]), Some(1));
    assert_eq!(status(&["check", "--strict", "--reader", "cmd:sh", "seed.txt"]), Some(2));
    assert_eq!(status(&["gen", "--count", "3", "--out", "legal"]), Some(0));
    for trace in std::fs::read_dir(dir.path().join("legal")).expect("the traces are there") {
        let path = trace.expect("a trace").path();
        assert_eq!(status(&["check", "--strict", &path.display().to_string()]), Some(0));
    }
}

#[test]
fn check_reads_standard_input_in_every_form() {
    let dir = Folder::new();
    assert_eq!(tracehound(&["convert", "seed.txt", "seed.bin"], dir.path(), b"").status.code(), Some(0));
    assert_eq!(tracehound(&["convert", "seed.bin", "seed.test"], dir.path(), b"").status.code(), Some(0));
    for form in ["seed.txt", "seed.bin", "seed.test"] {
        let out = tracehound(&["check", "-"], dir.path(), &dir.read(form));
        assert_eq!(out.status.code(), Some(0), "{form}: {}", String::from_utf8_lossy(&out.stderr));
    }
}

#[test]
fn conversion_there_and_back_is_the_identity() {
    let dir = Folder::new();
    for (from, to) in
        [("seed.txt", "a.bin"), ("a.bin", "b.txt"), ("b.txt", "c.bin"), ("c.bin", "d.test"), ("d.test", "e.bin")]
    {
        assert_eq!(tracehound(&["convert", from, to], dir.path(), b"").status.code(), Some(0), "{from} to {to}");
    }
    assert_eq!(dir.read("b.txt"), SEED_TRACE.as_bytes());
    assert_eq!(dir.read("a.bin"), dir.read("c.bin"));
    assert_eq!(dir.read("a.bin"), dir.read("e.bin"));
}

#[test]
fn events_are_told_in_three_ways() {
    let dir = Folder::new();
    insta::assert_snapshot!("events", told(&["events", "seed.txt"], dir.path(), b""));
    insta::assert_snapshot!("events_json", told(&["events", "--json", "seed.txt"], dir.path(), b""));
    insta::assert_snapshot!("events_go", told(&["events", "--go", "seed.txt"], dir.path(), b""));
    insta::assert_snapshot!("events_refused", told(&["events", "broken.txt"], dir.path(), b""));
}

/// The seed's generation and one behind it.
fn two_generations() -> String {
    let second = "\
EventBatch gen=2 m=18446744073709551615 time=0 size=6
Frequency freq=1000000000
EventBatch gen=2 m=7 time=9 size=9
ProcStatus dt=1 p=0 pstatus=1
GoStatus dt=1 g=1 m=7 gstatus=1
";
    format!("{SEED_TRACE}{second}")
}

#[test]
fn generations_are_listed_and_read_alone() {
    let dir = Folder::new();
    std::fs::write(dir.path().join("two.txt"), two_generations()).expect("a file");
    insta::assert_snapshot!("run_index", told(&["index", "--threads", "two.txt"], dir.path(), b""));
    insta::assert_snapshot!("run_index_json", told(&["index", "--json", "two.txt"], dir.path(), b""));
    let said = |args: &[&str]| {
        let out = tracehound(args, dir.path(), b"");
        (out.status.code(), String::from_utf8_lossy(&out.stdout).into_owned())
    };
    let (whole, second) = (said(&["events", "two.txt"]), said(&["events", "two.txt", "--generations", "2"]));
    assert_eq!((whole.0, second.0), (Some(0), Some(0)));
    assert!(second.1.lines().count() < whole.1.lines().count() && second.1.contains("Sync"), "{}", second.1);
    assert_eq!(said(&["check", "two.txt", "--generations", "2..9"]).0, Some(0));
    assert_eq!(said(&["convert", "two.txt", "first.txt", "--generations", "..1"]).0, Some(0));
    assert_eq!(dir.read("first.txt"), SEED_TRACE.as_bytes());
    for wrong in ["3", "2..1", "", "x"] {
        assert_eq!(said(&["check", "two.txt", "--generations", wrong]).0, Some(2), "{wrong}");
    }
}

#[test]
fn lifting_writes_cases_and_says_which_event_does_not_lift() {
    let dir = Folder::new();
    let args = ["lift", "whole.txt", "strange.txt", "broken.txt", "--out", "cases"];
    insta::assert_snapshot!("run_lift", told(&args, dir.path(), b""));
    let case = String::from_utf8(dir.read("cases/whole-1.case")).expect("text");
    let replayed = tracehound(&["replay", case.trim(), "--trace", "again.bin"], dir.path(), b"");
    assert_eq!(replayed.status.code(), Some(0), "{}", String::from_utf8_lossy(&replayed.stderr));
    assert_eq!(tracehound(&["convert", "again.bin", "again.txt"], dir.path(), b"").status.code(), Some(0));
    let again = String::from_utf8(dir.read("again.txt")).expect("text");
    for line in ["ProcsChange", "STWBegin", "HeapGoal", "STWEnd", "HeapAlloc", "GoCreate", "GoStop", "GoStart"] {
        assert!(again.contains(line), "{line} is missing in {again}");
    }
    assert!(!dir.path().join("cases/strange-1.case").exists());
}

#[test]
fn comparing_readers_tells_where_they_part() {
    let dir = Folder::new();
    let args = ["compare", "seed.txt", "--reader", "builtin", "--reader", "builtin:1.22"];
    insta::assert_snapshot!("compare_agree", told(&args, dir.path(), b""));
    let out = tracehound(&["compare", "seed.txt", "--reader", "builtin"], dir.path(), b"");
    assert_eq!(out.status.code(), Some(2));
}

/// One real run of each subcommand that no other test shows.
#[test]
fn every_subcommand_does_its_work() {
    let dir = Folder::new();
    for (name, args) in [
        ("convert", &["convert", "seed.txt", "-"][..]),
        ("hunt", &["hunt", "--cases", "40", "--threads", "2", "--steps", "40"]),
        ("replay", &["replay", "th1:go1.26:steps=30:s1f"]),
        ("replay_edited", &["replay", "th1:go1.26:steps=30:s1f/double-any-event@5"]),
        ("gen", &["gen", "--count", "2", "--steps", "20", "--out", "."]),
        ("known", &["known"]),
        ("shrink", &["shrink", "broken.txt", "--time", "60s"]),
        ("report", &["report", "broken.txt", "-o", "page.html"]),
        ("reader", &["reader", "check", "builtin"]),
        #[cfg(feature = "faults")]
        ("faults", &["faults", "--fault", "self-steal-rejected", "--seeds", "2", "--cases", "60", "--patience", "300"]),
    ] {
        insta::assert_snapshot!(format!("run_{name}"), told(args, dir.path(), b""));
    }
    // The rest is long, and changes with every option.
    for (name, args) in [("completions", &["completions", "fish"][..]), ("man", &["man", "hunt"])] {
        let text = told(args, dir.path(), b"");
        let head: Vec<&str> = text.lines().take(6).collect();
        insta::assert_snapshot!(format!("run_{name}"), head.join("\n"));
    }
}

#[test]
fn standard_input_and_output_are_dashes() {
    let dir = Folder::new();
    let trace = tracehound(&["gen", "--out", "-", "--count", "1", "--seed", "7", "--steps", "20"], dir.path(), b"");
    assert_eq!(trace.status.code(), Some(0));
    for args in [&["check", "-"][..], &["events", "-"], &["convert", "-", "-"], &["report", "-", "-o", "-"]] {
        let out = tracehound(args, dir.path(), &trace.stdout);
        assert!(out.status.success() && !out.stdout.is_empty(), "{args:?}");
    }
    let same = tracehound(&["replay", "-", "--trace", "-"], dir.path(), b"th1:go1.26:steps=20:s7\n");
    assert!(same.status.success() && same.stdout.starts_with(b"go 1.26 trace"));
    assert_eq!(tracehound(&["gen", "--out", "-"], dir.path(), b"").status.code(), Some(2));
}

#[test]
fn colours_are_left_out_where_they_are_not_wanted() {
    let dir = Folder::new();
    let help = |no_color: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tracehound"));
        command.args(["hunt", "--help"]).current_dir(dir.path()).env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR");
        if no_color {
            command.env("NO_COLOR", "1");
        }
        command.output().expect("the program runs").stdout
    };
    assert!(help(false).contains(&0x1b), "the test can tell");
    assert!(!help(true).contains(&0x1b));
}

#[test]
fn misuse_and_a_faulty_environment_have_their_own_exit_status() {
    let dir = Folder::new();
    for (args, status) in [
        (&["check"][..], 2),
        (&["check", "seed.txt", "--reader", "nonsense"], 2),
        (&["replay", "nonsense"], 2),
        (&["hunt", "--time", "never"], 2),
        (&["hunt", "--emission-fault", "nonsense"], 2),
        (&["check", "missing.trace"], 3),
        (&["check", "seed.txt", "--reader", "cmd:/nonexistent/adapter"], 3),
        (&["check", "seed.txt", "--reader", "cmd:true"], 3),
    ] {
        let out = tracehound(args, dir.path(), b"");
        let words = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(status), "{args:?}: {words}");
        assert!(!words.trim().is_empty(), "{args:?} says why");
    }
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let dir = Folder::new();
    tracehound(&["gen", "--count", "1", "--seed", "7", "--out", "."], dir.path(), b"");
    let mut child = Command::new(env!("CARGO_BIN_EXE_tracehound"))
        .args(["events", "--json", "--stacks"].iter().take(2))
        .arg("7.trace")
        .current_dir(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let out = child.wait_with_output().expect("the program ends");
    assert_eq!((out.status.code(), out.stderr.len()), (Some(0), 0), "{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn a_clean_hunt_finds_nothing() {
    let dir = Folder::new();
    let out = tracehound(&["hunt", "--cases", "600", "--threads", "2"], dir.path(), b"");
    let table = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{table}");
    assert!(table.contains("findings         0 (0 breaches)"), "{table}");
}

#[test]
fn a_hunt_is_the_same_again() {
    let dir = Folder::new();
    let args = ["hunt", "--cases", "60", "--seed", "5"];
    let one = told(&[&args[..], &["--threads", "1"]].concat(), dir.path(), b"");
    let two = told(&[&args[..], &["--threads", "2"]].concat(), dir.path(), b"");
    let rest = |text: &str| text.lines().skip(1).filter(|l| !l.contains("judged")).collect::<Vec<_>>().join("\n");
    assert_eq!(rest(&one), rest(&two));
}

/// The emission of Go before its fix for self-steals is found, with a small reproducer that
/// replays.
#[test]
fn the_old_runtimes_emission_is_found() {
    let dir = Folder::new();
    let out =
        tracehound(&["hunt", "--cases", "600", "--emission-fault", "gcwait-proc-stop", "--out", "f"], dir.path(), b"");
    let told = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(1), "{told}");
    let folder = dir.path().join("f/accept-builtin-rejected-proc-stop-unknown");
    for file in ["trace.test", "trace.bin", "neighbour.test", "finding.json", "README.md", "report.html"] {
        assert!(folder.join(file).is_file(), "{file} is missing");
    }
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("finding.json")).expect("a file")).expect("JSON");
    assert!(json["events"].as_u64().is_some_and(|n| n <= 12), "{json:#}");
    let replay = json["replay"].as_str().expect("a string");
    let again = tracehound(&["replay", replay], dir.path(), b"");
    assert_eq!(again.status.code(), Some(1), "{}", String::from_utf8_lossy(&again.stdout));
    let check = tracehound(&["check", "f/accept-builtin-rejected-proc-stop-unknown/trace.test"], dir.path(), b"");
    assert_eq!(check.status.code(), Some(1));
}

/// A reader without the rule for self-steals, behind the protocol in a process of its own.
#[cfg(feature = "faults")]
#[test]
fn a_planted_fault_is_found() {
    let dir = Folder::new();
    let out = tracehound(&["hunt", "--cases", "1000", "--fault", "no-self-steal", "--out", "f"], dir.path(), b"");
    assert_eq!(out.status.code(), Some(1), "{}", String::from_utf8_lossy(&out.stdout));
    let findings = std::fs::read_dir(dir.path().join("f")).expect("the findings").flatten();
    let events = findings.filter_map(|folder| {
        let json = std::fs::read(folder.path().join("finding.json")).ok()?;
        let finding: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        // What only the truth shows is made smaller by the choices of its history alone, which goes less far.
        Some((finding["events"].as_u64()?, if finding["law"] == "truth" { 40 } else { 12 }))
    });
    let events: Vec<(u64, u64)> = events.collect();
    let small = events.iter().all(|(n, most)| n <= most) && events.iter().any(|(_, most)| *most == 12);
    assert!(small, "{events:?}: {}", String::from_utf8_lossy(&out.stdout));
}

#[test]
fn a_reader_behind_the_protocol_agrees_with_itself() {
    let dir = Folder::new();
    let out = tracehound(&["hunt", "--cases", "200", "--reader", &builtin_as_command()], dir.path(), b"");
    let table = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{table}");
    assert!(table.contains("round trips/s"), "{table}");
}

/// A frame of the protocol, as `printf` writes it.
#[cfg(unix)]
fn frame(bytes: &[u8]) -> String {
    let len = u32::try_from(bytes.len()).expect("short").to_le_bytes();
    len.iter().chain(bytes).map(|b| format!("\\{b:03o}")).collect()
}

/// Adapters that misbehave are told for what they do, and the hunt goes on.
#[cfg(unix)]
#[test]
fn misbehaving_readers_are_findings() {
    let dir = Folder::new();
    let hello = frame(br#"{"protocol": 1, "name": "bad", "reads": [22, 23, 25, 26]}"#);
    for (script, word) in [
        ("exec sleep 30", "hung"),
        ("head -c 1 > taken; echo it hurts >&2; exit 3", "died"),
        ("printf 'this is no frame at all'; exec sleep 30", "broke-protocol"),
        ("printf '\\002\\000\\000\\000xx'; exec sleep 30", "broke-protocol"),
        ("head -c 1 > taken; echo runtime: out of memory >&2; exit 2", "out-of-memory"),
    ] {
        let path = dir.path().join("bad.sh");
        std::fs::write(&path, format!("printf '{hello}'\n{script}\n")).expect("a file");
        let reader = format!("cmd:sh {}", path.display());
        let args = ["compare", "seed.txt", "--reader", "builtin", "--reader", &reader, "--deadline", "1"];
        let out = tracehound(&args, dir.path(), b"");
        let said = String::from_utf8_lossy(&out.stdout);
        assert_eq!(out.status.code(), Some(1), "{script}: {said}{}", String::from_utf8_lossy(&out.stderr));
        let words = match word {
            "hung" => "gave no answer within 1 s",
            "died" => "it hurts",
            "out-of-memory" => "of memory",
            _ => "against the protocol",
        };
        assert!(said.contains(words) || said.contains("exit status: 3"), "{script}: {said}");
    }
}

#[test]
fn shrinking_keeps_the_trouble_and_refuses_a_sound_trace() {
    let dir = Folder::new();
    let case = |n: &str| tracehound(&["gen", "--count", "1", "--seed", n, "--out", "."], dir.path(), b"");
    assert_eq!(case("3").status.code(), Some(0));
    let mut bytes = dir.read("3.trace");
    bytes.truncate(bytes.len() - 1);
    std::fs::write(dir.path().join("cut.trace"), &bytes).expect("a file");
    let out = tracehound(&["shrink", "cut.trace", "-o", "small.test", "--time", "20s"], dir.path(), b"");
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(dir.read("small.test").len() < 400);
    assert_eq!(tracehound(&["check", "small.test"], dir.path(), b"").status.code(), Some(1));
    assert_eq!(tracehound(&["shrink", "seed.txt"], dir.path(), b"").status.code(), Some(2));
}

#[test]
fn a_report_is_one_page() {
    let dir = Folder::new();
    let out = tracehound(&["report", "broken.txt", "-o", "-"], dir.path(), b"");
    assert_eq!(out.status.code(), Some(0));
    assert!(out.stdout.starts_with(b"<!doctype html>"));
}

#[test]
fn known_divergences_are_listed_and_still_diverge() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let out = tracehound(&["known", "--check"], &root, b"");
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stdout));
}

/// Everything that `gen` writes with these options, by file name.
fn generated(options: &str) -> std::collections::BTreeMap<String, Vec<u8>> {
    let dir = Folder::new();
    let args: Vec<&str> = ["gen", "--out", "out"].into_iter().chain(options.split_whitespace()).collect();
    let out = tracehound(&args, dir.path(), b"");
    assert_eq!(out.status.code(), Some(0), "{options}: {}", String::from_utf8_lossy(&out.stderr));
    let files = std::fs::read_dir(dir.path().join("out")).expect("the folder").flatten();
    files.map(|f| (f.file_name().to_string_lossy().into_owned(), std::fs::read(f.path()).expect("the file"))).collect()
}

#[test]
fn gen_writes_the_same_files_each_time() {
    let twice = [generated("--count 5 --seed 3"), generated("--count 5 --seed 3")];
    assert_eq!(twice[0], twice[1]);
    let names: Vec<&str> = twice[0].keys().map(String::as_str).collect();
    assert_eq!(names, ["3.trace", "4.trace", "5.trace", "6.trace", "7.trace"]);
    let shown = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..13]).into_owned();
    for (wire, header) in [("1.22", "go 1.22 trace"), ("1.23", "go 1.23 trace"), ("1.26", "go 1.26 trace")] {
        let files = generated(&format!("--count 4 --wire {wire}"));
        assert!(files.values().all(|bytes| shown(bytes) == header), "{wire}");
    }
}

#[test]
fn gen_does_as_its_options_say() {
    let all = "--count 20 --format text";
    let text = |options: &str| -> String {
        generated(options).values().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    };
    let usual = text(all);
    let tasks = |text: &str| text.matches("UserTaskBegin").count();
    assert!(tasks(&usual) > 0 && tasks(&text(&format!("{all} --without user,cgo"))) == 0);
    let only = text(&format!("{all} --features gc"));
    assert!(only.contains("GCBegin") && !only.contains("GoSyscallBegin") && !only.contains("UserTaskBegin"));
    assert!(!text(&format!("{all} --features none")).contains("GCBegin"));
    let zero = text(&format!("{all} --clock zero --steps 50"));
    let events = |text: &str| text.matches(" dt=").count();
    assert!(events(&zero) < events(&usual) / 2 && zero.contains("GoStart dt=0"));
    assert!(!text(&format!("{all} --generations 1 --ps 1 --ms 1 --gs 1")).contains("gen=9"));
    // Each option by itself leads to other traces.
    for option in [
        "--generations 1",
        "--ms 1",
        "--ps 1",
        "--gs 1",
        "--steps 5",
        "--seed 50",
        "--without gc",
        "--features gc",
        "--clock zero",
        "--wire 1.22",
        "--flavour 1.25",
        "--emission-fault numbers-kept",
    ] {
        assert_ne!(text(&format!("{all} {option}")), usual, "{option}");
    }
    for (name, file) in generated("--count 3 --format test --flavour go1.24") {
        let test = tracehound_wire::TestFile::parse(&file).expect("a test file");
        let bytes = test.to_binary(tracehound_wire::raw::TextStyle::Lossless).expect("its text reads back");
        let seed = name.trim_end_matches(".test");
        assert_eq!(Some(&bytes), generated(&format!("--count 1 --flavour go1.24 --seed {seed}")).values().next());
    }
}

#[test]
fn gen_complains_about_names_that_do_not_exist() {
    let dir = Folder::new();
    let help = tracehound(&["gen", "--help"], dir.path(), b"");
    let help = String::from_utf8_lossy(&help.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    let names: Vec<&str> = tracehound_generator::Feature::ALL.iter().map(|f| f.name()).collect();
    assert!(help.contains(&names.join(", ")), "the help names every feature");
    for (option, value, listed) in [
        ("--features", "gc,nothing", "allocfree"),
        ("--without", "all", "lifecycle"),
        ("--clock", "wall", "adversarial"),
        ("--wire", "1.24", "1.23"),
        ("--flavour", "1.21", "go1.22"),
        ("--emission-fault", "x", "gcwait-proc-stop"),
        ("--generations", "9", "1..=8"),
    ] {
        let out = tracehound(&["gen", "--out", "out", option, value], dir.path(), b"");
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(2), "{option}: {said}");
        assert!(said.contains(listed), "{option}: {said}");
        assert!(!dir.path().join("out").exists(), "{option}: nothing is written");
    }
}

/// Stopped while it shrinks, the program ends as usual and writes what is smallest so far. It may also be done already.
#[cfg(unix)]
#[test]
fn shrinking_that_is_interrupted_keeps_the_smallest_so_far() {
    let dir = Folder::new();
    // Much that has to be tried event by event, and a last one that cannot happen.
    let events = "GoStop dt=1 reason_string=0 stack=0\nGoStart dt=1 g=1 g_seq=N\n";
    let many: String = (1..=4000).map(|n| events.replace('N', &n.to_string())).collect();
    let text = SEED_TRACE
        .replace("GoSyscallBegin dt=1 p_seq=1 stack=0\n", &many)
        .replace("m=7 time=1 size=24", "m=7 time=1 size=60000");
    std::fs::write(dir.path().join("long.txt"), text).expect("a file");
    let mut child = Command::new(env!("CARGO_BIN_EXE_tracehound"))
        .args(["shrink", "long.txt", "-o", "small.test"])
        .current_dir(dir.path())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(std::time::Duration::from_millis(200));
    let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert!(!dir.read("small.test").is_empty());
}
