//! The index, made from batch headers alone, says what reading all of the trace says.

use tracehound_parser::{Outcome, Reader};
use tracehound_wire::index::{BatchSpan, GenerationSpan};
use tracehound_wire::{EventType, Index, parse_header};

/// Holds the index to the bytes, to its own cuts, and to the events.
pub(super) fn hold(bytes: &[u8]) {
    let index = match (Index::of(bytes), parse_header(bytes)) {
        (Ok(index), Ok(header)) => {
            assert_eq!((index.version, index.header), (header.version, header.len), "index: another header");
            index
        }
        (Err(index), Err(header)) => return assert_eq!(index.to_string(), header.to_string(), "index: another error"),
        (index, header) => panic!("index: of the header {index:?}, without it {header:?}"),
    };
    fits(&index, bytes);
    cuts(&index, bytes);
    events(&index, bytes);
}

/// Every batch is behind the one before and within its generation, and the generations' figures are those of their batches.
fn fits(index: &Index, bytes: &[u8]) {
    let mut end = index.header;
    for (i, batch) in index.batches.iter().enumerate() {
        let generation = &index.generations[batch.segment as usize];
        let within = generation.bytes.start <= batch.offset && batch.body.end <= generation.bytes.end;
        assert!(end <= batch.offset && batch.offset < batch.body.start && within, "index: batch {i} is misplaced");
        let found = (!batch.body.is_empty()).then(|| index.batch_of(batch.body.start as u64));
        assert!(found.is_none_or(|found| found == Some(i)), "index: batch {i} is not found by its place");
        end = batch.body.end;
    }
    assert!(end <= index.end && index.end <= bytes.len(), "index: it ends where it has not been");
    for (n, generation) in index.generations.iter().enumerate() {
        let of_it: Vec<&BatchSpan> = index.batches.iter().filter(|b| b.segment as usize == n).collect();
        let events: usize = of_it.iter().filter(|b| b.holds_events()).map(|b| b.body.len()).sum();
        assert_eq!((generation.batches, generation.event_bytes), (of_it.len(), events), "index: generation {n}");
        assert!(generation.seconds().is_none_or(|s| s >= 0.0), "index: generation {n} goes back in time");
    }
}

/// A cut holds the batches of its generations, and no others.
fn cuts(index: &Index, bytes: &[u8]) {
    let Some(first) = index.generations.first() else {
        return assert_eq!(index.cut(bytes, &(0..=u64::MAX)), None, "index: a cut of nothing");
    };
    let number = first.number;
    let Some(cut) = index.cut(bytes, &(number..=number)) else { panic!("index: no cut of generation {number}") };
    let shapes = |index: &Index| -> Vec<(u64, i64, usize)> {
        let of_it = |b: &&BatchSpan| index.generations[b.segment as usize].number == number;
        index.batches.iter().filter(of_it).map(|b| (b.generation, b.m, b.body.len())).collect()
    };
    let of_cut = Index::of(&cut).map(|i| (shapes(&i), i.batches.len()));
    let wanted = shapes(index);
    assert_eq!(of_cut.ok(), Some((wanted.clone(), wanted.len())), "index: the cut of generation {number}");
}

/// Every event is where the index has a batch of its generation, and the index has the generations of an accepted trace.
fn events(index: &Index, bytes: &[u8]) {
    let Ok(mut reader) = Reader::new(bytes) else { return };
    let mut numbers = Vec::new();
    let end = reader.for_each(|e| {
        let (Some(offset), Some(number)) = (e.offset(), e.generation()) else { return };
        if numbers.last() != Some(&(e.generation_index(), number)) {
            numbers.push((e.generation_index(), number));
        }
        let Some(ty) = e.wire_type() else { return };
        let batch = index.batch_of(offset).map(|i| &index.batches[i]);
        let Some(batch) = batch else { panic!("index: an event at byte {offset}, where no batch is") };
        assert_eq!(batch.generation, number, "index: the event at byte {offset} is of another generation");
        let there = EventType::from_byte(bytes[offset as usize]);
        assert!(e.is_synthetic() || there == Some(ty), "index: {ty} at byte {offset}, where {there:?} is");
    });
    if matches!(end, Ok(Outcome::Clean)) {
        let read: Vec<u64> = numbers.iter().map(|&(_, number)| number).collect();
        // Where generations have marks, one without vanishes, as in Go's reader.
        let marked = index.version.has_end_of_generation();
        let last = |g: &GenerationSpan| index.batches.iter().find(|b| b.body.end == g.bytes.end);
        let ends = |g: &&GenerationSpan| last(g).is_none_or(BatchSpan::ends_generation);
        let listed: Vec<u64> = index.generations.iter().filter(|g| !marked || ends(g)).map(|g| g.number).collect();
        assert_eq!(read, listed, "index: the generations are not those that are read");
    }
}
