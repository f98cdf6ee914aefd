//! A reader behind the protocol in a process of its own, looked after: pipelined, with a
//! deadline and a memory limit for each case, and started again when it fails.

use super::answer::{self, Classify};
use super::link::{Link, Received, StartError};
use super::{Hello, ReaderError, ReaderUnderTest};
use crate::verdict::{Answer, Mode, Verdict};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// What a reader may take for one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time for an answer, and a second more for each megabyte of the trace.
    pub deadline: Duration,
    /// How much longer the answer to the only request is waited for, to tell a late answer from none.
    pub grace: Duration,
    /// Memory of its process, bytes (Linux only).
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::of(Duration::from_secs(5))
    }
}

impl Limits {
    /// Time for the answer to a trace of so many bytes.
    fn deadline_for(self, bytes: usize) -> Duration {
        self.deadline + Duration::from_micros(bytes as u64)
    }

    /// So much time, as much again for an answer that is late, and the usual memory.
    pub fn of(deadline: Duration) -> Limits {
        Limits { deadline, grace: deadline, memory: 2 << 30 }
    }
}

/// How many requests may be under way at once.
const WINDOW: usize = 32;

/// A reader in another process.
pub struct CommandReader {
    name: String,
    command: Box<dyn Fn() -> Command + Send>,
    classify: Classify,
    limits: Limits,
    hello: Hello,
    link: Option<Link>,
    restarts: u64,
}

impl CommandReader {
    /// Starts the program that `command` makes.
    ///
    /// # Errors
    /// Says why there is no reader.
    pub fn start(
        name: &str,
        command: Box<dyn Fn() -> Command + Send>,
        classify: fn(&str) -> Option<tracehound_wire::RejectRule>,
        limits: Limits,
    ) -> Result<CommandReader, ReaderError> {
        let (link, hello) = Link::start(&mut command(), limits).map_err(|e| match e {
            StartError::NoProcess(words) => ReaderError::Start(words),
            StartError::NoHello(words) => ReaderError::NoHello(words),
        })?;
        Ok(CommandReader { name: name.into(), command, classify, limits, hello, link: Some(link), restarts: 0 })
    }

    /// The running process, started again if need be.
    fn link(&mut self) -> Result<&Link, String> {
        if self.link.is_none() {
            self.restarts += 1;
            let (link, _) = Link::start(&mut (self.command)(), self.limits).map_err(|e| match e {
                StartError::NoProcess(words) | StartError::NoHello(words) => words,
            })?;
            self.link = Some(link);
        }
        self.link.as_ref().ok_or_else(|| "no process".into())
    }

    /// Waits for the answer to the oldest request under way, on a trace of so many bytes. An error is the verdict on a
    /// process that failed; the process is gone then. One that has nothing else to do is waited for longer, to
    /// tell a late answer from none.
    fn receive(&mut self, mode: Mode, bytes: usize, alone: bool) -> Result<Answer, Verdict> {
        let Some(link) = &self.link else {
            return Err(Verdict::Died { report: "it could not be started again".into() });
        };
        let (limits, deadline) = (self.limits, self.limits.deadline_for(bytes));
        let received = link.receive(deadline);
        match received {
            Received::Frame(frame) => answer::parse(&frame, mode, self.classify).map_err(|what| {
                self.drop_link();
                Verdict::BrokeProtocol { what }
            }),
            Received::Late => {
                let seconds = deadline.as_secs();
                let comes = alone && matches!(link.receive(limits.grace), Received::Frame(_));
                self.drop_link();
                Err(if comes { Verdict::Late { seconds } } else { Verdict::Hung { seconds } })
            }
            Received::Ended(Some(what)) => {
                let report = self.end_link();
                Err(if report.starts_with("exit status: 0") || report == "killed" {
                    Verdict::BrokeProtocol { what }
                } else {
                    verdict_on_end(report, limits)
                })
            }
            Received::Ended(None) => Err(verdict_on_end(self.end_link(), limits)),
        }
    }

    fn drop_link(&mut self) {
        if let Some(link) = self.link.take() {
            link.kill();
        }
    }

    fn end_link(&mut self) -> String {
        self.link.take().map(Link::end).unwrap_or_default()
    }
}

/// What a process's end means: runtimes say it when they get no more memory.
fn verdict_on_end(report: String, limits: Limits) -> Verdict {
    const NO_MEMORY: [&str; 5] =
        ["out of memory", "cannot allocate memory", "memory allocation of", "memoryerror", "out of space"];
    let words = report.to_lowercase();
    if NO_MEMORY.iter().any(|said| words.contains(said)) {
        return Verdict::OutOfMemory { mib: limits.memory >> 20 };
    }
    Verdict::Died { report }
}

impl ReaderUnderTest for CommandReader {
    fn name(&self) -> &str {
        &self.name
    }

    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn read(&mut self, trace: &[u8], mode: Mode) -> Answer {
        let mut answers = self.read_all(&[trace.into()], mode);
        answers.pop().unwrap_or_else(|| Answer::bare(Verdict::Died { report: "no answer".into() }))
    }

    fn read_all(&mut self, traces: &[Arc<[u8]>], mode: Mode) -> Vec<Answer> {
        let mut answers: Vec<Answer> = Vec::with_capacity(traces.len());
        let mut sent = 0;
        // Until this many are answered, one at a time: a process that fails with several
        // requests under way may have taken finished answers with it, and the blame must
        // not fall on the wrong one.
        let mut careful_until = 0;
        while answers.len() < traces.len() {
            let window = if answers.len() < careful_until { 1 } else { WINDOW };
            match self.link() {
                Err(report) => {
                    answers.push(Answer::bare(Verdict::DiedOnStart { report }));
                    sent = answers.len();
                    continue;
                }
                Ok(link) => {
                    while sent < traces.len() && sent - answers.len() < window {
                        link.send(mode, traces[sent].clone());
                        sent += 1;
                    }
                }
            }
            match self.receive(mode, traces[answers.len()].len(), sent - answers.len() == 1) {
                Ok(answer) => answers.push(answer),
                Err(_) if sent - answers.len() > 1 => {
                    careful_until = sent;
                    sent = answers.len();
                }
                Err(verdict) => {
                    let hung = matches!(verdict, Verdict::Hung { .. });
                    answers.push(Answer::bare(verdict));
                    if hung {
                        break;
                    }
                    sent = answers.len();
                }
            }
        }
        answers
    }

    fn restarts(&self) -> u64 {
        self.restarts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_trace_has_more_time_and_a_small_one_the_deadline() {
        let limits = Limits::of(Duration::from_secs(10));
        assert_eq!(limits.deadline_for(200_000_000), Duration::from_secs(210));
        assert_eq!(limits.deadline_for(4_000).as_secs(), 10);
    }
}
