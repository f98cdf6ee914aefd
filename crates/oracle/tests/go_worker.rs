//! The Go worker inside each toolchain that is on this machine: it builds, says who it is, and
//! answers by the book. Without a toolchain a test is listed as ignored, with the reason.

use libtest_mimic::{Arguments, Failed, Trial};
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tracehound_oracle::readers::go::Toolchain;

/// The releases that the project promises to work with.
const RELEASES: [&str; 6] = ["1.22", "1.23", "1.24", "1.25", "1.26", "1.27"];

type Check = fn(&Toolchain) -> Result<(), Failed>;
const CHECKS: &[(&str, u32, Check)] = &[
    ("hello", 22, hello),
    ("digest_is_that_of_the_events", 22, digest_is_that_of_the_events),
    ("refusals_have_words", 22, refusals_have_words),
    ("cases_do_not_leak_into_each_other", 22, cases_do_not_leak_into_each_other),
    ("requests_may_be_sent_ahead", 22, requests_may_be_sent_ahead),
    ("text_is_that_of_go_tool_trace", 25, text_is_that_of_go_tool_trace),
    ("panicking_accessor_is_recorded", 25, panicking_accessor_is_recorded),
    ("raw_mode_converts_both_ways", 22, raw_mode_converts_both_ways),
];

fn main() {
    let mut trials = Vec::new();
    for release in RELEASES {
        let toolchain = Toolchain::resolve(release);
        for (name, since, check) in CHECKS {
            if release[2..].parse::<u32>().unwrap() < *since {
                continue;
            }
            let name = format!("go{release}::{name}");
            trials.push(match &toolchain {
                Ok(toolchain) => {
                    let toolchain = toolchain.clone();
                    Trial::test(name, move || check(&toolchain))
                }
                Err(_) => Trial::test(name, || Ok(()))
                    .with_kind(format!("there is no Go {release} here; `cargo xtask provision` gets it"))
                    .with_ignored_flag(true),
            });
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// A worker process and its pipes.
struct Worker {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Worker {
    fn start(toolchain: &Toolchain, arguments: &[&str]) -> Worker {
        let program = toolchain.worker().unwrap();
        let mut child =
            Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Worker { child, input, output }
    }

    /// Past the hello.
    fn ready(toolchain: &Toolchain) -> Worker {
        let mut worker = Worker::start(toolchain, &[]);
        worker.receive();
        worker
    }

    fn send(&mut self, mode: u8, body: &[u8]) {
        let mut frame = (body.len() as u32 + 1).to_le_bytes().to_vec();
        frame.push(mode);
        frame.extend_from_slice(body);
        self.input.write_all(&frame).unwrap();
    }

    fn receive(&mut self) -> Vec<u8> {
        let mut length = [0; 4];
        self.output.read_exact(&mut length).unwrap();
        let mut frame = vec![0; u32::from_le_bytes(length) as usize];
        self.output.read_exact(&mut frame).unwrap();
        frame
    }

    fn ask(&mut self, mode: u8, trace: &[u8]) -> Answer {
        self.send(mode, trace);
        Answer::from_frame(&self.receive())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    verdict: u8,
    events: u64,
    crc: u32,
    size: u64,
    panics: u64,
    message: String,
    rest: Vec<u8>,
}

impl Answer {
    fn from_frame(frame: &[u8]) -> Answer {
        let mut at = 1;
        let uvarint = |at: &mut usize| {
            let mut value = 0;
            for shift in (0..).step_by(7) {
                let byte = frame[*at];
                *at += 1;
                value |= u64::from(byte & 0x7f) << shift;
                if byte < 0x80 {
                    break;
                }
            }
            value
        };
        let events = uvarint(&mut at);
        let crc = u32::from_le_bytes(frame[at..at + 4].try_into().unwrap());
        at += 4;
        let (size, panics) = (uvarint(&mut at), uvarint(&mut at));
        let class = uvarint(&mut at);
        assert_eq!(class, 0, "Go's reader has no classes");
        let length = uvarint(&mut at) as usize;
        let message = String::from_utf8_lossy(&frame[at..at + length]).into_owned();
        at += length;
        assert_eq!(uvarint(&mut at), 0, "Go's reader tells no place");
        Answer { verdict: frame[0], events, crc, size, panics, message, rest: frame[at..].to_vec() }
    }
}

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap()).collect()
}

fn trace(minor: u32, body: &str) -> Vec<u8> {
    let mut bytes = format!("go 1.{minor} trace\0\0\0").into_bytes();
    bytes.extend(hex(body));
    bytes
}

/// A P and a goroutine tell that they run on thread 5: 2 events and the Syncs.
fn two_statuses(toolchain: &Toolchain) -> Vec<u8> {
    if minor(toolchain) >= 26 {
        trace(26, "0101ffffffffffffffffff01010c32088094ebdc0333010101000101050a090d010001190101050234")
    } else {
        trace(22, "0101ffffffffffffffffff010106088094ebdc030101050a090d0100011901010502")
    }
}

fn minor(toolchain: &Toolchain) -> u32 {
    toolchain.release()[2..].parse().unwrap()
}

fn hello(toolchain: &Toolchain) -> Result<(), Failed> {
    let frame = Worker::start(toolchain, &[]).receive();
    let hello: serde_json::Value = serde_json::from_slice(&frame)?;
    assert_eq!(hello["protocol"], 1);
    assert_eq!(hello["version"], format!("go{}", toolchain.version()));
    assert_eq!(hello["release"], toolchain.release());
    let newest = match minor(toolchain) {
        22 => 22,
        23 | 24 => 23,
        25 => 25,
        _ => 26,
    };
    let reads: Vec<_> = [22, 23, 25, 26].into_iter().filter(|v| *v <= newest).collect();
    assert_eq!(hello["reads"], serde_json::json!(reads));
    let reports = hello["reports"].as_array().unwrap();
    assert_eq!(reports.contains(&"ties".into()), minor(toolchain) >= 24);
    assert_eq!(reports.contains(&"sync-numbers".into()), minor(toolchain) >= 25);
    Ok(())
}

fn digest_is_that_of_the_events(toolchain: &Toolchain) -> Result<(), Failed> {
    let mut worker = Worker::ready(toolchain);
    let trace = two_statuses(toolchain);
    let (brief, full) = (worker.ask(0, &trace), worker.ask(1, &trace));
    assert_eq!((brief.verdict, brief.events), (0, if minor(toolchain) >= 25 { 4 } else { 3 }));
    assert_eq!(full, Answer { rest: full.rest.clone(), ..brief });
    assert_eq!(full.size, full.rest.len() as u64);
    assert_eq!(full.crc, crc32c::crc32c(&full.rest));
    // Time 11 (zigzag 22), thread 5, no P, no goroutine, no stack, then P 0: Undetermined to Running.
    let status = [13, 22, 10, 1, 1, 0, 2, 0, 0, 3, 0, 0];
    assert!(full.rest.windows(status.len()).any(|w| w == status), "{:?}", full.rest);
    Ok(())
}

fn refusals_have_words(toolchain: &Toolchain) -> Result<(), Failed> {
    let mut worker = Worker::ready(toolchain);
    let opening = worker.ask(0, b"not a trace");
    assert_eq!((opening.verdict, opening.events), (1, 0));
    assert!(!opening.message.is_empty());
    let mut cut = two_statuses(toolchain);
    cut.truncate(cut.len() - 8);
    let reading = worker.ask(0, &cut);
    assert_eq!(reading.verdict, 2);
    assert!(!reading.message.is_empty());
    Ok(())
}

fn cases_do_not_leak_into_each_other(toolchain: &Toolchain) -> Result<(), Failed> {
    let mut worker = Worker::ready(toolchain);
    let trace = two_statuses(toolchain);
    let first = worker.ask(1, &trace);
    worker.ask(0, b"not a trace");
    worker.ask(2, &trace);
    assert_eq!(worker.ask(1, &trace), first);
    Ok(())
}

fn requests_may_be_sent_ahead(toolchain: &Toolchain) -> Result<(), Failed> {
    let mut worker = Worker::ready(toolchain);
    let trace = two_statuses(toolchain);
    for _ in 0..100 {
        worker.send(0, &trace);
        worker.send(0, b"not a trace");
    }
    for _ in 0..100 {
        assert_eq!(Answer::from_frame(&worker.receive()).verdict, 0);
        assert_eq!(Answer::from_frame(&worker.receive()).verdict, 1);
    }
    Ok(())
}

fn text_is_that_of_go_tool_trace(toolchain: &Toolchain) -> Result<(), Failed> {
    let trace = two_statuses(toolchain);
    let text = Worker::ready(toolchain).ask(2, &trace).rest;
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(&trace)?;
    let dump = toolchain.command()?.args(["tool", "trace", "-d=parsed"]).arg(file.path()).output()?;
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    assert_eq!(String::from_utf8_lossy(&text), String::from_utf8_lossy(&dump.stdout));
    Ok(())
}

/// A batch of an experiment that Go has no name for: delivered, but Sync() panics.
fn panicking_accessor_is_recorded(toolchain: &Toolchain) -> Result<(), Failed> {
    let mut unnamed = trace(22, "0101ffffffffffffffffff010106088094ebdc03");
    unnamed.extend(hex("3107010501020102"));
    let answer = Worker::ready(toolchain).ask(1, &unnamed);
    assert_eq!((answer.verdict, answer.panics), (0, 1), "{answer:?}");
    assert_eq!(answer.rest[0], 255);
    let name = b"\x04Sync";
    assert!(answer.rest.windows(name.len()).any(|w| w == name));
    Ok(())
}

fn raw_mode_converts_both_ways(toolchain: &Toolchain) -> Result<(), Failed> {
    let mut worker = Worker::start(toolchain, &["-raw"]);
    let trace = two_statuses(toolchain);
    worker.send(0, &trace);
    let text = worker.receive();
    assert_eq!(text[0], 0);
    assert!(text[1..].starts_with(b"Trace Go1.2"), "{}", String::from_utf8_lossy(&text));
    worker.send(1, &text[1..]);
    assert_eq!(worker.receive(), [&[0], trace.as_slice()].concat());
    worker.send(1, b"not a text trace");
    assert_eq!(worker.receive()[0], 1);
    Ok(())
}
