//! The wire versions of the v2 format and which Go release writes and reads which.

use std::fmt;

/// Length in bytes of the canonical header: `go 1.NN trace` and three NULs.
pub const HEADER_LEN: usize = 16;

/// A wire version: the number in the header, which is not always the number of the
/// Go release that wrote it (1.24 writes 1.23, 1.27 writes 1.26).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// `go 1.22 trace`: the first v2 format. Written by Go 1.22.
    Go122,
    /// `go 1.23 trace`: coroutine switches, status with stack, experiments. Written by Go 1.23 and 1.24.
    Go123,
    /// `go 1.25 trace`: sync batch with a clock snapshot. Written by Go 1.25.
    Go125,
    /// `go 1.26 trace`: an explicit end of each generation. Written by Go 1.26 and 1.27.
    Go126,
}

impl Version {
    /// All versions, oldest first.
    pub const ALL: [Version; 4] = [Version::Go122, Version::Go123, Version::Go125, Version::Go126];

    /// The minor number in the header: 22, 23, 25 or 26.
    pub const fn minor(self) -> u32 {
        match self {
            Version::Go122 => 22,
            Version::Go123 => 23,
            Version::Go125 => 25,
            Version::Go126 => 26,
        }
    }

    /// The version whose header carries `minor`, if there is one.
    pub fn from_minor(minor: u32) -> Option<Version> {
        Version::ALL.into_iter().find(|v| v.minor() == minor)
    }

    /// The canonical 16-byte header.
    pub fn header(self) -> [u8; HEADER_LEN] {
        let mut h = *b"go 1.00 trace\0\0\0";
        h[5] = b'0' + (self.minor() / 10) as u8;
        h[6] = b'0' + (self.minor() % 10) as u8;
        h
    }

    /// Whether sync data stands in a batch of kind `Sync` with a clock snapshot (1.25 and
    /// later) instead of a lone `Frequency` batch.
    pub fn has_sync_batch(self) -> bool {
        self >= Version::Go125
    }

    /// Whether a generation ends with an `EndOfGeneration` byte (1.26 and later).
    pub fn has_end_of_generation(self) -> bool {
        self >= Version::Go126
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_sixteen_bytes_and_name_their_version() {
        assert_eq!(&Version::Go122.header(), b"go 1.22 trace\0\0\0");
        assert_eq!(&Version::Go126.header(), b"go 1.26 trace\0\0\0");
        for v in Version::ALL {
            assert_eq!(Version::from_minor(v.minor()), Some(v));
        }
        assert_eq!(Version::from_minor(24), None);
        assert_eq!(Version::from_minor(27), None);
    }
}
