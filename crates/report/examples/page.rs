//! A trace file as a page: `cargo run -p tracehound-report --example page -- FILE OUT.html`.
//! The file is binary, or text as Go's `.test` archives and `go tool trace -d=wire` have it.

use std::error::Error;
use tracehound_report::{Options, Report};
use tracehound_wire::raw::{self, TextStyle};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, out] = &args[..] else { return Err("give a trace and the page to write".into()) };
    let mut bytes = std::fs::read(file)?;
    let marker = b"-- trace --\n";
    if let Some(at) = bytes.windows(marker.len()).position(|w| w == marker) {
        bytes.drain(..at + marker.len());
    }
    if bytes.starts_with(b"Trace ") {
        let mut binary = Vec::new();
        raw::from_text(&bytes, TextStyle::Go, &mut binary)?;
        bytes = binary;
    }
    let report = Report::from_trace(&bytes, &Options::default()).with_title(file.rsplit('/').next().unwrap_or(file));
    std::fs::write(out, report.to_html())?;
    Ok(())
}
