//! `tracehound report`: a trace or a finding as one page.

use super::Outcome;
use crate::args::Report as Args;
use crate::failure::Failure;
use crate::input::Input;
use crate::output;
use std::io::Write;
use std::path::Path;
use tracehound_oracle::argument;
use tracehound_oracle::hunt::{self, Judged, Record, Witness};
use tracehound_report::{Edit, FindingInfo, Options, Outcome as Ended, ReaderVerdict, Report};
use tracehound_wire::EventType;
use tracehound_wire::raw::{RawItem, RawReader, TextStyle};

pub fn run(a: &Args) -> Result<Outcome, Failure> {
    let folder = Path::new(&a.input);
    let page = if folder.is_dir() {
        of_finding(folder)?
    } else {
        let input = Input::read(&a.input)?;
        let report = Report::from_trace(&input.bytes, &Options::default()).with_title(&input.name);
        report.with_argument(argument(&input.bytes)).to_html()
    };
    if a.output == "-" {
        let mut out = output::stdout();
        out.write_all(page.as_bytes())?;
        out.flush()?;
    } else {
        std::fs::write(&a.output, page).map_err(Failure::file("write", &a.output))?;
    }
    Ok(Outcome::Fine)
}

/// Who waits for whom in a trace that is stuck, a line each; nothing of any other.
fn argument(trace: &[u8]) -> Vec<String> {
    let stuck =
        argument::refused(trace, tracehound_parser::Options::default()).filter(|r| !r.argument.steps.is_empty());
    stuck.map_or_else(Vec::new, |r| r.argument.to_string().lines().map(|line| line.trim().to_owned()).collect())
}

/// The page of a finding's folder.
///
/// # Errors
/// If the folder is not that of a finding.
pub fn of_finding(folder: &Path) -> Result<String, Failure> {
    let name = folder.display();
    let no_finding = |e| Failure::Usage(format!("{name} is not the folder of a finding: {e}"));
    let record = hunt::read(folder).map_err(no_finding)?;
    let trace = folder.join("trace.bin");
    let trace = std::fs::read(&trace).map_err(Failure::file("read", &trace.display().to_string()))?;
    // While it is being written the folder has another name.
    let id = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let id = id.trim_start_matches('.').trim_end_matches(".partial").to_owned();
    let info = FindingInfo { edits: edits(&record, &trace), ..info(&record, id.clone()) };
    let options = Options { focus: info.focus(), ..Options::default() };
    let report = Report::from_trace(&trace, &options).with_title(id).with_finding(info);
    // The place says the same.
    let argument = if record.place.is_none() { argument(&trace) } else { Vec::new() };
    Ok(report.with_argument(argument).to_html())
}

/// What is edited in the neighbour, on which all agree, to get the finding's trace.
fn edits(record: &Record, trace: &[u8]) -> Vec<Edit> {
    let Some(neighbour) = &record.neighbour else { return Vec::new() };
    // The records of the text are those of the file, one to one; lines of ours are all but those with a plus.
    let record = |line: &str| line[1..].split(' ').next().and_then(EventType::from_name);
    let lines: Vec<&str> = neighbour.difference.iter().map(String::as_str).filter(|l| !l.is_empty()).collect();
    // That the size of a batch changes with its events is no news.
    let is_event = |line: &str| record(line).is_some_and(|ty| ty.spec().timed);
    let first = |sign: char| lines.iter().position(|l| l.starts_with(sign) && is_event(l));
    let (after, before) = (first('-'), first('+'));
    let Some(at) = after.or(before) else { return Vec::new() };
    let n = lines[..at].iter().filter(|l| !l.starts_with('+') && record(l).is_some()).count();
    let records = RawReader::new(trace, TextStyle::Lossless).into_iter().flatten().map_while(Result::ok);
    let mut offsets = records.filter_map(|r| if let RawItem::Event(e) = r { Some(e.offset as u64) } else { None });
    let text = |at: Option<usize>| at.map_or_else(String::new, |at| lines[at][1..].to_owned());
    vec![Edit { operator: "neighbour".into(), offset: offsets.nth(n), before: text(before), after: text(after) }]
}

/// What the page says of a finding.
fn info(record: &Record, id: String) -> FindingInfo {
    let suspicion = match record.suspicion.who.as_slice() {
        [] => format!("open. {}", record.suspicion.why),
        who => format!("{}. {}", who.join(", "), record.suspicion.why),
    };
    let judge = match &record.judge {
        Judged::Legal => "legal".to_owned(),
        Judged::Illegal(rules) => format!("illegal: {}", rules.join(" or ")),
        Judged::Undecided => "undecided".to_owned(),
    };
    let facts = [
        ("seen", Some(format!("{} times", record.count))),
        ("edit", record.edit.clone()),
        ("the judge", Some(judge)),
        ("nearest neighbour", record.neighbour.as_ref().map(|n| format!("{}: {}", n.verdict, n.edit))),
        ("events", Some(record.events.to_string())),
        ("bytes", Some(record.bytes.to_string())),
        ("tracehound", Some(record.tracehound.clone())),
    ];
    FindingInfo {
        id,
        law: record.law.to_string(),
        summary: record.words.clone(),
        rule: record.rule.clone().unwrap_or_default(),
        verdicts: record.readers.iter().map(|w| verdict(w, record)).collect(),
        place: record.place.clone().unwrap_or_default(),
        suspicion,
        replay: record.command.clone(),
        neighbour: record.neighbour.as_ref().map(|n| n.difference.clone()).unwrap_or_default(),
        facts: facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
        ..FindingInfo::default()
    }
}

fn verdict(witness: &Witness, record: &Record) -> ReaderVerdict {
    let label = witness.verdict.split('/').next().unwrap_or_default();
    let (outcome, class) = label.split_once(':').unwrap_or((label, ""));
    let outcome = match outcome {
        "accepted" => Ended::Accepted,
        "rejected" => Ended::Refused,
        "hung" | "late" => Ended::Hung,
        "out-of-memory" => Ended::OutOfMemory,
        _ => Ended::Crashed,
    };
    ReaderVerdict {
        reader: witness.name.clone(),
        version: witness.version(),
        outcome,
        class: class.into(),
        message: if outcome == Ended::Accepted { String::new() } else { witness.words.clone() },
        events: witness.events,
        suspect: record.suspicion.who.contains(&witness.name),
    }
}
