//! Unsigned LEB128 as Go's `encoding/binary` reads it: at most ten bytes, over-long
//! encodings accepted, and a distinction between "nothing there" and "cut short"
//! that decides verdicts (a bare end in some places ends a trace silently).

use crate::limits::MAX_VARINT_LEN;

/// Why a varint could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VarintError {
    /// No byte left before the first one (`io.EOF` in Go).
    BareEof,
    /// Bytes ran out after at least one continuation byte (`io.ErrUnexpectedEOF`).
    UnexpectedEof,
    /// More than 64 bits: ten continuation bytes, or a tenth byte above 1.
    Overflow,
}

/// Reads one varint from the front of `bytes`: the value and the number of bytes it took.
///
/// # Errors
/// See [`VarintError`].
#[inline(always)]
pub fn read(bytes: &[u8]) -> Result<(u64, usize), VarintError> {
    match bytes.first() {
        Some(&b) if b < 0x80 => Ok((u64::from(b), 1)),
        _ => read_long(bytes),
    }
}

/// Up to eight bytes at once: finds the last byte by its clear high bit, then closes the
/// gaps that the high bits leave, two neighbours at a time.
#[inline]
fn read_long(bytes: &[u8]) -> Result<(u64, usize), VarintError> {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    if let Some(chunk) = bytes.first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let ends = !word & HIGH_BITS;
        if ends != 0 {
            let len = ends.trailing_zeros() as usize / 8 + 1;
            let groups = word & !HIGH_BITS & (u64::MAX >> (64 - 8 * len));
            let pairs = groups & 0x007f_007f_007f_007f | (groups & 0x7f00_7f00_7f00_7f00) >> 1;
            let fours = pairs & 0x0000_3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
            return Ok((fours & 0x0fff_ffff | (fours & 0x0fff_ffff_0000_0000) >> 4, len));
        }
    }
    read_slow(bytes)
}

#[cold]
fn read_slow(bytes: &[u8]) -> Result<(u64, usize), VarintError> {
    let mut value = 0u64;
    for (i, &b) in bytes.iter().take(MAX_VARINT_LEN).enumerate() {
        if b < 0x80 {
            if i == MAX_VARINT_LEN - 1 && b > 1 {
                return Err(VarintError::Overflow);
            }
            return Ok((value | u64::from(b) << (7 * i), i + 1));
        }
        value |= u64::from(b & 0x7f) << (7 * i);
    }
    match bytes.len() {
        0 => Err(VarintError::BareEof),
        n if n >= MAX_VARINT_LEN => Err(VarintError::Overflow),
        _ => Err(VarintError::UnexpectedEof),
    }
}

/// Appends the shortest encoding of `value`.
#[inline]
pub fn write(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Puts the shortest encoding of `value` into `out` from `at` on; returns where it ends.
///
/// # Panics
/// If there is no room; [`MAX_VARINT_LEN`] bytes are always enough.
#[inline]
pub fn put(out: &mut [u8], mut at: usize, mut value: u64) -> usize {
    while value >= 0x80 {
        out[at] = value as u8 | 0x80;
        value >>= 7;
        at += 1;
    }
    out[at] = value as u8;
    at + 1
}

/// Appends `value` in exactly `width` bytes where that is possible, padding with
/// continuation bits; a width too small for the value gives the shortest encoding.
pub fn write_width(out: &mut Vec<u8>, value: u64, width: usize) {
    let width = width.clamp(len(value), MAX_VARINT_LEN);
    let mut bytes = [0; MAX_VARINT_LEN];
    put_padded(&mut bytes[..width], value);
    out.extend_from_slice(&bytes[..width]);
}

/// Fills `out` with `value`, padded with continuation bits; of a value that needs more room, the low bits.
///
/// # Panics
/// If `out` is empty.
pub fn put_padded(out: &mut [u8], mut value: u64) {
    let last = out.len() - 1;
    for byte in &mut *out {
        *byte = value as u8 | 0x80;
        value >>= 7;
    }
    out[last] &= 0x7f;
}

/// Length in bytes of the shortest encoding of `value`.
#[inline]
pub fn len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_and_padded_encodings_read_back() {
        for v in [0, 1, 127, 128, 300, 1 << 35, u64::MAX - 1, u64::MAX] {
            let mut shortest = Vec::new();
            write(&mut shortest, v);
            assert_eq!(shortest.len(), len(v));
            assert_eq!(read(&shortest), Ok((v, shortest.len())));
            for width in 1..=10 {
                let mut padded = Vec::new();
                write_width(&mut padded, v, width);
                assert_eq!(padded.len(), width.max(len(v)));
                assert_eq!(read(&padded), Ok((v, padded.len())), "{v} in {width}");
            }
        }
    }

    #[test]
    fn eight_bytes_at_once_and_one_by_one_read_the_same() {
        let mut bytes = [0u8; 12];
        let mut state = 1u64;
        for round in 0..20_000u32 {
            for b in &mut bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *b = (state >> 56) as u8 | if (state >> 40) % 4 < u64::from(round % 5) { 0x80 } else { 0 };
            }
            for from in 0..bytes.len() {
                assert_eq!(read(&bytes[from..]), read_slow(&bytes[from..]), "{:x?}", &bytes[from..]);
            }
        }
    }

    #[test]
    fn the_three_failures_are_told_apart() {
        assert_eq!(read(&[]), Err(VarintError::BareEof));
        assert_eq!(read(&[0x80]), Err(VarintError::UnexpectedEof));
        assert_eq!(read(&[0xff; 9]), Err(VarintError::UnexpectedEof));
        assert_eq!(read(&[0xff; 10]), Err(VarintError::Overflow));
        let mut tenth_too_big = [0x80u8; 10];
        tenth_too_big[9] = 2;
        assert_eq!(read(&tenth_too_big), Err(VarintError::Overflow));
    }
}
