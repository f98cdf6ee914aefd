//! Which Go release writes the trace: releases differ in what they write for one and the
//! same history, even where the wire version is the same.

use std::fmt;
use std::str::FromStr;
use tracehound_wire::Version;

/// A Go release as a writer of traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // each is the release of that number
pub enum Flavour {
    Go122,
    Go123,
    Go124,
    Go125,
    Go126,
    Go127,
}

/// The two families of syscall handling in the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Go 1.22 to 1.25: a P in a syscall has a status of its own, and anybody can take it by one compare-and-swap.
    A,
    /// Go 1.26 and later: a P stays wired to its M during a syscall; a thief first holds the goroutine.
    B,
}

impl Flavour {
    /// All flavours, oldest first.
    pub const ALL: [Flavour; 6] =
        [Flavour::Go122, Flavour::Go123, Flavour::Go124, Flavour::Go125, Flavour::Go126, Flavour::Go127];

    /// The wire version that this release writes.
    pub fn wire(self) -> Version {
        match self {
            Flavour::Go122 => Version::Go122,
            Flavour::Go123 | Flavour::Go124 => Version::Go123,
            Flavour::Go125 => Version::Go125,
            Flavour::Go126 | Flavour::Go127 => Version::Go126,
        }
    }

    /// How this release handles syscalls.
    pub fn class(self) -> Class {
        if self >= Flavour::Go126 { Class::B } else { Class::A }
    }

    /// The release's minor number, 22 to 27.
    pub fn minor(self) -> u32 {
        22 + self as u32
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "go1.{}", self.minor())
    }
}

impl FromStr for Flavour {
    type Err = String;

    /// Reads `go1.26`, and `1.26` as well.
    fn from_str(s: &str) -> Result<Flavour, String> {
        let minor = s.strip_prefix("go").unwrap_or(s).strip_prefix("1.").and_then(|n| n.parse::<u32>().ok());
        Flavour::ALL
            .into_iter()
            .find(|f| Some(f.minor()) == minor)
            .ok_or_else(|| format!("no flavour {s:?}; write one of go1.22 to go1.27"))
    }
}
