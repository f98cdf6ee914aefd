//! What the benches share: traces to read, Go's reader as the yardstick, and the floor below
//! which no reader can go. Times are never compared across runs or machines, only with each
//! other in one run.

#![forbid(unsafe_code)]

pub mod floor;
pub mod go;
pub mod hostile;
pub mod timing;
pub mod traces;
