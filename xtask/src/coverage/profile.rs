//! Go's coverage profiles: for each block of a file, its statements and whether it was run.

use std::collections::BTreeMap;

/// A block of statements.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    /// Name of the file, without its folder.
    pub file: String,
    /// Line and column of its start.
    pub start: (u32, u32),
    /// Line of its end.
    pub end: u32,
    /// Statements in it.
    pub statements: u32,
}

/// Which blocks were run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Each block, and whether it was run.
    pub blocks: BTreeMap<Block, bool>,
}

impl Profile {
    /// Reads a profile in text form, `FOLDER/FILE:LINE.COLUMN,LINE.COLUMN STATEMENTS COUNT` a line; of other
    /// files and of what is no such line nothing is kept.
    pub fn parse(text: &str, files: &[&str]) -> Profile {
        let mut profile = Profile::default();
        for (block, run) in text.lines().filter_map(parse_line) {
            if files.contains(&block.file.as_str()) {
                *profile.blocks.entry(block).or_default() |= run;
            }
        }
        profile
    }

    /// Statements of a file: those that were run, and all.
    pub fn of(&self, file: &str) -> (u32, u32) {
        let blocks = self.blocks.iter().filter(|(b, _)| b.file == file);
        blocks.fold((0, 0), |(run, all), (b, &hit)| (run + u32::from(hit) * b.statements, all + b.statements))
    }
}

fn parse_line(line: &str) -> Option<(Block, bool)> {
    let (path, rest) = line.rsplit_once(':')?;
    let file = path.rsplit('/').next()?.to_owned();
    let mut words = rest.split(' ');
    let (from, to) = words.next()?.split_once(',')?;
    let (line, column) = from.split_once('.')?;
    let end = to.split_once('.')?.0.parse().ok()?;
    let statements = words.next()?.parse().ok()?;
    let run = words.next()? != "0";
    Some((Block { file, start: (line.parse().ok()?, column.parse().ok()?), end, statements }, run))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read_and_added_up() {
        let text = "mode: set\ninternal/trace/order.go:34.2,36.11 2 0\ninternal/trace/order.go:36.3,36.53 1 1\n\
                    internal/trace/order.go:34.2,36.11 2 1\ninternal/trace/base.go:1.2,3.4 9 0\n\
                    internal/trace/batch.go:7.2,9.3 4 0\n";
        let profile = Profile::parse(text, &["order.go", "batch.go"]);
        assert_eq!(profile.of("order.go"), (3, 3), "a block counts once, and as run if it ever was");
        assert_eq!(profile.of("batch.go"), (0, 4));
        assert_eq!(profile.of("base.go"), (0, 0));
    }
}
