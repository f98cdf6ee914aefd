//! What is generated and kept in the tree: the reject matrix, and the pages of rules and laws.

use crate::fault::{Doing, Fault, Result, repository};
use crate::provision;
use std::fs;
use tracehound_oracle::judge::matrix;
use tracehound_oracle::laws::laws_page;
use tracehound_oracle::readers::{Limits, ReaderSpec, ReaderUnderTest};
use tracehound_parser::Options;

/// Writes `corpus/reject`, `docs/laws.md` and `docs/rules.md`, asking the built-in reader and every SDK of the
/// list. With `check` nothing is written, and a page that is stale is a fault.
///
/// # Errors
/// No SDK, a reader that does not start, a folder that cannot be written, something stale.
pub fn generate(check: bool) -> Result<()> {
    let reject = repository().join("corpus/reject");
    let mut names = vec!["builtin".to_owned()];
    names.extend(provision::provide(&provision::listed())?.iter().map(|t| format!("go:{}", t.version())));
    let mut readers: Vec<Box<dyn ReaderUnderTest>> = Vec::new();
    for name in names {
        let spec: ReaderSpec = name.parse().doing(&name)?;
        readers.push(spec.open(Limits::default(), Options::default()).doing(&name)?);
    }
    let docs = repository().join("docs");
    let pages = [("rules.md", matrix::rules_page(&mut readers)), ("laws.md", laws_page())];
    let pages = pages.map(|(name, page)| (docs.join(name), page.into_bytes()));
    if !check {
        matrix::write_files(&reject).doing(reject.display())?;
        return pages.iter().try_for_each(|(path, page)| fs::write(path, page).doing(path.display()));
    }
    let files = matrix::files().into_iter().map(|(name, contents)| (reject.join(name), contents));
    for (path, contents) in files.chain(pages) {
        if fs::read(&path).doing(path.display())? != contents {
            return Err(Fault::new(format!("{} is stale: run `cargo xtask generate`", path.display())));
        }
    }
    println!("corpus/reject, docs/rules.md and docs/laws.md are what they are made from");
    Ok(())
}
