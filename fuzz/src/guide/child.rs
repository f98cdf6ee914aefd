//! The child process with Go's reader.

use super::layout::{self, COMPARE_SIZE, STRING_LEN, STRING_SIZE};
use super::shared::{self, Shared};
use crate::mutator::hints;
use rustc_hash::{FxHashMap, FxHasher};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::cell::RefCell;
use std::fs::File;
use std::hash::Hasher;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tracehound_oracle::readers::go::{Recipe, Toolchain, ToolchainError, classify};
use tracehound_oracle::readers::{Hello, Limits, ReaderUnderTest, parse_answer};
use tracehound_oracle::verdict::{Answer, Mode, Verdict};
use tracehound_wire::RejectRule;

/// How much of a dead child's standard error is kept, in bytes.
const REPORT: u64 = 8 << 10;

/// Why Go's reader is not in the loop.
#[derive(Debug, thiserror::Error)]
pub enum GuideError {
    /// No toolchain, or it does not build the worker.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// The worker does not start.
    #[error("the coverage worker {worker} does not answer: {why}")]
    Start {
        /// Its program.
        worker: PathBuf,
        /// What happened.
        why: String,
    },
    /// No shared memory.
    #[error("no shared memory: {0}")]
    Memory(#[from] io::Error),
}

/// Go's reader in a child process, over shared memory.
pub struct GoReader {
    name: String,
    worker: PathBuf,
    hello: Hello,
    limits: Limits,
    guides: bool,
    shared: Shared,
    process: Option<Process>,
    restarts: u64,
}

struct Process {
    child: Child,
    stderr: File,
}

impl GoReader {
    /// Builds the worker that `recipe` describes with this toolchain (once; later from the
    /// cache) and starts it. With `guides` its coverage is shown to libFuzzer.
    ///
    /// # Errors
    /// If there is no worker or it does not start.
    pub fn start(toolchain: &Toolchain, recipe: &Recipe, limits: Limits, guides: bool) -> Result<GoReader, GuideError> {
        let worker = toolchain.worker_of(recipe)?;
        let shared = Shared::new()?;
        let mut process = spawn(&worker, &shared, limits)?;
        let start = |why: String| GuideError::Start { worker: worker.clone(), why };
        if let Err(verdict) = process.wait(limits.deadline) {
            return Err(start(format!("{} {}", verdict.label(), process.end())));
        }
        let hello = Hello::from_json(part(&shared, layout::ANSWER, length(&shared, 3))).map_err(start)?;
        let name = format!("go:{}", toolchain.version());
        Ok(GoReader { name, worker, hello, limits, guides, shared, process: Some(process), restarts: 0 })
    }

    /// Lets the child read `trace`; an error is the verdict on a child that failed.
    fn ask(&mut self, trace: &[u8], mode: Mode) -> Result<Answer, Verdict> {
        let process = match &mut self.process {
            Some(process) => process,
            none => {
                let died = |e: io::Error| Verdict::Died { report: format!("it could not be started again: {e}") };
                let mut process = spawn(&self.worker, &self.shared, self.limits).map_err(died)?;
                process.wait(self.limits.deadline)?;
                self.restarts += 1;
                none.insert(process)
            }
        };
        self.shared.bytes_mut()[layout::INPUT..layout::INPUT + trace.len()].copy_from_slice(trace);
        process.command(trace.len(), mode);
        process.wait(self.limits.deadline)?;
        let frame = part(&self.shared, layout::ANSWER, length(&self.shared, 3));
        parse_answer(frame, mode, remembered).map_err(|what| Verdict::BrokeProtocol { what })
    }

    /// Shows what the last case reached in the child to libFuzzer and to the mutator. To be called
    /// when everything else has run on that case: libFuzzer remembers few comparisons, and those of
    /// our own code, which are many, would take the place of Go's.
    pub fn show(&self) {
        if !self.guides {
            return;
        }
        let s = &self.shared;
        shared::show_counters(part(s, layout::COUNTERS, length(s, 0)));
        let compares = || part(s, layout::COMPARES, length(s, 1) * COMPARE_SIZE).chunks_exact(COMPARE_SIZE);
        compares().for_each(|c| shared::show_compare(number(c, 0), number(c, 8), number(c, 16)));
        hints::learn(compares().map(|c| (number(c, 0), number(c, 8))));
        for record in part(s, layout::STRINGS, length(s, 2) * STRING_SIZE).chunks_exact(STRING_SIZE) {
            let len = (number(record, 0) as usize).min(STRING_LEN);
            shared::show_strings(&record[8..8 + len], &record[8 + STRING_LEN..8 + STRING_LEN + len]);
        }
    }
}

impl ReaderUnderTest for GoReader {
    fn name(&self) -> &str {
        &self.name
    }

    fn hello(&self) -> &Hello {
        &self.hello
    }

    /// # Panics
    /// If the trace is longer than the shared memory has room, or if the reader's text is asked for.
    fn read(&mut self, trace: &[u8], mode: Mode) -> Answer {
        assert!(trace.len() <= layout::MAX_INPUT, "a case of {} bytes", trace.len());
        assert!(mode != Mode::Text, "no text goes through the shared memory");
        self.ask(trace, mode).unwrap_or_else(|verdict| {
            let report = self.process.take().map(Process::end).unwrap_or_default();
            Answer::bare(match verdict {
                Verdict::Died { .. } if report.contains("out of memory") || report.contains("cannot allocate") => {
                    Verdict::OutOfMemory { mib: self.limits.memory >> 20 }
                }
                Verdict::Died { report: why } => Verdict::Died { report: why + &report },
                other => other,
            })
        })
    }

    fn restarts(&self) -> u64 {
        self.restarts
    }
}

fn spawn(worker: &Path, shared: &Shared, limits: Limits) -> io::Result<Process> {
    let stderr = tempfile::tempfile()?;
    let child = Command::new(worker)
        .arg(shared.descriptor().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(stderr.try_clone()?)
        .spawn()?;
    limit_memory(&child, limits.memory);
    Ok(Process { child, stderr })
}

/// Bounds the child's address space from outside.
fn limit_memory(child: &Child, bytes: u64) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
    if let Some(pid) = Pid::from_raw(child.id() as i32) {
        // It fails only if the child is gone, which is found out soon enough.
        let _ = prlimit(Some(pid), Resource::As, limit);
    }
}

impl Process {
    /// Tells the child that a case is there. A child that is gone is found out while waiting.
    fn command(&mut self, len: usize, mode: Mode) {
        let mut command = [0; 5];
        command[..4].copy_from_slice(&(len as u32).to_le_bytes());
        command[4] = mode as u8;
        if let Some(stdin) = &mut self.child.stdin {
            let _ = stdin.write_all(&command);
        }
    }

    /// Waits for the byte that says that the answer is there.
    fn wait(&mut self, deadline: Duration) -> Result<(), Verdict> {
        let died = || Verdict::Died { report: String::new() };
        let Some(stdout) = &mut self.child.stdout else { return Err(died()) };
        let until = Instant::now() + deadline;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).map_err(|_| died())?;
            // libFuzzer's timer interrupts the wait now and then.
            match poll(&mut [PollFd::new(&*stdout, PollFlags::IN)], Some(&left)) {
                Err(Errno::INTR) => {}
                Ok(0) => return Err(Verdict::Hung { seconds: deadline.as_secs() }),
                _ => return stdout.read_exact(&mut [0]).map_err(|_| died()),
            }
        }
    }

    /// Ends the child. Returns how it ended and the begin of its standard error.
    fn end(mut self) -> String {
        drop(self.child.stdin.take());
        // A crashed Go process takes a moment to write its stacks down and end.
        for _ in 0..100 {
            if let Ok(Some(_)) = self.child.try_wait() {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let _ = self.child.kill();
        let status = self.child.wait().map(|s| s.to_string()).unwrap_or_default();
        let mut stderr = Vec::new();
        let read = self.stderr.seek(SeekFrom::Start(0));
        let _ = read.and_then(|_| self.stderr.take(REPORT).read_to_end(&mut stderr));
        format!("{status}\n{}", String::from_utf8_lossy(&stderr))
    }
}

impl Drop for GoReader {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }
}

/// How much of a message tells its class, in bytes: the longest ones list the whole state.
const TELLING: usize = 512;

thread_local! {
    static RULES: RefCell<FxHashMap<u64, Option<RejectRule>>> = RefCell::default();
}

/// What [`classify`] says, remembered by the message without its numbers: in this loop the
/// search through all phrases would cost more than the reader.
fn remembered(message: &str) -> Option<RejectRule> {
    let mut hasher = FxHasher::default();
    let mut rest = message.as_bytes().iter().take(TELLING).filter(|b| !b.is_ascii_digit());
    rest.by_ref().for_each(|&b| hasher.write_u8(b));
    RULES.with_borrow_mut(|rules| *rules.entry(hasher.finish()).or_insert_with(|| classify(message)))
}

/// One of the lengths at the front of the memory.
fn length(shared: &Shared, which: usize) -> usize {
    number(shared.bytes(), layout::LENGTHS + 8 * which) as usize
}

/// `len` bytes at `at`, as far as there are so many.
fn part(shared: &Shared, at: usize, len: usize) -> &[u8] {
    let end = at.saturating_add(len).min(layout::SIZE);
    &shared.bytes()[at..end]
}

fn number(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}
