//! The dictionary: what the wire format's own words look like in bytes, from the event table.

use crate::fault::{Doing, Fault, Result, repository};
use crate::tally::Tally;
use std::fmt::Write;
use std::fs;
use tracehound_wire::{Event, EventType, NONE_ID, Version, varint};

/// Where it is, below the root.
pub const DICTIONARY: &str = "fuzz/trace.dict";

/// Writes it, or says whether the one there is up to date.
pub fn dictionary(check: bool) -> Result<Tally> {
    let path = repository().join(DICTIONARY);
    let mut tally = Tally::default();
    if !check {
        fs::write(&path, text()).doing(format!("write {DICTIONARY}"))?;
        println!("{DICTIONARY}");
    } else if fs::read_to_string(&path).is_ok_and(|there| there == text()) {
        tally.count(true);
    } else {
        return Err(Fault::new(format!("{DICTIONARY} is not what the event table gives; run `cargo xtask fuzz dict`")));
    }
    Ok(tally)
}

fn text() -> String {
    let mut text = "# Made from the event table by `cargo xtask fuzz dict`.\n".to_owned();
    for version in Version::ALL {
        entry(&mut text, &format!("header_{}", version.minor()), &version.header());
    }
    for &ty in EventType::ALL {
        entry(&mut text, &format!("type_{ty}"), &[ty.byte()]);
        let spec = ty.spec();
        if spec.timed {
            let ones = vec![1; spec.args.len()];
            let mut bytes = Vec::new();
            Event::new(ty, 1, &ones).encode_into(&mut bytes);
            entry(&mut text, &format!("event_{ty}"), &bytes);
        }
    }
    for (name, value) in [("none", NONE_ID), ("second", 1_000_000_000), ("batch", 1 << 16), ("string", 1024)] {
        let mut bytes = Vec::new();
        varint::write(&mut bytes, value);
        entry(&mut text, &format!("number_{name}"), &bytes);
    }
    text
}

fn entry(text: &mut String, name: &str, bytes: &[u8]) {
    let _ = write!(text, "{name}=\"");
    for b in bytes {
        let _ = write!(text, "\\x{b:02x}");
    }
    text.push_str("\"\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_dictionary_is_up_to_date() {
        assert!(dictionary(true).is_ok(), "run `cargo xtask fuzz dict`");
    }
}
