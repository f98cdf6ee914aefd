//! The list of reasons.

use super::{CONST, FAULT, Reason};

const MACHINE: &str = "for processors without pext; unit tests take both ways";
const LONG: &str = "a line of more than 64 KiB, which is larger than an input";
const SMALL: &str = "a second block of events, of which one takes more than an input has; unit tests have small blocks";
const SOUND: &str = "for what cannot be as long as the code around it is sound";

const fn row(file: &'static str, begins: &'static str, why: &'static str) -> Reason {
    Reason { file, begins, why, varies: false }
}

const fn varies(file: &'static str, begins: &'static str, why: &'static str) -> Reason {
    Reason { file, begins, why, varies: true }
}

pub(super) const REASONS: &[Reason] = &[
    varies("parser/src/bits.rs", "if pext.0 {", MACHINE),
    varies("parser/src/bits.rs", "let _ = pext;", MACHINE),
    varies("parser/src/bits.rs", "without_pext(work)", MACHINE),
    varies("parser/src/bits.rs", "fn without_pext", MACHINE),
    varies("parser/src/bits.rs", "if PEXT {", MACHINE),
    varies("parser/src/bits.rs", "(number_ends(word) >> 7)", MACHINE),
    row("parser/src/bits.rs", "pub const fn new(n: u8)", CONST),
    row("parser/src/cursor.rs", "const fn rows(", CONST),
    row("parser/src/event.rs", "pub(crate) const fn of(ty: EventType)", CONST),
    row("parser/src/order/ids.rs", "pub const fn of(spec: &EventSpec)", CONST),
    row("parser/src/order/ids.rs", "const fn first_two(", CONST),
    row("parser/src/order/rules.rs", "pub(super) static RULES", CONST),
    row("parser/src/order/rules.rs", "const fn rule(ty: EventType)", CONST),
    row("parser/src/fault.rs", "pub const fn name(self)", FAULT),
    row("parser/src/fault.rs", "pub const fn about(self)", FAULT),
    row("parser/src/fault.rs", "pub const fn sentence(self)", FAULT),
    row("parser/src/fault.rs", "pub fn from_name(name: &str)", FAULT),
    row("parser/src/fault.rs", "pub(crate) const fn is_third_reading", FAULT),
    row("parser/src/options.rs", "pub fn without_faults(self)", FAULT),
    row("parser/src/generation.rs", "fn is_in_order(&self)", FAULT),
    row("parser/src/generation.rs", "fn order_batches_by_time(&mut self)", FAULT),
    row("parser/src/frontier.rs", "if !fault!(self.faults, NoSort)", FAULT),
    row("parser/src/order/annotations.rs", "if let Some(old) = self.tasks.insert(", FAULT),
    row("parser/src/order/ids.rs", "_ => None,", FAULT),
    row("parser/src/order/mod.rs", "Key::Next(thing, _) if !numbers_count", FAULT),
    row("parser/src/order/procs.rs", "if !fault!(self.faults, ProcStatusUnchecked)", FAULT),
    row("parser/src/order/procs.rs", "self.procs.get_mut(at).status = status;", FAULT),
    row("parser/src/order/ranges.rs", "_ => {}", FAULT),
    row("parser/src/reader/run.rs", "Ok(()) => return,", FAULT),
    row("parser/src/reader/failures.rs", "(None, None) =>", SOUND),
    row("parser/src/reader/step.rs", "if let Some(queue) = self.frontier.queue() {", SOUND),
    row("parser/src/ahead/mod.rs", "Answer::Generation(_) => {}", SOUND),
    varies("parser/src/ahead/mod.rs", "Answer::Block(block) => self.give_back(block),", SMALL),
    varies("parser/src/ahead/worker.rs", "Ok(order) => Some(order),", SMALL),
    varies("parser/src/ahead/worker.rs", "Err(TryRecvError::Disconnected) => return,", SMALL),
    varies("parser/src/ahead/worker.rs", "None => continue,", SMALL),
    varies("parser/src/ahead/worker.rs", "if answers.send(answer).is_err() {", SMALL),
    row("parser/src/ahead/worker.rs", "break Stop::Full;", SMALL),
    row("parser/src/ahead/worker.rs", "Stop::Full => {}", SMALL),
    row("parser/src/ahead/worker.rs", "break End::Continues;", SMALL),
    row("parser/src/reader/follow.rs", "(Pause::Block, ahead::End::Continues) =>", SMALL),
    row("wire/src/quote.rs", "b'\\n' => None,", "a line feed in a literal: lines are cut at them before"),
    row("wire/src/raw/text_lines.rs", "return Err(self.error(TextErrorKind::LineTooLong))", LONG),
    row("wire/src/raw/text_error.rs", "TextErrorKind::LineTooLong", LONG),
    row("wire/src/testfile.rs", "TestFileError::ExpectTooLong", LONG),
    row("wire/src/testfile.rs", "return Err(TestFileError::ExpectTooLong)", LONG),
];
