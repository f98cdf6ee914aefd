//! Lines and tokens of a text trace, cut as Go cuts them.

use super::TextStyle;
use super::text_error::{TextError, TextErrorKind};
use crate::header::white_space_len;
use crate::limits::MAX_TEXT_LINE;

/// What annotation lines begin with.
const ANNOTATION: &[u8] = b"#~";

/// A line with something on it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line<'a> {
    /// The text of a line whose first token is no comment.
    Text(&'a [u8]),
    /// What follows `#~`; only with [`TextStyle::Lossless`].
    Annotation(&'a [u8]),
}

/// The lines of a text, those that say nothing left out.
#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    style: TextStyle,
    /// Number of the line that was given last, from 1.
    pub(super) number: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a [u8], style: TextStyle) -> Lines<'a> {
        Lines { rest: text, style, number: 0 }
    }

    pub(super) fn error(&self, kind: TextErrorKind) -> TextError {
        TextError { line: self.number, kind }
    }

    /// The next line that says something; `None` at the end, whose number is then one past the last line.
    pub(super) fn next(&mut self) -> Result<Option<Line<'a>>, TextError> {
        loop {
            self.number += 1;
            let Some(line) = self.cut() else { return Ok(None) };
            if self.style == TextStyle::Go && line.len() > MAX_TEXT_LINE {
                return Err(self.error(TextErrorKind::LineTooLong));
            }
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let start = skip_white_space(line);
            match start.first() {
                None => {}
                Some(b'#') => match start.strip_prefix(ANNOTATION) {
                    Some(annotation) if self.style == TextStyle::Lossless => {
                        return Ok(Some(Line::Annotation(annotation)));
                    }
                    _ => {}
                },
                Some(_) => return Ok(Some(Line::Text(line))),
            }
        }
    }

    /// Cuts the next line off, its line feed not included.
    fn cut(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|&b| b == b'\n');
        let line = &self.rest[..end.unwrap_or(self.rest.len())];
        self.rest = end.map_or(&[], |end| &self.rest[end + 1..]);
        Some(line)
    }
}

/// `text` from its first character on that is not white space.
pub(super) fn skip_white_space(mut text: &[u8]) -> &[u8] {
    loop {
        match white_space_len(text) {
            0 => return text,
            n => text = &text[n..],
        }
    }
}

/// `text` without white space at both ends.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let mut text = skip_white_space(text);
    while let Some(n) = (1..=text.len().min(3)).find(|&n| white_space_len(&text[text.len() - n..]) == n) {
        text = &text[..text.len() - n];
    }
    text
}

/// The token at the front, up to white space or a `#`, and what follows it; an empty token if there is none.
pub(super) fn token(text: &[u8]) -> (&[u8], &[u8]) {
    let text = skip_white_space(text);
    let mut len = 0;
    while let Some(&b) = text.get(len) {
        if b == b'#' || ((b <= b' ' || b >= 0x80) && white_space_len(&text[len..]) > 0) {
            break;
        }
        len += 1;
    }
    text.split_at(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_end_at_any_white_space_and_at_a_hash() {
        assert_eq!(token(b"  ab c"), (&b"ab"[..], &b" c"[..]));
        assert_eq!(token("\u{2003}ab\u{a0}c".as_bytes()), (&b"ab"[..], "\u{a0}c".as_bytes()));
        assert_eq!(token(b"ab#c"), (&b"ab"[..], &b"#c"[..]));
        assert_eq!(token(b" # c"), (&b""[..], &b"# c"[..]));
        assert_eq!(token(b"\xff\xa0b"), (&b"\xff\xa0b"[..], &b""[..]));
        assert_eq!(trim("\u{85} a b \u{3000}\t".as_bytes()), b"a b");
        assert_eq!(trim(b" \t"), b"");
    }

    #[test]
    fn lines_that_say_nothing_are_left_out() {
        let text = b"\n  \n# note\n #~ widths 1\nA\r\n\tB # x";
        let mut lines = Lines::new(text, TextStyle::Lossless);
        assert!(matches!(lines.next(), Ok(Some(Line::Annotation(b" widths 1")))));
        assert!(matches!(lines.next(), Ok(Some(Line::Text(b"A")))));
        assert!(matches!(lines.next(), Ok(Some(Line::Text(b"\tB # x")))));
        assert_eq!(lines.number, 6);
        assert!(matches!(lines.next(), Ok(None)));
        let mut lines = Lines::new(text, TextStyle::Go);
        assert!(matches!(lines.next(), Ok(Some(Line::Text(b"A")))));
    }
}
