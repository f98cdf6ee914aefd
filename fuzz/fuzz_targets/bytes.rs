//! Any bytes into the reader and all its accessors.
#![cfg_attr(fuzzing, no_main)]

tracehound_fuzz::fuzz_program!(bytes, mutate as traces);
