//! Any bytes into Go's reader and ours.
#![cfg_attr(fuzzing, no_main)]

tracehound_fuzz::fuzz_program!(compare_go, mutate as traces);
