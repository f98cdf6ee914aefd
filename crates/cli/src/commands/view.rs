//! What can be seen of a campaign while it runs: a picture on a terminal, a line now and then
//! where nobody is watching, or lines of JSON for a program.

use crate::output;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tracehound_generator::Corner;
use tracehound_oracle::hunt::{Bound, Progress, Setup, Written};

/// Time between two lines where nobody is watching.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// The shower of a campaign.
pub struct View {
    form: Form,
    last_line: Instant,
    /// Findings that have been told.
    told: usize,
}

enum Form {
    Picture(Box<Picture>),
    Lines,
    Json,
}

struct Picture {
    bound: Bound,
    all: MultiProgress,
    bar: ProgressBar,
    corners: ProgressBar,
    readers: BTreeMap<String, ProgressBar>,
}

impl View {
    /// The form depends on who is looking.
    pub fn new(bound: Bound, json: bool, setup: &Setup, out: &str) -> View {
        let form = if json {
            let readers: Vec<String> = setup.readers.iter().map(ToString::to_string).collect();
            tell(&json!({
                "type": "start", "tracehound": env!("CARGO_PKG_VERSION"), "seed": setup.seed,
                "shard": setup.shard.to_string(), "readers": readers, "seeds": setup.seeds.len(), "out": out,
            }));
            Form::Json
        } else if output::watched() {
            Form::Picture(Box::new(Picture::new(bound)))
        } else {
            Form::Lines
        };
        View { form, last_line: Instant::now(), told: 0 }
    }

    /// Shows how far it is.
    pub fn update(&mut self, p: &Progress) {
        for written in p.written.iter().skip(self.told) {
            match &self.form {
                Form::Json => tell(&of_finding(written)),
                Form::Picture(picture) => {
                    // Nobody is left to see it if this fails.
                    let _ = picture.all.println(in_words(written));
                }
                Form::Lines => output::note(&in_words(written)),
            }
        }
        self.told = p.written.len();
        if let Form::Picture(picture) = &mut self.form {
            picture.update(p);
            return;
        }
        if self.last_line.elapsed() < LINE_EVERY {
            return;
        }
        self.last_line = Instant::now();
        match &self.form {
            Form::Json => tell(&of_progress(p)),
            _ => output::note(&format!("{} s: {}", p.elapsed.as_secs(), line(p))),
        }
    }

    /// The end.
    pub fn end(&mut self, p: &Progress, stopped: bool) {
        self.last_line = Instant::now();
        self.update(p);
        match &self.form {
            Form::Picture(picture) => picture.clear(),
            Form::Lines => {}
            Form::Json => {
                let mut end = of_progress(p);
                end["type"] = "end".into();
                end["stopped"] = stopped.into();
                end["stats"] = serde_json::to_value(&p.stats).unwrap_or_default();
                tell(&end);
            }
        }
    }
}

fn tell(value: &Value) {
    output::line(&value.to_string());
}

fn in_words(written: &Written) -> String {
    let record = &written.finding.record;
    format!("finding: {} breaks {} ({}), in {}", record.reader, record.law, record.key, written.folder.display())
}

fn of_finding(written: &Written) -> Value {
    let record = serde_json::to_value(&written.finding.record).unwrap_or_default();
    json!({ "type": "finding", "folder": written.folder.display().to_string(), "finding": record })
}

fn of_progress(p: &Progress) -> Value {
    let readers: serde_json::Map<String, Value> = p
        .stats
        .verdicts
        .iter()
        .map(|(reader, verdicts)| {
            let restarts = p.stats.restarts.get(reader).copied().unwrap_or_default();
            (reader.clone(), json!({ "verdicts": verdicts, "restarts": restarts }))
        })
        .collect();
    json!({
        "type": "progress", "seconds": p.elapsed.as_secs_f64(), "cases": p.stats.cases(),
        "cases_per_second": speed(p), "findings": p.groups.len(), "waiting": p.waiting,
        "corners": [p.stats.corners.len(), Corner::ALL.len()], "readers": readers,
    })
}

/// Cases a second since this process started.
pub fn speed(p: &Progress) -> f64 {
    (p.stats.cases() - p.cases_before) as f64 / p.elapsed_here.as_secs_f64().max(0.001)
}

fn line(p: &Progress) -> String {
    let mut words = format!(
        "{} cases, {:.0} cases/s, {} findings, {} of {} corners",
        p.stats.cases(),
        speed(p),
        p.groups.len(),
        p.stats.corners.len(),
        Corner::ALL.len()
    );
    if !p.hunting {
        words.push_str(&format!(", {} findings are being shrunk", p.waiting));
    }
    for reader in p.stats.verdicts.keys().filter(|r| *r != "builtin") {
        words.push_str(&format!(", {reader}: {}", health(p, reader)));
    }
    words
}

/// A reader's answers, and its failures by kind.
fn health(p: &Progress, reader: &str) -> String {
    let Some(verdicts) = p.stats.verdicts.get(reader) else { return "no answers".into() };
    let judgement = |label: &str| matches!(label, "accepted" | "rejected");
    let good: u64 = verdicts.iter().filter(|(label, _)| judgement(label)).map(|(_, n)| n).sum();
    let mut words = format!("{good} answers");
    for (label, n) in verdicts.iter().filter(|(label, _)| !judgement(label)) {
        words.push_str(&format!(", {n} {label}"));
    }
    if let Some(n) = p.stats.restarts.get(reader).filter(|n| **n > 0) {
        words.push_str(&format!(", {n} restarts"));
    }
    words
}

impl Picture {
    fn new(bound: Bound) -> Picture {
        let (len, template) = match bound {
            Bound::Cases(n) => (n, "{bar:30} {pos}/{len} cases  {msg}"),
            Bound::Time(t) => (t.as_secs(), "{bar:30} {pos}/{len} s  {msg}"),
            Bound::Never => (0, "{spinner} {pos} cases  {msg}"),
        };
        let all = MultiProgress::new();
        let bar = all.add(ProgressBar::new(len));
        // The template is a constant that is known to be right.
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        let corners = all.add(ProgressBar::new(Corner::ALL.len() as u64));
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} corners of the scheduler");
        corners.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Picture { bound, all, bar, corners, readers: BTreeMap::new() }
    }

    fn update(&mut self, p: &Progress) {
        self.bar.set_position(match self.bound {
            Bound::Cases(_) | Bound::Never => p.stats.cases(),
            Bound::Time(_) => p.elapsed.as_secs(),
        });
        let doing = if p.hunting { String::new() } else { format!(", shrinking {}", p.waiting) };
        self.bar.set_message(format!("{:.0} cases/s, {} findings{doing}", speed(p), p.groups.len()));
        self.corners.set_position(p.stats.corners.len() as u64);
        for reader in p.stats.verdicts.keys() {
            let bar = self.readers.entry(reader.clone()).or_insert_with(|| {
                let bar = self.all.add(ProgressBar::new_spinner());
                bar.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar()));
                bar
            });
            bar.set_message(format!("{reader}: {}", health(p, reader)));
        }
    }

    fn clear(&self) {
        // A picture that stays does no harm.
        let _ = self.all.clear();
    }
}
