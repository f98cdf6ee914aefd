//! Pages to look at: an illegal trace, a long one, and a finding full of hostile text.

use std::path::Path;
use tracehound_report::{Edit, FindingInfo, Options, Outcome, ReaderVerdict, Report};
use tracehound_wire::event::{go_status, proc_status};
use tracehound_wire::{
    Batch, Body, Event, EventType as T, Frame, Item, NONE_ID, SizeField, StackRecord, StringRecord, SyncRecord, Trace,
    Version,
};

/// Text that would do harm as markup.
pub const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u{202e}'\"&<!--";

const M0: u64 = 4021;
const M1: u64 = 4027;

fn trace(threads: &[(u64, Vec<Event>)]) -> Vec<u8> {
    let batch = |m, body| Item::Batch(Batch { generation: 1, m, time: 1, size: SizeField::Shortest, body });
    let snapshot = SyncRecord::ClockSnapshot { dt: 0, mono: 1, sec: 1, nsec: 0 };
    let string = |id, bytes: &[u8]| StringRecord { id, bytes: bytes.to_vec().into() };
    let frame = |pc, line| Frame { pc, func: 2, file: 3, line };
    let mut trace = Trace::new(Version::Go126);
    trace.items = vec![
        batch(NONE_ID, Body::Sync(vec![SyncRecord::Frequency(1_000_000_000), snapshot])),
        batch(
            NONE_ID,
            Body::Strings(vec![string(1, HOSTILE.as_bytes()), string(2, b"main.work\xff"), string(3, b"main.go")]),
        ),
        batch(
            NONE_ID,
            Body::Stacks(vec![StackRecord { id: 1, frames: vec![frame(0x401000, 12), frame(0x402000, 40)] }]),
        ),
    ];
    trace.items.extend(threads.iter().map(|(m, events)| batch(*m, Body::Events(events.clone()))));
    trace.items.push(Item::EndOfGeneration);
    trace.to_bytes()
}

/// M1 takes P0 out of M0's syscall and enters one itself; M0 then stops a P that it has lost,
/// as the runtime did before `entersyscall_gcwait` was fixed.
pub fn illegal() -> Report {
    let m0 = vec![
        Event::new(T::ProcStatus, 1, &[0, proc_status::RUNNING]),
        Event::new(T::GoStatus, 1, &[1, M0, go_status::RUNNING]),
        Event::new(T::GoCreate, 3, &[2, 1, 1]),
        Event::new(T::GoSyscallBegin, 5, &[1, 1]),
        Event::new(T::ProcStop, 90, &[]),
        Event::new(T::GoSyscallEndBlocked, 9, &[]),
    ];
    let m1 = vec![
        Event::new(T::ProcStatus, 20, &[1, proc_status::RUNNING]),
        Event::new(T::GoStatus, 1, &[3, M1, go_status::RUNNING]),
        Event::new(T::GoBlock, 1, &[1, 1]),
        Event::new(T::ProcStop, 1, &[]),
        Event::new(T::ProcSteal, 1, &[0, 2, M0]),
        Event::new(T::ProcStart, 1, &[0, 3]),
        Event::new(T::GoStart, 2, &[2, 1]),
        Event::new(T::GoUnblock, 3, &[3, 1, 1]),
        Event::new(T::GoSyscallBegin, 9, &[4, 0]),
        Event::new(T::GoSyscallEndBlocked, 90, &[]),
    ];
    let bytes = trace(&[(M0, m0), (M1, m1)]);
    Report::from_trace(&bytes, &Options::default()).with_title("entersyscall_gcwait.trace")
}

/// The same as a finding, told by hand.
pub fn finding() -> Report {
    let report = illegal();
    let stop = report.refusal().and_then(|r| r.offset);
    let verdict = |reader: &str, version: &str, outcome, class: &str, message: &str, events, suspect| ReaderVerdict {
        reader: reader.into(),
        version: version.into(),
        outcome,
        class: class.into(),
        message: message.into(),
        events,
        suspect,
    };
    let words = "event for proc (-1) that doesn't exist";
    report.with_title("finding 0007").with_finding(FindingInfo {
        id: "0007-agree-proc-stop-unknown".into(),
        law: "agree".into(),
        summary: "mytrace accepts a ProcStop on a thread that holds no P".into(),
        rule: "proc-stop-unknown".into(),
        verdicts: vec![
            verdict(
                "builtin",
                "0.1.0",
                Outcome::Refused,
                "proc-stop-unknown",
                "M4021 stops a P, but holds none",
                14,
                false,
            ),
            verdict("go", "go1.22.10", Outcome::Refused, "proc-stop-unknown", words, 14, false),
            verdict("go", "go1.27.3", Outcome::Refused, "proc-stop-unknown", words, 14, false),
            verdict("cmd:./mytrace", "0.3", Outcome::Accepted, "", "", 17, true),
        ],
        place:
            "What cannot happen is M 4021's ProcStop: rule proc-stop-unknown (a thread stops a P that does not exist)."
                .into(),
        suspicion: "three readers and the search over all orders refuse the trace; mytrace alone accepts it.".into(),
        replay: "tracehound replay findings/0007 --reader cmd:./mytrace".into(),
        edits: vec![Edit {
            operator: "steal-to-stop".into(),
            offset: stop,
            before: "ProcSteal dt=90 p=0 p_seq=5 m=4027".into(),
            after: "ProcStop dt=90".into(),
        }],
        parting: vec![
            ("builtin".into(), "refuses event 14: ProcStop on M4021".into()),
            ("cmd:./mytrace".into(), "event 14: P0 Running->Idle on M4021".into()),
        ],
        neighbour: vec![
            " GoSyscallBegin dt=5 p_seq=1".into(),
            "-ProcStop dt=90".into(),
            "+ProcSteal dt=90 p=0 p_seq=5 m=4027".into(),
        ],
        facts: vec![("seen".into(), "214 times in 1.2 million cases".into())],
    })
}

/// A trace that the built-in reader accepts and another one refuses in its middle.
pub fn divergence() -> Report {
    let m0 = vec![
        Event::new(T::ProcStatus, 1, &[0, proc_status::RUNNING]),
        Event::new(T::GoStatus, 1, &[1, M0, go_status::RUNNING]),
        Event::new(T::GoSyscallBegin, 5, &[1, 1]),
        Event::new(T::ProcSteal, 1, &[0, 2, M0]),
        Event::new(T::ProcStart, 1, &[0, 3]),
        Event::new(T::GoSyscallEndBlocked, 9, &[]),
    ];
    let refused = ReaderVerdict {
        reader: "old".into(),
        outcome: Outcome::Refused,
        class: "stuck".into(),
        events: 5,
        suspect: true,
        ..Default::default()
    };
    let info = FindingInfo { verdicts: vec![refused], ..Default::default() };
    let options = Options { focus: info.focus(), ..Default::default() };
    Report::from_trace(&trace(&[(M0, m0)]), &options).with_finding(info)
}

/// A finding in which everything is hostile.
pub fn hostile() -> Report {
    let text = || HOSTILE.to_string();
    illegal().with_title(HOSTILE).with_finding(FindingInfo {
        id: text(),
        law: text(),
        summary: text(),
        rule: text(),
        verdicts: vec![ReaderVerdict {
            reader: text(),
            version: text(),
            class: text(),
            message: text(),
            ..Default::default()
        }],
        place: text(),
        suspicion: text(),
        replay: text(),
        edits: vec![Edit { operator: text(), offset: Some(0), before: text(), after: text() }],
        parting: vec![(text(), text())],
        neighbour: vec![text()],
        facts: vec![(text(), text())],
    })
}

/// A trace much longer than what is shown.
pub fn long() -> Report {
    let mut events = vec![
        Event::new(T::ProcStatus, 1, &[0, proc_status::RUNNING]),
        Event::new(T::GoStatus, 1, &[1, M0, go_status::RUNNING]),
    ];
    for i in 0..2000 {
        events.push(Event::new(T::GoCreate, 1, &[10 + i, 1, 1]));
    }
    events.push(Event::new(T::GoSyscallEnd, 1, &[]));
    Report::from_trace(&trace(&[(M0, events)]), &Options::default())
}

/// Writes a page into `folder`.
pub fn write(report: &Report, folder: &Path, name: &str) -> std::path::PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, report.to_html()).expect("the page is written");
    file
}
