//! Choices as a legal history.
#![cfg_attr(fuzzing, no_main)]

tracehound_fuzz::fuzz_program!(legal);
