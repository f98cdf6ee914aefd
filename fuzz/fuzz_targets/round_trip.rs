//! Bytes to a trace and back.
#![cfg_attr(fuzzing, no_main)]

tracehound_fuzz::fuzz_program!(round_trip, mutate as traces);
