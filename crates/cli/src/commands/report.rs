//! `tracehound report`: a trace or a finding as one page.

use super::Outcome;
use crate::args::Report as Args;
use crate::failure::Failure;
use crate::input::Input;
use crate::output;
use std::io::Write;
use std::path::Path;
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
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).map_err(Failure::file("read", &path.display().to_string()))
    };
    let (json, trace) = (read("finding.json")?, read("trace.bin")?);
    let json: serde_json::Value = serde_json::from_slice(&json)
        .map_err(|e| Failure::Usage(format!("{}/finding.json is not that of a finding: {e}", folder.display())))?;
    let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
    let id = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let suspect = text("reader");
    let verdicts = json["verdicts"].as_array().into_iter().flatten().map(|pair| {
        let word = |n: usize| pair[n].as_str().unwrap_or_default();
        verdict(word(0), word(1), word(0) == suspect)
    });
    let fact = |name: &str, key: &str| match &json[key] {
        serde_json::Value::Null => None,
        serde_json::Value::String(s) => Some((name.to_owned(), s.clone())),
        other => Some((name.to_owned(), other.to_string())),
    };
    let facts = [("seen", "count"), ("edit", "edit"), ("events", "events"), ("bytes", "bytes")];
    let info = FindingInfo {
        id: id.clone(),
        law: text("law"),
        summary: text("words"),
        rule: text("rule"),
        verdicts: verdicts.collect(),
        replay: text("command"),
        facts: facts.into_iter().filter_map(|(name, key)| fact(name, key)).collect(),
        ..FindingInfo::default()
    };
    let options = Options { focus: info.focus(), ..Options::default() };
    Ok(Report::from_trace(&trace, &options).with_title(id).with_finding(info).to_html())
}

fn verdict(reader: &str, word: &str, suspect: bool) -> ReaderVerdict {
    let label = word.split('/').next().unwrap_or_default();
    let (outcome, class) = label.split_once(':').unwrap_or((label, ""));
    let outcome = match outcome {
        "accepted" => Ended::Accepted,
        "rejected" => Ended::Refused,
        "hung" => Ended::Hung,
        "out-of-memory" => Ended::OutOfMemory,
        _ => Ended::Crashed,
    };
    ReaderVerdict { reader: reader.into(), outcome, class: class.into(), suspect, ..ReaderVerdict::default() }
}
