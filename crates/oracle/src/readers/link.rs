//! One running adapter process: frames in, frames out, and what is left when it ends.
//!
//! Three threads stand between the client and the process, so that neither can block the
//! other: one writes requests, one reads answers, one keeps the end of standard error.

use super::{Hello, Limits};
use crate::verdict::Mode;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// The largest frame that is believed, bytes.
const MAX_FRAME: u32 = 1 << 30;

/// How much of standard error is kept, bytes.
const STDERR_TAIL: usize = 8 << 10;

type Request = (Mode, Arc<[u8]>);

/// What came of waiting for an answer.
pub(super) enum Received {
    /// A frame.
    Frame(Vec<u8>),
    /// Nothing in time.
    Late,
    /// The process closed its output, or wrote something that is no frame.
    Ended(Option<String>),
}

/// Why there is no running adapter.
pub(super) enum StartError {
    /// There is no such program, or the system does not let it run.
    NoProcess(String),
    /// It ran, and did not introduce itself.
    NoHello(String),
}

/// A running adapter.
pub(super) struct Link {
    child: Child,
    requests: Option<Sender<Request>>,
    answers: Receiver<Result<Vec<u8>, String>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Link {
    /// Starts a process and reads its hello, for which it has three times as long as for an answer.
    ///
    /// # Errors
    /// Says what happened instead of a hello.
    pub(super) fn start(command: &mut Command, limits: Limits) -> Result<(Link, Hello), StartError> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().map_err(|e| StartError::NoProcess(format!("cannot start {program}: {e}")))?;
        limit_memory(&child, limits.memory);
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(StartError::NoProcess(format!("{program} has no pipes")));
        };
        let (requests, to_write) = channel();
        let (put_answer, answers) = channel();
        let tail = Arc::new(Mutex::new(Vec::new()));
        let kept = tail.clone();
        let threads = vec![
            std::thread::spawn(move || write_requests(stdin, &to_write)),
            std::thread::spawn(move || read_frames(stdout, &put_answer)),
            std::thread::spawn(move || keep_tail(stderr, &kept)),
        ];
        let link = Link { child, requests: Some(requests), answers, stderr: tail, threads };
        let deadline = limits.deadline * 6;
        let what = match link.receive(deadline) {
            Received::Frame(frame) => match Hello::from_json(&frame) {
                Ok(hello) => return Ok((link, hello)),
                Err(what) => what,
            },
            Received::Late => {
                link.kill();
                let words = format!("{program} did not introduce itself within {} s", deadline.as_secs());
                return Err(StartError::NoHello(words));
            }
            Received::Ended(what) => what.unwrap_or_else(|| "it ended without a hello".into()),
        };
        Err(StartError::NoHello(format!("{program}: {what}{}", after_newline(&link.end()))))
    }

    /// Puts a request in line. A process that has ended is found out when its answer is waited for.
    pub(super) fn send(&self, mode: Mode, trace: Arc<[u8]>) {
        if let Some(requests) = &self.requests {
            // The writer is gone once the process is, and then no answer comes either.
            let _ = requests.send((mode, trace));
        }
    }

    /// Waits for the next frame.
    pub(super) fn receive(&self, deadline: Duration) -> Received {
        match self.answers.recv_timeout(deadline) {
            Ok(Ok(frame)) => Received::Frame(frame),
            Ok(Err(what)) => Received::Ended(Some(what)),
            Err(RecvTimeoutError::Timeout) => Received::Late,
            Err(RecvTimeoutError::Disconnected) => Received::Ended(None),
        }
    }

    /// Ends the process, however it is. Returns how it ended and the end of its standard error.
    pub(super) fn end(mut self) -> String {
        self.requests = None;
        // If it is about to end by itself, its own exit status says more than a kill would.
        let status = self.wait_a_little();
        self.join();
        let mut report = match status {
            Some(status) => status.to_string(),
            None => "killed".into(),
        };
        let stderr = self.stderr.lock().map(|s| String::from_utf8_lossy(&s).into_owned()).unwrap_or_default();
        if !stderr.trim().is_empty() {
            report.push('\n');
            report.push_str(stderr.trim_end());
        }
        report
    }

    /// Ends the process at once.
    pub(super) fn kill(mut self) {
        self.requests = None;
        self.kill_and_join();
    }

    fn wait_a_little(&mut self) -> Option<std::process::ExitStatus> {
        for _ in 0..50 {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(4));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        None
    }

    fn kill_and_join(&mut self) {
        // Both fail only if the process is already gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.join();
    }

    fn join(&mut self) {
        for thread in self.threads.drain(..) {
            // A grandchild may hold the pipes open; its threads end with it.
            if thread.is_finished() {
                let _ = thread.join();
            } else {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.requests = None;
        self.kill_and_join();
    }
}

fn after_newline(s: &str) -> String {
    if s.is_empty() { String::new() } else { format!("\n{s}") }
}

fn write_requests(stdin: ChildStdin, requests: &Receiver<Request>) {
    let mut out = BufWriter::with_capacity(64 << 10, stdin);
    let mut next = requests.recv().ok();
    while let Some((mode, trace)) = next.take() {
        if write_request(&mut out, mode, &trace).is_err() {
            return;
        }
        next = match requests.try_recv() {
            Ok(request) => Some(request),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                if out.flush().is_err() {
                    return;
                }
                requests.recv().ok()
            }
        };
    }
    // The client hung up; so does the process when it sees the end of its input.
    let _ = out.flush();
}

fn write_request(out: &mut impl Write, mode: Mode, trace: &[u8]) -> io::Result<()> {
    let len = u32::try_from(trace.len() + 1).map_err(|_| io::ErrorKind::InvalidInput)?;
    out.write_all(&len.to_le_bytes())?;
    out.write_all(&[mode as u8])?;
    out.write_all(trace)
}

fn read_frames(stdout: ChildStdout, answers: &Sender<Result<Vec<u8>, String>>) {
    let mut input = BufReader::with_capacity(64 << 10, stdout);
    loop {
        let frame = read_frame(&mut input, MAX_FRAME);
        let result = match frame {
            Ok(Some(frame)) => Ok(frame),
            Ok(None) => return,
            Err(e) => Err(e.to_string()),
        };
        let last = result.is_err();
        if answers.send(result).is_err() || last {
            return;
        }
    }
}

/// Reads a frame; `None` at the end of input between frames. A length costs no memory before
/// the bytes are there.
///
/// # Errors
/// If the input ends inside a frame, or a frame is longer than `max` bytes.
pub(super) fn read_frame(input: &mut impl Read, max: u32) -> io::Result<Option<Vec<u8>>> {
    let mut len = [0; 4];
    let mut got = 0;
    while got < len.len() {
        match input.read(&mut len[got..]) {
            Ok(0) if got == 0 => return Ok(None),
            Ok(0) => return Err(io::Error::other("the output ends inside a frame's length")),
            Ok(n) => got += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    let len = u32::from_le_bytes(len);
    if len > max {
        return Err(io::Error::other(format!("a frame of {len} bytes: is this something else than a frame?")));
    }
    let mut frame = Vec::new();
    input.take(u64::from(len)).read_to_end(&mut frame)?;
    if frame.len() < len as usize {
        return Err(io::Error::other(format!("the output ends after {} bytes of a frame of {len}", frame.len())));
    }
    Ok(Some(frame))
}

fn keep_tail(mut stderr: ChildStderr, tail: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 4096];
    while let Ok(n @ 1..) = stderr.read(&mut chunk) {
        let Ok(mut kept) = tail.lock() else { return };
        // A Go crash says the reason first and then pages of stacks: both ends count.
        if kept.len() + n > STDERR_TAIL {
            let head = STDERR_TAIL / 2;
            let excess = (kept.len() + n - STDERR_TAIL).min(kept.len().saturating_sub(head));
            let from = head.min(kept.len());
            kept.drain(from..from + excess);
        }
        kept.extend_from_slice(&chunk[..n]);
    }
}

/// Bounds the data segment and private writable memory of a process from outside, which
/// needs no code between fork and exec. Elsewhere than on Linux there is no such call, and
/// no limit.
#[cfg(target_os = "linux")]
fn limit_memory(child: &Child, bytes: u64) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
    if let Some(pid) = Pid::from_raw(child.id() as i32) {
        // It fails only if the process is gone, which is found out soon enough.
        let _ = prlimit(Some(pid), Resource::Data, limit);
    }
}

#[cfg(not(target_os = "linux"))]
fn limit_memory(_child: &Child, _bytes: u64) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_whole_or_refused() {
        let mut two: &[u8] = &[1, 0, 0, 0, b'x', 0, 0, 0, 0];
        assert_eq!(read_frame(&mut two, 9).unwrap(), Some(b"x".to_vec()));
        assert_eq!(read_frame(&mut two, 9).unwrap(), Some(Vec::new()));
        assert_eq!(read_frame(&mut two, 9).unwrap(), None);
        for cut in [&[1, 0, 0][..], &[2, 0, 0, 0, b'x'], &[10, 0, 0, 0, b'x']] {
            assert!(read_frame(&mut &*cut, 9).is_err(), "{cut:?}");
        }
    }
}
