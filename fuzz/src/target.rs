//! The list of targets: what they are called, what their bytes mean, and how to run one.

use crate::choices::MadeCase;
use crate::envelope::Envelope;
use crate::targets;
use tracehound_oracle::hunt::Made;

/// What a target's bytes are.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// A trace, or any bytes: mutated as a trace and as bytes.
    Trace,
    /// A trace in the text format, or any text.
    Text,
    /// Choices, which this makes a case of; `None` if they make none.
    Choices(fn(&[u8]) -> Option<MadeCase>),
}

/// Whether the engine should keep an input that reached something new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Keep it if it is new.
    Yes,
    /// It says nothing about the target: do not put it into the corpus.
    No,
}

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is also that of its program and its corpus folder.
    pub name: &'static str,
    /// What it holds to be true, in one sentence.
    pub law: &'static str,
    /// What its bytes are.
    pub input: Input,
    /// Longest input that a campaign tries, in bytes.
    pub max_len: usize,
    /// Runs it on one input. Panics if a law does not hold.
    pub run: fn(&[u8]) -> Keep,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    targets::bytes::TARGET,
    targets::text::TARGET,
    targets::round_trip::TARGET,
    targets::legal::TARGET,
    targets::mutated::TARGET,
    targets::laws::TARGET,
    targets::compare_go::TARGET,
];

impl Target {
    /// The target with this name.
    pub fn named(name: &str) -> Option<&'static Target> {
        TARGETS.iter().find(|t| t.name == name)
    }

    /// An input as it is kept in the corpus: choices in an [`Envelope`], anything else as it is.
    /// `None` for choices that make nothing.
    pub fn pack(&self, input: &[u8]) -> Option<Vec<u8>> {
        match self.input {
            Input::Trace | Input::Text => Some(input.to_vec()),
            Input::Choices(case) => {
                let (_, Made { bytes: trace, .. }) = case(input)?;
                Some(Envelope { choices: input, trace: &trace }.seal())
            }
        }
    }

    /// The input in an entry of the corpus; `None` if the entry is not as [`Target::pack`] makes it.
    pub fn unpack(&self, entry: &[u8]) -> Option<Vec<u8>> {
        match self.input {
            Input::Trace | Input::Text => Some(entry.to_vec()),
            Input::Choices(_) => Envelope::open(entry).map(|e| e.choices.to_vec()),
        }
    }

    /// Runs the target on an entry of the corpus. Where choices have come to make another trace,
    /// the one that they made is run as well, by the laws that need no history.
    ///
    /// # Panics
    /// If a law does not hold, or if the entry is not in an envelope although it should.
    pub fn replay(&self, entry: &[u8]) -> Replayed {
        let Input::Choices(case) = self.input else {
            (self.run)(entry);
            return Replayed::Same;
        };
        let Some(Envelope { choices, trace }) = Envelope::open(entry) else {
            panic!("an entry that is in no envelope");
        };
        (self.run)(choices);
        if case(choices).is_some_and(|(_, made)| made.bytes[..] == *trace) {
            return Replayed::Same;
        }
        (targets::bytes::TARGET.run)(trace);
        (targets::round_trip::TARGET.run)(trace);
        Replayed::Changed
    }
}

/// Whether an entry of the corpus still means what it meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It does.
    Same,
    /// Its choices have come to make another trace.
    Changed,
}

/// Makes the program of one target: a libFuzzer target under `cargo fuzz`, else a program
/// that replays the files it is given.
#[macro_export]
macro_rules! fuzz_program {
    ($name:ident) => {
        #[cfg(fuzzing)]
        ::libfuzzer_sys::fuzz_target!(|data: &[u8]| -> ::libfuzzer_sys::Corpus {
            match ($crate::targets::$name::TARGET.run)(data) {
                $crate::Keep::Yes => ::libfuzzer_sys::Corpus::Keep,
                $crate::Keep::No => ::libfuzzer_sys::Corpus::Reject,
            }
        });

        #[cfg(not(fuzzing))]
        fn main() -> ::std::process::ExitCode {
            $crate::replay::main(&$crate::targets::$name::TARGET)
        }
    };
    ($name:ident, mutate as traces) => {
        $crate::fuzz_program!($name);

        #[cfg(fuzzing)]
        ::libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutator::mutate(data, size, max_size, seed, ::libfuzzer_sys::fuzzer_mutate)
        });

        #[cfg(fuzzing)]
        ::libfuzzer_sys::fuzz_crossover!(|data1: &[u8], data2: &[u8], out: &mut [u8], seed: u32| {
            $crate::mutator::cross(data1, data2, out, seed)
        });
    };
}
