//! The commands of the README and of the page on your own reader, copied out of them and run: what a newcomer types works,
//! and finds what they say.

mod common;

use common::{Folder, PROGRAM, finding};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The commands of a page's console blocks, as they stand there.
fn commands(page: &str) -> Vec<String> {
    let text = std::fs::read_to_string(repository().join(page)).expect("the page");
    let mut inside = false;
    let mut all = Vec::new();
    for line in text.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if inside => all.extend(line.strip_prefix("$ ").map(str::to_owned)),
            _ => {}
        }
    }
    all
}

/// The arguments of a command that runs the program; none for others.
fn arguments(command: &str) -> Option<(Vec<&str>, bool)> {
    let faults = command.contains("--features faults");
    let words = command.strip_prefix("cargo run ").and_then(|c| c.split_once(" -- ")).map(|(_, words)| words);
    let words = words.or_else(|| command.strip_prefix("tracehound "))?;
    Some((words.split_whitespace().collect(), faults))
}

fn run(args: &[&str], dir: &Path) -> Output {
    Command::new(PROGRAM).args(args).current_dir(dir).output().expect("the program starts")
}

#[test]
fn the_readme_is_one_screen_and_names_every_command_that_it_needs() {
    let all = commands("README.md");
    assert!(all.iter().filter(|c| arguments(c).is_some()).count() >= 4, "{all:#?}");
    assert!(all.iter().any(|c| c == "cargo xtask test"));
}

/// The first command, and then the tutorial: a deliberately broken reader is found out, and so is the runtime's fault.
#[test]
fn the_readmes_commands_do_what_it_says() {
    let mut ran = 0;
    for command in commands("README.md") {
        let Some((args, faults)) = arguments(&command) else { continue };
        // Go's toolchains are for the tests that need them, and planted faults for builds that have them.
        if args.iter().any(|a| a.starts_with("go:")) || (faults && !cfg!(feature = "faults")) {
            continue;
        }
        let dir = Folder::new();
        // A newcomer's machine takes a minute for all cases of the first command; a part of them will do here.
        let mut args = args;
        if !args.contains(&"--cases") {
            args.extend(["--cases", "300"]);
        }
        let out = run(&args, dir.path());
        let told = String::from_utf8_lossy(&out.stdout);
        let broken = args.iter().any(|a| a.contains("fault"));
        assert_eq!(out.status.code(), Some(i32::from(broken)), "{command}: {told}");
        ran += 1;
        if broken {
            assert!(told.contains("finding 1: builtin breaks accept"), "{command}: {told}");
            let folder = &dir.findings("findings")[0];
            for file in ["trace.test", "trace.bin", "neighbour.test", "finding.json", "README.md", "report.html"] {
                assert!(folder.join(file).is_file(), "{command}: {file} is missing");
            }
            let command_of_finding = finding(folder)["command"].as_str().expect("a command").to_owned();
            assert!(told.contains(&command_of_finding), "{command}: {told}");
        }
    }
    assert!(ran >= if cfg!(feature = "faults") { 3 } else { 2 }, "{ran} commands ran");
}

/// The example is broken by the page's own `sed`, passes the trial, and is found out. (Needs `python3`.)
#[test]
#[cfg(unix)]
fn the_page_on_your_own_reader_leads_to_a_finding() {
    let dir = Folder::new();
    let place = dir.path().join("adapters/python");
    std::fs::create_dir_all(&place).expect("a folder");
    std::fs::copy(repository().join("adapters/python/container.py"), place.join("container.py")).expect("the example");
    let programs = Path::new(PROGRAM).parent().expect("a folder").display();
    let path = format!("{programs}:{}", std::env::var("PATH").expect("a path"));
    let codes: Vec<_> = commands("docs/your-reader.md")[..3]
        .iter()
        .map(|line| {
            let mut shell = Command::new("sh");
            let out = shell.args(["-c", line]).env("PATH", &path).current_dir(dir.path()).output().expect("a shell");
            (out.status.code(), String::from_utf8_lossy(&out.stdout).into_owned())
        })
        .collect();
    assert_eq!(codes[0].0, Some(0), "{codes:#?}");
    assert!(codes[1].0 == Some(0) && codes[1].1.contains("ready: "), "{codes:#?}");
    assert!(codes[2].0 == Some(1) && codes[2].1.contains("breaks reject"), "{codes:#?}");
    assert!(codes[2].1.contains("gen-out-of-order"), "{codes:#?}");
}
