//! The raw text format against its rules, in both styles. What Go does was established by
//! running `internal/trace/raw` of Go 1.27.3.

use proptest::prelude::*;
use tracehound_wire::raw::{
    FromTextError, RawErrorKind, RawItem, RawReader, RawWriter, TextErrorKind, TextStyle, ToTextError, Width,
    from_text, to_text,
};
use tracehound_wire::{EventType, Mishap, Trace, Version};

fn trace(version: Version, body: &[u8]) -> Vec<u8> {
    [&version.header()[..], body].concat()
}

fn text_of(trace: &[u8], style: TextStyle) -> (String, Option<RawErrorKind>) {
    let mut out = Vec::new();
    let error = match to_text(trace, style, &mut out) {
        Ok(()) => None,
        Err(ToTextError::Event(e)) => Some(e.kind),
        Err(e) => panic!("{e}"),
    };
    (String::from_utf8(out).unwrap(), error)
}

/// Text behind the header line; no error is expected.
fn go_lines(version: Version, body: &[u8]) -> String {
    let (text, error) = text_of(&trace(version, body), TextStyle::Go);
    assert_eq!(error, None);
    text.split_once('\n').unwrap().1.to_owned()
}

fn lossless_lines(version: Version, body: &[u8]) -> String {
    let bytes = trace(version, body);
    let (text, error) = text_of(&bytes, TextStyle::Lossless);
    assert_eq!(error, None);
    assert_eq!(binary_of(&text, TextStyle::Lossless), Ok(bytes));
    text.split_once('\n').unwrap().1.to_owned()
}

fn binary_of(text: impl AsRef<[u8]>, style: TextStyle) -> Result<Vec<u8>, (usize, TextErrorKind)> {
    let mut out = Vec::new();
    match from_text(text.as_ref(), style, &mut out) {
        Ok(()) => Ok(out),
        Err(FromTextError::Text(e)) => Err((e.line, e.kind)),
        Err(e) => panic!("{e}"),
    }
}

/// Bytes behind the header that both styles give for these lines.
fn body_of(lines: impl AsRef<[u8]>) -> Vec<u8> {
    let text = [b"Trace Go1.26\n", lines.as_ref()].concat();
    let go = binary_of(&text, TextStyle::Go).unwrap();
    assert_eq!(binary_of(&text, TextStyle::Lossless).as_ref(), Ok(&go));
    go[16..].to_vec()
}

/// The line (not counting the header line) and class of the error that Go's style gives.
fn go_error(lines: impl AsRef<[u8]>) -> (usize, &'static str) {
    let text = [b"Trace Go1.26\n", lines.as_ref()].concat();
    let (line, kind) = binary_of(&text, TextStyle::Go).unwrap_err();
    (line - 1, kind.class())
}

#[test]
fn the_header_line() {
    for ok in ["Trace Go1.26\n", "Trace Go1.26", "\n# note\n \t Trace\u{2003}Go1.0026 \r\n", "Trace Go1.4294967322"] {
        assert_eq!(binary_of(ok, TextStyle::Go), Ok(Version::Go126.header().to_vec()), "{ok:?}");
    }
    for version in Version::ALL {
        assert_eq!(binary_of(format!("Trace Go{version}\n"), TextStyle::Go), Ok(version.header().to_vec()));
    }
    for (bad, class) in [
        ("", "text-header"),
        ("# Trace Go1.26\n", "text-header"),
        ("trace Go1.26", "text-header"),
        ("Trace go1.26", "text-header"),
        ("Trace Go1.", "text-header"),
        ("Trace Go1.+26", "text-header"),
        ("Trace Go1.2_6", "text-header"),
        ("Trace Go1.18446744073709551616", "text-header"),
        ("Trace Go1.24", "text-version"),
        ("Trace Go1.27", "text-version"),
        ("Trace Go1.21", "text-version"),
        ("Trace Go1.26 # note", "text-trailing"),
        ("Trace Go1.26 x", "text-trailing"),
    ] {
        for style in [TextStyle::Go, TextStyle::Lossless] {
            let (_, kind) = binary_of(bad, style).unwrap_err();
            assert_eq!(kind.class(), class, "{bad:?}");
        }
    }
}

#[test]
fn lines_that_say_nothing_may_stand_anywhere() {
    let body = body_of(
        "# before\n\n \u{3000}\nStack id=1 nframes=1\n  # inside\n\n\tpc=1 func=2 file=3 line=4\nString id=1\n# inside\n\
         \tdata=\"a\"\n   # after",
    );
    assert_eq!(body, [3, 1, 1, 1, 2, 3, 4, 5, 1, 1, b'a']);
}

#[test]
fn comments_on_a_line_with_something_else_are_errors() {
    assert_eq!(go_error("ProcStop dt=1 # note"), (1, "text-trailing"));
    assert_eq!(go_error("ProcStop # note dt=1"), (1, "text-missing-argument"));
    assert_eq!(go_error("Stack id=1 nframes=1\npc=1 func=2 file=3 line=4 #"), (2, "text-trailing"));
    assert_eq!(go_error("String id=1\ndata=\"a\" # note"), (2, "text-bad-literal"));
    assert_eq!(body_of("String id=1\ndata=\"a # b\""), *b"\x05\x01\x05a # b");
}

#[test]
fn line_ends() {
    assert_eq!(body_of("ProcStop dt=1\r\nProcStop dt=2"), [11, 1, 11, 2]);
    // Only one CR is the line end's; another one is white space.
    assert_eq!(body_of("ProcStop dt=1\r\r\n"), [11, 1]);
    let line_of = |len: usize| format!("ProcStop dt=1{}\nProcStop dt=2", " ".repeat(len - "ProcStop dt=1".len()));
    assert_eq!(body_of(line_of(65535)), [11, 1, 11, 2]);
    assert_eq!(go_error(line_of(65536)), (1, "text-line-too-long"));
    let text = format!("Trace Go1.26\n{}", line_of(65536));
    assert_eq!(binary_of(text, TextStyle::Lossless).unwrap()[16..], [11, 1, 11, 2]);
}

#[test]
fn arguments() {
    assert_eq!(body_of("\u{a0}ProcStart\tdt=01  p=0\u{2003}p_seq=18446744073709551615 ")[..3], [10, 1, 0]);
    for (line, class) in [
        ("ProcStart dt=1 p=0", "text-missing-argument"),
        ("ProcStart p=0 dt=1 p_seq=0", "text-wrong-argument"),
        ("ProcStart dt=1 p=0 p_seq=0 m=0", "text-trailing"),
        ("ProcStart dt=1 p=0 seq=0", "text-wrong-argument"),
        ("ProcStart dt=1 p=0 p_seq", "text-wrong-argument"),
        ("ProcStart dt=1 p=0 p_seq =0", "text-wrong-argument"),
        ("ProcStart dt=1 p=0 p_seq= 0", "text-bad-number"),
        ("ProcStart dt=1 p=0 p_seq==0", "text-bad-number"),
        ("ProcStart dt=1 p=0 p_seq=-1", "text-bad-number"),
        ("ProcStart dt=1 p=0 p_seq=+1", "text-bad-number"),
        ("ProcStart dt=1 p=0 p_seq=0x1", "text-bad-number"),
        ("ProcStart dt=1 p=0 p_seq=1_0", "text-bad-number"),
        ("ProcStart dt=1 p=0 p_seq=18446744073709551616", "text-bad-number"),
        ("procStart dt=1 p=0 p_seq=0", "text-unknown-event"),
        ("Strings id=1", "text-trailing"),
        ("EndOfGeneration dt=1", "text-trailing"),
        ("Stack id=1 nframes=2\npc=1 func=2 file=3 line=4\n", "text-cut-stack"),
        ("Stack id=1 nframes=1\nProcStop dt=1", "text-wrong-argument"),
    ] {
        assert_eq!(go_error(line).1, class, "{line}");
        let (_, kind) = binary_of(format!("Trace Go1.26\n{line}"), TextStyle::Lossless).unwrap_err();
        assert_eq!(kind.class(), class, "{line}");
    }
}

#[test]
fn every_event_has_a_line_with_its_arguments_by_name() {
    for &ty in EventType::ALL {
        let spec = ty.spec();
        let dt = if spec.timed { vec!["dt"] } else { vec![] };
        let names: Vec<&str> = dt.into_iter().chain(spec.args.iter().map(|(n, _)| *n)).collect();
        let mut line = ty.name().to_owned();
        let mut bytes = vec![ty.byte()];
        for (i, name) in names.iter().enumerate() {
            let value = if ty == EventType::Stack && i == 1 { 0 } else { i + 1 };
            line.push_str(&format!(" {name}={value}"));
            bytes.push(value as u8);
        }
        line.push('\n');
        if matches!(ty, EventType::String | EventType::ExperimentalBatch) {
            line.push_str("\tdata=\"x\"\n");
            bytes.extend([1, b'x']);
        }
        assert_eq!(body_of(&line), bytes, "{ty}");
        assert_eq!(go_lines(Version::Go126, &bytes), line, "{ty}");
        assert_eq!(lossless_lines(Version::Go126, &bytes), line, "{ty}");
    }
}

#[test]
fn stacks_of_a_negative_number_of_frames_have_none() {
    let body = body_of("Stack id=1 nframes=9223372036854775808\nProcStop dt=1");
    assert_eq!(body.len(), 1 + 1 + 10 + 2);
    assert_eq!(go_lines(Version::Go126, &body), "Stack id=1 nframes=9223372036854775808\nProcStop dt=1\n");
}

#[test]
fn data_lines() {
    for (literal, want) in [
        ("\tdata=\"a\\x00\\u00e9\"", "a\0\u{e9}"),
        ("  data \u{a0}=\u{2003} `a\"\\`  ", "a\"\\"),
        ("data='x'", "x"),
        ("data=\"\"", ""),
    ] {
        let mut bytes = vec![5, 1, want.len() as u8];
        bytes.extend_from_slice(want.as_bytes());
        assert_eq!(body_of(format!("String id=1\n{literal}\n")), bytes, "{literal}");
    }
    assert_eq!(go_error("String id=1\nDATA=\"a\""), (2, "text-malformed-data"));
    assert_eq!(go_error("String id=1\ndata \"a\""), (2, "text-malformed-data"));
    assert_eq!(go_error("String id=1\ndata=a"), (2, "text-bad-literal"));
    assert_eq!(go_error("String id=1\n# nothing"), (3, "text-missing-data"));
}

#[test]
fn names_belong_to_versions_only_for_go() {
    for (version, first_unknown) in [
        (Version::Go122, "GoSwitch dt=1 g=1 g_seq=1"),
        (Version::Go123, "Sync"),
        (Version::Go125, "EndOfGeneration"),
        (Version::Go125, "SpanFree dt=1 id=1"),
    ] {
        let text = format!("Trace Go{version}\n{first_unknown}\n");
        assert_eq!(binary_of(&text, TextStyle::Go).unwrap_err().1.class(), "text-unknown-event", "{text}");
        let bytes = binary_of(&text, TextStyle::Lossless).unwrap();
        assert_eq!(text_of(&bytes, TextStyle::Lossless), (text, None));
        assert_eq!(text_of(&bytes, TextStyle::Go).1, Some(RawErrorKind::EventType(bytes[16])));
    }
}

#[test]
fn go_forgets_widths_and_empty_data() {
    let body = [1, 0x81, 0, 5, 9, 0, 5, 0x81, 0x80, 0, 0x80, 0];
    assert_eq!(go_lines(Version::Go126, &body), "EventBatch gen=1 m=5 time=9 size=0\nString id=1\n");
    assert_eq!(
        lossless_lines(Version::Go126, &body),
        "#~ widths 2 1 1 1\nEventBatch gen=1 m=5 time=9 size=0\n#~ widths 3 2\nString id=1\n\tdata=\"\"\n"
    );
    // Go's text reader takes the next line for the data; the lossless one knows what Go's writer does.
    assert_eq!(go_error("String id=1\nProcStop dt=1").1, "text-malformed-data");
    let text = "Trace Go1.26\nString id=1\nProcStop dt=1\nString id=2\n";
    assert_eq!(binary_of(text, TextStyle::Lossless).unwrap()[16..], [5, 1, 0, 11, 1, 5, 2, 0]);
}

#[test]
fn frames_have_widths_too() {
    let body = [3, 1, 1, 9, 0x82, 0, 3, 4];
    assert_eq!(
        lossless_lines(Version::Go126, &body),
        "#~ widths 1 1 1 2 1 1\nStack id=1 nframes=1\n\tpc=9 func=2 file=3 line=4\n"
    );
}

#[test]
fn an_experiment_number_is_a_byte_for_the_runtime_and_a_varint_for_go() {
    let body = [0x31, 200, 1, 5, 9, 1, b'x'];
    // Go takes c8 01 for the number, and everything behind it is shifted.
    assert_eq!(go_lines(Version::Go126, &body[..7]), "");
    let lines = lossless_lines(Version::Go126, &body);
    assert_eq!(lines, "#~ widths byte 1 1 1 1\nExperimentalBatch exp=200 gen=1 m=5 time=9\n\tdata=\"x\"\n");
    let without = "ExperimentalBatch exp=200 gen=1 m=5 time=9\n\tdata=\"x\"\n";
    assert_eq!(body_of(without), [0x31, 200, 1, 1, 5, 9, 1, b'x']);
    // Below 128 the byte is its own varint.
    let body = [0x31, 1, 1, 5, 9, 1, b'x'];
    assert_eq!(lossless_lines(Version::Go126, &body), go_lines(Version::Go126, &body));
}

#[test]
fn go_ends_silently_before_a_number_and_fails_inside_one() {
    assert_eq!(go_lines(Version::Go126, &[11, 1, 10, 1]), "ProcStop dt=1\n");
    assert_eq!(go_lines(Version::Go126, &[5, 1, 9, b'a']), "");
    let error = |body: &[u8]| text_of(&trace(Version::Go126, body), TextStyle::Go);
    assert_eq!(error(&[11, 1, 11, 0x80]), ("Trace Go1.26\nProcStop dt=1\n".into(), Some(RawErrorKind::CutNumber)));
    assert_eq!(error(&[[11].as_slice(), &[0xff; 10]].concat()).1, Some(RawErrorKind::NumberOverflow));
    assert_eq!(error(&[0]).1, Some(RawErrorKind::EventType(0)));
    assert_eq!(error(&[137]).1, Some(RawErrorKind::EventType(137)));
    // In 1.26 the gap in the table passes as events without a name.
    assert_eq!(go_lines(Version::Go126, &[53, 127, 11, 1]), "\n\nProcStop dt=1\n");
    assert_eq!(text_of(&trace(Version::Go125, &[53]), TextStyle::Go).1, Some(RawErrorKind::EventType(53)));
}

#[test]
fn what_cannot_be_decoded_is_bytes() {
    // In a batch up to its end, so that the next batch is readable again.
    assert_eq!(
        lossless_lines(Version::Go126, &[1, 1, 5, 9, 4, 11, 1, 200, 34, 0x34]),
        "EventBatch gen=1 m=5 time=9 size=4\nProcStop dt=1\n#~ bytes \"\\xc8\\\"\"\nEndOfGeneration\n"
    );
    // Outside to the end of the file.
    assert_eq!(lossless_lines(Version::Go126, &[0x34, 10, 1]), "EndOfGeneration\n#~ bytes \"\\n\\x01\"\n");
    assert_eq!(lossless_lines(Version::Go126, &[0x31]), "#~ bytes \"1\"\n");
    // Long ones in lines that Go's reader can skip.
    let lines = lossless_lines(Version::Go126, &[0xff; 10_000]);
    assert_eq!(lines.lines().count(), 3);
    assert!(lines.lines().all(|l| l.len() <= 65535));
    assert_eq!(binary_of(format!("Trace Go1.26\n{lines}"), TextStyle::Go), Ok(Version::Go126.header().to_vec()));
}

#[test]
fn unusual_headers_are_kept() {
    let bytes = b"go\t1.026  trace\0\0\0\x34";
    let (text, _) = text_of(bytes, TextStyle::Lossless);
    assert_eq!(text, "#~ header \"go\\t1.026  trace\\x00\\x00\\x00\"\nTrace Go1.26\nEndOfGeneration\n");
    assert_eq!(binary_of(&text, TextStyle::Lossless).as_deref(), Ok(&bytes[..]));
    assert_eq!(binary_of(&text, TextStyle::Go).unwrap(), trace(Version::Go126, &[0x34]));
    assert_eq!(text_of(bytes, TextStyle::Go).0, "Trace Go1.26\nEndOfGeneration\n");
}

#[test]
fn annotations_that_make_no_sense_are_errors() {
    for (line, text) in [
        (2, "Trace Go1.26\n#~ nonsense\n"),
        (2, "Trace Go1.26\n#~ widths\nProcStop dt=1"),
        (2, "Trace Go1.26\n#~ widths 11\nProcStop dt=1"),
        (3, "Trace Go1.26\n#~ widths 1\nProcStop dt=128"),
        (3, "Trace Go1.26\n#~ widths 1 1\nProcStop dt=1"),
        (3, "Trace Go1.26\n#~ widths byte\nProcStop dt=1"),
        (3, "Trace Go1.26\n#~ widths 1\n"),
        (3, "Trace Go1.26\n#~ widths 1\n#~ bytes \"a\"\n"),
        (3, "Trace Go1.26\nStack id=1 nframes=1\n#~ bytes \"a\"\n"),
        (1, "#~ bytes \"a\"\nTrace Go1.26\n"),
        (2, "#~ header \"go 1.25 trace\\x00\\x00\\x00\"\nTrace Go1.26\n"),
        (2, "#~ header \"go 1.26 trace\\x00\\x00\\x00\\x34\"\nTrace Go1.26\n"),
    ] {
        let (at, kind) = binary_of(text, TextStyle::Lossless).unwrap_err();
        assert_eq!((at, kind.class()), (line, "text-bad-annotation"), "{text}");
        if text.starts_with("Trace") && !text.contains("Stack") {
            assert!(binary_of(text, TextStyle::Go).is_ok(), "{text}");
        }
    }
}

#[test]
fn raw_events_tell_what_they_are_made_of() {
    let bytes = trace(Version::Go126, &[3, 1, 1, 9, 0x82, 0, 3, 4, 5, 7, 1, b'x', 0xff]);
    let items: Vec<_> = RawReader::new(&bytes, TextStyle::Lossless).unwrap().map(Result::unwrap).collect();
    let [RawItem::Event(stack), RawItem::Event(string), RawItem::Bytes(rest)] = items[..] else { panic!("{items:?}") };
    assert_eq!((stack.ty, stack.offset, stack.args()), (EventType::Stack, 16, &[1, 1][..]));
    assert_eq!(stack.frames().map(|f| (f.pc, f.func, f.file, f.line)).collect::<Vec<_>>(), [(9, 2, 3, 4)]);
    assert!(!stack.is_shortest() && string.is_shortest());
    assert!(stack.widths().eq([1, 1, 1, 2, 1, 1].map(Width::Varint)));
    assert_eq!((string.offset, string.data(), string.bytes()), (24, Some(&b"x"[..]), &bytes[24..28]));
    assert_eq!(rest, [0xff]);
    let mut again = Vec::new();
    stack.to_buf().encode_into(&mut again);
    assert_eq!(again, stack.bytes());
}

#[test]
fn a_raw_writer_copies_items_byte_for_byte() {
    for (style, body) in [
        (TextStyle::Lossless, &[11, 0x81, 0, 0x31, 200, 1, 5, 9, 1, b'x', 0xff][..]),
        (TextStyle::Go, &[11, 0x81, 0, 53, 5, 1, 0]),
    ] {
        let bytes = trace(Version::Go126, body);
        let reader = RawReader::new(&bytes, style).unwrap();
        let mut writer = RawWriter::new(Vec::new(), reader.version(), reader.unusual_header()).unwrap();
        for item in reader {
            writer.copy(&item.unwrap()).unwrap();
        }
        assert_eq!(writer.finish().unwrap(), bytes);
    }
}

#[test]
fn whole_traces_go_to_text_and_back() {
    let text = "Trace Go1.23\n#~ widths 2 1 1 10\nEventBatch gen=1 m=5 time=9 size=2\nProcStop dt=1\n";
    let trace = Trace::from_text(text.as_bytes()).unwrap();
    assert_eq!(trace.to_text().unwrap(), text);
    assert_eq!(Trace::from_text(b"Trace Go1.23\nProcStop").unwrap_err().line, 2);
    let broken = Trace { header: Some(b"go".to_vec()), ..trace };
    assert_eq!(broken.to_text().unwrap_err().mishap, Mishap::NotATrace);
}

#[test]
fn what_is_no_v2_trace_is_refused_by_name() {
    match to_text(b"go 1.21 trace\0\0\0", TextStyle::Go, Vec::new()) {
        Err(ToTextError::Header(e)) => assert_eq!(e.mishap, Mishap::V1Trace { minor: 21 }),
        other => panic!("{other:?}"),
    }
}

proptest! {
    /// Any bytes behind a header: binary to text to binary is the identity, and text to binary to text for that text.
    #[test]
    fn lossless_text_loses_nothing(
        body in proptest::collection::vec(prop_oneof![0u8..60, any::<u8>(), Just(0x80), Just(1)], 0..200),
        minor in 0usize..4,
    ) {
        let bytes = trace(Version::ALL[minor], &body);
        let (text, _) = text_of(&bytes, TextStyle::Lossless);
        let back = binary_of(&text, TextStyle::Lossless).unwrap();
        prop_assert_eq!(&back, &bytes);
        prop_assert_eq!(text_of(&back, TextStyle::Lossless).0, text);
        // Go's style never panics, and reads its own text as far as empty data allows.
        let (text, _) = text_of(&bytes, TextStyle::Go);
        let _ = binary_of(&text, TextStyle::Go);
    }

    /// Any text: no panic in either style.
    #[test]
    fn any_text_is_read_or_refused(lines in proptest::collection::vec("(#~ )?[A-Za-z]{0,9}( [a-z]{1,3}=[0-9]{1,3}){0,3}|.*", 0..8)) {
        let text = format!("Trace Go1.26\n{}", lines.join("\n"));
        let _ = binary_of(&text, TextStyle::Lossless);
        let _ = binary_of(&text, TextStyle::Go);
    }
}
