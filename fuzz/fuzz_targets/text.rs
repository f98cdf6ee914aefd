//! Any text into the text format's readers.
#![cfg_attr(fuzzing, no_main)]

tracehound_fuzz::fuzz_program!(text);
