//! Conditions planted in a copy of Go's reader, to see whether a fuzzer finds them.
//!
//! A plant is a Go file of the reader's package whose first lines say where it is called:
//!
//! ```text
//! // plant: FILE
//! // before: LINE OF THE SDK'S FILE, AS IT STANDS THERE WITHOUT INDENTATION
//! // call: STATEMENT
//! ```
//!
//! Beside it lies a trace made by hand, of the same name, on which it panics with a message that
//! begins with `planted: `.
//!
//! The statement is put before the first such line. Nothing in the SDK is changed: the
//! compiler is given both files in an overlay.

use crate::guide::GuideError;
use crate::replay;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tracehound_oracle::readers::go::{Recipe, Toolchain};
use tracehound_wire::TestFile;
use tracehound_wire::raw::TextStyle;

/// A condition and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plant {
    file: String,
    before: String,
    call: String,
    source: String,
}

impl Plant {
    /// Reads a plant.
    ///
    /// # Errors
    /// If the file cannot be read or does not say where it is called.
    pub fn from_file(path: &Path) -> io::Result<Plant> {
        Plant::parse(fs::read_to_string(path)?)
            .ok_or_else(|| io::Error::other(format!("{}: lines plant:, before: and call: are missing", path.display())))
    }

    /// The plants in a folder, in the order of their names.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut all = replay::files(folder)?;
        all.retain(|p| p.extension().is_some_and(|e| e == "go"));
        Ok(all)
    }

    /// The bytes of a trace kept as text.
    ///
    /// # Errors
    /// If it cannot be read or is no trace.
    pub fn trace(path: &Path) -> io::Result<Vec<u8>> {
        let file = TestFile::parse(&fs::read(path)?).map_err(io::Error::other)?;
        file.to_binary(TextStyle::Lossless).map_err(io::Error::other)
    }

    fn parse(source: String) -> Option<Plant> {
        let field = |name: &str| {
            let lines = source.lines().take_while(|l| l.starts_with("//"));
            lines
                .filter_map(|l| l.strip_prefix("// ")?.strip_prefix(name)?.strip_prefix(": "))
                .next()
                .map(str::to_owned)
        };
        Some(Plant { file: field("plant")?, before: field("before")?, call: field("call")?, source: source.clone() })
    }

    /// The recipe with this condition in the reader.
    ///
    /// # Errors
    /// If the toolchain's reader has not that line.
    pub fn add_to(&self, recipe: Recipe, toolchain: &Toolchain) -> Result<Recipe, GuideError> {
        let package = toolchain.trace_package();
        let text = fs::read_to_string(package.join(&self.file))?;
        let planted = self
            .insert(&text)
            .ok_or_else(|| io::Error::other(format!("{} has no line {:?}", self.file, self.before)))?;
        let below_src = package.strip_prefix(toolchain.goroot().join("src")).unwrap_or(&package).to_owned();
        let recipe = recipe.replace(below_src.join(&self.file), planted.into_bytes());
        Ok(recipe.replace(below_src.join("planted.go"), self.source.clone().into_bytes()))
    }

    fn insert(&self, text: &str) -> Option<String> {
        let at = text.lines().position(|l| l.trim() == self.before)?;
        let mut lines: Vec<&str> = text.lines().collect();
        lines.insert(at, &self.call);
        Some(lines.join("\n") + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plant_names_its_place() {
        let text = "// Planted.\n// plant: a.go\n// before: return x\n// call: planted(x)\npackage trace\n";
        let plant = Plant::parse(text.to_owned()).unwrap();
        let planted = plant.insert("f()\n\treturn x\nreturn x\n").unwrap();
        assert_eq!(planted, "f()\nplanted(x)\n\treturn x\nreturn x\n");
        assert_eq!(plant.insert("return y"), None);
        assert_eq!(Plant::parse("package trace\n// plant: a\n// before: b\n// call: c\n".to_owned()), None);
    }
}
