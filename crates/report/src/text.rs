//! Untrusted text on its way to the page: bytes of a trace made visible, and strings made
//! safe for the place in which they stand.

use std::fmt::Write;

/// Most characters of one string of a trace that the page shows.
const SHOWN_CHARS: usize = 400;

/// Bytes as readable text: what is not UTF-8, not printable, or could turn the direction of
/// writing around is written as an escape; very long text is cut, which it says.
pub(crate) fn visible(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut shown = 0;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_visible(&mut out, c);
            shown += 1;
            if shown == SHOWN_CHARS {
                return cut(out, bytes.len());
            }
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
            shown += 1;
            if shown == SHOWN_CHARS {
                return cut(out, bytes.len());
            }
        }
    }
    out
}

fn cut(mut out: String, bytes: usize) -> String {
    let _ = write!(out, "… ({bytes} bytes)");
    out
}

fn push_visible(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        c if c.is_control() || turns_or_hides(c) => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// Characters that are invisible or change the order in which their neighbours are shown.
fn turns_or_hides(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || ('\u{e0000}'..='\u{e007f}').contains(&c)
}

/// Text for an element's content or a quoted attribute.
pub(crate) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// JSON for the inside of a `<script type="application/json">`: nothing in it can end the
/// element or open a comment, as every `<`, `>` and `&` is an escape inside a string.
pub(crate) fn json_for_script(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

/// Bytes in hex, two digits each, without blanks.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_bytes_become_visible() {
        assert_eq!(visible(b"a\xffb\x00\n"), "a\\xffb\\u{0}\\n");
        assert_eq!(visible("x\u{202e}y".as_bytes()), "x\\u{202e}y");
        assert_eq!(visible("größe".as_bytes()), "größe");
        let long = visible(&[b'x'; 1024]);
        assert!(long.ends_with("… (1024 bytes)") && long.len() < 500, "{long}");
    }

    #[test]
    fn nothing_leaves_its_place() {
        assert_eq!(html("<b a=\"1\" c='2'>&"), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;");
        let json = serde_json::to_string("</script><!--<script>&\u{2028}").unwrap();
        let safe = json_for_script(&json);
        assert!(!safe.contains(['<', '>', '&', '\u{2028}']));
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), "</script><!--<script>&\u{2028}");
    }
}
