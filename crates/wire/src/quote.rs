//! Go's string literals: quoting as `%q` and `strconv.Quote` do, unquoting as
//! `strconv.Unquote` does.
//!
//! The text format, `.test` archives and the dump of events are full of them, and all
//! have to agree with Go to the byte. Source: package `strconv`, Go 1.27.3.

pub use crate::printable::Unicode;
use std::fmt::Write as _;

/// `bytes` as a double-quoted Go literal, as `strconv.Quote` of a Go release with this
/// [`Unicode`] version writes it.
pub fn go_quote(bytes: &[u8], unicode: Unicode) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    go_quote_into(&mut out, bytes, unicode);
    out
}

/// Appends what [`go_quote`] gives to `out`.
pub fn go_quote_into(out: &mut String, bytes: &[u8], unicode: Unicode) {
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        quote_valid(out, chunk.valid(), unicode);
        for byte in chunk.invalid() {
            escape_byte(out, *byte);
        }
    }
    out.push('"');
}

fn quote_valid(out: &mut String, text: &str, unicode: Unicode) {
    let mut rest = text;
    loop {
        let plain = rest.bytes().position(|b| !(0x20..0x7f).contains(&b) || b == b'"' || b == b'\\');
        out.push_str(&rest[..plain.unwrap_or(rest.len())]);
        let Some(c) = plain.and_then(|at| rest[at..].chars().next()) else { return };
        rest = &rest[plain.unwrap_or(0) + c.len_utf8()..];
        quote_char(out, c, unicode);
    }
}

fn quote_char(out: &mut String, c: char, unicode: Unicode) {
    match c {
        '"' | '\\' => out.extend(['\\', c]),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        '\0'..='\x1f' | '\x7f' => escape_byte(out, c as u8),
        _ if unicode.is_printable(c) => out.push(c),
        // Writing to a String cannot fail.
        '\0'..='\u{ffff}' => _ = write!(out, "\\u{:04x}", u32::from(c)),
        _ => _ = write!(out, "\\U{:08x}", u32::from(c)),
    }
}

fn escape_byte(out: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(HEX[usize::from(n & 15)]);
    out.extend(['\\', 'x', digit(byte >> 4), digit(byte)]);
}

/// A Go literal that does not parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a Go string literal: the mistake is {offset} bytes into it")]
pub struct UnquoteError {
    /// Offset in bytes into the literal.
    pub offset: usize,
}

/// The bytes that a Go literal stands for: `"..."` with escapes, a back-quoted raw string, or
/// a character literal, as `strconv.Unquote` reads them.
///
/// Like Go it takes `''` for the empty string, drops carriage returns from raw strings, and
/// replaces each byte in an interpreted literal that is not UTF-8 by U+FFFD.
///
/// # Errors
/// If `literal` as a whole is not one literal.
pub fn go_unquote(literal: &[u8]) -> Result<Vec<u8>, UnquoteError> {
    let bad = |offset| Err(UnquoteError { offset });
    match literal {
        [b'`', inner @ .., b'`'] => match inner.iter().position(|&b| b == b'`') {
            Some(at) => bad(at + 1),
            None => Ok(inner.iter().copied().filter(|&b| b != b'\r').collect()),
        },
        [quote @ (b'"' | b'\''), inner @ .., last] if last == quote => {
            let mut out = Vec::with_capacity(inner.len());
            let mut rest = inner;
            while !rest.is_empty() {
                let n = unquote_one(&mut out, rest, *quote)
                    .ok_or(UnquoteError { offset: literal.len() - 1 - rest.len() })?;
                rest = &rest[n..];
                if *quote == b'\'' && !rest.is_empty() {
                    return bad(literal.len() - 1 - rest.len());
                }
            }
            Ok(out)
        }
        _ => bad(0),
    }
}

/// Appends the character or escape at the front of `text`; gives the length that it took.
fn unquote_one(out: &mut Vec<u8>, text: &[u8], quote: u8) -> Option<usize> {
    match text[0] {
        b'\n' => None,
        b if b == quote => None,
        b'\\' => unquote_escape(out, &text[1..], quote).map(|n| n + 1),
        b if b < 0x80 => {
            out.push(b);
            Some(1)
        }
        _ => {
            let chunk = text[..text.len().min(4)].utf8_chunks().next()?;
            let c = chunk.valid().chars().next();
            push_char(out, c.unwrap_or(char::REPLACEMENT_CHARACTER));
            Some(c.map_or(1, char::len_utf8))
        }
    }
}

/// The same for what follows a backslash.
fn unquote_escape(out: &mut Vec<u8>, text: &[u8], quote: u8) -> Option<usize> {
    let (&kind, rest) = text.split_first()?;
    let number = |digits: usize, radix: u32| {
        rest.get(..digits)?.iter().try_fold(0u32, |n, &b| Some(n.wrapping_mul(radix) + char::from(b).to_digit(radix)?))
    };
    let byte = match kind {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'\'' | b'"' if kind == quote => kind,
        b'x' => {
            out.push(number(2, 16)? as u8);
            return Some(3);
        }
        b'u' | b'U' => {
            let digits = if kind == b'u' { 4 } else { 8 };
            push_char(out, char::from_u32(number(digits, 16)?)?);
            return Some(1 + digits);
        }
        b'0'..=b'7' => {
            let value = u32::from(kind - b'0') * 64 + number(2, 8)?;
            out.push(u8::try_from(value).ok()?);
            return Some(3);
        }
        _ => return None,
    };
    out.push(byte);
    Some(1)
}

fn push_char(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quoting_is_that_of_go() {
        let q = |bytes: &[u8]| go_quote(bytes, Unicode::V17);
        assert_eq!(q(b""), r#""""#);
        assert_eq!(q(b"a \"b\" \\ c'`"), r#""a \"b\" \\ c'`""#);
        assert_eq!(q(b"\x00\x07\x08\x09\n\x0b\x0c\r\x1b\x7f"), r#""\x00\a\b\t\n\v\f\r\x1b\x7f""#);
        assert_eq!(q(b"\xff\xe9\xed\xa0\x80\xe2\x82"), r#""\xff\xe9\xed\xa0\x80\xe2\x82""#);
        assert_eq!(
            q("\u{e9}\u{a0}\u{ad}\u{2028}\u{fffd}\u{e0001}".as_bytes()),
            "\"\u{e9}\\u00a0\\u00ad\\u2028\u{fffd}\\U000e0001\""
        );
        assert_eq!(go_quote("\u{1c89}".as_bytes(), Unicode::V15), r#""\u1c89""#);
    }

    #[test]
    fn unquoting_is_that_of_go() {
        let ok: &[(&[u8], &[u8])] = &[
            (br#""""#, b""),
            (b"''", b""),
            (br"'\''", b"'"),
            (br#"'"'"#, b"\""),
            (br#""it's \"\\\a\x00\377\u00e9\U0001F600""#, "it's \"\\\u{7}\0\u{0}\u{e9}\u{1f600}".as_bytes()),
            (b"`a\\n\r\"b`", b"a\\n\"b"),
            (b"`\xff`", b"\xff"),
            (b"\"\xff\xe2\x82.\"", "\u{fffd}\u{fffd}\u{fffd}.".as_bytes()),
            (br"'\xff'", b"\xff"),
            ("'\u{e9}'".as_bytes(), "\u{e9}".as_bytes()),
        ];
        for (literal, want) in ok {
            let mut want = want.to_vec();
            if literal.starts_with(b"\"it's") {
                // `\377` is the byte, which no Rust string can hold.
                let at = want.iter().rposition(|&b| b == 0).unwrap();
                want[at] = 0xff;
            }
            assert_eq!(go_unquote(literal).as_deref(), Ok(&want[..]), "{}", literal.escape_ascii());
        }
        let bad: &[&[u8]] = &[
            b"",
            b"a",
            b"\"",
            b"'",
            b"`",
            b"\"a",
            b"\"a'",
            b"'ab'",
            br#""\'""#,
            br#"'\"'"#,
            br#""\q""#,
            br#""\x4""#,
            br#""\400""#,
            br#""\08""#,
            br#""\ud800""#,
            br#""\U00110000""#,
            b"\"a\nb\"",
            b"`a`b`",
            b"\"a\"b\"",
            br#""\""#,
            b"'\xff\xff'",
            br#""\x+1""#,
        ];
        for literal in bad {
            assert!(go_unquote(literal).is_err(), "{}", literal.escape_ascii());
        }
        assert_eq!(go_unquote(br#""ab\q""#), Err(UnquoteError { offset: 3 }));
    }

    proptest! {
        #[test]
        fn unquoting_undoes_quoting(bytes in proptest::collection::vec(any::<u8>(), 0..64), text in ".*") {
            for bytes in [&bytes[..], text.as_bytes()] {
                for unicode in [Unicode::V15, Unicode::V17] {
                    prop_assert_eq!(go_unquote(go_quote(bytes, unicode).as_bytes()).unwrap(), bytes);
                }
            }
        }
    }
}
