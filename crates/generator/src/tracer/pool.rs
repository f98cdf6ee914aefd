//! Strings and stacks by content, and the ids that a generation gives them.

use super::names::{Name, TEXTS};
use crate::history::ExpectedFrame;
use crate::swarm::{Feature, Swarm};
use std::sync::LazyLock;
use tracehound_wire::limits::{MAX_FRAMES, MAX_STRING_LEN};

/// All strings and stacks of a case. There are two such: tame ones, and those of cases with wild ones too.
#[derive(Debug)]
pub(crate) struct Pool {
    pub strings: Vec<&'static [u8]>,
    pub stacks: Vec<Vec<ExpectedFrame>>,
    /// Content ids of the strings that user code uses.
    pub user: Vec<u64>,
}

/// The stacks that every case has: these many, from the first on.
pub(crate) const USUAL_STACKS: u32 = 6;

/// Strings of a tame program, the empty one first.
const TAME: [&[u8]; 4] = [b"", b"task", b"request", b"x"];

/// Strings that only bytes can hold, and that text formats must quote.
const WILD: [&[u8]; 6] =
    [b"\xff\xfe", "sp\u{e4}te Schicht".as_bytes(), b"a,b=c\n", b"db \"query\"", b"\0", b"\xe2\x80\xa8 \xf0\x9f"];

/// A string as long as the format allows.
static LONG: [u8; MAX_STRING_LEN as usize] = [b'L'; MAX_STRING_LEN as usize];

static TAME_POOL: LazyLock<Pool> = LazyLock::new(|| Pool::new(false));
static WILD_POOL: LazyLock<Pool> = LazyLock::new(|| Pool::new(true));

impl Pool {
    /// The one of a case.
    pub fn of(swarm: &Swarm) -> &'static Pool {
        if swarm.features.has(Feature::Wild) { &WILD_POOL } else { &TAME_POOL }
    }

    fn new(wild: bool) -> Pool {
        let mut strings: Vec<&'static [u8]> = TEXTS.iter().map(|t| t.as_bytes()).collect();
        let mut user = vec![0];
        let mut add = |text: &'static [u8]| {
            user.push(strings.len() as u64);
            strings.push(text);
        };
        TAME[1..].iter().for_each(|&t| add(t));
        if wild {
            WILD.iter().for_each(|&t| add(t));
            add(&LONG);
        }
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
        let mut stacks =
            vec![vec![], vec![main], vec![work, main], vec![pool], vec![park, work, main], vec![call, pool]];
        if wild {
            // As deep as the format allows, with one pc many times, and frames without names.
            let deep =
                (0..MAX_FRAMES).map(|i| if i % 3 == 0 { work } else { frame(100 + i, Name::LoopFunc, Name::PoolFile) });
            stacks.push(deep.collect());
            stacks.push(vec![ExpectedFrame { pc: 1, func: 0, file: 0, line: 0 }]);
            stacks.push(vec![
                ExpectedFrame { pc: u64::MAX, func: user[5] as u32, file: user[7] as u32, line: u64::MAX },
                main,
            ]);
        }
        Pool { strings, stacks, user }
    }
}

/// How far a new content's id is from the latest: two Ms that race to add the same leave a gap, now and then.
#[inline]
fn gap(content: u64) -> u32 {
    if content % 7 == 3 { 2 } else { 1 }
}

/// The ids that one generation gives to contents, on first use.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    /// Wire id by content id; 0 is none yet.
    by_content: Vec<u32>,
    /// Content and wire ids in order of first use.
    pub used: Vec<(u32, u32)>,
    next: u32,
}

impl Ids {
    /// Makes room for this many contents, 0 included.
    pub fn reserve(&mut self, contents: usize) {
        if self.by_content.len() < contents {
            self.by_content.resize(contents, 0);
            self.used.reserve(contents);
        }
    }

    /// Gives ids to contents that have none yet, for which there is room, and which are not 0.
    pub fn register(&mut self, contents: impl Iterator<Item = u64>) {
        for content in contents {
            debug_assert!(content != 0 && self.by_content[content as usize] == 0, "content {content} has an id");
            self.next += gap(content);
            self.used.push((content as u32, self.next));
            self.by_content[content as usize] = self.next;
        }
    }

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
            self.next += gap(content);
            self.used.push((content as u32, self.next));
            self.by_content[at] = self.next;
        }
        u64::from(self.by_content[at])
    }

    /// Forgets everything for the next generation, and keeps the space.
    pub fn clear(&mut self) {
        for &(content, _) in &self.used {
            self.by_content[content as usize] = 0;
        }
        self.used.clear();
        self.next = 0;
    }
}
