//! The words at the top of the page: a headline and the facts about a refusal.

use crate::Report;
use crate::model::{Fate, Refusal};
use tracehound_wire::RejectRule;
use tracehound_wire::rule::RuleGroup;

/// What the page is about, which decides its colour and its badge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Accepted,
    Refused,
    Differ,
}

impl Mood {
    pub fn of(report: &Report) -> Mood {
        match (&report.finding, &report.refusal) {
            (Some(_), _) => Mood::Differ,
            (None, Some(_)) => Mood::Refused,
            (None, None) => Mood::Accepted,
        }
    }

    pub fn class(self) -> &'static str {
        match self {
            Mood::Accepted => "accepted",
            Mood::Refused => "refused",
            Mood::Differ => "differ",
        }
    }

    pub fn badge(self) -> &'static str {
        match self {
            Mood::Accepted => "✓ accepted",
            Mood::Refused => "✕ refused",
            Mood::Differ => "≠ finding",
        }
    }
}

/// The page's first sentence.
pub(crate) fn headline(report: &Report) -> String {
    if let Some(f) = report.finding.as_ref().filter(|f| !f.summary.is_empty()) {
        return f.summary.clone();
    }
    match &report.refusal {
        Some(refusal) => refused(report, refusal),
        None if report.finding.is_some() => "The readers do not agree on this trace".into(),
        None => "Every event found its place".into(),
    }
}

fn refused(report: &Report, refusal: &Refusal) -> String {
    let event = refusal.event.as_deref().unwrap_or("An event");
    let on = refusal.thread.filter(|&m| m != -1).map_or_else(String::new, |m| format!(" on M{m}"));
    let waiting = report.picture.rows.iter().filter(|r| matches!(r.fate, Fate::Waiting | Fate::Refused)).count();
    match RejectRule::from_class(&refusal.class).map(RejectRule::group) {
        None => "The file could not be read".into(),
        Some(RuleGroup::Header) => "This file cannot be opened as a trace".into(),
        Some(RuleGroup::Container) => "The file is not put together as a trace".into(),
        Some(RuleGroup::Tables) => "A table of the trace breaks the format".into(),
        Some(RuleGroup::Events) => format!("{event}{on} cannot be read"),
        Some(RuleGroup::Order) if waiting == 1 => format!("{event}{on} waits for something that never comes"),
        Some(RuleGroup::Order) if waiting > 1 => {
            format!("{waiting} threads wait, and nothing is left that could free one")
        }
        Some(RuleGroup::Order) => "Nothing can happen next".into(),
        Some(_) => format!("{event}{on} could not happen"),
    }
}

/// The facts of a refusal, as names and values.
pub(crate) fn place(refusal: &Refusal) -> Vec<(&'static str, String)> {
    let mut facts = vec![("rule", refusal.class.clone())];
    facts.extend(refusal.event.clone().map(|e| ("event", e)));
    facts.extend(refusal.thread.map(|m| ("thread", if m == -1 { "none".into() } else { format!("M{m}") })));
    facts.extend(refusal.generation.map(|g| ("generation", g.to_string())));
    facts.extend(refusal.offset.map(|o| ("byte", o.to_string())));
    facts.push(("after", format!("{} events", refusal.events)));
    facts
}

/// What the page does not show, if it does not show all.
pub(crate) fn left_out(report: &Report) -> Option<String> {
    let p = &report.picture;
    let mut parts = Vec::new();
    if (p.delivered as u64) < p.total {
        let last = p.first + p.delivered as u64;
        parts.push(format!(
            "Shown are events {} to {} of the {} that were delivered; bars that begin at the left edge show the state by then.",
            p.first,
            last.saturating_sub(1),
            p.total
        ));
    }
    if p.lanes_left_out > 0 {
        parts.push(format!(
            "{} more Ms, Ps and Gs took part; the {} nearest to the end of the window are drawn.",
            p.lanes_left_out,
            p.lanes.len()
        ));
    }
    let more: u64 = p.more.iter().map(|m| m.1).sum();
    if more > 0 {
        parts.push(format!("Behind the refusal, {more} more undelivered events are not listed."));
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}
