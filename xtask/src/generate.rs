//! What is generated and kept in the tree: the reject matrix and the page of rules.

use crate::fault::{Doing, Result, repository};
use crate::provision;
use std::fs;
use tracehound_oracle::judge::matrix;
use tracehound_oracle::readers::{Limits, ReaderSpec, ReaderUnderTest};
use tracehound_parser::Options;

/// Writes `corpus/reject` and `docs/rules.md`, asking the built-in reader and every SDK of the list.
///
/// # Errors
/// No SDK, a reader that does not start, a folder that cannot be written.
pub fn generate() -> Result<()> {
    let reject = repository().join("corpus/reject");
    matrix::write_files(&reject).doing(reject.display())?;
    let mut names = vec!["builtin".to_owned()];
    names.extend(provision::provide(&provision::listed())?.iter().map(|t| format!("go:{}", t.version())));
    let mut readers: Vec<Box<dyn ReaderUnderTest>> = Vec::new();
    for name in names {
        let spec: ReaderSpec = name.parse().doing(&name)?;
        readers.push(spec.open(Limits::default(), Options::default()).doing(&name)?);
    }
    let page = repository().join("docs/rules.md");
    fs::write(&page, matrix::rules_page(&mut readers)).doing(page.display())
}
