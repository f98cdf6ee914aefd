//! Timestamps: when an event says that it happened.

use crate::swarm::{Clock, Swarm};

/// Gives out times. All of it follows from the swarm's noise, and no choice is spent on it.
#[derive(Clone, Debug)]
pub(crate) struct Stamps {
    clock: Clock,
    now: u64,
    rng: u64,
    /// Timestamp units between two ticks of a coarse clock.
    grain: u64,
}

/// Time of the first event, in timestamp units.
const START: u64 = 1 << 20;

impl Stamps {
    pub fn new(swarm: &Swarm) -> Stamps {
        let grain = [16, 256, 4096][(swarm.noise % 3) as usize];
        Stamps { clock: swarm.clock, now: START, rng: crate::source::mix(swarm.noise), grain }
    }

    /// A number below `n`, from a linear congruential generator of its own.
    #[inline]
    pub fn noise(&mut self, n: u32) -> u32 {
        self.rng = self.rng.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.rng >> 32) * u64::from(n)) >> 32) as u32
    }

    /// Timestamp units per second. An exact clock gets whole nanoseconds per unit, so that
    /// no rounding of a reader can make two times equal.
    pub fn frequency(&mut self) -> u64 {
        match self.clock {
            Clock::Exact => 15_625_000,
            _ => [15_625_000, 1_000_000_000, 24_000_000, 3_000_000, 1][self.noise(5) as usize],
        }
    }

    /// The time now, for whoever is not in a hurry.
    pub fn now(&mut self, m: usize) -> u64 {
        self.now += 1;
        self.reading(m)
    }

    fn tick(&mut self) {
        // One noise draw in sixteen is a pause.
        let r = self.noise(64);
        self.now += 1 + if r < 4 { u64::from(r) * 50 } else { 0 };
    }

    fn reading(&mut self, m: usize) -> u64 {
        match self.clock {
            Clock::Exact => self.now,
            Clock::Coarse => self.now - self.now % self.grain,
            Clock::Skewed => self.now + (m as u64 * 2_654_435_761) % 100_000,
            Clock::Zero => START,
            Clock::Adversarial => START + u64::from(self.noise(1 << 30)),
        }
    }

    /// Base time and first delta of a new batch of `m`, whose latest event was at `last`.
    pub fn open_batch(&mut self, m: usize, last: u64) -> (u64, u64) {
        self.tick();
        match self.clock {
            Clock::Zero => (START, 0),
            Clock::Adversarial => (self.reading(m), 1 + u64::from(self.noise(1000))),
            _ => {
                let time = self.reading(m).max(last + 1);
                (time - 1, 1)
            }
        }
    }

    /// Delta of the next event of `m`, whose latest was at `last`.
    pub fn step(&mut self, m: usize, last: u64) -> u64 {
        self.tick();
        match self.clock {
            Clock::Zero => 0,
            Clock::Adversarial => {
                let bits = self.noise(20);
                1 + u64::from(self.noise(1 << bits))
            }
            _ => self.reading(m).max(last + 1) - last,
        }
    }
}
