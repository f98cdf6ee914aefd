//! The event table: every event type of every version, written once.
//!
//! Source: `internal/trace/tracev2/events.go` and `spec.go`, Go 1.27.3; "since" from
//! comparing the tables of Go 1.22.10 to 1.27.3.

use crate::version::Version;
use std::fmt;
use std::sync::LazyLock;

/// What an argument of an event means. The text format writes only its name; this
/// is for code that builds, renames, checks or draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArgKind {
    /// A plain number: sizes, counts, seconds, a sample's time.
    Value,
    /// A generation number.
    Gen,
    /// A thread (M) id; all ones means none.
    M,
    /// A proc (P) id.
    P,
    /// A goroutine (G) id.
    G,
    /// A new goroutine's id.
    NewG,
    /// The next number of a P's sequence in this generation.
    PSeq,
    /// The next number of a G's sequence in this generation.
    GSeq,
    /// The next number of the GC's sequence.
    GcSeq,
    /// A [`ProcStatus`](crate::event::proc_status) code.
    PStatus,
    /// A [`GoStatus`](crate::event::go_status) code.
    GStatus,
    /// An id in the generation's string table; 0 is the empty string.
    String,
    /// An id in the generation's stack table; 0 is no stack.
    Stack,
    /// A user task's id.
    Task,
    /// An id that is defined by this record (string, stack) or by an experiment.
    Id,
}

/// Experiments that events and experimental batches can belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Experiment {
    /// Allocation events (`GODEBUG=traceallocfree=1`), experiment number 1.
    AllocFree,
}

impl Experiment {
    /// The experiment's number in an experimental batch.
    pub const fn number(self) -> u8 {
        match self {
            Experiment::AllocFree => 1,
        }
    }

    /// The experiment with this number, if it is known.
    pub fn from_number(n: u8) -> Option<Experiment> {
        (n == 1).then_some(Experiment::AllocFree)
    }

    /// The name that Go's reader gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Experiment::AllocFree => "AllocFree",
        }
    }
}

/// Codes of `ProcStatus`'s status argument.
pub mod proc_status {
    /// Never written by a runtime; accepted by Go's reader.
    pub const BAD: u64 = 0;
    /// Running on a thread.
    pub const RUNNING: u64 = 1;
    /// Idle.
    pub const IDLE: u64 = 2;
    /// Bound to a thread that is in a syscall.
    pub const SYSCALL: u64 = 3;
    /// Was in a syscall, is being stolen: only ever right before a `ProcSteal`.
    pub const SYSCALL_ABANDONED: u64 = 4;
}

/// Codes of `GoStatus`'s status argument.
pub mod go_status {
    /// Never written by a runtime; accepted by Go's reader.
    pub const BAD: u64 = 0;
    /// Ready to run.
    pub const RUNNABLE: u64 = 1;
    /// Running on a thread.
    pub const RUNNING: u64 = 2;
    /// In a syscall.
    pub const SYSCALL: u64 = 3;
    /// Blocked.
    pub const WAITING: u64 = 4;
}

/// One row of the event table.
#[derive(Debug, PartialEq, Eq)]
pub struct EventSpec {
    /// The event's type.
    pub ty: EventType,
    /// Its name, as Go spells it.
    pub name: &'static str,
    /// Its arguments in wire order, the time delta `dt` of timed events left out.
    pub args: &'static [(&'static str, ArgKind)],
    /// Whether it carries a time delta, and so may stand in a thread's stream.
    pub timed: bool,
    /// 0-based positions in `args` of stack ids, in the order in which they are checked;
    /// the first one is the event's own stack.
    pub stacks: &'static [usize],
    /// 0-based positions in `args` of string ids, in the order in which they are checked.
    pub strings: &'static [usize],
    /// The wire version that introduced it.
    pub since: Version,
    /// The experiment that it belongs to.
    pub experiment: Option<Experiment>,
    /// For the end of a range: the event that begins it. For an active range: likewise.
    pub begins_with: Option<EventType>,
}

macro_rules! events {
    ($( $(#[$doc:meta])* $num:literal $name:ident [$($arg:ident : $kind:ident),*] $timed:ident stk[$($stk:literal),*] str[$($st:literal),*] $since:ident $exp:ident $begin:ident; )*) => {
        /// An event type; the discriminant is the byte on the wire.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[allow(missing_docs)] // each variant's meaning is its row in the table
        pub enum EventType { $( $(#[$doc])* $name = $num, )* }

        impl EventType {
            /// Every event type, in order of its number.
            pub const ALL: &'static [EventType] = &[$(EventType::$name),*];

            /// The type with this byte, if there is one.
            #[inline]
            pub const fn from_byte(byte: u8) -> Option<EventType> {
                match byte { $( $num => Some(EventType::$name), )* _ => None }
            }

            /// The row of the event table.
            #[inline]
            pub const fn spec(self) -> &'static EventSpec {
                match self { $( EventType::$name => {
                    const SPEC: EventSpec = EventSpec {
                        ty: EventType::$name,
                        name: stringify!($name),
                        args: &[$((stringify!($arg), ArgKind::$kind)),*],
                        timed: events!(@timed $timed),
                        stacks: &[$($stk),*],
                        strings: &[$($st),*],
                        since: Version::$since,
                        experiment: events!(@exp $exp),
                        begins_with: events!(@begin $begin),
                    };
                    &SPEC
                } )* }
            }
        }
    };
    (@timed timed) => { true };
    (@timed plain) => { false };
    (@exp none) => { None };
    (@exp alloc) => { Some(Experiment::AllocFree) };
    (@begin none) => { None };
    (@begin $b:ident) => { Some(EventType::$b) };
}

events! {
    1 EventBatch [gen: Gen, m: M, time: Value, size: Value] plain stk[] str[] Go122 none none;
    2 Stacks [] plain stk[] str[] Go122 none none;
    3 Stack [id: Id, nframes: Value] plain stk[] str[] Go122 none none;
    4 Strings [] plain stk[] str[] Go122 none none;
    5 String [id: Id] plain stk[] str[] Go122 none none;
    6 CPUSamples [] plain stk[] str[] Go122 none none;
    7 CPUSample [time: Value, m: M, p: P, g: G, stack: Stack] plain stk[4] str[] Go122 none none;
    8 Frequency [freq: Value] plain stk[] str[] Go122 none none;
    9 ProcsChange [procs_value: Value, stack: Stack] timed stk[1] str[] Go122 none none;
    10 ProcStart [p: P, p_seq: PSeq] timed stk[] str[] Go122 none none;
    11 ProcStop [] timed stk[] str[] Go122 none none;
    12 ProcSteal [p: P, p_seq: PSeq, m: M] timed stk[] str[] Go122 none none;
    13 ProcStatus [p: P, pstatus: PStatus] timed stk[] str[] Go122 none none;
    14 GoCreate [new_g: NewG, new_stack: Stack, stack: Stack] timed stk[2, 1] str[] Go122 none none;
    15 GoCreateSyscall [new_g: NewG] timed stk[] str[] Go122 none none;
    16 GoStart [g: G, g_seq: GSeq] timed stk[] str[] Go122 none none;
    17 GoDestroy [] timed stk[] str[] Go122 none none;
    18 GoDestroySyscall [] timed stk[] str[] Go122 none none;
    19 GoStop [reason_string: String, stack: Stack] timed stk[1] str[0] Go122 none none;
    20 GoBlock [reason_string: String, stack: Stack] timed stk[1] str[0] Go122 none none;
    21 GoUnblock [g: G, g_seq: GSeq, stack: Stack] timed stk[2] str[] Go122 none none;
    22 GoSyscallBegin [p_seq: PSeq, stack: Stack] timed stk[1] str[] Go122 none none;
    23 GoSyscallEnd [] timed stk[] str[] Go122 none none;
    24 GoSyscallEndBlocked [] timed stk[] str[] Go122 none none;
    25 GoStatus [g: G, m: M, gstatus: GStatus] timed stk[] str[] Go122 none none;
    26 STWBegin [kind_string: String, stack: Stack] timed stk[1] str[0] Go122 none none;
    27 STWEnd [] timed stk[] str[] Go122 none STWBegin;
    28 GCActive [gc_seq: GcSeq] timed stk[] str[] Go122 none GCBegin;
    29 GCBegin [gc_seq: GcSeq, stack: Stack] timed stk[1] str[] Go122 none none;
    30 GCEnd [gc_seq: GcSeq] timed stk[] str[] Go122 none GCBegin;
    31 GCSweepActive [p: P] timed stk[] str[] Go122 none GCSweepBegin;
    32 GCSweepBegin [stack: Stack] timed stk[0] str[] Go122 none none;
    33 GCSweepEnd [swept_value: Value, reclaimed_value: Value] timed stk[] str[] Go122 none GCSweepBegin;
    34 GCMarkAssistActive [g: G] timed stk[] str[] Go122 none GCMarkAssistBegin;
    35 GCMarkAssistBegin [stack: Stack] timed stk[0] str[] Go122 none none;
    36 GCMarkAssistEnd [] timed stk[] str[] Go122 none GCMarkAssistBegin;
    37 HeapAlloc [heapalloc_value: Value] timed stk[] str[] Go122 none none;
    38 HeapGoal [heapgoal_value: Value] timed stk[] str[] Go122 none none;
    39 GoLabel [label_string: String] timed stk[] str[0] Go122 none none;
    40 UserTaskBegin [task: Task, parent_task: Task, name_string: String, stack: Stack] timed stk[3] str[2] Go122 none none;
    41 UserTaskEnd [task: Task, stack: Stack] timed stk[1] str[] Go122 none UserTaskBegin;
    42 UserRegionBegin [task: Task, name_string: String, stack: Stack] timed stk[2] str[1] Go122 none none;
    43 UserRegionEnd [task: Task, name_string: String, stack: Stack] timed stk[2] str[1] Go122 none UserRegionBegin;
    44 UserLog [task: Task, key_string: String, value_string: String, stack: Stack] timed stk[3] str[1, 2] Go122 none none;
    45 GoSwitch [g: G, g_seq: GSeq] timed stk[] str[] Go123 none none;
    46 GoSwitchDestroy [g: G, g_seq: GSeq] timed stk[] str[] Go123 none none;
    47 GoCreateBlocked [new_g: NewG, new_stack: Stack, stack: Stack] timed stk[2, 1] str[] Go123 none none;
    48 GoStatusStack [g: G, m: M, gstatus: GStatus, stack: Stack] timed stk[3] str[] Go123 none none;
    49 ExperimentalBatch [exp: Value, gen: Gen, m: M, time: Value] plain stk[] str[] Go123 none none;
    50 Sync [] plain stk[] str[] Go125 none none;
    51 ClockSnapshot [mono: Value, sec: Value, nsec: Value] timed stk[] str[] Go125 none none;
    52 EndOfGeneration [] plain stk[] str[] Go126 none none;
    128 Span [id: Id, npages_value: Value, kindclass: Value] timed stk[] str[] Go123 alloc none;
    129 SpanAlloc [id: Id, npages_value: Value, kindclass: Value] timed stk[] str[] Go123 alloc none;
    130 SpanFree [id: Id] timed stk[] str[] Go123 alloc none;
    131 HeapObject [id: Id, type: Value] timed stk[] str[] Go123 alloc none;
    132 HeapObjectAlloc [id: Id, type: Value] timed stk[] str[] Go123 alloc none;
    133 HeapObjectFree [id: Id] timed stk[] str[] Go123 alloc none;
    134 GoroutineStack [id: Id, order: Value] timed stk[] str[] Go123 alloc none;
    135 GoroutineStackAlloc [id: Id, order: Value] timed stk[] str[] Go123 alloc none;
    136 GoroutineStackFree [id: Id] timed stk[] str[] Go123 alloc none;
}

/// One more than the largest type byte: bytes from here on are out of the table's range,
/// while those in the gap 53 to 127 are in range but name nothing.
pub const TYPE_RANGE: u8 = 137;

/// The number of arguments by type byte: what the hot paths of readers and writers want of the table.
const ARG_COUNTS: &[u8; 256] = &{
    let mut counts = [0; 256];
    let mut i = 0;
    while i < EventType::ALL.len() {
        counts[EventType::ALL[i] as usize] = EventType::ALL[i].spec().args.len() as u8;
        i += 1;
    }
    counts
};

impl EventType {
    /// The type byte on the wire.
    #[inline]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// How many arguments it has, the time delta left out.
    #[inline]
    pub const fn arg_count(self) -> usize {
        ARG_COUNTS[self as usize] as usize
    }

    /// The name, as Go spells it.
    pub const fn name(self) -> &'static str {
        self.spec().name
    }

    /// The type with this name.
    pub fn from_name(name: &str) -> Option<EventType> {
        static BY_NAME: LazyLock<Vec<EventType>> = LazyLock::new(|| {
            let mut all = EventType::ALL.to_vec();
            all.sort_by_key(|ty| ty.name());
            all
        });
        BY_NAME.binary_search_by_key(&name, |ty| ty.name()).ok().map(|at| BY_NAME[at])
    }

    /// Position of the argument called `name`, `dt` not counted.
    pub fn arg_index(self, name: &str) -> Option<usize> {
        self.spec().args.iter().position(|(n, _)| *n == name)
    }
}

impl fmt::Debug for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_EVENT_ARGS;

    #[test]
    fn bytes_and_names_lead_back_to_their_type() {
        for &ty in EventType::ALL {
            assert_eq!(EventType::from_byte(ty.byte()), Some(ty));
            assert_eq!(EventType::from_name(ty.name()), Some(ty));
            assert!(ty.byte() < TYPE_RANGE);
        }
        assert_eq!(EventType::ALL.len(), 52 + 9);
        assert_eq!(EventType::from_byte(0), None);
        assert_eq!(EventType::from_byte(53), None);
        assert_eq!(EventType::from_byte(TYPE_RANGE), None);
    }

    #[test]
    fn stack_and_string_positions_match_argument_kinds() {
        for &ty in EventType::ALL {
            let spec = ty.spec();
            let of = |kind| {
                let mut at: Vec<usize> = (0..spec.args.len()).filter(|&i| spec.args[i].1 == kind).collect();
                at.sort();
                at
            };
            let sorted = |s: &[usize]| {
                let mut s = s.to_vec();
                s.sort();
                s
            };
            assert_eq!(sorted(spec.stacks), of(ArgKind::Stack), "{ty}");
            assert_eq!(sorted(spec.strings), of(ArgKind::String), "{ty}");
            assert!(!spec.timed || spec.args.len() <= MAX_EVENT_ARGS, "{ty}");
        }
    }
}
