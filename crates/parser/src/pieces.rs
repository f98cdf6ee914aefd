//! Numbers by small id, in pieces that stay where they are.
//!
//! There may be millions of ids, and a list that moves as it grows is held twice while it does. Pieces that no id needs do not
//! exist. It knows nothing of what the numbers mean; 0 is none.

/// Ids of one piece.
const PIECE: usize = 1024;

/// The first piece grows by this many.
const LEAST_GROWTH: usize = 64;

/// Numbers by id.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    /// The only one that is as short as its ids allow: most traces have few.
    first: Vec<u32>,
    more: Vec<Option<Box<[u32; PIECE]>>>,
}

impl Pieces {
    /// The number of this id, or 0.
    #[inline(always)]
    pub fn get(&self, id: u64) -> u32 {
        match self.first.get(id as usize) {
            Some(&number) => number,
            None => self.get_further(id),
        }
    }

    fn get_further(&self, id: u64) -> u32 {
        let Some(id) = usize::try_from(id).ok().and_then(|id| id.checked_sub(PIECE)) else { return 0 };
        match self.more.get(id / PIECE) {
            Some(Some(piece)) => piece[id % PIECE],
            _ => 0,
        }
    }

    /// The number of this id, to be changed. It takes a word for each piece up to the id's.
    #[inline]
    pub fn at(&mut self, id: usize) -> &mut u32 {
        let Some(further) = id.checked_sub(PIECE) else {
            if id >= self.first.len() {
                self.make_room(id + 1);
            }
            return &mut self.first[id];
        };
        let (piece, id) = (further / PIECE, further % PIECE);
        if piece >= self.more.len() {
            self.more.resize_with(piece + 1, || None);
        }
        &mut self.more[piece].get_or_insert_with(|| Box::new([0; PIECE]))[id]
    }

    #[inline(never)]
    fn make_room(&mut self, len: usize) {
        if len > self.first.capacity() {
            let least = len.max(self.first.capacity() + LEAST_GROWTH).min(PIECE);
            self.first.reserve_exact(least - self.first.len());
        }
        self.first.resize(len, 0);
    }

    /// Forgets all numbers; the first piece keeps its space.
    pub fn clear(&mut self) {
        self.first.clear();
        self.more.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_and_nothing_else_is() {
        let ids = [0, 1, 70, 1_023, 1_024, 2_047, 2_048, 1 << 20];
        let mut pieces = Pieces::default();
        for (n, id) in (1..).zip(ids) {
            *pieces.at(id) = n;
        }
        for id in (0..5_000).chain([(1 << 20) - 1, 1 << 20, (1 << 20) + 1, u64::MAX]) {
            let expected = ids.iter().position(|&other| other as u64 == id).map_or(0, |at| at as u32 + 1);
            assert_eq!(pieces.get(id), expected, "{id}");
        }
        assert_eq!(pieces.more.iter().flatten().count(), 3, "only pieces with numbers");
        pieces.clear();
        assert!(ids.iter().all(|&id| pieces.get(id as u64) == 0));
    }

    #[test]
    fn the_first_piece_is_little_larger_than_its_ids() {
        let mut pieces = Pieces::default();
        for id in 0..PIECE {
            *pieces.at(id) = 1;
            assert!(pieces.first.capacity() <= (id + LEAST_GROWTH).min(PIECE), "{id}: {}", pieces.first.capacity());
        }
        *pieces.at(PIECE) = 1;
        assert_eq!(pieces.first.capacity(), PIECE);
    }
}
