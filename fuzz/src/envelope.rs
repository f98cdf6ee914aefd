//! How inputs that are choices are kept: with the trace that they made.
//!
//! Choices mean something only to one version of the generator; when it changes, the same
//! bytes make another history, and a corpus of choices would silently lose its meaning. So an entry also
//! holds its trace. Once the choices make another one, the stored trace is run too, with the laws
//! that need no history.
//!
//! Layout: 4 bytes `thf` and a version, uvarint length of the choices, choices, trace.

use tracehound_wire::varint;

/// The first bytes of an entry; the last of them is the envelope's version.
const MARK: &[u8; 4] = b"thf\x01";

/// Choices and the trace that they made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The choices: the target's input.
    pub choices: &'a [u8],
    /// The trace that they made when the entry was written.
    pub trace: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Opens an entry; `None` if it is none of a version that is known.
    pub fn open(entry: &'a [u8]) -> Option<Envelope<'a>> {
        let rest = entry.strip_prefix(MARK)?;
        let (len, width) = varint::read(rest).ok()?;
        let rest = &rest[width..];
        let (choices, trace) = rest.split_at_checked(usize::try_from(len).ok()?)?;
        Some(Envelope { choices, trace })
    }

    /// The entry's bytes.
    pub fn seal(&self) -> Vec<u8> {
        let mut entry = MARK.to_vec();
        varint::write(&mut entry, self.choices.len() as u64);
        entry.extend_from_slice(self.choices);
        entry.extend_from_slice(self.trace);
        entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_open_as_they_were_sealed() {
        let long = vec![7; 300];
        for (choices, trace) in [(&b""[..], &b""[..]), (b"abc", b"trace"), (&long, b"")] {
            let envelope = Envelope { choices, trace };
            assert_eq!(Envelope::open(&envelope.seal()), Some(envelope));
        }
        assert_eq!(Envelope::open(b"thf\x02\x00"), None);
        assert_eq!(Envelope::open(b"thf\x01\x05abc"), None);
        assert_eq!(Envelope::open(b"choices"), None);
    }
}
