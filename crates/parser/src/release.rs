//! What distinguishes the readers of the Go releases, as data.
//!
//! The rules of ordering are the same from Go 1.22 to 1.27; what changed is listed
//! here, one switch each, so that this reader can agree with each of them exactly.
//! Everything else in this crate reads [`Switches`] and never a release number.

use std::fmt;
use tracehound_wire::Version;

/// A Go release whose reader (`internal/trace`) this reader behaves like.
///
/// Go 1.22 and 1.23 let threads enter the frontier in random map order, so that events
/// with equal times come out differently from run to run. This reader always takes
/// them in the order of first use, as Go 1.24 and later do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Release {
    /// Go 1.22 (checked against 1.22.10).
    Go122,
    /// Go 1.23 (checked against 1.23.9).
    Go123,
    /// Go 1.24 (checked against 1.24.11).
    Go124,
    /// Go 1.25 (checked against 1.25.5).
    Go125,
    /// Go 1.26 (checked against 1.26.6).
    Go126,
    /// Go 1.27 (checked against 1.27.3).
    #[default]
    Go127,
}

/// The form of the dump text, `Event.String()` in Go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DumpStyle {
    /// Up to Go 1.24: bare `Uint64(5)`, `ArgNames=`, no Sync numbers.
    Go122,
    /// Go 1.25: `Value{Uint64(5)}`, Sync numbers and clocks, wall time in whole seconds.
    Go125,
    /// From Go 1.26: no `Resource=` in transitions, wall time in nanoseconds.
    Go126,
}

/// The switches: one field for each way in which the releases' readers differ.
#[derive(Clone, Copy, Debug)]
pub struct Switches {
    /// The newest wire version that is read.
    pub newest_wire: Version,
    /// First event type byte beyond the event table: 45 in Go 1.22, 137 later.
    pub type_range: u8,
    /// Experimental batches (0x31) are known (Go 1.23).
    pub experimental_batches: bool,
    /// A read error after a generation's first batch is kept until that generation has
    /// been delivered (Go 1.23); before, the whole generation was lost.
    pub defers_read_errors: bool,
    /// Frames are stored per program counter, and the first definition in a generation
    /// wins (Go 1.23); before, each stack had its own.
    pub frames_per_pc: bool,
    /// A goroutine that is destroyed in a syscall gives up its P in an event before its
    /// own (Go 1.23); before, in one after it.
    pub steal_before_destroy: bool,
    /// The sort's scramble shifts: (13, 7, 17) from Go 1.24, (13, 17, 5) before.
    pub sort_shifts: (u32, u32, u32),
    /// A goroutine status of 256 or more with a valid low byte is cut to that byte in the
    /// event too (Go 1.24); before, Go's accessor panicked.
    pub masks_go_status: bool,
    /// Each generation begins with a numbered Sync, as do the end and every error of the
    /// container (Go 1.25); before, one unnumbered Sync came after each generation.
    pub sync_before_generation: bool,
    /// A generation without any event or sample is refused (up to Go 1.24).
    pub refuses_empty_generation: bool,
    /// Everything in a frequency batch is read (Go 1.25); before, bytes after the value
    /// were ignored and the value was read before the test for a second one.
    pub reads_whole_frequency_batch: bool,
    /// The clock snapshot is a row of the event table (Go 1.25).
    pub knows_clock_snapshot: bool,
    /// The end-of-generation byte is known (Go 1.26).
    pub knows_end_of_generation: bool,
    /// The scope of an active sweep is the P it names (Go 1.26); before, by mistake, the
    /// emitting thread's P.
    pub sweep_scope_from_arg: bool,
    /// Experiments with an unknown number make Go's Sync accessor panic (Go 1.25).
    pub sync_holds_experiments: bool,
    /// A goroutine status with a stack also has it as transition stack in the dump (Go 1.26).
    pub status_transition_stack: bool,
    /// The form of the dump text.
    pub dump: DumpStyle,
    /// Quoting in the dump knows the characters of Unicode 17 (Go 1.27), else of Unicode 15.
    pub unicode_17: bool,
}

impl Release {
    /// All releases, oldest first.
    pub const ALL: [Release; 6] =
        [Release::Go122, Release::Go123, Release::Go124, Release::Go125, Release::Go126, Release::Go127];

    /// The minor number: 22 to 27.
    pub const fn minor(self) -> u32 {
        22 + self as u32
    }

    /// The release with this minor number.
    pub fn from_minor(minor: u32) -> Option<Release> {
        Release::ALL.into_iter().find(|r| r.minor() == minor)
    }

    /// The switches of this release.
    pub fn switches(self) -> Switches {
        use Release::*;
        let from = |r: Release| self >= r;
        Switches {
            newest_wire: match self {
                Go122 => Version::Go122,
                Go123 | Go124 => Version::Go123,
                Go125 => Version::Go125,
                Go126 | Go127 => Version::Go126,
            },
            type_range: if from(Go123) { tracehound_wire::event::TYPE_RANGE } else { 45 },
            experimental_batches: from(Go123),
            defers_read_errors: from(Go123),
            frames_per_pc: from(Go123),
            steal_before_destroy: from(Go123),
            sort_shifts: if from(Go124) { (13, 7, 17) } else { (13, 17, 5) },
            masks_go_status: from(Go124),
            sync_before_generation: from(Go125),
            refuses_empty_generation: !from(Go125),
            reads_whole_frequency_batch: from(Go125),
            knows_clock_snapshot: from(Go125),
            knows_end_of_generation: from(Go126),
            sweep_scope_from_arg: from(Go126),
            sync_holds_experiments: from(Go125),
            status_transition_stack: from(Go126),
            dump: match self {
                Go122 | Go123 | Go124 => DumpStyle::Go122,
                Go125 => DumpStyle::Go125,
                Go126 | Go127 => DumpStyle::Go126,
            },
            unicode_17: from(Go127),
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor())
    }
}
