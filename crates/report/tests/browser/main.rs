//! The page in a real browser. Without Chromium every test is listed as ignored, with the reason.

mod chromium;
mod contrast;
mod pages;

use chromium::Page;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};
use std::process::ExitCode;

type Check = fn(&mut Page) -> Result<(), Failed>;

const CHECKS: &[(&str, Check)] = &[
    ("loads_without_a_complaint_and_fetches_nothing", loads),
    ("the_refused_event_is_in_view", refused_in_view),
    ("a_click_in_the_lanes_selects_the_row", click_lane),
    ("a_click_on_a_row_selects_the_event", click_row),
    ("keys_move_and_open", keys),
    ("the_filter_narrows_rows_and_lanes", filter),
    ("text_has_contrast_in_light_and_dark", contrast::check),
    ("hostile_text_stays_text", hostile),
    ("a_long_trace_shows_a_window_and_says_so", long),
    ("without_a_script_the_explanation_is_there", no_script),
    ("where_another_reader_stopped_is_marked", stops),
    ("a_picture_of_the_page_fits_the_readme", picture),
    ("a_narrow_window_does_not_scroll_sideways", narrow),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let browser = chromium::find();
    let reason = if browser.is_some() { "chromium" } else { "no Chromium here: cargo xtask browser-test installs it" };
    let trials = CHECKS.iter().map(|&(name, check)| {
        let program = browser.clone().unwrap_or_default();
        let run = move || check(&mut Page::start(&program, 1400, 1000));
        Trial::test(name, run).with_kind(reason).with_ignored_flag(browser.is_none())
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn open(page: &mut Page, report: &tracehound_report::Report) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let file = pages::write(report, folder.path(), "page.html");
    page.prefer("light");
    page.open(&file);
    page.settle();
    folder
}

fn same(what: &str, found: Value, expected: Value) -> Result<(), Failed> {
    if found == expected { Ok(()) } else { Err(format!("{what}: expected {expected}, found {found}").into()) }
}

fn no_complaints(page: &Page) -> Result<(), Failed> {
    if page.complaints.is_empty() { Ok(()) } else { Err(page.complaints.join("\n").into()) }
}

fn loads(page: &mut Page) -> Result<(), Failed> {
    for report in [pages::illegal(), pages::finding()] {
        let _folder = open(page, &report);
        same("lanes", page.eval("document.querySelectorAll('.lane-name').length > 5"), json!(true))?;
        let rows = report.picture().rows.len();
        same("rows", page.eval("document.querySelectorAll('#table tbody tr').length"), json!(rows))?;
        for i in 0..rows {
            page.click(&format!("#row-{i}"));
        }
        no_complaints(page)?;
    }
    Ok(())
}

/// The event is drawn, inside the window, and nothing lies over it.
fn refused_in_view(page: &mut Page) -> Result<(), Failed> {
    let visible = "(() => { const b = document.querySelector('.chip.refused rect').getBoundingClientRect(); \
        const on = document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2); \
        return b.top >= 0 && b.left >= 0 && b.bottom <= innerHeight && b.right <= innerWidth && b.width > 20 \
            && on.closest('.chip.refused') !== null; })()";
    for report in [pages::illegal(), pages::finding()] {
        let _folder = open(page, &report);
        if report.picture().rows.iter().any(|r| r.edit.is_some()) {
            page.press("f");
            page.eval("document.getElementById('lanes').scrollIntoView()");
        }
        same("refused event", page.eval(visible), json!(true))?;
        same("its name", page.eval("document.querySelector('.chip.refused text').textContent"), json!("✕ ProcStop"))?;
    }
    let _folder = open(page, &pages::long());
    same("refused event at the end of a long trace", page.eval(visible), json!(true))
}

const SELECTED: &str = "(() => { const rows = [...document.querySelectorAll('tr[aria-selected=true]')]; \
    const row = rows[0].getBoundingClientRect(), box = document.getElementById('table').getBoundingClientRect(); \
    return [rows.length, rows[0].id, row.top >= box.top && row.bottom <= box.bottom + 1]; })()";

fn click_lane(page: &mut Page) -> Result<(), Failed> {
    let _folder = open(page, &pages::illegal());
    for row in [3, 9] {
        page.click(&format!("#event-{row} .hit"));
        same("selected row", page.eval(SELECTED), json!([1, format!("row-{row}"), true]))?;
        let lit = format!("document.querySelector('#event-{row}').classList.contains('chosen')");
        same("event is lit", page.eval(&lit), json!(true))?;
    }
    page.click(".chip.refused rect");
    same("detail", page.eval("document.querySelector('#detail h3').textContent"), json!("✕ ProcStop"))?;
    let long = pages::long();
    let _folder = open(page, &long);
    let last = long.picture().delivered - 3;
    page.click(&format!("#event-{last} .hit"));
    same("selected row far down", page.eval(SELECTED), json!([1, format!("row-{last}"), true]))
}

fn click_row(page: &mut Page) -> Result<(), Failed> {
    let _folder = open(page, &pages::long());
    page.eval("document.getElementById('table').scrollTop = 0");
    page.settle();
    page.click("#row-4");
    page.settle();
    let seen = "(() => { const e = document.querySelector('#event-4'); const b = e.getBoundingClientRect(), \
        box = document.getElementById('lanes').getBoundingClientRect(); \
        return [e.classList.contains('chosen'), e.getAttribute('aria-selected'), b.left >= box.left && b.right <= box.right]; })()";
    same("event of row 4", page.eval(seen), json!([true, "true", true]))
}

fn selected(page: &mut Page) -> Value {
    page.eval("document.querySelector('tr[aria-selected=true]').id")
}

fn keys(page: &mut Page) -> Result<(), Failed> {
    let report = pages::illegal();
    let _folder = open(page, &report);
    let refused = format!("row-{}", report.refusal().and_then(|r| r.row).expect("an event"));
    same("at first", selected(page), json!(refused))?;
    page.eval("document.getElementById('lanes').focus()");
    for (key, row) in [("Home", "row-0"), ("ArrowRight", "row-1"), ("ArrowRight", "row-2"), ("ArrowLeft", "row-1")] {
        page.press(key);
        same(key, selected(page), json!(row))?;
    }
    page.press("ArrowDown");
    let lane = page.eval("document.querySelector('#detail').textContent.includes('M4027')");
    same("the lane below", lane, json!(true))?;
    page.press("f");
    same("f", selected(page), json!(refused))?;
    page.press("Enter");
    same("focus after Enter", page.eval("document.activeElement.id"), json!(refused))?;
    page.press("ArrowUp");
    same("focus follows", page.eval("document.activeElement.getAttribute('aria-selected')"), json!("true"))?;
    page.press("Escape");
    same("focus after Escape", page.eval("document.activeElement.id"), json!("lanes"))?;
    page.press("?");
    same("help", page.eval("document.getElementById('keys').open"), json!(true))?;
    page.press("Escape");
    page.eval("document.getElementById('keys').close()");
    page.press("t");
    same("theme", page.eval("document.documentElement.dataset.theme"), json!("dark"))?;
    page.press("+");
    same("after zooming", selected(page).is_string().into(), json!(true))?;
    no_complaints(page)
}

fn filter(page: &mut Page) -> Result<(), Failed> {
    let _folder = open(page, &pages::illegal());
    page.press("/");
    same("focus", page.eval("document.activeElement.id"), json!("filter"))?;
    page.call("Input.insertText", json!({"text": "procsteal m4027"}));
    let shown = "[...document.querySelectorAll('#table tbody tr')].filter((r) => !r.hidden).map((r) => r.querySelector('.name').firstChild.textContent)";
    same("rows", page.eval(shown), json!(["ProcSteal"]))?;
    same("dimmed", page.eval("document.querySelectorAll('.event.dim').length > 5"), json!(true))?;
    page.press("Escape");
    same("all again", page.eval("document.querySelectorAll('.dim, tr[hidden]').length"), json!(0))
}

fn hostile(page: &mut Page) -> Result<(), Failed> {
    let _folder = open(page, &pages::hostile());
    for i in 0..12 {
        page.click(&format!("#row-{i}"));
    }
    same("elements", page.eval("document.querySelectorAll('img').length"), json!(0))?;
    same("scripts", page.eval("document.scripts.length"), json!(2))?;
    let headline = page.eval("document.getElementById('headline').textContent");
    same("headline", headline, json!(pages::HOSTILE.replace('\u{202e}', "\\u{202e}")))?;
    no_complaints(page)
}

fn long(page: &mut Page) -> Result<(), Failed> {
    let _folder = open(page, &pages::long());
    let note = page.eval("document.getElementById('window').textContent");
    let note = note.as_str().unwrap_or_default().to_string();
    if !note.contains("of the 2003 that were delivered") {
        return Err(note.into());
    }
    no_complaints(page)
}

fn no_script(page: &mut Page) -> Result<(), Failed> {
    page.call("Emulation.setScriptExecutionDisabled", json!({"value": true}));
    let _folder = open_plain(page, &pages::illegal());
    page.call("Emulation.setScriptExecutionDisabled", json!({"value": false}));
    let headline = page.eval("document.getElementById('headline').checkVisibility()");
    same("headline", headline, json!(true))?;
    same("nothing drawn", page.eval("document.querySelectorAll('.plot').length"), json!(0))
}

fn open_plain(page: &mut Page, report: &tracehound_report::Report) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let file = pages::write(report, folder.path(), "page.html");
    page.call("Page.navigate", json!({"url": format!("file://{}", file.display())}));
    page.wait_for("Page.loadEventFired");
    folder
}

fn stops(page: &mut Page) -> Result<(), Failed> {
    let _folder = open(page, &pages::divergence());
    same("flag", page.eval("document.querySelector('.flag-text').textContent"), json!("✕ old: refused stuck"))?;
    same(
        "selected",
        page.eval("document.querySelector('tr[aria-selected=true] .name').textContent"),
        json!("ProcStart"),
    )?;
    no_complaints(page)
}

/// With `TRACEHOUND_SCREENSHOT` set to a path, the picture is written there.
fn picture(page: &mut Page) -> Result<(), Failed> {
    let size = json!({"width": 1400, "height": 960, "deviceScaleFactor": 1, "mobile": false});
    page.call("Emulation.setDeviceMetricsOverride", size);
    let _folder = open(page, &pages::illegal());
    let answer = page.call("Page.captureScreenshot", json!({"format": "png"}));
    let png = base64(answer["data"].as_str().unwrap_or_default());
    if !png.starts_with(b"\x89PNG") || png.len() >= 200_000 {
        return Err(format!("{} bytes", png.len()).into());
    }
    match std::env::var_os("TRACEHOUND_SCREENSHOT") {
        Some(path) => Ok(std::fs::write(path, png)?),
        None => Ok(()),
    }
}

/// Decodes base64 without line breaks.
fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<u32> = text.bytes().filter_map(|c| DIGITS.iter().position(|&d| d == c)).map(|d| d as u32).collect();
    let bytes_of = |four: &[u32]| {
        let bits = four.iter().fold(0, |bits, d| bits << 6 | d) << (6 * (4 - four.len()));
        bits.to_be_bytes()[1..four.len()].to_vec()
    };
    digits.chunks(4).flat_map(bytes_of).collect()
}

fn narrow(page: &mut Page) -> Result<(), Failed> {
    page.call(
        "Emulation.setDeviceMetricsOverride",
        json!({"width": 420, "height": 800, "deviceScaleFactor": 1, "mobile": false}),
    );
    let _folder = open(page, &pages::finding());
    same("width", page.eval("document.documentElement.scrollWidth"), json!(420))
}
