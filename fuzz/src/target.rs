//! The list of targets: what they are called, what their bytes mean, and how to run one.

use crate::targets;

/// What a target's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// A trace, or any bytes: mutated as a trace and as bytes.
    Trace,
    /// A trace in the text format, or any text.
    Text,
    /// Choices for the generator.
    Choices,
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
pub const TARGETS: &[Target] =
    &[targets::bytes::TARGET, targets::text::TARGET, targets::round_trip::TARGET, targets::compare_go::TARGET];

impl Target {
    /// The target with this name.
    pub fn named(name: &str) -> Option<&'static Target> {
        TARGETS.iter().find(|t| t.name == name)
    }
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
