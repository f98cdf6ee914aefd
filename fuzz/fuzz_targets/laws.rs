//! Choices as a legal history, and one law that is asked of it.
#![cfg_attr(fuzzing, no_main)]

tracehound_fuzz::fuzz_program!(laws);
