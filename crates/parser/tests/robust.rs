//! No panic, no difference between a slice and a stream, the same twice: on any bytes.

mod common;

use common::{Ev, Made, Report, read, report};
use proptest::prelude::*;
use std::io::Read;
use tracehound_parser::{Error, Options, Reader, Release};
use tracehound_wire::{EventType::*, NONE_ID, Version};

/// Traces with something of everything, one per version.
fn seeds() -> Vec<Vec<u8>> {
    let status: &[Ev<'_>] = &[(ProcStatus, &[0, 1]), (GoStatus, &[1, 5, 2])];
    Version::ALL
        .into_iter()
        .map(|version| {
            let first: &[Ev<'_>] = &[
                (GoCreate, &[2, 1, 1]),
                (UserTaskBegin, &[1, 0, 1, 1]),
                (UserRegionBegin, &[1, 1, 0]),
                (UserLog, &[1, 1, 2, 0]),
                (STWBegin, &[2, 1]),
                (STWEnd, &[]),
                (GCBegin, &[1, 1]),
                (GCMarkAssistBegin, &[0]),
                (GCMarkAssistEnd, &[]),
                (GCEnd, &[2]),
                (GoSyscallBegin, &[1, 1]),
                (ProcSteal, &[0, 2, 5]),
                (ProcStart, &[0, 3]),
                (GoSyscallEndBlocked, &[]),
                (GoStart, &[1, 1]),
                (GoBlock, &[1, 1]),
            ];
            Made::new(version)
                .strings(&[(1, b"work"), (2, b"\xffx")])
                .stacks(&[(1, 7, 1, 2, 3)])
                .data(NONE_ID, &[6, 7, 12, 5, 0, 1, 1, 7, 12, 6, 0, 1, 1])
                .m(5, 10, &[status, first].concat())
                .m(6, 20, &[(GoUnblock, &[1, 2, 0])])
                .next()
                .m(5, 100, &[(ProcStatus, &[0, 1])])
                .m(7, 90, &[(GoStatus, &[2, 7, 1])])
                .bytes()
        })
        .collect()
}

/// Gives a few bytes at a time, as `sizes` say.
struct Drip<'a> {
    bytes: &'a [u8],
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Drip<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()];
        self.turn += 1;
        let n = size.min(buf.len()).min(self.bytes.len());
        buf[..n].copy_from_slice(&self.bytes[..n]);
        self.bytes = &self.bytes[n..];
        Ok(n)
    }
}

#[test]
fn seeds_are_accepted() {
    for seed in seeds() {
        let Report { events, end } = read(&seed);
        assert_eq!(end, "ok", "{events:#?}");
        assert!(events.len() > 20);
    }
}

/// An edit of a trace.
#[derive(Clone, Debug)]
enum Edit {
    Set(usize, u8),
    Insert(usize, u8),
    Delete(usize, usize),
    Copy(usize, usize, usize),
    Cut(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = 0usize..1000;
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(i, b)| Edit::Set(i, b)),
        (at.clone(), 0u8..64).prop_map(|(i, b)| Edit::Set(i, b)),
        (at.clone(), any::<u8>()).prop_map(|(i, b)| Edit::Insert(i, b)),
        (at.clone(), 1usize..9).prop_map(|(i, n)| Edit::Delete(i, n)),
        (at.clone(), at.clone(), 1usize..60).prop_map(|(i, j, n)| Edit::Copy(i, j, n)),
        at.prop_map(Edit::Cut),
    ]
}

fn apply(bytes: &mut Vec<u8>, edit: &Edit) {
    let len = bytes.len().max(1);
    match *edit {
        Edit::Set(i, b) => {
            if let Some(at) = bytes.get_mut(i % len) {
                *at = b;
            }
        }
        Edit::Insert(i, b) => bytes.insert(i % len, b),
        Edit::Delete(i, n) => {
            let i = i % len;
            bytes.drain(i.min(bytes.len())..(i + n).min(bytes.len()));
        }
        Edit::Copy(i, j, n) => {
            let i = i % len;
            let piece = bytes[i.min(bytes.len())..(i + n).min(bytes.len())].to_vec();
            bytes.splice((j % len)..(j % len), piece);
        }
        Edit::Cut(i) => bytes.truncate(i % len),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_never_panic_and_every_way_of_reading_agrees(
        seed in 0usize..4,
        edits in prop::collection::vec(edit(), 1..6),
        sizes in prop::collection::vec(1usize..40, 1..5),
        release in 0usize..6,
    ) {
        let mut bytes = seeds().swap_remove(seed);
        edits.iter().for_each(|e| apply(&mut bytes, e));
        let options = Options::release(Release::ALL[release]);
        let once = report(Reader::with_options(&bytes, options));
        let twice = report(Reader::with_options(&bytes, options));
        prop_assert_eq!(&once, &twice);
        let drip = Drip { bytes: &bytes, sizes, turn: 0 };
        let streamed = report(Reader::from_read(drip, options));
        prop_assert_eq!(&once, &streamed);
    }
}

#[test]
fn a_stream_quotes_as_much_of_what_is_no_batch_as_the_whole_trace() {
    let bytes = [seeds().swap_remove(3).as_slice(), b"and now for something else"].concat();
    let words =
        |reader: Result<Reader<'_>, Error>| reader.and_then(|mut r| r.for_each(|_| ())).unwrap_err().to_string();
    let whole = words(Reader::new(&bytes));
    assert!(whole.starts_with("batch-expected") && whole.contains("\"and now for \""), "{whole}");
    let drip = Drip { bytes: &bytes, sizes: vec![1], turn: 0 };
    assert_eq!(words(Reader::from_read(drip, Options::default())), whole);
}

#[test]
fn a_failing_stream_is_an_io_error() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let seed = seeds().swap_remove(3);
    let cut = &seed[..seed.len() / 2];
    let mut reader = Reader::from_read(cut.chain(Fails), Options::default()).unwrap();
    let error = reader.for_each(|_| ()).unwrap_err();
    assert_eq!((error.class(), error.rule()), ("io", None));
    assert!(error.to_string().contains("the disk is gone"));
}
