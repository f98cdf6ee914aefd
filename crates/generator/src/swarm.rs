//! What a case may do: [`Config`], given from outside, and [`Swarm`], drawn for one case.
//!
//! Swarm testing: a case that does everything a little reaches less than many cases that
//! each leave something out and do the rest a lot. So the first choices of a case decide which
//! features it has, how heavy each kind of step is, and how large its world is; the
//! configuration only narrows what can be drawn. All later choices are made within that.

use crate::fault::EmissionFault;
use crate::flavour::{Class, Flavour};
use crate::source::Source;
use tracehound_wire::Version;

macro_rules! features {
    ($( $(#[$doc:meta])* $variant:ident $name:literal; )*) => {
        /// A part of the runtime that a case may use or leave alone.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Feature { $( $(#[$doc])* $variant, )* }

        impl Feature {
            /// Every feature.
            pub const ALL: &'static [Feature] = &[$(Feature::$variant),*];

            /// Its name in options and replay strings.
            pub fn name(self) -> &'static str {
                match self { $(Feature::$variant => $name),* }
            }
        }
    };
}

features! {
    /// Goroutines create, block, wake and end each other. (Starting and stopping is always there.)
    Lifecycle "lifecycle";
    /// System calls.
    Syscalls "syscalls";
    /// sysmon takes Ps from Ms that are in a syscall.
    Sysmon "sysmon";
    /// The world is stopped and started again.
    Stw "stw";
    /// Events from Ms without a P or without a goroutine: netpoll, timers.
    Bare "bare";
    /// Heap metrics.
    Heap "heap";
    /// Coroutine switches (Go 1.23 and later).
    Coroutines "coroutines";
    /// Goroutines that are locked to their thread.
    Locked "locked";
    /// C threads that call into Go.
    Cgo "cgo";
    /// Garbage collection: cycles, mark workers, assists, sweeps, suspended goroutines.
    Gc "gc";
    /// GOMAXPROCS changes.
    Resize "resize";
    /// Tasks, regions, logs.
    User "user";
    /// CPU samples.
    Samples "samples";
    /// The allocation experiment (Go 1.23 and later).
    AllocFree "allocfree";
    /// Strings and stacks at the limits, and bytes that are no UTF-8.
    Wild "wild";
    /// The file begins with a later generation than the trace did (as a flight recorder's does; Go 1.25 and later).
    Midway "midway";
}

/// A set of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Features(u32);

impl Features {
    /// Every feature.
    pub fn all() -> Features {
        Features((1 << Feature::ALL.len()) - 1)
    }

    /// No feature.
    pub fn none() -> Features {
        Features(0)
    }

    /// Whether `f` is in the set.
    #[inline]
    pub fn has(self, f: Feature) -> bool {
        self.0 & 1 << f as u8 != 0
    }

    /// The set with `f`.
    pub fn with(self, f: Feature) -> Features {
        Features(self.0 | 1 << f as u8)
    }

    /// The set without `f`.
    pub fn without(self, f: Feature) -> Features {
        Features(self.0 & !(1 << f as u8))
    }

    /// The set as bits, bit n for the n-th of [`Feature::ALL`].
    pub fn bits(self) -> u32 {
        self.0
    }

    /// The set with these bits; unknown ones are dropped.
    pub fn from_bits(bits: u32) -> Features {
        Features(bits & Features::all().0)
    }
}

/// How timestamps come about. Only the file order of a thread and the sequence numbers say
/// what happened; clocks are evidence at best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clock {
    /// One fine clock for all threads: no two events share a time.
    Exact,
    /// One clock that ticks rarely: many events share a time.
    Coarse,
    /// One clock, each thread off by an amount of its own.
    Skewed,
    /// All times are equal.
    Zero,
    /// Times that go anywhere, but forward within a batch.
    Adversarial,
}

impl Clock {
    /// All clocks, the simplest first.
    pub const ALL: [Clock; 5] = [Clock::Exact, Clock::Coarse, Clock::Skewed, Clock::Zero, Clock::Adversarial];

    /// Its name in options and replay strings.
    pub fn name(self) -> &'static str {
        match self {
            Clock::Exact => "exact",
            Clock::Coarse => "coarse",
            Clock::Skewed => "skewed",
            Clock::Zero => "zero",
            Clock::Adversarial => "adversarial",
        }
    }
}

/// What cases may do at most. The default allows everything at the sizes of an ordinary hunt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The release that writes the trace; none lets each case draw one.
    pub flavour: Option<Flavour>,
    /// The wire version of what is drawn where no release is given; none allows all.
    pub wire: Option<Version>,
    /// Most steps that are drawn before the trace is stopped.
    pub steps: u32,
    /// Most generations, 1 to 8.
    pub generations: u32,
    /// Most Ms at the start, at least 1. (Cgo can add more.)
    pub threads: u32,
    /// Most Ps, 1 to 64.
    pub procs: u32,
    /// Most goroutines at the start, at least 1.
    pub goroutines: u32,
    /// Features that a case may have.
    pub features: Features,
    /// The clock; none lets each case draw one.
    pub clock: Option<Clock>,
    /// The emission fault to arm.
    pub fault: Option<EmissionFault>,
    /// Whether every detail is a choice of its own: nothing is drawn for the case as a whole, the sizes are exactly
    /// those of this configuration, and the world may begin in any state. Lifted traces are such cases.
    pub fine: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            flavour: None,
            wire: None,
            steps: 400,
            generations: 8,
            threads: 6,
            procs: 6,
            goroutines: 12,
            features: Features::all(),
            clock: None,
            fault: None,
            fine: false,
        }
    }
}

impl Config {
    /// The releases that a case may be of, oldest first; at least one.
    pub fn flavours(&self) -> Vec<Flavour> {
        match (self.flavour, self.wire) {
            (Some(flavour), _) => vec![flavour],
            (None, Some(wire)) => Flavour::ALL.into_iter().filter(|f| f.wire() == wire).collect(),
            (None, None) => Flavour::ALL.to_vec(),
        }
    }
}

/// What one case does: drawn first, before any step.
#[derive(Clone, Debug)]
pub struct Swarm {
    /// The release that writes the trace.
    pub flavour: Flavour,
    /// Most steps before the trace is stopped.
    pub steps: u32,
    /// Generations: after this many the trace is stopped.
    pub generations: u32,
    /// Number of the first generation, at least 1.
    pub first_generation: u32,
    /// Generations before the first that are traced and not kept.
    pub skip: u32,
    /// Ms at the start.
    pub threads: u32,
    /// Ps at the start.
    pub procs: u32,
    /// Goroutines at the start.
    pub goroutines: u32,
    /// Features that are on.
    pub features: Features,
    /// How likely steps are that end a generation: one in this many.
    pub generation_gap: u32,
    /// How likely preemption, syscalls and so on are: a weight of 1 to 16 for each kind of step.
    pub weights: [u8; WEIGHTS],
    /// How long Ms stay in the windows between two sections of one operation: one of this many
    /// turns is used. The larger, the more others get in between.
    pub linger: u32,
    /// How long syscalls last: they end at one of this many turns.
    pub stay: u32,
    /// The clock.
    pub clock: Clock,
    /// Seed of the times and sizes that no choice decides.
    pub noise: u64,
    /// Whether batches of different threads stand in any order, and not as the runtime queues them.
    pub shuffle: bool,
    /// A batch is cut after at most this many bytes.
    pub batch_size: u32,
    /// The emission fault that is armed.
    pub fault: Option<EmissionFault>,
    /// Whether every detail is a choice of its own; see [`Config::fine`].
    pub fine: bool,
}

/// Most Ps, Ms and goroutines with which a fine case begins: whatever a replay string says, it eats no memory.
const FINE_LIMITS: [u32; 3] = [4096, 1 << 14, 1 << 17];

/// Number of weighted kinds of steps (see the model's actions).
pub const WEIGHTS: usize = 31;

impl Swarm {
    /// Draws a case within `config`.
    pub fn draw(c: &mut dyn Source, config: &Config, flavour: Flavour) -> Swarm {
        let mut features = Features::none();
        for &f in Feature::ALL {
            // Three of four cases have a feature; the simplest has none.
            if c.below(4) != 0 && config.features.has(f) {
                features = features.with(f);
            }
        }
        let upto = |c: &mut dyn Source, max: u32| 1 + c.below(max.max(1));
        let steps = match c.below(4) {
            0 => c.below(config.steps / 16 + 1),
            1 => c.below(config.steps / 4 + 1),
            _ => c.below(config.steps + 1),
        };
        let generations = upto(c, config.generations.clamp(1, 8));
        let threads = upto(c, config.threads);
        // Few Ps for many Ms is where they get stolen.
        let procs = match c.below(2) {
            0 => upto(c, config.procs.min(3)),
            _ => upto(c, config.procs.min(64)),
        };
        let linger = [1, 1, 3, 8][c.below(4) as usize];
        let goroutines = upto(c, config.goroutines);
        let stay = [1, 2, 8, 24][c.below(4) as usize];
        let mut weights = [0; WEIGHTS];
        for w in &mut weights {
            *w = [4, 1, 16, 2][c.below(4) as usize];
        }
        let first_generation = [1, 1, 2, 7][c.below(4) as usize];
        let skip = if features.has(Feature::Midway) && flavour >= Flavour::Go125 { c.below(3) } else { 0 };
        let generation_gap = (steps / (generations + skip)).max(1);
        let clock = match config.clock {
            Some(clock) => clock,
            None => Clock::ALL[c.below(Clock::ALL.len() as u32) as usize],
        };
        let noise = u64::from(c.below(1 << 16)) << 16 | u64::from(c.below(1 << 16));
        let batch_size = [65_536, 65_536, 4096, 256, 40][c.below(5) as usize];
        let shuffle = c.below(4) == 3;
        let fault = config.fault;
        Swarm {
            flavour,
            steps,
            generations,
            first_generation,
            skip,
            threads,
            procs,
            goroutines,
            features,
            generation_gap,
            weights,
            linger,
            stay,
            clock,
            noise,
            shuffle,
            batch_size,
            fault,
            fine: false,
        }
    }

    /// The case of a fine configuration: nothing is drawn.
    pub fn fine(config: &Config, flavour: Flavour) -> Swarm {
        let [procs, threads, goroutines] = FINE_LIMITS;
        Swarm {
            flavour,
            steps: config.steps,
            generations: config.generations.clamp(1, 8),
            first_generation: 1,
            skip: u32::from(config.features.has(Feature::Midway)),
            threads: config.threads.clamp(1, threads),
            procs: config.procs.clamp(1, procs),
            goroutines: config.goroutines.clamp(1, goroutines),
            features: config.features,
            generation_gap: 1,
            weights: [1; WEIGHTS],
            linger: 1,
            stay: 1,
            clock: config.clock.unwrap_or(Clock::Exact),
            noise: 0,
            shuffle: false,
            batch_size: 65_536,
            fault: config.fault,
            fine: true,
        }
    }

    /// The syscall family of the flavour.
    pub fn class(&self) -> Class {
        self.flavour.class()
    }
}
