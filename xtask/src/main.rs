//! Everything that CI runs, as one program.
fn main() {}
