//! The sort that Go's reader uses, to the last swap.
//!
//! It is not stable above twelve elements, so that the order of events with equal times
//! depends on it. The algorithm is pattern-defeating quicksort with the parameters of
//! Go's `slices.SortFunc`; the only thing that changed between releases is one shift of
//! its scramble generator.

/// Longest run that is sorted by insertion.
const INSERTION: usize = 12;

/// Sorts by `key` like Go's `slices.SortFunc` with `cmp.Compare` on it.
pub(crate) fn sort<T: Copy>(d: &mut [T], shifts: (u32, u32, u32), key: impl Fn(&T) -> i64) {
    let n = d.len();
    let mut sorter = Sorter { d, key, shifts };
    sorter.range(0, n, bit_len(n));
}

fn bit_len(n: usize) -> u32 {
    usize::BITS - n.leading_zeros()
}

/// What the choice of a pivot says about the order so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hint {
    Unknown,
    Rising,
    Falling,
}

struct Sorter<'d, T, K> {
    d: &'d mut [T],
    key: K,
    shifts: (u32, u32, u32),
}

impl<T: Copy, K: Fn(&T) -> i64> Sorter<'_, T, K> {
    #[inline]
    fn lt(&self, i: usize, j: usize) -> bool {
        (self.key)(&self.d[i]) < (self.key)(&self.d[j])
    }

    /// Sorts `[a, b)`; `limit` bad splits are allowed before it turns to heap sort.
    fn range(&mut self, mut a: usize, mut b: usize, mut limit: u32) {
        let (mut balanced, mut partitioned) = (true, true);
        loop {
            let len = b - a;
            if len <= INSERTION {
                return self.insertion(a, b);
            }
            if limit == 0 {
                return self.heap(a, b);
            }
            if !balanced {
                self.scramble(a, b);
                limit -= 1;
            }
            let (mut pivot, mut hint) = self.choose_pivot(a, b);
            if hint == Hint::Falling {
                self.d[a..b].reverse();
                pivot = (b - 1) - (pivot - a);
                hint = Hint::Rising;
            }
            if balanced && partitioned && hint == Hint::Rising && self.nearly_sorted(a, b) {
                return;
            }
            if a > 0 && !self.lt(a - 1, pivot) {
                a = self.split_equal(a, b, pivot);
                continue;
            }
            let mid;
            (mid, partitioned) = self.split(a, b, pivot);
            let (left, right, enough) = (mid - a, b - mid, len / 8);
            if left < right {
                balanced = left >= enough;
                self.range(a, mid, limit);
                a = mid + 1;
            } else {
                balanced = right >= enough;
                self.range(mid + 1, b, limit);
                b = mid;
            }
        }
    }

    fn insertion(&mut self, a: usize, b: usize) {
        for i in a + 1..b {
            let mut j = i;
            while j > a && self.lt(j, j - 1) {
                self.d.swap(j, j - 1);
                j -= 1;
            }
        }
    }

    fn heap(&mut self, a: usize, b: usize) {
        let len = b - a;
        for i in (0..=(len - 1) / 2).rev() {
            self.sift(a, i, len);
        }
        for i in (0..len).rev() {
            self.d.swap(a, a + i);
            self.sift(a, 0, i);
        }
    }

    fn sift(&mut self, a: usize, mut root: usize, len: usize) {
        loop {
            let mut child = 2 * root + 1;
            if child >= len {
                return;
            }
            if child + 1 < len && self.lt(a + child, a + child + 1) {
                child += 1;
            }
            if !self.lt(a + root, a + child) {
                return;
            }
            self.d.swap(a + root, a + child);
            root = child;
        }
    }

    /// Moves three elements near the middle to places that only depend on the length.
    fn scramble(&mut self, a: usize, b: usize) {
        let len = b - a;
        let mut x = len as u64;
        let mask = (1u64 << bit_len(len)) - 1;
        let first = a + (len / 4) * 2 - 1;
        for i in first..first + 3 {
            x ^= x << self.shifts.0;
            x ^= x >> self.shifts.1;
            x ^= x << self.shifts.2;
            let mut other = (x & mask) as usize;
            if other >= len {
                other -= len;
            }
            self.d.swap(i, a + other);
        }
    }

    fn choose_pivot(&self, a: usize, b: usize) -> (usize, Hint) {
        let quarter = (b - a) / 4;
        let (mut i, mut j, mut k) = (a + quarter, a + quarter * 2, a + quarter * 3);
        let mut swaps = 0;
        if b - a >= 50 {
            i = self.median(i - 1, i, i + 1, &mut swaps);
            j = self.median(j - 1, j, j + 1, &mut swaps);
            k = self.median(k - 1, k, k + 1, &mut swaps);
        }
        j = self.median(i, j, k, &mut swaps);
        match swaps {
            0 => (j, Hint::Rising),
            12 => (j, Hint::Falling),
            _ => (j, Hint::Unknown),
        }
    }

    fn median(&self, mut x: usize, mut y: usize, mut z: usize, swaps: &mut u32) -> usize {
        let mut order = |x: &mut usize, y: &mut usize| {
            if self.lt(*y, *x) {
                std::mem::swap(x, y);
                *swaps += 1;
            }
        };
        order(&mut x, &mut y);
        order(&mut y, &mut z);
        order(&mut x, &mut y);
        y
    }

    /// Mends up to five places; true if the range is then sorted. The shift to the left
    /// runs to index 1 of the whole, not of the range, as in Go.
    fn nearly_sorted(&mut self, a: usize, b: usize) -> bool {
        let mut i = a + 1;
        for _ in 0..5 {
            while i < b && !self.lt(i, i - 1) {
                i += 1;
            }
            if i == b {
                return true;
            }
            if b - a < 50 {
                return false;
            }
            self.d.swap(i, i - 1);
            if i - a >= 2 {
                for j in (1..i).rev() {
                    if !self.lt(j, j - 1) {
                        break;
                    }
                    self.d.swap(j, j - 1);
                }
            }
            if b - i >= 2 {
                for j in i + 1..b {
                    if !self.lt(j, j - 1) {
                        break;
                    }
                    self.d.swap(j, j - 1);
                }
            }
        }
        false
    }

    /// Splits into elements equal to the pivot and greater ones; where the latter begin.
    fn split_equal(&mut self, a: usize, b: usize, pivot: usize) -> usize {
        self.d.swap(a, pivot);
        let (mut i, mut j) = (a + 1, b - 1);
        loop {
            while i <= j && !self.lt(a, i) {
                i += 1;
            }
            while i <= j && self.lt(a, j) {
                j -= 1;
            }
            if i > j {
                return i;
            }
            self.d.swap(i, j);
            i += 1;
            j -= 1;
        }
    }

    /// Splits around the pivot; its new place, and whether nothing had to be swapped.
    fn split(&mut self, a: usize, b: usize, pivot: usize) -> (usize, bool) {
        self.d.swap(a, pivot);
        let (mut i, mut j) = (a + 1, b - 1);
        let mut swapped = false;
        loop {
            while i <= j && self.lt(i, a) {
                i += 1;
            }
            while i <= j && !self.lt(j, a) {
                j -= 1;
            }
            if i > j {
                break;
            }
            self.d.swap(i, j);
            swapped = true;
            i += 1;
            j -= 1;
        }
        self.d.swap(j, a);
        (j, !swapped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_input_comes_out_sorted_and_whole() {
        let mut seed = 1u64;
        for n in 0..300usize {
            for spread in [1, 2, 7, 1000] {
                let mut d: Vec<(i64, usize)> = (0..n)
                    .map(|i| {
                        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                        (((seed >> 33) % spread) as i64, i)
                    })
                    .collect();
                sort(&mut d, (13, 7, 17), |e| e.0);
                assert!(d.windows(2).all(|w| w[0].0 <= w[1].0));
                let mut ids: Vec<usize> = d.iter().map(|e| e.1).collect();
                ids.sort_unstable();
                assert!(ids.into_iter().eq(0..n));
            }
        }
    }

    #[test]
    fn short_runs_are_stable() {
        let mut d: Vec<(i64, usize)> = (0..12).map(|i| ((i % 3) as i64, i)).collect();
        sort(&mut d, (13, 7, 17), |e| e.0);
        assert!(d.windows(2).all(|w| w[0] < w[1]));
    }
}
