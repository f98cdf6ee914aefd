//! Names of tasks and regions that outlive their generation.
//!
//! String ids mean other strings in the next generation, so open tasks and regions refer
//! to names here. A name lives as long as something open or the current generation uses it.

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
    /// Names by string id of the current generation; each entry is a user.
    by_id: FxHashMap<u64, u32>,
}

impl Names {
    /// Forgets the string ids of the generation that ended.
    pub fn next_generation(&mut self) {
        let mut ended = std::mem::take(&mut self.by_id);
        for (_, at) in ended.drain() {
            self.release(at);
        }
        self.by_id = ended;
    }

    /// The name that string `id` stands for; `None` if there is no such string.
    pub fn of_string(&mut self, tables: &Tables, data: &[u8], id: u64) -> Option<u32> {
        if let Some(&at) = self.by_id.get(&id) {
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
        self.by_id.insert(id, at);
        self.hold(at);
        Some(at)
    }

    /// Adds a user.
    pub fn hold(&mut self, at: u32) {
        self.list[at as usize].users += 1;
    }

    /// Takes a user away; the last one takes the name with it.
    pub fn release(&mut self, at: u32) {
        let name = &mut self.list[at as usize];
        name.users -= 1;
        if name.users == 0 {
            self.by_bytes.remove(&name.bytes);
            self.free.push(at);
        }
    }

    pub fn bytes(&self, at: u32) -> &[u8] {
        &self.list[at as usize].bytes
    }
}
