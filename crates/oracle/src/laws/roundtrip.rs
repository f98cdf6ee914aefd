//! round trip: for all bytes b that begin with a header: encode(decode(b)) = b.

use super::Outcome;
use tracehound_wire::Trace;

/// round trip.
pub fn round_trip(bytes: &[u8]) -> Outcome {
    let Ok(trace) = Trace::decode(bytes) else {
        return Outcome::not_applicable("the header is not that of a trace");
    };
    let back = trace.to_bytes();
    if back == bytes {
        return Outcome::Holds;
    }
    let at = (0..bytes.len().min(back.len())).find(|&i| bytes[i] != back[i]).unwrap_or(bytes.len().min(back.len()));
    Outcome::Broken(format!("decoded and encoded again, the trace differs from byte {at} on"))
}
