//! The page itself: its static part, which reads well without a script, and the data and
//! script that draw the rest.

use crate::Report;
use crate::explain::{self, Mood};
use crate::finding::{FindingInfo, ReaderVerdict};
use crate::model::Refusal;
use crate::text::{html as esc, json_for_script, visible};
use std::collections::BTreeMap;
use std::fmt::Write;

const CSS: &str = concat!(include_str!("../assets/report.css"), include_str!("../assets/lanes.css"));
pub(crate) const JS: &[&str] = &[
    include_str!("../assets/dom.js"),
    include_str!("../assets/lanes.js"),
    include_str!("../assets/detail.js"),
    include_str!("../assets/table.js"),
    include_str!("../assets/main.js"),
];
const BODY: &str = include_str!("../assets/body.html");

const SILENT_END: &str = "<p class=\"note\">A table record is cut exactly where a number should begin. Go's reader takes that for \
    the end of the trace, and so does this one: what follows in the file was not read.</p>\n";

/// Text of a reader, a trace or a finding: made visible, then escaped.
fn show(text: &str) -> String {
    esc(&visible(text.as_bytes()))
}

/// Text of several lines, each made visible and escaped.
fn show_lines(text: &str) -> String {
    text.lines().map(show).collect::<Vec<_>>().join("\n")
}

/// The whole page.
pub(crate) fn html(report: &Report) -> String {
    let mut out = String::with_capacity(64 << 10);
    out.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    let _ = writeln!(out, "<title>{} · tracehound</title>", show(&report.title));
    let _ = writeln!(out, "<style>\n{CSS}</style>\n</head>\n<body>");
    header(&mut out, report);
    out.push_str("<main>\n");
    verdict(&mut out, report);
    if let Some(finding) = &report.finding {
        story(&mut out, finding);
    }
    let note = explain::left_out(report).map(|n| format!("<p class=\"note\" id=\"window\">{}</p>", esc(&n)));
    out.push_str(&BODY.replace("<!--window-->", &note.unwrap_or_default()));
    out.push_str("</main>\n");
    data(&mut out, report);
    let _ = writeln!(out, "<script>\n(() => {{\n\"use strict\";\n{}}})();\n</script>\n</body>\n</html>", JS.concat());
    out
}

fn header(out: &mut String, report: &Report) {
    let version = report.version.map_or_else(String::new, |v| format!(" · wire 1.{}", v.minor()));
    let _ = writeln!(
        out,
        "<header class=\"top\"><span class=\"brand\">tracehound</span><span class=\"file\">{}</span>\
         <span class=\"size\">{} bytes{version}</span><span class=\"gap\"></span>\
         <button type=\"button\" id=\"help-button\" aria-haspopup=\"dialog\">Keys <kbd>?</kbd></button>\
         <button type=\"button\" id=\"theme-button\">Theme <kbd>t</kbd></button></header>",
        show(&report.title),
        report.size
    );
}

fn verdict(out: &mut String, report: &Report) {
    let mood = Mood::of(report);
    let _ = writeln!(out, "<section class=\"verdict {}\" aria-labelledby=\"headline\">", mood.class());
    let _ = writeln!(out, "<p class=\"badge\">{}</p>", mood.badge());
    let _ = writeln!(out, "<h1 id=\"headline\">{}</h1>", show(&explain::headline(report)));
    if let Some(f) = report.finding.as_ref().filter(|f| !f.place.is_empty()) {
        let _ = writeln!(out, "<p class=\"sentence\" id=\"place\">{}</p>", show(&f.place));
    }
    match &report.refusal {
        Some(refusal) => refused(out, report, refusal),
        None => {
            let _ = writeln!(
                out,
                "<p class=\"sentence\">The built-in reader accepts the trace: {} events delivered.</p>",
                report.picture.total
            );
            if report.silent_end {
                out.push_str(SILENT_END);
            }
        }
    }
    out.push_str("</section>\n");
}

fn refused(out: &mut String, report: &Report, refusal: &Refusal) {
    if report.finding.is_some() {
        out.push_str("<p class=\"who\">The built-in reader refuses the trace:</p>\n");
    }
    let _ = writeln!(out, "<p class=\"sentence\">{}</p>", show(&refusal.message));
    out.push_str("<dl class=\"facts\">");
    for (name, value) in explain::place(refusal) {
        let _ = write!(out, "<div><dt>{}</dt><dd>{}</dd></div>", esc(name), show(&value));
    }
    out.push_str("</dl>\n");
    if !refusal.causes.is_empty() {
        out.push_str("<div class=\"causes\"><b>How it came to this:</b><ul>");
        for cause in &refusal.causes {
            let _ = write!(
                out,
                "<li>{} <button type=\"button\" class=\"goto\" data-row=\"{}\">Show</button></li>",
                show(&cause.text),
                cause.row
            );
        }
        out.push_str("</ul></div>\n");
    }
    if !refusal.argument.is_empty() {
        out.push_str("<div class=\"causes\" id=\"argument\"><b>Why nobody can go on:</b><ul>");
        for line in &refusal.argument {
            let _ = write!(out, "<li>{}</li>", show(line));
        }
        out.push_str("</ul></div>\n");
    }
    if let Some(condition) = refusal.condition {
        let _ = writeln!(out, "<p class=\"rule\"><b>The rule:</b> {}.</p>", show(condition));
    }
    if !refusal.waits.is_empty() {
        let _ = writeln!(
            out,
            "<details class=\"argument\"{}><summary>What each thread waits for</summary><ol>",
            if refusal.waits.len() <= 6 && refusal.argument.is_empty() { " open" } else { "" }
        );
        for line in &refusal.waits {
            let _ = writeln!(out, "<li>{}</li>", show(line));
        }
        out.push_str("</ol></details>\n");
    }
    let _ = writeln!(out, "<p class=\"next\"><b>What to do:</b> {}.</p>", show(&refusal.help));
}

fn story(out: &mut String, f: &FindingInfo) {
    out.push_str("<section class=\"story\" aria-label=\"The finding\">\n<dl class=\"facts\">");
    let own = [("finding", &f.id), ("law", &f.law), ("rule", &f.rule)];
    let more = f.facts.iter().map(|(n, v)| (n.as_str(), v));
    for (name, value) in own.into_iter().chain(more).filter(|(_, v)| !v.is_empty()) {
        let _ = write!(out, "<div><dt>{}</dt><dd>{}</dd></div>", show(name), show(value));
    }
    out.push_str("</dl>\n");
    if !f.verdicts.is_empty() {
        out.push_str(
            "<div class=\"scroll\"><table class=\"verdicts\"><caption>What each reader said</caption><thead><tr><th scope=\"col\">Reader</th>\
             <th scope=\"col\">Version</th><th scope=\"col\">Verdict</th><th scope=\"col\">Events</th>\
             <th scope=\"col\">Its words</th></tr></thead><tbody>\n",
        );
        f.verdicts.iter().for_each(|v| reader(out, v));
        out.push_str("</tbody></table></div>\n");
    }
    if !f.suspicion.is_empty() {
        let _ = writeln!(out, "<p class=\"suspicion\"><b>Likely wrong:</b> {}</p>", show(&f.suspicion));
    }
    edits(out, f);
    if !f.parting.is_empty() {
        out.push_str("<h2>Where they part</h2>\n<dl class=\"parting\">");
        for (reader, words) in &f.parting {
            let _ = write!(out, "<div><dt>{}</dt><dd><pre>{}</pre></dd></div>", show(reader), show_lines(words));
        }
        out.push_str("</dl>\n");
    }
    if !f.neighbour.is_empty() {
        out.push_str("<details><summary>The nearest trace on which all agree</summary><pre class=\"diff\">");
        for line in &f.neighbour {
            let class = match line.bytes().next() {
                Some(b'+') => "add",
                Some(b'-') => "del",
                _ => "same",
            };
            let _ = writeln!(out, "<span class=\"{class}\">{}</span>", show(line));
        }
        out.push_str("</pre></details>\n");
    }
    if !f.replay.is_empty() {
        let _ = writeln!(
            out,
            "<p class=\"replay\"><b id=\"replay-label\">See it again</b><code id=\"replay\">{}</code>\
             <button type=\"button\" id=\"copy\">Copy</button></p>",
            show(&f.replay)
        );
    }
    out.push_str("</section>\n");
}

fn reader(out: &mut String, v: &ReaderVerdict) {
    let word = v.outcome.word();
    let kind = word.replace(' ', "-");
    let _ = writeln!(
        out,
        "<tr{}><th scope=\"row\">{}{}</th><td>{}</td><td><span class=\"outcome {kind}\">{word}</span> <code>{}</code></td>\
         <td class=\"num\">{}</td><td class=\"words\">{}</td></tr>",
        if v.suspect { " class=\"suspect\"" } else { "" },
        show(&v.reader),
        if v.suspect { " <span class=\"tag\">likely wrong</span>" } else { "" },
        show(&v.version),
        show(&v.class),
        v.events,
        show(&v.message)
    );
}

fn edits(out: &mut String, f: &FindingInfo) {
    for (i, e) in f.edits.iter().enumerate() {
        let _ = write!(out, "<p class=\"edit\"><b>Edit</b> <code>{}</code>", show(&e.operator));
        if !e.before.is_empty() {
            let _ = write!(out, " <del>{}</del>", show(&e.before));
        }
        if !e.after.is_empty() {
            let _ = write!(out, " <ins>{}</ins>", show(&e.after));
        }
        if e.offset.is_some() {
            let _ = write!(out, " <button type=\"button\" class=\"goto-edit\" data-edit=\"{i}\">Show</button>");
        }
        out.push_str("</p>\n");
    }
}

/// The JSON that the script draws from.
fn data(out: &mut String, report: &Report) {
    let edits = report.finding.as_ref().map(|f| &f.edits[..]).unwrap_or_default();
    let value = serde_json::json!({
        "picture": report.picture,
        "refused": report.refusal.as_ref().and_then(|r| r.row),
        "stopped": report.refusal.as_ref().map(|r| &r.class),
        "causes": report.refusal.iter().flat_map(|r| &r.causes).map(|c| c.row).collect::<Vec<_>>(),
        "message": report.refusal.as_ref().map(|r| visible(r.message.as_bytes())),
        "stops": stops(report),
        "edits": edits,
    });
    let json = json_for_script(&value.to_string());
    let _ = writeln!(out, "<script type=\"application/json\" id=\"data\">{json}</script>");
}

/// Where other readers gave up on events that the built-in one delivered.
fn stops(report: &Report) -> Vec<serde_json::Value> {
    let mut stops: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for v in report.finding.iter().flat_map(|f| &f.verdicts).filter(|v| v.outcome.gave_up()) {
        let at = report.picture.rows[..report.picture.delivered].iter().position(|r| r.index == Some(v.events));
        if let Some(row) = at {
            let name = visible(format!("{} {}", v.reader, v.version).trim().as_bytes());
            stops.entry(row).or_default().push(format!("{name}: {} {}", v.outcome.word(), visible(v.class.as_bytes())));
        }
    }
    stops.into_iter().map(|(row, names)| serde_json::json!({"row": row, "text": names.join(", ")})).collect()
}
