//! Choices as a history with an edit.
#![cfg_attr(fuzzing, no_main)]

tracehound_fuzz::fuzz_program!(mutated);
