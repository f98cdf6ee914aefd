//! Does one kind of work once, for `cargo xtask count`, which has its instructions counted.

use std::process::ExitCode;
use tracehound_benches::work::{ALL, counted};

fn main() -> ExitCode {
    let name = std::env::args().nth(1);
    match ALL.iter().find(|(known, _)| Some(*known) == name.as_deref()) {
        Some((_, prepare)) => {
            println!("{}", counted(&mut *prepare()));
            ExitCode::SUCCESS
        }
        None => {
            ALL.iter().for_each(|(name, _)| println!("{name}"));
            ExitCode::from(if name.is_some() { 2 } else { 0 })
        }
    }
}
