//! The program `tracehound`.
fn main() {}
