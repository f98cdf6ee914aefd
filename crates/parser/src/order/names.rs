//! Names of tasks and regions that outlive their generation.
//!
//! String ids mean other strings in the next generation, so open tasks and regions refer
//! to names here. A name lives as long as something open or the current generation uses it.

use crate::pieces::Pieces;
use crate::tables::Tables;
use rustc_hash::FxHashMap;
use std::sync::Arc;

#[derive(Debug)]
struct Name {
    bytes: Arc<[u8]>,
    users: u32,
}

/// The names in use.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_bytes: FxHashMap<Arc<[u8]>, u32>,
    list: Vec<Name>,
    free: Vec<u32>,
    /// Names + 1 by id of the current generation's strings, of those that its table has at hand; each is a user.
    by_id: Pieces,
    /// Those of the others.
    by_other_id: FxHashMap<u64, u32>,
    /// Those names.
    of_generation: Vec<u32>,
}

impl Names {
    /// Forgets the string ids of the generation that ended.
    pub fn next_generation(&mut self) {
        let mut ended = std::mem::take(&mut self.of_generation);
        for at in ended.drain(..) {
            self.release(at);
        }
        self.of_generation = ended;
        self.by_id.clear();
        self.by_other_id.clear();
    }

    /// The name that string `id` stands for; `None` if there is no such string.
    #[inline]
    pub fn of_string(&mut self, tables: &Tables, data: &[u8], id: u64) -> Option<u32> {
        match self.by_id.get(id) {
            0 => self.of_new_string(tables, data, id),
            number => Some(number - 1),
        }
    }

    /// The name of a string that was not asked for before in this generation, or is not at hand.
    #[inline(never)]
    fn of_new_string(&mut self, tables: &Tables, data: &[u8], id: u64) -> Option<u32> {
        if let Some(&at) = self.by_other_id.get(&id) {
            return Some(at);
        }
        let bytes = tables.strings.get(data, id)?;
        let at = match self.by_bytes.get(bytes) {
            Some(&at) => at,
            None => {
                let bytes: Arc<[u8]> = bytes.into();
                let name = Name { bytes: bytes.clone(), users: 0 };
                let at = match self.free.pop() {
                    Some(at) => {
                        self.list[at as usize] = name;
                        at
                    }
                    None => {
                        self.list.push(name);
                        self.list.len() as u32 - 1
                    }
                };
                self.by_bytes.insert(bytes, at);
                at
            }
        };
        if tables.strings.has_at_hand(id) {
            *self.by_id.at(id as usize) = at + 1;
        } else {
            self.by_other_id.insert(id, at);
        }
        self.of_generation.push(at);
        self.hold(at);
        Some(at)
    }

    /// Adds a user.
    #[inline]
    pub fn hold(&mut self, at: u32) {
        self.list[at as usize].users += 1;
    }

    /// Takes a user away; the last one takes the name with it.
    #[inline]
    pub fn release(&mut self, at: u32) {
        let name = &mut self.list[at as usize];
        name.users -= 1;
        if name.users == 0 {
            self.forget(at);
        }
    }

    #[cold]
    fn forget(&mut self, at: u32) {
        self.by_bytes.remove(&self.list[at as usize].bytes);
        self.free.push(at);
    }

    pub fn bytes(&self, at: u32) -> &[u8] {
        &self.list[at as usize].bytes
    }
}
