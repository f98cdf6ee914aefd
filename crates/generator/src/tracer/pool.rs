//! Strings and stacks by content, and the ids that a generation gives them.

use super::names::{Name, TEXTS};
use crate::history::ExpectedFrame;
use crate::swarm::Swarm;
use std::borrow::Cow;

/// All strings and stacks of a case.
#[derive(Debug)]
pub(crate) struct Pool {
    pub strings: Vec<Cow<'static, [u8]>>,
    pub stacks: Vec<Vec<ExpectedFrame>>,
}

impl Pool {
    pub fn new(_swarm: &Swarm) -> Pool {
        let strings: Vec<Cow<'static, [u8]>> = TEXTS.iter().map(|t| Cow::Borrowed(t.as_bytes())).collect();
        let frame = |pc: u64, func: Name, file: Name| ExpectedFrame {
            pc: 0x40_0000 + pc * 16,
            func: func as u32,
            file: file as u32,
            line: 10 + pc,
        };
        let main = frame(1, Name::MainFunc, Name::MainFile);
        let work = frame(2, Name::WorkFunc, Name::MainFile);
        let pool = frame(3, Name::LoopFunc, Name::PoolFile);
        let park = frame(4, Name::ParkFunc, Name::ProcFile);
        let call = frame(5, Name::SyscallFunc, Name::ProcFile);
        let stacks = vec![vec![], vec![main], vec![work, main], vec![pool], vec![park, work, main], vec![call, pool]];
        Pool { strings, stacks }
    }
}

/// The ids that one generation gives to contents, on first use.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    /// Wire id by content id; 0 is none yet.
    by_content: Vec<u32>,
    /// Content ids in order of first use.
    pub used: Vec<u32>,
}

impl Ids {
    /// The wire id of a content. Content 0 is always 0.
    #[inline]
    pub fn id(&mut self, content: u64) -> u64 {
        if content == 0 {
            return 0;
        }
        let at = content as usize;
        if self.by_content.len() <= at {
            self.by_content.resize(at + 1, 0);
        }
        if self.by_content[at] == 0 {
            self.used.push(content as u32);
            self.by_content[at] = self.used.len() as u32;
        }
        u64::from(self.by_content[at])
    }

    /// Forgets everything for the next generation, and keeps the space.
    pub fn clear(&mut self) {
        for &content in &self.used {
            self.by_content[content as usize] = 0;
        }
        self.used.clear();
    }
}
