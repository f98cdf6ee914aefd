//! `tracehound report`: a trace or a finding as one page.

use super::Outcome;
use crate::args::Report as Args;
use crate::failure::Failure;
use crate::input::Input;
use crate::output;
use std::io::Write;
use std::path::Path;
use tracehound_oracle::hunt::{self, Judged, Record, Witness};
use tracehound_report::{FindingInfo, Options, Outcome as Ended, ReaderVerdict, Report};

pub fn run(a: &Args) -> Result<Outcome, Failure> {
    let folder = Path::new(&a.input);
    let page = if folder.is_dir() {
        of_finding(folder)?
    } else {
        let input = Input::read(&a.input)?;
        Report::from_trace(&input.bytes, &Options::default()).with_title(&input.name).to_html()
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
    let info = info(&record, id.clone());
    let options = Options { focus: info.focus(), ..Options::default() };
    Ok(Report::from_trace(&trace, &options).with_title(id).with_finding(info).to_html())
}

/// What the page says of a finding.
fn info(record: &Record, id: String) -> FindingInfo {
    let suspicion = match record.suspicion.who.as_slice() {
        [] => record.suspicion.why.clone(),
        who => format!("Likely wrong: {}. {}", who.join(", "), record.suspicion.why),
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
