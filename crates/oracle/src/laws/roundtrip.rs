//! round trip: for all bytes b that begin with a header: encode(decode(b)) = b.

use super::Outcome;
use tracehound_wire::Trace;

/// round trip.
pub fn round_trip(bytes: &[u8]) -> Outcome {
    round_trip_through(bytes, |_| {})
}

/// round trip, where something happens to the trace on its way.
pub(crate) fn round_trip_through(bytes: &[u8], on_its_way: impl FnOnce(&mut Trace)) -> Outcome {
    let Ok(mut trace) = Trace::decode(bytes) else {
        return Outcome::not_applicable("the header is not that of a trace");
    };
    on_its_way(&mut trace);
    given_back(bytes, &trace.to_bytes())
}

fn given_back(bytes: &[u8], back: &[u8]) -> Outcome {
    if back == bytes {
        return Outcome::Holds;
    }
    let at = (0..bytes.len().min(back.len())).find(|&i| bytes[i] != back[i]).unwrap_or(bytes.len().min(back.len()));
    Outcome::Broken(format!("decoded and encoded again, the trace differs from byte {at} on"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_back_is_seen() {
        let bytes = b"go 1.26 trace\0\0\0\x34";
        assert_eq!(round_trip(bytes), Outcome::Holds);
        assert!(given_back(bytes, &bytes[..16]).is_broken());
        assert!(given_back(bytes, b"go 1.26 trace\0\0\0\x35").is_broken());
    }
}
