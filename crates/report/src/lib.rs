//! A trace, or a finding about one, as a single HTML file that explains itself.
//!
//! The page shows lanes for Ms, Ps and Gs over the order of events, with the event that
//! could not happen marked, although the reader never delivered it. Everything on it is
//! prepared here as plain data and escaped here; the page's script only draws. The file
//! needs no network and no other file. Traces and readers' words are untrusted: they
//! reach the page as text and never as markup.
//!
//! The crate runs the built-in reader and knows the format; it must not know how a finding
//! came about. Whoever has one fills in a [`FindingInfo`].
//!
//! ```
//! # let bytes = b"go 1.26 trace\0\0\0";
//! let report = tracehound_report::Report::from_trace(bytes, &Default::default());
//! let page: String = report.with_title("my.trace").to_html();
//! # assert!(page.starts_with("<!doctype html>"));
//! ```

#![forbid(unsafe_code)]

mod causes;
mod explain;
mod finding;
mod lanes;
mod layout;
pub mod model;
mod page;
mod read;
mod rows;
#[cfg(test)]
mod tests;
mod text;
mod track;
mod window;

pub use finding::{Edit, FindingInfo, Outcome, ReaderVerdict};
use model::{Picture, Refusal};
use tracehound_wire::Version;
pub use window::Focus;

/// How a report is made.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Most delivered events that are shown; a longer trace is cut to a window. At least 2.
    pub max_events: usize,
    /// The event in the middle of the window. Without one it is the refusal, and for an
    /// accepted trace its beginning.
    pub focus: Option<Focus>,
    /// How the built-in reader behaves.
    pub reader: tracehound_parser::Options,
}

impl Default for Options {
    fn default() -> Options {
        Options { max_events: 400, focus: None, reader: tracehound_parser::Options::default() }
    }
}

/// A page's contents.
#[derive(Clone, Debug)]
pub struct Report {
    title: String,
    version: Option<Version>,
    size: usize,
    picture: Picture,
    refusal: Option<Refusal>,
    silent_end: bool,
    finding: Option<FindingInfo>,
}

impl Report {
    /// Reads a trace, in its binary form, with the built-in reader. Any bytes give a report:
    /// one of a file that cannot be opened says why. Memory beyond the reader's own is
    /// bounded by the window and the number of batches.
    pub fn from_trace(bytes: &[u8], options: &Options) -> Report {
        Report::new(read::read(bytes, options), bytes.len())
    }

    fn new(read: read::Read, size: usize) -> Report {
        let read::Read { version, picture, refusal, silent_end } = read;
        Report { title: "trace".into(), version, size, picture, refusal, silent_end, finding: None }
    }

    /// The same report, with this title: usually the file's name.
    pub fn with_title(mut self, title: impl Into<String>) -> Report {
        self.title = title.into();
        self
    }

    /// The same with the argument why a trace that is stuck cannot go on, line by line. Nothing changes if it is not refused.
    pub fn with_argument(mut self, lines: Vec<String>) -> Report {
        if let Some(refusal) = &mut self.refusal {
            refusal.argument = lines;
        }
        self
    }

    /// The same report, telling this finding's story.
    pub fn with_finding(mut self, finding: FindingInfo) -> Report {
        for row in &mut self.picture.rows {
            let at = row.offset.filter(|_| row.name != "Sync");
            row.edit = at.and_then(|o| finding.edits.iter().position(|e| e.offset == Some(o)));
        }
        self.finding = Some(finding);
        self
    }

    /// What is drawn.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// Why the built-in reader refuses the trace, if it does.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// The page.
    pub fn to_html(&self) -> String {
        page::html(self)
    }
}
