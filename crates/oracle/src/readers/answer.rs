//! An answer as it crosses the pipe: one frame, read by the client and written by an adapter.

use crate::canonical::Digest;
use crate::verdict::{Answer, Mode, Rejection, Verdict};
use tracehound_wire::{RejectRule, varint};

/// Finds the rule behind a reader's own words, for readers that do not name rules.
pub type Classify = fn(message: &str) -> Option<RejectRule>;

/// Reads an answer to a request in `mode`.
///
/// # Errors
/// Says, as a clause, what is wrong with the frame.
pub fn parse(frame: &[u8], mode: Mode, classify: Classify) -> Result<Answer, String> {
    let mut f = Fields { bytes: frame, pos: 0 };
    let verdict = f.byte("verdict")?;
    let events = f.uvarint("number of events")?;
    let crc = u32::from_le_bytes(f.take(4, "checksum")?.try_into().map_err(|_| "a short checksum")?);
    let size = f.uvarint("size of the canonical form")?;
    let accessor_panics = f.uvarint("number of accessor panics")?;
    let class = f.string("class")?;
    let message = f.string("message")?;
    let place = f.uvarint("place")?.checked_sub(1);
    let rest = frame[f.pos..].to_vec();

    let rule = if class.is_empty() { classify(&message) } else { RejectRule::from_class(&class) };
    let verdict = match verdict {
        0 => Verdict::Accepted,
        1 | 2 => Verdict::Rejected(Rejection { opening: verdict == 1, rule, message, place }),
        3 => Verdict::Panicked { message },
        n => return Err(format!("verdict {n} does not exist")),
    };
    let digest = Digest { events, crc, size };
    if mode == Mode::Events && (rest.len() as u64 != size || crc32c::crc32c(&rest) != crc) {
        return Err(format!("the canonical form ({} bytes) is not the one that its digest tells ({size})", rest.len()));
    }
    Ok(Answer {
        verdict,
        digest,
        accessor_panics,
        events: (mode == Mode::Events).then(|| rest.clone()),
        text: (mode == Mode::Text).then_some(rest),
    })
}

/// Appends an answer to `out`, as an adapter writes it.
///
/// Verdicts that only the client can come to (died, hung) are not answers; they are written as a panic.
pub(super) fn write(out: &mut Vec<u8>, answer: &Answer) {
    let (code, class, message, place) = match &answer.verdict {
        Verdict::Accepted => (0, "", "", None),
        Verdict::Rejected(r) => {
            (if r.opening { 1 } else { 2 }, r.rule.map_or("", RejectRule::class), r.message.as_str(), r.place)
        }
        Verdict::Panicked { message } => (3, "", message.as_str(), None),
        _ => (3, "", "the reader did not come to a verdict", None),
    };
    out.push(code);
    varint::write(out, answer.digest.events);
    out.extend_from_slice(&answer.digest.crc.to_le_bytes());
    varint::write(out, answer.digest.size);
    varint::write(out, answer.accessor_panics);
    for s in [class, message] {
        varint::write(out, s.len() as u64);
        out.extend_from_slice(s.as_bytes());
    }
    varint::write(out, place.map_or(0, |p| p.saturating_add(1)));
    out.extend_from_slice(answer.events.as_deref().or(answer.text.as_deref()).unwrap_or_default());
}

struct Fields<'a> {
    bytes: &'a [u8],
    pos: usize,
}

impl<'a> Fields<'a> {
    fn take(&mut self, n: usize, what: &str) -> Result<&'a [u8], String> {
        let end = self.pos.checked_add(n).filter(|&e| e <= self.bytes.len());
        let end = end.ok_or_else(|| format!("the frame ends inside the {what}"))?;
        let part = &self.bytes[self.pos..end];
        self.pos = end;
        Ok(part)
    }

    fn byte(&mut self, what: &str) -> Result<u8, String> {
        Ok(self.take(1, what)?[0])
    }

    fn uvarint(&mut self, what: &str) -> Result<u64, String> {
        let (v, n) = varint::read(&self.bytes[self.pos..]).map_err(|_| format!("the {what} is not a uvarint"))?;
        self.pos += n;
        Ok(v)
    }

    fn string(&mut self, what: &str) -> Result<String, String> {
        let len = self.uvarint(what)?;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        Ok(String::from_utf8_lossy(self.take(len, what)?).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_survive_the_pipe() {
        let rejection =
            Rejection { opening: true, rule: Some(RejectRule::Stuck), message: "no".into(), place: Some(0) };
        let form = b"form".to_vec();
        let digest = Digest { events: 300, crc: crc32c::crc32c(&form), size: 4 };
        for verdict in
            [Verdict::Accepted, Verdict::Rejected(rejection), Verdict::Panicked { message: "boom".to_owned() }]
        {
            let answer = Answer { verdict, digest, accessor_panics: 2, events: Some(form.clone()), text: None };
            let mut frame = Vec::new();
            write(&mut frame, &answer);
            assert_eq!(parse(&frame, Mode::Events, |_| None), Ok(answer));
        }
    }

    #[test]
    fn garbage_is_told_apart_from_an_answer() {
        let no = |frame: &[u8], mode| parse(frame, mode, |_| None).unwrap_err();
        assert!(no(b"", Mode::Digest).contains("verdict"));
        assert!(no(&[9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], Mode::Digest).contains("verdict 9"));
        assert!(no(&[0, 0, 0, 0, 0, 0, 0, 0, 200, 1, b'x'], Mode::Digest).contains("class"));
        // A digest that is not that of the events.
        assert!(no(&[0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, b'x'], Mode::Events).contains("canonical form"));
    }
}
